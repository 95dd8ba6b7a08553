//! Any list: narrowed, sorted, a page of it, or all of it as a file.

use std::collections::BTreeSet;

use hyper::StatusCode;
use rollbook_core::explain::counted;
use rollbook_core::role::Right;
use serde::Serialize;

use crate::serve::refusal::Refusal;
use crate::serve::web::cell::Shown;
use crate::serve::web::door::Visit;
use crate::serve::web::list::{ANY, Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::Query;
use crate::serve::web::reply::Reply;
use crate::serve::web::{frame, lists, told};

/// How many rows a page shows.
const PAGE_ROWS: usize = 50;
/// How many words a facet offers.
const WORDS_MAX: usize = 60;
/// How many rows a file holds at most.
const FILE_ROWS: usize = 1_000_000;

/// A table as its template takes it.
#[derive(Debug, Serialize)]
struct Table {
    key: &'static str,
    title: &'static str,
    lead: &'static str,
    intro: Option<Intro>,
    head: Vec<Head>,
    rows: Vec<Vec<Shown>>,
    /// What can be chosen, in the order of the rows; empty: nothing.
    picks: Vec<Pick>,
    facets: Vec<Choice>,
    chips: Vec<Chip>,
    q: String,
    sort: Option<String>,
    found: usize,
    total: usize,
    said: String,
    page: usize,
    pages: usize,
    before: Option<String>,
    after: Option<String>,
    file: Option<String>,
    clear: Option<String>,
    empty: &'static str,
}

#[derive(Debug, Serialize)]
struct Head {
    title: &'static str,
    href: String,
    /// As `aria-sort` says it, where the table is sorted by it.
    sorted: Option<&'static str>,
    is_number: bool,
}

/// A finding that can be chosen for a plan.
#[derive(Debug, Serialize)]
struct Pick {
    id: String,
    says: String,
    can_plan: bool,
}

#[derive(Debug, Serialize)]
struct Choice {
    key: &'static str,
    title: &'static str,
    has_otherwise: bool,
    options: Vec<Word>,
}

#[derive(Debug, Serialize)]
struct Word {
    word: String,
    shown: String,
    count: usize,
    is_chosen: bool,
}

/// A narrowing that can be taken back.
#[derive(Debug, Serialize)]
struct Chip {
    title: String,
    word: String,
    href: String,
}

/// What stands above the table of the audit chain.
#[derive(Debug, Serialize)]
struct Intro {
    is_good: bool,
    sentences: Vec<String>,
}

/// The page of a list.
pub(super) fn draw(visit: &Visit<'_>, key: &str) -> Result<String, Refusal> {
    let list = lists::list(key).ok_or_else(Refusal::not_found)?;
    let (moment, query) = (&visit.moment, &visit.asked.query);
    let intro = if key == "audit" { Some(chain(moment)?) } else { None };
    let asked = list.asked(query).map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, &why))?;
    let items = list.pick(moment, &asked);
    let page = query.get("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1);
    let pages = items.len().div_ceil(PAGE_ROWS).max(1);
    let page = page.clamp(1, pages);
    let first = (page - 1) * PAGE_ROWS;
    let shown = &items[first..items.len().min(first + PAGE_ROWS)];
    let row = |item: &usize| {
        let cells = list.columns.iter().map(|column| (column.cell)(moment, *item));
        cells.map(Shown::from).collect::<Vec<_>>()
    };
    let total = (list.count)(moment);
    let place =
        |page: usize| format!("/{key}{}", query.with("page", Some(&page.to_string())).suffix());
    let chips = chips(moment, list, query);
    let is_narrowed = !chips.is_empty() || query.get("q").is_some();
    let table = Table {
        key: list.key,
        title: list.title,
        lead: list.lead,
        intro,
        head: head(list, moment, query, items.first()),
        rows: shown.iter().map(row).collect(),
        picks: picks(visit, key, shown),
        facets: list.facets.iter().filter_map(|facet| choice(list, moment, facet, query)).collect(),
        chips,
        q: query.get("q").unwrap_or_default().to_owned(),
        sort: query.get("sort").map(str::to_owned),
        found: items.len(),
        total,
        said: said(list, items.len(), total, (first, shown.len())),
        page,
        pages,
        before: (page > 1).then(|| place(page - 1)),
        after: (page < pages).then(|| place(page + 1)),
        file: visit
            .may(Right::Export)
            .then(|| format!("/{key}.csv{}", query.with("page", None).suffix())),
        clear: is_narrowed.then(|| format!("/{key}")),
        empty: list.empty,
    };
    Ok(frame::draw(visit, "list.html", list.title, &table))
}

/// The findings of a page, for whoever may plan to settle them.
fn picks(visit: &Visit<'_>, key: &str, items: &[usize]) -> Vec<Pick> {
    if key != "findings" || !visit.may(Right::Propose) {
        return Vec::new();
    }
    let pick = |item: &usize| {
        let tracked = &visit.moment.known.findings[*item];
        let finding = &tracked.finding;
        let is_open = tracked.standing.is_open(visit.moment.today);
        let can_plan = is_open && finding.subject.account().is_some();
        Pick { id: finding.id.to_string(), says: finding.because.clone(), can_plan }
    };
    items.iter().map(pick).collect()
}

