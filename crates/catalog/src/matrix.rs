//! The matrix: what each app offers, in one line each.

use std::collections::BTreeMap;

use rollbook_core::change::{Basis, Verb};
use serde::Serialize;

use crate::app::{App, Value};
use crate::catalog::Catalog;
use crate::check::OBSERVE;
use crate::request::RequestOp;

/// What one app offers for user management.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The app's id.
    pub app: String,
    /// The name people use.
    pub name: String,
    /// What kind of product it is.
    pub category: String,
    /// Whether it has a SCIM server.
    pub scim: Offer,
    /// The cheapest plan with SCIM, where known.
    pub scim_plan: Option<String>,
    /// Whether a public REST API manages users.
    pub rest: Offer,
    /// What Rollbook itself can do there.
    pub can: Vec<&'static str>,
    /// By which channels it can do what, the best first.
    pub channels: BTreeMap<&'static str, Vec<String>>,
    /// What its makers document over REST, by SCIM's words.
    pub rest_documents: Vec<&'static str>,
    /// Whether suspending can be taken back; `None`: nothing suspends.
    pub suspend_reversible: Option<bool>,
    /// Facts that a source states.
    pub documented: usize,
    /// Facts that somebody tried.
    pub probed: usize,
    /// Facts from memory.
    pub recalled: usize,
    /// Facts that somebody looked for and did not find.
    pub unknown: usize,
}

/// Whether something is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Nobody knows.
    Unknown,
}

impl Offer {
    /// The word in a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "?",
        }
    }

    fn of(app: &App, key: &str) -> Self {
        match app.fact(key).map(|fact| &fact.value) {
            Some(Value::Flag(true)) => Self::Yes,
            Some(Value::Flag(false)) => Self::No,
            _ => Self::Unknown,
        }
    }
}

/// The operations that a matrix can be narrowed to.
pub fn operations() -> impl Iterator<Item = &'static str> {
    std::iter::once(OBSERVE).chain(Verb::ALL.map(Verb::as_str))
}

impl Line {
    /// The line of `app`.
    pub fn of(app: &App) -> Self {
        let ability = |verb: Verb| app.routes.iter().find_map(|route| route.way.can.get(&verb));
        let observes = app.routes.iter().any(|route| route.observes);
        let acts = Verb::ALL.into_iter().filter(|&verb| ability(verb).is_some());
        let can = observes.then_some(OBSERVE).into_iter().chain(acts.map(Verb::as_str));
        let plan = app.fact("scim.plan").and_then(|fact| match &fact.value {
            Value::Text(plan) => Some(plan.clone()),
            _ => None,
        });
        let count = |basis: Basis| {
            let graded = app.facts.iter().filter(|fact| fact.basis == basis);
            graded.filter(|fact| fact.value != Value::Unknown).count()
        };
        Self {
            app: app.id.clone(),
            name: app.name.clone(),
            category: app.category.clone(),
            scim: Offer::of(app, "scim.available"),
            scim_plan: plan,
            rest: Offer::of(app, "rest.available"),
            can: can.collect(),
            channels: channels(app),
            rest_documents: documented_by_rest(app),
            suspend_reversible: ability(Verb::Suspend).map(|ability| ability.reversible),
            documented: count(Basis::Documented),
            probed: count(Basis::Probed),
            recalled: count(Basis::Recalled),
            unknown: app.facts.iter().filter(|fact| fact.value == Value::Unknown).count(),
        }
    }

    /// Whether the app offers `verb` (or `observe`) to Rollbook, or its makers document it.
    pub fn offers(&self, verb: &str) -> bool {
        self.can.contains(&verb) || self.rest_documents.contains(&verb)
    }
}

/// Each operation with the channels that can do it.
fn channels(app: &App) -> BTreeMap<&'static str, Vec<String>> {
    let mut channels: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for route in &app.routes {
        let acts = route.way.can.keys().map(|verb| verb.as_str());
        for word in route.observes.then_some(OBSERVE).into_iter().chain(acts) {
            channels.entry(word).or_default().push(route.way.channel.clone());
        }
    }
    channels
}

