//! Assembling a list from pages that may lie: a state machine fed with answers. Pure.
//!
//! A list is proven whole when a pass over it came to an end, every entry carried an id, and as many
//! different ids came as the instance said, the same number on every page. A pass ends at a page
//! without a new id, never at a count: totals that tell the page's size are common. What does not
//! agree is read a second time; what then does not agree is partial, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_core::snapshot::Coverage;
use rollbook_scim::read;
use serde_json::{Map, Value};

/// Some servers start at 0. It is tried only when exactly one entry is missing.
const FIRST_INDEX: u64 = 1;

/// One answer of a list request, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The entries.
    pub resources: Vec<Value>,
    /// How many there are in all, if the instance says so in a usable way.
    pub total: Option<u64>,
    /// How many it gives at most, if it says so.
    pub per_page: Option<u64>,
}

impl Page {
    /// Reads a list answer. Entries may also come as a bare list; numbers may come as text.
    ///
    /// # Errors
    /// What is wrong, as part of a sentence, when `Resources` is no list.
    pub fn read(body: &Value) -> Result<Self, String> {
        let object = match body {
            Value::Array(list) => {
                return Ok(Self { resources: list.clone(), ..Self::default() });
            }
            Value::Object(object) => object,
            _ => return Err("something that is no list".into()),
        };
        let number = |name| read::get(object, name).and_then(read::count);
        let resources = match read::get(object, "Resources") {
            None => Vec::new(),
            Some(Value::Array(list)) => list.clone(),
            Some(_) => return Err("`Resources` that is no list".into()),
        };
        Ok(Self { resources, total: number("totalResults"), per_page: number("itemsPerPage") })
    }
}

/// The id of a resource: any text but the empty one.
pub fn id_of(resource: &Map<String, Value>) -> Option<String> {
    read::text_of(resource, "id").filter(|id| !id.is_empty())
}

/// What to ask for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// `startIndex`; `None`: ask for the list without paging.
    pub start: Option<u64>,
    /// `count`, at least 1.
    pub count: u32,
}

/// How a list is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How many to ask for at once.
    pub page_size: u32,
    /// More than this end the reading.
    pub resources_max: usize,
    /// The administrator says that totals count the page only.
    pub totals_unusable: bool,
}

/// A list being read.
#[derive(Debug)]
pub struct Pages {
    rules: Rules,
    pass: Pass,
    earlier: Option<Pass>,
    resources: BTreeMap<String, Value>,
    verdict: Option<Coverage>,
}

/// One reading from the first page to the last.
#[derive(Debug)]
struct Pass {
    next: u64,
    count: u32,
    paged: bool,
    ids: BTreeSet<String>,
    totals: BTreeSet<Option<u64>>,
    overlapped: bool,
    nameless: usize,
    ended_empty: bool,
}

impl Pass {
    fn new(start: u64, count: u32, paged: bool) -> Self {
        Self {
            next: start,
            count,
            paged,
            ids: BTreeSet::new(),
            totals: BTreeSet::new(),
            overlapped: false,
            nameless: 0,
            ended_empty: false,
        }
    }

    /// The one total that every page told.
    fn total(&self) -> Option<u64> {
        let mut totals = self.totals.iter();
        match (totals.next(), totals.next()) {
            (Some(&one), None) => one,
            _ => None,
        }
    }

    fn agrees(&self) -> bool {
        self.nameless == 0 && self.total() == Some(self.ids.len() as u64)
    }
}

/// Everything that was read, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The entries by id.
    pub resources: BTreeMap<String, Value>,
    /// Whether they are all there are.
    pub coverage: Coverage,
    /// The count that the instance gave, where it gave one and the same.
    pub reported: Option<u64>,
}

impl Pages {
    /// A list of which nothing has been read.
    pub fn new(rules: Rules) -> Self {
        let pass = Pass::new(FIRST_INDEX, rules.page_size.max(1), true);
        Self { rules, pass, earlier: None, resources: BTreeMap::new(), verdict: None }
    }

