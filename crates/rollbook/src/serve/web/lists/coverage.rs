//! What we see, how well, and how old each view is. What cannot be seen is in it too.

use jiff::{SignedDuration, Timestamp};
use rollbook_core::graph::View;
use rollbook_core::role::Right;
use rollbook_core::snapshot::Coverage;

use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "coverage",
    title: "Coverage",
    lead: "What Rollbook sees, how well, and how old each view is. What is not seen is not gone: a \
           partial view adds findings and never justifies taking anything away.",
    noun: ["view", "views"],
    right: Right::Read,
    count: |moment| seen(moment).len(),
    id: |moment, at| seen(moment)[at].name.clone(),
    columns: &[
        Column { key: "name", title: "View of", cell: name },
        Column { key: "what", title: "What it is", cell: what },
        Column { key: "state", title: "State", cell: state },
        Column { key: "taken_at", title: "Last seen", cell: taken_at },
        Column { key: "age_h", title: "Hours old", cell: age },
        Column { key: "stale_after_h", title: "Stale after", cell: stale_after },
        Column { key: "because", title: "Because", cell: because },
    ],
    facets: &[
        Facet { key: "state", title: "State", words: of_state, otherwise: None },
        Facet { key: "what", title: "What it is", words: of_what, otherwise: None },
    ],
    sort: "state",
    empty: "Nothing is looked at yet. Add sources and instances to rollbook.toml.",
};

/// How good a view is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Never,
    Partial,
    Stale,
    Whole,
}

impl Freshness {
    /// The word, the worst first.
    pub(crate) fn cell(self) -> Cell {
        let (rank, word, tone) = match self {
            Self::Never => (0, "never read", Tone::Bad),
            Self::Partial => (1, "partial", Tone::Bad),
            Self::Stale => (2, "stale", Tone::Warn),
            Self::Whole => (3, "whole", Tone::Good),
        };
        Cell::ranked(rank, word, tone)
    }
}

/// How good the view of an instance is at `now`.
pub(crate) fn freshness(view: &View, now: Timestamp) -> Freshness {
    match view.taken_at {
        None => Freshness::Never,
        Some(_) if !view.coverage.is_complete() => Freshness::Partial,
        Some(at) if is_stale(at, view.stale_after_h, now) => Freshness::Stale,
        Some(_) => Freshness::Whole,
    }
}

fn is_stale(at: Timestamp, after_h: u32, now: Timestamp) -> bool {
    now.duration_since(at) > SignedDuration::from_hours(i64::from(after_h))
}

/// One view, of an instance or a source.
struct Seen {
    name: String,
    what: &'static str,
    href: Option<String>,
    freshness: Freshness,
    taken_at: Option<Timestamp>,
    stale_after_h: u32,
    because: String,
}

fn seen(moment: &Moment) -> Vec<Seen> {
    let feeds = moment.graph.feeds().iter().map(|(name, feed)| {
        let freshness = match (feed.taken_at, &feed.kept_out) {
            (None, _) => Freshness::Never,
            (Some(_), Some(_)) => Freshness::Partial,
            (Some(at), None) if is_stale(at, feed.stale_after_h, moment.now) => Freshness::Stale,
            (Some(_), None) => Freshness::Whole,
        };
        Seen {
            name: name.to_string(),
            what: "source of people",
            href: Some(format!("/people?source={}", encoded(name.as_str()))),
            freshness,
            taken_at: feed.taken_at,
            stale_after_h: feed.stale_after_h,
            because: feed.kept_out.clone().unwrap_or_default(),
        }
    });
    let views = moment.graph.views().iter().map(|(name, view)| Seen {
        name: name.to_string(),
        what: "app",
        href: Some(format!("/apps/{}", encoded(name.as_str()))),
        freshness: freshness(view, moment.now),
        taken_at: view.taken_at,
        stale_after_h: view.stale_after_h,
        because: match &view.coverage {
            Coverage::Complete => String::new(),
            Coverage::Partial { why } => why.clone(),
        },
    });
    feeds.chain(views).collect()
}

/// The view at a place of the list.
fn one(moment: &Moment, at: usize) -> Seen {
    seen(moment).swap_remove(at)
}

fn name(moment: &Moment, at: usize) -> Cell {
    let seen = one(moment, at);
    Cell { href: seen.href, ..Cell::text(seen.name).toned(Tone::Strong) }
}

fn what(moment: &Moment, at: usize) -> Cell {
    Cell::text(one(moment, at).what)
}

fn state(moment: &Moment, at: usize) -> Cell {
    one(moment, at).freshness.cell()
}

fn taken_at(moment: &Moment, at: usize) -> Cell {
    Cell::moment(one(moment, at).taken_at)
}

fn age(moment: &Moment, at: usize) -> Cell {
    let hours = one(moment, at).taken_at.map(|at| moment.now.duration_since(at).as_hours());
    hours.map_or_else(Cell::nothing, |hours| Cell::number(usize::try_from(hours).unwrap_or(0)))
}

fn stale_after(moment: &Moment, at: usize) -> Cell {
    let hours = one(moment, at).stale_after_h;
    Cell::number(hours as usize).shown_as(format!("{hours} h"))
}

fn because(moment: &Moment, at: usize) -> Cell {
    Cell::text(one(moment, at).because)
}

fn of_state(moment: &Moment, at: usize) -> Vec<String> {
    vec![state(moment, at).value.text()]
}

fn of_what(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).what.to_owned()]
}
