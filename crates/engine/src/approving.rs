//! Approvals: a named person agrees to the digest of a plan.

use jiff::Timestamp;
use rollbook_core::approval::Approval;
use rollbook_core::canonical::{fold, value_of};
use rollbook_core::event::Draft;
use rollbook_core::id::PlanId;
use rollbook_core::policy::Policy;
use serde_json::{Value, json};

use crate::concern;
use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::planning::Proposal;
use crate::reconcile::named;
use crate::store::Writing;

impl Engine {
    /// Records that `by` agrees to the plan with this digest.
    ///
    /// # Errors
    /// When the digest is not the plan's, when stops hold all of the plan back, when `by` asked for
    /// the plan, is concerned by it or is no approver, or when the plan was run already. A refusal
    /// is recorded too.
    pub fn approve(&self, id: &PlanId, digest: &str, by: &str, reason: &str) -> Result<Approval> {
        let by = named(by)?;
        self.check_not_older()?;
        let proposal = self.proposal(id)?;
        let (policy, now) = (&self.config.policy, self.now());
        let done = self
            .store
            .write(|book| approve_in(book, &proposal, digest, (by, reason), (policy, now)))?;
        let approval = done?;
        crash::point("approval_stored");
        self.checkpoint()?;
        Ok(approval)
    }
}

/// Writes down that `by` agrees to the plan with this digest, or that they may not, which is the
/// inner error.
pub(crate) fn approve_in(
    book: &Writing<'_>,
    proposal: &Proposal,
    digest: &str,
    (by, reason): (&str, &str),
    (policy, now): (&Policy, Timestamp),
) -> Result<Result<Approval>> {
    let id = proposal.plan.id();
    let record = |kind: &str, body: Value| {
        book.record(Draft {
            kind: kind.to_owned(),
            actor: by.to_owned(),
            on_behalf_of: String::new(),
            subject: id.to_string(),
            concerns: concern::of_recorded_plan(&book.reading(), &id)?,
            at: now,
            body,
        })
    };
    if let Err(refused) = may_approve(proposal, digest, by) {
        record("approval_refused", json!({"why": refused.message}))?;
        return Ok(Err(refused));
    }
    let approval = Approval::new(digest, by, reason, policy, now);
    book.put_approval(&id, &approval)?;
    record("plan_approved", value_of(&approval))?;
    Ok(Ok(approval))
}

/// What can be said at once; [`rollbook_core::approval::permit`] judges it all again at dispatch.
fn may_approve(proposal: &Proposal, digest: &str, by: &str) -> Result<()> {
    if proposal.plan.digest() != digest {
        return Err(Error::refused(format!(
            "The digest is not that of {}: what you looked at is not what would run.",
            proposal.plan.id()
        ))
        .hint(
            "Look at the plan again with `rollbook plan show`, and approve what you see there.",
        ));
    }
    if proposal.run.is_some() {
        return Err(Error::refused(format!("The plan {} was run already.", proposal.plan.id()))
            .hint("Make a new plan; an approval holds for one run."));
    }
    let changes = proposal.plan.changes();
    if changes.is_empty() {
        return Err(Error::refused(format!("The plan {} changes nothing.", proposal.plan.id()))
            .hint("There is nothing to approve; `rollbook plan show` says what is left alone."));
    }
    if changes.iter().all(|change| proposal.stops.iter().any(|stop| stop.blocks.holds(change))) {
        // Agreed to now, it would run without another look as soon as the stop is gone.
        let why = proposal.stops.iter().map(|stop| stop.sentence.as_str());
        return Err(why.fold(
            Error::refused(format!("Stops hold all of {} back.", proposal.plan.id())),
            Error::hint,
        ));
    }
    if changes.iter().any(|change| fold(&change.expects.login) == fold(by)) {
        return Err(Error::refused(format!("The plan changes an account of {by}'s own."))
            .hint("Ask somebody whom the plan does not concern to approve it."));
    }
    if fold(&proposal.needed.requester) == fold(by) {
        return Err(Error::refused(format!("{by} asked for this plan and so cannot approve it."))
            .hint("Ask somebody else to approve it, with `--by` and their name."));
    }
    let approvers = &proposal.needed.approvers;
    if !approvers.is_empty() && !approvers.iter().any(|a| fold(a) == fold(by)) {
        return Err(Error::refused(format!(
            "{by} is not among the approvers that the policy names."
        ))
        .hint(format!("These people may: {}.", approvers.join(", "))));
    }
    Ok(())
}
