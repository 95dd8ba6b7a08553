//! The accounts of one instance, taken past the roll one by one.

use jiff::civil::Date;

use super::bits::Bits;
use super::enrolment::{folded, folded_address, folded_login};
use super::index::Named;
use super::roll::{Human, Presences, Roll};
use super::spell::{Day, Presence};
use crate::account::State;
use crate::finding::Kind;
use crate::matching::Rule;

/// What is asked of an account. Only what is needed is asked.
pub trait Seen {
    /// Why something cannot be read.
    type Error;

    /// Whether it lets anybody in.
    fn state(&self) -> State;
    /// The id that an IdP gave it, or empty text.
    fn external_id(&self) -> &str;
    /// The worker number that it carries, or empty text.
    fn worker_number(&self) -> &str;
    /// The login, or empty text.
    fn login(&self) -> &str;
    /// The addresses that are proven or lie in a domain that the employer owns.
    fn verified_emails(&self) -> impl Iterator<Item = &str>;
    /// The day on which it was made, where it is known.
    ///
    /// # Errors
    /// If the day cannot be read.
    fn created(&self) -> Result<Option<Date>, Self::Error>;
}

/// What is wrong with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// `Leftover`, `Orphan` or `AmbiguousOwner`.
    pub kind: Kind,
    /// The owner, where one is known.
    pub owner: Option<Human>,
    /// The key that named somebody.
    pub rule: Option<Rule>,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Accounts that let somebody in.
    pub open: u64,
    /// Accounts, open or not, whose owner a key names.
    pub linked: u64,
    /// Open accounts whose owner has left.
    pub leftover: u64,
    /// Open accounts that no key links.
    pub orphan: u64,
    /// Open accounts whose key names several humans, or one who had left before they were made.
    pub ambiguous_owner: u64,
}

/// Whom the strongest key of an account names.
enum Owner {
    Nobody,
    Unsure(Rule),
    Sure(Rule, u32),
}

/// The accounts of one instance.
#[derive(Debug)]
pub struct Sweep<'a> {
    roll: &'a Roll,
    presences: &'a Presences,
    there: Bits,
    counts: Counts,
    room: String,
    /// Places in the tables that the next accounts will ask for.
    near_numbers: Vec<usize>,
    near_emails: Vec<usize>,
}

impl<'a> Sweep<'a> {
    /// Begins with an instance; `presences` are of the kinds that it covers.
    pub fn new(roll: &'a Roll, presences: &'a Presences) -> Self {
        Self {
            roll,
            presences,
            there: Bits::default(),
            counts: Counts::default(),
            room: String::new(),
            near_numbers: Vec::new(),
            near_emails: Vec::new(),
        }
    }

    /// Takes one account and says what is wrong with it.
    ///
    /// # Errors
    /// If the account cannot be read where it must be.
    pub fn take<S: Seen>(&mut self, account: &S) -> Result<Option<Found>, S::Error> {
        let state = account.state();
        self.counts.accounts += 1;
        self.counts.open += u64::from(state.is_open());
        let owner = self.owner(account)?;
        if let Owner::Sure(_, human) = owner {
            self.counts.linked += 1;
            if state != State::Gone {
                self.there.set(human);
            }
        }
        if !state.is_open() {
            return Ok(None);
        }
        let (kind, owner, rule) = match owner {
            Owner::Nobody => (Kind::Orphan, None, None),
            Owner::Unsure(rule) => (Kind::AmbiguousOwner, None, Some(rule)),
            Owner::Sure(rule, human) if self.should_be_closed(human, account)? => {
                (Kind::Leftover, Some(Human(human)), Some(rule))
            }
            Owner::Sure(..) => return Ok(None),
        };
        match kind {
            Kind::Orphan => self.counts.orphan += 1,
            Kind::AmbiguousOwner => self.counts.ambiguous_owner += 1,
            _ => self.counts.leftover += 1,
        }
        Ok(Some(Found { kind, owner, rule }))
    }

