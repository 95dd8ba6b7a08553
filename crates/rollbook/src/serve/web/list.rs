//! Lists: what every table of the console and every collection of the API has in common.
//!
//! A [`List`] says how many items there are and what stands in each column of one; this module
//! narrows, sorts, pages and writes them. A page of HTML, a CSV file and an answer of the API are the
//! same rows.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_core::canonical::fold;
use rollbook_core::role::Right;

use super::cell::{Cell, Value};
use super::moment::Moment;
use super::query::Query;

/// A table that can be asked for.
pub(crate) struct List {
    /// Its place: `/people` in the console, `/api/v1/people` in the API.
    pub(crate) key: &'static str,
    /// Its heading.
    pub(crate) title: &'static str,
    /// What it holds, as one sentence.
    pub(crate) lead: &'static str,
    /// One item and several, as people call them.
    pub(crate) noun: [&'static str; 2],
    /// Who may see it.
    pub(crate) right: Right,
    /// How many items there are.
    pub(crate) count: fn(&Moment) -> usize,
    /// What tells an item from every other, for as long as it is there.
    pub(crate) id: fn(&Moment, usize) -> String,
    /// What stands in it.
    pub(crate) columns: &'static [Column],
    /// By which words it can be narrowed.
    pub(crate) facets: &'static [Facet],
    /// How it is sorted where nobody says: a column's key, `-` in front for the other way round;
    /// empty: as the items come.
    pub(crate) sort: &'static str,
    /// What to do where it holds nothing at all.
    pub(crate) empty: &'static str,
}

/// A column of a list.
pub(crate) struct Column {
    /// Its name for programs and in addresses.
    pub(crate) key: &'static str,
    /// Its head.
    pub(crate) title: &'static str,
    /// What stands there.
    pub(crate) cell: fn(&Moment, usize) -> Cell,
}

/// Words by which a list can be narrowed.
pub(crate) struct Facet {
    /// Its name in addresses.
    pub(crate) key: &'static str,
    /// As people call it; empty: there are too many words to choose from.
    pub(crate) title: &'static str,
    /// The words of one item.
    pub(crate) words: fn(&Moment, usize) -> Vec<String>,
    /// The word that counts where nobody says another; `any` then asks for all.
    pub(crate) otherwise: Option<&'static str>,
}

/// The word of a facet for everything.
pub(crate) const ANY: &str = "any";
/// The longest text that is searched for, in characters.
const SEARCH_MAX: usize = 200;

/// What was asked of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    search: Vec<String>,
    facets: BTreeMap<&'static str, BTreeSet<String>>,
    sort: Option<(usize, bool)>,
}

/// Why a list cannot be asked that.
pub(crate) type Misasked = String;

impl List {
    /// Reads what is asked.
    ///
    /// # Errors
    /// A sentence, where the text is too long or there is no such column to sort by.
    pub(crate) fn asked(&self, query: &Query) -> Result<Asked, Misasked> {
        let search = query.get("q").unwrap_or_default();
        if search.chars().count() > SEARCH_MAX {
            return Err(format!("Search for at most {SEARCH_MAX} characters."));
        }
        let mut facets = BTreeMap::new();
        for facet in self.facets {
            let mut words: BTreeSet<String> = query.all(facet.key).map(str::to_owned).collect();
            if words.is_empty() {
                words.extend(facet.otherwise.map(str::to_owned));
            }
            if !words.is_empty() && !words.contains(ANY) {
                facets.insert(facet.key, words);
            }
        }
        let sort = query.get("sort").unwrap_or(self.sort);
        let search = search.split_whitespace().map(fold).collect();
        Ok(Asked { search, facets, sort: self.sorted_by(sort)? })
    }

    fn sorted_by(&self, sort: &str) -> Result<Option<(usize, bool)>, Misasked> {
        let (key, is_down) = sort.strip_prefix('-').map_or((sort, false), |key| (key, true));
        if key.is_empty() {
            return Ok(None);
        }
        let at = self.columns.iter().position(|column| column.key == key);
        at.map(|at| Some((at, is_down))).ok_or_else(|| {
            let keys: Vec<&str> = self.columns.iter().map(|column| column.key).collect();
            format!("This list cannot be sorted by `{key}`; it has {}.", keys.join(", "))
        })
    }

