//! What the types cannot say about who must agree.

use std::collections::BTreeSet;

use rollbook_core::canonical::fold;
use rollbook_core::policy::{Delegation, Policy, Rule, Stage};

use super::read::{Document, Step};
use crate::error::Result;
use crate::nearest::nearest;

/// Checks every rule and delegation of `[policy.approval]`.
pub(super) fn check(
    document: &Document<'_>,
    policy: &Policy,
    instances: &BTreeSet<&str>,
) -> Result<()> {
    let mut names = BTreeSet::new();
    for (at, rule) in policy.approval.rules.iter().enumerate() {
        let here: [Step<'_>; 4] = ["policy".into(), "approval".into(), "rule".into(), at.into()];
        document.check_name(&within(here, "name"), &rule.name, &mut names)?;
        check_instances(document, rule, here, instances)?;
        if rule.stages.is_empty() {
            let hint = "Add `stages = [{ of = [\"NAME\"] }]`, or take the rule out.";
            let said = "it asks nobody.";
            return Err(document.wrong(&within(here, "stages"), said, Some(hint.to_owned())));
        }
        if let Some((said, hint)) = rule.stages.iter().find_map(fault_of_stage) {
            return Err(document.wrong(&within(here, "stages"), &said, Some(hint.to_owned())));
        }
    }
    for (at, delegation) in policy.approval.delegations.iter().enumerate() {
        let here: [Step<'_>; 4] =
            ["policy".into(), "approval".into(), "delegation".into(), at.into()];
        if let Some((key, said, hint)) = fault_of_delegation(delegation) {
            return Err(document.wrong(&within(here, key), said, Some(hint.to_owned())));
        }
    }
    Ok(())
}

fn within<'a>([a, b, c, d]: [Step<'a>; 4], key: &'a str) -> [Step<'a>; 5] {
    [a, b, c, d, key.into()]
}

fn check_instances(
    document: &Document<'_>,
    rule: &Rule,
    [a, b, c, d]: [Step<'_>; 4],
    known: &BTreeSet<&str>,
) -> Result<()> {
    let mut named = rule.instances.iter().map(|instance| instance.as_str()).enumerate();
    let Some((nth, name)) = named.find(|(_, name)| !known.contains(name)) else { return Ok(()) };
    let path = [a, b, c, d, "instances".into(), nth.into()];
    let known: Vec<&str> = known.iter().copied().collect();
    Err(document.wrong(&path, &format!("no instance is named `{name}`."), nearest(name, &known)))
}

fn fault_of_stage(stage: &Stage) -> Option<(String, &'static str)> {
    let mut seen = BTreeSet::new();
    if let Some(name) = stage.of.iter().find(|name| !seen.insert(fold(name))) {
        let hint = "Nobody counts twice. Name everybody of a stage once.";
        return Some((format!("`{name}` is named twice in one stage."), hint));
    }
    if seen.is_empty() || seen.contains("") {
        let hint = "Say with `of` who must agree, as they sign when they approve a plan.";
        return Some(("a stage names nobody.".to_owned(), hint));
    }
    let people = stage.of.len();
    let is_possible =
        |some: u32| usize::try_from(some).is_ok_and(|some| (1..=people).contains(&some));
    let hint = "Leave `at_least` out where all of them must agree.";
    let asked = stage.at_least.filter(|some| !is_possible(*some))?;
    Some((format!("a stage asks for {asked} of {people} people."), hint))
}

fn fault_of_delegation(
    delegation: &Delegation,
) -> Option<(&'static str, &'static str, &'static str)> {
    let Delegation { from, to, starts, until, .. } = delegation;
    let who = "Name one person as they sign when they approve a plan.";
    let faults = [
        ("from", fold(from).is_empty(), "it is not said in whose place.", who),
        ("to", fold(to).is_empty(), "it is not said who decides.", who),
        ("to", fold(from) == fold(to), "everybody decides in their own place.", who),
        (
            "until",
            until <= starts,
            "it would hold on no day.",
            "`until` is the first day on which it no longer holds.",
        ),
    ];
    faults.into_iter().find(|(_, is_so, ..)| *is_so).map(|(key, _, said, hint)| (key, said, hint))
}
