//! Everybody who left in the period: what was theirs, what was done about it, how late, and what is left.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Weekday;
use rollbook_core::explain::counted;
use rollbook_core::finding::Kind;
use rollbook_core::id::{AccountRef, IdentityId};
use rollbook_core::leaving::{Happening, Leaver, Stand as AccountStand};
use rollbook_core::step::{Outcome, Recorded};
use serde_json::{Value, json};

use super::book::Seen;
use super::people::{confirmed_at, sent_at};
use super::statement::{Check, Sheet};
use crate::applying::{ChangeReport, RunReport};
use crate::packing::row::Done;
use crate::packing::table::Table;

const FIELDS: [&str; 45] = [
    "person",
    "name",
    "records",
    "delivery_sha256",
    "received_at",
    "last_day",
    "cutoff",
    "zone",
    "detected_at",
    "phase",
    "instance",
    "account",
    "login",
    "privileged",
    "wanted",
    "before",
    "channel",
    "plan",
    "plan_digest",
    "plan_made_at",
    "asked_by",
    "approved_by",
    "approved_at",
    "standing_approval",
    "run",
    "change",
    "sent_at",
    "answered_at",
    "answered",
    "request_sha256",
    "answer_sha256",
    "confirmed_at",
    "confirmed_how",
    "outcome",
    "state_now",
    "stand",
    "elapsed_h",
    "weekend",
    "late",
    "late_because",
    "task",
    "used_after_cutoff",
    "legal_hold",
    "hanging",
    "closing",
];

pub(super) fn leavers(seen: &Seen<'_>) -> Sheet {
    let left: Vec<&Happening> = seen.left().collect();
    let mut rows = Vec::new();
    for one in &left {
        rows.extend(of_person(seen, one));
    }
    let table = Table::new("leavers", &FIELDS, rows);
    let with_rows: std::collections::BTreeSet<_> =
        table.rows.iter().map(|row| row[0].to_string()).collect();
    let query = format!(
        "Everybody whose last day was in {} to {}: one row for each thing done to an account of \
         theirs, for each account to which nothing was done, and for whoever had none.",
        seen.period.from, seen.period.to
    );
    let check = Check::of(
        "the newest delivery of every source",
        with_rows.len(),
        left.len(),
        "Counted as people: everybody whose last day was in the period has a row.",
    );
    Sheet::new(table, query)
        .check(check)
        .note(
            "`received_at` is when the delivery was read that states the last day now; an earlier \
             delivery may have stated it too. `detected_at` is when a leftover was first found.",
        )
        .note(
            "`late` is measured against `within_h` of [policy.leaver] for every app alike; whether \
             an app is the one that signs people in elsewhere is not recorded.",
        )
}

/// The rows of one leaver, all of which begin and end alike.
fn of_person(seen: &Seen<'_>, left: &Happening) -> Vec<[Value; 45]> {
    let leaver = seen.leavers.iter().find(|one| one.identity == left.identity);
    let head = head(seen, left, leaver);
    let tail = tail(seen, &left.identity, leaver);
    let mut middle: Vec<[Value; 32]> = Vec::new();
    let mut done: BTreeMap<AccountRef, ()> = BTreeMap::new();
    for (run, one) in seen.changes_of(&left.identity) {
        done.extend(one.change.account_ref().map(|account| (account, ())));
        middle.push(of_change(seen, leaver, run, one));
    }
    for one in leaver.into_iter().flat_map(|leaver| &leaver.accounts) {
        if !done.contains_key(&one.account) {
            middle.push(untouched(seen, &one.account, &one.login, &one.stand));
        }
    }
    if middle.is_empty() {
        middle.push(std::array::from_fn(|_| Value::Null));
    }
    middle
        .into_iter()
        .map(|middle| {
            let mut all = head.clone().into_iter().chain(middle).chain(tail.clone());
            std::array::from_fn(|_| all.next().unwrap_or(Value::Null))
        })
        .collect()
}

fn head(seen: &Seen<'_>, left: &Happening, leaver: Option<&Leaver>) -> [Value; 10] {
    let records: Vec<String> = seen
        .graph
        .records_of(&left.identity)
        .map(|record| record.record_ref().to_string())
        .collect();
    let source = &left.record.source;
    let feed = seen.engine.store.read(|book| book.feed(source)).ok().flatten().unwrap_or_default();
    let found = seen.findings.iter().filter(|one| {
        one.finding.kind == Kind::Leftover && one.finding.identity.as_ref() == Some(&left.identity)
    });
    [
        json!(left.identity),
        json!(seen.name_of(&left.identity)),
        json!(records),
        json!(feed.digest),
        json!(feed.taken_at),
        json!(left.on),
        json!(leaver.map(|leaver| leaver.cutoff)),
        json!(leaver.map(|leaver| &leaver.zone)),
        json!(found.map(|one| one.standing.first_seen).min()),
        json!(leaver.map(|leaver| leaver.phase.word())),
    ]
}

