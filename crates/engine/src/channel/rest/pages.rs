//! Walking through a list that comes page by page and may lie: a state machine fed with answers. Pure.
//!
//! A list is whole when the app said that it ended, in the way that its file names, and as many
//! different items came as it said there are. Where nothing says how many there are, lists that are
//! asked for by number end at an empty page and nowhere else. A page that comes again, an end that
//! comes too early, an item without a key and an item that comes twice make the list partial, unless
//! the count proves that nothing is missing.

use std::collections::BTreeSet;

use rollbook_catalog::rest::{Paging, Pointer, Spot, Turn};
use rollbook_core::explain::counted;
use rollbook_core::snapshot::Coverage;
use serde_json::{Value, json};

/// So many pages in a row may bring nothing new before the reading is ended.
const STALE_PAGES_MAX: u32 = 16;

/// What to ask for next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// What the request says, and where.
    pub says: Vec<(Spot, Word)>,
    /// The address to ask at, as the app named it; it is not judged yet.
    pub link: Option<String>,
}

/// Something that a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

impl Word {
    /// As it stands in a query or path.
    pub fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// As it stands in a body.
    pub fn json(&self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

/// What one answer says of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The key of each item, in their order; `None` for an item without one.
    pub keys: Vec<Option<String>>,
    /// How many items there are altogether.
    pub total: Option<u64>,
    /// Whether there is another page.
    pub more: Option<bool>,
    /// How many pages there are.
    pub pages: Option<u64>,
    /// The cursor or address of the next page.
    pub next: Option<String>,
    /// What names the last item.
    pub last: Option<String>,
}

impl Page {
    /// Reads an answer of which the `items` are known, with their `keys`; `link` is its `Link` header.
    pub fn read(
        paging: &Paging,
        body: &Value,
        items: &[&Value],
        keys: Vec<Option<String>>,
        link: Option<&str>,
    ) -> Self {
        let told = |at: &Option<Pointer>| at.as_ref().and_then(|at| at.text(body));
        let number = |at: &Option<Pointer>| told(at).and_then(|text| text.trim().parse().ok());
        let mut page = Self {
            keys,
            total: number(&paging.total),
            more: flag(told(&paging.more))
                .or_else(|| flag(told(&paging.last)).map(|is_last| !is_last)),
            ..Self::default()
        };
        match &paging.turn {
            Turn::Single | Turn::Offset { .. } => {}
            Turn::Page { pages, .. } => page.pages = number(pages),
            Turn::Cursor { next, .. } | Turn::Link { next: Some(next) } => {
                page.next = next
                    .first(body)
                    .filter(|next| **next != Value::Bool(false))
                    .and_then(rollbook_catalog::rest::scalar);
            }
            Turn::Link { next: None } => page.next = link.and_then(next_of),
            Turn::After { item, .. } => page.last = items.last().and_then(|last| item.text(last)),
        }
        page
    }
}

fn flag(text: Option<String>) -> Option<bool> {
    match text?.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// The items that a pointer names: the members of the lists that it points to, or the objects.
/// `None` when there is nothing at that place.
pub fn items<'a>(at: &Pointer, body: &'a Value) -> Option<Vec<&'a Value>> {
    let found = at.all(body);
    // `/teams/*` in an empty list of teams points to nothing, and that is no fault.
    let is_there = !found.is_empty() || starts(at).first(body).is_some_and(is_container);
    let members = found.into_iter().flat_map(|value| match value {
        Value::Array(members) => members.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    });
    is_there.then(|| members.collect())
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_) | Value::Null)
}

/// The part of a pointer before its first `*`, or one that points to nothing if it has none.
fn starts(at: &Pointer) -> Pointer {
    let text = at.to_string();
    let start = text.split_once("/*").map(|(start, _)| start.to_owned());
    start.and_then(|start| Pointer::try_from(start).ok()).unwrap_or_else(|| at.clone())
}

/// Whether `item` says anything at that place, be it that a list is empty.
pub fn tells(at: &Pointer, item: &Value) -> bool {
    at.first(item).is_some() || (at.to_string().contains("/*") && starts(at).first(item).is_some())
}

/// The address with the relation `next` in a `Link` header (RFC 8288 §3).
fn next_of(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (address, after) = after.split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let parameter = |name: &'static str| {
            let mut said = after[..end].split([';', ',']).filter_map(|it| it.split_once('='));
            let (_, value) = said.find(|(said, _)| said.trim().eq_ignore_ascii_case(name))?;
            Some(value.trim().trim_matches('"').to_ascii_lowercase())
        };
        let rel = parameter("rel").unwrap_or_default();
        // Sentry names a next page always, and says beside it whether there is anything on it.
        let is_empty = parameter("results").is_some_and(|results| results == "false");
        if rel.split_ascii_whitespace().any(|word| word == "next") && !is_empty {
            return Some(address.to_owned());
        }
        rest = &after[end..];
    }
    None
}

