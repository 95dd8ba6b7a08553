//! Plans: from what somebody wants to a frozen proposal with everything that stands in its way.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::approval::{self, Approval, Needed};
use rollbook_core::event::Draft;
use rollbook_core::finding::Finding;
use rollbook_core::graph::Graph;
use rollbook_core::guard::{self, History, Stop};
use rollbook_core::id::{IdentityId, PlanId};
use rollbook_core::plan::{self, Plan, Wish};

use crate::concern;
use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::{Reading, RunRow, Writing};

/// A plan with all that people need to decide about it, judged now.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The plan.
    pub plan: Plan,
    /// Why it, or a part of it, may not run now.
    pub stops: Vec<Stop>,
    /// Who must agree.
    pub needed: Needed,
    /// Who did.
    pub approvals: Vec<Approval>,
    /// Its run, if it was run.
    pub run: Option<RunRow>,
}

impl Engine {
    /// Plans to close everything that somebody has. `heir` takes over what they own, where it must be
    /// removed and the app can hand it over.
    ///
    /// # Errors
    /// When nobody says who asks, when they are to inherit from themselves, or the database refuses.
    pub fn plan_offboard(
        &self,
        identity: &IdentityId,
        heir: Option<&IdentityId>,
        by: &str,
    ) -> Result<Proposal> {
        if heir == Some(identity) {
            return Err(Error::input("Who leaves cannot take over what they own.")
                .hint("Name somebody who stays."));
        }
        let graph = self.graph()?;
        let wishes = plan::offboard(&graph, identity, heir, &self.config.policy);
        self.propose(&graph, &wishes, by)
    }

    /// Plans to settle findings.
    ///
    /// # Errors
    /// When nobody says who asks, or the database refuses.
    pub fn plan_findings(&self, findings: &[Finding], by: &str) -> Result<Proposal> {
        let graph = self.graph()?;
        let wishes = plan::from_findings(&graph, findings, &self.config.policy);
        self.propose(&graph, &wishes, by)
    }

    /// Plans what a person wishes for single accounts.
    ///
    /// # Errors
    /// When nobody says who asks, or the database refuses.
    pub fn plan_wishes(&self, wishes: &[Wish], by: &str) -> Result<Proposal> {
        self.propose(&self.graph()?, wishes, by)
    }

    /// The plan with this id, judged now.
    ///
    /// # Errors
    /// When there is none, when it was tampered with, or when the database refuses.
    pub fn proposal(&self, id: &PlanId) -> Result<Proposal> {
        let plan = self.store.read(|book| book.plan(id))?.ok_or_else(|| {
            Error::input(format!("There is no plan {id}.")).hint("`rollbook plan list` lists them.")
        })?;
        self.judge(plan, &self.graph()?)
    }

    /// All plans, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn plans(&self) -> Result<Vec<Plan>> {
        self.store.read(|book| book.plans())
    }

    fn propose(&self, graph: &Graph, wishes: &[Wish], by: &str) -> Result<Proposal> {
        let by = named(by)?;
        let (policy, now) = (&self.config.policy, self.now());
        let plan = plan::plan(graph, wishes, &self.reach()?, policy, by, now);
        self.store.write(|book| self.put_new_plan(book, &plan, graph))?;
        crash::point("plan_stored");
        self.judge(plan, graph)
    }

    /// Stores a plan that was made just now, with its event.
    pub(crate) fn put_new_plan(
        &self,
        book: &Writing<'_>,
        plan: &Plan,
        graph: &Graph,
    ) -> Result<()> {
        book.put_plan(plan)?;
        book.record(Draft {
            kind: "plan_made".to_owned(),
            actor: plan.requester().to_owned(),
            on_behalf_of: String::new(),
            subject: plan.id().to_string(),
            concerns: concern::of_plan(plan, graph),
            at: plan.made_at(),
            body: serde_json::json!({"digest": plan.digest(), "plan": plan.canonical()}),
        })
    }

    pub(crate) fn judge(&self, plan: Plan, graph: &Graph) -> Result<Proposal> {
        let (policy, now) = (&self.config.policy, self.now());
        let id = plan.id();
        let (history, approvals, run) = self
            .store
            .read(|book| Ok((self.history(book, now)?, book.approvals(&id)?, book.run_of(&id)?)))?;
        let stops = guard::stops(&plan, graph, policy, &history, now);
        let needed = approval::needed(&plan, policy);
        Ok(Proposal { plan, stops, needed, approvals, run })
    }

    /// What was done lately, as far back as the guard's window and a day reach.
    pub(crate) fn history(&self, book: &Reading<'_>, now: Timestamp) -> Result<History> {
        let hours = self.config.policy.limits.window_h.max(24);
        let window = SignedDuration::from_hours(hours.into());
        let since = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        let mut complete_snapshots = BTreeMap::new();
        for instance in &self.config.instances {
            let count = book.complete_snapshots(&instance.name)?;
            complete_snapshots.insert(instance.name.clone(), count);
        }
        Ok(History { effects: book.effects_since(since)?, complete_snapshots })
    }
}
