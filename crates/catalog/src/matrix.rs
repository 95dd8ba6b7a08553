//! The matrix: what each app offers, in one line each.

use rollbook_core::change::{Basis, Verb};
use serde::Serialize;

use crate::app::{App, Value};
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
    /// What Rollbook itself can do there, by SCIM.
    pub can: Vec<&'static str>,
    /// What its makers document over REST, by SCIM's words.
    pub rest_documents: Vec<&'static str>,
    /// Whether suspending can be taken back; `None`: nothing suspends.
    pub suspend_reversible: Option<bool>,
    /// Facts with a source.
    pub documented: usize,
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
            rest_documents: documented_by_rest(app),
            suspend_reversible: ability(Verb::Suspend).map(|ability| ability.reversible),
            documented: count(Basis::Documented) + count(Basis::Probed),
            recalled: count(Basis::Recalled),
            unknown: app.facts.iter().filter(|fact| fact.value == Value::Unknown).count(),
        }
    }

    /// Whether the app offers `verb` (or `observe`) to Rollbook, or its makers document it.
    pub fn offers(&self, verb: &str) -> bool {
        self.can.contains(&verb) || self.rest_documents.contains(&verb)
    }
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