/// A list being read once from its first page to its last.
#[derive(Debug)]
pub struct Walk<'a> {
    paging: &'a Paging,
    items_max: usize,
    /// Where we are: the number, cursor or address to ask for; `None` at the first page of a list
    /// that is not asked for by number.
    at: Option<Word>,
    /// Cursors and addresses asked for.
    asked: BTreeSet<String>,
    keys: BTreeSet<String>,
    pages: u64,
    total: Option<u64>,
    nameless: usize,
    twice: usize,
    stale: u32,
    verdict: Option<Coverage>,
    may_settle: bool,
}

/// How sure it is that everything was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Whether what came is all there is.
    pub coverage: Coverage,
    /// How many there are, as the app says.
    pub total: Option<u64>,
    /// Whether a second reading may come to another end: the list may have moved meanwhile.
    pub may_settle: bool,
}

impl<'a> Walk<'a> {
    /// A list of which nothing was read. More than `items_max` items end the reading.
    pub fn new(paging: &'a Paging, items_max: usize) -> Self {
        let at = match &paging.turn {
            Turn::Page { first, .. } | Turn::Offset { first, .. } => {
                Some(Word::Number((*first).into()))
            }
            Turn::Single | Turn::Cursor { .. } | Turn::After { .. } | Turn::Link { .. } => None,
        };
        Self {
            paging,
            items_max,
            at,
            asked: BTreeSet::new(),
            keys: BTreeSet::new(),
            pages: 0,
            total: None,
            nameless: 0,
            twice: 0,
            stale: 0,
            verdict: None,
            may_settle: false,
        }
    }

    /// What to ask for next; `None` when the reading has ended.
    pub fn ask(&self) -> Option<Ask> {
        if self.verdict.is_some() {
            return None;
        }
        let mut ask = Ask::default();
        if let (Turn::Link { .. }, Some(Word::Text(link))) = (&self.paging.turn, &self.at) {
            return Some(Ask { link: Some(link.clone()), ..ask });
        }
        if let (Some(spot), Some(word)) = (spot(&self.paging.turn), &self.at) {
            ask.says.push((spot.clone(), word.clone()));
        }
        if let Some((spot, size)) = &self.paging.size {
            ask.says.push((spot.clone(), Word::Number((*size).into())));
        }
        Some(ask)
    }

    /// How many pages came.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// How many different items came.
    pub fn read(&self) -> usize {
        self.keys.len()
    }

    /// Takes the answer to [`Walk::ask`].
    pub fn take(&mut self, page: Page) {
        let got = page.keys.len();
        let mut fresh = 0;
        for key in &page.keys {
            match key {
                None => self.nameless += 1,
                Some(key) if self.keys.insert(key.clone()) => fresh += 1,
                Some(_) => self.twice += 1,
            }
        }
        self.pages += 1;
        self.total = page.total.or(self.total);
        self.stale = if fresh > 0 { 0 } else { self.stale + 1 };
        if self.keys.len() > self.items_max {
            let max = self.items_max;
            return self
                .stop(format!("There are more than {max} entries, so the reading was ended."));
        }
        match &self.paging.turn {
            Turn::Single if page.more == Some(true) => self.stop(
                "The instance says that there is more, and it is not known how to ask for it.",
            ),
            Turn::Single => self.close(),
            Turn::Page { .. } | Turn::Offset { .. } | Turn::After { .. } => {
                self.count_on(&page, got, fresh);
            }
            Turn::Cursor { .. } | Turn::Link { .. } => self.follow(page, fresh),
        }
    }

    /// A page past the first one was refused. That is the end if as many came as there are; `false`
    /// if it is not.
    pub fn refused(&mut self) -> bool {
        let by_number = matches!(self.paging.turn, Turn::Page { .. } | Turn::Offset { .. });
        let is_end = by_number && self.pages > 0 && self.has_all() && self.nameless == 0;
        if is_end {
            self.close();
        }
        is_end
    }

    /// Ends the reading early: `why` is a sentence.
    pub fn stop(&mut self, why: impl Into<String>) {
        self.verdict = Some(Coverage::Partial { why: why.into() });
    }

