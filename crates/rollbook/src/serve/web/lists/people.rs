//! Everybody: who works here, who has left, and what they have.

use jiff::civil::Date;
use rollbook_core::graph::Graph;
use rollbook_core::id::IdentityId;
use rollbook_core::identity::{Identity, Kind};
use rollbook_core::role::Right;
use rollbook_core::worker::WorkerRecord;

use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "people",
    title: "People",
    lead: "Everybody in your sources, and the machines that somebody named, with what they have.",
    noun: ["person", "people"],
    right: Right::Read,
    count: |moment| moment.graph.identities().len(),
    id: |moment, at| one(moment, at).id.to_string(),
    columns: &[
        Column { key: "name", title: "Name", cell: name },
        Column { key: "state", title: "State", cell: state },
        Column { key: "unit", title: "Unit", cell: unit },
        Column { key: "last_day", title: "Last day", cell: last },
        Column { key: "open_accounts", title: "Open accounts", cell: open_accounts },
        Column { key: "accounts", title: "All accounts", cell: accounts },
        Column { key: "findings", title: "Findings", cell: findings },
    ],
    facets: &[
        Facet { key: "state", title: "State", words: of_state, otherwise: None },
        Facet { key: "kind", title: "Kind", words: of_kind, otherwise: None },
        Facet { key: "access", title: "Access", words: of_access, otherwise: None },
        Facet { key: "source", title: "Source", words: of_source, otherwise: None },
    ],
    sort: "name",
    empty: "Nobody is known yet. Add a source of workers to rollbook.toml, then run `rollbook sync`.",
};

/// Whether somebody works here on a day, as their records say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Here,
    ToCome,
    Left,
    /// No record says anything: a machine, or somebody named by hand.
    Unsaid,
}

impl Presence {
    /// The word for people and addresses.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Here => "works here",
            Self::ToCome => "to come",
            Self::Left => "left",
            Self::Unsaid => "no record",
        }
    }

    /// How the word is meant.
    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Here => Tone::Good,
            Self::ToCome => Tone::Plain,
            Self::Left => Tone::Warn,
            Self::Unsaid => Tone::Soft,
        }
    }
}

/// Whether somebody works here on `day`.
pub(crate) fn presence(graph: &Graph, id: &IdentityId, day: Date) -> Presence {
    let mut records = graph.records_of(id).peekable();
    if records.peek().is_none() {
        return Presence::Unsaid;
    }
    let records: Vec<&WorkerRecord> = records.collect();
    if records.iter().any(|record| record.holds_on(day)) {
        Presence::Here
    } else if records.iter().any(|record| record.starts.is_some_and(|start| day < start)) {
        Presence::ToCome
    } else {
        Presence::Left
    }
}

/// The last day on which any record of somebody holds; `None` where one is open-ended.
pub(crate) fn last_day(graph: &Graph, id: &IdentityId) -> Option<Date> {
    let ends: Option<Vec<Date>> = graph.records_of(id).map(|record| record.ends).collect();
    ends?.into_iter().max().and_then(|end| end.yesterday().ok())
}

fn one(moment: &Moment, at: usize) -> &Identity {
    &moment.graph.identities()[at]
}

fn name(moment: &Moment, at: usize) -> Cell {
    let identity = one(moment, at);
    let numbers = crate::pick::workers(&moment.graph, &identity.id).join(", ");
    Cell::text(&identity.name)
        .toned(Tone::Strong)
        .noted(numbers)
        .to(format!("/people/{}", encoded(identity.id.as_str())))
}

fn state(moment: &Moment, at: usize) -> Cell {
    let presence = presence(&moment.graph, &one(moment, at).id, moment.today);
    Cell::badge(presence.word(), presence.tone())
}

fn newest(moment: &Moment, at: usize) -> Option<&WorkerRecord> {
    let records = moment.graph.records_of(&one(moment, at).id);
    // An open end is later than any day.
    records.max_by_key(|record| (record.ends.is_none(), record.ends, record.starts))
}

fn unit(moment: &Moment, at: usize) -> Cell {
    newest(moment, at).map_or_else(Cell::nothing, |record| {
        Cell::text(&record.placement.unit).noted(&record.placement.job_title)
    })
}

fn last(moment: &Moment, at: usize) -> Cell {
    Cell::day(last_day(&moment.graph, &one(moment, at).id))
}

fn open_accounts(moment: &Moment, at: usize) -> Cell {
    let id = &one(moment, at).id;
    let accounts = moment.graph.accounts_of(id);
    let open = accounts.filter(|(account, _)| account.state.is_open()).count();
    let has_left = presence(&moment.graph, id, moment.today) == Presence::Left;
    let cell = Cell::number(open).to(format!("/accounts?owner={}&open=open", encoded(id.as_str())));
    if has_left && open > 0 { cell.toned(Tone::Bad) } else { cell }
}

fn accounts(moment: &Moment, at: usize) -> Cell {
    let id = &one(moment, at).id;
    let all = moment.graph.accounts_of(id).count();
    Cell::number(all).to(format!("/accounts?owner={}", encoded(id.as_str())))
}

fn findings(moment: &Moment, at: usize) -> Cell {
    let id = &one(moment, at).id;
    let open = moment.known.findings_of(id).filter(|one| one.standing.is_open(moment.today));
    Cell::number(open.count()).to(format!("/findings?person={}", encoded(id.as_str())))
}

fn of_state(moment: &Moment, at: usize) -> Vec<String> {
    vec![presence(&moment.graph, &one(moment, at).id, moment.today).word().to_owned()]
}

fn of_kind(moment: &Moment, at: usize) -> Vec<String> {
    let word = match one(moment, at).kind {
        Kind::Person => "person",
        Kind::Service => "service",
        Kind::Shared => "shared",
        Kind::Agent => "agent",
    };
    vec![word.to_owned()]
}

fn of_access(moment: &Moment, at: usize) -> Vec<String> {
    let mut accounts = moment.graph.accounts_of(&one(moment, at).id);
    let word = match accounts.any(|(account, _)| account.state.is_open()) {
        true => "can get in somewhere",
        false => "no open account",
    };
    vec![word.to_owned()]
}

fn of_source(moment: &Moment, at: usize) -> Vec<String> {
    let records = moment.graph.records_of(&one(moment, at).id);
    let sources: std::collections::BTreeSet<String> =
        records.map(|record| record.source.to_string()).collect();
    sources.into_iter().collect()
}
