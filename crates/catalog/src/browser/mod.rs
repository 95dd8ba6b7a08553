//! How the `browser` channel drives an app that has nothing but pages: what an administrator does there,
//! as steps.
//!
//! Steps are data from closed lists, without expressions and conditions. What no step can say becomes
//! a new one, with a test, and can then be said about every app. Waiting, paging, pop-ups, masking,
//! signing in again and every check before a press are the engine's and never an app file's.

mod check;
mod element;
mod members;
mod phrase;
mod step;

use std::collections::BTreeMap;

use rollbook_core::change::Basis;
use serde::Deserialize;
use toml::Spanned;

pub use element::{By, Element, ROLES};
pub use members::{Cell, Field, Members, StateWord};
pub use phrase::{Part, Phrase, Unknown, Word};
pub use step::{Act, Purpose, Step};

pub(crate) use check::{browser, unsafe_steps};

use crate::text::RouteText;

/// The browser route of one app. Made by [`crate::App::parse`] only, so that whoever holds one may
/// rely on the checks: every operation of the route has its steps, every blank something to fill it.
#[derive(Clone, Debug, PartialEq)]
pub struct Browser {
    /// Where the app's pages are, without a slash at its end, e.g. `https://app.example.com`.
    pub base_url: Phrase,
    /// Further hosts without which its pages do not work, e.g. `https://static.example.com`. No
    /// secret is ever typed on a page of theirs.
    pub origins: Vec<String>,
    /// What the instance must give beside its secrets, by the words that the blanks use, and what each
    /// is for people.
    pub settings: BTreeMap<String, String>,
    /// How the list of members is read.
    pub members: Members,
    /// What may stand in the way at any moment, and what closes it.
    pub popups: Vec<Popup>,
    /// The role that is left when another one is taken away.
    pub lowest_role: Option<String>,
    /// What is done, by what it is for.
    pub steps: BTreeMap<Purpose, Vec<Step>>,
}

impl Browser {
    /// The steps for one purpose; none where it has none.
    pub fn steps(&self, purpose: Purpose) -> &[Step] {
        self.steps.get(&purpose).map_or(&[], Vec::as_slice)
    }
}

/// Something that may stand in the way at any moment, e.g. a banner about cookies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Popup {
    /// What stands in the way.
    pub at: Element,
    /// What in it closes it without agreeing to anything.
    pub close: Element,
}

/// `[browser]` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrowserText {
    can: Vec<Spanned<String>>,
    #[serde(default)]
    irreversible: Vec<Spanned<String>>,
    basis: Basis,
    #[serde(default)]
    basis_of: BTreeMap<String, Spanned<Basis>>,
    source: Option<String>,
    checked_on: Option<jiff::civil::Date>,
    base_url: Spanned<Phrase>,
    #[serde(default)]
    origins: Vec<Spanned<String>>,
    #[serde(default)]
    settings: BTreeMap<String, Spanned<String>>,
    members: Spanned<Members>,
    #[serde(default)]
    popups: Vec<Spanned<Popup>>,
    lowest_role: Option<String>,
    steps: BTreeMap<Spanned<String>, Vec<Spanned<Step>>>,
}

impl BrowserText {
    /// The part that every kind of route has.
    pub(crate) fn route(&self) -> RouteText {
        RouteText {
            can: self.can.clone(),
            irreversible: self.irreversible.clone(),
            basis: self.basis,
            basis_of: self.basis_of.clone(),
            source: self.source.clone(),
            checked_on: self.checked_on,
        }
    }
}
