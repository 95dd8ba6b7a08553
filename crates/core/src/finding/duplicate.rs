//! `duplicate_identity` and `duplicate_account`: one human who is there twice.

use std::collections::BTreeMap;

use super::case::{Case, Draft, Person, days_of, finding};
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::account::Account;
use crate::id::{InstanceName, RecordRef};
use crate::link::{AccountKind, Link};
use crate::worker::WorkerRecord;

/// From this score on, two records that were left apart are worth a finding.
const LOOKALIKE_SCORE_MIN: f64 = 0.9;

/// Two records of one human, of one source and one kind, that hold at the same time under two
/// numbers and begin on the same day or lie in the same unit. Another kind (staff who also study),
/// another source, one after the other (a rehire), or two jobs in two places is how things should
/// be.
pub(super) fn records(case: &Case<'_>, person: &Person<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, left) in person.records.iter().enumerate() {
        for right in &person.records[at + 1..] {
            if is_double(left, right) {
                found.push(record_pair(case, person, left, right));
            }
        }
    }
    found
}

fn is_double(left: &WorkerRecord, right: &WorkerRecord) -> bool {
    left.source == right.source
        && left.number != right.number
        && left.kind == right.kind
        && (left.starts == right.starts || left.placement.unit == right.placement.unit)
        && overlap(left, right)
}

fn overlap(left: &WorkerRecord, right: &WorkerRecord) -> bool {
    let before = |a: &WorkerRecord, b: &WorkerRecord| {
        a.starts.zip(b.ends).is_none_or(|(starts, ends)| starts < ends)
    };
    // A record that ends before it starts was cancelled: it holds on no day.
    before(left, left) && before(right, right) && before(left, right) && before(right, left)
}

fn record_pair(
    case: &Case<'_>,
    person: &Person<'_>,
    left: &WorkerRecord,
    right: &WorkerRecord,
) -> Finding {
    let (one, other) = in_order(left.record_ref(), right.record_ref());
    let live = left.holds_on(case.today) && right.holds_on(case.today);
    let because = format!(
        "{} is delivered by {} as two people at once, {} and {}, each with {}; unless these are \
         really two jobs, one of them should go.",
        person.name(),
        one.source,
        one.number,
        other.number,
        words::with_article(&left.kind),
    );
    let mut evidence = days_of(left);
    evidence.extend(days_of(right));
    if !person.identity.because.is_empty() {
        evidence.push(Evidence::new("one human", person.identity.because.clone(), &one));
    }
    finding(Draft {
        kind: Kind::DuplicateIdentity,
        subject: Subject::Records { left: one, right: other },
        identity: Some(person.identity.id.clone()),
        severity: if live { Severity::Medium } else { Severity::Low },
        because,
        evidence,
    })
}

fn in_order(left: RecordRef, right: RecordRef) -> (RecordRef, RecordRef) {
    if left <= right { (left, right) } else { (right, left) }
}

/// Records that resolution left apart although they look very much alike.
pub(super) fn lookalikes(case: &Case<'_>) -> Vec<Finding> {
    let lookalikes = case.graph.lookalikes().iter();
    let strong: Vec<_> = lookalikes.filter(|pair| pair.score >= LOOKALIKE_SCORE_MIN).collect();
    if strong.is_empty() {
        return Vec::new();
    }
    let mut by_ref: BTreeMap<RecordRef, Vec<&WorkerRecord>> = BTreeMap::new();
    for record in case.graph.records() {
        by_ref.entry(record.record_ref()).or_default().push(record);
    }
    let spells = |at: &RecordRef| by_ref.get(at).map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for pair in strong {
        let (left, right) = (spells(&pair.left), spells(&pair.right));
        if !left.iter().any(|one| right.iter().any(|other| is_double(one, other))) {
            continue;
        }
        let (one, other) = in_order(pair.left.clone(), pair.right.clone());
        let because = format!(
            "{one} and {other} look like one human delivered as two people: {}; a person should \
             say whether they are.",
            pair.because,
        );
        found.push(finding(Draft {
            kind: Kind::DuplicateIdentity,
            evidence: vec![Evidence::new("likeness", format!("{:.2}", pair.score), &one)],
            subject: Subject::Records { left: one, right: other },
            identity: None,
            severity: Severity::Low,
            because,
        }));
    }
    found
}

/// Two open everyday accounts of one human in one instance. An administrator's second account is
/// how things should be.
pub(super) fn accounts(case: &Case<'_>, person: &Person<'_>) -> Vec<Finding> {
    if !person.is_human() {
        return Vec::new();
    }
    let mut everyday: BTreeMap<&InstanceName, Vec<(&Account, &Link)>> = BTreeMap::new();
    for (account, link) in case.graph.accounts_of(&person.identity.id) {
        let is_everyday = matches!(link.kind, AccountKind::Personal | AccountKind::Unknown);
        if is_everyday && account.state.is_open() {
            everyday.entry(&account.instance).or_default().push((account, link));
        }
    }
    let mut found = Vec::new();
    for mut here in everyday.into_values() {
        here.sort_by_key(|(account, _)| (account.created.is_none(), account.created, &account.key));
        for pair in here.windows(2) {
            found.push(account_pair(case, person, pair[0].0, pair[1]));
        }
    }
    found
}

fn account_pair(
    case: &Case<'_>,
    person: &Person<'_>,
    first: &Account,
    (second, link): (&Account, &Link),
) -> Finding {
    let because = format!(
        "{} has two everyday accounts in {}, {} and {}; one of them should go.",
        person.name(),
        first.instance,
        words::called(first),
        words::called(second),
    );
    let at = first.account_ref();
    let draft = Draft {
        kind: Kind::DuplicateAccount,
        subject: Subject::Accounts { left: at.clone(), right: second.account_ref() },
        identity: Some(person.identity.id.clone()),
        severity: Severity::Medium,
        because,
        evidence: vec![Evidence::new("state", first.state.word(), at)],
    };
    case.on_account(draft, second, link)
}
