//! The guard in front of the book: a delivery that is whole in itself but cannot be right beside
//! the last good one is kept out, and the last good one stays in force.

use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};

use rollbook_core::explain::counted;

use super::Delivery;
use crate::config::SourceConfig;
use crate::shrink::{lost_pct, shrunk};

/// A delivery in which more than this share of the known numbers is gone, in percent, while others
/// came in their place, has other numbers for the same people.
const RENUMBERED_PCT_MAX: u32 = 20;

/// The worker numbers of a delivery, as 64-bit prints: enough to count how many are gone and how
/// many are new, at 8 bytes each. Prints are the same within one build and are not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    prints: Vec<u64>,
}

impl Numbers {
    /// Takes prints in any order, with repetitions.
    pub(super) fn new(mut prints: Vec<u64>) -> Self {
        prints.sort_unstable();
        prints.dedup();
        Self { prints }
    }

    /// The print of one number.
    pub(super) fn print(number: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(number.as_bytes());
        hasher.finish()
    }

    /// How many different numbers there are.
    pub fn count(&self) -> u64 {
        self.prints.len() as u64
    }

    /// How many of these are not in `other`.
    fn missing_in(&self, other: &Self) -> u64 {
        let missing = self.prints.iter().filter(|print| other.prints.binary_search(print).is_err());
        missing.count() as u64
    }
}

/// What is known of the last good delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// Its records.
    pub rows: u64,
    /// Its worker numbers.
    pub numbers: Numbers,
}

impl LastGood {
    /// From what the book holds of it: how many records, and their numbers in any order.
    pub fn new<'a>(rows: u64, numbers: impl IntoIterator<Item = &'a str>) -> Self {
        Self { rows, numbers: Numbers::new(numbers.into_iter().map(Numbers::print).collect()) }
    }
}

/// Why a delivery is kept out. The last good one stays in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOut {
    /// What is suspicious, in a sentence for people.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl KeptOut {
    /// What is suspicious and what follows, in sentences for people.
    pub fn why(&self) -> String {
        format!(
            "{} It was kept out; the last good delivery stays in force and nobody is removed.",
            self.what
        )
    }
}

impl fmt::Display for KeptOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.why(), self.hint)
    }
}

/// Whether a delivery must be kept out beside the last good one. `None`: it may come in. The first
/// delivery always may.
pub fn stop(previous: Option<&LastGood>, now: &Delivery, config: &SourceConfig) -> Option<KeptOut> {
    let previous = previous?;
    let (before, after) = (previous.rows, now.rows);
    let name = &config.name;
    let file = &now.file;
    if shrunk(before, after, config.shrink_pct_max) {
        let pct = lost_pct(before, after);
        return Some(KeptOut {
            what: format!(
                "{file} of the source `{name}` holds {} where the last good delivery held {before}, \
                 which is {pct} % fewer.",
                counted(after, "record")
            ),
            hint: format!(
                "Deliver the whole file again. If so many have really left, say so for this \
                 delivery: `rollbook sync --accept-shrink {name} --reason \"…\"`."
            ),
        });
    }
    let gone = previous.numbers.missing_in(&now.numbers);
    let new = now.numbers.missing_in(&previous.numbers);
    let known = previous.numbers.count();
    let came = now.numbers.count();
    let limit = RENUMBERED_PCT_MAX.max(config.shrink_pct_max);
    if shrunk(known, known - gone, limit) && shrunk(came, came - new, limit) {
        return Some(KeptOut {
            what: format!(
                "In {file} of the source `{name}`, {gone} of the {known} known worker numbers are \
                 gone and {new} of {came} are new, as if everybody had been given another number."
            ),
            hint: format!(
                "Check that `number` is mapped to the column that it was mapped to before. If the \
                 numbers have really changed, say so for this delivery: `rollbook sync \
                 --accept-shrink {name} --reason \"…\"`."
            ),
        });
    }
    None
}
