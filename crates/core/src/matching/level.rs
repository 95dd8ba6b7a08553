//! How an account and a person compare, field by field: a level for each field, and how often
//! chance alone would reach it.

use super::intern::{NONE, Sym};
use super::roster::{
    FORM, Form, GIVEN, Given, MAIL, NAME_CROWD, PART, PLACE, Person, Roster, UNIT,
};
use super::seen::{Cut, Seen};
use super::sight::{Maker, Sight};
use super::text::Spelling;

/// The fields that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Field {
    Surname,
    GivenName,
    UsedName,
    Login,
    Local,
    Mail,
    Unit,
    Job,
    Location,
    Entity,
    Cost,
    Firm,
    Created,
    Ended,
}

/// How many fields there are.
pub(crate) const FIELDS: usize = 14;

/// All fields, in order.
pub(crate) const ALL: [Field; FIELDS] = [
    Field::Surname,
    Field::GivenName,
    Field::UsedName,
    Field::Login,
    Field::Local,
    Field::Mail,
    Field::Unit,
    Field::Job,
    Field::Location,
    Field::Entity,
    Field::Cost,
    Field::Firm,
    Field::Created,
    Field::Ended,
];

/// A level within a field; 0 means that there is nothing to compare.
pub(crate) type Level = u8;

/// Levels of [`Field::Surname`].
pub(crate) mod surname {
    use super::Level;
    pub(crate) const USED: Level = 1;
    pub(crate) const OTHER: Level = 5;
    pub(crate) const PART: Level = 6;
    pub(crate) const ALIKE: Level = 7;
    /// One part agrees, and each side has another part that the other has not.
    pub(crate) const HALF: Level = 8;
    pub(crate) const CONFLICT: Level = 9;
}

/// Levels of [`Field::GivenName`] and [`Field::UsedName`].
pub(crate) mod given {
    use super::Level;
    pub(crate) const USED: Level = 1;
    pub(crate) const NICKNAME: Level = 5;
    pub(crate) const ALIKE: Level = 6;
    pub(crate) const SAME_LETTER: Level = 7;
    pub(crate) const CONFLICT: Level = 8;
    pub(crate) const INITIALS: Level = 10;
    pub(crate) const SOME_INITIALS: Level = 11;
    pub(crate) const OTHER_INITIALS: Level = 12;
}

/// Levels of [`Field::Login`] and [`Field::Local`]. Below [`login::SURNAME`] stand the conventions
/// by rank, twice: without and with a collision number.
pub(crate) mod login {
    use super::Level;
    pub(crate) const RANKS: Level = 4;
    /// The surname stands in it, beside the initial of a given name or alone.
    pub(crate) const SURNAME: Level = 9;
    /// The surname stands in it, beside another initial.
    pub(crate) const OTHER_INITIAL: Level = 10;
    pub(crate) const UNLIKE: Level = 11;
    /// Added where the login does not repeat the shown surname.
    pub(crate) const APART: Level = 40;
}

/// Levels of [`Field::Mail`].
pub(crate) mod mail {
    use super::Level;
    pub(crate) const WORK: Level = 1;
    pub(crate) const PRIVATE: Level = 2;
    pub(crate) const OTHER: Level = 3;
}

/// Levels of the placement fields.
pub(crate) mod place {
    use super::Level;
    pub(crate) const SAME: Level = 1;
    pub(crate) const SAME_ELSEWHEN: Level = 2;
    pub(crate) const DIFFERS: Level = 3;
    /// Added where the units do not agree, or there is none to compare.
    pub(crate) const NO_UNIT: Level = 10;
}

/// Levels of the date fields: the bucket of the difference, and what else may be.
pub(crate) mod days {
    use super::Level;
    /// Differences up to this many days have a bucket each.
    pub(crate) const EXACT: i32 = 31;
    /// Added where the nearest date is not the first start or the last end.
    pub(crate) const NOT_OUTER: Level = 80;
    /// The person has no such date.
    pub(crate) const ABSENT: Level = 160;
    /// The account has no end: plus 0 if the person's last record is open, 1 if it has ended, 2 if
    /// it will; plus 10 if the account is closed all the same.
    pub(crate) const NO_END: Level = 200;
}

