//! The catalog: what is known about each app's user management.

use rollbook_catalog::matrix::{Line, Offer};
use rollbook_core::role::Right;

use crate::serve::web::cell::{Cell, Tone, Value};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "catalog",
    title: "Catalog",
    lead: "What is known about each app's user management, how well, and who says so.",
    noun: ["app", "apps"],
    right: Right::Read,
    count: |moment| moment.matrix().len(),
    id: |moment, at| one(moment, at).app.clone(),
    columns: &[
        Column { key: "name", title: "App", cell: name },
        Column { key: "scim", title: "SCIM", cell: scim },
        Column { key: "scim_plan", title: "Plan for it", cell: plan },
        Column { key: "rest", title: "REST", cell: rest },
        Column { key: "can", title: "Rollbook can", cell: can },
        Column { key: "documented", title: "Sourced facts", cell: sourced },
        Column { key: "unknown", title: "Not known", cell: unknown },
    ],
    facets: &[
        Facet { key: "category", title: "Category", words: of_category, otherwise: None },
        Facet { key: "scim", title: "SCIM", words: of_scim, otherwise: None },
        Facet { key: "can", title: "Rollbook can", words: of_can, otherwise: None },
    ],
    sort: "name",
    empty: "The catalog is empty.",
};

fn one(moment: &Moment, at: usize) -> &Line {
    &moment.matrix()[at]
}

fn name(moment: &Moment, at: usize) -> Cell {
    let line = one(moment, at);
    Cell::text(&line.name)
        .toned(Tone::Strong)
        .noted(&line.category)
        .to(format!("/catalog/{}", encoded(&line.app)))
}

fn offer(offer: Offer) -> Cell {
    match offer {
        Offer::Yes => Cell::ranked(0, "yes", Tone::Good),
        Offer::No => Cell::ranked(1, "no", Tone::Soft),
        Offer::Unknown => Cell::ranked(2, "not known", Tone::Warn),
    }
}

fn scim(moment: &Moment, at: usize) -> Cell {
    offer(one(moment, at).scim)
}

fn plan(moment: &Moment, at: usize) -> Cell {
    Cell::text(one(moment, at).scim_plan.clone().unwrap_or_default())
}

fn rest(moment: &Moment, at: usize) -> Cell {
    offer(one(moment, at).rest)
}

fn can(moment: &Moment, at: usize) -> Cell {
    let words: Vec<String> = one(moment, at).can.iter().map(|&word| word.to_owned()).collect();
    match words.is_empty() {
        true => Cell::nothing(),
        false => Cell { value: Value::Words(words), ..Cell::nothing() },
    }
}

fn sourced(moment: &Moment, at: usize) -> Cell {
    let line = one(moment, at);
    Cell::number(line.documented + line.probed)
}

fn unknown(moment: &Moment, at: usize) -> Cell {
    Cell::number(one(moment, at).unknown)
}

fn of_category(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).category.clone()]
}

fn of_scim(moment: &Moment, at: usize) -> Vec<String> {
    vec![scim(moment, at).value.text()]
}

fn of_can(moment: &Moment, at: usize) -> Vec<String> {
    one(moment, at).can.iter().map(|&word| word.to_owned()).collect()
}