/// All that fits, as a file. That it was taken out is recorded.
pub(super) fn file(visit: &Visit<'_>, key: &str) -> Result<Reply, Refusal> {
    let list = lists::list(key).ok_or_else(Refusal::not_found)?;
    let (moment, query) = (&visit.moment, &visit.asked.query);
    if key == "audit" {
        moment.read_events().map_err(told)?;
    }
    let asked = list.asked(query).map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, &why))?;
    let mut items = list.pick(moment, &asked);
    items.truncate(FILE_ROWS);
    let member = &visit.signed.member;
    let filters: BTreeSet<&str> = query.names().filter(|name| query.get(name).is_some()).collect();
    let filters: Vec<&str> = filters.into_iter().collect();
    let noted = moment.engine.note_export(key, &filters, items.len(), &member.name);
    noted.map_err(told)?;
    let name = format!("rollbook-{key}-{}.csv", moment.today);
    let bytes = list.csv(moment, &items).into_bytes();
    Ok(Reply::File { name, media_type: "text/csv; charset=utf-8", bytes })
}

/// How the chain stands, checked now.
fn chain(moment: &Moment) -> Result<Intro, Refusal> {
    moment.read_events().map_err(told)?;
    let newest = moment.engine.store().read(|book| book.newest_checkpoint()).map_err(told)?;
    let signed = newest.map(|head| {
        let at = head.at.strftime("%Y-%m-%d %H:%M UTC");
        format!("Its newest signed head covers {} and is of {at}.", counted(head.size, "record"))
    });
    Ok(match moment.engine.verify() {
        Ok(_) => Intro {
            is_good: true,
            sentences: [
                Some(format!(
                    "The chain is whole: {}, each bound to the one before, and every signed head \
                     fits.",
                    counted(moment.known.size, "record")
                )),
                signed,
                Some(
                    "`rollbook verify` proves the same offline, from a pack and the public key."
                        .to_owned(),
                ),
            ]
            .into_iter()
            .flatten()
            .collect(),
        },
        Err(error) => {
            let hints = error.hints.clone();
            let sentences = std::iter::once(error.message).chain(hints).collect();
            Intro { is_good: false, sentences }
        }
    })
}

fn said(list: &List, found: usize, total: usize, (first, shown): (usize, usize)) -> String {
    let noun = list.noun[usize::from(found != 1)];
    let range = if shown < found {
        format!("{} to {} of {found} {noun}", first + 1, first + shown)
    } else {
        format!("{found} {noun}")
    };
    if found == total { range } else { format!("{range}, out of {total}") }
}

fn head(list: &List, moment: &Moment, query: &Query, first: Option<&usize>) -> Vec<Head> {
    let sort = query.get("sort").unwrap_or(list.sort);
    let column = |column: &Column| {
        let is_up = sort == column.key;
        let is_down = sort.strip_prefix('-') == Some(column.key);
        let next = if is_up { format!("-{}", column.key) } else { column.key.to_owned() };
        let query = query.with("page", None).with("sort", Some(&next));
        let is_number = first.is_some_and(|item| (column.cell)(moment, *item).is_number());
        Head {
            title: column.title,
            href: format!("/{}{}", list.key, query.suffix()),
            sorted: if is_up { Some("ascending") } else { is_down.then_some("descending") },
            is_number,
        }
    };
    list.columns.iter().map(column).collect()
}

/// What can be chosen from; nothing where there is no choice.
fn choice(list: &List, moment: &Moment, facet: &Facet, query: &Query) -> Option<Choice> {
    if facet.title.is_empty() {
        return None;
    }
    let chosen: Vec<&str> = match query.all(facet.key).collect::<Vec<_>>() {
        none if none.is_empty() => facet.otherwise.into_iter().collect(),
        some => some,
    };
    let mut words = list.words(moment, facet);
    let is_narrowed = !chosen.is_empty() && chosen != [ANY];
    if words.len() < 2 && !is_narrowed {
        return None;
    }
    words.truncate(WORDS_MAX);
    let option = |(word, count): (String, usize)| Word {
        shown: lists::words(&word),
        is_chosen: chosen.contains(&word.as_str()),
        word,
        count,
    };
    Some(Choice {
        key: facet.key,
        title: facet.title,
        has_otherwise: facet.otherwise.is_some(),
        options: words.into_iter().map(option).collect(),
    })
}

fn chips(moment: &Moment, list: &List, query: &Query) -> Vec<Chip> {
    let named = list.facets.iter().flat_map(|facet| {
        query.all(facet.key).filter(|word| *word != ANY).map(move |word| (facet, word))
    });
    let chip = |(facet, word): (&Facet, &str)| Chip {
        title: if facet.title.is_empty() { facet.key } else { facet.title }.to_owned(),
        word: match moment.graph.identity(&word.into()) {
            Some(identity) => identity.name.clone(),
            None => lists::words(word),
        },
        href: format!("/{}{}", list.key, query.with(facet.key, None).with("page", None).suffix()),
    };
    named.map(chip).collect()
}
