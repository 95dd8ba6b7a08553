//! One account as a row of an export says it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rollbook_core::account::{Account, Email, State};
use rollbook_core::id::{AccountKey, InstanceName};

use crate::config::{FileConfig, Rest};
use crate::error::{Error, Result};
use crate::table::{Header, Row};

/// A last use this far in the future, at most, is a clock that runs fast.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(48);

/// Where the columns of an instance lie in this export.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    key: usize,
    login: Option<usize>,
    display_name: Option<usize>,
    given_name: Option<usize>,
    family_name: Option<usize>,
    email: Option<usize>,
    worker_number: Option<usize>,
    external_id: Option<usize>,
    pub(super) state: Option<usize>,
    type_hint: Option<usize>,
    created: Option<usize>,
    ends: Option<usize>,
    unit: Option<usize>,
    roles: Option<usize>,
    groups: Option<usize>,
    seat: Option<usize>,
    last_seen: Option<usize>,
    attributes: Vec<(String, usize)>,
}

impl Bound {
    /// Finds every mapped column.
    pub(super) fn new(config: &FileConfig, header: &Header) -> Result<Self> {
        let columns = &config.columns;
        let mut used = BTreeSet::new();
        let mut find = |ours: &str, theirs: &Option<String>| {
            let place = header.place_if(ours, theirs.as_ref())?;
            used.extend(place);
            Ok::<_, Error>(place)
        };
        let mut bound = Self {
            key: header.place("key", &columns.key)?,
            login: find("login", &columns.login)?,
            display_name: find("display_name", &columns.display_name)?,
            given_name: find("given_name", &columns.given_name)?,
            family_name: find("family_name", &columns.family_name)?,
            email: find("email", &columns.email)?,
            worker_number: find("worker_number", &columns.worker_number)?,
            external_id: find("external_id", &columns.external_id)?,
            state: find("state", &columns.state)?,
            type_hint: find("type_hint", &columns.type_hint)?,
            created: find("created", &columns.created)?,
            ends: find("ends", &columns.ends)?,
            unit: find("unit", &columns.unit)?,
            roles: find("roles", &columns.roles)?,
            groups: find("groups", &columns.groups)?,
            seat: find("seat", &columns.seat)?,
            last_seen: find("last_seen", &columns.last_seen)?,
            attributes: Vec::new(),
        };
        used.insert(bound.key);
        bound.attributes = attributes(config, header, &used)?;
        Ok(bound)
    }
}

fn attributes(
    config: &FileConfig,
    header: &Header,
    used: &BTreeSet<usize>,
) -> Result<Vec<(String, usize)>> {
    match &config.attributes {
        Rest::None => Ok(Vec::new()),
        Rest::Named(named) => {
            let place = |(ours, theirs): (&String, &String)| {
                Ok((ours.clone(), header.place(ours, theirs)?))
            };
            named.iter().map(place).collect()
        }
        Rest::All => {
            let names = header.names().iter().enumerate();
            let rest = names.filter(|(at, _)| !used.contains(at));
            Ok(rest.map(|(at, name)| (name.trim().to_owned(), at)).collect())
        }
    }
}

/// One account of an export, read in place: only what is asked for is looked at.
#[derive(Clone, Copy, Debug)]
pub struct AccountRow<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) bound: &'a Bound,
    pub(super) config: &'a FileConfig,
    pub(super) state: State,
}

impl<'a> AccountRow<'a> {
    /// The number of the row's first line in the file.
    pub fn line(&self) -> u64 {
        self.row.line()
    }

