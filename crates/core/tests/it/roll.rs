//! Worker records and accounts in a few lines of comma-separated text, and the links made of them
//! as text, for the tests of identities and matching.
//!
//! The first line of each table names its columns; a line is a record or an account.

use std::collections::BTreeMap;

use rollbook_core::account::{Account, Email, State};
use rollbook_core::id::{AccountRef, RecordRef};
use rollbook_core::identity::{Known, Resolution, resolve};
use rollbook_core::link::{Decision, Link, LinkState, LinkVerdict};
use rollbook_core::matching::{Input, links};
use rollbook_core::worker::{PersonName, Placement, WorkerRecord};

type Row<'a> = BTreeMap<&'a str, &'a str>;

fn rows(text: &str) -> Vec<Row<'_>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names: Vec<&str> =
        lines.next().expect("a table names its columns").split(',').map(str::trim).collect();
    lines.map(|line| names.iter().copied().zip(line.split(',').map(str::trim)).collect()).collect()
}

fn cell(row: &Row<'_>, name: &str) -> String {
    row.get(name).copied().unwrap_or_default().to_owned()
}

fn list(row: &Row<'_>, name: &str) -> Vec<String> {
    cell(row, name).split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// `hr/E100`, or `E100` for a number of source `hr`.
pub(crate) fn record_ref(text: &str) -> RecordRef {
    let (source, number) = text.split_once('/').unwrap_or(("hr", text));
    RecordRef { source: source.into(), number: number.into() }
}

/// Reads a table of worker records: `number` and any of the columns below.
pub(crate) fn records(text: &str) -> Vec<WorkerRecord> {
    rows(text).iter().map(record).collect()
}

fn record(row: &Row<'_>) -> WorkerRecord {
    let at = record_ref(row.get("number").expect("a record has a number"));
    let get = |name: &str| cell(row, name);
    let date = |name: &str| row.get(name).and_then(|text| text.parse().ok());
    WorkerRecord {
        source: at.source,
        number: at.number,
        kind: get("kind"),
        starts: date("starts"),
        ends: date("ends"),
        birth_date: date("born"),
        work_emails: list(row, "work"),
        private_emails: list(row, "private"),
        logins: list(row, "logins"),
        name: PersonName {
            given: get("given"),
            initials: get("initials"),
            used: get("used"),
            prefix: get("prefix"),
            family: get("family"),
            second_family: get("second"),
            partner: get("partner"),
            family_in_use: get("in_use"),
            display: get("display"),
            ..PersonName::default()
        },
        placement: Placement { unit: get("unit"), job_title: get("job"), ..Placement::default() },
        ..WorkerRecord::default()
    }
}

/// Reads a table of accounts: `key` (`dir/u1`, or `u1` for instance `dir`) and any of the columns
/// below. An address with a `!` behind it is verified.
pub(crate) fn accounts(text: &str) -> Vec<Account> {
    rows(text).iter().map(account).collect()
}

fn account(row: &Row<'_>) -> Account {
    let at = account_ref(row.get("key").expect("an account has a key"));
    let get = |name: &str| cell(row, name);
    let date = |name: &str| row.get(name).and_then(|text| text.parse().ok());
    let emails = list(row, "mail").into_iter().map(|mail| match mail.strip_suffix('!') {
        Some(address) => Email { address: address.to_owned(), verified: true },
        None => Email { address: mail, verified: false },
    });
    Account {
        instance: at.instance,
        key: at.key,
        login: get("login"),
        display_name: get("shown"),
        emails: emails.collect(),
        worker_number: get("worker"),
        external_id: get("external"),
        type_hint: get("type"),
        created: date("created"),
        ends: date("ends"),
        unit: get("unit"),
        state: if get("state") == "off" { State::Suspended } else { State::Active },
        ..Account::default()
    }
}

/// `dir/u1`, or `u1` for instance `dir`.
pub(crate) fn account_ref(text: &str) -> AccountRef {
    let (instance, key) = text.split_once('/').unwrap_or(("dir", text));
    AccountRef { instance: instance.into(), key: key.into() }
}

/// A decision of Kim's, with the day of November 2026 as its order.
pub(crate) fn decision(day: i8, verdict: LinkVerdict) -> Decision {
    let at = format!("2026-11-{day:02}T09:00:00Z").parse().expect("a day of November");
    Decision { verdict, by: "Kim".to_owned(), at, reason: "asked".to_owned() }
}

/// Identities as text, one a line: the records in each, and why they are one.
pub(crate) fn identities(resolution: &Resolution) -> String {
    let mut lines: Vec<String> = resolution
        .identities
        .iter()
        .map(|identity| {
            let records: Vec<String> = identity.records.iter().map(ToString::to_string).collect();
            format!("{}: {}", identity.name, records.join(" "))
        })
        .collect();
    lines.sort();
    let perhaps =
        resolution.lookalikes.iter().map(|pair| format!("perhaps {} {}", pair.left, pair.right));
    lines.extend(perhaps);
    lines.join("\n")
}

/// Resolves the records and links the accounts.
pub(crate) fn matched(
    records: &[WorkerRecord],
    accounts: &[Account],
    decisions: &[Decision],
) -> Vec<Link> {
    let resolution = resolve(records, &Known::new(), decisions);
    links(Input { identities: &resolution.identities, records, accounts, decisions })
}

/// Links as text: account, state, the numbers of the owner or the candidates, and the rule.
pub(crate) fn text(links: &[Link]) -> String {
    let lines = links.iter().map(|link| {
        let numbers: Vec<String> = match &link.state {
            LinkState::Auto { owner } | LinkState::Confirmed { owner } => {
                owner.record.iter().map(|r| r.number.to_string()).collect()
            }
            LinkState::Suggested { candidates } => {
                let mut numbers: Vec<String> = candidates
                    .iter()
                    .filter_map(|c| c.record.as_ref())
                    .map(|r| r.number.to_string())
                    .collect();
                numbers.sort();
                numbers
            }
            LinkState::None => Vec::new(),
        };
        let words = [
            link.account.to_string(),
            link.state.word().to_owned(),
            numbers.join(" "),
            link.rule.clone(),
        ];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The links of two tables as text.
pub(crate) fn check(records_text: &str, accounts_text: &str) -> String {
    text(&matched(&records(records_text), &accounts(accounts_text), &[]))
}