fn documented_by_rest(app: &App) -> Vec<&'static str> {
    let has = |ops: &[RequestOp]| app.requests.iter().any(|request| ops.contains(&request.op));
    let words: [(&str, &[RequestOp]); 8] = [
        (OBSERVE, &[RequestOp::List]),
        ("create", &[RequestOp::Create, RequestOp::Invite]),
        ("update", &[RequestOp::Update, RequestOp::SetRole]),
        ("suspend", &[RequestOp::Suspend]),
        ("reactivate", &[RequestOp::Reactivate]),
        ("remove", &[RequestOp::Remove]),
        ("grant", &[RequestOp::Grant]),
        ("revoke", &[RequestOp::Revoke]),
    ];
    words.into_iter().filter(|(_, ops)| has(ops)).map(|(word, _)| word).collect()
}

/// The operations that have a column of their own on the page, with its heading.
const COLUMNS: [(&str, &str); 6] = [
    (OBSERVE, "list"),
    ("create", "create"),
    ("suspend", "suspend"),
    ("reactivate", "reactivate"),
    ("remove", "remove"),
    ("grant", "grant"),
];

/// The page `docs/apps.md`: what can be done to each app and by which channel.
pub fn page(catalog: &Catalog) -> String {
    let lines: Vec<Line> = catalog.apps().filter(|app| !app.is_generic()).map(Line::of).collect();
    let mut page = format!(
        "# Apps\n\n<!-- Written by `cargo xtask apps`; edit the files in apps/ and not this page. -->\n\n\
         {} apps. `rollbook apps` prints this with filters, `rollbook guide APP` everything that is known \
         about one of them.\n\n",
        lines.len()
    );
    page.push_str(&sums(&lines));
    page.push_str("\nA channel stands where Rollbook itself can do it; *(documented)* where the app's \
                   makers or others describe a request that Rollbook does not send. `!` means that it is \
                   for good.\n\n");
    let heads: Vec<&str> = COLUMNS.iter().map(|(_, head)| *head).collect();
    page.push_str(&format!(
        "| app | {} | facts: documented, probed, recalled, unknown |\n",
        heads.join(" | ")
    ));
    page.push_str(&format!("|---{}|---|\n", "|---".repeat(COLUMNS.len())));
    for (line, app) in lines.iter().zip(catalog.apps().filter(|app| !app.is_generic())) {
        let cells = COLUMNS.map(|(word, _)| cell(line, app, word));
        page.push_str(&format!(
            "| {} | {} | {}, {}, {}, {} |\n",
            line.name,
            cells.join(" | "),
            line.documented,
            line.probed,
            line.recalled,
            line.unknown
        ));
    }
    page
}

/// How many apps can be read and acted on, by which channel, and how well that is known.
fn sums(lines: &[Line]) -> String {
    let mut text = "| | by SCIM | by REST | by either |\n|---|---|---|---|\n".to_owned();
    let by = |line: &Line, word: &str, channel: &str| {
        line.channels.get(word).is_some_and(|by| by.iter().any(|one| one == channel))
    };
    let either = |line: &Line, word: &str| by(line, word, "scim") || by(line, word, "rest");
    for (word, head) in COLUMNS {
        let count = |channel: &str| lines.iter().filter(|line| by(line, word, channel)).count();
        let any = lines.iter().filter(|line| either(line, word)).count();
        text.push_str(&format!("| {head} | {} | {} | {any} |\n", count("scim"), count("rest")));
    }
    let whole =
        |line: &&Line| either(line, OBSERVE) && (either(line, "suspend") || either(line, "remove"));
    let whole = lines.iter().filter(whole).count();
    text.push_str(&format!("| **list, and suspend or remove** | | | **{whole}** |\n\n"));
    let sum = |count: fn(&Line) -> usize| lines.iter().map(count).sum::<usize>();
    text.push_str(&format!(
        "Facts: {} documented, {} probed, {} recalled, {} looked for and not found.\n",
        sum(|line| line.documented),
        sum(|line| line.probed),
        sum(|line| line.recalled),
        sum(|line| line.unknown)
    ));
    text
}

fn cell(line: &Line, app: &App, word: &str) -> String {
    let Some(channels) = line.channels.get(word) else {
        let documented = line.rest_documents.contains(&word);
        return if documented { "*(documented)*".into() } else { String::new() };
    };
    let is_for_good = |channel: &str| {
        let way = app.routes.iter().map(|route| &route.way).find(|way| way.channel == channel);
        let ability = way.and_then(|way| way.can.iter().find(|(verb, _)| verb.as_str() == word));
        ability.is_some_and(|(_, ability)| !ability.reversible)
    };
    let marked =
        channels.iter().map(|by| if is_for_good(by) { format!("{by}!") } else { by.clone() });
    marked.collect::<Vec<_>>().join(", ")
}