    /// What to ask for next; `None` when all is read.
    pub fn ask(&self) -> Option<Ask> {
        let start = self.pass.paged.then_some(self.pass.next);
        self.verdict.is_none().then_some(Ask { start, count: self.pass.count })
    }

    /// Takes the answer to [`Pages::ask`].
    pub fn take(&mut self, page: Page) {
        let got = page.resources.len() as u64;
        let (fresh, first_is_new) = self.keep(page.resources);
        let pass = &mut self.pass;
        let past_the_end = fresh == 0 && !pass.totals.is_empty();
        // Some servers say 0 or nothing past the end; that is the end speaking, not the list.
        if !(past_the_end && page.total.unwrap_or(0) == 0) {
            pass.totals.insert(page.total);
        }
        pass.ended_empty = got == 0;
        if fresh == 0 {
            return self.close();
        }
        pass.overlapped |= fresh < got;
        if pass.next == 0 && !first_is_new {
            pass.next = FIRST_INDEX;
        }
        pass.next += got;
        if got < u64::from(pass.count) {
            let told = page.per_page.filter(|n| (got..=u64::from(pass.count)).contains(n));
            pass.count = u32::try_from(told.unwrap_or(got)).unwrap_or(pass.count);
        }
        if self.resources.len() > self.rules.resources_max {
            let max = self.rules.resources_max;
            self.stop(format!("There are more than {max} entries, so the reading was ended."));
        }
    }

    /// The request was refused (400, 404, 413). Past the end that means the end; at the start the
    /// page was too large or paging is not known, unless the list itself is `missing`. `false`: it
    /// is none of these and there is nothing else to try.
    pub fn refused(&mut self, missing: bool) -> bool {
        let pass = &mut self.pass;
        if !pass.ids.is_empty() {
            pass.ended_empty = true;
            let is_end = pass.agrees();
            if is_end {
                self.close();
            }
            return is_end;
        }
        if missing || !pass.paged {
            return false;
        }
        match pass.count {
            0..=25 => pass.paged = false,
            _ => pass.count /= 2,
        }
        true
    }

    /// Ends the reading early: `why` is a sentence.
    pub fn stop(&mut self, why: impl Into<String>) {
        self.verdict = Some(Coverage::Partial { why: why.into() });
    }

    /// How many different entries were read.
    pub fn read(&self) -> usize {
        self.resources.len()
    }

    /// What was read. Partial unless [`Pages::ask`] has come to an end.
    pub fn finish(self) -> Listing {
        let unfinished = || Coverage::Partial { why: "The reading was not ended.".into() };
        Listing {
            reported: self.pass.total(),
            coverage: self.verdict.unwrap_or_else(unfinished),
            resources: self.resources,
        }
    }

    /// Keeps new entries. How many were new in this pass, and whether the first of them was never
    /// seen in any.
    fn keep(&mut self, resources: Vec<Value>) -> (u64, bool) {
        let mut fresh = 0;
        let mut first_is_new = None;
        for resource in resources {
            let Some(id) = resource.as_object().and_then(id_of) else {
                self.pass.nameless += 1;
                continue;
            };
            first_is_new.get_or_insert(!self.resources.contains_key(&id));
            fresh += u64::from(self.pass.ids.insert(id.clone()));
            self.resources.insert(id, resource);
        }
        (fresh, first_is_new.unwrap_or_default())
    }

    /// Judges the pass that has come to its end; a doubtful first one is read again.
    fn close(&mut self) {
        if self.rules.totals_unusable {
            return self.close_without_totals();
        }
        let pass = &self.pass;
        if pass.agrees() && (self.earlier.is_some() || !pass.overlapped) {
            self.resources.retain(|id, _| self.pass.ids.contains(id));
            self.verdict = Some(Coverage::Complete);
        } else if self.earlier.is_none() && self.may_agree() {
            self.again();
        } else if self.union_agrees() {
            self.verdict = Some(Coverage::Complete);
        } else {
            self.stop(self.disagreement());
        }
    }

