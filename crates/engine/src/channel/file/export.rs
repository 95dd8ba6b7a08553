//! An export: the accounts of an instance as a table, and whether that is all there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;
use rollbook_core::account::{Account, Grant, Group, State};
use rollbook_core::explain::counted;
use rollbook_core::id::AccountKey;
use rollbook_core::snapshot::Coverage;

use super::Shared;
use super::account::{AccountRow, Bound};
use crate::channel::Observation;
use crate::config::{FileConfig, GrantsConfig};
use crate::error::Result;
use crate::table::{self, Digest, Facts, Header, Row, TableFormat, Visit};

/// So many words that mean nothing are remembered; with more, the column is not one of states.
const WORDS_MAX: usize = 50;

/// What is known of an export that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The file.
    pub facts: Facts,
    /// Words in the state column that `state_words` does not know, and how often each stands
    /// there. Not empty: the view is partial.
    pub unknown_words: BTreeMap<String, u64>,
}

impl Export {
    /// Why the export may not say all there is, each reason as a sentence.
    pub fn doubts(
        &self,
        config: &FileConfig,
        stale_after_h: u32,
        now: Timestamp,
    ) -> impl Iterator<Item = String> + use<> {
        let old = too_old(config, stale_after_h, &self.facts, now);
        old.into_iter().chain(unknown_words(config, self))
    }
}

/// Hands every account of the export to `sink`, in the order of the file, at the cost of what the
/// sink looks at. Nothing is kept, so a key that stands there twice is the caller's to notice.
///
/// # Errors
/// [`crate::error::Kind::Input`] if the file is wrong in itself, and whatever `sink` refuses. Then
/// nothing of the export may be used, also not what was handed on.
pub fn stream(
    config: &FileConfig,
    base: &Path,
    sink: &mut dyn FnMut(&AccountRow<'_>) -> Result<()>,
) -> Result<Export> {
    let mut reading = Reading {
        config,
        sink,
        bound: None,
        meanings: config.state_words.meanings(),
        met: Vec::new(),
        unknown_words: BTreeMap::new(),
    };
    let facts = table::read(base, &config.path, &config.format, Digest::Skipped, &mut reading)?;
    Ok(Export { facts, unknown_words: reading.unknown_words })
}

struct Reading<'a> {
    config: &'a FileConfig,
    sink: &'a mut dyn FnMut(&AccountRow<'_>) -> Result<()>,
    bound: Option<Bound>,
    meanings: BTreeMap<String, State>,
    /// Words as they stood in the file, so that a word is put in lower case once and not per row.
    met: Vec<(String, State)>,
    unknown_words: BTreeMap<String, u64>,
}

impl Reading<'_> {
    fn state(&mut self, word: &str) -> State {
        if let Some((_, state)) = self.met.iter().find(|(met, _)| met == word) {
            return *state;
        }
        let plain = word.trim().to_lowercase();
        if let Some(&state) = self.meanings.get(&plain) {
            if self.met.len() < WORDS_MAX {
                self.met.push((word.to_owned(), state));
            }
            return state;
        }
        let known = self.unknown_words.contains_key(&plain);
        if known || self.unknown_words.len() < WORDS_MAX {
            *self.unknown_words.entry(plain).or_default() += 1;
        }
        State::Active
    }
}

impl Visit for Reading<'_> {
    fn header(&mut self, header: &Header) -> Result<()> {
        self.bound = Some(Bound::new(self.config, header)?);
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        let place = self.bound.as_ref().and_then(|bound| bound.state);
        let state = place.map_or(State::Active, |place| self.state(row.cell(place)));
        let bound = self.bound.as_ref().expect("the header comes before the rows");
        let account = AccountRow { row, bound, config: self.config, state };
        if account.key().trim().is_empty() {
            return Err(account.no_key());
        }
        (self.sink)(&account)
    }
}

/// Reads the export as a whole.
pub(super) fn observe(shared: &Shared, now: Timestamp) -> Result<Observation> {
    let Shared { config, base, .. } = shared;
    let mut accounts: Vec<(Account, u64)> = Vec::new();
    let mut members: BTreeMap<String, BTreeSet<AccountKey>> = BTreeMap::new();
    let export = stream(config, base, &mut |row| {
        let account = row.account(&shared.instance, &shared.domains, &shared.zone, now)?;
        for group in row.groups() {
            members.entry(group.to_owned()).or_default().insert(account.key.clone());
        }
        accounts.push((account, row.line()));
        Ok(())
    })?;
    let mut doubts = Vec::new();
    doubts.extend(export.doubts(config, shared.stale_after_h, now));
    doubts.extend(keep_first_of_each_key(&mut accounts));
    let mut accounts: Vec<Account> = accounts.into_iter().map(|(account, _)| account).collect();
    if let Some(grants) = &config.grants {
        doubts.extend(add_grants(grants, config, base, &mut accounts));
    }
    add_groups(&members, &mut accounts);
    let groups = members.into_iter().map(|(name, members)| Group {
        key: name.clone(),
        name,
        members: members.into_iter().collect(),
    });
    let coverage = match doubts.is_empty() {
        true => Coverage::Complete,
        false => Coverage::Partial { why: doubts.join(" ") },
    };
    Ok(Observation { accounts, groups: groups.collect(), coverage, reported: None })
}

/// The age of a file is measured by the system's clock, as its date is.
fn too_old(config: &FileConfig, limit_h: u32, facts: &Facts, now: Timestamp) -> Option<String> {
    let written_at = facts.written_at?;
    let age_h = now.duration_since(written_at).as_hours();
    (age_h >= i64::from(limit_h)).then(|| {
        format!(
            "The export {} is {} old, and after {} it no longer says who has an account.",
            config.path.display(),
            counted(age_h, "hour"),
            counted(limit_h, "hour"),
        )
    })
}

