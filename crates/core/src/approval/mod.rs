//! Approvals: a named person agreed to *this digest* until a time, or beforehand to plans of this
//! kind. Enough of them, and no stop, make a permit. There is no other way to make one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::canonical::fold;
use crate::change::Change;
use crate::guard::{Blocks, Stop};
use crate::id::{ApprovalId, ChangeId};
use crate::plan::Plan;
use crate::policy::{Policy, StandingApproval};

mod standing;

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

/// Proof that a plan may run. Only [`permit`] and [`permit_covered`] make one, and it cannot be read back from a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permit {
    plan: String,
    approvals: Vec<ApprovalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<StandingApproval>,
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

    /// The standing approval that it rests on, as it was when the permit was given.
    pub fn standing(&self) -> Option<&StandingApproval> {
        self.standing.as_ref()
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
    give(plan, stops, approvals, None, policy, now)
}

/// The same for a plan that a standing approval covers: whoever gave that counts as one person who
/// agreed, beside those of `approvals`.
///
/// # Errors
/// [`Refusal`] says what is missing.
pub fn permit_covered(
    plan: &Plan,
    stops: &[Stop],
    approvals: &[Approval],
    covered: &Covered<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Permit, Refusal> {
    give(plan, stops, approvals, covered.of(plan), policy, now)
}

fn give(
    plan: &Plan,
    stops: &[Stop],
    approvals: &[Approval],
    standing: Option<&StandingApproval>,
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
    let people: BTreeMap<String, String> = counted
        .iter()
        .map(|approval| approval.by.clone())
        .chain(standing.map(|standing| standing.approved_by.clone()))
        .map(|by| (fold(&by), by))
        .collect();
    if u32::try_from(people.len()).unwrap_or(u32::MAX) < needed {
        let counted = people.into_values().collect();
        return Err(Refusal::NotEnough { needed, counted, turned_away });
    }
    let ids = |changes: Vec<&Change>| changes.into_iter().map(|c| c.id.clone()).collect();
    let ends = counted.iter().map(|approval| expiry(approval, policy));
    let longest = hours_after(now, policy.approval.valid_h);
    Ok(Permit {
        plan: plan.digest().to_owned(),
        approvals: counted.iter().map(|approval| approval.id()).collect(),
        standing: standing.cloned(),
        given_at: now,
        expires: ends.min().map_or(longest, |end| end.min(longest)),
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
    let concerned = |change: &Change| fold(&change.expects.login) == person;
    let faults = [
        (person.is_empty(), NotCounted::Nameless),
        (approval.plan != plan.digest(), NotCounted::Stale),
        (person == fold(plan.requester()), NotCounted::Requester),
        (plan.changes().iter().any(concerned), NotCounted::Concerned),
        (!may_approve(policy, person), NotCounted::NotApprover),
        (approval.at > now || approval.at < plan.made_at(), NotCounted::WrongTime),
        (now >= expiry(approval, policy), NotCounted::Expired),
    ];
    faults.into_iter().find_map(|(is_so, why)| is_so.then_some(why))
}

/// Whether the policy lets this person (folded) approve plans.
fn may_approve(policy: &Policy, person: &str) -> bool {
    let approvers = &policy.approval.approvers;
    approvers.is_empty() || approvers.iter().any(|approver| fold(approver) == person)
}

/// When an approval ends: as written on it, or sooner if the policy became stricter since.
fn expiry(approval: &Approval, policy: &Policy) -> Timestamp {
    approval.expires.min(hours_after(approval.at, policy.approval.valid_h))
}

fn hours_after(at: Timestamp, hours: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Basis, Op, Verb};
    use crate::guard::Kind;
    use crate::plan::{Wish, plan};
    use crate::policy::ApprovalRule;
    use crate::reach::{Reach, Way};
    use crate::testing::{World, at, of};
    use proptest::prelude::*;

    const NOW: &str = "2026-11-21T09:00:00Z";

    fn made(ops: &[(&str, Op)]) -> Plan {
        let graph = World::read("account wiki/u1 ana@x.com\naccount chat/u2 ben@x.com").graph();
        let way = Way::new("scim")
            .reversibly(&[Verb::Suspend], Basis::Probed)
            .for_good(&[Verb::Remove], Basis::Probed);
        let reach = Reach { routes: vec![way] };
        let reach = ["wiki", "chat"].map(|name| (name.into(), reach.clone())).into();
        let wishes: Vec<_> = ops
            .iter()
            .map(|(account, op)| Wish::by_person("Olga", of(account), op.clone(), "Asked."))
            .collect();
        plan(&graph, &wishes, &reach, &Policy::default(), "Olga", at("2026-11-21T08:00:00Z"))
    }

    fn two_suspends() -> Plan {
        made(&[("wiki/u1", Op::Suspend), ("chat/u2", Op::Suspend)])
    }

    fn policy(rule: impl FnOnce(&mut ApprovalRule)) -> Policy {
        let mut policy = Policy::default();
        rule(&mut policy.approval);
        policy
    }

    fn by(plan: &Plan, name: &str) -> Approval {
        Approval::new(plan.digest(), name, "", &Policy::default(), at("2026-11-21T08:30:00Z"))
    }

    /// The fault of the only approval.
    fn check_fault(plan: &Plan, approval: Approval, policy: &Policy, expected: NotCounted) {
        let by = approval.by.clone();
        let refusal =
            permit(plan, &[], &[approval], policy, at(NOW)).expect_err("it is not enough");
        let turned_away = vec![TurnedAway { by, why: expected }];
        assert_eq!(refusal, Refusal::NotEnough { needed: 1, counted: Vec::new(), turned_away });
    }

    #[test]
    fn another_named_person_is_enough_for_what_can_be_taken_back() {
        let plan = two_suspends();
        let approval = by(&plan, "Ben");
        let policy = Policy::default();
        let permit = permit(&plan, &[], std::slice::from_ref(&approval), &policy, at(NOW));
        let permit = permit.expect("one person is enough");
        assert_eq!(permit.digest(), plan.digest());
        assert_eq!(permit.approvals(), [approval.id()]);
        assert_eq!(permit.expires(), approval.expires);
        let change = &plan.changes()[0];
        assert!(permit.allows(change, at(NOW)));
        assert!(!permit.allows(change, approval.expires));
        let other = made(&[("wiki/u1", Op::Remove)]);
        assert!(!permit.allows(&other.changes()[0], at(NOW)));
    }

    #[test]
    fn an_approval_that_does_not_count_is_turned_away_with_the_reason() {
        let plan = two_suspends();
        let policy = Policy::default();
        check_fault(&plan, by(&plan, " OLGA "), &policy, NotCounted::Requester);
        check_fault(&plan, by(&plan, "  "), &policy, NotCounted::Nameless);
        check_fault(&plan, by(&plan, "Ana@X.com"), &policy, NotCounted::Concerned);
        let other = made(&[("wiki/u1", Op::Suspend)]);
        check_fault(&plan, by(&other, "Ben"), &policy, NotCounted::Stale);
        let named = self::policy(|rule| rule.approvers = vec!["Cleo".to_owned()]);
        check_fault(&plan, by(&plan, "Ben"), &named, NotCounted::NotApprover);
        let early = Approval { at: at("2026-11-21T07:59:59Z"), ..by(&plan, "Ben") };
        check_fault(&plan, early, &policy, NotCounted::WrongTime);
        let late = Approval { at: at("2026-11-21T09:00:01Z"), ..by(&plan, "Ben") };
        check_fault(&plan, late, &policy, NotCounted::WrongTime);
        let expired = Approval { expires: at(NOW), ..by(&plan, "Ben") };
        check_fault(&plan, expired, &policy, NotCounted::Expired);
        // A policy that became stricter counts at once.
        let stricter = self::policy(|rule| rule.valid_h = 0);
        check_fault(&plan, by(&plan, "Ben"), &stricter, NotCounted::Expired);
    }

    #[test]
    fn the_same_person_does_not_count_twice() {
        let plan = two_suspends();
        let two = policy(|rule| rule.needed = 2);
        let approvals = [by(&plan, "Ben"), by(&plan, "BEN"), by(&plan, "Ｂen ")];
        let refusal = permit(&plan, &[], &approvals, &two, at(NOW)).expect_err("it is one person");
        let Refusal::NotEnough { needed: 2, counted, turned_away } = refusal else {
            panic!("{refusal:?}");
        };
        assert_eq!(counted, ["Ben"]);
        assert!(turned_away.iter().all(|t| t.why == NotCounted::Twice) && turned_away.len() == 2);
        let approvals = [by(&plan, "Ben"), by(&plan, "Cleo")];
        assert!(permit(&plan, &[], &approvals, &two, at(NOW)).is_ok());
    }

    #[test]
    fn what_cannot_be_taken_back_needs_as_many_as_the_policy_says_and_never_nobody() {
        let rule = policy(|rule| (rule.needed, rule.needed_irreversible) = (0, 2));
        let people = |plan: &Plan| (needed(plan, &rule).people, needed(plan, &rule).irreversible);
        assert_eq!(people(&two_suspends()), (1, 0));
        assert_eq!(people(&made(&[("wiki/u1", Op::Remove)])), (2, 1));
        assert!(permit(&two_suspends(), &[], &[], &rule, at(NOW)).is_err());
    }

    #[test]
    fn stops_hold_back_their_part_or_everything() {
        let plan = two_suspends();
        let approvals = [by(&plan, "Ben")];
        let stop = |blocks: Blocks| Stop {
            blocks,
            kind: Kind::TooMany,
            subject: String::new(),
            sentence: String::new(),
        };
        let judge = |stops: &[Stop]| permit(&plan, stops, &approvals, &Policy::default(), at(NOW));
        let wiki = stop(Blocks::Instance { instance: "wiki".into() });
        let part = judge(std::slice::from_ref(&wiki)).expect("the other instance can run");
        let allowed = |c: &&Change| part.allows(c, at(NOW));
        let allowed: Vec<_> = plan.changes().iter().filter(allowed).collect();
        assert_eq!(allowed.len(), 1);
        assert_eq!(allowed[0].instance.as_str(), "chat");
        assert_eq!(part.held().len(), 1);
        let chat = stop(Blocks::Instance { instance: "chat".into() });
        assert!(matches!(judge(&[wiki, chat]), Err(Refusal::Stopped { .. })));
        assert!(matches!(judge(&[stop(Blocks::Plan)]), Err(Refusal::Stopped { .. })));
        let nothing = made(&[]);
        let refusal = permit(&nothing, &[], &[by(&nothing, "Ben")], &Policy::default(), at(NOW));
        assert_eq!(refusal, Err(Refusal::Empty));
    }

    proptest! {
        #[test]
        fn no_crowd_of_requesters_ever_makes_a_permit(
            names in prop::collection::vec("(?i)[ ]{0,2}olga[ ]{0,2}", 0..6), needed in 0..4u32
        ) {
            let plan = two_suspends();
            let policy = policy(|rule| rule.needed = needed);
            let approvals: Vec<_> = names.iter().map(|name| by(&plan, name)).collect();
            prop_assert!(permit(&plan, &[], &approvals, &policy, at(NOW)).is_err());
        }

        #[test]
        fn a_permit_needs_as_many_different_people_as_the_policy_says(
            names in prop::collection::vec("(?i)(ben|cleo|dia|olga)", 0..8), needed in 0..4u32
        ) {
            let plan = two_suspends();
            let policy = policy(|rule| rule.needed = needed);
            let approvals: Vec<_> = names.iter().map(|name| by(&plan, name)).collect();
            let people: BTreeSet<_> = names.iter().map(|n| fold(n)).filter(|n| n != "olga").collect();
            let enough = people.len() >= needed.max(1) as usize;
            prop_assert_eq!(permit(&plan, &[], &approvals, &policy, at(NOW)).is_ok(), enough);
        }
    }
}
