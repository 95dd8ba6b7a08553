//! `orphan`, `ambiguous_owner`, `unowned_machine` and `shared_account`: who answers for an account.

use super::case::{Case, Draft, Person, days_of};
use super::presence::Presence;
use super::{Evidence, Finding, Kind, Severity, Subject, leftover, words};
use crate::account::Account;
use crate::link::{AccountKind, Candidate, Link, LinkState};

/// An account whose owner is surely known: it may still be shared, or its owner may have left.
pub(super) fn of_owned(
    case: &Case<'_>,
    person: &Person<'_>,
    account: &Account,
    link: &Link,
) -> Vec<Finding> {
    if !account.state.is_open() || leftover::is_own(link.kind) {
        return Vec::new();
    }
    let gone = match person.presence(&[], case.today) {
        Presence::Left { last, .. } => Some(last),
        _ => None,
    };
    let answers = person.is_human() && gone.is_none();
    let mut found = Vec::new();
    if link.kind == AccountKind::Shared {
        let named = answers.then(|| person.name());
        found.push(shared(case, named, account, link));
    }
    if answers {
        return found;
    }
    let (who, evidence) = match gone {
        Some(last) => {
            let on = words::day(words::last_day(last.ends.unwrap_or(case.today)));
            (format!("{}, who answered for it, left on {on}", person.name()), days_of(last))
        }
        None => ("nobody is named who answers for it".to_owned(), Vec::new()),
    };
    let identity = person.is_human().then(|| person.identity.id.clone());
    found.push(unanswered(case, Unanswered { who, identity, evidence }, account, link));
    found
}

/// An account whose owner is not surely known.
pub(super) fn of_unowned(case: &Case<'_>, account: &Account, link: &Link) -> Vec<Finding> {
    if !account.state.is_open() {
        return Vec::new();
    }
    let candidates: &[Candidate] = match &link.state {
        LinkState::Suggested { candidates } => candidates,
        LinkState::Auto { .. } | LinkState::Confirmed { .. } | LinkState::None => &[],
    };
    if leftover::is_own(link.kind) {
        let one = match candidates {
            // The owner may be in a source that was never read.
            [] if case.is_blind() => None,
            [] => Some(orphan(case, account, link)),
            _ => leftover::of_candidates(case, candidates, account, link)
                .or_else(|| Some(ambiguous(case, candidates, account, link))),
        };
        return one.into_iter().collect();
    }
    let names = names(case, candidates);
    let who = match &names[..] {
        [] => unnamed(case, account),
        some => format!("nobody has confirmed that {} answers for it", words::listed(some)),
    };
    let mut found = Vec::new();
    if link.kind == AccountKind::Shared {
        found.push(shared(case, None, account, link));
    }
    let unanswered_for = Unanswered { who, identity: None, evidence: Vec::new() };
    found.push(unanswered(case, unanswered_for, account, link));
    found
}

/// That nobody answers for an account, or that whoever is to is nobody who is known.
fn unnamed(case: &Case<'_>, account: &Account) -> String {
    let credential = case.view(&account.instance).map(|view| &view.credential);
    match credential.filter(|it| it.is_robot && it.is_of(account) && !it.answers.is_empty()) {
        Some(it) => {
            format!("no source knows {}, who is to answer for it by rollbook.toml", it.answers)
        }
        None => "nobody is named who answers for it".to_owned(),
    }
}

/// Why nobody answers for an account.
struct Unanswered {
    who: String,
    identity: Option<crate::id::IdentityId>,
    evidence: Vec<Evidence>,
}

/// A machine's account without a human is `unowned_machine`; a shared one is an `orphan`, because
/// people sign in with it.
fn unanswered(case: &Case<'_>, why: Unanswered, account: &Account, link: &Link) -> Finding {
    let (kind, what, severity) = match link.kind {
        AccountKind::Shared => (Kind::Orphan, "shared", Severity::High),
        AccountKind::Mailbox => (Kind::UnownedMachine, "mailbox", Severity::Low),
        AccountKind::Agent => (Kind::UnownedMachine, "agent", Severity::Medium),
        AccountKind::Service
        | AccountKind::Personal
        | AccountKind::Admin
        | AccountKind::Unknown => (Kind::UnownedMachine, "service", Severity::Medium),
    };
    let because = format!(
        "The {what} account {} of {} works, and {}.",
        words::called(account),
        account.instance,
        why.who
    );
    let draft = Draft {
        kind,
        subject: Subject::Account { account: account.account_ref() },
        identity: why.identity,
        severity,
        because,
        evidence: why.evidence,
    };
    case.on_account(draft, account, link)
}

fn shared(case: &Case<'_>, answers: Option<&str>, account: &Account, link: &Link) -> Finding {
    let answers = answers.map_or(String::new(), |name| format!("; {name} answers for it"));
    let because = format!(
        "Several people use the account {} of {}, so nobody can tell afterwards who did what{answers}.",
        words::called(account),
        account.instance,
    );
    let draft = Draft {
        kind: Kind::SharedAccount,
        subject: Subject::Account { account: account.account_ref() },
        identity: link.owner().cloned(),
        severity: Severity::Medium,
        because,
        evidence: Vec::new(),
    };
    case.on_account(draft, account, link)
}

fn orphan(case: &Case<'_>, account: &Account, link: &Link) -> Finding {
    let open = account
        .created
        .map_or("is open".to_owned(), |day| format!("has been open since {}", words::day(day)));
    let whose = if link.kind == AccountKind::Admin { "administrator's account" } else { "account" };
    let because = format!(
        "The {whose} {} of {} {open}, and nobody who works or worked here is known to own it.",
        words::called(account),
        account.instance,
    );
    let draft = Draft {
        kind: Kind::Orphan,
        subject: Subject::Account { account: account.account_ref() },
        identity: None,
        severity: Severity::High,
        because,
        evidence: Vec::new(),
    };
    case.on_account(draft, account, link)
}

fn ambiguous(case: &Case<'_>, candidates: &[Candidate], account: &Account, link: &Link) -> Finding {
    let because = format!(
        "The account {} of {} may belong to {}, and a person should say who it is before anything \
         is done with it.",
        words::called(account),
        account.instance,
        either(&names(case, candidates)),
    );
    let at = account.account_ref();
    let evidence = candidates.iter().map(|candidate| {
        let value =
            format!("{} ({:.2}): {}", candidate.identity, candidate.score, candidate.because);
        Evidence::new("candidate", value, &at)
    });
    let draft = Draft {
        kind: Kind::AmbiguousOwner,
        subject: Subject::Account { account: at.clone() },
        identity: None,
        severity: Severity::Medium,
        because,
        evidence: evidence.collect(),
    };
    case.on_account(draft, account, link)
}

fn names<'a>(case: &Case<'a>, candidates: &[Candidate]) -> Vec<&'a str> {
    let name = |candidate: &Candidate| Some(&*case.graph.identity(&candidate.identity)?.name);
    candidates.iter().filter_map(name).collect()
}

fn either(names: &[&str]) -> String {
    match names {
        [] => "somebody".to_owned(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} or {} more", rest.len()),
    }
}
