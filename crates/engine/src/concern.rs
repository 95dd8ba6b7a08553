//! Whom a record will tell of: the ids that its event states, so that the body can be erased with
//! them and left out of packs about others.

use std::collections::BTreeSet;

use rollbook_core::event::Concern;
use rollbook_core::finding::{Finding, Subject};
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, PlanId, RecordRef};
use rollbook_core::identity::Known;
use rollbook_core::link::LinkVerdict;
use rollbook_core::plan::Plan;

use crate::error::Result;
use crate::store::Reading;

/// Everybody of whom a plan tells: who has an account that it changes or leaves alone.
pub(crate) fn of_plan(plan: &Plan, graph: &Graph) -> BTreeSet<Concern> {
    let changed = plan.changes().iter().map(Concern::of_change);
    let left = plan.left_alone().iter().flat_map(|left| of_subject(&left.subject, graph));
    changed.chain(left).collect()
}

/// Everybody of whom the event says it that recorded the making of a plan.
pub(crate) fn of_recorded_plan(book: &Reading<'_>, plan: &PlanId) -> Result<BTreeSet<Concern>> {
    let made = book.recorded(plan.as_str(), "plan_made")?;
    Ok(made.into_iter().flat_map(|(event, _)| event.concerns).collect())
}

/// Everybody of whom a finding tells.
pub(crate) fn of_finding(finding: &Finding, graph: &Graph) -> BTreeSet<Concern> {
    match &finding.identity {
        Some(identity) => BTreeSet::from([Concern::person(identity)]),
        None => of_subject(&finding.subject, graph),
    }
}

/// Everybody of whom `subject` tells.
pub(crate) fn of_subject(subject: &Subject, graph: &Graph) -> BTreeSet<Concern> {
    let account = |account: &AccountRef| {
        let owner = graph.account(account).and_then(|(_, link)| link.owner());
        owner.map_or_else(|| Concern::account(account), Concern::person)
    };
    let record = |record: &RecordRef| graph.identity_of(record).map(|one| Concern::person(&one.id));
    match subject {
        Subject::Account { account: at } | Subject::Grant { account: at, .. } => {
            BTreeSet::from([account(at)])
        }
        Subject::Accounts { left, right } => BTreeSet::from([account(left), account(right)]),
        Subject::Alike { left, right } => {
            of_subject(left, graph).union(&of_subject(right, graph)).cloned().collect()
        }
        Subject::Records { left, right } => {
            [record(left), record(right)].into_iter().flatten().collect()
        }
        Subject::Assignment { identity, .. } => BTreeSet::from([Concern::person(identity)]),
        // A resource's id names nobody, a token is nobody's, and whose a task is says the finding.
        Subject::Resource { .. }
        | Subject::Token { .. }
        | Subject::Task { .. }
        | Subject::Instance { .. }
        | Subject::Source { .. } => BTreeSet::new(),
    }
}

/// Everybody of whom a decision tells: the account, and the humans of the records in it.
pub(crate) fn of_verdict(verdict: &LinkVerdict, known: &Known) -> BTreeSet<Concern> {
    let (account, records) = match verdict {
        LinkVerdict::Confirm { account, record } | LinkVerdict::Reject { account, record } => {
            (Some(account), vec![record])
        }
        LinkVerdict::Type { account, owner, .. } => (Some(account), owner.iter().collect()),
        LinkVerdict::Same { left, right } | LinkVerdict::Apart { left, right } => {
            (None, vec![left, right])
        }
    };
    let people = records.into_iter().filter_map(|record| known.get(record)).map(Concern::person);
    account.map(Concern::account).into_iter().chain(people).collect()
}
