//! What every answer says, whatever was asked.

use jiff::Timestamp;
use serde::Serialize;

use super::seen::Seen;

/// One page of the answer to a question: `A` is said once, of all of it, and `R` is a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer<A, R> {
    /// The moment as of which the book was looked at.
    pub as_of: Timestamp,
    /// What to know before the rows are read, in full sentences. The first one says how well that was
    /// seen which the answer rests on. Our own words, numbers and names from the configuration only:
    /// nothing that stands in a directory.
    pub said: Vec<String>,
    /// What the answer rests on, with the id of each snapshot.
    pub views: Vec<Seen>,
    /// What is said of all of it.
    pub about: A,
    /// How many rows there are on all pages.
    pub total: usize,
    /// This page.
    pub rows: Vec<R>,
    /// What to ask with for the next page; `None`: this is the last one.
    pub next: Option<String>,
}
