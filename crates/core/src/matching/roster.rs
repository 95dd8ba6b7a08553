//! Everybody, as the matcher sees them: each human's names in every form, their spells, and how
//! common each of these is.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::id::RecordRef;
use crate::identity::Identity;
use crate::worker::{PersonName, Placement, WorkerRecord};

use super::intern::{Interner, NONE, Sym, SymMap};
use super::nickname;
use super::shown;
use super::text::{Spelling, fold, is_particle, joined, wide};

/// How a surname form relates to its bearer, best known first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// As used now.
    Used,
    /// Their own, with particle.
    Own,
    /// Their own, without particle.
    Bare,
    /// Own and partner's or second surname together.
    Double,
    /// The partner's, or the second surname, alone.
    Other,
}

/// How a given-name form relates to its bearer, best known first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Given {
    /// The name they go by.
    Used,
    /// The first given name.
    First,
    /// All given names.
    All,
    /// A later given name.
    Later,
}

/// The placement fields that are compared, in the order of [`Spell::place`].
pub(crate) const PLACES: usize = 6;
/// The index of the unit in [`Spell::place`]; the other fields are judged beside it.
pub(crate) const UNIT: usize = 0;

/// One record of a person, as numbers.
#[derive(Clone, Debug)]
pub(crate) struct Spell {
    /// Index into the records.
    pub record: u32,
    /// First day, as a day number.
    pub starts: Option<i32>,
    /// First day after it.
    pub ends: Option<i32>,
    /// Unit, job title, location, legal entity, cost centre, supplying firm.
    pub place: [Sym; PLACES],
}

/// The names of a person under one record and one habit of writing, for making logins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameSet {
    pub given: Vec<String>,
    pub used: String,
    pub initials: String,
    pub prefix: Vec<String>,
    pub family: Vec<String>,
    pub second: Vec<String>,
    pub partner: Vec<String>,
    pub in_use: Vec<String>,
}

/// One human.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// Index into the identities.
    pub identity: u32,
    /// Surname forms, sorted by symbol.
    pub forms: Vec<(Sym, Form)>,
    /// Surnames that are part of a form, sorted.
    pub parts: Vec<Sym>,
    /// The most of them that stand in one record. Two spellings of one surname are no two surnames.
    pub parts_most: usize,
    /// Given-name forms, sorted by symbol.
    pub given: Vec<(Sym, Given)>,
    /// Nickname groups of the given names, sorted.
    pub nicknames: Vec<u16>,
    /// Initials, folded; several where records disagree.
    pub initials: Vec<String>,
    /// First letters of given names, as bits from `a`.
    pub letters: u32,
    /// The distinct name sets.
    pub names: Vec<NameSet>,
    /// Surnames in use and own surnames, for comparisons by likeness.
    pub surnames: Vec<Spelling>,
    /// Given names and names in use, for comparisons by likeness.
    pub givens: Vec<Spelling>,
    /// Family names without particle, of three letters or more.
    pub bares: Vec<Box<str>>,
    /// The records, earliest first.
    pub spells: Vec<Spell>,
    /// Which kinds of engagement they have or had, and whether one is open: a small number that is
    /// equal for people whom an instance treats alike.
    pub group: u16,
    /// Addresses that the employer gave.
    pub work_emails: Vec<Sym>,
    /// Addresses of their own.
    pub private_emails: Vec<Sym>,
}

impl Person {
    pub(crate) fn form(&self, sym: Sym) -> Option<Form> {
        find(&self.forms, sym)
    }

    /// Whether `sym` is a surname that is part of one of theirs.
    pub(crate) fn has_part(&self, sym: Sym) -> bool {
        sym != NONE && self.parts.binary_search(&sym).is_ok()
    }

    pub(crate) fn given_form(&self, sym: Sym) -> Option<Given> {
        find(&self.given, sym)
    }

