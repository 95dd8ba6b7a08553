//! Changes that may have ended the process that carried them out.
//!
//! A process that ended in good order says so in the book. After one that did not, every change that
//! is open is suspected: such changes go one at a time, each is marked while it goes, and one that is
//! found marked again and again is set aside with that reason, so that all others go on. In ordinary
//! times nothing is marked and nothing waits.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::Timestamp;
use rollbook_core::id::{ChangeId, RunId};
use rollbook_core::step::Recorded;
use serde_json::json;

use super::going::{Errand, Runs, lock};
use crate::driving::draft;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::Writing;

/// How often a change may end the process, or a part of it, before it is set aside.
pub(super) const TRIES_MAX: u32 = 3;

/// Those that are suspected still.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    all: BTreeSet<(RunId, ChangeId)>,
    /// Whether one of them is on its way.
    is_out: bool,
}

impl Suspects {
    /// Notes that delivery begins, and suspects what is open where the one before did not end well.
    pub(super) fn open(engine: &Engine, runs: &Mutex<Runs>) -> Result<Self> {
        let is_clean = engine.store.write(|book| {
            let is_clean = book.reading().delivering()?.is_none();
            book.put_delivering(Some(engine.now()))?;
            Ok(is_clean)
        })?;
        let all = if is_clean { BTreeSet::new() } else { lock(runs).changes() };
        Ok(Self { all, is_out: false })
    }

    /// Whether a change is suspected.
    pub(super) fn holds(&self, errand: &Errand) -> bool {
        self.all.contains(&(errand.run.id.clone(), errand.change.id.clone()))
    }

    /// Whether a suspected change may go now; then it is on its way.
    pub(super) fn let_go(&mut self) -> bool {
        let may_go = !self.is_out;
        self.is_out = true;
        may_go
    }

    /// Notes that a change came back. `is_well`: it is suspected no more.
    pub(super) fn is_back(&mut self, run: &RunId, change: &ChangeId, is_well: bool) {
        let key = (run.clone(), change.clone());
        if self.all.contains(&key) {
            self.is_out = false;
        }
        if is_well {
            self.all.remove(&key);
        }
    }
}

impl Engine {
    /// Marks a suspected change while it goes. `false`: it was set aside instead.
    pub(super) fn mark_suspect(&self, errand: &Errand) -> Result<bool> {
        let (run, change) = (&errand.run.id, &errand.change.id);
        self.store.write(|book| {
            let tries = book.reading().suspected(run, change)? + 1;
            if tries > i64::from(TRIES_MAX) {
                let why = format!(
                    "The process that carried it out ended {TRIES_MAX} times in the middle of it."
                );
                book.put_suspected(run, change, None)?;
                self.put_aside(book, errand, &why)?;
                return Ok(false);
            }
            book.put_suspected(run, change, Some(tries))?;
            Ok(true)
        })
    }

    /// Takes the mark away: the process went on.
    pub(super) fn clear_suspect(&self, errand: &Errand) -> Result<()> {
        self.store.write(|book| book.put_suspected(&errand.run.id, &errand.change.id, None))
    }

    /// Sets a change aside, which ends it: with nothing done where that is certain.
    pub(super) fn set_aside(&self, run: &RunId, change: &ChangeId, why: &str) -> Result<()> {
        self.store.write(|book| {
            let missing = || Error::bug(format!("The run {run} is not whole in the database."));
            let run = book.reading().run(run)?.ok_or_else(missing)?;
            let plan = book.reading().plan(&run.plan)?.ok_or_else(missing)?;
            let change = plan.change(change).ok_or_else(missing)?.clone();
            self.put_aside(book, &Errand::of(run, change), why)
        })
    }

    fn put_aside(&self, book: &Writing<'_>, errand: &Errand, why: &str) -> Result<()> {
        let at: Timestamp = self.now();
        let Errand { run, change, .. } = errand;
        let recorded = Recorded::SetAside { at, why: why.to_owned() };
        self.add_step(book, run, change, at, &recorded)?;
        book.record(draft("change_set_aside", run, change, at, json!({"why": why})))
    }
}
