//! The hold of a workspace that was put back: nothing is sent before everything was looked at anew and a
//! named person has said so.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollbook_core::event::Draft;
use rollbook_core::finding::Since;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::backup::Backup;
use crate::delivering::give_up_all;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::Reading;

/// The kind of word that a hold is.
const HOLD: &str = "hold";

/// Why nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InHold {
    /// Since when: when the backup was put back.
    pub since: Timestamp,
    /// The moment that the book was put back to.
    pub back_to: Timestamp,
    /// Who put it back.
    pub by: String,
    /// Why.
    pub reason: String,
    /// How many accounts each instance had in the backup.
    pub accounts: BTreeMap<String, u64>,
}

/// How a workspace in hold differs from what it was put back to, and what must still be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The hold.
    pub hold: InHold,
    /// Of each instance and source: accounts in the backup and now, and whether it was read whole
    /// since. A source has no accounts.
    pub places: Vec<Place>,
    /// What was found since and was not known in the backup, as sentences.
    pub found: Vec<String>,
}

/// One instance or source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Accounts in the backup.
    pub then: Option<u64>,
    /// Accounts now.
    pub now: Option<u64>,
    /// Whether it was read whole since the backup was put back.
    pub is_fresh: bool,
}

/// Why nothing is sent, as a sentence; `None`: nothing keeps it.
pub(crate) fn held_since(book: &Reading<'_>) -> Result<Option<String>> {
    let hold: Option<InHold> = book.words(HOLD)?.pop();
    Ok(hold.map(|hold| {
        format!(
            "This workspace was put back on {} to what it was on {}, and nothing is sent before \
             everything was read anew: run `rollbook sync`, look at `rollbook hold show`, and end the \
             hold with `rollbook hold end`.",
            hold.since, hold.back_to
        )
    }))
}

impl Engine {
    /// Holds everything that is sent, and voids what was queued and agreed to.
    pub(crate) fn begin_hold(&self, backup: &Backup, by: &str, reason: &str) -> Result<()> {
        let mut accounts = BTreeMap::new();
        for instance in &self.config.instances {
            let count = self.store.read(|book| book.account_count(&instance.name))?;
            accounts.insert(instance.name.to_string(), count);
        }
        let now = self.now();
        let hold = InHold {
            since: now,
            back_to: backup.made_at,
            by: by.to_owned(),
            reason: reason.to_owned(),
            accounts,
        };
        self.store.write(|book| {
            let approvals = book.void_approvals()?;
            let open = book.reading().open_runs()?;
            for run in &open {
                book.end_run(&run.id, now)?;
            }
            let runs: Vec<_> = open.iter().map(|run| &run.id).collect();
            book.sign_all_out()?;
            let (wishes, notices) = (give_up_all(book, now)?, book.void_notices()?);
            book.put_word(HOLD, "workspace", &hold)?;
            book.record(Draft {
                kind: "backup_restored".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: "workspace".to_owned(),
                concerns: BTreeSet::new(),
                at: now,
                body: json!({
                    "reason": reason, "back_to": backup.made_at, "made_by": backup.made_by,
                    "size": backup.checkpoint.size, "head": backup.checkpoint.head,
                    "ended_runs": runs, "void_approvals": approvals, "void_wishes": wishes,
                    "void_notices": notices,
                }),
            })
        })?;
        self.checkpoint().map(drop)
    }

    /// How a workspace in hold differs from what it was put back to. `None`: it is in no hold.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn difference(&self) -> Result<Option<Difference>> {
        let Some(hold) = self.store.read(|book| book.words::<InHold>(HOLD))?.pop() else {
            return Ok(None);
        };
        let is_after = |at: Option<Timestamp>| at.is_some_and(|at| at > hold.since);
        let mut places = Vec::new();
        for source in &self.config.sources {
            let feed = self.store.read(|book| book.feed(&source.name))?.unwrap_or_default();
            let is_fresh = is_after(feed.taken_at) && feed.kept_out.is_none();
            places.push(Place { name: source.name.to_string(), then: None, now: None, is_fresh });
        }
        for instance in self.config.instances.iter().filter(|instance| instance.is_read()) {
            let (head, now) = self.store.read(|book| {
                Ok((book.newest_snapshot(&instance.name)?, book.account_count(&instance.name)?))
            })?;
            let head = head.filter(|head| head.coverage.is_complete());
            places.push(Place {
                name: instance.name.to_string(),
                then: hold.accounts.get(instance.name.as_str()).copied(),
                now: Some(now),
                is_fresh: is_after(head.map(|head| head.taken_at)),
            });
        }
        let findings = self.findings()?.into_iter();
        let new = findings.filter(|one| {
            one.standing.first_seen > hold.since && one.standing.change != Since::Gone
        });
        let found = new.map(|one| one.finding.because).collect();
        Ok(Some(Difference { hold, places, found }))
    }

    /// Ends the hold.
    ///
    /// # Errors
    /// When there is none, something was not read whole since, or nobody says who or why.
    pub fn end_hold(&self, by: &str, reason: &str) -> Result<()> {
        let by = named(by)?;
        if reason.trim().is_empty() {
            return Err(Error::input("A hold is ended only with a reason.")
                .hint("Add `--reason \"…\"`: say what was looked at."));
        }
        let Some(difference) = self.difference()? else {
            return Err(Error::input("This workspace is in no hold."));
        };
        let old: Vec<_> = difference.places.iter().filter(|place| !place.is_fresh).collect();
        if !old.is_empty() {
            let names: Vec<&str> = old.iter().map(|place| place.name.as_str()).collect();
            return Err(Error::refused(format!(
                "These were not read whole since the backup was put back: {}.",
                names.join(", ")
            ))
            .hint("Run `rollbook sync`, and look at `rollbook hold show`."));
        }
        self.store.write(|book| {
            book.drop_word(HOLD, "workspace")?;
            book.record(Draft {
                kind: "hold_ended".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: "workspace".to_owned(),
                concerns: BTreeSet::new(),
                at: self.now(),
                body: json!({"reason": reason, "found": difference.found.len()}),
            })
        })?;
        self.checkpoint().map(drop)
    }
}