    /// Gives back the room that lists took while they grew: there are many people, and most have
    /// one name, one spell, one address.
    fn shrink(&mut self) {
        self.parts.shrink_to_fit();
        self.nicknames.shrink_to_fit();
        self.initials.shrink_to_fit();
        self.names.shrink_to_fit();
        self.surnames.shrink_to_fit();
        self.givens.shrink_to_fit();
        self.bares.shrink_to_fit();
        self.spells.shrink_to_fit();
        self.work_emails.shrink_to_fit();
        self.private_emails.shrink_to_fit();
    }
}

fn find<T: Copy>(rows: &[(Sym, T)], sym: Sym) -> Option<T> {
    if sym == NONE {
        return None;
    }
    rows.binary_search_by_key(&sym, |(s, _)| *s).ok().map(|at| rows[at].1)
}

/// Everybody, and how common their names and places are.
#[derive(Default)]
pub(crate) struct Roster {
    pub persons: Vec<Person>,
    /// How many groups of people there are (see [`Person::group`]).
    pub groups: usize,
    counts: SymMap<(Sym, u8), u32>,
    pairs: SymMap<(Sym, Sym, u8), u32>,
    initials: BTreeMap<String, u32>,
    letters: [u32; 27],
    nicknames: SymMap<u16, u32>,
    company: Company,
    starts: Days,
    ends: Days,
}

/// What [`Roster::count`] counts.
pub(crate) const FORM: u8 = 0;
pub(crate) const PART: u8 = 1;
pub(crate) const GIVEN: u8 = 2;
pub(crate) const MAIL: u8 = 3;
pub(crate) const PLACE: u8 = 8;

/// Strangers among whom a surname or an address is counted.
pub(crate) const NAME_CROWD: f64 = 1000.0;
/// Strangers among whom a given name is counted; given names are fewer.
const GIVEN_CROWD: f64 = 200.0;
/// Strangers among whom one start or end day is counted.
const DAY_CROWD: f64 = 200.0;

fn crowd(what: u8) -> f64 {
    match what {
        FORM | PART | MAIL => NAME_CROWD,
        GIVEN => GIVEN_CROWD,
        _ => 1.0,
    }
}

impl Roster {
    /// Sees everybody. Identities without records (machines) are nobody's name to match.
    pub(crate) fn new(
        identities: &[&Identity],
        records: &[WorkerRecord],
        interner: &mut Interner,
    ) -> Self {
        let mut by_ref: BTreeMap<(&str, &str), Vec<u32>> = BTreeMap::new();
        for (index, record) in (0_u32..).zip(records) {
            by_ref.entry((record.source.as_str(), record.number.as_str())).or_default().push(index);
        }
        let mut roster = Self::default();
        let mut kinds = BTreeMap::new();
        for (index, identity) in (0_u32..).zip(identities.iter()) {
            let mut mine: Vec<u32> = identity
                .records
                .iter()
                .filter_map(|r| by_ref.get(&(r.source.as_str(), r.number.as_str())))
                .flatten()
                .copied()
                .collect();
            // By content, so that the order of the delivery never shows.
            mine.sort_by_cached_key(|r| content_key(&records[*r as usize]));
            if !mine.is_empty() {
                let person = person(index, &mine, records, interner, &mut kinds);
                roster.persons.push(person);
            }
        }
        roster.regroup();
        roster.tally();
        roster
    }

    /// Forgets the names as words, which only the making of logins needs.
    pub(crate) fn forget_words(&mut self) {
        self.persons.iter_mut().for_each(|person| person.names = Vec::new());
    }

    /// Numbers the distinct group marks from 0.
    fn regroup(&mut self) {
        let mut marks: Vec<u16> = self.persons.iter().map(|p| p.group).collect();
        marks.sort_unstable();
        marks.dedup();
        for person in &mut self.persons {
            let at = marks.binary_search(&person.group).expect("every mark was collected");
            person.group = u16::try_from(at).expect("there are no more groups than marks");
        }
        self.groups = marks.len();
    }

