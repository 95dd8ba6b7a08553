//! Why an account is thought to be somebody's, in words.

use crate::account::Account;
use crate::explain::counted;
use crate::worker::WorkerRecord;

use super::convention::Template;
use super::key::{Key, Rule};
use super::level::{ALL, Field, Pair, bucket_range, days, given, login, mail, place, surname};
use super::roster::{Person, Roster};
use super::weight::Weights;

/// What sentences are made from.
pub(crate) struct Reasons<'a> {
    pub records: &'a [WorkerRecord],
    pub roster: &'a Roster,
    pub weights: &'a Weights,
    /// The conventions of every class, most usual first.
    pub conventions: &'a [Vec<Template>],
}

impl Reasons<'_> {
    /// The evidence for and against a candidate, strongest first, as one sentence.
    pub(crate) fn of_pair(&self, class: u16, account: &Account, pair: &Pair) -> String {
        let mut said: Vec<(f64, String)> = ALL
            .into_iter()
            .filter_map(|field| {
                let bits = self.weights.bits(class, pair, field as usize);
                let words = self.words(class, account, pair, field)?;
                // What agrees less than usual is no argument against, and the other way round.
                let is_argument = (bits > 0.0) == speaks_for(field, pair.level(field));
                (is_argument && bits.abs() >= 0.5).then_some((bits, words))
            })
            .collect();
        said.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let pick = |is_for: bool, most: usize| -> Vec<String> {
            said.iter()
                .filter(|(bits, _)| (*bits > 0.0) == is_for)
                .take(most)
                .map(|(_, words)| words.clone())
                .collect()
        };
        let who = self.who(pair.person);
        let (pro, contra) = (pick(true, 4), pick(false, 3));
        let mut text = match pro.as_slice() {
            [] => format!("Little speaks for {who}"),
            [only] => format!("{} speaks for {who}", capital(only)),
            [head @ .., last] => {
                format!("{} and {last} speak for {who}", capital(&head.join(", ")))
            }
        };
        if !contra.is_empty() {
            text.push_str(&format!("; against: {}", contra.join(", ")));
        }
        text.push('.');
        text
    }

    /// Why a rule names somebody.
    pub(crate) fn of_key(&self, key: &Key, person: u32) -> String {
        let who = self.who(person);
        match key.rule {
            Rule::ExternalId => format!("Its external id {} is that of {who}.", key.text),
            Rule::WorkerNumber => {
                format!("Its worker number {} is that of {who}.", self.number(key))
            }
            Rule::LoginNumber => {
                format!("Its login {} is the worker number of {who}.", self.number(key))
            }
            Rule::VerifiedEmail => {
                format!("Its proven address {} was given to {who} alone.", key.text)
            }
            Rule::KnownLogin => {
                format!("Its login {} is the one that the source has for {who}.", key.text)
            }
        }
    }

    /// What a key that does not decide claims.
    pub(crate) fn of_claim(&self, key: &Key) -> String {
        let who: Vec<String> = key.persons.iter().take(3).map(|p| self.who(*p)).collect();
        let what = match key.rule {
            Rule::ExternalId => "external id",
            Rule::WorkerNumber => "worker number",
            Rule::LoginNumber | Rule::KnownLogin => "login",
            Rule::VerifiedEmail => "address",
        };
        let more = key.persons.len().saturating_sub(who.len());
        let others = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(
            "Its {what} {} points to {}{others}, but other evidence does not settle it.",
            key.text,
            who.join(", "),
        )
    }

    /// The number as the source writes it.
    fn number(&self, key: &Key) -> String {
        self.records[key.record as usize].number.to_string()
    }

    /// A person as people name one: `Ana Jansen (hr/E100)`.
    pub(crate) fn who(&self, person: u32) -> String {
        let spell =
            self.roster.persons[person as usize].spells.last().expect("a person has a record");
        let record = &self.records[spell.record as usize];
        format!("{} ({})", crate::identity::shown_name(record), record.record_ref())
    }

    fn words(&self, class: u16, account: &Account, pair: &Pair, field: Field) -> Option<String> {
        let level = pair.level(field);
        if level == 0 {
            return None;
        }
        let person = &self.roster.persons[pair.person as usize];
        Some(match field {
            Field::Surname => surname_words(level).to_owned(),
            Field::GivenName => given_words(level).to_owned(),
            Field::UsedName => format!("{} (name in use)", given_words(level)),
            Field::Login => self.login_words(class, &account.login, level),
            Field::Local => {
                format!("in its address, {}", self.login_words(class, "the local part", level))
            }
            Field::Mail => mail_words(level).to_owned(),
            Field::Created => self.day_words(account, person, level, true)?,
            Field::Ended => self.day_words(account, person, level, false)?,
            _ => place_words(field, level),
        })
    }

    fn login_words(&self, class: u16, login: &str, level: u8) -> String {
        let rank = level % login::APART;
        if rank == login::SURNAME {
            return format!("the family name inside {login}");
        }
        if rank == login::OTHER_INITIAL {
            return format!("{login} has another initial");
        }
        if rank >= login::UNLIKE {
            return format!("{login} is not made of this name");
        }
        let template = self.conventions[usize::from(class)].get(usize::from((rank - 1) / 2));
        let how = template.map_or(String::new(), |t| format!(" ({})", t.words()));
        let number = if (rank - 1) % 2 == 1 { ", numbered as when two collide" } else { "" };
        format!("{login} is made as logins are here{how}{number}")
    }

    fn day_words(
        &self,
        account: &Account,
        person: &Person,
        level: u8,
        is_start: bool,
    ) -> Option<String> {
        if level >= days::ABSENT {
            return match (is_start, level) {
                (false, days::ABSENT) => {
                    Some("the account ends and the record does not".to_owned())
                }
                (false, 201) => Some("the account is open and the record has ended".to_owned()),
                (false, 211) => Some("both are closed".to_owned()),
                (false, 200) => Some("both are open".to_owned()),
                (false, 210) => Some("the account is closed and the record open".to_owned()),
                _ => None,
            };
        }
        let at = if is_start { account.created } else { account.ends }?;
        let bucket = if level > days::NOT_OUTER { level - days::NOT_OUTER } else { level };
        let (low, high) = bucket_range(bucket);
        let days: Vec<i32> =
            person.spells.iter().filter_map(|s| if is_start { s.starts } else { s.ends }).collect();
        let near =
            days.iter().map(|d| super::roster::day(at) - d).find(|d| (low..=high).contains(d))?;
        let (verb, what) = if is_start { ("made", "start") } else { ("closed", "end") };
        Some(match near {
            0 => format!("{verb} on the day of the {what} ({at})"),
            1.. => format!("{verb} {} after the {what} ({at})", counted(near, "day")),
            _ => format!("{verb} {} before the {what} ({at})", counted(-near, "day")),
        })
    }
}

