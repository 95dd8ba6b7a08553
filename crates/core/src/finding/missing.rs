//! `missing`: somebody is here and has not what the birthright policy says they should have.

use super::case::{Case, Draft, Person, days_of, finding};
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::account::{Account, State};
use crate::graph::View;
use crate::id::InstanceName;
use crate::link::Link;
use crate::policy::Birthright;
use crate::worker::WorkerRecord;

/// The instance name in the policy that stands for any of them.
const ANY: &str = "*";

/// What the policy gives this human and no instance shows. Nothing is missing in an instance that
/// was not read wholly: what was not seen may be there.
pub(super) fn missing(case: &Case<'_>, person: &Person<'_>) -> Vec<Finding> {
    if !person.is_human() || !person.records.iter().any(|r| r.holds_on(case.today)) {
        return Vec::new();
    }
    let rules = case.policy.birthright.iter();
    rules.flat_map(|rule| by_rule(case, person, rule)).collect()
}

fn by_rule(case: &Case<'_>, person: &Person<'_>, rule: &Birthright) -> Vec<Finding> {
    let Some(record) = entitling(case, person, rule) else { return Vec::new() };
    let there: Vec<_> = case
        .graph
        .accounts_of(&person.identity.id)
        .filter(|(account, _)| is_at(rule, &account.instance) && account.state != State::Gone)
        .collect();
    if !there.is_empty() {
        return entitlements(case, person, rule, record, &there);
    }
    let all_seen = instances(case, rule, record).all(|(_, view)| is_whole(view));
    if all_seen { vec![account(case, person, rule, record)] } else { Vec::new() }
}

/// The record that gives the right: it holds today, fits the rule, and the instance is for its kind.
fn entitling<'a>(
    case: &Case<'a>,
    person: &Person<'a>,
    rule: &Birthright,
) -> Option<&'a WorkerRecord> {
    let fits = |list: &[String], value: &String| list.is_empty() || list.contains(value);
    person.records.iter().copied().find(|record| {
        record.holds_on(case.today)
            && fits(&rule.kinds, &record.kind)
            && fits(&rule.units, &record.placement.unit)
            && instances(case, rule, record).next().is_some()
    })
}

/// The instances that the rule means and that are for the kind of `record`.
fn instances<'a>(
    case: &Case<'a>,
    rule: &Birthright,
    record: &WorkerRecord,
) -> impl Iterator<Item = (&'a InstanceName, &'a View)> {
    let is_for = |view: &View| view.covers.is_empty() || view.covers.contains(&record.kind);
    case.graph.views().iter().filter(move |(name, view)| is_at(rule, name) && is_for(view))
}

fn is_at(rule: &Birthright, instance: &InstanceName) -> bool {
    rule.instance.as_str() == ANY || rule.instance == *instance
}

fn is_whole(view: &View) -> bool {
    view.taken_at.is_some() && view.coverage.is_complete()
}

fn account(
    case: &Case<'_>,
    person: &Person<'_>,
    rule: &Birthright,
    record: &WorkerRecord,
) -> Finding {
    let place = match rule.instance.as_str() {
        ANY => "any instance".to_owned(),
        name => name.to_owned(),
    };
    let mut because = format!(
        "{} is here with {}{} and has no account in {}",
        person.name(),
        words::with_article(&record.kind),
        record.starts.map_or(String::new(), |day| format!(" since {}", words::day(day))),
        place,
    );
    let mut evidence = days_of(record);
    let perhaps = perhaps_theirs(case, person, rule);
    if let Some((account, link)) = perhaps {
        because.push_str(&format!(
            ", unless {} of {} is theirs",
            words::called(account),
            account.instance
        ));
        evidence.push(Evidence::new("candidate", link.because.clone(), account.account_ref()));
    }
    because.push('.');
    evidence.extend(instances(case, rule, record).filter_map(|(name, _)| case.read(name)));
    finding(Draft {
        kind: Kind::Missing,
        subject: Subject::Assignment {
            identity: person.identity.id.clone(),
            instance: rule.instance.clone(),
        },
        identity: Some(person.identity.id.clone()),
        severity: if perhaps.is_some() { Severity::Low } else { Severity::Medium },
        because,
        evidence,
    })
}

/// An account that may be this human's, but not surely.
fn perhaps_theirs<'a>(
    case: &Case<'a>,
    person: &Person<'_>,
    rule: &Birthright,
) -> Option<(&'a Account, &'a Link)> {
    let mut suggested = case.graph.suggested_to(&person.identity.id);
    suggested.find(|(account, _)| is_at(rule, &account.instance))
}

/// Entitlements of the rule that none of the accounts there has.
fn entitlements(
    case: &Case<'_>,
    person: &Person<'_>,
    rule: &Birthright,
    record: &WorkerRecord,
    there: &[(&Account, &Link)],
) -> Vec<Finding> {
    let has = |wanted: &String| {
        there.iter().any(|(account, _)| {
            account.roles.contains(wanted)
                || account.grants.iter().any(|g| g.entitlement == *wanted && g.holds_on(case.today))
        })
    };
    let (account, link) = there[0];
    let lacking = rule.entitlements.iter().filter(|wanted| !has(wanted));
    let found = lacking.map(|wanted| {
        let because = format!(
            "{} is here with {} and should have {wanted} in {}, but the account {} has not.",
            person.name(),
            words::with_article(&record.kind),
            account.instance,
            words::called(account),
        );
        let draft = Draft {
            kind: Kind::Missing,
            subject: Subject::Grant { account: account.account_ref(), entitlement: wanted.clone() },
            identity: Some(person.identity.id.clone()),
            severity: Severity::Low,
            because,
            evidence: days_of(record),
        };
        case.on_account(draft, account, link)
    });
    // A partial view may not show every grant, so it cannot show that one is missing.
    if case.view(&account.instance).is_some_and(is_whole) { found.collect() } else { Vec::new() }
}
