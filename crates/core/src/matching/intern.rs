//! Texts as small numbers, so that comparing two of them is comparing two integers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

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

/// What is known by symbols. Asked for every field of every pair, hence the cheap hash; nobody can
/// choose symbols that collide, because they are numbered in the order of the input. It is only ever
/// asked for one key, so that the order of the map never shows.
pub(crate) type SymMap<K, V> = HashMap<K, V, BuildHasherDefault<SymHasher>>;

/// Mixes a few small numbers by multiplication.
#[derive(Default)]
pub(crate) struct SymHasher(u64);

impl SymHasher {
    fn mix(&mut self, number: u64) {
        // An odd number near 2^64 divided by the golden ratio spreads neighbours far apart.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for SymHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.mix(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn finish(&self) -> u64 {
        // The map takes its slot from the low bits, and multiplication mixes the high ones best.
        self.0 ^ (self.0 >> 32)
    }
}
