//! Does paging through the whole list show every account once, and can it be done by cursor?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ask::Ask;
use super::known::{Known, reply};
use super::list::ids;
use super::question::Question;
use super::reply::{Heard, Reply};
use super::verdict::Verdict;
use crate::{ListResponse, read};

/// More pages than this are not read for one question.
const PAGES_MAX: usize = 40;

/// Small enough that a list of three takes two pages.
const PAGE_MIN: u64 = 2;

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("paging.total", "RFC 7644 §3.4.2.4", ask_page, judge_total)
        .asks("Do all pages together hold as many different accounts as `totalResults` says?")
        .matters("A client misses accounts, or takes one that it did not see for gone.")
        .learns(learn_everybody),
    Question::new("paging.cursor", "RFC 9865 §2", ask_cursor, judge_cursor)
        .asks("Can pages be read by cursor?")
        .matters("Pages by number skip or repeat accounts when the list changes meanwhile."),
];

/// How many to ask for: so many that the list takes several pages, but not too many.
fn page_size(known: &Known) -> Result<u64, String> {
    let total = known.at_least(1)?;
    Ok(total.div_ceil(PAGES_MAX as u64 / 2).max(PAGE_MIN))
}

fn pages(heard: &[Heard]) -> Result<Vec<ListResponse>, String> {
    heard.iter().map(|it| it.reply()?.list()).collect()
}

/// The next page, while pages show something new.
fn ask_page(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let size = page_size(known)?;
    let pages = pages(heard)?;
    let mut seen = BTreeSet::new();
    for page in &pages {
        let fresh = ids(page).into_iter().filter(|id| seen.insert(id.clone())).count();
        if fresh == 0 {
            return Ok(None);
        }
    }
    if pages.len() >= PAGES_MAX || seen.len() as u64 >= known.at_least(1)? {
        return Ok(None);
    }
    let start = pages.iter().map(|page| page.items().len() as u64).sum::<u64>() + 1;
    let ask = Ask::get(&["Users"]).query("startIndex", start.to_string());
    Ok(Some(ask.query("count", size.to_string())))
}

fn judge_total(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let pages = pages(heard)?;
    let Some(last) = pages.last() else { return Err("It was not asked.".to_owned()) };
    let total = last.total_results.ok_or("The list does not say how many accounts there are.")?;
    let all: Vec<String> = pages.iter().flat_map(ids).collect();
    let distinct = all.iter().collect::<BTreeSet<_>>().len() as u64;
    if distinct == total {
        return Ok(if all.len() as u64 == distinct {
            Verdict::conforms("right", format!("Paging shows {total} accounts, each once."))
        } else {
            let says = format!("Paging shows {total} accounts, but some of them twice.");
            Verdict::deviates("overlaps", says)
        });
    }
    if pages.len() >= PAGES_MAX {
        let read = format!("{} pages were read, {distinct} of {total} accounts.", pages.len());
        return Err(format!("The list is too long to be read for this: {read}"));
    }
    if distinct > total {
        let says = format!("`totalResults` says {total}, but {distinct} accounts came.");
        return Ok(Verdict::deviates("too_low", says));
    }
    let why = match known.found.get("list.start_index").map(String::as_str) {
        Some("ignored") => " The pages are the same one again and again.",
        _ => "",
    };
    let says = format!("`totalResults` says {total}, but paging showed {distinct} accounts.{why}");
    Ok(Verdict::deviates("not_reached", says))
}

fn learn_everybody(known: &mut Known, heard: &[Heard]) {
    let Ok(pages) = pages(heard) else { return };
    let mut everybody = BTreeMap::new();
    for user in pages.iter().flat_map(ListResponse::items).filter_map(Value::as_object) {
        let (login, id) = (read::text_of(user, "userName"), read::text_of(user, "id"));
        let Some((login, id)) = login.zip(id) else { return };
        everybody.insert(login.to_lowercase(), id);
    }
    let total = pages.last().and_then(|page| page.total_results);
    known.everybody = (total == Some(everybody.len() as u64)).then_some(everybody);
}

fn ask_cursor(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let page = |cursor: &str| Ask::get(&["Users"]).query("cursor", cursor).query("count", "1");
    let next = || {
        let list = reply(heard, 0).and_then(Reply::list).ok()?;
        list.next_cursor
    };
    Ok(match heard.len() {
        0 => Some(page("")),
        1 => next().map(|cursor| page(&cursor)),
        _ => None,
    })
}

fn judge_cursor(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let first = reply(heard, 0)?;
    let promise = known.config.as_ref().and_then(|it| read::get(it, "pagination")?.as_object());
    let promised = promise.and_then(|it| read::boolean_of(it, "cursor")).unwrap_or(false);
    let absent = |value: &str, says: String| match promised {
        true => Verdict::deviates(value, format!("{says} The server promises cursors.")),
        false => Verdict::absent(value, says),
    };
    if !first.is_success() {
        let says = format!("A cursor is refused with {}.", first.said());
        return Ok(absent("refused", says));
    }
    let list = first.list()?;
    if list.next_cursor.is_none() {
        if known.at_least(2).is_err() {
            return Err("There are too few accounts for a second page.".to_owned());
        }
        return Ok(absent("ignored", "A cursor is passed over: no nextCursor comes.".to_owned()));
    }
    let second = reply(heard, 1)?.list()?;
    if ids(&second).is_empty() || ids(&second) == ids(&list) {
        let says = "The page behind nextCursor shows nothing new.";
        return Ok(Verdict::deviates("repeats", says));
    }
    Ok(Verdict::conforms("works", "nextCursor leads to the next page."))
}