    /// What it came to. Partial unless [`Walk::ask`] has come to an end.
    pub fn finish(self) -> Walked {
        let unfinished = || Coverage::Partial { why: "The reading was not ended.".into() };
        let Self { verdict, total, may_settle, .. } = self;
        Walked { coverage: verdict.unwrap_or_else(unfinished), total, may_settle }
    }

    /// Pages that are asked for by number or by the last item.
    fn count_on(&mut self, page: &Page, got: usize, fresh: usize) {
        if got == 0 && page.more == Some(true) {
            return self.stop("The instance says that there is more and sent an empty page.");
        }
        if got > 0 && fresh == 0 {
            return self.close_at_repetition();
        }
        let is_last = page.pages.is_some_and(|pages| self.pages >= pages);
        if got == 0 || page.more == Some(false) || is_last || self.is_counted_out(got) {
            return self.close();
        }
        let next = match (&self.paging.turn, &self.at) {
            (Turn::Page { .. }, Some(Word::Number(at))) => Word::Number(at + 1),
            (Turn::Offset { .. }, Some(Word::Number(at))) => Word::Number(at + got as u64),
            _ => match &page.last {
                Some(last) => Word::Text(last.clone()),
                None => {
                    return self.stop(
                        "The last entry of a page does not say what the next page is asked for by.",
                    );
                }
            },
        };
        self.go_to(next);
    }

    /// Pages that are asked for by what the answer before gave.
    fn follow(&mut self, page: Page, fresh: usize) {
        if page.more == Some(false) || (fresh == 0 && self.has_all()) {
            return self.close();
        }
        match page.next {
            Some(_) if self.stale > STALE_PAGES_MAX => self.stop(format!(
                "The instance sent {} without anything new and names another one each time.",
                counted(self.stale as usize, "page")
            )),
            Some(next) => self.go_to(Word::Text(next)),
            None if page.more == Some(true) => self
                .stop("The instance says that there is more and does not say how to ask for it."),
            None => self.close(),
        }
    }

    fn go_to(&mut self, next: Word) {
        if !self.asked.insert(next.text()) {
            return self.stop(format!(
                "The instance led to a page that was read before, after {}.",
                counted(self.keys.len(), "entry")
            ));
        }
        self.at = Some(next);
    }

    /// Whether as many came as there are.
    fn has_all(&self) -> bool {
        self.total == Some(self.keys.len() as u64)
    }

    /// Whether the count says that this was the last page. A count that is no more than what a full
    /// first page holds may be the page's own; then another page is asked for.
    fn is_counted_out(&self, got: usize) -> bool {
        let size = self.paging.size.as_ref().map(|(_, size)| *size as usize);
        let is_full = size.is_none_or(|size| got >= size);
        self.has_all() && !(self.pages == 1 && is_full)
    }

    /// A page came again: the end of some lists, and a page number that is ignored in others.
    fn close_at_repetition(&mut self) {
        if self.has_all() && self.nameless == 0 {
            self.verdict = Some(Coverage::Complete);
        } else {
            self.stop(format!(
                "The instance sent the same page again after {}, and nothing proves that these \
                 are all.",
                counted(self.keys.len(), "entry")
            ));
        }
    }

    /// The app said that the list has ended.
    fn close(&mut self) {
        let came = self.keys.len();
        let missing = self.total.filter(|total| *total > came as u64);
        if self.nameless > 0 {
            let why = format!("{} without a key, so they cannot be told apart.", self.nameless);
            return self.stop(format!("Entries came {why}"));
        }
        self.may_settle = missing.is_some() || self.twice > 0;
        if let Some(total) = missing {
            self.stop(format!(
                "The instance says that there are {total} entries and delivered {came}."
            ));
        } else if self.twice > 0 && !self.has_all() {
            let twice = counted(self.twice, "entry");
            self.stop(format!(
                "The list moved while it was read: {twice} came twice, so others may have been \
                 passed over."
            ));
        } else {
            self.verdict = Some(Coverage::Complete);
            self.may_settle = false;
        }
    }
}

