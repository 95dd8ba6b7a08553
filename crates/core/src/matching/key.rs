//! The rules that come before the model: ids, worker numbers, proven addresses, known logins.
//!
//! A key decides only if it names one human, if the shown name does not contradict it, and if the
//! same rule is right nearly everywhere else in the instance. Otherwise it is a claim: the human it
//! names becomes a candidate, no more.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::canonical::shown_login_key;
use crate::worker::WorkerRecord;

use super::intern::{Interner, NONE, Sym, SymMap};
use super::level::{Field, Pair, given, surname};
use super::roster::{Roster, mail_key};
use super::seen::Seen;

/// Which rule found somebody, strongest first: the order in which keys are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The account's external id is the record's.
    ExternalId,
    /// The account carries the worker number.
    WorkerNumber,
    /// The login is the worker number.
    LoginNumber,
    /// A proven address that the employer gave to one human.
    VerifiedEmail,
    /// The source knows this login.
    KnownLogin,
}

impl Rule {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::WorkerNumber => "worker_number",
            Self::LoginNumber => "login_number",
            Self::VerifiedEmail => "verified_email",
            Self::KnownLogin => "known_login",
        }
    }

    /// Whether a rule that finds somebody by a text that people choose, and that is given again to
    /// others after a leave, must be checked against the dates.
    pub(crate) fn is_reusable(self) -> bool {
        matches!(self, Self::VerifiedEmail | Self::KnownLogin)
    }
}

/// What a rule found for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub rule: Rule,
    /// Everybody whom the key names, sorted. One, unless the key is shared.
    pub persons: Vec<u32>,
    /// The text that matched.
    pub text: String,
    /// The record that it matched, where there is one.
    pub record: u32,
}

/// Record attributes that hold an immutable id of the human.
const ID_NAMES: &[&str] = &[
    "external_id",
    "externalid",
    "immutable_id",
    "immutableid",
    "object_guid",
    "objectguid",
    "object_id",
    "objectid",
    "guid",
    "uuid",
    "idp_id",
    "scim_id",
    "employee_guid",
    "person_id",
    "personid",
    "sub",
];

/// The keys of everybody.
pub(crate) struct Keys {
    /// The texts of keys. They have an interner of their own, because a login that is nobody's name
    /// must not become one.
    texts: Interner,
    /// Everybody whom a key names, each with a record that holds it.
    rows: SymMap<(Rule, Sym), Vec<(u32, u32)>>,
}

impl Keys {
    /// Collects the keys of everybody.
    pub(crate) fn new(roster: &Roster, records: &[WorkerRecord]) -> Self {
        let mut keys = Self { texts: Interner::default(), rows: SymMap::default() };
        for (number, person) in (0_u32..).zip(&roster.persons) {
            for spell in &person.spells {
                for (rule, text) in keys_of(&records[spell.record as usize]) {
                    let text = keys.texts.intern(&text);
                    let found = keys.rows.entry((rule, text)).or_default();
                    if found.iter().all(|(p, _)| *p != number) {
                        found.push((number, spell.record));
                    }
                }
            }
        }
        keys
    }

    /// The strongest key of an account that names somebody.
    pub(crate) fn of(&self, account: &Account) -> Option<Key> {
        let mut asked: Vec<(Rule, String)> = vec![
            (Rule::ExternalId, account.external_id.trim().to_owned()),
            (Rule::WorkerNumber, number_key(&account.external_id)),
            (Rule::WorkerNumber, number_key(&account.worker_number)),
            (Rule::WorkerNumber, number_key(&account.login)),
        ];
        asked.extend(
            account
                .emails
                .iter()
                .filter(|e| e.verified)
                .map(|e| (Rule::VerifiedEmail, mail_key(&e.address))),
        );
        asked.push((Rule::KnownLogin, shown_login_key(account.login.trim())));
        asked.into_iter().enumerate().find_map(|(order, (rule, text))| {
            let sym = Some(self.texts.find(&text)).filter(|sym| *sym != NONE)?;
            let found = self.rows.get(&(rule, sym))?;
            let rule = match (rule, order) {
                (Rule::WorkerNumber, 3) => Rule::LoginNumber,
                (Rule::WorkerNumber, 1) => Rule::ExternalId,
                (rule, _) => rule,
            };
            let mut persons: Vec<u32> = found.iter().map(|(p, _)| *p).collect();
            persons.sort_unstable();
            Some(Key { rule, persons, text, record: found[0].1 })
        })
    }
}

fn number_key(number: &str) -> String {
    number.trim().to_lowercase()
}

fn keys_of(record: &WorkerRecord) -> Vec<(Rule, String)> {
    let mut keys = vec![(Rule::WorkerNumber, number_key(record.number.as_str()))];
    keys.push((Rule::ExternalId, record.record_ref().to_string()));
    let ids = record
        .attributes
        .iter()
        .filter(|(name, _)| ID_NAMES.contains(&name.to_lowercase().as_str()));
    keys.extend(ids.map(|(_, value)| (Rule::ExternalId, value.trim().to_owned())));
    keys.extend(record.work_emails.iter().map(|m| (Rule::VerifiedEmail, mail_key(m))));
    keys.extend(record.logins.iter().map(|l| (Rule::KnownLogin, shown_login_key(l.trim()))));
    keys.retain(|(_, text)| !text.is_empty());
    keys
}

/// Whether the shown name says that it is somebody else's account.
pub(crate) fn contradicts(pair: &Pair) -> bool {
    let (surname, given) = (pair.level(Field::Surname), pair.level(Field::GivenName));
    let is_other_family = surname == surname::CONFLICT;
    let is_other_given =
        matches!(given, given::SAME_LETTER | given::CONFLICT | given::OTHER_INITIALS);
    // A new surname is a marriage; a new given name under the same surname is a relative.
    is_other_given && (is_other_family || given != given::SAME_LETTER)
        || (is_other_family && given == 0)
}

/// Whether the key names one human who may have had the account when it was made.
pub(crate) fn decides(key: &Key, seen: &Seen, roster: &Roster) -> bool {
    let [person] = key.persons.as_slice() else { return false };
    if !key.rule.is_reusable() {
        return true;
    }
    let spells = &roster.persons[*person as usize].spells;
    let gone =
        spells.iter().map(|s| s.ends).try_fold(i32::MIN, |last, end| end.map(|e| last.max(e)));
    match (seen.created, gone) {
        (Some(created), Some(gone)) => created < gone,
        _ => true,
    }
}

/// How often, at least, a rule must agree with the shown names of its class to be trusted there.
const TRUST_MIN: f64 = 0.9;

/// Which rules are trusted in which class: `votes` says for each keyed account whether its other
/// evidence speaks for the key.
pub(crate) fn trusted(votes: &[(u16, Rule, bool)]) -> impl Fn(u16, Rule) -> bool + use<> {
    let mut counts: BTreeMap<(u16, Rule), (u32, u32)> = BTreeMap::new();
    for (class, rule, is_for) in votes {
        let count = counts.entry((*class, *rule)).or_default();
        count.0 += u32::from(*is_for);
        count.1 += 1;
    }
    move |class, rule| {
        let (agreeing, all) = counts.get(&(class, rule)).copied().unwrap_or((0, 0));
        all < 10 || f64::from(agreeing) >= TRUST_MIN * f64::from(all)
    }
}
