//! Approvals: a named person agreed to *this digest* until a time, or beforehand to plans of this
//! kind. Enough of them, and no stop, make a permit. There is no other way to make one.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::guard::{Blocks, Stop};
use crate::id::{ApprovalId, ChangeId};
use crate::plan::Plan;
use crate::policy::{Policy, StandingApproval};

mod count;
mod doubt;
mod humans;
mod needed;
mod standing;
#[cfg(test)]
mod tests;

use count::{Count, count};
pub use count::{NotCounted, TurnedAway, may_agree, progress_of};
pub use doubt::doubts;
pub use humans::Humans;
pub use needed::{Needed, Progress, Seat, StageProgress, needed};
pub use standing::{Covered, NotCovered, Uncovered, pushed_by, requester, standing};

/// One person's agreement to one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The digest of the plan, in full.
    pub plan: String,
    /// Who: the name under which the session knows them, never one from a form.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// From when on it no longer counts.
    pub expires: Timestamp,
    /// Why, in their words; may be empty.
    pub reason: String,
}

impl Approval {
    /// `by` agrees to the plan with this digest now, for as long as the policy lets that hold.
    pub fn new(
        digest: impl Into<String>,
        by: impl Into<String>,
        reason: impl Into<String>,
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        Self {
            plan: digest.into(),
            by: by.into(),
            at: now,
            expires: hours_after(now, policy.approval.valid_h),
            reason: reason.into(),
        }
    }

    /// The id that follows from the content.
    pub fn id(&self) -> ApprovalId {
        let (at, expires) = (self.at.to_string(), self.expires.to_string());
        ApprovalId::derive(&[&self.plan, &self.by, &at, &expires, &self.reason])
    }
}

/// Everything that decides whether a plan may run.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Why it, or a part of it, may not run.
    pub stops: &'a [Stop],
    /// What people agreed to.
    pub approvals: &'a [Approval],
    /// Whom the names in all of this mean.
    pub humans: &'a Humans,
    /// The policy of now.
    pub policy: &'a Policy,
    /// Who runs the plan; `None`: nobody, Rollbook does by itself.
    pub executor: Option<&'a str>,
    /// The moment.
    pub now: Timestamp,
    /// The day in the workspace's time zone.
    pub today: Date,
}

/// Proof that a plan may run. Only [`permit`] and [`permit_covered`] make one, and it cannot be read back from a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permit {
    plan: String,
    #[serde(skip)]
    requester: String,
    approvals: Vec<ApprovalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<StandingApproval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Progress>,
    given_at: Timestamp,
    expires: Timestamp,
    allowed: BTreeSet<ChangeId>,
    held: BTreeSet<ChangeId>,
}

impl Permit {
    /// The digest of the plan.
    pub fn digest(&self) -> &str {
        &self.plan
    }

    /// Who asked for the plan.
    pub fn requester(&self) -> &str {
        &self.requester
    }

    /// The approvals that it rests on.
    pub fn approvals(&self) -> &[ApprovalId] {
        &self.approvals
    }

    /// The standing approval that it rests on, as it was when the permit was given.
    pub fn standing(&self) -> Option<&StandingApproval> {
        self.standing.as_ref()
    }

    /// The rules of the policy that applied, and who met them.
    pub fn rules(&self) -> &[Progress] {
        &self.rules
    }

    /// The changes of the plan that may be sent.
    pub fn allowed(&self) -> &BTreeSet<ChangeId> {
        &self.allowed
    }

    /// When it was given.
    pub fn given_at(&self) -> Timestamp {
        self.given_at
    }

    /// From when on no change may begin under it.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether this change may begin now. A change of another plan never may.
    pub fn allows(&self, change: &Change, now: Timestamp) -> bool {
        now < self.expires && self.allowed.contains(&change.id)
    }

    /// The changes of the plan that a stop holds back.
    pub fn held(&self) -> &BTreeSet<ChangeId> {
        &self.held
    }
}

/// Why there is no permit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum Refusal {
    /// The plan changes nothing.
    Empty,
    /// Stops hold all of it back.
    Stopped {
        /// Which.
        stops: Vec<Stop>,
    },
    /// Too few people agreed.
    NotEnough {
        /// How many are needed.
        needed: u32,
        /// Whose agreement counts.
        counted: Vec<String>,
        /// Whose does not, and why.
        turned_away: Vec<TurnedAway>,
        /// The rules of the policy that still wait for somebody.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<Progress>,
    },
}

/// Whether the plan of `case` may run now. What stops hold back stays out of the permit; if they hold back
/// everything, or too few people agreed, there is none.
///
/// # Errors
/// [`Refusal`] says what is missing.
pub fn permit(case: &Case<'_>) -> Result<Permit, Refusal> {
    give(case, None)
}

/// The same for a plan that a standing approval covers: whoever gave that counts as the first who agreed,
/// beside those of the case's approvals.
///
/// # Errors
/// [`Refusal`] says what is missing.
pub fn permit_covered(case: &Case<'_>, covered: &Covered<'_>) -> Result<Permit, Refusal> {
    give(case, covered.of(case.plan))
}

fn give(case: &Case<'_>, standing: Option<&StandingApproval>) -> Result<Permit, Refusal> {
    let Case { plan, stops, policy, now, .. } = *case;
    if plan.is_empty() {
        return Err(Refusal::Empty);
    }
    let is_held = |change: &&Change| stops.iter().any(|stop| stop.blocks.holds(change));
    let (held, allowed): (Vec<&Change>, Vec<&Change>) = plan.changes().iter().partition(is_held);
    if allowed.is_empty() || stops.iter().any(|stop| stop.blocks == Blocks::Plan) {
        return Err(Refusal::Stopped { stops: stops.to_vec() });
    }
    let Count { counted, turned_away, people, rules } = count(case, standing);
    let needed = needed(plan, policy).people;
    let open: Vec<_> = rules.iter().filter(|rule| rule.open().is_some()).cloned().collect();
    if u32::try_from(people.len()).unwrap_or(u32::MAX) < needed || !open.is_empty() {
        let counted = people.into_iter().map(str::to_owned).collect();
        return Err(Refusal::NotEnough { needed, counted, turned_away, open });
    }
    let ids = |changes: Vec<&Change>| changes.into_iter().map(|c| c.id.clone()).collect();
    let ends = counted.iter().map(|approval| expiry(approval, policy));
    let longest = hours_after(now, policy.approval.valid_h);
    Ok(Permit {
        plan: plan.digest().to_owned(),
        requester: plan.requester().to_owned(),
        approvals: counted.iter().map(|approval| approval.id()).collect(),
        standing: standing.cloned(),
        rules,
        given_at: now,
        expires: ends.min().map_or(longest, |end| end.min(longest)),
        allowed: ids(allowed),
        held: ids(held),
    })
}

/// When an approval ends: as written on it, or sooner if the policy became stricter since.
fn expiry(approval: &Approval, policy: &Policy) -> Timestamp {
    approval.expires.min(hours_after(approval.at, policy.approval.valid_h))
}

fn hours_after(at: Timestamp, hours: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
}