fn spot(turn: &Turn) -> Option<&Spot> {
    match turn {
        Turn::Page { at, .. }
        | Turn::Offset { at, .. }
        | Turn::Cursor { at, .. }
        | Turn::After { at, .. } => Some(at),
        Turn::Single | Turn::Link { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A paging as an app file writes it.
    fn paging(text: &str) -> Paging {
        toml::from_str(text).expect("a paging")
    }

    const PAGE: &str = "kind = \"page\"\nat = \"page\"\nsize_at = \"size\"\nsize = 3";
    const TOTAL: &str = "\ntotal = \"/total\"";

    fn keys(range: std::ops::Range<u64>) -> Vec<Option<String>> {
        range.map(|key| Some(key.to_string())).collect()
    }

    fn page(range: std::ops::Range<u64>) -> Page {
        Page { keys: keys(range), ..Page::default() }
    }

    /// Reads from `vendor`, which gives the answer to the nth request, and says how it ended.
    fn read(text: &str, vendor: impl Fn(usize) -> Page) -> String {
        let paging = paging(text);
        let mut walk = Walk::new(&paging, 1000);
        for nth in 0..100 {
            if walk.ask().is_none() {
                break;
            }
            walk.take(vendor(nth));
        }
        let (read, pages) = (walk.read(), walk.pages());
        match walk.finish().coverage {
            Coverage::Complete => format!("{read} in {pages}: complete"),
            Coverage::Partial { why } => format!("{read} in {pages}: {why}"),
        }
    }

    #[test]
    fn a_last_page_that_comes_again_is_the_end_only_if_the_count_agrees() {
        let repeats = |nth: usize| page(if nth == 0 { 0..3 } else { 3..5 });
        assert_eq!(
            read(PAGE, repeats),
            "5 in 3: The instance sent the same page again after 5 entries, and nothing proves that \
             these are all."
        );
        let with_total = |nth: usize| Page { total: Some(5), ..repeats(nth) };
        assert_eq!(read(&format!("{PAGE}{TOTAL}"), with_total), "5 in 2: complete");
    }

    #[test]
    fn an_end_that_comes_too_early_is_none() {
        let total = format!("{PAGE}{TOTAL}");
        let early =
            |nth: usize| Page { total: Some(9), ..page(if nth == 0 { 0..3 } else { 0..0 }) };
        assert_eq!(
            read(&total, early),
            "3 in 2: The instance says that there are 9 entries and delivered 3."
        );
        let more = format!("{PAGE}\nmore = \"/more\"");
        let empty =
            |nth: usize| Page { more: Some(true), ..page(if nth == 0 { 0..3 } else { 0..0 }) };
        assert_eq!(
            read(&more, empty),
            "3 in 2: The instance says that there is more and sent an empty page."
        );
        let cursor = "kind = \"cursor\"\nat = \"c\"\nnext = \"/next\"\nmore = \"/more\"";
        let silent = |_| Page { more: Some(true), ..page(0..3) };
        assert!(read(cursor, silent).contains("does not say how to ask for it"));
        assert!(read("kind = \"none\"\nmore = \"/more\"", silent).contains("there is more"));
    }

    #[test]
    fn a_count_that_is_only_the_pages_own_is_not_believed_at_once() {
        let total = format!("{PAGE}{TOTAL}");
        let lies = |nth: usize| {
            let first = (nth as u64 * 3).min(7);
            let came = page(first..(first + 3).min(7));
            Page { total: Some(came.keys.len() as u64), ..came }
        };
        assert_eq!(read(&total, lies), "7 in 4: complete");
    }

    #[test]
    fn cursors_that_lead_in_a_circle_are_left() {
        let cursor = "kind = \"cursor\"\nat = \"c\"\nnext = \"/next\"";
        let circle = |nth: usize| Page {
            next: Some(["b", "c", "a"][nth % 3].into()),
            ..page(nth as u64 * 2..nth as u64 * 2 + 2)
        };
        assert!(read(cursor, circle).contains("led to a page that was read before"));
        let endless = |nth: usize| Page { next: Some(nth.to_string()), ..page(0..2) };
        assert_eq!(
            read(cursor, endless),
            "2 in 18: The instance sent 17 pages without anything new and names another one each time."
        );
    }

    #[test]
    fn what_has_no_key_or_comes_twice_leaves_a_doubt() {
        let nameless = |nth: usize| match nth {
            0 => Page { keys: vec![Some("1".into()), None], ..Page::default() },
            _ => Page::default(),
        };
        assert!(read(PAGE, nameless).contains("1 without a key"), "{}", read(PAGE, nameless));
        let moved = |nth: usize| page([0..3, 2..5, 5..5][nth.min(2)].clone());
        assert!(read(PAGE, moved).contains("1 entry came twice"));
        let counted = |nth: usize| Page { total: Some(5), ..moved(nth) };
        assert_eq!(read(&format!("{PAGE}{TOTAL}"), counted), "5 in 2: complete");
    }

    #[test]
    fn a_list_without_end_is_ended() {
        let endless = |nth: usize| page(nth as u64 * 300..nth as u64 * 300 + 300);
        assert!(read(PAGE, endless).contains("more than 1000 entries"));
    }

    #[test]
    fn the_next_page_is_the_one_that_is_called_so_unless_it_is_said_to_be_empty() {
        let check = |header: &str, expected: Option<&str>| {
            assert_eq!(next_of(header).as_deref(), expected, "{header}");
        };
        check(
            r#"<https://x/a?p=0>; rel="prev", <https://x/a?p=2>; rel="next""#,
            Some("https://x/a?p=2"),
        );
        check("</a?p=2>; title=more; REL=\"last Next\"", Some("/a?p=2"));
        check(r#"<https://x/a>; rel="next"; results="true"; cursor="0:1:0""#, Some("https://x/a"));
        check(r#"<https://x/a>; rel="next"; results="false"; cursor="0:1:0""#, None);
        check(r#"<https://x/a>; rel="last""#, None);
        check("", None);
    }

    #[test]
    fn items_are_found_where_the_file_says_and_a_missing_list_is_no_empty_one() {
        let at = |text: &str| Pointer::try_from(text.to_owned()).unwrap();
        let count = |text: &str, body: Value| items(&at(text), &body).map(|found| found.len());
        assert_eq!(count("/users", json!({"users": [1, 2]})), Some(2));
        assert_eq!(count("/users", json!({"users": null})), Some(0));
        assert_eq!(count("/users", json!({"data": []})), None);
        assert_eq!(count("/*", json!({"2": {"id": 2}, "7": {"id": 7}})), Some(2));
        assert_eq!(count("/teams/*/members", json!({"teams": []})), Some(0));
        assert_eq!(
            count("/teams/*/members", json!({"teams": [{"members": [1]}, {"members": [2]}]})),
            Some(2)
        );
        assert_eq!(count("", json!([1])), Some(1));
    }

    /// Answers as an honest vendor with `size` items does, `at_most` to a page.
    fn honest(ask: &Ask, paging: &Paging, size: u64, at_most: u64, counts: bool) -> Page {
        let word = ask.says.iter().find(|(spot, _)| *spot == Spot::Query("at".into()));
        let said = match (word.map(|(_, word)| word.text()), &ask.link) {
            (Some(text), _) => text,
            (None, Some(link)) => link.clone(),
            (None, None) => "0".into(),
        };
        let at: u64 = said.trim_start_matches('k').parse().unwrap();
        let first = match &paging.turn {
            Turn::Page { first, .. } => (at - u64::from(*first)) * at_most,
            Turn::Offset { first, .. } => at - u64::from(*first),
            Turn::After { .. } if word.is_some() => at + 1,
            _ => at,
        }
        .min(size);
        let end = (first + at_most).min(size);
        Page {
            total: counts.then_some(size),
            next: (end < size).then(|| end.to_string()),
            last: (end > first).then(|| (end - 1).to_string()),
            ..page(first..end)
        }
    }

    proptest! {
        #[test]
        fn an_honest_list_of_any_size_is_read_whole_and_once(
            kind in prop::sample::select(vec![
                "kind = \"page\"\nat = \"at\"", "kind = \"page\"\nat = \"at\"\nfirst = 0",
                "kind = \"offset\"\nat = \"at\"", "kind = \"offset\"\nat = \"at\"\nfirst = 1",
                "kind = \"cursor\"\nat = \"at\"\nnext = \"/n\"",
                "kind = \"after\"\nat = \"at\"\nitem = \"/id\"", "kind = \"link\"",
            ]),
            size in 0_u64..200,
            at_most in 1_u64..50,
            asked in prop::option::of(1_u32..60),
            counts in any::<bool>(),
        ) {
            let sized = asked.map(|size| format!("\nsize_at = \"size\"\nsize = {size}"));
            let paging = paging(&format!("{kind}{}{TOTAL}", sized.unwrap_or_default()));
            let mut walk = Walk::new(&paging, 1000);
            let mut came = Vec::new();
            while let Some(ask) = walk.ask() {
                let page = honest(&ask, &paging, size, at_most, counts);
                came.extend(page.keys.iter().flatten().cloned());
                walk.take(page);
            }
            let expected: Vec<_> = (0..size).map(|key| key.to_string()).collect();
            prop_assert_eq!(came, expected);
            prop_assert!(walk.pages() <= size / at_most + 2);
            prop_assert_eq!(walk.finish().coverage, Coverage::Complete);
        }
    }
}