    /// The items that fit, in order.
    pub(crate) fn pick(&self, moment: &Moment, asked: &Asked) -> Vec<usize> {
        let all = 0..(self.count)(moment);
        let mut items: Vec<usize> = all.filter(|item| self.fits(moment, asked, *item)).collect();
        if let Some((column, is_down)) = asked.sort {
            let cell = self.columns[column].cell;
            let mut keyed: Vec<_> =
                items.into_iter().map(|item| (cell(moment, item).value, item)).collect();
            keyed.sort_by(|(a, at), (b, other)| {
                let order = a.compare(b);
                let is_unknown = matches!(a, Value::Nothing) != matches!(b, Value::Nothing);
                // What is not known stays at the end either way.
                let order = if is_down && !is_unknown { order.reverse() } else { order };
                order.then(at.cmp(other))
            });
            items = keyed.into_iter().map(|(_, item)| item).collect();
        }
        items
    }

    fn fits(&self, moment: &Moment, asked: &Asked, item: usize) -> bool {
        let by_facets = self.facets.iter().all(|facet| match asked.facets.get(facet.key) {
            Some(wanted) => (facet.words)(moment, item).iter().any(|word| wanted.contains(word)),
            None => true,
        });
        by_facets && (asked.search.is_empty() || self.holds(moment, &asked.search, item))
    }

    /// Whether every word stands somewhere in the item.
    fn holds(&self, moment: &Moment, words: &[String], item: usize) -> bool {
        let mut text = fold(&(self.id)(moment, item));
        for column in self.columns {
            let cell = (column.cell)(moment, item);
            let parts = [Some(cell.value.text()), cell.shown, cell.note];
            for part in parts.into_iter().flatten() {
                text.push('\n');
                text += &fold(&part);
            }
        }
        words.iter().all(|word| text.contains(word.as_str()))
    }

    /// The words of a facet over all items, with how many items have each; the most frequent first.
    pub(crate) fn words(&self, moment: &Moment, facet: &Facet) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for item in 0..(self.count)(moment) {
            for word in (facet.words)(moment, item) {
                *counts.entry(word).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        counts
    }

    /// The items as a CSV file (RFC 4180), one line each. No cell can be taken for a formula.
    pub(crate) fn csv(&self, moment: &Moment, items: &[usize]) -> String {
        let mut out = String::new();
        let line = |cells: &mut dyn Iterator<Item = String>| {
            let cells: Vec<String> = cells.map(|text| csv_cell(&text)).collect();
            format!("{}\r\n", cells.join(","))
        };
        out += &line(
            &mut std::iter::once("id".to_owned())
                .chain(self.columns.iter().map(|column| column.key.to_owned())),
        );
        for &item in items {
            let id = (self.id)(moment, item);
            let cells = self.columns.iter().map(|c| (c.cell)(moment, item).value.csv());
            out += &line(&mut std::iter::once(id).chain(cells));
        }
        out
    }
}

impl Value {
    /// In a file: moments in full, everything else as it is read.
    fn csv(&self) -> String {
        match self {
            Self::Moment(at) => at.to_string(),
            other => other.text(),
        }
    }
}

/// One cell of a CSV file. A spreadsheet takes what begins with one of these signs for a formula, so
/// an apostrophe goes in front, which spreadsheets show as text.
fn csv_cell(text: &str) -> String {
    let first = text.trim_start_matches([' ', '\u{a0}']).chars().next();
    let is_formula = matches!(
        first,
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '|' | '＝' | '＋' | '－' | '＠')
    );
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\r', '\n', ';', '\t']) || is_formula {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_a_file_is_a_formula() {
        let cells = ["Ana", "=1+1", "  =1", "-2", "@x", "a,b", "say \"a\"", "+49 30", "＝1", "\tx"];
        let written: Vec<String> = cells.iter().map(|text| csv_cell(text)).collect();
        insta::assert_snapshot!(written.join("\n"), @r#"
        Ana
        "'=1+1"
        "'  =1"
        "'-2"
        "'@x"
        "a,b"
        "say ""a"""
        "'+49 30"
        "'＝1"
        "'	x"
        "#);
    }
}
