//! Everybody who works or worked here, as far as keys and days go.

use jiff::civil::Date;

use super::bits::Bits;
use super::index::{Arena, Index};
use super::spell::{Day, Presence, Spell};

/// The number of a human within one roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Human(pub(super) u32);

/// Everybody who works or worked here, on one day. Made by [`super::Enrolment`].
#[derive(Debug)]
pub struct Roll {
    pub(super) today: Day,
    /// Source and number of everybody.
    pub(super) texts: Arena,
    /// Where they lie, for each human.
    pub(super) humans: Vec<u32>,
    pub(super) numbers: Index,
    pub(super) emails: Index,
    pub(super) logins: Index,
    /// All records, those of one human together.
    pub(super) spells: Vec<Spell>,
    /// Where the spells of each human begin; one more at the end.
    pub(super) first: Vec<u32>,
    pub(super) kinds: Vec<String>,
    pub(super) entitled: Vec<Bits>,
}

/// Whether everybody is here, as far as the instances go that are for the same kinds of worker.
#[derive(Debug)]
pub struct Presences {
    pub(super) of: Vec<Presence>,
    pub(super) covered: Vec<bool>,
}

impl Roll {
    /// How many humans there are.
    pub fn humans(&self) -> u64 {
        self.humans.len() as u64
    }

    /// How many worker records they have.
    pub fn records(&self) -> u64 {
        self.spells.len() as u64
    }

    /// The place of the source in the configuration, and the number there.
    pub fn number(&self, human: Human) -> (u16, &str) {
        let text = self.texts.get(self.humans[human.0 as usize]);
        let (source, number) = text.split_first_chunk().expect("the source comes first");
        let number = std::str::from_utf8(number).expect("the number was text when it came");
        (u16::from_le_bytes(*source), number)
    }

    /// The last day of the record that ended last by today, if any has.
    pub fn last_day(&self, human: Human) -> Option<Date> {
        let ended = self.spells(human.0).iter().filter(|spell| spell.ended_by(self.today));
        ended.map(|spell| spell.ends).max()?.date()?.yesterday().ok()
    }

    /// Judges everybody for instances that are for the kinds `covers`; empty: for all kinds.
    pub fn presences(&self, covers: &[String]) -> Presences {
        let covered = self.kinds.iter().map(|kind| covers.is_empty() || covers.contains(kind));
        let covered: Vec<bool> = covered.collect();
        let one = |human| Presence::of(self.spells(human), &covered, self.today);
        let of = (0..).zip(&self.humans).map(|(human, _)| one(human)).collect();
        Presences { of, covered }
    }

    /// Who has the right at the place `right` of the policy, and none of `there`. In the order in
    /// which they were enrolled.
    pub fn missing<'a>(
        &'a self,
        right: usize,
        there: &'a Bits,
    ) -> impl Iterator<Item = Human> + 'a {
        self.entitled[right].without(there).map(Human)
    }

    /// The records of one human.
    pub(super) fn spells(&self, human: u32) -> &[Spell] {
        let at = human as usize;
        &self.spells[self.first[at] as usize..self.first[at + 1] as usize]
    }
}
