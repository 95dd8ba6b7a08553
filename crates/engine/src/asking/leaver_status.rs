//! Who has left, and what is still open of theirs?

use std::collections::BTreeMap;

use jiff::civil::Date;
use rollbook_core::explain::counted;
use rollbook_core::finding::Kind as FindingKind;
use rollbook_core::graph::Graph;
use rollbook_core::id::{IdentityId, PlanId};
use rollbook_core::leaving;
use rollbook_core::plan::Plan;
use serde::Serialize;

use super::answer::Answer;
use super::holding::{FindingNamed, Owner};
use super::page::Page;
use super::{named, seen};
use crate::engine::Engine;
use crate::error::Result;

/// How many findings of one person are shown.
const FINDINGS_MAX: usize = 20;
/// How many plans of one person are shown.
const PLANS_MAX: usize = 5;

/// How far it is with those who left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AboutLeavers {
    /// How many people have left, as far as the sources say.
    pub left: usize,
    /// How many of them have an open account that is surely theirs.
    pub with_open: usize,
}

/// One person who left, or who was asked about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leaver {
    /// Who.
    #[serde(flatten)]
    pub person: Owner,
    /// Accounts that are surely theirs and let them in.
    pub open: usize,
    /// Accounts that are surely theirs and let nobody in.
    pub closed: usize,
    /// Open accounts that may be theirs, which a person must say.
    pub suggested_open: usize,
    /// What is wrong about them and open: accounts left over, and whatever else.
    pub findings: Vec<FindingNamed>,
    /// The newest plans that change something of theirs.
    pub plans: Vec<PlanNamed>,
}

/// A plan and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanNamed {
    /// Its id.
    pub plan: PlanId,
    /// `proposed`, `approved`, `running` or `ended`.
    pub stage: &'static str,
    /// Its run, if it was run.
    pub run: Option<String>,
}

impl Engine {
    /// Those who have left and have something open, who left last first; `all`: also those of whom
    /// nothing is open any more. With `person`, that person alone, whether they have left or not.
    ///
    /// # Errors
    /// When `person` means nobody or several people, the page cannot be, or the database refuses.
    pub fn leaver_status(
        &self,
        person: Option<&str>,
        all: bool,
        page: &Page,
    ) -> Result<Answer<AboutLeavers, Leaver>> {
        let engine = self.newest();
        let (graph, today) = (engine.graph()?, engine.today());
        let mut views = engine.seen_sources()?;
        views.extend(engine.seen_instances(&graph, None)?);
        let leavers = leavers(&graph, today);
        let with_open = leavers.iter().filter(|one| has_open(&graph, &one.identity)).count();
        let about = AboutLeavers { left: leavers.len(), with_open };
        let asked = person.map(|person| named::person(&graph, person)).transpose()?;
        let shown: Vec<Owner> = match &asked {
            Some(id) => vec![Owner::of(&graph, id, today)],
            None => leavers.into_iter().filter(|one| all || has_any(&graph, one)).collect(),
        };
        let who = asked.as_ref().map_or("", |id| id.as_str());
        let question = ["leaver_status", who, if all { "all" } else { "open" }];
        let cut = page.cut(&question, shown, |one| one.identity.to_string())?;
        let rows = engine.statuses(&graph, cut.rows)?;
        let counts = format!(
            "{} left, as far as the sources say; {with_open} of them still have an open account \
             that is surely theirs.",
            if about.left == 1 {
                "1 person has".to_owned()
            } else {
                format!("{} people have", about.left)
            },
        );
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![seen::sentence(&views), counts, shown_said(cut.total)],
            views,
            about,
            total: cut.total,
            rows,
            next: cut.next,
        })
    }

    fn statuses(&self, graph: &Graph, people: Vec<Owner>) -> Result<Vec<Leaver>> {
        let (today, tracked, plans) = (self.today(), self.findings()?, self.plans()?);
        let mut stages = BTreeMap::new();
        let of_person = |person: Owner| {
            let id = &person.identity;
            let open = open(graph, id);
            let concerned = tracked.iter().filter(|one| {
                one.finding.identity.as_ref() == Some(id)
                    && one.finding.kind != FindingKind::StaleView
                    && one.standing.is_open(today)
            });
            let theirs = plans.iter().filter(|plan| {
                plan.changes().iter().any(|change| change.identity.as_ref() == Some(id))
            });
            let mut named = Vec::new();
            for plan in theirs.take(PLANS_MAX) {
                if let std::collections::btree_map::Entry::Vacant(new) = stages.entry(plan.id()) {
                    new.insert(self.stage(plan)?);
                }
                named.extend(stages.get(&plan.id()).cloned());
            }
            Ok(Leaver {
                open,
                closed: graph.accounts_of(id).count() - open,
                suggested_open: graph.suggested_to(id).filter(|(a, _)| a.state.is_open()).count(),
                findings: concerned.take(FINDINGS_MAX).map(FindingNamed::of).collect(),
                plans: named,
                person,
            })
        };
        people.into_iter().map(of_person).collect()
    }

    /// How far a plan is.
    pub(super) fn stage(&self, plan: &Plan) -> Result<PlanNamed> {
        let id = plan.id();
        let (approvals, run) =
            self.store.read(|book| Ok((book.approvals(&id)?, book.run_of(&id)?)))?;
        let stage = match &run {
            Some(run) if run.ended_at.is_some() => "ended",
            Some(_) => "running",
            None if !approvals.is_empty() => "approved",
            None => "proposed",
        };
        Ok(PlanNamed { plan: id, stage, run: run.map(|run| run.id.to_string()) })
    }
}

fn shown_said(total: usize) -> String {
    format!("{} in this answer.", counted(total, "row"))
}

/// Every human all of whose records have ended, who left last first.
fn leavers(graph: &Graph, today: Date) -> Vec<Owner> {
    let left = leaving::gone(graph, today);
    let mut left: Vec<Owner> = left.map(|one| Owner::of(graph, &one.id, today)).collect();
    left.sort_by(|a, b| (b.last_day, &a.identity).cmp(&(a.last_day, &b.identity)));
    left
}

fn open(graph: &Graph, id: &IdentityId) -> usize {
    graph.accounts_of(id).filter(|(account, _)| account.state.is_open()).count()
}

fn has_open(graph: &Graph, id: &IdentityId) -> bool {
    open(graph, id) > 0
}

fn has_any(graph: &Graph, one: &Owner) -> bool {
    let suggested =
        || graph.suggested_to(&one.identity).any(|(account, _)| account.state.is_open());
    has_open(graph, &one.identity) || suggested()
}
