//! All runs, the newest first, and how many of their changes were seen to be done.

use rollbook_core::role::Right;
use rollbook_core::step::Ending;
use rollbook_engine::{RunReport, Stand};

use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "runs",
    title: "Runs",
    lead: "What was done. Applied is not done: done means that a second look saw it.",
    noun: ["run", "runs"],
    right: Right::Read,
    count: |moment| moment.known.runs.len(),
    id: |moment, at| one(moment, at).run.id.to_string(),
    columns: &[
        Column { key: "run", title: "Run", cell: run },
        Column { key: "state", title: "State", cell: state },
        Column { key: "changes", title: "Changes", cell: changes },
        Column { key: "confirmed", title: "Seen to be done", cell: confirmed },
        Column { key: "plan", title: "Plan", cell: plan },
        Column { key: "began_at", title: "Began", cell: began_at },
        Column { key: "ended_at", title: "Ended", cell: ended_at },
    ],
    facets: &[Facet { key: "state", title: "State", words: of_state, otherwise: None }],
    sort: "-began_at",
    empty: "Nothing was run yet. A plan that enough people agreed to can be run.",
};

fn one(moment: &Moment, at: usize) -> &RunReport {
    &moment.known.runs[at]
}

fn is_confirmed(stand: &Stand) -> bool {
    matches!(stand, Stand::Ended(Ending::Confirmed { .. }))
}

fn run(moment: &Moment, at: usize) -> Cell {
    let id = &one(moment, at).run.id;
    Cell::text(id.as_str()).toned(Tone::Strong).to(format!("/runs/{}", encoded(id.as_str())))
}

fn state(moment: &Moment, at: usize) -> Cell {
    let report = one(moment, at);
    if report.run.ended_at.is_none() {
        return Cell::ranked(0, "goes on", Tone::Warn);
    }
    match report.changes.iter().all(|change| is_confirmed(&change.stand)) {
        true => Cell::ranked(2, "confirmed", Tone::Good),
        false => Cell::ranked(1, "not all done", Tone::Bad),
    }
}

fn changes(moment: &Moment, at: usize) -> Cell {
    Cell::number(one(moment, at).changes.len())
}

fn confirmed(moment: &Moment, at: usize) -> Cell {
    let done = one(moment, at).changes.iter().filter(|change| is_confirmed(&change.stand));
    Cell::number(done.count())
}

fn plan(moment: &Moment, at: usize) -> Cell {
    let id = &one(moment, at).run.plan;
    Cell::text(id.as_str()).to(format!("/plans/{}", encoded(id.as_str())))
}

fn began_at(moment: &Moment, at: usize) -> Cell {
    Cell::moment(Some(one(moment, at).run.began_at))
}

fn ended_at(moment: &Moment, at: usize) -> Cell {
    Cell::moment(one(moment, at).run.ended_at)
}

fn of_state(moment: &Moment, at: usize) -> Vec<String> {
    vec![state(moment, at).value.text()]
}
