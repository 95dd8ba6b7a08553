//! Approvals: a named person agrees to the digest of a plan.

use std::collections::BTreeSet;

use rollbook_core::approval::{self, Approval, Case, Needed, NotCounted};
use rollbook_core::canonical::{fold, value_of};
use rollbook_core::event::Draft;
use rollbook_core::explain;
use rollbook_core::id::PlanId;
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
        let proposal = self.proposal_before(id, by)?;
        let approval =
            self.store.write(|book| self.approve_in(book, &proposal, digest, by, reason))??;
        crash::point("approval_stored");
        self.checkpoint()?;
        Ok(approval)
    }

    /// Writes down that `by`, for whom the proposal was judged, agrees to the plan with this digest, or
    /// that they may not, which is the inner error.
    pub(crate) fn approve_in(
        &self,
        book: &Writing<'_>,
        proposal: &Proposal,
        digest: &str,
        by: &str,
        reason: &str,
    ) -> Result<Result<Approval>> {
        let (id, now) = (proposal.plan.id(), self.now());
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
        if let Err(refused) = may_approve(&self.case(proposal), proposal, digest, by) {
            record("approval_refused", json!({"why": refused.message}))?;
            return Ok(Err(refused));
        }
        let approval = Approval::new(digest, by, reason, &self.config.policy, now);
        book.put_approval(&id, &approval)?;
        record("plan_approved", value_of(&approval))?;
        Ok(Ok(approval))
    }
}

/// What can be said at once; [`rollbook_core::approval::permit`] judges it all again at dispatch.
fn may_approve(case: &Case<'_>, proposal: &Proposal, digest: &str, by: &str) -> Result<()> {
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
    approval::may_agree(case, by).or_else(|why| would_not_count(proposal, by, why))
}

/// Why it would be no use if `by` agreed. Whoever approved before may do so again, to no effect.
fn would_not_count(proposal: &Proposal, by: &str, why: NotCounted) -> Result<()> {
    let refused = |said: String, hint: String| Err(Error::refused(said).hint(hint));
    match why {
        NotCounted::Concerned => refused(
            format!("The plan changes an account of {by}'s own."),
            "Ask somebody whom the plan does not concern to approve it.".to_owned(),
        ),
        NotCounted::Requester => refused(
            format!("{by} asked for this plan and so cannot approve it."),
            "Ask somebody else to approve it, with `--by` and their name.".to_owned(),
        ),
        NotCounted::NotApprover => refused(
            format!("{by} is not among the approvers that the policy names."),
            format!("These people may: {}.", who_may(proposal).join(", ")),
        ),
        NotCounted::TooEarly => {
            let open: Vec<_> = proposal.rules.iter().filter_map(explain::open_rule).collect();
            refused(
                format!("{by} is asked only after others have approved this plan."),
                open.join(" "),
            )
        }
        NotCounted::Nameless
        | NotCounted::Stale
        | NotCounted::Executor
        | NotCounted::Expired
        | NotCounted::WrongTime
        | NotCounted::Twice => refused(
            format!("The approval of {by} would not count: {}.", explain::not_counted(why)),
            "Look at the plan again with `rollbook plan show`.".to_owned(),
        ),
    }
}

/// Everybody whom the policy names for this plan, nobody twice.
fn who_may(proposal: &Proposal) -> Vec<&str> {
    let Needed { approvers, rules, .. } = &proposal.needed;
    let staged = rules.iter().flat_map(|rule| &rule.stages).flat_map(|stage| &stage.of);
    let mut seen = BTreeSet::new();
    approvers
        .iter()
        .chain(staged)
        .filter(|name| seen.insert(fold(name)))
        .map(|n| n.as_str())
        .collect()
}
