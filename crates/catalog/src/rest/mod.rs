//! How the `rest` channel drives an app: requests with blanks, and where answers say what.
//!
//! There are no expressions and no conditions beyond closed lists. What an app needs and this cannot
//! say becomes a new member of one of the lists, with a test, and can then be said about every app.
//! Loop guards, retries, pacing and redaction are the engine's and never an app file's.

mod account;
mod auth;
mod call;
mod check;
mod paging;
mod pointer;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use rollbook_core::change::Basis;
use serde::Deserialize;
use toml::Spanned;

pub use account::{AccountShape, Condition, GroupShape, StateRule};
pub use auth::{Auth, ClientPlace, Half, Signature};
pub use call::{Call, Example, Later, Limits, Send};
pub use paging::{Paging, Spot, Turn};
pub use pointer::{Pointer, scalar};
pub use template::{Blank, Body, Template, Unfilled};

pub(crate) use check::{examples, rest, unshown};

use crate::request::RequestOp;
use crate::text::RouteText;

/// The REST route of one app. Made by [`crate::App::parse`] only, so that whoever holds one may rely
/// on the checks: every call's blanks can be filled, every operation of the route has its call.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// Where the API starts, without a slash at its end, e.g. `https://{tenant}.example.com/api`.
    pub base_url: Template,
    /// What the instance must give beside the secret, by the words that the blanks use, and what each
    /// is for people, e.g. `org_id` -> `the organisation's id, from the settings page`.
    pub settings: BTreeMap<String, String>,
    /// How a caller proves who it is.
    pub auth: Auth,
    /// Headers that every request carries.
    pub headers: BTreeMap<String, Template>,
    /// How lists are handed out.
    pub paging: Paging,
    /// Where an item says what.
    pub account: AccountShape,
    /// Where a group says what.
    pub group: Option<GroupShape>,
    /// The requests, in the order of the file.
    pub calls: Vec<Call>,
    /// How fast it may be asked, where the app says.
    pub limits: Option<Limits>,
    /// The role that remains when another is taken away, where roles can be set.
    pub lowest_role: Option<String>,
}

impl Rest {
    /// The calls for one purpose, in the order of the file.
    pub fn calls(&self, op: RequestOp) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.op == op)
    }

    /// The settings that the blanks use.
    fn settings_used(&self) -> BTreeSet<&str> {
        let calls = self.calls.iter().flat_map(Call::blanks);
        let lines = std::iter::once(&self.base_url).chain(self.headers.values());
        let lines = lines.chain(self.auth.templates()).flat_map(Template::blanks).cloned();
        let known = |blank: Blank| match blank {
            Blank::Setting(name) => {
                self.settings.get_key_value(&name).map(|(name, _)| name.as_str())
            }
            _ => None,
        };
        calls.chain(lines).filter_map(known).collect()
    }
}

/// `[rest]` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestText {
    can: Vec<Spanned<String>>,
    #[serde(default)]
    irreversible: Vec<Spanned<String>>,
    basis: Basis,
    #[serde(default)]
    basis_of: BTreeMap<String, Spanned<Basis>>,
    source: Option<String>,
    checked_on: Option<jiff::civil::Date>,
    base_url: Template,
    #[serde(default)]
    settings: BTreeMap<String, Spanned<String>>,
    auth: Auth,
    #[serde(default)]
    headers: BTreeMap<String, Template>,
    paging: Paging,
    account: Spanned<AccountShape>,
    group: Option<GroupShape>,
    #[serde(default)]
    call: Vec<Spanned<Call>>,
    limits: Option<Limits>,
    lowest_role: Option<String>,
}

impl RestText {
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
