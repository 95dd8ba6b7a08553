//! Approvals: a named person agreed to *this digest* until a time. Enough of them, and no stop, make
//! a permit. There is no other way to make one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::canonical::fold;
use crate::change::Change;
use crate::guard::{Blocks, Stop};
use crate::id::{ApprovalId, ChangeId};
use crate::plan::Plan;
use crate::policy::Policy;

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

/// Who must agree to a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needed {
    /// How many different people; at least one.
    pub people: u32,
    /// How many changes of the plan cannot be taken back.
    pub irreversible: u32,
    /// Who may; empty: anybody who is named and did not ask.
    pub approvers: Vec<String>,
    /// Who may not, because they asked.
    pub requester: String,
}

/// Who must agree to `plan`. Nothing ever runs with nobody's agreement, whatever the policy says.
pub fn needed(plan: &Plan, policy: &Policy) -> Needed {
    let irreversible = plan.changes().iter().filter(|change| !change.reversible).count();
    let rule = &policy.approval;
    let more = if irreversible > 0 { rule.needed_irreversible } else { 0 };
    Needed {
        people: rule.needed.max(more).max(1),
        irreversible: u32::try_from(irreversible).unwrap_or(u32::MAX),
        approvers: rule.approvers.clone(),
        requester: plan.requester().to_owned(),
    }
}

/// Proof that a plan may run. Only [`permit`] makes one, and it cannot be read back from a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permit {
    plan: String,
    approvals: Vec<ApprovalId>,
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

    /// The approvals that it rests on.
    pub fn approvals(&self) -> &[ApprovalId] {
        &self.approvals
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
    },
}

/// An approval that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAway {
    /// Whose.
    pub by: String,
    /// Why not.
    pub why: NotCounted,
}

/// Why an approval does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotCounted {
    /// It names nobody.
    Nameless,
    /// It is for a plan with another digest.
    Stale,
    /// They asked for the plan.
    Requester,
    /// The plan changes their own account.
    Concerned,
    /// The policy does not name them.
    NotApprover,
    /// Its time is over.
    Expired,
    /// It was given later than now, or before the plan was made: some clock is wrong.
    WrongTime,
    /// They agreed already.
    Twice,
}

/// Whether `plan` may run now. What `stops` holds back stays out of the permit; if they hold back
/// everything, or too few people agreed, there is none.
///
/// # Errors
/// [`Refusal`] says what is missing.
pub fn permit(
    plan: &Plan,
    stops: &[Stop],
    approvals: &[Approval],
    policy: &Policy,
    now: Timestamp,
) -> Result<Permit, Refusal> {
    if plan.is_empty() {
        return Err(Refusal::Empty);
    }
    let is_held = |change: &&Change| stops.iter().any(|stop| stop.blocks.holds(change));
    let (held, allowed): (Vec<&Change>, Vec<&Change>) = plan.changes().iter().partition(is_held);
    if allowed.is_empty() || stops.iter().any(|stop| stop.blocks == Blocks::Plan) {
        return Err(Refusal::Stopped { stops: stops.to_vec() });
    }
    let (counted, turned_away) = count(plan, approvals, policy, now);
    let needed = needed(plan, policy).people;
    if u32::try_from(counted.len()).unwrap_or(u32::MAX) < needed {
        let counted = counted.into_iter().map(|a| a.by.clone()).collect();
        return Err(Refusal::NotEnough { needed, counted, turned_away });
    }
    let ids = |changes: Vec<&Change>| changes.into_iter().map(|c| c.id.clone()).collect();
    Ok(Permit {
        plan: plan.digest().to_owned(),
        approvals: counted.iter().map(|approval| approval.id()).collect(),
        given_at: now,
        expires: counted.iter().map(|a| expiry(a, policy)).min().unwrap_or(now),
        allowed: ids(allowed),
        held: ids(held),
    })
}

/// The approvals that count, one for each person, and the others with the reason.
fn count<'a>(
    plan: &Plan,
    approvals: &'a [Approval],
    policy: &Policy,
    now: Timestamp,
) -> (Vec<&'a Approval>, Vec<TurnedAway>) {
    let mut counted: BTreeMap<String, &Approval> = BTreeMap::new();
    let mut turned_away = Vec::new();
    for approval in approvals {
        let person = fold(&approval.by);
        let fault = fault(plan, approval, &person, policy, now);
        match fault.or(counted.contains_key(&person).then_some(NotCounted::Twice)) {
            Some(why) => turned_away.push(TurnedAway { by: approval.by.clone(), why }),
            None => {
                counted.insert(person, approval);
            }
        }
    }
    (counted.into_values().collect(), turned_away)
}

fn fault(
    plan: &Plan,
    approval: &Approval,
    person: &str,
    policy: &Policy,
    now: Timestamp,
) -> Option<NotCounted> {
    let approvers = &policy.approval.approvers;
    let concerned = |change: &Change| fold(&change.expects.login) == person;
    let faults = [
        (person.is_empty(), NotCounted::Nameless),
        (approval.plan != plan.digest(), NotCounted::Stale),
        (person == fold(plan.requester()), NotCounted::Requester),
        (plan.changes().iter().any(concerned), NotCounted::Concerned),
        (
            !approvers.is_empty() && !approvers.iter().any(|a| fold(a) == person),
            NotCounted::NotApprover,
        ),
        (approval.at > now || approval.at < plan.made_at(), NotCounted::WrongTime),
        (now >= expiry(approval, policy), NotCounted::Expired),
    ];
    faults.into_iter().find_map(|(is_so, why)| is_so.then_some(why))
}

/// When an approval ends: as written on it, or sooner if the policy became stricter since.
fn expiry(approval: &Approval, policy: &Policy) -> Timestamp {
    approval.expires.min(hours_after(approval.at, policy.approval.valid_h))
}

fn hours_after(at: Timestamp, hours: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
}
