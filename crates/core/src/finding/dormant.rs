//! `dormant`: an account that nobody has used for long.

use super::case::{Case, Draft, Person};
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::account::Account;
use crate::link::{AccountKind, Link};

/// An open account whose last use is known and long ago. Where the instance does not tell when an
/// account was last used, nothing is said: not known is not the same as never.
pub(super) fn dormant(
    case: &Case<'_>,
    person: Option<&Person<'_>>,
    account: &Account,
    link: &Link,
) -> Option<Finding> {
    let limit = i32::try_from(case.policy.dormant_days).unwrap_or(i32::MAX);
    // Nobody signs in to a mailbox, so its last sign-in says nothing.
    if limit == 0 || !account.state.is_open() || link.kind == AccountKind::Mailbox {
        return None;
    }
    let last_seen = account.last_seen?;
    let used_on = last_seen.to_zoned(jiff::tz::TimeZone::UTC).date();
    if (case.today - used_on).get_days() < limit {
        return None;
    }
    let whose = person.map_or(String::new(), |person| format!(" of {}", person.name()));
    let because = format!(
        "The account {}{whose} in {} was last used on {}; that is {}.",
        words::called(account),
        account.instance,
        words::day(used_on),
        words::span(used_on, case.today),
    );
    let draft = Draft {
        kind: Kind::Dormant,
        subject: Subject::Account { account: account.account_ref() },
        identity: person.map(|person| person.identity.id.clone()),
        severity: Severity::Low,
        because,
        evidence: vec![Evidence::new("last use", last_seen.to_string(), account.account_ref())],
    };
    Some(case.on_account(draft, account, link))
}