/// The levels of one account and one person, and the rarity of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair {
    pub person: u32,
    pub levels: [Level; FIELDS],
    /// Minus the binary logarithm of the chance of the level, in eighths.
    rarity: [u8; FIELDS],
}

impl Pair {
    /// Bits by which chance alone would not reach any of the levels.
    pub(crate) fn all_rarity_bits(&self) -> f64 {
        f64::from(self.rarity.iter().map(|eighths| u32::from(*eighths)).sum::<u32>()) / 8.0
    }

    /// Bits by which chance alone would not reach the level of `field`.
    pub(crate) fn rarity_bits(&self, field: usize) -> f64 {
        f64::from(self.rarity[field]) / 8.0
    }

    /// Whether anything in it names the person. Places and dates alone single somebody out often
    /// enough, and name nobody.
    pub(crate) fn is_named(&self) -> bool {
        let handle = |field| (1..=login::SURNAME).contains(&(self.level(field) % login::APART));
        let called = |field| {
            let level = self.level(field);
            (1..=given::ALIKE).contains(&level)
                || (given::INITIALS..=given::SOME_INITIALS).contains(&level)
        };
        (surname::USED..=surname::ALIKE).contains(&self.level(Field::Surname))
            || called(Field::GivenName)
            || called(Field::UsedName)
            || handle(Field::Login)
            || handle(Field::Local)
            || (mail::WORK..=mail::PRIVATE).contains(&self.level(Field::Mail))
    }

    /// Whether a part of the shown name is somebody else's: the given name, or one of two surnames.
    /// A whole surname may change with a marriage; under these, names alone link nobody.
    pub(crate) fn is_doubtful(&self) -> bool {
        let given = self.level(Field::GivenName);
        matches!(given, given::SAME_LETTER | given::CONFLICT | given::OTHER_INITIALS)
            || self.level(Field::Surname) == surname::HALF
    }

    pub(crate) fn level(&self, field: Field) -> Level {
        self.levels[field as usize]
    }

    fn set(&mut self, field: Field, (level, chance): Reached) {
        self.levels[field as usize] = level;
        let bits = -chance.clamp(1e-9, 1.0).log2();
        self.rarity[field as usize] = (bits * 8.0).round().min(255.0) as u8;
    }
}

/// A level, and how often chance alone would reach it.
type Reached = (Level, f64);

/// What comparing needs to know beside the two that are compared.
pub(crate) struct Scale<'a> {
    pub roster: &'a Roster,
    /// How often two surnames, or two given names, of different people are alike by chance.
    pub alike: f64,
    /// The last day that any record starts: about today.
    pub horizon: i32,
    /// Shares of people whose last record is open, has ended, will end.
    pub endings: [f64; 3],
}

