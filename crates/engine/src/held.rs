//! Held pushes: everything of one endpoint that waits for a named person, seen and agreed to at once.

use std::collections::BTreeSet;

use rollbook_core::approval::Approval;
use rollbook_core::canonical;
use rollbook_core::guard::{self, Kind, PastEffect, Stop};
use rollbook_core::id::PlanId;
use serde_json::json;

use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::planning::Proposal;
use crate::push::{ALL, EVERYWHERE};
use crate::reconcile::named;

/// The plans that pushes to one endpoint wait with for a named person.
#[derive(Clone, Debug)]
pub struct Held {
    endpoint: String,
    proposals: Vec<Proposal>,
    stops: Vec<Stop>,
    digest: String,
}

impl Held {
    /// The endpoint: an instance, or `all`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The plans, each as it is judged alone, in the order of their ids.
    pub fn proposals(&self) -> &[Proposal] {
        &self.proposals
    }

    /// Why all of them together would be too many now.
    pub fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Stands for exactly these plans.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl Engine {
    /// What of the pushes to `endpoint` waits for a named person.
    ///
    /// # Errors
    /// When there is no such endpoint, or the database refuses.
    pub fn held(&self, endpoint: &str) -> Result<Held> {
        self.held_before(endpoint, "")
    }

    fn held_before(&self, endpoint: &str, by: &str) -> Result<Held> {
        self.check_endpoint(endpoint)?;
        let place = if endpoint == ALL { EVERYWHERE } else { endpoint };
        let (plans, history) = self.store.read(|book| {
            let ids = book.held_plans(place)?;
            let plans: Result<Vec<_>> = ids.iter().map(|id| book.plan(&PlanId::new(id))).collect();
            Ok((plans?, self.history(book, self.now())?))
        })?;
        let graph = self.graph()?;
        let plans = plans.into_iter().flatten();
        let proposals: Vec<_> =
            plans.map(|plan| self.judge_before(plan, &graph, by)).collect::<Result<_>>()?;
        let proposals: Vec<_> = proposals.into_iter().filter(|one| one.run.is_none()).collect();
        // As if all but the one that is judged had been sent at this moment.
        let (now, mut together) = (self.now(), history);
        let changes = proposals.iter().flat_map(|one| one.plan.changes());
        together.effects.extend(changes.map(|change| PastEffect::of(change, now)));
        let judged =
            |one: &Proposal| guard::stops(&one.plan, &graph, &self.config.policy, &together, now);
        let stops: BTreeSet<Stop> = one_of_each(&proposals).flat_map(judged).collect();
        let stops = stops.into_iter().filter(|stop| stop.kind == Kind::TooMany).collect();
        let digest = digest_of(&proposals);
        Ok(Held { endpoint: endpoint.to_owned(), proposals, stops, digest })
    }

    /// Records that `by` agrees to each of the plans that are held at `endpoint` and that `digest`
    /// stands for. Says of each what became of it: nobody agrees to what they asked for or to what
    /// concerns themselves.
    ///
    /// # Errors
    /// When other plans are held than the digest stands for, when all of them together would be
    /// stopped as too many, or when the database refuses. Then nothing is agreed to.
    pub fn approve_held(
        &self,
        endpoint: &str,
        digest: &str,
        by: &str,
        reason: &str,
    ) -> Result<Vec<(PlanId, Result<Approval>)>> {
        let by = named(by)?;
        self.check_not_older()?;
        let held = self.held_before(endpoint, by)?;
        if held.digest != digest {
            return Err(Error::refused(format!(
                "What waits in {endpoint} now is not what you looked at, so nothing was approved."
            ))
            .hint("Look again with `rollbook plan held`, and approve what you see there."));
        }
        if !held.stops.is_empty() {
            let error =
                Error::refused("All of them together are too many, so nothing was approved.");
            let hint = "Approve them one by one as far as the limits go, raise the limits in \
                        [policy.limits], or wait.";
            let why = held.stops.iter().map(|stop| stop.sentence.as_str());
            return Err(why.chain([hint]).fold(error, Error::hint));
        }
        let done = self.store.write(|book| {
            let one = |proposal: &Proposal| {
                let digest = proposal.plan.digest();
                let approved = self.approve_in(book, proposal, digest, by, reason)?;
                Ok((proposal.plan.id(), approved))
            };
            held.proposals.iter().map(one).collect::<Result<Vec<_>>>()
        })?;
        crash::point("approval_stored");
        self.checkpoint()?;
        Ok(done)
    }

    fn check_endpoint(&self, endpoint: &str) -> Result<()> {
        if self.has_endpoint(endpoint) {
            return Ok(());
        }
        let known = self.config.instances.iter().map(|instance| instance.name.as_str());
        let known: Vec<&str> = known.chain([ALL]).collect();
        let error = Error::input(format!("There is no instance named `{endpoint}`."));
        Err(nearest(endpoint, &known).into_iter().fold(error, Error::hint))
    }
}

/// Enough of the plans for every verb in every instance: what is judged of one is what is judged of
/// all others that do the same there.
fn one_of_each(proposals: &[Proposal]) -> impl Iterator<Item = &Proposal> {
    let mut seen = BTreeSet::new();
    proposals.iter().filter(move |one| {
        let changes = one.plan.changes().iter();
        let new = changes.filter(|c| seen.insert((c.instance.clone(), c.op.verb()))).count();
        new > 0
    })
}

fn digest_of(proposals: &[Proposal]) -> String {
    let plans = proposals.iter().map(|one| json!([one.plan.id(), one.plan.digest()]));
    canonical::digest("rollbook.held.v1", &plans.collect::<Vec<_>>().into())
}