    fn tally(&mut self) {
        for person in &self.persons {
            for (sym, _) in &person.forms {
                *self.counts.entry((*sym, FORM)).or_default() += 1;
                for letter in letters_in(person.letters) {
                    *self.pairs.entry((*sym, letter, FORM)).or_default() += 1;
                }
            }
            for sym in &person.parts {
                *self.counts.entry((*sym, PART)).or_default() += 1;
            }
            for (sym, _) in &person.given {
                *self.counts.entry((*sym, GIVEN)).or_default() += 1;
            }
            for sym in person.work_emails.iter().chain(&person.private_emails) {
                *self.counts.entry((*sym, MAIL)).or_default() += 1;
            }
            for initials in &person.initials {
                *self.initials.entry(initials.clone()).or_default() += 1;
            }
            for letter in letters_in(person.letters) {
                self.letters[letter as usize] += 1;
            }
            for group in &person.nicknames {
                *self.nicknames.entry(*group).or_default() += 1;
            }
            tally_places(person, &mut self.counts, &mut self.pairs);
        }
        self.company = Company::new(&self.persons);
        self.starts = Days::new(&self.persons, |s| s.starts);
        self.ends = Days::new(&self.persons, |s| s.ends);
    }

    /// How many people there are; at least one, so that it can be divided by.
    pub(crate) fn size(&self) -> f64 {
        self.persons.len().max(1) as f64
    }

    /// The share of people who have `sym` as `what`. Names and addresses are rarer in the world than
    /// in a small organisation, where every name is at least one in its size; so they are counted
    /// among the people and a [`crowd`] of strangers.
    pub(crate) fn share(&self, sym: Sym, what: u8) -> f64 {
        let count = self.counts.get(&(sym, what)).copied().unwrap_or(0);
        (f64::from(count) + 0.5) / (self.size() + crowd(what))
    }

    /// Whether anybody has `sym` as `what`.
    pub(crate) fn is_known(&self, sym: Sym, what: u8) -> bool {
        self.counts.contains_key(&(sym, what))
    }

    /// The share of people with the given name `sym` among those who bear a surname as its bearers
    /// do, never less than among all.
    pub(crate) fn share_beside_surname(&self, sym: Sym) -> f64 {
        self.company.share(sym, self.share(sym, GIVEN))
    }

    /// How many people have the surname form and a given name with that first letter.
    pub(crate) fn count_with_letter(&self, form: Sym, letter: Sym) -> u32 {
        self.pairs.get(&(form, letter, FORM)).copied().unwrap_or(0)
    }

    /// The share of people in `unit` who have `value` in placement field `field`.
    pub(crate) fn share_in_unit(&self, unit: Sym, value: Sym, field: usize) -> f64 {
        let both = self.pairs.get(&(unit, value, PLACE + field as u8)).copied().unwrap_or(0);
        let all = self.counts.get(&(unit, PLACE)).copied().unwrap_or(0);
        (f64::from(both) + 0.5) / (f64::from(all) + 1.0)
    }

    /// The share of people with these initials.
    pub(crate) fn share_of_initials(&self, initials: &str) -> f64 {
        let count = self.initials.get(initials).copied().unwrap_or(0);
        (f64::from(count) + 0.5) / (self.size() + 1.0)
    }

    /// The share of people with a given name that begins with this letter.
    pub(crate) fn share_of_letter(&self, letter: Sym) -> f64 {
        (f64::from(self.letters[letter as usize % 27]) + 0.5) / (self.size() + 1.0)
    }

    /// The share of people with a name of one of these nickname groups.
    pub(crate) fn share_of_nicknames(&self, groups: &[u16]) -> f64 {
        let count: u32 = groups.iter().map(|g| self.nicknames.get(g).copied().unwrap_or(0)).sum();
        (f64::from(count) + 0.5) / (self.size() + 1.0)
    }