/// From `instance` to `used_after_cutoff`.
fn of_change(
    seen: &Seen<'_>,
    leaver: Option<&Leaver>,
    run: &RunReport,
    one: &ChangeReport,
) -> [Value; 32] {
    let change = &one.change;
    let done = Done::of(run.run.id.as_str(), one);
    let (by, approved_at, standing) = seen.agreement(run);
    let account = change.account_ref().and_then(|account| seen.graph.account(&account));
    let stand = leaver.into_iter().flat_map(|leaver| &leaver.accounts);
    let stand = stand.clone().find(|one| Some(&one.account) == change.account_ref().as_ref());
    let cutoff = leaver.map(|leaver| leaver.cutoff);
    let confirmed = confirmed_at(one);
    let late = Late::of(seen, cutoff, confirmed);
    let used = account.and_then(|(account, _)| account.last_seen);
    let task = seen.tasks.iter().find(|task| task.run == run.run.id && task.change.id == change.id);
    [
        json!(change.instance),
        json!(change.account),
        json!(change.expects.login),
        json!(run.plan.is_privileged(change)),
        json!(done.wanted),
        json!(done.before),
        json!(done.channel),
        json!(run.plan.id()),
        json!(run.plan.digest()),
        json!(run.plan.made_at()),
        json!(run.plan.requester()),
        json!(by),
        json!(approved_at),
        json!(standing),
        json!(run.run.id),
        json!(change.id),
        json!(sent_at(one)),
        json!(done.answered_at),
        json!(done.answered),
        json!(done.receipt.request_digest),
        json!(done.receipt.answer_digest),
        json!(confirmed),
        json!(done.verified_how),
        json!(one.stand.word()),
        json!(account.map_or("not there", |(account, _)| account.state.word())),
        json!(stand.map(|one| one.stand.word())),
        json!(late.elapsed_h),
        json!(late.is_weekend),
        json!(late.is_late),
        late_because(one, late.is_late),
        json!(task.map(|task| &task.id)),
        json!(used.zip(cutoff).map(|(used, cutoff)| used > cutoff)),
    ]
}

/// The same of an account to which nothing was done.
fn untouched(
    seen: &Seen<'_>,
    account: &AccountRef,
    login: &str,
    stand: &AccountStand,
) -> [Value; 32] {
    let known = seen.graph.account(account);
    let mut row: [Value; 32] = std::array::from_fn(|_| Value::Null);
    row[0] = json!(account.instance);
    row[1] = json!(account.key);
    row[2] = json!(login);
    row[3] = json!(
        known.is_some_and(|(a, link)| { crate::packing::is_privileged(&seen.graph, a, link) })
    );
    row[24] = json!(known.map_or("not there", |(account, _)| account.state.word()));
    row[25] = json!(stand.word());
    row
}

fn tail(seen: &Seen<'_>, identity: &IdentityId, leaver: Option<&Leaver>) -> [Value; 3] {
    use rollbook_core::leaving::MarkKind;
    let held = leaver
        .is_some_and(|leaver| leaver.marks.iter().any(|mark| mark.kind == MarkKind::LegalHold));
    let hanging: Vec<&str> =
        leaver.into_iter().flat_map(|one| &one.hanging).map(|one| one.what.as_str()).collect();
    [json!(held), json!(hanging), json!(closing(seen, identity, leaver))]
}

/// Whether all is done, as a sentence.
fn closing(seen: &Seen<'_>, identity: &IdentityId, leaver: Option<&Leaver>) -> String {
    let Some(leaver) = leaver else {
        return match seen.graph.identity(identity) {
            Some(_) => "They work here again, so nothing of theirs is to be closed.".to_owned(),
            None => "Nothing is known of them any more.".to_owned(),
        };
    };
    let (settled, open): (Vec<_>, Vec<_>) =
        leaver.accounts.iter().partition(|one| one.stand.is_settled());
    let excepted = settled.iter().filter(|one| matches!(one.stand, AccountStand::Excepted { .. }));
    let at: Vec<String> =
        seen.snapshots.values().map(|head| format!("{} ({})", head.id, head.instance)).collect();
    let known = format!("known at {}", at.join(", "));
    match (open.len(), leaver.hanging.len()) {
        (0, 0) => format!(
            "All {} {known} were dealt with; {}.",
            counted(leaver.accounts.len(), "account"),
            counted(excepted.count(), "exception")
        ),
        (open, hanging) => format!(
            "Of {} {known}, {open} wait to be dealt with, and {} without a new owner.",
            counted(leaver.accounts.len(), "account"),
            counted(hanging, "thing")
        ),
    }
}

/// How long something took after the cutoff.
#[derive(Default)]
struct Late {
    elapsed_h: Option<i64>,
    is_weekend: Option<bool>,
    is_late: Option<bool>,
}

impl Late {
    fn of(seen: &Seen<'_>, cutoff: Option<Timestamp>, confirmed: Option<Timestamp>) -> Self {
        let Some(cutoff) = cutoff else { return Self::default() };
        let until = confirmed.unwrap_or(seen.as_of);
        let hours = until.duration_since(cutoff).as_hours();
        let day = cutoff.to_zoned(seen.engine.config.workspace.zone()).weekday();
        Self {
            elapsed_h: Some(hours.max(0)),
            is_weekend: Some(matches!(day, Weekday::Saturday | Weekday::Sunday)),
            is_late: Some(hours > i64::from(seen.engine.config.policy.leaver.within_h)),
        }
    }
}

/// Why something was late, as far as it was recorded.
fn late_because(one: &ChangeReport, is_late: Option<bool>) -> Value {
    if is_late != Some(true) {
        return Value::Null;
    }
    let troubles = one.recorded.iter().filter_map(|recorded| match recorded {
        Recorded::Acted { outcome, .. } => match outcome {
            Outcome::Failed { why, .. } | Outcome::Refused { why } | Outcome::Uncertain { why } => {
                Some(why.clone())
            }
            Outcome::Waiting { task } => Some(task.clone()),
            Outcome::Done { .. } | Outcome::AlreadyDone { .. } => None,
        },
        _ => None,
    });
    let said: Vec<String> = one.held_because.iter().cloned().chain(troubles).collect();
    match said.is_empty() {
        true => json!("Nothing recorded says why; it was asked for late."),
        false => json!(said.join(" ")),
    }
}
