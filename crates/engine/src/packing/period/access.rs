//! Who has what: apps, accounts, administrators, what nobody answers for, what nobody uses.

use jiff::{SignedDuration, ToSpan as _};
use rollbook_core::account::{Account, State};
use rollbook_core::link::{AccountKind, Link, LinkState};
use serde_json::{Value, json};

use super::book::Seen;
use super::statement::{Check, Sheet};
use crate::packing::is_privileged;
use crate::packing::row::coverage;
use crate::packing::table::Table;
use crate::push::ALL;
use crate::store::SnapshotHead;

/// An account not used for so many days is inactive; PCI DSS 4.0.1, 8.2.6.
const INACTIVE_DAYS: i64 = 90;

pub(super) fn apps_in_scope(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 12] = [
        "app",
        "instance",
        "owner",
        "channel",
        "people_act",
        "profile",
        "covered_by_idp",
        "last_snapshot",
        "taken_at",
        "coverage",
        "stale_after_h",
        "data_class",
    ];
    let endpoints = seen.engine.tokens().unwrap_or_default();
    let is_pushed = |name: &str| {
        let live = endpoints.iter().filter(|token| token.is_live(seen.as_of));
        live.filter(|token| token.endpoint == name || token.endpoint == ALL).count() > 0
    };
    let instances = &seen.engine.config.instances;
    let rows = instances.iter().map(|instance| {
        let head = seen.snapshots.get(&instance.name);
        let profile = seen.engine.profile(instance).map_or("none", |_| env!("CARGO_PKG_VERSION"));
        [
            json!(instance.app),
            json!(instance.name),
            json!(instance.owner),
            json!(instance.channel()),
            json!(instance.human.is_some()),
            json!(profile),
            json!(is_pushed(instance.name.as_str())),
            json!(head.map(|head| &head.id)),
            json!(head.map(|head| head.taken_at)),
            json!(head.map_or_else(|| "never read".to_owned(), |head| coverage(&head.coverage))),
            json!(instance.stale_after_h),
            Value::Null,
        ]
    });
    let table = Table::new("apps_in_scope", &FIELDS, rows);
    let check = Check::of(
        "rollbook.toml",
        table.rows.len(),
        instances.len(),
        "Every instance that the configuration names has one row.",
    );
    Sheet::new(table, "Every instance that is looked after.")
        .check(check)
        .note(
            "Whether an identity provider covers an app is known where it pushes to Rollbook; a \
             sign-in that bypasses Rollbook is not seen.",
        )
        .note("The class of the data in an app and how often it is reviewed are not recorded here.")
}

pub(super) fn accounts_asof(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 17] = [
        "instance",
        "account",
        "login",
        "name",
        "email",
        "kind",
        "person",
        "person_name",
        "link",
        "link_because",
        "roles",
        "grants",
        "privileged",
        "state",
        "created",
        "last_used",
        "seen_in",
    ];
    let rows = seen.graph.accounts().map(|(account, link)| {
        let emails: Vec<_> = account.emails.iter().map(|email| &email.address).collect();
        let grants: Vec<_> = account.grants.iter().map(|grant| &grant.entitlement).collect();
        let owner = link.owner();
        [
            json!(account.instance),
            json!(account.key),
            json!(account.login),
            json!(account.display_name),
            json!(emails),
            json!(link.kind),
            json!(owner),
            json!(owner.map(|owner| seen.name_of(owner))),
            json!(link.state.word()),
            json!(link.because),
            json!(account.roles),
            json!(grants),
            json!(is_privileged(&seen.graph, account, link)),
            json!(account.state.word()),
            json!(account.created),
            account.last_seen.map_or_else(|| json!("the vendor does not tell"), |at| json!(at)),
            json!(seen.snapshots.get(&account.instance).map(|head| &head.id)),
        ]
    });
    let table = Table::new("accounts_asof", &FIELDS, rows);
    let checks = seen.snapshots.values().map(|head| counted_there(seen, head));
    let sheet = Sheet::new(table, "Every account of every instance, as last seen.")
        .checked(checks.collect::<Vec<_>>());
    match seen.end < seen.as_of {
        false => sheet,
        true => sheet.note(
            "The period ended before the last look. The book keeps the newest view of accounts; \
             how many there were at each reading before is in the chain (`instance_read`).",
        ),
    }
}

/// The rows of an instance beside the count that its vendor gave for the snapshot.
fn counted_there(seen: &Seen<'_>, head: &SnapshotHead) -> Check {
    let accounts = seen.graph.accounts().filter(|(a, _)| a.instance == head.instance);
    let rows = accounts.count() as u64;
    let counted = head.reported.or_else(|| head.coverage.is_complete().then_some(head.count));
    let mut explained = match (head.reported, head.coverage.is_complete()) {
        (Some(_), true) => "The vendor's own count at the snapshot.".to_owned(),
        (None, true) => "The vendor gives no count; its list was read to the end.".to_owned(),
        (_, false) => format!("The view is not whole: {}.", coverage(&head.coverage)),
    };
    if counted.is_some_and(|counted| counted != rows) && head.coverage.is_complete() {
        let looked = seen.changes().filter(|(_, one)| {
            one.change.instance == head.instance
                && one.recorded.iter().any(|recorded| is_look_after(recorded, head))
        });
        explained += &format!(
            " The rows hold what {} changes and their second looks saw since.",
            looked.count()
        );
    }
    Check { source: head.instance.to_string(), rows, counted, explained }
}

