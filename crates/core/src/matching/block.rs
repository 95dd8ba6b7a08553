//! Who may own an account at all: a few people found through indices, never everybody.

use super::convention::Template;
use super::intern::{Interner, NONE, Sym};
use super::roster::{Roster, letters_in};
use super::seen::{Handle, Seen};
use super::text::sound;

/// People under keys of two parts: rows sorted by the parts, and where the rows of each symbol end.
struct Index<K> {
    /// At `sym`: how many rows there are up to and with that symbol's.
    ends: Vec<u32>,
    rows: Vec<(K, u32)>,
}

impl<K: Ord + Copy> Index<K> {
    fn new(mut all: Vec<(Sym, K, u32)>) -> Self {
        all.sort_unstable();
        all.dedup();
        let mut ends = vec![0_u32; all.last().map_or(0, |(sym, _, _)| *sym as usize + 1)];
        all.iter().for_each(|(sym, _, _)| ends[*sym as usize] += 1);
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        Self { ends, rows: all.into_iter().map(|(_, key, person)| (key, person)).collect() }
    }

    fn of(&self, sym: Sym) -> &[(K, u32)] {
        let at = sym as usize;
        let Some(end) = self.ends.get(at) else { return &[] };
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[begin as usize..*end as usize]
    }

    fn at(&self, sym: Sym, key: K) -> impl Iterator<Item = u32> {
        self.between(sym, key, key)
    }

    fn between(&self, sym: Sym, from: K, to: K) -> impl Iterator<Item = u32> {
        let own = self.of(sym);
        let low = own.partition_point(|(k, _)| *k < from);
        own[low..].iter().take_while(move |(k, _)| *k <= to).map(|(_, person)| *person)
    }
}

/// How far, in days, the making of an account may lie from a start for the date to suggest a person.
const NEAR_DAYS: i32 = 45;
/// More people than this under one weak key say nothing; the key is skipped.
const WEAK_MAX: usize = 60;

/// Ways to find the people that an account may belong to.
pub(crate) struct Blocks {
    /// Surname form and first letter of a given name.
    names: Index<Sym>,
    /// Part of a surname and first letter.
    parts: Index<Sym>,
    /// Sound of a surname and first letter.
    sounds: Index<Sym>,
    /// E-mail address.
    mails: Index<()>,
    /// Given name and start day: the surname may have changed.
    given_days: Index<i32>,
    /// Surname form and start day: the given name may have changed.
    family_days: Index<i32>,
    /// Given name and unit.
    given_units: Index<Sym>,
    /// Unit and start day: an account without a name.
    unit_days: Index<i32>,
}

