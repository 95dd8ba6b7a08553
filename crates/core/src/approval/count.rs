//! Whose agreement counts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::needed::{Who, applying, progress};
use super::standing::names;
use super::{Approval, Case, Progress, expiry};
use crate::canonical::fold;
use crate::change::Change;
use crate::policy::StandingApproval;

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
    /// They run the plan.
    Executor,
    /// The policy does not name them.
    NotApprover,
    /// A rule wants them in a later stage, and an earlier one is still open.
    TooEarly,
    /// Its time is over.
    Expired,
    /// It was given later than now, or before the plan was made: some clock is wrong.
    WrongTime,
    /// They agreed already.
    Twice,
}

/// What came of all approvals of a plan.
pub(super) struct Count<'a> {
    /// The approvals that count, in the order in which they were given.
    pub(super) counted: Vec<&'a Approval>,
    /// The others.
    pub(super) turned_away: Vec<TurnedAway>,
    /// Who agreed, nobody twice; first whoever gave the standing approval.
    pub(super) people: Vec<&'a str>,
    /// How far the rules are that apply.
    pub(super) rules: Vec<Progress>,
}

/// Which approvals of `case` count, beside the agreement beforehand of whoever gave `standing`.
pub(super) fn count<'a>(case: &Case<'a>, standing: Option<&'a StandingApproval>) -> Count<'a> {
    let mut approvals: Vec<&Approval> = case.approvals.iter().collect();
    approvals.sort_by_key(|approval| approval.at);
    let mut people: Vec<&str> = standing.map(|one| one.approved_by.as_str()).into_iter().collect();
    let (mut counted, mut turned_away) = (Vec::new(), Vec::new());
    // Whoever gave the standing approval may agree to the plan as well; it stays one person.
    let given_before = people.len();
    for approval in approvals {
        let is_known = |known: &&str| case.humans.may_be_same(known, &approval.by);
        let is_twice = people.iter().skip(given_before).any(is_known);
        let why = fault(case, approval).or(is_twice.then_some(NotCounted::Twice));
        match why.or_else(|| too_early(case, &people, &approval.by)) {
            Some(why) => turned_away.push(TurnedAway { by: approval.by.clone(), why }),
            None => {
                counted.push(approval);
                if !people.iter().any(is_known) {
                    people.push(&approval.by);
                }
            }
        }
    }
    let rules = rules(case, &people);
    Count { counted, turned_away, people, rules }
}

/// Whether `by` may agree to the plan of `case` now, after those who did.
///
/// # Errors
/// Why their approval would not count.
pub fn may_agree(case: &Case<'_>, by: &str) -> Result<(), NotCounted> {
    let approval = Approval::new(case.plan.digest(), by, "", case.policy, case.now);
    let before = count(case, None);
    // An approval that holds for no time at all is turned away when the plan runs, not here.
    let why = fault(case, &approval).filter(|why| *why != NotCounted::Expired);
    why.or_else(|| too_early(case, &before.people, by)).map_or(Ok(()), Err)
}

/// How far the rules are that apply to the plan of `case`.
pub fn progress_of(case: &Case<'_>) -> Vec<Progress> {
    count(case, None).rules
}

fn rules(case: &Case<'_>, people: &[&str]) -> Vec<Progress> {
    let who = who(case);
    let of = |rule| progress(rule, people.iter().copied(), &who);
    applying(case.plan, case.policy).map(of).collect()
}

fn who<'a>(case: &Case<'a>) -> Who<'a> {
    Who { humans: case.humans, rule: &case.policy.approval, today: case.today }
}

/// Whether a rule wants this person only in a stage that is not open yet: agreeing before those of the
/// earlier stages did is not what the rule asks for.
fn too_early(case: &Case<'_>, people: &[&str], person: &str) -> Option<NotCounted> {
    let who = who(case);
    let is_early = rules(case, people).iter().any(|rule| {
        let Some((at, open)) = rule.open() else { return false };
        let later = rule.stages.iter().skip(at);
        open.seat_for(person, &who).is_none()
            && later.clone().any(|stage| stage.seat_for(person, &who).is_some())
    });
    is_early.then_some(NotCounted::TooEarly)
}

fn fault(case: &Case<'_>, approval: &Approval) -> Option<NotCounted> {
    let Case { plan, humans, policy, executor, now, .. } = *case;
    let by = approval.by.as_str();
    let is = |name: &str| humans.may_be_same(name, by);
    let faults = [
        (fold(by).is_empty(), NotCounted::Nameless),
        (approval.plan != plan.digest(), NotCounted::Stale),
        (is(plan.requester()), NotCounted::Requester),
        (plan.changes().iter().any(|change| concerns(case, change, by)), NotCounted::Concerned),
        (executor.is_some_and(is), NotCounted::Executor),
        (!may_approve(case, by), NotCounted::NotApprover),
        (is_mistimed(approval, plan.made_at(), now), NotCounted::WrongTime),
        (now >= expiry(approval, policy), NotCounted::Expired),
    ];
    faults.into_iter().find_map(|(is_so, why)| is_so.then_some(why))
}

/// Whether a change is about an account of this person's own.
fn concerns(case: &Case<'_>, change: &Change, person: &str) -> bool {
    let is_theirs = change.identity.as_ref().is_some_and(|it| case.humans.may_be(person, it));
    is_theirs || names(change).iter().any(|name| fold(name) == fold(person))
}

fn is_mistimed(approval: &Approval, made_at: Timestamp, now: Timestamp) -> bool {
    approval.at > now || approval.at < made_at
}

/// Whether the policy lets this person approve the plan: it names no approvers, or them, or a rule that
/// applies does, or they decide in the place of one of those.
fn may_approve(case: &Case<'_>, person: &str) -> bool {
    let (who, approvers) = (who(case), &case.policy.approval.approvers);
    let mut rules = applying(case.plan, case.policy).flat_map(|rule| &rule.stages);
    approvers.is_empty()
        || who.is_among(person, approvers)
        || rules.any(|stage| who.is_among(person, &stage.of))
}