    /// Without usable totals two whole passes must have seen the same.
    fn close_without_totals(&mut self) {
        let pass = &self.pass;
        let sound = pass.ended_empty && !pass.overlapped && pass.nameless == 0;
        match &self.earlier {
            None if sound => self.again(),
            Some(earlier) if sound && earlier.ids == pass.ids => {
                self.verdict = Some(Coverage::Complete);
            }
            _ => self.stop(
                "The instance tells no usable total, and two readings of the list did not agree.",
            ),
        }
    }

    /// Whether a second pass can prove anything that the first did not.
    fn may_agree(&self) -> bool {
        let told_none = self.pass.totals.contains(&None);
        !(self.pass.ids.is_empty() || self.pass.nameless > 0 || told_none)
    }

    /// An unstable order shows different entries in each pass; together they may be all.
    fn union_agrees(&self) -> bool {
        let Some(earlier) = &self.earlier else { return false };
        let total = self.pass.total();
        self.pass.nameless + earlier.nameless == 0
            && total == earlier.total()
            && total == Some(self.resources.len() as u64)
    }

    fn again(&mut self) {
        let pass = &self.pass;
        let one_short = pass.total() == Some(pass.ids.len() as u64 + 1) && !pass.overlapped;
        let start = if one_short { 0 } else { FIRST_INDEX };
        let second = Pass::new(start, pass.count.max(self.first_count()), pass.paged);
        self.earlier = Some(std::mem::replace(&mut self.pass, second));
    }

    /// The last page of a pass is short, which must not make the pages of the next one small.
    fn first_count(&self) -> u32 {
        let seen = u32::try_from(self.pass.ids.len()).unwrap_or(u32::MAX);
        self.rules.page_size.min(seen).max(1)
    }

