//! Worker records, taken one by one.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::bits::Bits;
use super::index::{Arena, Full, HUMANS_MAX, Index, Named};
use super::roll::{Human, Roll};
use super::spell::{Day, Spell};
use crate::canonical::shown_login_key;
use crate::id::InstanceName;
use crate::policy::Birthright;

/// The instance name in the policy that stands for any of them.
const ANY: &str = "*";

/// An instance, as far as it matters who it is for.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub instance: InstanceName,
    /// Which kinds of worker it is for; empty: all.
    pub covers: Vec<String>,
}

impl Place {
    fn is_for(&self, kind: &str) -> bool {
        self.covers.is_empty() || self.covers.iter().any(|covered| covered == kind)
    }

    /// Whether the rule asks for an account here.
    pub fn is_meant(&self, right: &Birthright) -> bool {
        right.instance.as_str() == ANY || right.instance == self.instance
    }

    /// Whether the rule asks for an account here, for somebody for whom the instance is.
    pub fn may_satisfy(&self, right: &Birthright) -> bool {
        let shares = || right.kinds.iter().any(|kind| self.is_for(kind));
        self.is_meant(right) && (right.kinds.is_empty() || self.covers.is_empty() || shares())
    }
}

/// What one worker record says, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The place of the source in the configuration.
    pub source: u16,
    /// The number in that source.
    pub number: &'a str,
    /// The kind of record.
    pub kind: &'a str,
    /// The organisational unit.
    pub unit: &'a str,
    /// The first day.
    pub starts: Option<Date>,
    /// The first day on which it no longer holds.
    pub ends: Option<Date>,
}

/// A roll that is being written.
#[derive(Debug)]
pub struct Enrolment {
    today: Day,
    places: Vec<Place>,
    rights: Vec<Birthright>,
    /// Source and number, byte for byte: these make a human.
    known: Index,
    /// Source and number of each human, and where they lie there.
    texts: Arena,
    humans: Vec<u32>,
    numbers: Index,
    emails: Index,
    logins: Index,
    spells: Vec<Spell>,
    kinds: Vec<Kind>,
    kind_places: BTreeMap<String, u16>,
    /// For each right of the policy, who has it today.
    entitled: Vec<Bits>,
    /// Room to put keys together in.
    text: String,
    exact: Vec<u8>,
}

/// A kind of record and the rights of the policy that it can give.
#[derive(Debug)]
struct Kind {
    name: String,
    gives: Vec<bool>,
}

impl Enrolment {
    /// An empty roll as of `today`, for the rights of a policy and all instances of a workspace.
    pub fn new(rights: &[Birthright], places: Vec<Place>, today: Date) -> Self {
        Self {
            today: today.into(),
            places,
            rights: rights.to_vec(),
            known: Index::default(),
            texts: Arena::default(),
            humans: Vec::new(),
            numbers: Index::default(),
            emails: Index::default(),
            logins: Index::default(),
            spells: Vec::new(),
            kinds: Vec::new(),
            kind_places: BTreeMap::new(),
            entitled: vec![Bits::default(); rights.len()],
            text: String::new(),
            exact: Vec::new(),
        }
    }

    /// Takes one record and says whose it is.
    ///
    /// # Errors
    /// When there are more humans, kinds or bytes of text than can be counted (some billions).
    pub fn record(&mut self, entry: Entry<'_>) -> Result<Human, Full> {
        self.exact.clear();
        self.exact.extend_from_slice(&entry.source.to_le_bytes());
        self.exact.extend_from_slice(entry.number.as_bytes());
        let human = match self.known.get(&self.exact) {
            Named::One(human) => human,
            Named::Nobody | Named::Several => self.newcomer(entry.number)?,
        };
        let kind = self.kind(entry.kind)?;
        let spell = Spell {
            human,
            kind,
            starts: entry.starts.map_or(Day::ALWAYS, Day::from),
            ends: entry.ends.map_or(Day::NEVER, Day::from),
        };
        if spell.holds_on(self.today) {
            self.entitle(human, kind, entry.unit);
        }
        self.spells.push(spell);
        Ok(Human(human))
    }