    /// Takes many accounts in their order and tells what is wrong with them. Quicker than one by one,
    /// because the waits for memory overlap; some dozens at a time are best.
    ///
    /// # Errors
    /// As [`Sweep::take`], and whatever `tell` refuses.
    pub fn take_all<S: Seen>(
        &mut self,
        accounts: &[S],
        mut tell: impl FnMut(&S, Found) -> Result<(), S::Error>,
    ) -> Result<(), S::Error> {
        self.foresee(accounts);
        for account in accounts {
            if let Some(found) = self.take(account)? {
                tell(account, found)?;
            }
        }
        Ok(())
    }

    /// How many of what, and who has an account here that is not gone.
    pub fn finish(self) -> (Counts, Bits) {
        (self.counts, self.there)
    }

    fn owner<S: Seen>(&mut self, account: &S) -> Result<Owner, S::Error> {
        let Some((rule, named)) = self.named(account) else { return Ok(Owner::Nobody) };
        let Named::One(human) = named else { return Ok(Owner::Unsure(rule)) };
        if !rule.is_reusable() {
            return Ok(Owner::Sure(rule, human));
        }
        let ends = self.roll.spells(human).iter().map(|spell| spell.ends);
        let gone = ends.max().filter(|&gone| gone != Day::NEVER);
        let made_later = match gone {
            Some(gone) => account.created()?.is_some_and(|created| gone <= created.into()),
            None => false,
        };
        Ok(if made_later { Owner::Unsure(rule) } else { Owner::Sure(rule, human) })
    }

    /// Has brought near what will most likely be asked for.
    fn foresee<S: Seen>(&mut self, accounts: &[S]) {
        let Self { roll, room, near_numbers, near_emails, .. } = self;
        near_numbers.clear();
        near_emails.clear();
        for account in accounts {
            let numbers = [account.external_id(), account.worker_number(), account.login()];
            if let Some(number) = numbers.into_iter().find(|number| !number.is_empty()) {
                near_numbers.push(roll.numbers.begin(folded(number, room).as_bytes()));
            }
            if numbers[..2].iter().all(|number| number.is_empty()) {
                let addresses = account.verified_emails();
                near_emails.extend(
                    addresses.map(|one| roll.emails.begin(folded_address(one, room).as_bytes())),
                );
            }
        }
        roll.numbers.bring_near(near_numbers);
        roll.emails.bring_near(near_emails);
    }

    /// Whom the strongest key names that names anybody.
    fn named<S: Seen>(&mut self, account: &S) -> Option<(Rule, Named)> {
        let Self { roll, room, .. } = self;
        let mut ask = |rule, index: &super::index::Index, text: &str| {
            let text = folded(text, room);
            let named = if text.is_empty() { Named::Nobody } else { index.get(text.as_bytes()) };
            (named != Named::Nobody).then_some((rule, named))
        };
        let by_number = ask(Rule::ExternalId, &roll.numbers, account.external_id())
            .or_else(|| ask(Rule::WorkerNumber, &roll.numbers, account.worker_number()))
            .or_else(|| ask(Rule::LoginNumber, &roll.numbers, account.login()));
        if by_number.is_some() {
            return by_number;
        }
        for address in account.verified_emails() {
            let address = folded_address(address, room);
            match roll.emails.get(address.as_bytes()) {
                Named::Nobody => {}
                named => return Some((Rule::VerifiedEmail, named)),
            }
        }
        let login = folded_login(account.login(), room);
        match roll.logins.get(login.as_bytes()) {
            Named::Nobody => None,
            named => Some((Rule::KnownLogin, named)),
        }
    }

    /// Whether the owner is not here any more as far as this instance goes. An account that was made
    /// after the leave of somebody who is due back was made for the return.
    fn should_be_closed<S: Seen>(&self, human: u32, account: &S) -> Result<bool, S::Error> {
        match self.presences.of[human as usize] {
            Presence::Expected => Ok(false),
            Presence::Left | Presence::Elsewhere => Ok(true),
            Presence::DueBack => {
                let covered = |spell: &&super::spell::Spell| {
                    self.presences.covered[usize::from(spell.kind)]
                        && spell.ended_by(self.roll.today)
                };
                let ended = self.roll.spells(human).iter().filter(covered).map(|spell| spell.ends);
                let created = account.created()?.map(Day::from);
                Ok(created.zip(ended.max()).is_none_or(|(created, ended)| created < ended))
            }
        }
    }
}
