//! Who agreed, what was done, what did not go as wished, what was changed of the controls themselves and
//! whether they ran.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollbook_core::approval::Approval;
use rollbook_core::finding::Tracked;
use rollbook_core::step::Recorded;
use rollbook_core::task::Task;
use serde_json::{Value, json};

use super::book::{Agreed, Seen};
use super::people::sent_at;
use super::statement::{Check, Sheet};
use crate::applying::{ChangeReport, RunReport, Stand};
use crate::packing::row::Done;
use crate::packing::table::Table;

pub(super) fn approvals(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 13] = [
        "plan",
        "digest",
        "asked_by",
        "made_at",
        "changes",
        "approved_by",
        "approved_at",
        "expires",
        "reason",
        "factor",
        "verdict",
        "run",
        "checked_again",
    ];
    let mut rows: Vec<[Value; 13]> = Vec::new();
    let mut agreed_rows = 0;
    for agreed in seen.plans.values() {
        let run = seen.runs.iter().find(|run| run.plan.id() == agreed.plan.id());
        agreed_rows += agreed.approvals.len();
        rows.extend(agreed.approvals.iter().map(|one| approval_row(seen, agreed, Some(one), run)));
        if agreed.approvals.is_empty() {
            rows.push(approval_row(seen, agreed, None, run));
        }
    }
    let plans: BTreeSet<String> = seen.plans.keys().map(ToString::to_string).collect();
    let recorded = seen
        .events
        .iter()
        .filter(|(event, _)| event.kind == "plan_approved" && plans.contains(&event.subject));
    let distinct: BTreeSet<String> =
        recorded.map(|(event, body)| format!("{}{}", event.subject, body.content)).collect();
    let table = Table::new("approvals", &FIELDS, rows);
    let check = Check::of(
        "the audit chain (`plan_approved`)",
        agreed_rows,
        distinct.len(),
        "Counted as approvals by people; a plan that nobody agreed to has a row that says so.",
    );
    let query = format!(
        "Every plan made, agreed to or run in {} to {}, or run for somebody who came, moved or left \
         then.",
        seen.period.from, seen.period.to
    );
    Sheet::new(table, query).check(check).note(
        "`plan` is the first part of `digest`, which is over the plan as the chain holds it \
             (`plan_made`). A second factor is not recorded: people sign in by a link that works \
             once, or work at the machine itself.",
    )
}

fn approval_row(
    seen: &Seen<'_>,
    agreed: &Agreed,
    approval: Option<&Approval>,
    run: Option<&RunReport>,
) -> [Value; 13] {
    let permit = run.and_then(|run| seen.permit_of(run));
    let standing = permit.and_then(|permit| permit["standing"]["name"].as_str());
    let verdict = match (approval, standing) {
        (Some(_), _) => "approved".to_owned(),
        (None, Some(name)) => format!("covered by the standing approval {name}"),
        (None, None) => "nobody agreed".to_owned(),
    };
    let by = approval.map(|one| one.by.clone()).or_else(|| {
        let by = permit.and_then(|permit| permit["standing"]["approved_by"].as_str());
        by.map(str::to_owned)
    });
    let checked = permit.map(|permit| {
        let count = |key: &str| permit[key].as_array().map_or(0, Vec::len);
        format!("judged again when it began: {} allowed, {} held", count("allowed"), count("held"))
    });
    let plan = &agreed.plan;
    [
        json!(plan.id()),
        json!(plan.digest()),
        json!(plan.requester()),
        json!(plan.made_at()),
        json!(plan.changes().len()),
        json!(by),
        json!(approval.map(|one| one.at)),
        json!(approval.map(|one| one.expires)),
        json!(approval.map(|one| &one.reason)),
        Value::Null,
        json!(verdict),
        json!(run.map(|run| &run.run.id)),
        json!(checked),
    ]
}

pub(super) fn effects(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 21] = [
        "change",
        "run",
        "plan",
        "instance",
        "account",
        "person",
        "what",
        "because",
        "intended_at",
        "request",
        "request_sha256",
        "answered_at",
        "answered",
        "answer_sha256",
        "read_again_at",
        "read_again",
        "outcome",
        "channel",
        "pictures",
        "reversible",
        "node",
    ];
    let rows = seen.changes().map(|(run, one)| effect_row(seen, run, one));
    let table = Table::new("effects", &FIELDS, rows);
    let sent = seen.changes().filter(|(_, one)| sent_at(one).is_some()).count();
    let known: BTreeSet<&str> = seen.changes().map(|(_, one)| one.change.id.as_str()).collect();
    let intended: BTreeSet<&str> = seen
        .events
        .iter()
        .filter(|(event, _)| {
            event.kind == "change_intended" && known.contains(event.subject.as_str())
        })
        .map(|(event, _)| event.subject.as_str())
        .collect();
    let check = Check::of(
        "the audit chain (`change_intended`)",
        sent,
        intended.len(),
        "Counted as changes that were sent; one that was never sent has a row without `intended_at`.",
    );
    let query = format!(
        "Every change of every run in {} to {}, and of those for somebody who came, moved or left \
         then.",
        seen.period.from, seen.period.to
    );
    Sheet::new(table, query)
        .check(check)
        .note("Which machine sent a change is not recorded where one process acts.")
}

