//! One account beside its possible owners: what every comparison asks of it, found once.

use super::block::Predictions;
use super::convention::Template;
use super::intern::{Interner, NONE, Sym};
use super::nickname;
use super::roster::letter_of;
use super::seen::{Handle, Seen};

/// An account about to be compared with many people.
pub(crate) struct Sight<'a> {
    pub seen: &'a Seen,
    pub login: Maker<'a>,
    pub local: Maker<'a>,
    /// Nickname groups of the name they go by.
    pub used_nicknames: &'static [u16],
    /// First letter of the name they go by.
    pub used_letter: Sym,
    /// Whether the shown name says the name they go by too.
    pub is_used_shown: bool,
}

/// A login or local part, and whose name makes it.
pub(crate) struct Maker<'a> {
    pub handle: &'a Handle,
    /// The people whose name makes it, sorted, with the rank of the convention.
    pub ranks: Vec<(u32, u8)>,
    /// Whether the shown surname stands in it, or a part of it.
    pub repeats: bool,
}

impl<'a> Sight<'a> {
    /// Looks at an account whose class makes logins and local parts of addresses by these
    /// conventions.
    pub(crate) fn new(
        seen: &'a Seen,
        logins: &[Template],
        locals: &[Template],
        predictions: &Predictions,
        interner: &Interner,
    ) -> Self {
        let maker = |handle: &'a Handle, conventions| Maker {
            handle,
            ranks: predictions.of(handle, conventions, interner),
            repeats: seen.surnames.iter().any(|name| handle.base.contains(&**name)),
        };
        let says_used = |sym: Sym| seen.used != NONE && sym == seen.used;
        Self {
            seen,
            login: maker(&seen.login, logins),
            local: maker(&seen.local, locals),
            used_nicknames: nickname::groups_of(&seen.used_text.text),
            used_letter: letter_of(&seen.used_text.text),
            is_used_shown: seen.cuts.iter().any(|c| says_used(c.first) || says_used(c.given)),
        }
    }

    /// Whom the conventions suggest.
    pub(crate) fn makers(&self) -> impl Iterator<Item = u32> {
        self.login.ranks.iter().chain(&self.local.ranks).map(|(person, _)| *person)
    }
}
