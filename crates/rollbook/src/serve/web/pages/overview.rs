//! The first page: what waits, what is wrong, how well we see.

use std::collections::BTreeMap;

use rollbook_core::finding::{Severity, Tracked};
use rollbook_core::role::Right;
use serde::Serialize;

use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone};
use crate::serve::web::door::Visit;
use crate::serve::web::draw::bars;
use crate::serve::web::frame;
use crate::serve::web::lists;
use crate::serve::web::moment::Moment;
use crate::serve::web::query::Query;

/// How many findings stand on the first page.
const WORST_MAX: usize = 8;
/// How many plans and runs stand there.
const RECENT_MAX: usize = 5;

#[derive(Serialize)]
struct Overview {
    is_empty: bool,
    tiles: Vec<Tile>,
    worst: Vec<Row>,
    open: usize,
    bars: String,
    kinds: Vec<KindRow>,
    views: Vec<Row>,
    recent: Vec<Row>,
    as_of: Option<Shown>,
}

/// A number that leads to its rows.
#[derive(Serialize)]
struct Tile {
    number: usize,
    title: &'static str,
    meaning: &'static str,
    href: String,
    tone: Tone,
}

/// The cells of a row.
type Row = Vec<Shown>;

#[derive(Serialize)]
struct KindRow {
    kind: &'static str,
    count: usize,
}

/// The first page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let moment = &visit.moment;
    let kinds = kinds(moment);
    let bars = bars::by_kind(&kinds);
    let views = moment.graph.views();
    let page = Overview {
        is_empty: moment.graph.identities().is_empty() && moment.graph.links().is_empty(),
        tiles: tiles(moment),
        worst: worst(moment),
        open: moment.open_findings().count(),
        bars,
        kinds: kinds.iter().map(|(kind, by)| KindRow { kind, count: by.iter().sum() }).collect(),
        views: rows_of_views(moment),
        recent: if visit.may(Right::Read) { recent(moment) } else { Vec::new() },
        as_of: views
            .values()
            .filter_map(|view| view.taken_at)
            .max()
            .map(|at| Cell::moment(Some(at)).into()),
    };
    Ok(frame::draw(visit, "overview.html", "Overview", &page))
}

/// What a tile counts: the rows of a list, narrowed as its address says.
struct Counted {
    title: &'static str,
    meaning: &'static str,
    list: &'static str,
    query: &'static str,
    tone: Tone,
}

const TILES: [Counted; 6] = [
    Counted {
        title: "left and can still get in",
        meaning: "People whose last day is over, with open accounts",
        list: "people",
        query: "state=left&access=can%20get%20in%20somewhere",
        tone: Tone::Bad,
    },
    Counted {
        title: "accounts of nobody",
        meaning: "No owner is known",
        list: "findings",
        query: "kind=orphan",
        tone: Tone::Bad,
    },
    Counted {
        title: "came back",
        meaning: "Access that was gone was seen again",
        list: "findings",
        query: "since=resurrected",
        tone: Tone::Bad,
    },
    Counted {
        title: "links to decide",
        meaning: "Whose account it is needs a person's word",
        list: "links",
        query: "state=suggested",
        tone: Tone::Warn,
    },
    Counted {
        title: "plans to approve",
        meaning: "Somebody other than who asked must agree",
        list: "plans",
        query: "stage=waits%20for%20approval",
        tone: Tone::Warn,
    },
    Counted {
        title: "views not whole",
        meaning: "Partial, stale or never read",
        list: "coverage",
        query: "state=partial&state=stale&state=never%20read",
        tone: Tone::Warn,
    },
];

fn tiles(moment: &Moment) -> Vec<Tile> {
    let tile = |counted: Counted| {
        let Counted { title, meaning, list: key, query, tone } = counted;
        let list = lists::list(key)?;
        let asked = list.asked(&Query::read(query)?).ok()?;
        let number = list.pick(moment, &asked).len();
        let tone = if number == 0 { Tone::Soft } else { tone };
        Some(Tile { number, title, meaning, href: format!("/{key}?{query}"), tone })
    };
    TILES.into_iter().filter_map(tile).collect()
}

fn worst(moment: &Moment) -> Vec<Row> {
    let mut open: Vec<_> = moment.open_findings().collect();
    open.sort_by_key(|tracked| std::cmp::Reverse(tracked.finding.severity));
    let row = |tracked: &&Tracked| -> Row {
        let finding = &tracked.finding;
        let because = Cell::text(&finding.because).to(format!("/findings/{}", finding.id));
        let cells = [
            lists::severity(finding.severity),
            lists::about(moment, &finding.subject),
            because,
            lists::since(tracked, moment),
        ];
        cells.map(Shown::from).into()
    };
    open.iter().take(WORST_MAX).map(row).collect()
}

/// How many open findings there are of each kind, by how bad they are, the worst first.
fn kinds(moment: &Moment) -> Vec<(&'static str, [usize; 4])> {
    let mut counts: BTreeMap<&'static str, [usize; 4]> = BTreeMap::new();
    for tracked in moment.open_findings() {
        let at = match tracked.finding.severity {
            Severity::Critical => 0,
            Severity::High => 1,
            Severity::Medium => 2,
            Severity::Low => 3,
        };
        counts.entry(tracked.finding.kind.word()).or_default()[at] += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(kind, by)| (std::cmp::Reverse(by.iter().sum::<usize>()), *kind));
    counts
}

fn rows_of_views(moment: &Moment) -> Vec<Row> {
    let Some(list) = lists::list("apps") else { return Vec::new() };
    let wanted = ["name", "open_accounts", "findings", "seen", "view"];
    let columns: Vec<_> = list.columns.iter().filter(|c| wanted.contains(&c.key)).collect();
    let row = |at: usize| -> Row {
        columns.iter().map(|column| (column.cell)(moment, at).into()).collect()
    };
    (0..(list.count)(moment)).map(row).collect()
}

fn recent(moment: &Moment) -> Vec<Row> {
    let Some(list) = lists::list("plans") else { return Vec::new() };
    let wanted = ["plan", "stage", "does", "asked_by", "made_at"];
    let columns: Vec<_> = list.columns.iter().filter(|c| wanted.contains(&c.key)).collect();
    let row = |at: usize| -> Row {
        columns.iter().map(|column| (column.cell)(moment, at).into()).collect()
    };
    (0..(list.count)(moment).min(RECENT_MAX)).map(row).collect()
}