fn unknown_words(config: &FileConfig, export: &Export) -> Option<String> {
    if export.unknown_words.is_empty() {
        return None;
    }
    let shown: Vec<String> = export
        .unknown_words
        .iter()
        .take(5)
        .map(|(word, count)| match word.as_str() {
            "" => format!("nothing in {}", counted(*count, "row")),
            word => format!("`{word}` in {}", counted(*count, "row")),
        })
        .collect();
    let more = if export.unknown_words.len() > 5 { " and others" } else { "" };
    Some(format!(
        "The column `{}` of {} holds words that `state_words` does not know: {}{more}. Those \
         accounts are taken as active.",
        config.columns.state.as_deref().unwrap_or_default(),
        config.path.display(),
        shown.join(", "),
    ))
}

/// Orders the accounts by key and keeps the first of those that share one.
fn keep_first_of_each_key(accounts: &mut Vec<(Account, u64)>) -> Option<String> {
    accounts.sort_by(|(left, at), (right, other_at)| (&left.key, at).cmp(&(&right.key, other_at)));
    let mut twice = 0_u64;
    let mut example = None;
    accounts.dedup_by(|(later, later_line), (first, first_line)| {
        if later.key != first.key {
            return false;
        }
        twice += 1;
        example.get_or_insert_with(|| (first.key.clone(), *first_line, *later_line));
        true
    });
    let (key, first_line, later_line) = example?;
    Some(format!(
        "The key `{key}` stands in lines {first_line} and {later_line}, and {} in all repeat a key, \
         so the column is not the app's own id or the export is broken.",
        counted(twice, "row")
    ))
}

/// Gives the accounts, ordered by key, the rights that lie in a table of their own.
fn add_grants(
    grants: &GrantsConfig,
    config: &FileConfig,
    base: &Path,
    accounts: &mut [Account],
) -> Option<String> {
    let format = grants.format.as_ref().unwrap_or(&config.format);
    let places = accounts.iter().enumerate();
    let places = places.map(|(at, account)| (account.key.as_str().to_owned(), at)).collect();
    let mut reading =
        Granting { grants, format, bound: None, places, found: vec![], unknown: None };
    if let Err(e) = table::read_any(base, &grants.path, format, Digest::Skipped, &mut reading) {
        return Some(format!("The rights could not be read. {e} {}", e.hints.join(" ")));
    }
    let Granting { found, unknown, .. } = reading;
    for (at, grant) in found {
        accounts[at].grants.push(grant);
    }
    for account in accounts {
        account.grants.sort();
        account.grants.dedup();
    }
    let (key, line) = unknown.filter(|_| !grants.shared)?;
    Some(format!(
        "{}, line {line}, speaks of the account `{key}`, which {} does not hold, so one of the two \
         is not whole.",
        grants.path.display(),
        config.path.display(),
    ))
}

struct Granting<'a> {
    grants: &'a GrantsConfig,
    format: &'a TableFormat,
    bound: Option<GrantPlaces>,
    places: HashMap<String, usize>,
    found: Vec<(usize, Grant)>,
    /// The first account that is not known, and its line.
    unknown: Option<(String, u64)>,
}

#[derive(Clone, Copy)]
struct GrantPlaces {
    account: usize,
    entitlement: usize,
    unit: Option<usize>,
    starts: Option<usize>,
    ends: Option<usize>,
    via: Option<usize>,
}

impl Visit for Granting<'_> {
    fn header(&mut self, header: &Header) -> Result<()> {
        let columns = &self.grants.columns;
        self.bound = Some(GrantPlaces {
            account: header.place("account", &columns.account)?,
            entitlement: header.place("entitlement", &columns.entitlement)?,
            unit: header.place_if("unit", columns.unit.as_ref())?,
            starts: header.place_if("starts", columns.starts.as_ref())?,
            ends: header.place_if("ends", columns.ends.as_ref())?,
            via: header.place_if("via", columns.via.as_ref())?,
        });
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        let bound = self.bound.expect("the header comes before the rows");
        let key = row.cell(bound.account);
        let Some(&at) = self.places.get(key) else {
            self.unknown.get_or_insert_with(|| (key.to_owned(), row.line()));
            return Ok(());
        };
        let (starts, ends) = row.period(bound.starts, bound.ends, self.format)?;
        let entitlement = row.cell(bound.entitlement).trim();
        if entitlement.is_empty() {
            return Err(row.wrong(bound.entitlement, "the entitlement is empty."));
        }
        let grant = Grant {
            entitlement: entitlement.to_owned(),
            unit: row.cell_if(bound.unit).to_owned(),
            starts,
            ends,
            via: row.cell_if(bound.via).to_owned(),
        };
        self.found.push((at, grant));
        Ok(())
    }
}

/// Gives every member of a group the grant of it, unless the table of rights says more about it.
fn add_groups(members: &BTreeMap<String, BTreeSet<AccountKey>>, accounts: &mut [Account]) {
    for (group, keys) in members {
        for key in keys {
            let Ok(at) = accounts.binary_search_by(|account| account.key.cmp(key)) else {
                continue;
            };
            let grants = &mut accounts[at].grants;
            if !grants.iter().any(|grant| grant.entitlement == *group) {
                grants.push(Grant { entitlement: group.clone(), ..Grant::default() });
                grants.sort();
            }
        }
    }
}