fn effect_row(seen: &Seen<'_>, run: &RunReport, one: &ChangeReport) -> [Value; 21] {
    let (change, done) = (&one.change, Done::of(run.run.id.as_str(), one));
    [
        json!(change.id),
        json!(run.run.id),
        json!(run.plan.id()),
        json!(change.instance),
        json!(change.account),
        json!(change.identity),
        json!(change.op.verb()),
        json!(change.because),
        json!(sent_at(one)),
        json!(done.receipt.request),
        json!(done.receipt.request_digest),
        json!(done.answered_at),
        json!(done.answered),
        json!(done.receipt.answer_digest),
        json!(done.verified_at),
        json!(done.verified_how),
        json!(one.stand.word()),
        json!(done.channel),
        json!(seen.pictures_of(one)),
        json!(change.reversible),
        Value::Null,
    ]
}

pub(super) fn exceptions(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 8] =
        ["kind", "subject", "what", "because", "owner", "since", "until", "closed_at"];
    let mut rows: Vec<[Value; 8]> =
        seen.changes().filter_map(|(run, one)| fell_short(run, one)).collect();
    rows.extend(seen.findings.iter().filter_map(put_off));
    let asked = |task: &&Task| task.acts.first().is_some_and(|act| seen.within(act.at));
    rows.extend(seen.tasks.iter().filter(asked).map(by_hand));
    rows.extend(seen.events_of(&["shrink_accepted", "limit_raised", "first_view_accepted"]).map(
        |(event, body)| {
            [
                json!("guard_overridden"),
                json!(event.subject),
                body.content["what"].clone(),
                body.content["reason"].clone(),
                json!(event.actor),
                json!(event.at),
                body.content["until"].clone(),
                Value::Null,
            ]
        },
    ));
    rows.extend(seen.events_of(&["source_kept_out", "instance_not_read"]).map(|(event, body)| {
        [
            json!("not_seen"),
            json!(event.subject),
            json!(event.kind),
            body.content["why"].clone(),
            json!("rollbook"),
            json!(event.at),
            Value::Null,
            Value::Null,
        ]
    }));
    let table = Table::new("exceptions", &FIELDS, rows);
    Sheet::new(
        table,
        format!(
            "What did not go as wished, was put off, was asked of people, was overridden or could \
             not be seen in {} to {}.",
            seen.period.from, seen.period.to
        ),
    )
    .note("What was late is in `leavers`, with its reason. A finding is closed when it is gone.")
}

/// A change that did not end as wished.
fn fell_short(run: &RunReport, one: &ChangeReport) -> Option<[Value; 8]> {
    use rollbook_core::step::Ending;
    let because = match &one.stand {
        Stand::Ended(Ending::Confirmed { .. }) => return None,
        Stand::Ended(ending) => rollbook_core::explain::ending(&one.change, ending),
        Stand::Held => one.held_because.clone().unwrap_or_else(|| "Nothing was sent.".to_owned()),
        Stand::Waiting => "Somebody has the task; it does not show yet.".to_owned(),
        Stand::Later(at) => format!("It goes on at {at}."),
    };
    let last = one.recorded.iter().map(at_of).max();
    let closed = matches!(one.stand, Stand::Ended(_)).then_some(last).flatten();
    Some([
        json!(one.stand.word()),
        json!(one.change.id),
        json!(format!("{} in {}", one.change.label, one.change.instance)),
        json!(because),
        json!(run.plan.requester()),
        json!(run.run.began_at),
        Value::Null,
        json!(closed),
    ])
}

fn at_of(recorded: &Recorded) -> Timestamp {
    match recorded {
        Recorded::Intended { at }
        | Recorded::Acted { at, .. }
        | Recorded::Looked { at, .. }
        | Recorded::Verified { at, .. }
        | Recorded::Cancelled { at, .. }
        | Recorded::SetAside { at, .. }
        | Recorded::Proven { at } => *at,
    }
}

fn put_off(one: &Tracked) -> Option<[Value; 8]> {
    let put_off = one.standing.put_off.as_ref()?;
    Some([
        json!("put_off"),
        json!(one.finding.id),
        json!(one.finding.because),
        json!(put_off.reason),
        json!(put_off.by),
        json!(one.standing.first_seen),
        json!(put_off.until),
        json!(one.standing.gone_since),
    ])
}

