//! Other people's software in virtual time: it forgets to answer, shows late, acts late, is changed by
//! others, and keeps a ledger of what really happened.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::account::{Account, Email, Grant, State};
use rollbook_core::canonical::same_login;
use rollbook_core::change::{Change, Op, Verb};
use rollbook_core::id::{AccountKey, ChangeId, InstanceName};
use rollbook_core::step::{Outcome, Receipt, Seen};

use super::chance::Chance;

/// Whose an account really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// The person at this place.
    Person(usize),
    /// Nobody who works or worked here.
    Stranger,
    /// Several people, or a machine.
    Nobody,
}

/// An account as it really is.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) account: Account,
    pub(super) owner: Owner,
    /// When somebody other than Rollbook last changed it.
    pub(super) touched: Timestamp,
}

type Rows = BTreeMap<AccountKey, Row>;

/// How a vendor behaves.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    /// How long it takes until readers see a change, in seconds.
    pub(super) shows_after_s: i64,
    /// How long it may take to do what it did not answer, in seconds.
    pub(super) acts_within_s: i64,
    /// Out of how many requests one goes wrong.
    pub(super) faults_one_in: usize,
    /// Whether it lets two accounts have one login.
    pub(super) allows_twins: bool,
    pub(super) keeps_external_ids: bool,
    /// Whether suspending deletes.
    pub(super) suspend_deletes: bool,
    /// Whether it says now and then that it did what it did not do.
    pub(super) lies: bool,
    /// Whether what cannot be seen there can never be seen.
    pub(super) goes_blind: bool,
}

/// Something that really changed because Rollbook sent it.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub(super) sent_at: Timestamp,
    pub(super) at: Timestamp,
    pub(super) change: ChangeId,
    pub(super) verb: Verb,
    pub(super) key: AccountKey,
    /// When somebody else last changed the account before this.
    pub(super) touched: Timestamp,
}

#[derive(Debug)]
pub(super) struct Vendor {
    pub(super) name: InstanceName,
    pub(super) habits: Habits,
    /// What it held, from each moment on.
    past: Vec<(Timestamp, Rows)>,
    late: Vec<(Timestamp, Timestamp, Change)>,
    pub(super) ledger: Vec<Effect>,
    /// Keys given so far.
    given: usize,
    /// When anybody but Rollbook last changed anything here.
    pub(super) touched: Timestamp,
}

impl Vendor {
    pub(super) fn new(name: &str, habits: Habits, now: Timestamp) -> Self {
        Self {
            name: name.into(),
            habits,
            past: vec![(Timestamp::MIN, Rows::new())],
            late: Vec::new(),
            ledger: Vec::new(),
            given: 0,
            touched: now,
        }
    }

    pub(super) fn rows(&self) -> &Rows {
        &self.past.last().expect("it always holds something").1
    }

    /// What readers see at this moment.
    pub(super) fn shown(&self, now: Timestamp) -> &Rows {
        let until = now - SignedDuration::from_secs(self.habits.shows_after_s);
        let shown = self.past.iter().rev().find(|(since, _)| *since <= until);
        &shown.expect("it always held something").1
    }

    /// Somebody other than Rollbook changes an account, or adds one.
    pub(super) fn touch(&mut self, key: &AccountKey, now: Timestamp, how: impl FnOnce(&mut Row)) {
        self.catch_up(now);
        let mut rows = self.rows().clone();
        if let Some(row) = rows.get_mut(key) {
            how(row);
            row.touched = now;
            self.touched = now;
            self.past.push((now, rows));
        }
    }

    pub(super) fn add(&mut self, mut account: Account, owner: Owner, now: Timestamp) -> AccountKey {
        let mut rows = self.rows().clone();
        let key = self.fresh_key();
        (account.instance, account.key) = (self.name.clone(), key.clone());
        rows.insert(key.clone(), Row { account, owner, touched: now });
        self.touched = now;
        self.past.push((now, rows));
        key
    }

    fn fresh_key(&mut self) -> AccountKey {
        self.given += 1;
        AccountKey::new(format!("u{}", self.given))
    }