impl Scale<'_> {
    /// Compares the account with person `number`.
    pub(crate) fn pair(&self, sight: &Sight<'_>, number: u32) -> Pair {
        let seen = sight.seen;
        let person = &self.roster.persons[number as usize];
        let mut pair = Pair { person: number, ..Pair::default() };
        let (cut, surname, given) = self.name(seen, person);
        pair.set(Field::Surname, surname);
        pair.set(Field::GivenName, given);
        pair.set(Field::UsedName, self.used_name(sight, person, given.0));
        let agreed = cut.and_then(|cut| agreed(cut, surname.0, person));
        pair.set(Field::Login, self.handle(&sight.login, person, number, agreed));
        pair.set(Field::Local, self.handle(&sight.local, person, number, agreed));
        pair.set(Field::Mail, self.mail(seen, person));
        self.places(seen, person, &mut pair);
        pair.set(Field::Created, self.created(seen, person));
        pair.set(Field::Ended, self.ended(seen, person));
        pair
    }

    /// The levels of the surname and the given name alone.
    pub(crate) fn names(&self, seen: &Seen, number: u32) -> (Level, Level) {
        let (_, surname, given) = self.name(seen, &self.roster.persons[number as usize]);
        (surname.0, given.0)
    }

    /// The reading of the shown name that fits best, and the levels it gives.
    fn name<'s>(&self, seen: &'s Seen, person: &Person) -> (Option<&'s Cut>, Reached, Reached) {
        let mut best: Option<(&Cut, Reached, Reached)> = None;
        let nothing = Spelling::default();
        for (index, cut) in seen.cuts.iter().enumerate() {
            let is_first = index == 0;
            let surname = self.surname(cut, is_first.then_some(&seen.family), person);
            let text = if is_first { &seen.given } else { &nothing };
            let is_family = (surname::USED..=surname::HALF).contains(&surname.0);
            let given = self.given_name(cut, text, person, is_family);
            let is_better = best.is_none_or(|(_, s, g)| (surname.0, given.0) < (s.0, g.0));
            if is_better {
                best = Some((cut, surname, given));
            }
        }
        best.map_or((None, (0, 1.0), (0, 1.0)), |(cut, s, g)| (Some(cut), s, g))
    }

    fn surname(&self, cut: &Cut, text: Option<&Spelling>, person: &Person) -> Reached {
        if let Some(form) = person.form(cut.family) {
            return (form_level(form), self.roster.share(cut.family, FORM));
        }
        if let Some(part) = shared_part(cut, person) {
            let is_half = person.parts_most > 1
                && cut.parts.iter().any(|p| !person.has_part(*p))
                && person.parts.iter().any(|p| *p != cut.family && !cut.parts.contains(p));
            let level = if is_half { surname::HALF } else { surname::PART };
            return (level, self.roster.share(part, PART));
        }
        let is_like = text.is_some_and(|text| person.surnames.iter().any(|s| text.is_alike(s)));
        if is_like { (surname::ALIKE, self.alike) } else { (surname::CONFLICT, 1.0) }
    }

    /// `is_family` says that the surname agrees: then the given name is judged among those who bear
    /// such a surname, because the two go together.
    fn given_name(&self, cut: &Cut, text: &Spelling, person: &Person, is_family: bool) -> Reached {
        if !cut.initials.is_empty() {
            return self.initials(&cut.initials, cut.letter, person);
        }
        if cut.letter == 0 {
            return (0, 1.0);
        }
        for sym in [cut.given, cut.first] {
            if let Some(form) = person.given_form(sym) {
                let chance = match is_family {
                    true => self.roster.share_beside_surname(sym),
                    false => self.roster.share(sym, GIVEN),
                };
                return (given_level(form), chance);
            }
        }
        self.other_given(cut.nicknames, text, cut.letter, person)
    }

    fn other_given(
        &self,
        nicknames: &[u16],
        text: &Spelling,
        letter: Sym,
        person: &Person,
    ) -> Reached {
        if nicknames.iter().any(|g| person.nicknames.binary_search(g).is_ok()) {
            return (given::NICKNAME, self.roster.share_of_nicknames(nicknames));
        }
        let is_short = |name: &Spelling| {
            let (a, b) = (&*text.text, &*name.text);
            a.len() >= 3 && (b.starts_with(a) || a.starts_with(b))
        };
        if person.givens.iter().any(is_short) {
            return (given::NICKNAME, self.alike);
        }
        if person.givens.iter().any(|name| text.is_alike(name)) {
            return (given::ALIKE, self.alike);
        }
        if letter != 0 && person.letters >> (letter - 1) & 1 == 1 {
            return (given::SAME_LETTER, self.roster.share_of_letter(letter));
        }
        (given::CONFLICT, 1.0)
    }

    fn initials(&self, shown: &str, letter: Sym, person: &Person) -> Reached {
        if person.initials.iter().any(|i| i == shown) {
            return (given::INITIALS, self.roster.share_of_initials(shown));
        }
        let fits = |i: &String| i.starts_with(shown) || shown.starts_with(i.as_str());
        let has_letter = letter != 0 && person.letters >> (letter - 1) & 1 == 1;
        if person.initials.iter().any(fits) || (shown.len() == 1 && has_letter) {
            return (given::SOME_INITIALS, self.roster.share_of_letter(letter));
        }
        (given::OTHER_INITIALS, 1.0)
    }

    /// The name they go by, where it says more than the shown name did.
    fn used_name(&self, sight: &Sight<'_>, person: &Person, shown: Level) -> Reached {
        let (used, text) = (sight.seen.used, &sight.seen.used_text);
        let is_repeated = sight.is_used_shown && shown != 0 && shown < given::INITIALS;
        if text.text.is_empty() || is_repeated {
            return (0, 1.0);
        }
        if let Some(form) = person.given_form(used) {
            return (given_level(form), self.roster.share(used, GIVEN));
        }
        self.other_given(sight.used_nicknames, text, sight.used_letter, person)
    }

    fn handle(
        &self,
        maker: &Maker<'_>,
        person: &Person,
        number: u32,
        agreed: Option<(Sym, Sym)>,
    ) -> Reached {
        let Maker { handle, ranks, repeats } = maker;
        if !handle.is_name {
            return (0, 1.0);
        }
        let apart = if *repeats { 0 } else { login::APART };
        // Where surname and letter are known already, a login that repeats them adds only what it
        // says about the other initials.
        let known = agreed
            .filter(|_| *repeats)
            .map(|(family, letter)| self.roster.count_with_letter(family, letter));
        let everybody = self.roster.size() + NAME_CROWD;
        let among = known.map_or(everybody, |count| f64::from(count.max(1)));
        let chance = ((ranks.len() as f64 + 0.5) / (among + 1.0)).min(0.98);
        if let Ok(at) = ranks.binary_search_by_key(&number, |(p, _)| *p) {
            let rank = ranks[at].1.min(login::RANKS - 1);
            return (1 + 2 * rank + u8::from(handle.is_numbered) + apart, chance);
        }
        let family = person.bares.iter().find(|bare| handle.base.contains(&***bare));
        let Some(family) = family else { return (login::UNLIKE + apart, 1.0) };
        // A surname that is known already is no coincidence to find again: only what stands beside it
        // tells the namesakes apart.
        let chance = match agreed {
            Some(_) if *repeats => 1.0 - chance,
            _ => self.chance_of(family),
        };
        let is_theirs = has_initial(&handle.base, family, person);
        let level = if is_theirs { login::SURNAME } else { login::OTHER_INITIAL };
        (level + apart, chance)
    }

    /// About how common a surname is, by its length: short ones turn up in many logins.
    fn chance_of(&self, family: &str) -> f64 {
        (26_f64.powi(-(family.len().min(4) as i32)) * 40.0).clamp(1e-4, 0.2)
    }

    fn mail(&self, seen: &Seen, person: &Person) -> Reached {
        for sym in &seen.mails {
            if person.work_emails.binary_search(sym).is_ok() {
                return (mail::WORK, self.roster.share(*sym, MAIL));
            }
            if person.private_emails.binary_search(sym).is_ok() {
                return (mail::PRIVATE, self.roster.share(*sym, MAIL));
            }
        }
        // An address that nobody has says nothing; one that is somebody else's speaks against.
        if seen.mails.iter().any(|sym| self.roster.is_known(*sym, MAIL)) {
            (mail::OTHER, 1.0)
        } else {
            (0, 1.0)
        }
    }

    fn places(&self, seen: &Seen, person: &Person, pair: &mut Pair) {
        let unit = seen.place[UNIT];
        let has_unit = unit != NONE && person.spells.iter().any(|s| s.place[UNIT] != NONE);
        let agrees = has_unit && person.spells.iter().any(|s| s.place[UNIT] == unit);
        if has_unit {
            let share = self.roster.share(unit, PLACE);
            pair.set(
                Field::Unit,
                if agrees { (place::SAME, share) } else { (place::DIFFERS, 1.0 - share) },
            );
        }
        for (offset, field) in
            [Field::Job, Field::Location, Field::Entity, Field::Cost, Field::Firm]
                .into_iter()
                .enumerate()
        {
            pair.set(field, self.place(seen, person, offset + 1, agrees));
        }
    }

    fn place(&self, seen: &Seen, person: &Person, at: usize, agrees: bool) -> Reached {
        let value = seen.place[at];
        if value == NONE || person.spells.iter().all(|s| s.place[at] == NONE) {
            return (0, 1.0);
        }
        let unit = seen.place[UNIT];
        let here =
            agrees && person.spells.iter().any(|s| s.place[UNIT] == unit && s.place[at] == value);
        let ever = person.spells.iter().any(|s| s.place[at] == value);
        let what = PLACE + at as u8;
        if agrees {
            let share = self.roster.share_in_unit(unit, value, at);
            return match (here, ever) {
                (true, _) => (place::SAME, share),
                (false, true) => (place::SAME_ELSEWHEN, self.roster.share(value, what)),
                (false, false) => (place::DIFFERS, 1.0 - share.min(0.99)),
            };
        }
        let share = self.roster.share(value, what);
        if ever {
            (place::SAME + place::NO_UNIT, share)
        } else {
            (place::DIFFERS + place::NO_UNIT, 1.0 - share.min(0.99))
        }
    }

    fn created(&self, seen: &Seen, person: &Person) -> Reached {
        let Some(created) = seen.created else { return (0, 1.0) };
        let starts = || person.spells.iter().filter_map(|s| s.starts);
        let Some(first) = starts().min() else { return (days::ABSENT, 1.0) };
        self.nearest(created, starts(), first, true)
    }

    fn nearest(
        &self,
        at: i32,
        all: impl Iterator<Item = i32>,
        outer: i32,
        is_start: bool,
    ) -> Reached {
        let near = all.min_by_key(|d| ((at - *d).abs(), *d)).unwrap_or(outer);
        let bucket = bucket(at - near);
        let (low, high) = bucket_range(bucket);
        let chance =
            self.roster.share_of_days(is_start, at.saturating_sub(high), at.saturating_sub(low));
        (bucket + if near == outer { 0 } else { days::NOT_OUTER }, chance)
    }

    fn ended(&self, seen: &Seen, person: &Person) -> Reached {
        let ends = || person.spells.iter().filter_map(|s| s.ends);
        let is_open = person.spells.iter().any(|s| s.ends.is_none());
        let last = ends().max();
        let Some(ended) = seen.ends else {
            let status = self.status(is_open, last);
            let closed = if seen.is_open { 0 } else { 10 };
            return (days::NO_END + status as Level + closed, self.endings[status]);
        };
        let is_near = ends().any(|e| (ended - e).abs() <= days::EXACT);
        match last {
            Some(last) if !is_open || is_near => {
                self.nearest(ended, ends(), if is_open { i32::MAX } else { last }, false)
            }
            _ => (days::ABSENT, self.endings[0]),
        }
    }

    /// 0: the last record is open; 1: it has ended; 2: it will end.
    fn status(&self, is_open: bool, last: Option<i32>) -> usize {
        match last {
            _ if is_open => 0,
            Some(last) if last > self.horizon => 2,
            _ => 1,
        }
    }
}