    fn disagreement(&self) -> String {
        let pass = &self.pass;
        let got = self.resources.len();
        if pass.nameless > 0 {
            return format!("{} entries carry no id, so they cannot be told apart.", pass.nameless);
        }
        if pass.totals.contains(&None) {
            return format!(
                "The instance does not say how many entries there are, so nothing proves that \
                 these {got} are all."
            );
        }
        match pass.total() {
            Some(total) if got == 0 => {
                format!("The instance says that there are {total} entries and delivered none.")
            }
            Some(total) => format!(
                "The instance says that there are {total} entries and delivered {got}; a second \
                 reading did not agree either."
            ),
            None => {
                let totals: Vec<_> = pass.totals.iter().flatten().map(u64::to_string).collect();
                format!(
                    "The instance said different totals from page to page ({}) and delivered \
                     {got}, in both readings.",
                    totals.join(", ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: Rules = Rules { page_size: 3, resources_max: 1000, totals_unusable: false };

    /// A vendor with `ids` that answers as `give` says, read to the end. More than 100 requests
    /// would be a loop.
    fn read_with(rules: Rules, give: impl Fn(Ask, usize) -> Page) -> (Listing, usize) {
        let mut pages = Pages::new(rules);
        let mut asked = 0;
        while let Some(ask) = pages.ask() {
            pages.take(give(ask, asked));
            asked += 1;
            assert!(asked < 100, "it loops");
        }
        (pages.finish(), asked)
    }

    fn page(total: impl Into<Option<u64>>, ids: impl IntoIterator<Item = u64>) -> Page {
        let resources = ids.into_iter().map(|id| json!({"id": id})).collect();
        Page { resources, total: total.into(), per_page: None }
    }

    /// What an honest vendor with the ids `0..n` gives, at most `cap` at once.
    fn honest(n: u64, cap: u64, ask: Ask) -> Page {
        let first = ask.start.unwrap_or(1).max(1) - 1;
        page(n, first.min(n)..(first + cap.min(ask.count.into())).min(n))
    }

    fn check(give: impl Fn(Ask, usize) -> Page) -> String {
        told(&read_with(RULES, give))
    }

    fn told((listing, asked): &(Listing, usize)) -> String {
        let coverage = match &listing.coverage {
            Coverage::Complete => "complete",
            Coverage::Partial { why } => why,
        };
        format!("{} in {asked}: {coverage}", listing.resources.len())
    }

    #[test]
    fn an_honest_list_is_read_to_its_end() {
        assert_eq!(check(|ask, _| honest(7, 100, ask)), "7 in 4: complete");
        assert_eq!(check(|ask, _| honest(6, 100, ask)), "6 in 3: complete");
        assert_eq!(check(|ask, _| honest(0, 100, ask)), "0 in 1: complete");
    }

    #[test]
    fn a_vendor_that_gives_less_than_asked_is_asked_for_that() {
        assert_eq!(check(|ask, _| honest(7, 2, ask)), "7 in 5: complete");
        let by_page_number = |ask: Ask, _| {
            let count = u64::from(ask.count).min(2);
            let first = (ask.start.unwrap_or(1) - 1) / u64::from(ask.count) * count;
            page(5, first.min(5)..(first + count).min(5))
        };
        assert_eq!(check(by_page_number), "5 in 4: complete");
    }

    #[test]
    fn a_vendor_without_paging_gives_all_twice_and_that_is_the_end() {
        assert_eq!(check(|_, _| page(5, 0..5)), "5 in 2: complete");
    }

    #[test]
    fn past_the_end_the_first_page_comes_again() {
        let wraps = |ask: Ask, _| match ask.start {
            Some(start) if start > 7 => honest(7, 100, Ask { start: Some(1), ..ask }),
            _ => honest(7, 100, ask),
        };
        assert_eq!(check(wraps), "7 in 4: complete");
    }

    #[test]
    fn past_the_end_the_total_is_zero_or_absent() {
        for total in [Some(0), None] {
            let gives = |ask: Ask, _| match ask.start {
                Some(start) if start > 5 => page(total, []),
                _ => honest(5, 100, ask),
            };
            assert_eq!(check(gives), "5 in 3: complete");
        }
    }

    #[test]
    fn a_list_cut_in_half_is_partial() {
        let half = |ask: Ask, _| Page { total: Some(500), ..honest(4, 100, ask) };
        assert_eq!(
            check(half),
            "4 in 6: The instance says that there are 500 entries and delivered 4; a second \
             reading did not agree either."
        );
    }

    #[test]
    fn nothing_although_there_should_be_something_is_partial() {
        let why = "The instance says that there are 500 entries and delivered none.";
        assert_eq!(check(|_, _| page(500, [])), format!("0 in 1: {why}"));
    }

    #[test]
    fn totals_that_lie_are_never_believed() {
        let billion = check(|ask, _| Page { total: Some(1_000_000_000), ..honest(4, 100, ask) });
        assert!(billion.contains("1000000000 entries and delivered 4"), "{billion}");
        let less = check(|ask, _| Page { total: Some(2), ..honest(4, 100, ask) });
        assert!(less.contains("2 entries and delivered 4"), "{less}");
        let none = check(|ask, _| Page { total: None, ..honest(4, 100, ask) });
        assert!(none.contains("does not say how many"), "{none}");
        let of_the_page = check(|ask, _| {
            let given = honest(7, 3, ask);
            Page { total: Some(given.resources.len() as u64), ..given }
        });
        assert!(of_the_page.contains("different totals"), "{of_the_page}");
    }

    #[test]
    fn where_totals_are_known_to_be_useless_two_readings_that_agree_are_the_proof() {
        let rules = Rules { totals_unusable: true, ..RULES };
        let of_the_page = |ask: Ask, _| {
            let given = honest(7, 3, ask);
            Page { total: Some(given.resources.len() as u64), ..given }
        };
        assert_eq!(told(&read_with(rules, of_the_page)), "7 in 8: complete");
        let growing = |ask: Ask, asked: usize| honest(if asked < 4 { 6 } else { 7 }, 3, ask);
        assert!(told(&read_with(rules, growing)).contains("did not agree"));
    }

    #[test]
    fn the_same_page_for_ever_ends() {
        let same = check(|_, _| page(9, 0..3));
        assert!(same.starts_with("3 in 4: The instance says that there are 9"), "{same}");
        let cycle = check(|_, asked| page(30, (asked as u64 % 3) * 3..(asked as u64 % 3) * 3 + 3));
        assert!(cycle.starts_with("9 in "), "{cycle}");
    }

    #[test]
    fn overlapping_pages_are_read_again_and_explained_by_the_count() {
        let overlapping = |ask: Ask, _| {
            let first = ask.start.unwrap_or(1).saturating_sub(2);
            page(7, first.min(7)..(first + 3).min(7))
        };
        let (listing, _) = read_with(RULES, overlapping);
        assert_eq!((listing.resources.len(), listing.coverage), (7, Coverage::Complete));
    }

    #[test]
    fn a_row_deleted_while_paging_hides_another_and_is_found_by_the_second_reading() {
        // 0..9; after the first page 1 is gone, so what was fourth is third and is skipped.
        let drifting = |ask: Ask, asked: usize| {
            let ids: Vec<u64> = (0..9).filter(|id| asked == 0 || *id != 1).collect();
            let first = usize::try_from(ask.start.unwrap_or(1).max(1) - 1).unwrap().min(ids.len());
            let end = (first + ask.count as usize).min(ids.len());
            page(ids.len() as u64, ids[first..end].iter().copied())
        };
        let (listing, _) = read_with(RULES, drifting);
        assert_eq!(listing.coverage, Coverage::Complete);
        let ids: Vec<_> = listing.resources.keys().map(String::as_str).collect();
        assert_eq!(ids, ["0", "2", "3", "4", "5", "6", "7", "8"], "the deleted one is left out");
    }

    #[test]
    fn a_vendor_that_counts_from_zero_is_understood() {
        let zero_based = |ask: Ask, _| {
            let first = ask.start.unwrap_or(0);
            page(7, first.min(7)..(first + u64::from(ask.count)).min(7))
        };
        let (listing, _) = read_with(RULES, zero_based);
        assert_eq!((listing.resources.len(), listing.coverage), (7, Coverage::Complete));
    }

    #[test]
    fn entries_without_an_id_make_the_list_partial() {
        let nameless = check(|_, _| Page { resources: vec![json!({"x": 1})], ..page(1, []) });
        assert!(nameless.contains("1 entries carry no id"), "{nameless}");
    }

    #[test]
    fn a_list_without_end_is_ended() {
        let rules = Rules { resources_max: 20, ..RULES };
        let endless = |ask: Ask, _| honest(u64::MAX / 2, 3, ask);
        assert!(told(&read_with(rules, endless)).contains("more than 20 entries"));
    }

    #[test]
    fn a_refused_page_is_asked_for_smaller_and_then_without_paging() {
        let mut pages = Pages::new(Rules { page_size: 100, ..RULES });
        let asked = std::iter::from_fn(|| {
            let ask = pages.ask()?;
            pages.refused(false).then_some((ask.start, ask.count))
        });
        let asked: Vec<_> = asked.collect();
        assert_eq!(asked, [(Some(1), 100), (Some(1), 50), (Some(1), 25)]);
        assert!(
            !Pages::new(RULES).refused(true),
            "a list that is not there is not asked for again"
        );
    }

    #[test]
    fn refused_past_the_end_is_the_end_only_if_the_count_agrees() {
        let mut whole = Pages::new(RULES);
        whole.take(honest(3, 3, whole.ask().unwrap()));
        assert!(whole.refused(true));
        assert_eq!(whole.finish().coverage, Coverage::Complete);
        let mut half = Pages::new(RULES);
        half.take(honest(9, 3, half.ask().unwrap()));
        assert!(!half.refused(true));
    }

    #[test]
    fn answers_are_read_in_the_forms_that_occur() {
        let read = |body: Value| Page::read(&body);
        let page = read(json!({"totalresults": "5", "ItemsPerPage": 2, "resources": [{"id": 1}]}));
        assert_eq!(
            page,
            Ok(Page { resources: vec![json!({"id": 1})], total: Some(5), per_page: Some(2) })
        );
        assert_eq!(read(json!({"totalResults": -1})), Ok(Page::default()));
        assert_eq!(read(json!([{"id": 1}])).unwrap().total, None);
        assert!(read(json!({"Resources": "x"})).is_err() && read(json!("x")).is_err());
    }
}
