//! `outlived_grant` and `extra_grant`: rights that nothing explains any more.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::case::{Case, Draft, Person, finding};
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::account::{Account, Grant};
use crate::link::{AccountKind, Link};
use crate::worker::WorkerRecord;

/// Grants that hold on an account that has ended. Whoever reopens it gets them back unasked.
pub(super) fn outlived(
    case: &Case<'_>,
    person: Option<&Person<'_>>,
    account: &Account,
) -> Vec<Finding> {
    let Some(ended) = account.ends.filter(|&ends| ends <= case.today) else { return Vec::new() };
    let live = account.grants.iter().filter(|grant| grant.holds_on(case.today));
    let unexplained = live.filter(|grant| !in_grace(case, grant, ended));
    unexplained.map(|grant| outlived_grant(case, person, account, grant, ended)).collect()
}

/// Kept on purpose for a while: the grant has an end of its own, within the agreed days. A grant
/// without an end was not kept, but forgotten.
fn in_grace(case: &Case<'_>, grant: &Grant, since: Date) -> bool {
    let until = since.saturating_add(i64::from(case.policy.grace_days).days());
    grant.ends.is_some_and(|ends| ends <= until)
}

fn outlived_grant(
    case: &Case<'_>,
    person: Option<&Person<'_>>,
    account: &Account,
    grant: &Grant,
    ended: Date,
) -> Finding {
    let whose = person.map_or(String::new(), |person| format!(" of {}", person.name()));
    let last_day = words::last_day(ended);
    let because = format!(
        "The account {}{whose} in {} ended on {} and still has {}; that is {}.",
        words::called(account),
        account.instance,
        words::day(last_day),
        grant.entitlement,
        words::span(last_day, case.today),
    );
    let at = account.account_ref();
    let mut evidence = vec![Evidence::new("account's last day", last_day.to_string(), &at)];
    evidence.extend(days_of_grant(grant, &at));
    evidence.extend(case.read(&account.instance));
    let open = if account.state.is_open() { Severity::Medium } else { Severity::Low };
    finding(Draft {
        kind: Kind::OutlivedGrant,
        subject: Subject::Grant { account: at, entitlement: grant.entitlement.clone() },
        identity: person.map(|person| person.identity.id.clone()),
        severity: open.weighed(case.is_admin_entitlement(&account.instance, &grant.entitlement)),
        because,
        evidence,
    })
}

/// Grants of a unit in which the owner was before and is not now, and for which no appointment
/// gives a reason: they stayed behind after a move.
pub(super) fn extra(
    case: &Case<'_>,
    person: &Person<'_>,
    account: &Account,
    link: &Link,
) -> Vec<Finding> {
    let everyday = matches!(link.kind, AccountKind::Personal | AccountKind::Unknown);
    if !everyday || !account.state.is_open() || account.grants.is_empty() {
        return Vec::new();
    }
    let here: Vec<_> = person.records.iter().filter(|r| r.holds_on(case.today)).collect();
    if here.is_empty() {
        return Vec::new();
    }
    let now: BTreeSet<_> = here.iter().map(|record| unit_key(&record.placement.unit)).collect();
    let mut found = Vec::new();
    for grant in account.grants.iter().filter(|grant| grant.holds_on(case.today)) {
        let unit = unit_key(&grant.unit);
        if unit.is_empty() || now.contains(&unit) {
            continue;
        }
        let Some(left) = last_in(person, &unit, case.today) else { continue };
        let Some(ended) = left.ends else { continue };
        if is_appointed(case, person, &unit) || in_grace(case, grant, ended) {
            continue;
        }
        found.push(extra_grant(case, person, (account, link), grant, left));
    }
    found
}

/// Units are names that people type: case and space at the ends say nothing.
fn unit_key(unit: &str) -> String {
    unit.trim().to_lowercase()
}

/// The record that ended last among those in `unit`.
fn last_in<'a>(person: &Person<'a>, unit: &str, today: Date) -> Option<&'a WorkerRecord> {
    let there =
        |record: &&WorkerRecord| record.ended_by(today) && unit_key(&record.placement.unit) == unit;
    person.records.iter().copied().filter(there).max_by_key(|record| record.ends)
}

/// Whether an appointment of today gives access in `unit`. One that only lets somebody approve
/// does not explain a grant.
fn is_appointed(case: &Case<'_>, person: &Person<'_>, unit: &str) -> bool {
    person.appointments(case).any(|appointment| {
        appointment.starts.is_none_or(|starts| starts <= case.today)
            && appointment.ends.is_none_or(|ends| case.today < ends)
            && appointment.confers != "approval"
            && unit_key(&appointment.unit) == unit
    })
}

fn extra_grant(
    case: &Case<'_>,
    person: &Person<'_>,
    (account, link): (&Account, &Link),
    grant: &Grant,
    left: &WorkerRecord,
) -> Finding {
    let last_day = words::last_day(left.ends.unwrap_or(case.today));
    let because = format!(
        "{} left {} on {} and still has {} of that unit in {} as {}; that is {}.",
        person.name(),
        grant.unit,
        words::day(last_day),
        grant.entitlement,
        account.instance,
        words::called(account),
        words::span(last_day, case.today),
    );
    let at = account.account_ref();
    let mut evidence = vec![Evidence::new(
        &format!("last day in {}", grant.unit),
        last_day.to_string(),
        left.record_ref(),
    )];
    for record in person.records.iter().filter(|record| record.holds_on(case.today)) {
        let unit = record.placement.unit.clone();
        evidence.push(Evidence::new("unit now", unit, record.record_ref()));
    }
    evidence.extend(days_of_grant(grant, &at));
    let privileged = case.is_admin_entitlement(&account.instance, &grant.entitlement);
    evidence.extend(case.facts_of(account, link));
    finding(Draft {
        kind: Kind::ExtraGrant,
        subject: Subject::Grant { account: at, entitlement: grant.entitlement.clone() },
        identity: Some(person.identity.id.clone()),
        severity: Severity::Medium.weighed(privileged),
        because,
        evidence,
    })
}

fn days_of_grant(grant: &Grant, at: &crate::id::AccountRef) -> Vec<Evidence> {
    let granted = grant.starts.map(|day| Evidence::new("granted", day.to_string(), at));
    let ends = match grant.ends {
        Some(day) => Evidence::new("grant's last day", words::last_day(day).to_string(), at),
        None => Evidence::new("grant's last day", "none", at),
    };
    let via = (!grant.via.is_empty()).then(|| Evidence::new("came through", grant.via.clone(), at));
    [granted, Some(ends), via].into_iter().flatten().collect()
}