impl<'a> Scale<'a> {
    /// Measures what chance does among these people and accounts.
    pub(crate) fn new(roster: &'a Roster, seen: &[Seen]) -> Self {
        let starts = roster.persons.iter().flat_map(|p| p.spells.iter().filter_map(|s| s.starts));
        let made = seen.iter().filter_map(|s| s.created);
        let horizon = made.max().or_else(|| starts.max()).unwrap_or(0);
        let mut scale = Self { roster, alike: 1e-3, horizon, endings: [0.5; 3] };
        let mut counts = [0.5_f64; 3];
        for person in &roster.persons {
            let is_open = person.spells.iter().any(|s| s.ends.is_none());
            let last = person.spells.iter().filter_map(|s| s.ends).max();
            counts[scale.status(is_open, last)] += 1.0;
        }
        scale.endings = counts.map(|c| c / (roster.size() + 1.5));
        scale.alike = chance_of_likeness(roster, seen);
        scale
    }
}

/// How often a shown surname is like that of an unrelated person, over a regular sample of pairs.
fn chance_of_likeness(roster: &Roster, seen: &[Seen]) -> f64 {
    const SAMPLE: usize = 4000;
    let named: Vec<&Seen> = seen.iter().filter(|s| s.family.text.len() >= 3).collect();
    if named.is_empty() || roster.persons.is_empty() {
        return 1e-3;
    }
    let mut alike = 0_u32;
    for draw in 0..SAMPLE {
        // Steps that share no factor with most lengths walk over all pairs without a random source.
        let shown = &named[draw * 7919 % named.len()].family;
        let person = &roster.persons[draw * 104_729 % roster.persons.len()];
        let differs = |s: &Spelling| s.text != shown.text && s.is_alike(shown);
        alike += u32::from(person.surnames.iter().any(differs));
    }
    (f64::from(alike) + 1.0) / (SAMPLE as f64 + 2.0)
}

