//! This system itself: who may use it, what it told whom, what it refused; and reviews of access.

use serde_json::{Value, json};

use super::book::Seen;
use super::statement::{Check, Sheet};
use crate::member::{ApiToken, Member};
use crate::packing::table::Table;
use crate::push::Token;

pub(super) fn access_review() -> Sheet {
    const FIELDS: [&str; 10] = [
        "campaign",
        "population_sha256",
        "reviewer",
        "subject",
        "shown",
        "decision",
        "rationale",
        "decided_at",
        "change",
        "confirmed_at",
    ];
    let table = Table::new("access_review", &FIELDS, std::iter::empty());
    Sheet::new(table, "Every decision of every access review.").note(
        "No access review is on record: this version of Rollbook holds none. Show the auditor the \
         reviews that were held elsewhere; `accounts_asof` is the population to review.",
    )
}

pub(super) fn sod(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 6] = ["at", "event", "kind", "subject", "by", "why"];
    let recorded: Vec<_> = seen.events_of(&["approval_refused", "push_denied"]).collect();
    let rows = recorded.iter().map(|(event, body)| {
        [
            json!(event.at),
            json!(event.seq),
            json!(event.kind),
            json!(event.subject),
            json!(event.actor),
            body.content["why"].clone(),
        ]
    });
    let table = Table::new("sod", &FIELDS, rows);
    let check = Check::of(
        "the audit chain",
        table.rows.len(),
        recorded.len(),
        "Every approval that was refused in the period has a row, self-approvals among them.",
    );
    Sheet::new(
        table,
        format!(
            "Every approval and push refused in {} to {} because of who asked.",
            seen.period.from, seen.period.to
        ),
    )
    .check(check)
    .note(
        "Rights that must not come together in one hand are not judged by this version of Rollbook; \
         whoever asks, is concerned by or runs a plan never counts among those who approve it.",
    )
}

pub(super) fn own_access(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 10] = [
        "kind",
        "id",
        "name",
        "role",
        "made_at",
        "made_by",
        "expires",
        "last_used",
        "ended_at",
        "second_factor",
    ];
    let members = seen.engine.members().unwrap_or_default();
    let programs = seen.engine.api_tokens().unwrap_or_default();
    let tokens = seen.engine.tokens().unwrap_or_default();
    let people = members.iter().map(|one| member_row(seen, one));
    let rest = programs.iter().map(program_row).chain(tokens.iter().map(token_row));
    let rows: Vec<[Value; 10]> = people.chain(rest).collect();
    let all = members.len() + programs.len() + tokens.len();
    let table = Table::new("own_access", &FIELDS, rows);
    let check = Check::of(
        "the database",
        table.rows.len(),
        all,
        "Everybody and everything that was ever let in has a row, also those that have ended.",
    );
    Sheet::new(table, "Every person, program and identity provider that may use Rollbook.")
        .check(check)
        .note(
            "Whoever works at the machine itself, under an account of its system, is let in by that \
             system and not by Rollbook; they are named in the chain as they name themselves. A \
             second factor is not recorded.",
        )
}

fn member_row(seen: &Seen<'_>, one: &Member) -> [Value; 10] {
    let mut signed = seen.events.iter().rev();
    let signed = signed.find(|(event, _)| event.kind == "signed_in" && event.subject == one.id);
    [
        json!("person"),
        json!(one.id),
        json!(one.name),
        json!(one.role.word()),
        json!(one.made_at),
        Value::Null,
        Value::Null,
        json!(signed.map(|(event, _)| event.at)),
        json!(one.ended_at),
        Value::Null,
    ]
}

fn program_row(one: &ApiToken) -> [Value; 10] {
    [
        json!("program"),
        json!(one.id),
        json!(one.name),
        json!(one.role.word()),
        json!(one.made_at),
        json!(one.made_by),
        json!(one.expires),
        json!(one.used_at),
        json!(one.revoked_at),
        Value::Null,
    ]
}

fn token_row(one: &Token) -> [Value; 10] {
    [
        json!("identity provider or assistant"),
        json!(one.id),
        json!(format!("{} at {}", one.idp, one.endpoint)),
        json!(if one.may_write { "writes" } else { "reads" }),
        json!(one.made_at),
        json!(one.made_by),
        json!(one.expires),
        json!(one.used_at),
        json!(one.revoked_at),
        Value::Null,
    ]
}

pub(super) fn notifications(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 6] = ["at", "event", "kind", "subject", "whom", "what"];
    const KINDS: [&str; 5] =
        ["task_assigned", "task_reminded", "task_escalated", "task_handed_over", "notice_given_up"];
    let recorded: Vec<_> = seen.events_of(&KINDS).collect();
    let rows = recorded.iter().map(|(event, body)| {
        let whom = ["to", "whom"].iter().find_map(|key| body.content[*key].as_str());
        [
            json!(event.at),
            json!(event.seq),
            json!(event.kind),
            json!(event.subject),
            json!(whom),
            json!(body.content.to_string()),
        ]
    });
    let table = Table::new("notifications", &FIELDS, rows);
    let check = Check::of(
        "the audit chain",
        table.rows.len(),
        recorded.len(),
        "Every time somebody was told of a task in the period has a row.",
    );
    Sheet::new(
        table,
        format!(
            "Everybody who was told of work in {} to {}, and what could not be told.",
            seen.period.from, seen.period.to
        ),
    )
    .check(check)
    .note("Rollbook tells people of tasks. What managers or HR hear otherwise is not known here.")
}