    /// The share of people who have a start (`is_start`) or an end between the days, inclusive.
    pub(crate) fn share_of_days(&self, is_start: bool, from: i32, to: i32) -> f64 {
        let days = if is_start { &self.starts } else { &self.ends };
        let crowd = if from == to { DAY_CROWD } else { 1.0 };
        (f64::from(days.between(from, to)) + 0.5) / (self.size() + crowd)
    }
}

/// Which given names keep company with which surnames: who is called El Idrissi is more often called
/// Youssef than others are. Counted over pairs of different people with one surname.
#[derive(Default)]
struct Company {
    /// Per given name: pairs that share it too, and all pairs of its bearers.
    pairs: BTreeMap<Sym, (f64, f64)>,
    /// How many times likelier than by chance two people of one surname share a given name.
    lift: f64,
}

impl Company {
    /// Pairs of the average that hold a given name with few bearers.
    const HOLD: f64 = 20.0;

    fn new(persons: &[Person]) -> Self {
        let mut families: BTreeMap<Sym, BTreeMap<Sym, f64>> = BTreeMap::new();
        let mut bearers: BTreeMap<Sym, f64> = BTreeMap::new();
        for person in persons {
            let family = person.forms.iter().find(|(_, form)| *form == Form::Used);
            let given = person.given.iter().min_by_key(|(sym, given)| (*given, *sym));
            if let (Some((family, _)), Some((given, _))) = (family, given) {
                *families.entry(*family).or_default().entry(*given).or_default() += 1.0;
                *bearers.entry(*given).or_default() += 1.0;
            }
        }
        let mut pairs: BTreeMap<Sym, (f64, f64)> = BTreeMap::new();
        for givens in families.values() {
            let all: f64 = givens.values().sum();
            for (given, count) in givens {
                let pair = pairs.entry(*given).or_default();
                pair.0 += count * (count - 1.0);
                pair.1 += count * (all - 1.0);
            }
        }
        let size = persons.len().max(1) as f64;
        let shared: f64 = pairs.values().map(|pair| pair.0).sum();
        let by_chance: f64 = pairs.iter().map(|(given, pair)| pair.1 * bearers[given] / size).sum();
        Self { pairs, lift: ((shared + 1.0) / (by_chance + 1.0)).max(1.0) }
    }

    fn share(&self, given: Sym, among_all: f64) -> f64 {
        let (shared, all) = self.pairs.get(&given).copied().unwrap_or_default();
        let expected = Self::HOLD * (self.lift * among_all).min(1.0);
        ((shared + expected) / (all + Self::HOLD)).clamp(among_all, 1.0)
    }
}

/// How many people have a start (or an end) up to each day, so that a span is one subtraction.
#[derive(Default)]
struct Days {
    first: i32,
    /// At `n`: how many lie before day `first + n`.
    before: Vec<u32>,
}

impl Days {
    /// Dates further than this from the middle one are slips and count as the nearest that is kept.
    const SPAN: i32 = 40_000;

    /// Counts every person once for each distinct day that `pick` gives.
    fn new(persons: &[Person], pick: fn(&Spell) -> Option<i32>) -> Self {
        let mut days: Vec<i32> =
            persons.iter().flat_map(|p| distinct(p.spells.iter().filter_map(pick))).collect();
        days.sort_unstable();
        let Some(middle) = days.get(days.len() / 2).copied() else { return Self::default() };
        let keep = |day: i32| day.clamp(middle - Self::SPAN, middle + Self::SPAN);
        let (first, last) = (keep(days[0]), keep(days[days.len() - 1]));
        let mut before = vec![0_u32; usize::try_from(last - first).expect("days are sorted") + 2];
        days.iter().for_each(|d| before[(keep(*d) - first) as usize + 1] += 1);
        for at in 1..before.len() {
            before[at] += before[at - 1];
        }
        Self { first, before }
    }

