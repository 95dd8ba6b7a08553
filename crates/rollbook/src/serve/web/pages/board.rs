//! The board of joiners, movers and leavers: three columns, what comes next first, and what should be
//! over and is not before everything else.

use jiff::civil::Date;
use rollbook_core::explain::counted;
use rollbook_core::lifecycle::Kind;
use serde::Serialize;

use crate::serve::refusal::Refusal;
use crate::serve::web::cell::Tone;
use crate::serve::web::door::Visit;
use crate::serve::web::moment::{Moment, Move};
use crate::serve::web::query::encoded;
use crate::serve::web::{frame, lists};

/// How many cards a column shows.
const CARDS_MAX: usize = 20;
/// What lies further back is shown only where something is open.
const BACK_DAYS: i64 = 30;
/// What lies further ahead is not shown.
const AHEAD_DAYS: i64 = 90;

#[derive(Serialize)]
struct Board {
    columns: Vec<Column>,
    is_empty: bool,
}

#[derive(Serialize)]
struct Column {
    title: &'static str,
    meaning: &'static str,
    cards: Vec<Card>,
    /// How many there are beside those.
    more: usize,
    all: String,
}

#[derive(Serialize)]
struct Card {
    name: String,
    href: String,
    day: String,
    away: String,
    place: String,
    open: String,
    open_href: String,
    tone: Tone,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let moment = &visit.moment;
    let board = Board {
        columns: Kind::ALL.map(|kind| column(moment, kind)).into(),
        is_empty: moment.moves().is_empty(),
    };
    Ok(frame::draw(visit, "board.html", "Joiners, movers, leavers", &board))
}

fn column(moment: &Moment, kind: Kind) -> Column {
    let mut found: Vec<(&Move, usize)> = Vec::new();
    for one in moment.moves().iter().filter(|one| one.movement.kind == kind) {
        let days = days_until(moment.today, one.movement.on);
        if days > AHEAD_DAYS {
            continue;
        }
        let open = lists::open_there(moment, &one.person, kind);
        let is_long_over = days < -BACK_DAYS;
        // Somebody who came back left long ago, and what is open now is not of that.
        let is_last = kind != Kind::Leaver
            || lists::last_day(&moment.graph, &one.person) == Some(one.movement.on);
        if is_last && (!is_long_over || (kind == Kind::Leaver && open > 0)) {
            found.push((one, open));
        }
    }
    // What should be over and is not comes first, then what is nearest.
    found.sort_by_key(|(one, open)| {
        let days = days_until(moment.today, one.movement.on);
        (!(days < 0 && *open > 0), days.abs(), one.person.clone())
    });
    let (title, meaning) = match kind {
        Kind::Joiner => {
            ("Joiners", "Their first day is near; what they should have is there or missing.")
        }
        Kind::Mover => {
            ("Movers", "They go on elsewhere; what belonged to the old place is looked at.")
        }
        Kind::Leaver => {
            ("Leavers", "Their last day is near or over; what is open is to be closed.")
        }
    };
    Column {
        title,
        meaning,
        more: found.len().saturating_sub(CARDS_MAX),
        cards: found.iter().take(CARDS_MAX).map(|(one, open)| card(moment, one, *open)).collect(),
        all: format!("/moves?what={}&when=any", kind.word()),
    }
}

fn card(moment: &Moment, one: &Move, open: usize) -> Card {
    let Move { person, movement } = one;
    let id = encoded(person.as_str());
    let (open, open_href) = match (open, movement.kind) {
        (0, Kind::Leaver) => ("nothing is open".to_owned(), String::new()),
        (0, _) => (String::new(), String::new()),
        (n, Kind::Leaver) => {
            (counted(n, "open account"), format!("/accounts?owner={id}&open=open"))
        }
        (n, _) => (counted(n, "finding"), format!("/findings?person={id}")),
    };
    let is_late = movement.on < moment.today && !open_href.is_empty();
    Card {
        name: moment.name(person).to_owned(),
        href: format!("/people/{id}"),
        day: movement.on.to_string(),
        away: lists::day_word(moment.today, movement.on),
        place: match (&movement.from, &movement.to) {
            (Some(from), Some(to)) => {
                format!("{} → {}", lists::place(Some(from)), lists::place(Some(to)))
            }
            (from, to) => lists::place(from.as_ref().or(to.as_ref())),
        },
        open,
        open_href,
        tone: if is_late { Tone::Bad } else { Tone::Soft },
    }
}

fn days_until(today: Date, day: Date) -> i64 {
    today.duration_until(day).as_hours() / 24
}