/// Whether a level is an agreement.
fn speaks_for(field: Field, level: u8) -> bool {
    match field {
        Field::Surname => level < surname::HALF,
        Field::GivenName | Field::UsedName => {
            level < given::SAME_LETTER || (given::INITIALS..given::OTHER_INITIALS).contains(&level)
        }
        Field::Login | Field::Local => level % login::APART < login::OTHER_INITIAL,
        Field::Mail => level != mail::OTHER,
        Field::Created | Field::Ended => {
            let bucket = level % days::NOT_OUTER;
            let is_near = level < days::ABSENT && bucket < 64;
            is_near || matches!(level.checked_sub(days::NO_END), Some(0 | 11))
        }
        Field::Unit => level == place::SAME,
        _ => !matches!(level % place::NO_UNIT, place::DIFFERS),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

fn surname_words(level: u8) -> &'static str {
    const USED: u8 = surname::USED;
    match level {
        USED => "the surname in use",
        2 => "the own family name",
        3 => "the family name without its particle",
        4 => "both surnames together",
        surname::OTHER => "the partner's or second surname",
        surname::PART => "a part of the surname",
        surname::ALIKE => "a surname spelled alike",
        surname::HALF => "only one of two surnames",
        _ => "another surname",
    }
}

fn given_words(level: u8) -> &'static str {
    match level {
        given::USED => "the given name in use",
        2 => "the first given name",
        3 => "all given names",
        4 => "a later given name",
        given::NICKNAME => "a short form of the given name",
        given::ALIKE => "a given name spelled alike",
        given::SAME_LETTER => "another given name with the same initial",
        given::INITIALS => "all initials",
        given::SOME_INITIALS => "the first initial",
        given::OTHER_INITIALS => "other initials",
        _ => "another given name",
    }
}

fn mail_words(level: u8) -> &'static str {
    match level {
        mail::WORK => "the work address",
        mail::PRIVATE => "the private address",
        _ => "an address of somebody else",
    }
}

fn place_words(field: Field, level: u8) -> String {
    let what = match field {
        Field::Unit => "unit",
        Field::Job => "job title",
        Field::Location => "location",
        Field::Entity => "legal entity",
        Field::Cost => "cost centre",
        _ => "supplying firm",
    };
    let base = if level > place::NO_UNIT { level - place::NO_UNIT } else { level };
    let is_same = base == place::SAME || (base == place::SAME_ELSEWHEN && field != Field::Unit);
    if is_same { format!("the same {what}") } else { format!("another {what}") }
}