    /// An address that the employer gave to `human`.
    ///
    /// # Errors
    /// When there is no room for more text.
    pub fn work_email(&mut self, human: Human, address: &str) -> Result<(), Full> {
        match folded_address(address, &mut self.text) {
            "" => Ok(()),
            address => self.emails.name(address.as_bytes(), human.0),
        }
    }

    /// A login that the source knows of `human`.
    ///
    /// # Errors
    /// When there is no room for more text.
    pub fn login(&mut self, human: Human, login: &str) -> Result<(), Full> {
        match folded_login(login, &mut self.text) {
            "" => Ok(()),
            login => self.logins.name(login.as_bytes(), human.0),
        }
    }

    /// The roll of everybody who was enrolled.
    pub fn finish(self) -> Roll {
        let Self { today, humans, numbers, emails, logins, mut spells, entitled, .. } = self;
        spells.sort_by_key(|spell| spell.human);
        let mut first = Vec::with_capacity(humans.len() + 1);
        let mut at = 0;
        for human in 0..=humans.len() {
            while spells.get(at).is_some_and(|spell| (spell.human as usize) < human) {
                at += 1;
            }
            first.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        Roll {
            today,
            texts: self.texts,
            humans,
            numbers,
            emails,
            logins,
            spells,
            first,
            kinds: self.kinds.into_iter().map(|kind| kind.name).collect(),
            entitled,
        }
    }

    /// Gives the next number to the human whose source and number are `exact`.
    fn newcomer(&mut self, number: &str) -> Result<u32, Full> {
        let next = u32::try_from(self.humans.len()).map_err(|_| Full)?;
        if next >= HUMANS_MAX {
            return Err(Full);
        }
        self.known.name(&self.exact, next)?;
        self.humans.push(self.texts.push(&self.exact)?);
        self.numbers.name(folded(number, &mut self.text).as_bytes(), next)?;
        Ok(next)
    }

    fn kind(&mut self, name: &str) -> Result<u16, Full> {
        if let Some(&kind) = self.kind_places.get(name) {
            return Ok(kind);
        }
        let kind = u16::try_from(self.kinds.len()).map_err(|_| Full)?;
        let gives = |right: &Birthright| {
            let fits = right.kinds.is_empty() || right.kinds.iter().any(|one| one == name);
            fits && self.places.iter().any(|place| place.is_meant(right) && place.is_for(name))
        };
        let gives = self.rights.iter().map(gives).collect();
        self.kinds.push(Kind { name: name.to_owned(), gives });
        self.kind_places.insert(name.to_owned(), kind);
        Ok(kind)
    }

    fn entitle(&mut self, human: u32, kind: u16, unit: &str) {
        let gives = &self.kinds[usize::from(kind)].gives;
        for ((right, gives), entitled) in self.rights.iter().zip(gives).zip(&mut self.entitled) {
            if *gives && (right.units.is_empty() || right.units.iter().any(|one| one == unit)) {
                entitled.set(human);
            }
        }
    }
}

/// The form under which two logins are the same; see [`crate::canonical::login_key`].
pub(super) fn folded_login<'a>(login: &'a str, room: &'a mut String) -> &'a str {
    if login.is_ascii() {
        return folded(login, room);
    }
    *room = shown_login_key(login.trim());
    room
}

/// The form under which two numbers are the same. Nearly all are in that form already, so
/// `room` is hardly ever used.
pub(super) fn folded<'a>(text: &'a str, room: &'a mut String) -> &'a str {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return text;
    }
    room.clear();
    if text.is_ascii() {
        room.push_str(text);
        room.make_ascii_lowercase();
    } else {
        room.push_str(&text.to_lowercase());
    }
    room
}

/// The same for addresses, which may stand after a name and between angle brackets.
pub(super) fn folded_address<'a>(address: &'a str, room: &'a mut String) -> &'a str {
    let bare = address.rsplit_once('<').map_or(address, |(_, tail)| tail.trim_end_matches('>'));
    folded(bare, room)
}
