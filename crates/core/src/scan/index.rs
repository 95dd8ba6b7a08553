//! Texts and whom each of them names, at few bytes a text.
//!
//! A table with open addressing and 16 bytes a slot. A short text lies in the slot itself, so that
//! finding it costs one look at memory; of a long one a print lies there, and the text in an arena.
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

/// What a slot says of its text: all of it up to eleven bytes, or a print and where it lies. The last
/// byte is the length, or [`LONG`].
type Mark = [u8; 12];

const LONG: u8 = u8::MAX;
const SHORT_MAX: usize = 11;

#[derive(Clone, Copy, Debug)]
struct Slot {
    mark: Mark,
    human: u32,
}

const EMPTY: Slot = Slot { mark: [0; 12], human: FREE };

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
        match self.slots[self.place(print(text), text)].human {
            FREE => Named::Nobody,
            SEVERAL => Named::Several,
            human => Named::One(human),
        }
    }

    /// The place at which the search for `text` begins.
    pub(super) fn begin(&self, text: &[u8]) -> usize {
        start(print(text), self.slots.len() - 1)
    }

    /// Looks at many places and does nothing with them. The processor waits for memory once for all
    /// of them, and [`Index::get`] need not wait again.
    pub(super) fn bring_near(&self, places: &[usize]) {
        std::hint::black_box(places.iter().fold(0, |seen, &at| seen ^ self.slots[at].human));
    }

    /// Lets `text` name `human`, beside whomever it names already.
    pub(super) fn name(&mut self, text: &[u8], human: u32) -> Result<(), Full> {
        let print = print(text);
        let place = self.place(print, text);
        let slot = &mut self.slots[place];
        if slot.human == FREE {
            *slot = Slot { mark: mark(text, print, &mut self.arena)?, human };
            self.used += 1;
            self.grow();
        } else if slot.human != human {
            slot.human = SEVERAL;
        }
        Ok(())
    }

    /// Where `text` lies, or the free slot where it would.
    fn place(&self, print: u64, text: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = start(print, mask);
        loop {
            let slot = &self.slots[at];
            if slot.human == FREE || self.is(slot.mark, print, text) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    /// Whether the slot with this mark is that of `text`.
    fn is(&self, mark: Mark, print: u64, text: &[u8]) -> bool {
        if text.len() <= SHORT_MAX {
            return usize::from(mark[SHORT_MAX]) == text.len() && mark[..text.len()] == *text;
        }
        let (known, at) = long(mark);
        mark[SHORT_MAX] == LONG && known == print >> 8 && self.arena.get(at) == text
    }

    /// Makes room, so that at most two thirds of the slots are used.
    fn grow(&mut self) {
        if self.used * 3 <= self.slots.len() * 2 {
            return;
        }
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![EMPTY; mask + 1];
        for slot in self.slots.iter().filter(|slot| slot.human != FREE) {
            let print = match slot.mark[SHORT_MAX] {
                LONG => print(self.arena.get(long(slot.mark).1)),
                length => print(&slot.mark[..usize::from(length)]),
            };
            let mut at = start(print, mask);
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

/// The mark of `text`; a long one is put into `arena`.
fn mark(text: &[u8], print: u64, arena: &mut Arena) -> Result<Mark, Full> {
    let mut mark = [0; 12];
    if let Some(short) = mark[..SHORT_MAX].get_mut(..text.len()) {
        short.copy_from_slice(text);
        mark[SHORT_MAX] = text.len() as u8;
        return Ok(mark);
    }
    mark[..7].copy_from_slice(&print.to_le_bytes()[1..]);
    mark[7..SHORT_MAX].copy_from_slice(&arena.push(text)?.to_le_bytes());
    mark[SHORT_MAX] = LONG;
    Ok(mark)
}

/// The upper seven bytes of the print and the place in the arena that the mark of a long text says.
fn long(mark: Mark) -> (u64, u32) {
    let [p1, p2, p3, p4, p5, p6, p7, a1, a2, a3, a4, _] = mark;
    (u64::from_le_bytes([p1, p2, p3, p4, p5, p6, p7, 0]), u32::from_le_bytes([a1, a2, a3, a4]))
}

/// Texts one after the other, each after its length.
#[derive(Clone, Debug, Default)]
pub(super) struct Arena {
    bytes: Vec<u8>,
}

const LENGTH: usize = size_of::<u32>();

impl Arena {
    /// Puts `text` at the end and says where it begins.
    pub(super) fn push(&mut self, text: &[u8]) -> Result<u32, Full> {
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
        let (text, other) = (b"a text that is long", b"another one as long");
        index.name(text, 1).expect("there is room");
        let at = index.place(print(text), text);
        let place = index.place(print(other), other);
        let known = mark(text, print(other), &mut Arena::default()).expect("there is room");
        index.slots[place] = Slot { mark: known, ..index.slots[at] };
        assert!(index.is(known, print(other), text));
        assert_eq!(index.get(other), Named::Nobody);
    }

    #[test]
    fn a_short_text_is_not_taken_for_one_that_goes_on() {
        let mut index = Index::default();
        index.name(b"1", 1).expect("there is room");
        index.name(b"12345678901", 2).expect("there is room");
        index.name(b"123456789012", 3).expect("there is room");
        let named = [&b"1"[..], b"1\0", b"", b"12345678901", b"123456789012", b"1234567890123"];
        let named = named.map(|text| index.get(text));
        let [one, two, three] = [1, 2, 3].map(Named::One);
        assert_eq!(named, [one, Named::Nobody, Named::Nobody, two, three, Named::Nobody]);
    }
}
