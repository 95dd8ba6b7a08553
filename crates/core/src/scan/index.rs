//! Texts and whom each of them names, at few bytes a text.
//!
//! A table of 64-bit prints with open addressing; the texts lie one after the other in one arena.
//! A print only finds a text faster: the bytes themselves are compared, so two texts that happen to
//! have one print are still told apart.

/// Who a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Nobody.
    Nobody,
    /// One human.
    One(u32),
    /// Several humans, so that the text decides nothing.
    Several,
}

/// More texts than places can be counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

const FREE: u32 = u32::MAX;
const SEVERAL: u32 = u32::MAX - 1;

/// The numbers of humans lie below this.
pub(super) const HUMANS_MAX: u32 = SEVERAL;

#[derive(Clone, Copy, Debug)]
struct Slot {
    print: u64,
    /// Where in the arena the text begins, after its length.
    text: u32,
    human: u32,
}

const EMPTY: Slot = Slot { print: 0, text: 0, human: FREE };

/// Texts to humans.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// A power of two of slots, at most two thirds of them used.
    slots: Vec<Slot>,
    used: usize,
    arena: Arena,
}

impl Default for Index {
    fn default() -> Self {
        Self { slots: vec![EMPTY; 64], used: 0, arena: Arena::default() }
    }
}

impl Index {
    /// Whom `text` names.
    pub(super) fn get(&self, text: &[u8]) -> Named {
        let print = print(text);
        match self.slots[self.place(print, text)].human {
            FREE => Named::Nobody,
            SEVERAL => Named::Several,
            human => Named::One(human),
        }
    }

    /// Lets `text` name `human`, beside whomever it names already.
    pub(super) fn name(&mut self, text: &[u8], human: u32) -> Result<(), Full> {
        let (slot, _) = self.slot(text, human)?;
        if self.slots[slot].human != human {
            self.slots[slot].human = SEVERAL;
        }
        Ok(())
    }

    /// The human whom `text` names; if there is none yet, `next` is from now on. The second part is
    /// where the text lies in the arena.
    pub(super) fn human_or(&mut self, text: &[u8], next: u32) -> Result<(u32, u32), Full> {
        let (slot, _) = self.slot(text, next)?;
        Ok((self.slots[slot].human, self.slots[slot].text))
    }

    /// The texts alone.
    pub(super) fn into_arena(self) -> Arena {
        self.arena
    }

    /// The slot of `text`, made for `human` if there was none, and whether it was made.
    fn slot(&mut self, text: &[u8], human: u32) -> Result<(usize, bool), Full> {
        let print = print(text);
        let place = self.place(print, text);
        if self.slots[place].human != FREE {
            return Ok((place, false));
        }
        self.slots[place] = Slot { print, text: self.arena.push(text)?, human };
        self.used += 1;
        if self.used * 3 <= self.slots.len() * 2 {
            return Ok((place, true));
        }
        self.grow();
        Ok((self.place(print, text), true))
    }

    /// Where `text` lies, or the free slot where it would.
    fn place(&self, print: u64, text: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = start(print, mask);
        loop {
            let slot = &self.slots[at];
            if slot.human == FREE || (slot.print == print && self.arena.get(slot.text) == text) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![EMPTY; mask + 1];
        for slot in self.slots.iter().filter(|slot| slot.human != FREE) {
            let mut at = start(slot.print, mask);
            while slots[at].human != FREE {
                at = (at + 1) & mask;
            }
            slots[at] = *slot;
        }
        self.slots = slots;
    }
}

fn start(print: u64, mask: usize) -> usize {
    // The upper half is as well mixed as the lower, and fits a `usize` everywhere.
    (print >> 32) as usize & mask
}

/// Texts one after the other, each after its length.
#[derive(Clone, Debug, Default)]
pub(super) struct Arena {
    bytes: Vec<u8>,
}

const LENGTH: usize = size_of::<u32>();

impl Arena {
    fn push(&mut self, text: &[u8]) -> Result<u32, Full> {
        let at = u32::try_from(self.bytes.len()).map_err(|_| Full)?;
        let length = u32::try_from(text.len()).map_err(|_| Full)?;
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(text);
        Ok(at)
    }

    /// The text that begins at `at`.
    pub(super) fn get(&self, at: u32) -> &[u8] {
        let rest = &self.bytes[at as usize..];
        let (length, rest) = rest.split_first_chunk::<LENGTH>().expect("every text has a length");
        &rest[..u32::from_le_bytes(*length) as usize]
    }
}

/// A number that equal texts share and others hardly ever. The same everywhere; not stored.
fn print(text: &[u8]) -> u64 {
    let mut chunks = text.chunks_exact(8);
    let mut print = text.len() as u64 ^ 0xA076_1D64_78BD_642F;
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("the chunks have eight bytes"));
        print = stirred(print ^ word);
    }
    let mut last = [0; 8];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    stirred(stirred(print ^ u64::from_le_bytes(last)))
}

/// Multiplies and folds the two halves of the product.
fn stirred(number: u64) -> u64 {
    let product = u128::from(number) * 0x9E37_79B9_7F4A_7C15_u128;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_nobody_then_one_then_several() {
        let mut index = Index::default();
        assert_eq!(index.get(b"a"), Named::Nobody);
        for human in [7, 7] {
            index.name(b"a", human).expect("there is room");
            assert_eq!(index.get(b"a"), Named::One(7));
        }
        index.name(b"a", 8).expect("there is room");
        assert_eq!(index.get(b"a"), Named::Several);
        index.name(b"a", 7).expect("there is room");
        assert_eq!(index.get(b"a"), Named::Several);
        assert_eq!(index.get(b""), Named::Nobody);
    }

    #[test]
    fn texts_are_found_again_after_the_table_has_grown() {
        let mut index = Index::default();
        let text = |number: u32| format!("{number}{}", "x".repeat(number as usize % 20));
        for number in 0..5000 {
            index.name(text(number).as_bytes(), number).expect("there is room");
        }
        for number in 0..5000 {
            assert_eq!(index.get(text(number).as_bytes()), Named::One(number));
        }
        assert_eq!(index.get(b"5000"), Named::Nobody);
    }

    #[test]
    fn texts_with_one_print_are_told_apart_by_their_bytes() {
        let mut index = Index::default();
        index.name(b"here", 1).expect("there is room");
        let text = index.arena.push(b"there").expect("there is room");
        let print = print(b"other");
        let at = index.place(print, b"other");
        index.slots[at] = Slot { print, text, human: 2 };
        assert_eq!(index.get(b"other"), Named::Nobody);
    }
}