/// The first part of the shown surname that the person bears.
fn shared_part(cut: &Cut, person: &Person) -> Option<Sym> {
    cut.parts.iter().chain([&cut.family]).copied().find(|part| person.has_part(*part))
}

/// The surname, or the part of it, on which both agree at `level`, and the letter shown beside it.
fn agreed(cut: &Cut, level: Level, person: &Person) -> Option<(Sym, Sym)> {
    let family = match level {
        surname::USED..=surname::OTHER => Some(cut.family),
        surname::PART | surname::HALF => shared_part(cut, person),
        _ => None,
    };
    family.map(|family| (family, cut.letter))
}

/// Whether what stands beside the surname in a login begins like one of the person's given names.
fn has_initial(base: &str, family: &str, person: &Person) -> bool {
    let is_mark = |c: char| matches!(c, '.' | '_' | '-');
    let beside = match base.strip_prefix(family) {
        Some(rest) => rest.trim_start_matches(is_mark),
        None => base,
    };
    let letter = super::roster::letter_of(beside);
    letter == 0 || person.letters >> (letter - 1) & 1 == 1
}

fn form_level(form: Form) -> Level {
    surname::USED + form as Level
}

fn given_level(form: Given) -> Level {
    given::USED + form as Level
}

/// The bucket of a difference in days, from 1: one for each of the days up to [`days::EXACT`], then
/// three on each side.
pub(crate) fn bucket(difference: i32) -> Level {
    match difference {
        d if d.abs() <= days::EXACT => (d + days::EXACT + 1) as Level,
        d if d < -366 => 66,
        d if d < -93 => 65,
        d if d < 0 => 64,
        d if d <= 93 => 67,
        d if d <= 366 => 68,
        _ => 69,
    }
}