    /// The app's key, byte for byte; never empty.
    pub fn key(&self) -> &'a str {
        self.row.cell(self.bound.key)
    }

    /// The login, or empty text.
    pub fn login(&self) -> &'a str {
        self.row.cell_if(self.bound.login)
    }

    /// The worker number, without outer white space, or empty text.
    pub fn worker_number(&self) -> &'a str {
        self.row.cell_if(self.bound.worker_number).trim()
    }

    /// The id that an IdP gave it, or empty text.
    pub fn external_id(&self) -> &'a str {
        self.row.cell_if(self.bound.external_id)
    }

    /// The e-mail addresses.
    pub fn emails(&self) -> impl Iterator<Item = &'a str> {
        self.row.list(self.bound.email, &self.config.format.list_separator)
    }

    /// Whether it lets anybody in. A word that is not known is feared to mean that it does.
    pub fn state(&self) -> State {
        self.state
    }

    /// The groups.
    pub fn groups(&self) -> impl Iterator<Item = &'a str> {
        self.row.list(self.bound.groups, &self.config.format.list_separator)
    }

    /// The day from which it no longer works.
    ///
    /// # Errors
    /// If the cell is no day; see [`Row::end`].
    pub fn ends(&self) -> Result<Option<Date>> {
        self.row.end(self.bound.ends, &self.config.format)
    }

    /// The day on which it was made: a day, or a moment's day in `zone`.
    ///
    /// # Errors
    /// If the cell is neither.
    pub fn created(&self, zone: &TimeZone) -> Result<Option<Date>> {
        let text = self.row.cell_if(self.bound.created).trim();
        if !text.contains(':') {
            return self.row.day(self.bound.created, &self.config.format);
        }
        match moment(text, zone) {
            Some(at) => Ok(Some(at.to_zoned(zone.clone()).date())),
            None => Err(self.no_moment(self.bound.created, text)),
        }
    }

    /// The last use: a moment, or the first moment of a day in `zone`. `never` and an empty cell
    /// are `None`.
    ///
    /// # Errors
    /// If the cell is none of these.
    pub fn last_seen(&self, zone: &TimeZone) -> Result<Option<Timestamp>> {
        let text = self.row.cell_if(self.bound.last_seen).trim();
        if text.is_empty() || text.eq_ignore_ascii_case("never") {
            return Ok(None);
        }
        if !text.contains(':') {
            let day = self.row.day(self.bound.last_seen, &self.config.format)?;
            return Ok(day.and_then(|day| Some(day.to_zoned(zone.clone()).ok()?.timestamp())));
        }
        match moment(text, zone) {
            Some(at) => Ok(Some(at)),
            None => Err(self.no_moment(self.bound.last_seen, text)),
        }
    }

    /// The error of a row without a key.
    pub(super) fn no_key(&self) -> Error {
        self.row.wrong(self.bound.key, "the key is empty, so nobody can say which account it is.")
    }

    fn no_moment(&self, place: Option<usize>, text: &str) -> Error {
        let shown: String = text.chars().take(40).collect();
        let place = place.expect("a text was found there");
        let said = format!("`{shown}` is neither a day nor a moment.");
        self.row.wrong(place, &said).hint("Write it as RFC 3339, for example 2027-03-05T09:30:00Z.")
    }

    /// The whole account, without the rights that lie in a table of their own.
    ///
    /// # Errors
    /// If a day or a moment cannot be read.
    pub fn account(
        &self,
        instance: &InstanceName,
        domains: &[String],
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Account> {
        let Bound { attributes, .. } = self.bound;
        let text = |place| self.row.cell_if(place).to_owned();
        let separator = &self.config.format.list_separator;
        let emails = self.emails().map(|address| Email {
            address: address.to_owned(),
            verified: is_ours(address, domains),
        });
        let attributes: BTreeMap<_, _> = attributes
            .iter()
            .map(|(ours, place)| (ours, self.row.cell(*place)))
            .filter(|(_, value)| !value.is_empty())
            .map(|(ours, value)| (ours.clone(), value.to_owned()))
            .collect();
        Ok(Account {
            instance: instance.clone(),
            key: AccountKey::from(self.key()),
            login: text(self.bound.login),
            display_name: text(self.bound.display_name),
            given_name: text(self.bound.given_name),
            family_name: text(self.bound.family_name),
            emails: emails.collect(),
            worker_number: self.worker_number().to_owned(),
            external_id: text(self.bound.external_id),
            state: self.state,
            type_hint: text(self.bound.type_hint),
            created: self.created(zone)?,
            ends: self.ends()?,
            unit: text(self.bound.unit),
            roles: self.row.list(self.bound.roles, separator).map(str::to_owned).collect(),
            grants: Vec::new(),
            seat: text(self.bound.seat),
            last_seen: self.last_seen(zone)?.filter(|&at| at.duration_since(now) <= AHEAD_MAX),
            attributes,
        })
    }
}

/// Whether the address lies in a domain that the employer owns.
pub(crate) fn is_ours(address: &str, domains: &[String]) -> bool {
    let Some((_, domain)) = address.rsplit_once('@') else { return false };
    domains.iter().any(|ours| ours.trim_start_matches('@').eq_ignore_ascii_case(domain))
}

/// The moment that `text` says (RFC 3339, or a date and a time of day in `zone`).
fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let pieces = Pieces::parse(text).ok()?;
    let at = pieces.date().to_datetime(pieces.time()?);
    let zone = match pieces.to_numeric_offset() {
        Some(offset) => TimeZone::fixed(offset),
        None => zone.clone(),
    };
    Some(at.to_zoned(zone).ok()?.timestamp())
}
