//! Texts as small numbers, so that comparing two of them is comparing two integers.

use std::collections::HashMap;

/// An interned text. [`NONE`] stands for "no text".
pub(crate) type Sym = u32;

/// The empty text, and every text that was never interned.
pub(crate) const NONE: Sym = 0;

/// Gives every distinct text a number.
///
/// A hash map is safe here although output must be repeatable: it is only ever asked for one key,
/// and numbers are given in the order of the input, never in the order of the map.
#[derive(Default)]
pub(crate) struct Interner {
    numbers: HashMap<Box<str>, Sym>,
}

impl Interner {
    /// The number of `text`, given now if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Sym {
        if text.is_empty() {
            return NONE;
        }
        if let Some(sym) = self.numbers.get(text) {
            return *sym;
        }
        let sym =
            Sym::try_from(self.numbers.len() + 1).expect("fewer than four billion distinct texts");
        self.numbers.insert(text.into(), sym);
        sym
    }

    /// The number of `text`, or [`NONE`] if it was never given one.
    pub(crate) fn find(&self, text: &str) -> Sym {
        self.numbers.get(text).copied().unwrap_or(NONE)
    }
}