    fn between(&self, from: i32, to: i32) -> u32 {
        let Some(last) = self.before.len().checked_sub(1) else { return 0 };
        let at = |day: i32| day.saturating_sub(self.first).clamp(0, last as i32) as usize;
        self.before[at(to.saturating_add(1))] - self.before[at(from)]
    }
}

fn content_key(
    record: &WorkerRecord,
) -> (Option<Date>, Option<Date>, RecordRef, String, PersonName, Placement) {
    let what = (record.kind.clone(), record.name.clone(), record.placement.clone());
    (record.starts, record.ends, record.record_ref(), what.0, what.1, what.2)
}

fn tally_places(
    person: &Person,
    counts: &mut SymMap<(Sym, u8), u32>,
    pairs: &mut SymMap<(Sym, Sym, u8), u32>,
) {
    let mut values: Vec<(Sym, u8)> = Vec::new();
    let mut beside: Vec<(Sym, Sym, u8)> = Vec::new();
    for spell in &person.spells {
        for (field, value) in (0_u8..).zip(spell.place).filter(|(_, value)| *value != NONE) {
            values.push((value, PLACE + field));
            if spell.place[UNIT] != NONE {
                beside.push((spell.place[UNIT], value, PLACE + field));
            }
        }
    }
    for key in distinct(values.into_iter()) {
        *counts.entry(key).or_default() += 1;
    }
    for key in distinct(beside.into_iter()) {
        *pairs.entry(key).or_default() += 1;
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The letters whose bit is set, as 1 to 26.
pub(crate) fn letters_in(bits: u32) -> impl Iterator<Item = Sym> {
    (0..26_u32).filter(move |b| bits >> b & 1 == 1).map(|b| b + 1)
}

/// The number of the first letter of a folded word: 1 to 26, or 0.
pub(crate) fn letter_of(word: &str) -> Sym {
    word.bytes().next().filter(u8::is_ascii_lowercase).map_or(0, |b| Sym::from(b - b'a') + 1)
}

/// A date as a day number, so that differences are subtractions.
pub(crate) fn day(date: Date) -> i32 {
    let (year, month) = if date.month() <= 2 {
        (i32::from(date.year()) - 1, i32::from(date.month()) + 9)
    } else {
        (i32::from(date.year()), i32::from(date.month()) - 3)
    };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + i32::from(date.day()) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
}

fn person(
    identity: u32,
    mine: &[u32],
    records: &[WorkerRecord],
    interner: &mut Interner,
    kinds: &mut BTreeMap<String, u16>,
) -> Person {
    let mut person = Person { identity, ..Person::default() };
    let (mut forms, mut givens) = (BTreeMap::new(), BTreeMap::new());
    let mut marks = 0_u16;
    for index in mine {
        let record = &records[*index as usize];
        for set in name_sets(record) {
            if !person.names.contains(&set) {
                collect_forms(&set, &mut person, &mut forms, &mut givens, interner);
                person.names.push(set);
            }
        }
        person.spells.push(spell(*index, record, interner));
        let next = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
        let kind = *kinds.entry(fold(&record.kind)).or_insert(next);
        marks |= 1 << kind.min(13);
        marks |= u16::from(record.ends.is_none()) << 15;
        let mails = |list: &[String], interner: &mut Interner| -> Vec<Sym> {
            list.iter().map(|m| interner.intern(&mail_key(m))).filter(|m| *m != NONE).collect()
        };
        person.work_emails.extend(mails(&record.work_emails, interner));
        person.private_emails.extend(mails(&record.private_emails, interner));
    }
    spellings(&mut person);
    person.group = marks;
    person.forms = forms.into_iter().collect();
    person.given = givens.into_iter().collect();
    for list in [&mut person.parts, &mut person.work_emails, &mut person.private_emails] {
        list.sort_unstable();
        list.dedup();
    }
    person.nicknames.sort_unstable();
    person.nicknames.dedup();
    person.shrink();
    person
}

fn spellings(person: &mut Person) {
    let add = |list: &mut Vec<Spelling>, text: &str| {
        if text.len() >= 3 && list.iter().all(|s| *s.text != *text) {
            list.push(Spelling::new(text));
        }
    };
    for set in &person.names {
        let bare = set.family.concat();
        add(&mut person.surnames, &format!("{}{bare}", set.prefix.concat()));
        add(&mut person.surnames, &set.in_use.concat());
        set.given.iter().chain([&set.used]).for_each(|name| add(&mut person.givens, name));
        if bare.len() >= 3 && person.bares.iter().all(|b| **b != *bare) {
            person.bares.push(bare.into());
        }
    }
}

/// An address as a key: lower-case, without the name part of `Ana <a@b.c>`.
pub(crate) fn mail_key(address: &str) -> String {
    let inner = address.rsplit_once('<').map_or(address, |(_, tail)| tail.trim_end_matches('>'));
    inner.trim().to_lowercase()
}

fn spell(index: u32, record: &WorkerRecord, interner: &mut Interner) -> Spell {
    let p = &record.placement;
    let fields =
        [&p.unit, &p.job_title, &p.location, &p.legal_entity, &p.cost_centre, &p.supplying_firm];
    Spell {
        record: index,
        starts: record.starts.map(day),
        ends: record.ends.map(day),
        place: fields.map(|f| interner.intern(&joined(&fold(f)))),
    }
}

/// The names of a record in both habits of writing; one set where the habits agree.
pub(crate) fn name_sets(record: &WorkerRecord) -> Vec<NameSet> {
    let narrow = name_set(record, fold);
    let broad = name_set(record, wide);
    if narrow == broad { vec![narrow] } else { vec![narrow, broad] }
}

fn name_set(record: &WorkerRecord, fold: fn(&str) -> String) -> NameSet {
    let words = |text: &str| -> Vec<String> {
        fold(text).split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let name = &record.name;
    let mut set = NameSet {
        given: words(&name.given),
        used: words(&name.used).concat(),
        initials: words(&name.initials).iter().filter_map(|w| w.chars().next()).collect(),
        prefix: words(&name.prefix),
        family: words(&name.family),
        second: words(&name.second_family),
        partner: words(&name.partner),
        in_use: words(&name.family_in_use),
    };
    if set.family.is_empty() {
        from_display(&mut set, &name.display);
    }
    if set.prefix.is_empty() {
        let leading = set.family.iter().take_while(|w| is_particle(w)).count();
        if leading < set.family.len() {
            set.prefix = set.family.drain(..leading).collect();
        }
    }
    if set.initials.len() < set.given.len() && name.initials.trim().is_empty() {
        set.initials = set.given.iter().filter_map(|w| w.chars().next()).collect();
    }
    set
}

/// A source that gives only a whole name: its likeliest reading stands in for the parts.
fn from_display(set: &mut NameSet, display: &str) {
    let Some(reading) = shown::read(display).readings.into_iter().next() else { return };
    if set.given.is_empty() {
        set.given = reading.given;
    }
    if set.initials.is_empty() {
        set.initials = reading.initials;
    }
    set.family = vec![reading.family];
}

fn collect_forms(
    set: &NameSet,
    person: &mut Person,
    forms: &mut BTreeMap<Sym, Form>,
    givens: &mut BTreeMap<Sym, Given>,
    interner: &mut Interner,
) {
    for (text, form) in surname_forms(set) {
        let sym = interner.intern(&text);
        if sym != NONE {
            let known = forms.entry(sym).or_insert(form);
            *known = (*known).min(form);
        }
    }
    let mut own: Vec<Sym> = Vec::new();
    for words in [&set.family, &set.second, &set.partner, &set.in_use] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let parts = shown::significant_parts(&words);
        own.extend(parts.iter().map(|p| interner.intern(p)));
        if words.len() == 1 {
            own.push(interner.intern(words[0]));
        }
    }
    own.sort_unstable();
    own.dedup();
    person.parts_most = person.parts_most.max(own.len());
    person.parts.append(&mut own);
    let first = set.given.first().map_or("", String::as_str);
    let later = set.given.iter().skip(1).map(|w| (w.clone(), Given::Later));
    let all = [
        (set.used.clone(), Given::Used),
        (first.to_owned(), Given::First),
        (set.given.concat(), Given::All),
    ];
    for (text, given) in all.into_iter().chain(later).filter(|(text, _)| !text.is_empty()) {
        let letter = letter_of(&text);
        if letter > 0 {
            person.letters |= 1 << (letter - 1);
        }
        person.nicknames.extend(nickname::groups_of(&text));
        let known = givens.entry(interner.intern(&text)).or_insert(given);
        *known = (*known).min(given);
    }
    if !set.initials.is_empty() && !person.initials.contains(&set.initials) {
        let letter = letter_of(&set.initials);
        if letter > 0 {
            person.letters |= 1 << (letter - 1);
        }
        person.initials.push(set.initials.clone());
    }
}

/// Every way in which a person's surname may be written, as one word each.
fn surname_forms(set: &NameSet) -> Vec<(String, Form)> {
    let (prefix, bare) = (set.prefix.concat(), set.family.concat());
    let own = format!("{prefix}{bare}");
    let mut forms = vec![
        (set.in_use.concat(), Form::Used),
        (own.clone(), Form::Own),
        (bare.clone(), Form::Bare),
    ];
    for other in [&set.partner, &set.second] {
        let whole = other.concat();
        if whole.is_empty() {
            continue;
        }
        let leading = other.iter().take_while(|w| is_particle(w)).count();
        let short = other[leading.min(other.len() - 1)..].concat();
        forms.push((format!("{own}{whole}"), Form::Double));
        forms.push((format!("{bare}{short}"), Form::Double));
        forms.push((format!("{whole}{own}"), Form::Double));
        forms.push((format!("{short}{bare}"), Form::Double));
        forms.push((whole, Form::Other));
        forms.push((short, Form::Other));
    }
    if let (Some(first), true) = (set.family.first(), set.family.len() > 1) {
        forms.push((first.clone(), Form::Other));
        forms.extend(set.family.last().map(|last| (last.clone(), Form::Other)));
    }
    forms.retain(|(text, _)| !text.is_empty());
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn given_names_keep_company_with_surnames() {
        let person = |family: Sym, given: Sym| Person {
            forms: vec![(family, Form::Used)],
            given: vec![(given, Given::Used)],
            ..Person::default()
        };
        // Forty bear surname 1 and share four given names; four hundred others share neither.
        let few = (0..40).map(|at| person(1, 100 + at % 4));
        let many = (0..400).map(|at| person(2 + at % 20, 200 + (at / 20 + 7 * at) % 50));
        let company = Company::new(&few.chain(many).collect::<Vec<_>>());
        let (kept, loose) = (10.0 / 440.0, 8.0 / 440.0);
        assert!(company.share(100, kept) > 5.0 * kept, "{}", company.share(100, kept));
        assert!(company.share(200, loose) < 5.0 * loose, "{}", company.share(200, loose));
        assert!(company.share(999, 0.01) >= 0.01);
    }

    #[test]
    fn day_numbers_count_days() {
        assert_eq!(day(date(2026, 3, 1)) - day(date(2026, 2, 28)), 1);
        assert_eq!(day(date(2024, 3, 1)) - day(date(2024, 2, 28)), 2);
        assert_eq!(day(date(2027, 1, 1)) - day(date(2026, 1, 1)), 365);
    }
}
