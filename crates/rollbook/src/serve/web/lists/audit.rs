//! The audit chain: every record, the newest first.

use rollbook_core::event::Event;
use rollbook_core::role::Right;

use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;

pub(super) const LIST: List = List {
    key: "audit",
    title: "Audit",
    lead: "Every record, each bound to the one before. Nothing is taken out of it: what is erased \
           loses its body and keeps its place.",
    noun: ["record", "records"],
    right: Right::Trace,
    count: |moment| moment.events().len(),
    id: |moment, at| one(moment, at).seq.to_string(),
    columns: &[
        Column { key: "seq", title: "Record", cell: seq },
        Column { key: "at", title: "When", cell: when },
        Column { key: "kind", title: "What", cell: kind },
        Column { key: "actor", title: "By", cell: actor },
        Column { key: "subject", title: "About", cell: subject },
        Column { key: "digest", title: "Digest", cell: digest },
    ],
    facets: &[
        Facet { key: "kind", title: "What", words: of_kind, otherwise: None },
        Facet { key: "actor", title: "By", words: of_actor, otherwise: None },
    ],
    sort: "-seq",
    empty: "Nothing is recorded yet.",
};

fn one(moment: &Moment, at: usize) -> &Event {
    &moment.events()[at].0
}

fn seq(moment: &Moment, at: usize) -> Cell {
    let seq = one(moment, at).seq;
    Cell::number(usize::try_from(seq).unwrap_or(usize::MAX))
        .toned(Tone::Strong)
        .to(format!("/audit/{seq}"))
}

fn when(moment: &Moment, at: usize) -> Cell {
    let at = one(moment, at).at;
    Cell::moment(Some(at)).shown_as(at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn kind(moment: &Moment, at: usize) -> Cell {
    let kind = &one(moment, at).kind;
    Cell::text(kind).shown_as(super::words(kind))
}

fn actor(moment: &Moment, at: usize) -> Cell {
    let event = one(moment, at);
    let whom = match event.on_behalf_of.as_str() {
        "" => String::new(),
        whom => format!("for {whom}"),
    };
    Cell::text(&event.actor).noted(whom)
}

fn subject(moment: &Moment, at: usize) -> Cell {
    let subject = &one(moment, at).subject;
    let cell = Cell::text(subject);
    let page = [("pln_", "plans"), ("run_", "runs"), ("fnd_", "findings"), ("per_", "people")];
    match page.into_iter().find(|(prefix, _)| subject.starts_with(prefix)) {
        Some((_, list)) => cell.to(format!("/{list}/{subject}")),
        None => cell,
    }
}

fn digest(moment: &Moment, at: usize) -> Cell {
    let digest = &one(moment, at).digest;
    Cell::text(digest).shown_as(format!("{}…", digest.get(..12).unwrap_or(digest)))
}

fn of_kind(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).kind.clone()]
}

fn of_actor(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).actor.clone()]
}