    /// Does what was sent earlier and not answered.
    pub(super) fn catch_up(&mut self, now: Timestamp) {
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|one| one.0 <= now);
        self.late = late;
        let mut due: Vec<(Timestamp, Timestamp, Change)> = due;
        due.sort_by_key(|one| one.0);
        for (at, sent_at, change) in due {
            let _ = self.perform(&change, at, sent_at);
        }
    }

    /// A request, and what comes back of it.
    pub(super) fn send(&mut self, change: &Change, now: Timestamp, chance: &mut Chance) -> Outcome {
        self.catch_up(now);
        if self.habits.lies && chance.one_in(3) {
            let account = change.account.clone().unwrap_or_else(|| "u0".into());
            return Outcome::Done { account, receipt: Receipt::default() };
        }
        if !chance.one_in(self.habits.faults_one_in) {
            return self.perform(change, now, now);
        }
        let lost = || Outcome::Uncertain { why: "the answer was lost".to_owned() };
        match chance.below(5) {
            0 => Outcome::Failed {
                why: "busy".to_owned(),
                retry_at: Some(now + SignedDuration::from_secs(chance.seconds(90))),
                hint: String::new(),
            },
            1 => {
                Outcome::Failed { why: "forbidden".to_owned(), retry_at: None, hint: String::new() }
            }
            2 => lost(),
            3 => {
                let _ = self.perform(change, now, now);
                lost()
            }
            _ => {
                let wait = SignedDuration::from_secs(chance.seconds(self.habits.acts_within_s));
                self.late.push((now + wait, now, change.clone()));
                lost()
            }
        }
    }

    /// A look at the account that the change is about.
    pub(super) fn look(&mut self, change: &Change, now: Timestamp, chance: &mut Chance) -> Seen {
        self.catch_up(now);
        if chance.one_in(self.habits.faults_one_in * 3) {
            let later = now + SignedDuration::from_secs(chance.seconds(30));
            let retry_at = (!self.habits.goes_blind).then_some(later);
            return Seen::Unobservable { why: "it did not answer".to_owned(), retry_at };
        }
        let rows = self.shown(now);
        let found = match (&change.op, &change.account) {
            (Op::Create { profile }, _) => {
                let ours = |row: &&Row| row.account.external_id == profile.external_id;
                let named = |row: &&Row| same_login(&row.account.login, &profile.login);
                rows.values().find(ours).or_else(|| rows.values().find(named))
            }
            (_, Some(key)) => rows.get(key),
            (_, None) => None,
        };
        match found {
            Some(row) => Seen::Present { account: Box::new(row.account.clone()) },
            None => Seen::Absent,
        }
    }

    fn perform(&mut self, change: &Change, at: Timestamp, sent_at: Timestamp) -> Outcome {
        let mut rows = self.rows().clone();
        let refused = |why: &str| Outcome::Failed {
            why: why.to_owned(),
            retry_at: None,
            hint: String::new(),
        };
        let key = match (&change.op, &change.account) {
            (Op::Create { .. }, _) => self.fresh_key(),
            (_, Some(key)) => key.clone(),
            (_, None) => return refused("nobody said whom"),
        };
        let touched = rows.get(&key).map_or(Timestamp::MIN, |row| row.touched);
        match self.alter(&mut rows, &key, &change.op, at) {
            Err(why) => return refused(why),
            Ok(false) => return Outcome::AlreadyDone { account: key },
            Ok(true) => {}
        }
        let (change, verb) = (change.id.clone(), change.op.word());
        self.ledger.push(Effect { sent_at, at, change, verb, key: key.clone(), touched });
        self.past.push((at, rows));
        Outcome::Done { account: key, receipt: Receipt::default() }
    }

    /// Whether anything changed.
    fn alter(
        &self,
        rows: &mut Rows,
        key: &AccountKey,
        op: &Op,
        at: Timestamp,
    ) -> Result<bool, &'static str> {
        if let Op::Create { profile } = op {
            let taken = rows.values().any(|row| same_login(&row.account.login, &profile.login));
            if taken && !self.habits.allows_twins {
                return Err("the login is taken");
            }
            let external_id = match self.habits.keeps_external_ids {
                true => profile.external_id.clone(),
                false => String::new(),
            };
            let account = Account {
                instance: self.name.clone(),
                key: key.clone(),
                login: profile.login.clone(),
                display_name: profile.display_name.clone(),
                emails: vec![Email { address: profile.email.clone(), verified: true }],
                worker_number: profile.worker_number.clone(),
                external_id,
                ..Account::default()
            };
            rows.insert(key.clone(), Row { owner: owner_of(&account), account, touched: at });
            return Ok(true);
        }
        if *op == Op::Remove || (*op == Op::Suspend && self.habits.suspend_deletes) {
            return rows.remove(key).map(|_| true).ok_or("there is no such account");
        }
        let row = rows.get_mut(key).ok_or("there is no such account")?;
        let before = row.account.clone();
        match op {
            Op::Suspend => row.account.state = State::Suspended,
            Op::Reactivate => row.account.state = State::Active,
            Op::Grant { entitlement } => {
                let grant = Grant { entitlement: entitlement.clone(), ..Grant::default() };
                row.account.grants.retain(|one| one.entitlement != *entitlement);
                row.account.grants.push(grant);
            }
            Op::Revoke { entitlement } => {
                row.account.grants.retain(|one| one.entitlement != *entitlement);
                row.account.roles.retain(|role| role != entitlement);
            }
            Op::Update { .. } | Op::Create { .. } | Op::Remove => return Err("it cannot do that"),
        }
        Ok(row.account != before)
    }
}

/// Whose an account is that Rollbook made: whoever has the number in it.
fn owner_of(account: &Account) -> Owner {
    let number = account.worker_number.trim_start_matches('E').parse::<usize>();
    number.map_or(Owner::Nobody, |number| Owner::Person(number - 1))
}
