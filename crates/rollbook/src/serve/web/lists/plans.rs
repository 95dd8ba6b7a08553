//! All plans, the newest first, and how far each is.

use std::collections::BTreeMap;

use rollbook_core::role::Right;

use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::{Moment, Shelved, Stage};
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "plans",
    title: "Plans",
    lead: "Frozen sets of changes. Whoever asked for one cannot approve it, and what was approved is \
           what runs.",
    noun: ["plan", "plans"],
    right: Right::Read,
    count: |moment| moment.known.plans.len(),
    id: |moment, at| one(moment, at).plan.id().to_string(),
    columns: &[
        Column { key: "plan", title: "Plan", cell: plan },
        Column { key: "stage", title: "Stage", cell: stage },
        Column { key: "does", title: "Would do", cell: does },
        Column { key: "irreversible", title: "For good", cell: irreversible },
        Column { key: "left_alone", title: "Left alone", cell: left_alone },
        Column { key: "asked_by", title: "Asked by", cell: asked_by },
        Column { key: "agreed", title: "Agreed", cell: agreed },
        Column { key: "made_at", title: "Made", cell: made_at },
    ],
    facets: &[
        Facet { key: "stage", title: "Stage", words: of_stage, otherwise: None },
        Facet { key: "asked_by", title: "Asked by", words: of_asker, otherwise: None },
        Facet { key: "instance", title: "App", words: of_instance, otherwise: None },
    ],
    sort: "-made_at",
    empty: "There is no plan yet. Open a person and choose Offboard, or run `rollbook offboard`.",
};

fn one(moment: &Moment, at: usize) -> &Shelved {
    &moment.known.plans[at]
}

fn plan(moment: &Moment, at: usize) -> Cell {
    let id = one(moment, at).plan.id();
    let href = format!("/plans/{}", encoded(id.as_str()));
    Cell::text(id.as_str()).toned(Tone::Strong).to(href).noted(whom(moment, at))
}

/// Whose accounts it changes, as far as a line holds them.
fn whom(moment: &Moment, at: usize) -> String {
    let mut names: Vec<&str> = Vec::new();
    for change in one(moment, at).plan.changes() {
        let name = change.identity.as_ref().map_or(change.label.as_str(), |id| moment.name(id));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}

fn stage(moment: &Moment, at: usize) -> Cell {
    let stage = one(moment, at).stage(moment.now);
    let (rank, tone) = match stage {
        Stage::Waits => (0, Tone::Warn),
        Stage::Approved => (1, Tone::Good),
        Stage::Ran => (2, Tone::Plain),
        Stage::Empty => (3, Tone::Soft),
    };
    Cell::ranked(rank, stage.word(), tone)
}

fn does(moment: &Moment, at: usize) -> Cell {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for change in one(moment, at).plan.changes() {
        *counts.entry(change.op.verb()).or_default() += 1;
    }
    let does: Vec<String> = counts.iter().map(|(verb, n)| format!("{verb} {n}")).collect();
    Cell::text(does.join(", "))
}

fn irreversible(moment: &Moment, at: usize) -> Cell {
    let count = one(moment, at).needed.irreversible as usize;
    let cell = Cell::number(count);
    if count > 0 { cell.toned(Tone::Bad) } else { cell }
}

fn left_alone(moment: &Moment, at: usize) -> Cell {
    Cell::number(one(moment, at).plan.left_alone().len())
}

fn asked_by(moment: &Moment, at: usize) -> Cell {
    Cell::text(one(moment, at).plan.requester())
}

fn agreed(moment: &Moment, at: usize) -> Cell {
    let shelved = one(moment, at);
    let agreed = shelved.agreed(moment.now);
    Cell::number(agreed).shown_as(format!("{agreed} of {}", shelved.needed.people))
}

fn made_at(moment: &Moment, at: usize) -> Cell {
    Cell::moment(Some(one(moment, at).plan.made_at()))
}

fn of_stage(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).stage(moment.now).word().to_owned()]
}

fn of_asker(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).plan.requester().to_owned()]
}

fn of_instance(moment: &Moment, at: usize) -> Vec<String> {
    let changes = one(moment, at).plan.changes().iter();
    let names: std::collections::BTreeSet<String> =
        changes.map(|change| change.instance.to_string()).collect();
    names.into_iter().collect()
}
