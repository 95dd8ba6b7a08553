//! One search over people, accounts, apps, findings and plans.

use hyper::StatusCode;
use serde::Serialize;

use crate::serve::refusal::Refusal;
use crate::serve::web::cell::Shown;
use crate::serve::web::door::Visit;
use crate::serve::web::query::Query;
use crate::serve::web::{frame, lists};

/// How many of each are shown.
const SHOWN_MAX: usize = 8;

#[derive(Serialize)]
struct Search {
    q: String,
    found: usize,
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    title: &'static str,
    found: usize,
    all: String,
    rows: Vec<Vec<Shown>>,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let q = visit.asked.query.get("q").unwrap_or_default();
    let mut groups = Vec::new();
    // A search is for all, also for what a list leaves out unless it is asked for.
    let everything = Query::default().with("q", Some(q)).with("standing", Some("any"));
    for key in ["people", "accounts", "apps", "findings", "plans", "catalog"] {
        let Some(list) = lists::list(key).filter(|_| !q.is_empty()) else { continue };
        let asked = list.asked(&everything);
        let asked = asked.map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, &why))?;
        let items = list.pick(&visit.moment, &asked);
        if items.is_empty() {
            continue;
        }
        let row = |item: &usize| {
            let cells = list.columns.iter().take(4).map(|c| (c.cell)(&visit.moment, *item));
            cells.map(Shown::from).collect()
        };
        groups.push(Group {
            title: list.title,
            found: items.len(),
            all: format!("/{key}{}", everything.suffix()),
            rows: items.iter().take(SHOWN_MAX).map(row).collect(),
        });
    }
    let found = groups.iter().map(|group| group.found).sum();
    Ok(frame::draw(visit, "search.html", "Search", &Search { q: q.to_owned(), found, groups }))
}
