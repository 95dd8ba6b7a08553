//! The list of members: which of its columns says what, how many it says there are, how it goes on.

use std::collections::BTreeMap;

use rollbook_core::account::State;
use serde::Deserialize;

use super::{Element, Phrase};

/// `[browser.members]`: how the table of members is read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// What the page says of how many members there are, with the blank `{count}`, e.g.
    /// `{count} members`. Only if as many were read is the reading whole.
    pub count: Phrase,
    /// What leads to the next page; gone or switched off on the last one.
    #[serde(default)]
    pub next: Option<Element>,
    /// What puts more rows below those that are there; gone or switched off when all are.
    #[serde(default)]
    pub more: Option<Element>,
    /// Where a row says what.
    pub columns: BTreeMap<Field, Cell>,
    /// What the words in the column `state` mean. A word that is not here leaves the view partial.
    #[serde(default)]
    pub state: Vec<StateWord>,
    /// The state where no word is there at all.
    #[serde(default)]
    pub otherwise: Option<State>,
    /// Roles of which each may change everything.
    #[serde(default)]
    pub admin: Vec<String>,
}

impl Members {
    /// The state that a word in its column means; `None` if nothing says it.
    pub fn state_of(&self, word: &str) -> Option<State> {
        let word = word.trim();
        if word.is_empty() {
            return self.otherwise;
        }
        let is =
            |known: &&StateWord| known.is.iter().any(|is| is.to_lowercase() == word.to_lowercase());
        self.state.iter().find(is).map(|known| known.means)
    }
}

/// What of an account a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The app's stable id of the account; where none is said, its address.
    Key,
    /// The name to sign in with; where none is said, its address.
    Login,
    /// The address.
    Email,
    /// The whole name as shown.
    DisplayName,
    /// Given name.
    GivenName,
    /// Family name.
    FamilyName,
    /// Its role, or several with commas between them.
    Role,
    /// Whether it lets anybody in.
    State,
    /// The seat that is billed.
    Seat,
}

/// Where a row says something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "CellText")]
pub enum Cell {
    /// In the column with this head, all of it or one of its lines (from 1).
    Column {
        /// The head, as people see it.
        head: String,
        /// Which line; `None`: all.
        line: Option<usize>,
    },
    /// In an attribute of the row, which nobody sees, e.g. `data-member-id`.
    Attribute(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CellText {
    Head(String),
    Line { column: String, line: usize },
    Attribute { attribute: String },
}

impl From<CellText> for Cell {
    fn from(text: CellText) -> Self {
        match text {
            CellText::Head(head) => Self::Column { head, line: None },
            CellText::Line { column, line } => Self::Column { head: column, line: Some(line) },
            CellText::Attribute { attribute } => Self::Attribute(attribute),
        }
    }
}

/// What words in the column `state` mean.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateWord {
    /// The words; capitals do not matter.
    pub is: Vec<String>,
    /// The state.
    pub means: State,
}