/// The differences that share a bucket, inclusive.
pub(crate) fn bucket_range(bucket: Level) -> (i32, i32) {
    const FAR: i32 = 200_000;
    match bucket {
        64 => (-93, -days::EXACT - 1),
        65 => (-366, -94),
        66 => (-FAR, -367),
        67 => (days::EXACT + 1, 93),
        68 => (94, 366),
        69 => (367, FAR),
        exact => {
            let day = i32::from(exact) - days::EXACT - 1;
            (day, day)
        }
    }
}

/// Levels are compared within what an account shows: given names with given names, initials with
/// initials. Levels of one group share out one unit of probability.
pub(crate) fn group(field: Field, level: Level) -> usize {
    match field {
        Field::GivenName | Field::UsedName => usize::from(level >= given::INITIALS),
        Field::Login | Field::Local => usize::from(level > login::APART),
        Field::Job | Field::Location | Field::Entity | Field::Cost | Field::Firm => {
            usize::from(level > place::NO_UNIT)
        }
        Field::Ended if level >= days::NO_END + 10 => 2,
        Field::Ended if level >= days::NO_END => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_lies_in_the_range_of_its_bucket() {
        for difference in
            [-5000, -367, -366, -94, -93, -32, -31, -1, 0, 1, 31, 32, 93, 94, 366, 367, 5000]
        {
            let (low, high) = bucket_range(bucket(difference));
            assert!((low..=high).contains(&difference), "{difference}");
        }
    }
}
