//! The first half of a guide: what matters most, what Rollbook can do, and the facts by subject.

use rollbook_core::change::{Basis, Verb};
use rollbook_core::reach::Ability;

use super::source::Sources;
use super::{Block, Row, facts};
use crate::app::{App, RouteFacts, Value};
use crate::request::RequestOp;
use crate::tried::Tried;

/// The operations, in the order in which people ask for them.
const VERBS: [(Verb, &str); 7] = [
    (Verb::Create, "Create an account"),
    (Verb::Update, "Change attributes"),
    (Verb::Suspend, "Suspend"),
    (Verb::Reactivate, "Reactivate"),
    (Verb::Remove, "Remove"),
    (Verb::Grant, "Put into a group"),
    (Verb::Revoke, "Take out of a group"),
];

/// A few sentences: how accounts are read and closed here, and by what.
pub(super) fn summary(app: &App) -> Vec<Block> {
    let read = format!("What follows was last gone through on {}.", app.checked_on);
    let sentences = [doors(app), closing(app), seats(app), Some(read)];
    let text: Vec<String> = sentences.into_iter().flatten().collect();
    vec![Block::text(text.join(" "))]
}

fn doors(app: &App) -> Option<String> {
    let has = |key: &str| app.fact(key).map(|fact| &fact.value);
    let plan = match has("scim.plan") {
        Some(Value::Text(plan)) => format!(" (plan: {plan})"),
        _ => String::new(),
    };
    let scim = match has("scim.available") {
        Some(Value::Flag(true)) => format!("has a SCIM server{plan}"),
        Some(Value::Flag(false)) => "has no SCIM server".to_owned(),
        _ => "may or may not have a SCIM server; nobody has found out".to_owned(),
    };
    let closes = |op: RequestOp| app.requests.iter().any(|request| request.op == op);
    let rest = match has("rest.available") {
        Some(Value::Flag(true)) if closes(RequestOp::Suspend) || closes(RequestOp::Remove) => {
            "a REST API that can close accounts"
        }
        Some(Value::Flag(true)) if closes(RequestOp::List) => "a REST API that only reads accounts",
        Some(Value::Flag(true)) => "a REST API without requests for accounts",
        Some(Value::Flag(false)) => "no public REST API for accounts",
        _ => "no REST API for accounts that is known",
    };
    Some(format!("{} {scim}, and {rest}.", app.name))
}

/// How somebody is switched off here.
fn closing(app: &App) -> Option<String> {
    let best = |verb: Verb| {
        let ways = app.routes.iter().map(|route| &route.way);
        let able = ways.filter_map(|way| Some((spoken(&way.channel), way.can.get(&verb)?)));
        able.min_by_key(|(_, ability)| !ability.reversible)
    };
    let sentence = match (best(Verb::Suspend), best(Verb::Remove)) {
        (Some((by, suspend)), _) if suspend.reversible => {
            format!("Suspend leavers over {by}; it can be taken back.")
        }
        (Some((by, _)), _) => format!(
            "Suspending over {by} is for good here: Rollbook treats it like a removal and asks for an \
             approval of its own."
        ),
        (None, Some((_, remove))) if remove.reversible => {
            "Leavers can only be removed here; it can be taken back.".to_owned()
        }
        (None, Some(_)) => "Leavers can only be removed here, and that is for good.".to_owned(),
        (None, None) if app.requests.iter().any(|r| r.op == RequestOp::Suspend) => {
            "The REST API can suspend, but too little is known of it for Rollbook to call it; an export \
             is read and a person acts."
                .to_owned()
        }
        (None, None) => {
            "Nothing closes an account here by itself: an export is read, a person acts, and the next \
             export proves it."
                .to_owned()
        }
    };
    Some(sentence)
}

fn seats(app: &App) -> Option<String> {
    match &app.fact("account.seats")?.value {
        Value::Text(text) => {
            let dot = if text.ends_with(['.', '!', '?', ')']) { "" } else { "." };
            Some(format!("Seats: {text}{dot}"))
        }
        _ => None,
    }
}