fn by_hand(task: &Task) -> [Value; 8] {
    let closed = task
        .acts
        .iter()
        .rev()
        .find(|entry| matches!(entry.act, rollbook_core::task::Act::Closed { .. }));
    [
        json!("by_hand"),
        json!(task.id),
        json!(task.title),
        json!(format!("A person was asked; it is {}.", task.state().word())),
        json!(task.assignee()),
        json!(task.acts.first().map(|entry| entry.at)),
        json!(task.due_at()),
        json!(closed.map(|entry| entry.at)),
    ]
}

/// The kinds of event by which a control itself is changed.
const CHANGES_OF_CONTROLS: [&str; 16] = [
    "configuration_changed",
    "token_minted",
    "token_rotated",
    "token_revoked",
    "api_token_minted",
    "api_token_revoked",
    "member_added",
    "member_role_changed",
    "member_ended",
    "shrink_accepted",
    "limit_raise_asked",
    "limit_raised",
    "first_view_accepted",
    "link_decided",
    "leaver_marked",
    "leaver_mark_ended",
];

pub(super) fn config_changes(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 6] = ["at", "event", "kind", "subject", "by", "what"];
    let recorded: Vec<_> = seen.events_of(&CHANGES_OF_CONTROLS).collect();
    let rows = recorded.iter().map(|(event, body)| {
        [
            json!(event.at),
            json!(event.seq),
            json!(event.kind),
            json!(event.subject),
            json!(event.actor),
            json!(body.content.to_string()),
        ]
    });
    let table = Table::new("config_changes", &FIELDS, rows);
    let check = Check::of(
        "the audit chain",
        table.rows.len(),
        recorded.len(),
        "Every event of these kinds in the period has a row.",
    );
    Sheet::new(
        table,
        format!(
            "Every change of configuration, tokens, roles, links and limits in {} to {}.",
            seen.period.from, seen.period.to
        ),
    )
    .check(check)
    .note(
        "A change of rollbook.toml is recorded by the process that takes it while it runs \
         (`rollbook serve`), with the digest before and after; who edited the file is known to \
         whatever keeps it under version control.",
    )
}

pub(super) fn control_runs(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 8] =
        ["control", "subject", "runs", "failed", "first_at", "last_at", "longest_gap_h", "gaps"];
    let config = &seen.engine.config;
    let sources = config.sources.iter().map(|source| {
        let kinds = ["source_read", "source_kept_out"];
        control(seen, "source is read", source.name.as_str(), kinds, source.stale_after_h)
    });
    let instances = config.instances.iter().filter(|one| one.is_read()).map(|one| {
        let kinds = ["instance_read", "instance_not_read"];
        control(seen, "instance is read", one.name.as_str(), kinds, one.stale_after_h)
    });
    let compared =
        control(seen, "people and accounts are compared", "workspace", ["book_reconciled", ""], 48);
    let rows: Vec<_> = sources.chain(instances).chain([compared]).collect();
    let table = Table::new("control_runs", &FIELDS, rows);
    Sheet::new(
        table,
        format!(
            "Every reading and comparison that should have run in {} to {}, how often it did, and \
             every time without one that was longer than the configuration allows.",
            seen.period.from, seen.period.to
        ),
    )
    .note("A time before the first reading of all, and after `as_of`, is no gap.")
}

/// One control: how often it ran, and when it did not for longer than `hours`.
fn control(
    seen: &Seen<'_>,
    name: &str,
    subject: &str,
    [good, bad]: [&str; 2],
    hours: u32,
) -> [Value; 8] {
    let of = |kind: &str| -> Vec<Timestamp> {
        let all = seen.events.iter().filter(|(e, _)| e.kind == kind && e.subject == subject);
        all.map(|(event, _)| event.at).collect()
    };
    let (ran, failed) = (of(good), of(bad));
    let within: Vec<Timestamp> = ran.iter().copied().filter(|at| seen.within(*at)).collect();
    let end = seen.end.min(seen.as_of);
    // Whatever ran before the period covers its beginning.
    let mut marks: Vec<Timestamp> = ran.iter().copied().filter(|at| *at < end).collect();
    marks.push(end);
    let gaps = marks.windows(2).filter_map(|pair| {
        let (from, to) = (pair[0].max(seen.begin), pair[1]);
        let length = to.duration_since(pair[0]).as_hours();
        (to > seen.begin && length > i64::from(hours)).then_some((from, to, length))
    });
    let gaps: Vec<_> = gaps.collect();
    let longest = marks.windows(2).filter(|pair| pair[1] > seen.begin);
    let longest = longest.map(|pair| pair[1].duration_since(pair[0]).as_hours()).max();
    let said: Vec<String> = gaps.iter().map(|(from, to, _)| format!("{from} to {to}")).collect();
    [
        json!(name),
        json!(subject),
        json!(within.len()),
        json!(failed.iter().filter(|at| seen.within(**at)).count()),
        json!(within.first()),
        json!(within.last()),
        json!(longest),
        json!(said),
    ]
}
