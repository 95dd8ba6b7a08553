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
