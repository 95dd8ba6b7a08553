//! The tools that read: each is one question of the engine.

use rollbook_core::id::PlanId;
use rollbook_engine::Result;
use rollbook_engine::asking::FindingFilter;

use super::arguments::{
    AppGuide, EvidenceFor, ExplainLink, Findings, LeaverStatus, Paged, PlanStatus, WhatHas, WhoHas,
};
use super::desk::Turn;
use super::reply::Reply;

pub(super) fn who_has(turn: &Turn, with: &WhoHas) -> Result<Reply> {
    Reply::of(turn.engine.who_has(&with.app, with.with_closed, &with.page())?)
}

pub(super) fn what_has(turn: &Turn, with: &WhatHas) -> Result<Reply> {
    Reply::of(turn.engine.what_has(&with.person, &with.page())?)
}

pub(super) fn findings(turn: &Turn, with: Findings) -> Result<Reply> {
    let page = with.page();
    let Findings { id, kind, severity, app, person, all, .. } = with;
    let filter = FindingFilter { id, kind, severity, app, person, all };
    Reply::of(turn.engine.findings_that(&filter, &page)?)
}

pub(super) fn leaver_status(turn: &Turn, with: &LeaverStatus) -> Result<Reply> {
    Reply::of(turn.engine.leaver_status(with.person.as_deref(), with.all, &with.page())?)
}

pub(super) fn coverage(turn: &Turn, with: Paged) -> Result<Reply> {
    Reply::of(turn.engine.coverage(&with.page())?)
}

pub(super) fn app_guide(turn: &Turn, with: &AppGuide) -> Result<Reply> {
    Reply::of(turn.engine.app_guide(&with.app, &with.page())?)
}

pub(super) fn explain_link(turn: &Turn, with: &ExplainLink) -> Result<Reply> {
    Reply::of(turn.engine.explain_link(&with.account, &with.page())?)
}

pub(super) fn plan_status(turn: &Turn, with: &PlanStatus) -> Result<Reply> {
    match &with.plan {
        Some(plan) => Reply::of(turn.engine.plan_status(&PlanId::new(plan), &with.page())?),
        None => Reply::of(turn.engine.plan_list(&with.page())?),
    }
}

pub(super) fn evidence_for(turn: &Turn, with: &EvidenceFor) -> Result<Reply> {
    Reply::of(turn.engine.evidence_for(&with.subject, &turn.who, &with.page())?)
}
