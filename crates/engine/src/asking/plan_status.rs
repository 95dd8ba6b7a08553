//! What would a plan do, what stands in its way, and how far is it?

use jiff::Timestamp;
use rollbook_core::approval::{Approval, Needed};
use rollbook_core::change::Change;
use rollbook_core::explain::{self, counted};
use rollbook_core::guard::Stop;
use rollbook_core::id::{AccountRef, ChangeId, IdentityId, PlanId};
use rollbook_core::plan::Plan;
use serde::Serialize;

use super::answer::Answer;
use super::by_name;
use super::leaver_status::PlanNamed;
use super::page::Page;
use super::seen;
use crate::applying::RunReport;
use crate::engine::Engine;
use crate::error::Result;
use crate::planning::Proposal;

/// How many stops, and how many things left alone, are shown of one plan.
const SHOWN_MAX: usize = 50;

/// A plan as a whole, judged now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AboutPlan {
    /// Its id and how far it is.
    #[serde(flatten)]
    pub plan: PlanNamed,
    /// What is approved: these very changes.
    pub digest: String,
    /// Who asked for it.
    pub requester: String,
    /// When.
    pub made_at: Timestamp,
    /// How many changes it has.
    pub changes: usize,
    /// Those that something holds back.
    pub held_back: usize,
    /// Why, the first fifty.
    pub stops: Vec<Stop>,
    /// What it leaves alone and why, the first fifty.
    pub left_alone: Vec<String>,
    /// Who must agree.
    pub needed: Needed,
    /// Who did.
    pub approvals: Vec<Approval>,
}

/// One change of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeSeen {
    /// Its id.
    pub change: ChangeId,
    /// The operation: `suspend`, `remove`, ….
    pub does: &'static str,
    /// The account; `None`: it is to be made.
    #[serde(serialize_with = "by_name::maybe")]
    pub account: Option<AccountRef>,
    /// Whose account it is.
    pub identity: Option<IdentityId>,
    /// All of it as one sentence.
    pub sentence: String,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// Whether a stop holds it back.
    pub held_back: bool,
    /// Where it stands in the plan's run: `confirmed`, `waiting`, …. `None`: not run.
    pub stand: Option<&'static str>,
}

/// One plan in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanSeen {
    /// Its id and how far it is.
    #[serde(flatten)]
    pub plan: PlanNamed,
    /// Who asked for it.
    pub requester: String,
    /// When.
    pub made_at: Timestamp,
    /// How many changes it has.
    pub changes: usize,
}

impl Engine {
    /// One plan, change by change, judged now.
    ///
    /// # Errors
    /// When there is none with this id, the page cannot be, or the database refuses.
    pub fn plan_status(&self, id: &PlanId, page: &Page) -> Result<Answer<AboutPlan, ChangeSeen>> {
        let engine = self.newest();
        let proposal = engine.proposal(id)?;
        let run = proposal.run.as_ref().map(|run| engine.run(&run.id)).transpose()?;
        let mut instances: Vec<_> =
            proposal.plan.changes().iter().map(|change| change.instance.clone()).collect();
        instances.dedup();
        let views = engine.seen_instances(&engine.graph()?, Some(&instances))?;
        let about = engine.about(&proposal)?;
        let question = ["plan_status", id.as_str()];
        let changes: Vec<&Change> = proposal.plan.changes().iter().collect();
        let cut = page.cut(&question, changes, |change| change.id.to_string())?;
        let rows = cut.rows.into_iter().map(|change| seen_change(change, &proposal, run.as_ref()));
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![seen::sentence(&views), stage_said(&about)],
            views,
            rows: rows.collect(),
            about,
            total: cut.total,
            next: cut.next,
        })
    }

    /// All plans, newest first.
    ///
    /// # Errors
    /// When the page cannot be, or the database refuses.
    pub fn plan_list(&self, page: &Page) -> Result<Answer<(), PlanSeen>> {
        let engine = self.newest();
        let cut = page.cut(&["plan_list"], engine.plans()?, |plan| plan.id().to_string())?;
        let row = |plan: &Plan| {
            Ok(PlanSeen {
                plan: engine.stage(plan)?,
                requester: plan.requester().to_owned(),
                made_at: plan.made_at(),
                changes: plan.changes().len(),
            })
        };
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![format!(
                "The list of plans is in the book itself and so is whole: {}.",
                counted(cut.total, "plan")
            )],
            views: Vec::new(),
            about: (),
            total: cut.total,
            rows: cut.rows.iter().map(row).collect::<Result<_>>()?,
            next: cut.next,
        })
    }

    fn about(&self, proposal: &Proposal) -> Result<AboutPlan> {
        let Proposal { plan, stops, needed, approvals, .. } = proposal;
        let left_alone = plan.left_alone().iter().take(SHOWN_MAX).map(explain::left_alone);
        Ok(AboutPlan {
            plan: self.stage(plan)?,
            digest: plan.digest().to_owned(),
            requester: plan.requester().to_owned(),
            made_at: plan.made_at(),
            changes: plan.changes().len(),
            held_back: plan.changes().iter().filter(|change| is_held(change, stops)).count(),
            stops: stops.iter().take(SHOWN_MAX).cloned().collect(),
            left_alone: left_alone.collect(),
            needed: needed.clone(),
            approvals: approvals.clone(),
        })
    }
}

fn seen_change(change: &Change, proposal: &Proposal, run: Option<&RunReport>) -> ChangeSeen {
    let report = run.and_then(|run| run.changes.iter().find(|one| one.change.id == change.id));
    let account = change
        .account
        .as_ref()
        .map(|key| AccountRef { instance: change.instance.clone(), key: key.clone() });
    ChangeSeen {
        change: change.id.clone(),
        does: change.op.verb(),
        account,
        identity: change.identity.clone(),
        sentence: explain::change(change),
        reversible: change.reversible,
        held_back: is_held(change, &proposal.stops),
        stand: report.map(|report| report.stand.word()),
    }
}

fn is_held(change: &Change, stops: &[Stop]) -> bool {
    stops.iter().any(|stop| stop.blocks.holds(change))
}

fn stage_said(about: &AboutPlan) -> String {
    let changes = counted(about.changes, "change");
    let held = about.held_back;
    match about.plan.stage {
        "proposed" if about.changes == 0 => "The plan changes nothing.".to_owned(),
        "proposed" => format!(
            "The plan has {changes}, {held} of them held back by stops, and nobody has approved it: \
             nothing was done."
        ),
        "approved" => format!(
            "The plan has {changes}, {held} of them held back by stops, and somebody has approved \
             it; it was not run yet."
        ),
        "running" => format!("The plan has {changes} and is being carried out."),
        _ => format!("The plan has {changes} and its run has ended; each row says how."),
    }
}
