//! `leftover`: an account that still lets in somebody who has left.

use super::case::{Case, Draft, Person, days_of};
use super::presence::Presence;
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::account::Account;
use crate::link::{AccountKind, Candidate, Link};
use crate::worker::WorkerRecord;

/// An open account of one person's own whose owner, surely known, is not here any more in any way
/// that the instance is for.
pub(super) fn of_owner(
    case: &Case<'_>,
    person: &Person<'_>,
    account: &Account,
    link: &Link,
) -> Option<Finding> {
    if !account.state.is_open() || !is_own(link.kind) || !person.is_human() {
        return None;
    }
    let presence = person.presence(case.covers(&account.instance), case.today);
    let (record, because) = match presence {
        Presence::Left { last, .. } if !is_prepared(account, presence) => {
            (last, left(case, person, account, presence)?)
        }
        Presence::Elsewhere { as_what } => (as_what, elsewhere(person, account, as_what)),
        Presence::Left { .. } | Presence::Here | Presence::NotYet | Presence::Unknown => {
            return None;
        }
    };
    let draft = Draft {
        kind: Kind::Leftover,
        subject: Subject::Account { account: account.account_ref() },
        identity: Some(person.identity.id.clone()),
        severity: Severity::High,
        because,
        evidence: days_of(record).into_iter().chain(case.is_for(&account.instance)).collect(),
    };
    Some(case.on_account(draft, account, link))
}

/// An open account whose owner is not surely known, but everybody who may own it has left.
pub(super) fn of_candidates(
    case: &Case<'_>,
    candidates: &[Candidate],
    account: &Account,
    link: &Link,
) -> Option<Finding> {
    let covers = case.covers(&account.instance);
    let mut names = Vec::new();
    let mut evidence = Vec::new();
    for candidate in candidates {
        let person = Person::new(case, case.graph.identity(&candidate.identity)?);
        let Presence::Left { last, back: None, .. } = person.presence(covers, case.today) else {
            return None;
        };
        evidence.extend(days_of(last));
        let why = format!("{}: {}", person.name(), candidate.because);
        evidence.push(Evidence::new("candidate", why, account.account_ref()));
        names.push(person.name());
    }
    let login = words::called(account);
    let can = words::entry(account.state);
    let (who, have) = match &names[..] {
        [one] => (format!("{one} may own it and"), "has"),
        several => (format!("Only {} may own it, and all of them", words::listed(several)), "have"),
    };
    let because = format!(
        "{who} {have} left, so nobody who is here should be able to {can} {} as {login}.",
        account.instance,
    );
    let draft = Draft {
        kind: Kind::Leftover,
        subject: Subject::Account { account: account.account_ref() },
        identity: None,
        severity: Severity::High,
        because,
        evidence,
    };
    Some(case.on_account(draft, account, link))
}

/// Whether this kind of account is one person's own, so that it should end with the person.
pub(super) fn is_own(kind: AccountKind) -> bool {
    matches!(kind, AccountKind::Personal | AccountKind::Admin | AccountKind::Unknown)
}

/// Made after the owner left, and they are due back: prepared for the day on which they return.
fn is_prepared(account: &Account, presence: Presence<'_>) -> bool {
    let Presence::Left { last, back: Some(_), .. } = presence else { return false };
    account.created.zip(last.ends).is_some_and(|(created, ended)| created >= ended)
}

fn left(
    case: &Case<'_>,
    person: &Person<'_>,
    account: &Account,
    presence: Presence<'_>,
) -> Option<String> {
    let Presence::Left { last, back, still } = presence else { return None };
    let (name, login, instance) = (person.name(), words::called(account), &account.instance);
    let can = words::entry(account.state);
    let last_day = words::last_day(last.ends?);
    let (on, span) = (words::day(last_day), words::span(last_day, case.today));
    let comes_back =
        back.map_or(String::new(), |day| format!(", is due back on {}", words::day(day)));
    Some(match still {
        None => format!(
            "{name} left on {on}{comes_back} and can still {can} {instance} as {login}; that is \
             {span}."
        ),
        Some(other) => format!(
            "{name} is here only with {} since the {} ended on {on}{comes_back}, and can still \
             {can} {instance} as {login}; that is {span}.",
            words::with_article(&other.kind),
            last.kind,
        ),
    })
}

fn elsewhere(person: &Person<'_>, account: &Account, as_what: &WorkerRecord) -> String {
    format!(
        "{} is here with {}, which {} is not for, and can {} it as {}.",
        person.name(),
        words::with_article(&as_what.kind),
        account.instance,
        words::entry(account.state),
        words::called(account),
    )
}
