//! Whose account is whose: those that wait for a person's word, and all the others.

use rollbook_core::link::{Link, LinkState};
use rollbook_core::role::Right;

use super::account_page;
use super::accounts::kind as kind_word;
use crate::serve::web::cell::{Cell, Tone, Value};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "links",
    title: "Links",
    lead: "Which account is whose, by which rule and how surely. What is not certain waits here for \
           a person and is never linked by itself.",
    noun: ["link", "links"],
    right: Right::Read,
    count: |moment| moment.graph.links().len(),
    id: |moment, at| one(moment, at).account.to_string(),
    columns: &[
        Column { key: "account", title: "Account", cell: account },
        Column { key: "state", title: "Link", cell: state },
        Column { key: "person", title: "Person", cell: person },
        Column { key: "score", title: "Score", cell: score },
        Column { key: "rule", title: "Rule", cell: rule },
        Column { key: "because", title: "Because", cell: because },
    ],
    facets: &[
        Facet { key: "state", title: "Link", words: of_state, otherwise: Some("suggested") },
        Facet { key: "instance", title: "App", words: of_instance, otherwise: None },
        Facet { key: "kind", title: "Kind", words: of_kind, otherwise: None },
        Facet { key: "rule", title: "Rule", words: of_rule, otherwise: None },
    ],
    sort: "-score",
    empty: "No account was seen yet. Add an instance to rollbook.toml, then run `rollbook sync`.",
};

fn one(moment: &Moment, at: usize) -> &Link {
    &moment.graph.links()[at]
}

fn account(moment: &Moment, at: usize) -> Cell {
    let link = one(moment, at);
    let name = moment.graph.account(&link.account).map_or("", |(a, _)| a.display_name.as_str());
    let place = match &link.state {
        LinkState::Suggested { .. } => {
            account_page(&link.account).replacen("/accounts/", "/links/", 1)
        }
        _ => account_page(&link.account),
    };
    Cell::text(moment.label(&link.account)).toned(Tone::Strong).noted(name).to(place)
}

fn state(moment: &Moment, at: usize) -> Cell {
    let (rank, tone) = match &one(moment, at).state {
        LinkState::Suggested { .. } => (0, Tone::Warn),
        LinkState::None => (1, Tone::Warn),
        LinkState::Auto { .. } => (2, Tone::Plain),
        LinkState::Confirmed { .. } => (3, Tone::Good),
    };
    Cell::ranked(rank, one(moment, at).state.word(), tone)
}

fn person(moment: &Moment, at: usize) -> Cell {
    let link = one(moment, at);
    let Some(best) = crate::pick::best(link) else { return Cell::nothing() };
    let cell = Cell::text(moment.name(&best.identity))
        .to(format!("/people/{}", encoded(best.identity.as_str())));
    match &link.state {
        LinkState::Suggested { candidates } if candidates.len() > 1 => {
            cell.noted(format!("or {} more", candidates.len() - 1))
        }
        LinkState::Suggested { .. } => cell.noted("perhaps"),
        _ => cell,
    }
}

fn score(moment: &Moment, at: usize) -> Cell {
    Cell { value: Value::Share(one(moment, at).score), ..Cell::nothing() }
}

fn rule(moment: &Moment, at: usize) -> Cell {
    Cell::text(&one(moment, at).rule).shown_as(super::words(&one(moment, at).rule))
}

fn because(moment: &Moment, at: usize) -> Cell {
    Cell::text(&one(moment, at).because)
}

fn of_state(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).state.word().to_owned()]
}

fn of_instance(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).account.instance.to_string()]
}

fn of_kind(moment: &Moment, at: usize) -> Vec<String> {
    vec![kind_word(one(moment, at).kind).to_owned()]
}

fn of_rule(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).rule.clone()]
}
