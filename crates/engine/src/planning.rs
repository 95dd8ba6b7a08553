//! Plans: from what somebody wants to a frozen proposal with everything that stands in its way.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::approval::{self, Approval, Case, Humans, Needed, Progress};
use rollbook_core::event::Draft;
use rollbook_core::finding::Finding;
use rollbook_core::graph::Graph;
use rollbook_core::guard::{self, History, Stop};
use rollbook_core::id::{IdentityId, PlanId};
use rollbook_core::plan::{self, Plan, Wish};
use rollbook_core::policy::{ApprovalRule, Policy};

use crate::concern;
use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::holding::held_since;
use crate::raising::{RAISE, accepted};
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
    /// How far each rule of the policy is that applies.
    pub rules: Vec<Progress>,
    /// Whom the names of all these people mean.
    pub humans: Humans,
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
        self.proposal_before(id, "")
    }

    /// The same when it is `by` who means to do something with it.
    pub(crate) fn proposal_before(&self, id: &PlanId, by: &str) -> Result<Proposal> {
        let plan = self.store.read(|book| book.plan(id))?.ok_or_else(|| {
            Error::input(format!("There is no plan {id}.")).hint("`rollbook plan list` lists them.")
        })?;
        self.judge_before(plan, &self.graph()?, by)
    }

    /// All plans, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn plans(&self) -> Result<Vec<Plan>> {
        self.store.read(|book| book.plans())
    }

    pub(crate) fn propose(&self, graph: &Graph, wishes: &[Wish], by: &str) -> Result<Proposal> {
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
        let (actor, on_behalf_of) = self.actor_for(plan.requester());
        book.record(Draft {
            kind: "plan_made".to_owned(),
            actor,
            on_behalf_of,
            subject: plan.id().to_string(),
            concerns: concern::of_plan(plan, graph),
            at: plan.made_at(),
            body: serde_json::json!({"digest": plan.digest(), "plan": plan.canonical()}),
        })
    }

    pub(crate) fn judge(&self, plan: Plan, graph: &Graph) -> Result<Proposal> {
        self.judge_before(plan, graph, "")
    }

    /// The same when it is `by` who means to do something with it.
    pub(crate) fn judge_before(&self, plan: Plan, graph: &Graph, by: &str) -> Result<Proposal> {
        let (policy, now) = (&self.config.policy, self.now());
        let id = plan.id();
        let (history, approvals, run) = self
            .store
            .read(|book| Ok((self.history(book, now)?, book.approvals(&id)?, book.run_of(&id)?)))?;
        let stops = guard::stops(&plan, graph, policy, &history, now);
        let needed = approval::needed(&plan, policy);
        let humans = Humans::of(graph, names(&plan, policy, &approvals).chain([by]));
        let rules = Vec::new();
        let mut proposal = Proposal { plan, stops, needed, approvals, rules, humans, run };
        proposal.rules = approval::progress_of(&self.case(&proposal));
        Ok(proposal)
    }

    /// What decides now whether a plan may run, when Rollbook itself runs it.
    pub(crate) fn case<'a>(&'a self, proposal: &'a Proposal) -> Case<'a> {
        Case {
            plan: &proposal.plan,
            stops: &proposal.stops,
            approvals: &proposal.approvals,
            humans: &proposal.humans,
            policy: &self.config.policy,
            executor: None,
            now: self.now(),
            today: self.today(),
        }
    }

    /// What was done lately, as far back as the guard's window and a day reach.
    pub(crate) fn history(&self, book: &Reading<'_>, now: Timestamp) -> Result<History> {
        let hours = self.config.policy.limits.longest_window_h().max(24);
        let window = SignedDuration::from_hours(hours.into());
        let since = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        let mut complete_snapshots = BTreeMap::new();
        for instance in &self.config.instances {
            let count = book.complete_snapshots(&instance.name)?;
            complete_snapshots.insert(instance.name.clone(), count);
        }
        Ok(History {
            effects: book.effects_since(since)?,
            complete_snapshots,
            on_hold: self.on_hold(book, now)?,
            raises: book.words(RAISE)?,
            accepted: accepted(book)?,
            in_hold: held_since(book)?,
        })
    }
}

/// Everybody who is named where it is decided who may agree to a plan.
pub(crate) fn names<'a>(
    plan: &'a Plan,
    policy: &'a Policy,
    approvals: &'a [Approval],
) -> impl Iterator<Item = &'a str> {
    let ApprovalRule { approvers, rules, delegations, .. } = &policy.approval;
    let staged = rules.iter().flat_map(|rule| &rule.stages).flat_map(|stage| &stage.of);
    let delegated = delegations.iter().flat_map(|one| [&one.from, &one.to]);
    let standing = policy.standing.iter().map(|standing| &standing.approved_by);
    let given = approvals.iter().map(|approval| &approval.by);
    let all = approvers.iter().chain(staged).chain(delegated).chain(standing).chain(given);
    all.map(String::as_str).chain([plan.requester()])
}
