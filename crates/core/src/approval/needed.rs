//! Who must agree to a plan, and how far each rule is.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Humans;
use crate::change::Change;
use crate::plan::Plan;
use crate::policy::{ApprovalRule, Policy, Rule, Stage};

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
    /// The rules of the policy that apply, in its order; each must be met besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
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
        rules: applying(plan, policy).cloned().collect(),
    }
}

/// The rules of the policy that are for `plan`, in its order.
pub(super) fn applying<'a>(plan: &'a Plan, policy: &'a Policy) -> impl Iterator<Item = &'a Rule> {
    policy.approval.rules.iter().filter(|rule| {
        let fitting = plan.changes().iter().filter(|change| fits(rule, plan, change)).count();
        u32::try_from(fitting).unwrap_or(u32::MAX) > rule.more_than
    })
}

fn fits(rule: &Rule, plan: &Plan, change: &Change) -> bool {
    (rule.instances.is_empty() || rule.instances.contains(&change.instance))
        && (rule.verbs.is_empty() || rule.verbs.contains(&change.op.word()))
        && (!rule.irreversible || !change.reversible)
        && (!rule.privileged || plan.is_privileged(change))
}

/// How far a rule is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The rule's name.
    pub rule: String,
    /// Its stages, in order.
    pub stages: Vec<StageProgress>,
}

/// How far a stage is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageProgress {
    /// Whose agreement counts.
    pub of: Vec<String>,
    /// How many of them must agree.
    pub needed: usize,
    /// Who did.
    pub by: Vec<Seat>,
}

/// Somebody's agreement, as it counts in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Who agreed.
    pub by: String,
    /// As which of the people whom the stage names.
    pub seat: String,
}

impl Progress {
    /// The first stage that waits for somebody, counted from 1; `None`: the rule is met.
    pub fn open(&self) -> Option<(usize, &StageProgress)> {
        let mut stages = self.stages.iter().enumerate();
        stages.find(|(_, stage)| !stage.is_met()).map(|(at, stage)| (at + 1, stage))
    }
}

impl StageProgress {
    fn new(stage: &Stage) -> Self {
        Self { of: stage.of.clone(), needed: stage.needed(), by: Vec::new() }
    }

    fn is_met(&self) -> bool {
        self.by.len() >= self.needed
    }

    /// Those whose seat is still free.
    pub fn free(&self) -> impl Iterator<Item = &str> {
        let is_taken = |name: &str| self.by.iter().any(|seat| seat.seat == name);
        self.of.iter().map(String::as_str).filter(move |name| !is_taken(name))
    }

    /// The free seat that `person` may take: their own, or that of somebody in whose place they decide.
    pub(super) fn seat_for(&self, person: &str, who: &Who<'_>) -> Option<&str> {
        let own = self.free().find(|name| who.humans.are_same(name, person));
        own.or_else(|| self.free().find(|name| who.decides_for(person, name)))
    }
}

/// What tells who a person is and in whose place they decide today.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'a> {
    pub(super) humans: &'a Humans,
    pub(super) rule: &'a ApprovalRule,
    pub(super) today: Date,
}

impl Who<'_> {
    /// Whether `person` decides in the place of `principal` today.
    fn decides_for(&self, person: &str, principal: &str) -> bool {
        self.rule.delegations.iter().any(|one| {
            one.holds_on(self.today)
                && self.humans.are_same(&one.to, person)
                && self.humans.are_same(&one.from, principal)
        })
    }

    /// Whether `names` has this person, or somebody in whose place they decide.
    pub(super) fn is_among(&self, person: &str, names: &[String]) -> bool {
        let stands_for =
            |name: &String| self.humans.are_same(name, person) || self.decides_for(person, name);
        names.iter().any(stands_for)
    }
}

/// How far `rule` is when these people agreed, in the order in which they did and nobody twice. Whoever
/// agreed before their stage was open does not count in it.
pub(super) fn progress<'a>(
    rule: &Rule,
    people: impl IntoIterator<Item = &'a str>,
    who: &Who<'_>,
) -> Progress {
    let mut stages: Vec<_> = rule.stages.iter().map(StageProgress::new).collect();
    for person in people {
        let Some(stage) = stages.iter_mut().find(|stage| !stage.is_met()) else { break };
        if let Some(seat) = stage.seat_for(person, who).map(str::to_owned) {
            stage.by.push(Seat { by: person.to_owned(), seat });
        }
    }
    Progress { rule: rule.name.clone(), stages }
}
