//! The lists that can be asked for, one file each.

mod accounts;
mod apps;
mod audit;
mod catalog;
mod coverage;
mod findings;
mod links;
mod moves;
mod people;
mod plans;
mod runs;
mod tasks;

use rollbook_core::account::State;
use rollbook_core::finding::Severity;
use rollbook_core::id::AccountRef;

use super::cell::{Cell, Tone};
use super::list::List;
use super::query::encoded;

pub(crate) use coverage::freshness;
pub(crate) use findings::{about, since};
pub(crate) use moves::{day_word, open_there, place};
pub(crate) use people::{Presence, last_day, presence};
pub(crate) use tasks::stands;

/// Every list, in the order of the navigation.
pub(crate) const LISTS: &[&List] = &[
    &people::LIST,
    &moves::LIST,
    &accounts::LIST,
    &apps::LIST,
    &links::LIST,
    &findings::LIST,
    &plans::LIST,
    &runs::LIST,
    &tasks::LIST,
    &coverage::LIST,
    &audit::LIST,
    &catalog::LIST,
];

/// The list with this key.
pub(crate) fn list(key: &str) -> Option<&'static List> {
    LISTS.iter().copied().find(|list| list.key == key)
}

/// Where the page of an account is.
pub(crate) fn account_page(account: &AccountRef) -> String {
    format!("/accounts/{}/{}", encoded(account.instance.as_str()), encoded(account.key.as_str()))
}

/// The state of an account, the most open first.
pub(crate) fn account_state(state: State) -> Cell {
    let (rank, tone) = match state {
        State::Active => (0, Tone::Plain),
        State::Invited => (1, Tone::Plain),
        State::Suspended => (2, Tone::Soft),
        State::Gone => (3, Tone::Soft),
    };
    Cell::ranked(rank, state.word(), tone)
}

/// How bad, the worst first.
pub(crate) fn severity(severity: Severity) -> Cell {
    let (rank, tone) = match severity {
        Severity::Critical => (0, Tone::Bad),
        Severity::High => (1, Tone::Bad),
        Severity::Medium => (2, Tone::Warn),
        Severity::Low => (3, Tone::Soft),
    };
    Cell::ranked(rank, severity.word(), tone)
}

/// A word of ours as people read it: `ambiguous_owner` is *ambiguous owner*.
pub(crate) fn words(word: &str) -> String {
    word.replace('_', " ")
}
