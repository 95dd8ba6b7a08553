//! Numbers that look random and are the same in every run.

/// A stream of numbers that follows from its seed (a Weyl sequence, mixed).
#[derive(Clone, Debug)]
pub struct Dice {
    at: u64,
}

impl Dice {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { at: mixed(seed) }
    }

    /// The next number.
    pub fn throw(&mut self) -> u64 {
        self.at = self.at.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.at)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: u64) -> u64 {
        self.throw() % end
    }

    /// `true` in `per_mille` of 1000 throws.
    pub fn hits(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of `all`, which is not empty.
    pub fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[usize::try_from(self.below(all.len() as u64)).expect("it is below a length")]
    }
}

/// Spreads every bit of `number` over all others, one to one.
pub fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let number = (number ^ (number >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    number ^ (number >> 32)
}
