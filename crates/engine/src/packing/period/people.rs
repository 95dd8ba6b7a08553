//! Who came, who moved, and what of those who left was closed or is still open.

use jiff::Timestamp;
use rollbook_core::change::{Op, Verb};
use rollbook_core::leaving::What;
use rollbook_core::step::{Ending, Recorded};
use rollbook_core::worker::Placement;
use serde_json::{Value, json};

use super::book::Seen;
use super::statement::{Check, Sheet};
use crate::applying::{ChangeReport, RunReport, Stand};
use crate::packing::table::Table;

/// When a change was sent first.
pub(super) fn sent_at(one: &ChangeReport) -> Option<Timestamp> {
    one.recorded.iter().find_map(|recorded| match recorded {
        Recorded::Intended { at } => Some(*at),
        _ => None,
    })
}

/// When a look confirmed a change.
pub(super) fn confirmed_at(one: &ChangeReport) -> Option<Timestamp> {
    let Stand::Ended(Ending::Confirmed { .. }) = one.stand else { return None };
    one.recorded.iter().rev().find_map(|recorded| match recorded {
        Recorded::Verified { at, .. } | Recorded::Looked { at, .. } => Some(*at),
        _ => None,
    })
}

/// What a change gives or takes, in words.
fn what(op: &Op) -> String {
    match op {
        Op::Grant { entitlement } | Op::Revoke { entitlement } => {
            format!("{} {entitlement}", op.verb())
        }
        _ => op.verb().to_owned(),
    }
}

pub(super) fn joiners(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 15] = [
        "person",
        "name",
        "starts",
        "left_before",
        "record",
        "instance",
        "account",
        "given",
        "plan",
        "asked_by",
        "approved_by",
        "approved_at",
        "sent_at",
        "outcome",
        "approved_before_given",
    ];
    let mut rows: Vec<[Value; 15]> = Vec::new();
    let joined = seen.happened.iter().filter_map(|one| match &one.what {
        What::Joined { left_before } => Some((one, left_before)),
        _ => None,
    });
    let mut people = 0;
    for (one, left_before) in joined {
        people += 1;
        let head = [
            json!(one.identity),
            json!(seen.name_of(&one.identity)),
            json!(one.on),
            json!(left_before),
            json!(one.record.to_string()),
        ];
        let given = seen.changes_of(&one.identity).filter(|(_, one)| {
            matches!(one.change.op.word(), Verb::Create | Verb::Grant | Verb::Reactivate)
        });
        let given: Vec<_> = given.map(|(run, one)| given_row(seen, run, one)).collect();
        let none = || vec![std::array::from_fn(|_| Value::Null)];
        for rest in if given.is_empty() { none() } else { given } {
            rows.push(joined_row(head.clone(), rest));
        }
    }
    let table = Table::new("joiners", &FIELDS, rows);
    let query = format!(
        "Everybody whose first day was in {} to {}, with what Rollbook gave them.",
        seen.period.from, seen.period.to
    );
    let with_rows: std::collections::BTreeSet<_> =
        table.rows.iter().map(|row| row[0].to_string()).collect();
    let check = Check::of(
        "the newest delivery of every source",
        with_rows.len(),
        people,
        "Counted as people: every first day in the period has a row, also where nothing was given.",
    );
    Sheet::new(table, query)
        .check(check)
        .note("What an app or an identity provider gave without Rollbook is in `accounts_asof`.")
}

fn joined_row(head: [Value; 5], rest: [Value; 10]) -> [Value; 15] {
    let mut all = head.into_iter().chain(rest);
    std::array::from_fn(|_| all.next().unwrap_or(Value::Null))
}

fn given_row(seen: &Seen<'_>, run: &RunReport, one: &ChangeReport) -> [Value; 10] {
    let (by, at, standing) = seen.agreement(run);
    let sent = sent_at(one);
    // A standing approval was given before any of its plans was made.
    let before = sent.map(|sent| !standing.is_empty() || at.is_some_and(|at| at <= sent));
    [
        json!(one.change.instance),
        json!(one.change.account),
        json!(what(&one.change.op)),
        json!(run.plan.id()),
        json!(run.plan.requester()),
        json!(if by.is_empty() { vec![standing] } else { by }),
        json!(at),
        json!(sent),
        json!(one.stand.word()),
        json!(before),
    ]
}

pub(super) fn movers(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 13] = [
        "person",
        "name",
        "on",
        "record",
        "before",
        "after",
        "instance",
        "change",
        "what",
        "plan",
        "sent_at",
        "outcome",
        "kept_because",
    ];
    let mut rows: Vec<[Value; 13]> = Vec::new();
    let mut people = 0;
    for one in &seen.happened {
        let What::Moved { before, after } = &one.what else { continue };
        people += 1;
        let head = [
            json!(one.identity),
            json!(seen.name_of(&one.identity)),
            json!(one.on),
            json!(one.record.to_string()),
            json!(place(before)),
            json!(place(after)),
        ];
        let mut rest: Vec<[Value; 7]> =
            seen.changes_of(&one.identity).map(|(run, one)| moved_row(run, one)).collect();
        rest.extend(kept(seen, one));
        if rest.is_empty() {
            rest.push(std::array::from_fn(|_| Value::Null));
        }
        rows.extend(rest.into_iter().map(|rest| {
            let mut all = head.clone().into_iter().chain(rest);
            std::array::from_fn(|_| all.next().unwrap_or(Value::Null))
        }));
    }
    let table = Table::new("movers", &FIELDS, rows);
    let with_rows: std::collections::BTreeSet<_> =
        table.rows.iter().map(|row| row[0].to_string()).collect();
    let query = format!(
        "Everybody whose unit, job, place or employer changed in {} to {}, with what was changed \
         and what they keep of the old place.",
        seen.period.from, seen.period.to
    );
    let check = Check::of(
        "the newest delivery of every source",
        with_rows.len(),
        people,
        "Counted as people. A source that overwrites a record instead of ending it hides a move.",
    );
    Sheet::new(table, query).check(check)
}

