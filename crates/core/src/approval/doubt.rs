//! What of a policy can never be met, or will not be for long.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::Humans;
use crate::canonical::fold;
use crate::explain::printable;
use crate::graph::Graph;
use crate::id::IdentityId;
use crate::policy::{Policy, Stage};

/// How many days before a standing approval ends it is said.
const NOTICE_DAYS: i64 = 14;

/// Everything in `policy` about who must agree that somebody should look at, as sentences, in the order of
/// the policy.
pub fn doubts(policy: &Policy, graph: &Graph, today: Date) -> Vec<String> {
    let rule = &policy.approval;
    let staged = rule.rules.iter().flat_map(|rule| &rule.stages).flat_map(|stage| &stage.of);
    let delegated = rule.delegations.iter().flat_map(|one| [&one.from, &one.to]);
    let standing = policy.standing.iter().map(|standing| &standing.approved_by);
    let named = rule.approvers.iter().chain(staged).chain(delegated).chain(standing);
    let mut seen = BTreeSet::new();
    let named: Vec<&str> =
        named.map(String::as_str).filter(|name| seen.insert(fold(name))).collect();
    let humans = Humans::of(graph, named.iter().copied());
    let people = named.iter().filter_map(|name| of_person(name, &humans, graph, today));
    let mut doubts: Vec<String> = people.collect();
    doubts.extend(too_few(policy, &humans));
    doubts.extend(over(policy, today));
    doubts.iter().map(|doubt| printable(doubt)).collect()
}

fn of_person(name: &str, humans: &Humans, graph: &Graph, today: Date) -> Option<String> {
    let meant: Vec<&IdentityId> = humans.whom(name).collect();
    match meant.as_slice() {
        [] if graph.identities().is_empty() => None,
        [] => Some(format!(
            "Nobody is known as {name}. Their approval counts under that name alone, and Rollbook cannot \
             tell whether they asked for a plan or are concerned by it. Name them as a worker record does."
        )),
        [one] => {
            let ends = graph.records_of(one).map(|record| (record.ended_by(today), record.ends));
            let ends: Vec<_> = ends.collect();
            let has_left = !ends.is_empty() && ends.iter().all(|(ended, _)| *ended);
            let last = ends.iter().filter_map(|(_, ends)| *ends).max();
            has_left.then(|| match last {
                Some(day) => format!(
                    "{name} may approve, and has not worked here since {day}. Name somebody else."
                ),
                None => format!("{name} may approve, and has left. Name somebody else."),
            })
        }
        several => Some(format!(
            "{name} may be {} people. Name the one who is meant by their address or worker number.",
            several.len()
        )),
    }
}

/// Stages and numbers that the people who are named cannot meet.
fn too_few(policy: &Policy, humans: &Humans) -> Vec<String> {
    let distinct = |names: &[String]| {
        let mut apart: Vec<&String> = Vec::new();
        for name in names {
            if !apart.iter().any(|other| humans.may_be_same(other, name)) {
                apart.push(name);
            }
        }
        apart.len()
    };
    let rule = &policy.approval;
    let stages = rule.rules.iter().flat_map(|rule| {
        let of = move |stage: &Stage| (rule.name.clone(), stage.clone());
        rule.stages.iter().map(of)
    });
    let of_stage = |(name, stage): (String, Stage)| {
        let (needed, people) = (stage.needed(), distinct(&stage.of));
        (people < needed).then(|| {
            format!(
                "The rule {name} asks for {needed} of {}, who are {people} at most: some of these names \
                 mean one human. It can never be met.",
                stage.of.join(", ")
            )
        })
    };
    let mut doubts: Vec<String> = stages.filter_map(of_stage).collect();
    let (most, people) = (rule.needed.max(rule.needed_irreversible), distinct(&rule.approvers));
    if !rule.approvers.is_empty() && people < usize::try_from(most).unwrap_or(usize::MAX) {
        doubts.push(format!(
            "{most} people must approve what cannot be taken back or any plan, and the policy names \
             {people}. Such plans can never run."
        ));
    }
    doubts
}

/// What has ended, or will soon.
fn over(policy: &Policy, today: Date) -> Vec<String> {
    let soon = today.checked_add(NOTICE_DAYS.days()).unwrap_or(Date::MAX);
    let mut doubts = Vec::new();
    for one in policy.approval.delegations.iter().filter(|one| one.until <= today) {
        doubts.push(format!(
            "{} no longer decides in the place of {}: that ended on {}. Take it out.",
            one.to, one.from, one.until
        ));
    }
    for one in policy.standing.iter().filter(|one| one.until <= soon) {
        let ends = if one.until <= today { "ended" } else { "ends" };
        doubts.push(format!(
            "The standing approval {} {ends} on {}. What it covers then waits for a named person.",
            one.name, one.until
        ));
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    fn check(approval: &str, expected: &[&str]) {
        let company = "
            person kim hr email=kim@x.com
            person lee hr email=lee@x.com ends=2026-11-01
        ";
        let graph = World::read(company).graph();
        let approval = serde_json::from_str(approval).expect("the test writes a policy");
        let policy = Policy { approval, ..Policy::default() };
        let today = "2026-11-21".parse().expect("it is a day");
        assert_eq!(doubts(&policy, &graph, today), expected);
    }

    #[test]
    fn whoever_is_named_and_cannot_decide_is_said() {
        check(r#"{"approvers": ["kim"]}"#, &[]);
        check(
            r#"{"approvers": ["kim", "lee@x.com", "Mo"]}"#,
            &[
                "lee@x.com may approve, and has not worked here since 2026-11-01. Name somebody else.",
                "Nobody is known as Mo. Their approval counts under that name alone, and Rollbook cannot \
                 tell whether they asked for a plan or are concerned by it. Name them as a worker record \
                 does.",
            ],
        );
    }

    #[test]
    fn what_can_never_be_met_and_what_is_over_is_said() {
        check(
            r#"{"approvers": ["kim"], "needed_irreversible": 2,
                "rule": [{"name": "two", "stages": [{"of": ["kim", "kim@x.com"]}]}],
                "delegation": [{"from": "kim", "to": "kim@x.com", "starts": "2026-01-01",
                    "until": "2026-02-01"}]}"#,
            &[
                "The rule two asks for 2 of kim, kim@x.com, who are 1 at most: some of these names mean \
                 one human. It can never be met.",
                "2 people must approve what cannot be taken back or any plan, and the policy names 1. \
                 Such plans can never run.",
                "kim@x.com no longer decides in the place of kim: that ended on 2026-02-01. Take it out.",
            ],
        );
    }
}
