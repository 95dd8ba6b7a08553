//! One app as checked data.

use std::fmt;

use jiff::civil::Date;
use rollbook_core::change::Basis;
use rollbook_core::reach::{Reach, Way};
use serde::Deserialize;

use crate::browser::Browser;
use crate::catalog::{GENERIC_FILE, GENERIC_HUMAN, GENERIC_SCIM};
use crate::error::Error;
use crate::human::HumanStep;
use crate::key::Key;
use crate::request::Request;
use crate::rest::{Example, Rest};
use crate::trap::Trap;
use crate::{check, text};

/// What is known about one app's user management. Made by [`App::parse`] only, so that whatever
/// holds one may rely on the checks.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// The word for it in `rollbook.toml`; also the file's name.
    pub id: String,
    /// The name people use.
    pub name: String,
    /// What kind of product it is.
    pub category: String,
    /// Where its maker presents it; empty for the generic profiles.
    pub website: String,
    /// The day on which the file as a whole was last gone through.
    pub checked_on: Date,
    /// The ways that lead to it, the best first.
    pub routes: Vec<RouteFacts>,
    /// Single facts in the order of [`crate::KEYS`]. Two about one key come from two sources.
    pub facts: Vec<Fact>,
    /// The requests of its REST API that manage users, in the order of the file.
    pub requests: Vec<Request>,
    /// What whoever administers it does there, in the order of the file.
    pub human: Vec<HumanStep>,
    /// How the `rest` channel drives it; `None` where it cannot.
    pub rest: Option<Rest>,
    /// How the `browser` channel drives it; `None` where it cannot.
    pub browser: Option<Browser>,
    /// Exchanges that show the calls of `rest`, in the order of the file.
    pub examples: Vec<Example>,
    /// The attributes of an account there, in the order of the file.
    pub fields: Vec<Field>,
    /// What cannot be done, in the order of the file.
    pub limitations: Vec<Remark>,
    /// What bites whoever works with it, in the order of the file.
    pub traps: Vec<Trap>,
}

/// One fact with where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is about, one of [`crate::KEYS`].
    pub key: &'static Key,
    /// What is so.
    pub value: Value,
    /// How well it is known.
    pub basis: Basis,
    /// Who says so; `None` exactly when the basis is [`Basis::Recalled`].
    pub source: Option<String>,
    /// The day on which somebody looked.
    pub checked_on: Date,
}

/// The value of a fact. Its shape follows from the key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Somebody looked and could not find out.
    Unknown,
    /// Words.
    Text(String),
    /// Several words, in the order of the file.
    List(Vec<String>),
    /// A count.
    Number(u64),
    /// Yes or no.
    Flag(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => f.write_str(&items.join(", ")),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
        }
    }
}

/// What one channel can do in the app, and who says so.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteFacts {
    /// The channel, what it can change, how well each of that is known and what is for good.
    pub way: Way,
    /// Whether the channel can read the accounts.
    pub observes: bool,
    /// Who says so; `None` exactly when the route's own basis is [`Basis::Recalled`].
    pub source: Option<String>,
    /// The day on which somebody looked.
    pub checked_on: Date,
}

/// One attribute of an account in the app.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name as the app has it, e.g. `name.givenName`.
    pub name: String,
    /// Its type as the app has it, e.g. `string`.
    pub kind: String,
    /// Whether a new account needs it.
    pub on_create: Need,
    /// Whether an update needs it.
    pub on_update: Need,
    /// Anything else, or empty.
    pub note: String,
    /// How well it is known.
    pub basis: Basis,
    /// Who says so; `None` exactly when the basis is [`Basis::Recalled`].
    pub source: Option<String>,
    /// The day on which somebody looked.
    pub checked_on: Date,
}

/// Whether a request needs an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Without it the request is turned down.
    Required,
    /// It may be there.
    Optional,
    /// It must not be there.
    Absent,
}

/// A sentence about the app, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What is so and what to do about it.
    pub text: String,
    /// Who says so; `None`: recalled.
    pub source: Option<String>,
}

impl App {
    /// Reads the text of an app file. `file` is its name for error messages and, without folder and
    /// `.toml`, must be the app's id.
    ///
    /// # Errors
    /// The first thing in the file that is not as it must be, with its line.
    pub fn parse(file: &str, content: &str) -> Result<Self, Error> {
        let raw = text::read(file, content)?;
        check::app(raw, &check::Place { file, content })
    }

    /// The best that is known about `key`, one of [`crate::KEYS`]: probed before documented before
    /// recalled, then the newest. `None`: nobody has looked yet.
    pub fn fact(&self, key: &str) -> Option<&Fact> {
        let rank = |fact: &Fact| (fact.basis, fact.value != Value::Unknown, fact.checked_on);
        let about = self.facts.iter().filter(|fact| fact.key.name == key);
        // Of equals the first in the file: `max_by_key` would take the last.
        about.rev().max_by_key(|fact| rank(fact))
    }

    /// Whether it stands for any app of its kind and not for a product.
    pub fn is_generic(&self) -> bool {
        [GENERIC_FILE, GENERIC_HUMAN, GENERIC_SCIM].contains(&self.id.as_str())
    }

    /// What its REST route can do and no example shows, by our words; nothing else may stay untested.
    pub fn unshown(&self) -> Vec<&'static str> {
        let route = self.routes.iter().find(|route| route.way.channel == "rest");
        route.map_or_else(Vec::new, |route| crate::rest::unshown(route, &self.examples))
    }

    /// What can be done to an instance of the app as long as nobody has probed that instance.
    pub fn reach(&self) -> Reach {
        Reach { routes: self.routes.iter().map(|route| route.way.clone()).collect() }
    }
}