fn is_look_after(recorded: &rollbook_core::step::Recorded, head: &SnapshotHead) -> bool {
    use rollbook_core::step::Recorded;
    match recorded {
        Recorded::Looked { at, .. } | Recorded::Verified { at, .. } => *at >= head.taken_at,
        Recorded::Intended { .. }
        | Recorded::Acted { .. }
        | Recorded::Proven { .. }
        | Recorded::Cancelled { .. }
        | Recorded::SetAside { .. } => false,
    }
}

pub(super) fn privileged(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 10] = [
        "instance",
        "account",
        "login",
        "person_name",
        "rights",
        "because",
        "state",
        "approved_by",
        "approved_at",
        "until",
    ];
    let all = seen.graph.accounts();
    let rows = all.filter(|(account, link)| is_privileged(&seen.graph, account, link)).map(
        |(account, link)| {
            let (by, at) = given_by(seen, account);
            let ends = account.grants.iter().filter_map(|grant| grant.ends).max();
            [
                json!(account.instance),
                json!(account.key),
                json!(account.login),
                json!(link.owner().map(|owner| seen.name_of(owner))),
                json!(admin_rights(seen, account)),
                json!(match link.kind {
                    AccountKind::Admin => "It is judged to be an administrator's second account.",
                    _ => "The workspace names one of its rights as an administrator's.",
                }),
                json!(account.state.word()),
                json!(by),
                json!(at),
                json!(ends),
            ]
        },
    );
    let table = Table::new("privileged", &FIELDS, rows);
    Sheet::new(table, "Every account with an administrator's rights, as last seen.").note(
        "Who approved is known for rights that Rollbook gave; for others the fields are empty. \
         Which rights are an administrator's says `admin_roles` of each instance.",
    )
}

fn admin_rights<'s>(seen: &Seen<'_>, account: &'s Account) -> Vec<&'s str> {
    let grants = account.grants.iter().map(|grant| grant.entitlement.as_str());
    let rights = account.roles.iter().map(String::as_str).chain(grants);
    let view = seen.graph.views().get(&account.instance);
    rights.filter(|right| view.is_some_and(|view| view.is_admin_right(right))).collect()
}

/// Who agreed to the run that gave the account or one of its rights.
fn given_by(seen: &Seen<'_>, account: &Account) -> (Vec<String>, Option<jiff::Timestamp>) {
    use rollbook_core::change::Verb;
    let gave = seen.changes().find(|(_, one)| {
        one.change.account_ref().as_ref() == Some(&account.account_ref())
            && matches!(one.change.op.word(), Verb::Grant | Verb::Create | Verb::Reactivate)
    });
    gave.map(|(run, _)| seen.agreement(run)).map(|(by, at, _)| (by, at)).unwrap_or_default()
}

pub(super) fn orphans_shared_service(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 10] = [
        "instance",
        "account",
        "login",
        "name",
        "kind",
        "owner",
        "link",
        "because",
        "state",
        "secret_last_changed",
    ];
    let all = seen.graph.accounts().filter(|(account, link)| {
        account.state != State::Gone && (link.owner().is_none() || !is_own(link))
    });
    let rows = all.map(|(account, link)| {
        [
            json!(account.instance),
            json!(account.key),
            json!(account.login),
            json!(account.display_name),
            json!(link.kind),
            json!(link.owner().map(|owner| seen.name_of(owner))),
            json!(match link.state {
                LinkState::Suggested { .. } => "suggested",
                _ => link.state.word(),
            }),
            json!(link.because),
            json!(account.state.word()),
            Value::Null,
        ]
    });
    let table = Table::new("orphans_shared_service", &FIELDS, rows);
    Sheet::new(table, "Every account without a sure owner, and every one that is not one person's.")
        .note(
            "When a shared secret was last changed is not recorded here; who must change one when \
             somebody leaves is in `leavers`, under `hanging`.",
        )
}

/// Whether it is one person's own.
fn is_own(link: &Link) -> bool {
    matches!(link.kind, AccountKind::Personal | AccountKind::Admin)
}

pub(super) fn inactive(seen: &Seen<'_>) -> Sheet {
    const FIELDS: [&str; 8] =
        ["instance", "account", "login", "person_name", "state", "last_used", "days", "finding"];
    let limit = SignedDuration::from_hours(INACTIVE_DAYS * 24);
    let oldest = seen.as_of.checked_sub(limit).unwrap_or(seen.as_of);
    let quiet = seen.graph.accounts().filter(|(account, _)| {
        account.state.is_open() && account.last_seen.is_none_or(|at| at < oldest)
    });
    let rows = quiet.map(|(account, link)| {
        let days = account.last_seen.map(|at| seen.as_of.duration_since(at).as_hours() / 24);
        let subject = rollbook_core::finding::Subject::Account { account: account.account_ref() };
        let found = seen.findings.iter().find(|one| {
            one.finding.kind == rollbook_core::finding::Kind::Dormant
                && one.finding.subject == subject
        });
        [
            json!(account.instance),
            json!(account.key),
            json!(account.login),
            json!(link.owner().map(|owner| seen.name_of(owner))),
            json!(account.state.word()),
            account.last_seen.map_or_else(|| json!("the vendor does not tell"), |at| json!(at)),
            json!(days),
            json!(found.map(|one| &one.finding.id)),
        ]
    });
    let table = Table::new("inactive", &FIELDS, rows);
    let day = seen.engine.config.workspace.day_of(seen.as_of);
    let day = day.checked_sub(INACTIVE_DAYS.days()).unwrap_or(day);
    Sheet::new(
        table,
        format!("Every open account not used since {day}, or of which nobody tells the last use."),
    )
}