/// What can be done by which channel, how well that is known, and whether it can be taken back.
pub(super) fn reach(app: &App, tried: Option<&Tried>, sources: &mut Sources) -> Vec<Block> {
    let mut rows: Vec<Row> = Vec::new();
    for route in &app.routes {
        let channel = route.way.channel.as_str().to_owned();
        if route.observes {
            let grade = sources.grade(basis_of(route), route.source.as_deref());
            rows.push(Row {
                cells: vec!["Read all accounts".into(), channel.clone(), String::new()],
                grade,
            });
        }
        for (verb, title) in VERBS {
            let (said, basis) = match (route.way.can.get(&verb), route.way.cannot.get(&verb)) {
                (Some(ability), _) => (remark(ability), ability.basis),
                (None, Some(why)) => (format!("Does not work. {why}"), Basis::Probed),
                (None, None) => continue,
            };
            let probed = tried.filter(|_| basis == Basis::Probed);
            let probed = probed.and_then(|it| Some(it.source(it.tried_on(verb)?)));
            let grade = sources.grade(basis, probed.as_deref().or(route.source.as_deref()));
            rows.push(Row { cells: vec![title.into(), channel.clone(), said], grade });
        }
    }
    if rows.is_empty() {
        return vec![Block::text(
            "By itself nothing yet. Connect it as an export ([instance.file] in rollbook.toml): Rollbook reads what \
             somebody exports, writes down who must do what, and checks it against the next export.",
        )];
    }
    vec![Block::Table { head: vec!["Operation", "Channel", "", "Known"], rows }]
}

/// What else is to be known of doing it.
fn remark(ability: &Ability) -> String {
    let back = if ability.reversible { "Can be taken back." } else { "Is for good." };
    let heir = ability.hands_over.then_some("What it owns can be handed over with --heir.");
    let harms = ability.harms.iter().map(|harm| harm.sentence());
    [back].into_iter().chain(heir).chain(harms).collect::<Vec<_>>().join(" ")
}

/// The channel as people write it.
fn spoken(channel: &str) -> &str {
    match channel {
        "scim" => "SCIM",
        "rest" => "the REST API",
        "browser" => "a browser",
        "human" => "a person",
        "file" => "an export",
        other => other,
    }
}

fn basis_of(route: &RouteFacts) -> Basis {
    if route.source.is_some() { Basis::Documented } else { Basis::Recalled }
}

/// The facts that people look up most.
pub(super) fn quick(app: &App, sources: &mut Sources) -> Vec<Block> {
    let keys = [
        "sso.protocols",
        "sso.plan",
        "scim.available",
        "scim.plan",
        "rest.available",
        "rest.base_url",
        "ui.users_page",
        "account.roles",
        "account.seats",
    ];
    facts(app, &keys, sources)
}

/// How a caller proves who it is, and how people get there.
pub(super) fn authentication(app: &App, sources: &mut Sources) -> Vec<Block> {
    let keys = [
        "scim.base_url",
        "scim.auth",
        "ui.scim_page",
        "rest.auth",
        "rest.auth_detail",
        "ui.sso_steps",
    ];
    facts(app, &keys, sources)
}

/// What its SCIM server does, where there is one.
pub(super) fn scim(app: &App, sources: &mut Sources) -> Vec<Block> {
    let keys = [
        "scim.version",
        "scim.resources",
        "scim.operations",
        "scim.patch",
        "scim.delete",
        "scim.filters",
    ];
    facts(app, &keys, sources)
}

/// How much comes at once, and how fast one may ask.
pub(super) fn limits(app: &App, sources: &mut Sources) -> Vec<Block> {
    let keys = [
        "scim.paging",
        "scim.page_size",
        "scim.page_size_max",
        "scim.page_size_param",
        "scim.rate_limit",
        "rest.paging",
        "rest.paging_param",
        "rest.paging_pointer",
        "rest.page_size",
        "rest.page_size_max",
        "rest.rate_limit",
        "rest.rate_headers",
        "rest.retry_after",
    ];
    facts(app, &keys, sources)
}