fn moved_row(run: &RunReport, one: &ChangeReport) -> [Value; 7] {
    [
        json!(one.change.instance),
        json!(one.change.id),
        json!(what(&one.change.op)),
        json!(run.plan.id()),
        json!(sent_at(one)),
        json!(one.stand.word()),
        Value::Null,
    ]
}

/// Rights of the old place that they still have, with the reason where somebody put the finding off.
fn kept<'s>(
    seen: &'s Seen<'_>,
    happening: &'s rollbook_core::leaving::Happening,
) -> impl Iterator<Item = [Value; 7]> + 's {
    use rollbook_core::finding::{Kind, Since, Subject};
    let extra = seen.findings.iter().filter(|one| {
        one.finding.kind == Kind::ExtraGrant
            && one.finding.identity.as_ref() == Some(&happening.identity)
            && one.standing.change != Since::Gone
    });
    extra.filter_map(|one| {
        let Subject::Grant { account, entitlement } = &one.finding.subject else { return None };
        let because = one.standing.put_off.as_ref().map_or_else(
            || "nobody has said why; it is an open finding".to_owned(),
            |put_off| format!("{} until {}: {}", put_off.by, put_off.until, put_off.reason),
        );
        Some([
            json!(account.instance),
            json!(one.finding.id),
            json!(format!("keeps {entitlement}")),
            Value::Null,
            Value::Null,
            json!("kept"),
            json!(because),
        ])
    })
}

fn place(placement: &Placement) -> String {
    let parts = [&placement.unit, &placement.job_title, &placement.location];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / ")
}

pub(super) fn leaver_vs_active(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 10] = [
        "at",
        "event",
        "left",
        "still_open",
        "person",
        "name",
        "last_day",
        "instance",
        "account",
        "login",
    ];
    let runs: Vec<_> = seen.events_of(&["book_reconciled"]).collect();
    let mut rows: Vec<[Value; 10]> = Vec::new();
    for (event, body) in &runs {
        let counts = &body.content["leavers"];
        rows.push(run_row(json!(event.at), json!(event.seq), &counts["left"], &counts["open"]));
    }
    let mut open = 0;
    for leaver in seen.leavers.iter().filter(|leaver| leaver.cutoff <= seen.as_of) {
        for one in leaver.accounts.iter().filter(|one| one.state.is_open()) {
            open += 1;
            let mut row =
                run_row(json!(seen.as_of), json!(seen.head.seq), &json!(null), &json!(null));
            row[4] = json!(leaver.identity);
            row[5] = json!(leaver.name);
            row[6] = json!(leaver.last_day);
            row[7] = json!(one.account.instance);
            row[8] = json!(one.account.key);
            row[9] = json!(one.login);
            rows.push(row);
        }
    }
    let table = Table::new("leaver_vs_active", &FIELDS, rows);
    let check = Check::of(
        "the audit chain",
        table.rows.len() - open,
        runs.len(),
        "Every comparison of the period has a row, also where it found nothing. The rows after \
         them name each account that is open as of now.",
    );
    Sheet::new(
        table,
        format!(
            "Every comparison of who left with what is open in {} to {}, and what is open now.",
            seen.period.from, seen.period.to
        ),
    )
    .check(check)
    .note("Comparisons that earlier versions made did not record the two counts; there the fields are empty.")
}

fn run_row(at: Value, event: Value, left: &Value, open: &Value) -> [Value; 10] {
    let mut row: [Value; 10] = std::array::from_fn(|_| Value::Null);
    row[0] = at;
    row[1] = event;
    row[2] = left.clone();
    row[3] = open.clone();
    row
}

pub(super) fn recently_disabled(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 11] = [
        "instance",
        "account",
        "login",
        "person",
        "person_name",
        "what",
        "sent_at",
        "confirmed_at",
        "outcome",
        "run",
        "change",
    ];
    let closing = |one: &ChangeReport| matches!(one.change.op, Op::Suspend | Op::Remove);
    let in_period = |one: &ChangeReport| sent_at(one).is_some_and(|at| seen.within(at));
    let all = seen.changes().filter(|(_, one)| closing(one) && in_period(one));
    let rows = all.map(|(run, one)| {
        let change = &one.change;
        [
            json!(change.instance),
            json!(change.account),
            json!(change.expects.login),
            json!(change.identity),
            json!(change.identity.as_ref().map(|id| seen.name_of(id))),
            json!(change.op.verb()),
            json!(sent_at(one)),
            json!(confirmed_at(one)),
            json!(one.stand.word()),
            json!(run.run.id),
            json!(change.id),
        ]
    });
    let table = Table::new("recently_disabled", &FIELDS, rows);
    Sheet::new(
        table,
        format!(
            "Every account that Rollbook suspended or removed in {} to {}.",
            seen.period.from, seen.period.to
        ),
    )
    .note("What somebody closed in an app without Rollbook shows in `accounts_asof` as its state.")
}
