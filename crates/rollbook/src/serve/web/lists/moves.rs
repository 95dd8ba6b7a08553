//! Who joins, moves and leaves, by the dated records of the sources.

use jiff::civil::Date;
use rollbook_core::explain::counted;
use rollbook_core::finding;
use rollbook_core::id::IdentityId;
use rollbook_core::lifecycle::Kind;
use rollbook_core::role::Right;
use rollbook_core::worker::Placement;

use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::{Moment, Move};
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "moves",
    title: "Joiners, movers, leavers",
    lead: "What the dated records of your sources say happens to whom on which day, and what is still \
           open of it.",
    noun: ["movement", "movements"],
    right: Right::Read,
    count: |moment| moment.moves().len(),
    id: |moment, at| {
        let one = one(moment, at);
        format!("{}.{}.{}", one.person, one.movement.kind.word(), one.movement.on)
    },
    columns: &[
        Column { key: "on", title: "Day", cell: on },
        Column { key: "what", title: "What", cell: what },
        Column { key: "person", title: "Person", cell: person },
        Column { key: "from", title: "From", cell: from },
        Column { key: "to", title: "To", cell: to },
        Column { key: "open", title: "Still open", cell: open },
    ],
    facets: &[
        Facet { key: "what", title: "What", words: of_what, otherwise: None },
        Facet { key: "when", title: "When", words: of_when, otherwise: Some("around now") },
        Facet { key: "open", title: "Still open", words: of_open, otherwise: None },
    ],
    sort: "-on",
    empty: "Nobody joins, moves or leaves on a day that is known. Map `starts` and `ends` of your \
            sources in rollbook.toml, then run `rollbook sync`.",
};

/// How many days before and after today are around now.
const AROUND_DAYS: i64 = 90;
/// How many days are soon.
const SOON_DAYS: i64 = 30;

fn one(moment: &Moment, at: usize) -> &Move {
    &moment.moves()[at]
}

/// Where somebody works, as one line.
pub(crate) fn place(at: Option<&Placement>) -> String {
    let parts = at.map(|at| [at.unit.as_str(), at.job_title.as_str()]).unwrap_or_default();
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// How far a day is away, as people say it.
pub(crate) fn day_word(today: Date, day: Date) -> String {
    match today.duration_until(day).as_hours() / 24 {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        days if days > 0 => format!("in {}", span(days)),
        days => format!("{} ago", span(-days)),
    }
}

/// So many days in the largest unit of which there are at least two.
fn span(days: i64) -> String {
    match days {
        ..=60 => counted(days, "day"),
        61..=730 => counted(days / 30, "month"),
        _ => counted(days / 365, "year"),
    }
}

/// What is still to be done about a movement: accounts that are open after the last day, or findings
/// that come with it.
pub(crate) fn open_there(moment: &Moment, person: &IdentityId, kind: Kind) -> usize {
    use finding::Kind as Found;
    let of = |kinds: &[Found]| {
        let open =
            moment.known.findings_of(person).filter(|one| one.standing.is_open(moment.today));
        open.filter(|one| kinds.contains(&one.finding.kind)).count()
    };
    match kind {
        Kind::Leaver => {
            let accounts = moment.graph.accounts_of(person);
            accounts.filter(|(account, _)| account.state.is_open()).count()
        }
        Kind::Joiner => of(&[Found::Missing]),
        Kind::Mover => {
            of(&[Found::Missing, Found::ExtraGrant, Found::OutlivedGrant, Found::DriftedAttribute])
        }
    }
}

fn on(moment: &Moment, at: usize) -> Cell {
    let day = one(moment, at).movement.on;
    Cell::day(Some(day)).noted(day_word(moment.today, day))
}

fn what(moment: &Moment, at: usize) -> Cell {
    let (rank, tone) = match one(moment, at).movement.kind {
        Kind::Joiner => (0, Tone::Good),
        Kind::Mover => (1, Tone::Plain),
        Kind::Leaver => (2, Tone::Warn),
    };
    Cell::ranked(rank, one(moment, at).movement.kind.word(), tone)
}

fn person(moment: &Moment, at: usize) -> Cell {
    let id = &one(moment, at).person;
    Cell::text(moment.name(id)).toned(Tone::Strong).to(format!("/people/{}", encoded(id.as_str())))
}

fn from(moment: &Moment, at: usize) -> Cell {
    Cell::text(place(one(moment, at).movement.from.as_ref()))
}

fn to(moment: &Moment, at: usize) -> Cell {
    Cell::text(place(one(moment, at).movement.to.as_ref()))
}

fn open(moment: &Moment, at: usize) -> Cell {
    let Move { person, movement } = one(moment, at);
    let count = open_there(moment, person, movement.kind);
    if count == 0 {
        return Cell::number(0);
    }
    let is_late = movement.on < moment.today;
    let (noun, href) = match movement.kind {
        Kind::Leaver => ("open account", format!("/accounts?owner={person}&open=open")),
        Kind::Joiner | Kind::Mover => ("finding", format!("/findings?person={person}")),
    };
    let tone = if is_late { Tone::Bad } else { Tone::Plain };
    Cell::number(count).shown_as(counted(count, noun)).toned(tone).to(href)
}

fn of_what(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).movement.kind.word().to_owned()]
}

fn of_when(moment: &Moment, at: usize) -> Vec<String> {
    let days = moment.today.duration_until(one(moment, at).movement.on).as_hours() / 24;
    let mut words = vec![if days < 0 { "past" } else { "today or to come" }];
    if (0..=SOON_DAYS).contains(&days) {
        words.push("next 30 days");
    }
    if (-AROUND_DAYS..=AROUND_DAYS).contains(&days) {
        words.push("around now");
    }
    words.into_iter().map(str::to_owned).collect()
}

fn of_open(moment: &Moment, at: usize) -> Vec<String> {
    let Move { person, movement } = one(moment, at);
    let count = open_there(moment, person, movement.kind);
    vec![if count > 0 { "something" } else { "nothing" }.to_owned()]
}