impl Blocks {
    /// Builds the indices.
    pub(crate) fn new(roster: &Roster, interner: &mut Interner) -> Self {
        let (mut names, mut parts, mut sounds, mut mails) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut given_days, mut given_units, mut unit_days) = (Vec::new(), Vec::new(), Vec::new());
        let mut family_days = Vec::new();
        for (number, person) in (0_u32..).zip(&roster.persons) {
            for letter in letters_in(person.letters).chain([0]) {
                names.extend(person.forms.iter().map(|(form, _)| (*form, letter, number)));
                parts.extend(person.parts.iter().map(|part| (*part, letter, number)));
            }
            for set in &person.names {
                let key = interner.intern(&sound_key(&set.family.concat()));
                sounds.extend(letters_in(person.letters).map(|letter| (key, letter, number)));
            }
            mails.extend(
                person.work_emails.iter().chain(&person.private_emails).map(|m| (*m, (), number)),
            );
            for spell in &person.spells {
                let unit = spell.place[super::roster::UNIT];
                given_units.extend(person.given.iter().map(|(given, _)| (*given, unit, number)));
                if let Some(start) = spell.starts {
                    given_days
                        .extend(person.given.iter().map(|(given, _)| (*given, start, number)));
                    family_days.extend(person.forms.iter().map(|(form, _)| (*form, start, number)));
                    unit_days.push((unit, start, number));
                }
            }
        }
        Self {
            names: Index::new(names),
            parts: Index::new(parts),
            sounds: Index::new(sounds),
            mails: Index::new(mails),
            given_days: Index::new(given_days),
            family_days: Index::new(family_days),
            given_units: Index::new(given_units),
            unit_days: Index::new(unit_days),
        }
    }

    /// The people whom the shown name, the login, the addresses, the unit and the dates suggest,
    /// and those in `predicted`, whom a learned convention suggests. Sorted.
    pub(crate) fn candidates(
        &self,
        seen: &Seen,
        predicted: &[u32],
        interner: &Interner,
    ) -> Vec<u32> {
        let mut found: Vec<u32> = predicted.to_vec();
        found.extend(seen.mails.iter().flat_map(|m| self.mails.at(*m, ())));
        self.by_shown_name(seen, &mut found);
        self.by_handle(&seen.login, &mut found, interner);
        self.by_handle(&seen.local, &mut found, interner);
        self.by_circumstance(seen, &mut found);
        if found.is_empty() {
            self.by_likeness(seen, &mut found, interner);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn by_shown_name(&self, seen: &Seen, found: &mut Vec<u32>) {
        for cut in seen.cuts.iter().filter(|c| c.family != NONE) {
            let before = found.len();
            found.extend(self.names.at(cut.family, cut.letter));
            if found.len() == before && cut.letter != 0 {
                // A nickname may begin with another letter than any name that is registered.
                found.extend(self.names.at(cut.family, 0).take(WEAK_MAX));
            }
        }
        if found.is_empty() {
            for cut in &seen.cuts {
                let parts = cut.parts.iter().chain([&cut.family]).filter(|p| **p != NONE);
                found.extend(parts.flat_map(|p| self.parts.at(*p, cut.letter)));
            }
        }
    }

    /// Surnames at the end or the beginning of a login, with the letter on its other side.
    fn by_handle(&self, handle: &Handle, found: &mut Vec<u32>, interner: &Interner) {
        let base = handle.base.as_str();
        if !handle.is_name || !found.is_empty() {
            return;
        }
        let is_mark = |c: char| matches!(c, '.' | '_' | '-');
        let plain = |text: &str| -> String { text.chars().filter(|c| !is_mark(*c)).collect() };
        for (at, _) in base.char_indices() {
            let (head, tail) = base.split_at(at);
            for (family, other) in [(tail, head), (head, tail)] {
                let family = plain(family);
                if family.len() < 3 {
                    continue;
                }
                let form = interner.find(&family);
                if form != NONE {
                    let letter = super::roster::letter_of(other.trim_start_matches(is_mark));
                    found.extend(self.names.at(form, letter));
                }
            }
        }
    }

    /// Where the name may have changed or is not shown: the given name or nothing, with the unit
    /// and the days around the making of the account.
    fn by_circumstance(&self, seen: &Seen, found: &mut Vec<u32>) {
        let unit = seen.place[super::roster::UNIT];
        let mut givens: Vec<Sym> =
            seen.cuts.iter().take(1).map(|c| c.first).chain([seen.used]).collect();
        givens.retain(|g| *g != NONE);
        givens.dedup();
        let mut weak: Vec<u32> = Vec::new();
        for given in &givens {
            if let Some(created) = seen.created {
                weak.extend(self.given_days.between(
                    *given,
                    created - NEAR_DAYS,
                    created + NEAR_DAYS,
                ));
            }
            if unit != NONE && weak.is_empty() {
                weak.extend(self.given_units.at(*given, unit));
            }
        }
        if let Some(created) = seen.created {
            let families = seen.cuts.iter().map(|c| c.family).filter(|f| *f != NONE);
            let (from, to) = (created - NEAR_DAYS, created + NEAR_DAYS);
            weak.extend(families.flat_map(|f| self.family_days.between(f, from, to)));
        }
        // Places and dates alone name nobody whose everyday account it may be.
        let is_named = !found.is_empty() || seen.login.is_name;
        if givens.is_empty()
            && found.len() < 3
            && (is_named || seen.is_admin())
            && let (Some(created), true) = (seen.created, unit != NONE)
        {
            weak.extend(self.unit_days.between(unit, created - NEAR_DAYS, created + NEAR_DAYS));
        }
        weak.sort_unstable();
        weak.dedup();
        if weak.len() <= WEAK_MAX {
            found.extend(weak);
        }
    }

    fn by_likeness(&self, seen: &Seen, found: &mut Vec<u32>, interner: &Interner) {
        let letter = seen.cuts.first().map_or(0, |c| c.letter);
        let key = interner.find(&sound_key(&seen.family.text));
        if key != NONE && letter != 0 {
            found.extend(self.sounds.at(key, letter));
        }
    }
}

/// Sounds live beside other texts in one interner; the mark keeps them apart.
fn sound_key(family: &str) -> String {
    let sound = sound(family);
    if sound.len() < 2 { String::new() } else { format!("\u{2}{sound}") }
}

/// Every login that the learned conventions make of anybody's name.
pub(crate) struct Predictions {
    /// Base, then person, then the number of the convention.
    rows: Vec<(Sym, u32, u8)>,
    templates: Vec<Template>,
}

/// Marks a login base in the interner, where `j.jansen` must not meet a name.
fn base_key(base: &str) -> String {
    format!("\u{3}{base}")
}

impl Predictions {
    /// Makes all logins of everybody.
    pub(crate) fn new(templates: Vec<Template>, roster: &Roster, interner: &mut Interner) -> Self {
        let mut rows = Vec::new();
        for (number, person) in (0_u32..).zip(&roster.persons) {
            for set in &person.names {
                for (which, template) in (0_u8..).zip(&templates) {
                    if let Some(base) = template.render(set) {
                        rows.push((interner.intern(&base_key(&base)), number, which));
                    }
                }
            }
        }
        rows.sort_unstable();
        rows.dedup();
        Self { rows, templates }
    }

    /// The people of whose name one of `active` (conventions of the class, most usual first) makes
    /// this base, each with the rank of the most usual one that does. Sorted by person.
    pub(crate) fn of(
        &self,
        handle: &Handle,
        active: &[Template],
        interner: &Interner,
    ) -> Vec<(u32, u8)> {
        let base = if handle.is_name { interner.find(&base_key(&handle.base)) } else { NONE };
        if base == NONE {
            return Vec::new();
        }
        let low = self.rows.partition_point(|(b, _, _)| *b < base);
        let mut found: Vec<(u32, u8)> = self.rows[low..]
            .iter()
            .take_while(|(b, _, _)| *b == base)
            .filter_map(|(_, person, which)| {
                let template = self.templates[usize::from(*which)];
                let rank = active.iter().position(|t| *t == template)?;
                Some((*person, u8::try_from(rank).unwrap_or(u8::MAX)))
            })
            .collect();
        found.sort_unstable();
        found.dedup_by_key(|(person, _)| *person);
        found
    }
}
