//! What people say about a run while it goes on: pause it, let it go on, cancel it. What is said is a
//! row and an event; whoever carries the run out reads the row in the very transaction in which it
//! records that a change is about to be sent.

use std::collections::BTreeMap;

use rollbook_core::event::Draft;
use rollbook_core::id::RunId;
use rollbook_core::step::{self, Next, Recorded};
use serde_json::json;

use crate::applying::RunReport;
use crate::concern;
use crate::driving::draft;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::{Hold, RunRow, Writing};

impl Engine {
    /// Pauses a run: nothing more is sent for it until somebody lets it go on. What was sent is looked
    /// at all the same.
    ///
    /// # Errors
    /// When there is no such run, it has ended or is held already, or no reason is given.
    pub fn pause_run(&self, id: &RunId, by: &str, because: &str) -> Result<RunReport> {
        self.steer(id, by, because, |book, run, hold| {
            self.refuse_held(run, "pause")?;
            book.hold_run(&run.id, Some(hold))?;
            self.said(book, run, "run_paused", hold)
        })
    }

    /// Lets a paused run go on.
    ///
    /// # Errors
    /// When there is no such run, nobody paused it, or no reason is given.
    pub fn unpause_run(&self, id: &RunId, by: &str, because: &str) -> Result<RunReport> {
        self.steer(id, by, because, |book, run, hold| {
            if run.hold.as_ref().is_none_or(|held| held.is_cancelled) {
                return Err(Error::refused(format!("The run {id} is not paused."))
                    .hint("`rollbook run show` says how it stands."));
            }
            book.hold_run(&run.id, None)?;
            self.said(book, run, "run_unpaused", hold)
        })
    }

    /// Cancels a run for good: what surely had no effect is not sent any more; what is under way is
    /// looked at, and ends as what the look sees.
    ///
    /// # Errors
    /// When there is no such run, it has ended or was cancelled before, or no reason is given.
    pub fn cancel_run(&self, id: &RunId, by: &str, because: &str) -> Result<RunReport> {
        self.steer(id, by, because, |book, run, hold| {
            let hold = Hold { is_cancelled: true, ..hold.clone() };
            if run.hold.as_ref().is_some_and(|held| held.is_cancelled) {
                self.refuse_held(run, "cancel")?;
            }
            book.hold_run(&run.id, Some(&hold))?;
            self.said(book, run, "run_cancelled", &hold)?;
            self.cancel_changes(book, run, &hold)
        })
    }

    fn steer(
        &self,
        id: &RunId,
        by: &str,
        because: &str,
        say: impl FnOnce(&Writing<'_>, &RunRow, &Hold) -> Result<()>,
    ) -> Result<RunReport> {
        let (by, because) = (named(by)?, because.trim());
        if because.is_empty() {
            return Err(Error::input("It is not said why.")
                .hint("Add `--because \"…\"`: whoever reads the audit chain will want to know."));
        }
        let (by, because, at) = (by.to_owned(), because.to_owned(), self.now());
        let hold = Hold { is_cancelled: false, by, because, at };
        self.store.write(|book| {
            let run = book.reading().run(id)?.ok_or_else(|| {
                Error::input(format!("There is no run {id}."))
                    .hint("`rollbook run list` lists them.")
            })?;
            match run.ended_at {
                None => say(book, &run, &hold),
                Some(at) => Err(Error::refused(format!("The run {id} ended at {at:.0}."))),
            }
        })?;
        self.run(id)
    }

    fn refuse_held(&self, run: &RunRow, what: &str) -> Result<()> {
        match &run.hold {
            None => Ok(()),
            Some(hold) => {
                Err(Error::refused(format!("There is nothing to {what}: {}", hold.sentence())))
            }
        }
    }

    fn said(&self, book: &Writing<'_>, run: &RunRow, kind: &str, hold: &Hold) -> Result<()> {
        let (actor, on_behalf_of) = self.actor_for(&hold.by);
        book.record(Draft {
            kind: kind.to_owned(),
            actor,
            on_behalf_of,
            subject: run.id.to_string(),
            concerns: concern::of_recorded_plan(&book.reading(), &run.plan)?,
            at: hold.at,
            body: json!({"because": hold.because}),
        })
    }

    /// Says of every change that is not over that it is cancelled, and closes the tasks of people.
    fn cancel_changes(&self, book: &Writing<'_>, run: &RunRow, hold: &Hold) -> Result<()> {
        let plan = book.reading().plan(&run.plan)?;
        let plan = plan.ok_or_else(|| Error::bug("A run has no plan in the database."))?;
        let mut recorded: BTreeMap<_, Vec<Recorded>> = BTreeMap::new();
        for row in book.reading().steps(&run.id)? {
            recorded.entry(row.change).or_default().push(row.recorded);
        }
        let why = hold.sentence();
        for change in plan.changes() {
            let known = recorded.remove(&change.id).unwrap_or_default();
            let next = step::next(&known, self.settles_within_s(change), hold.at);
            if matches!(next, Next::End(_)) {
                continue;
            }
            let cancelled = Recorded::Cancelled { at: hold.at, why: why.clone() };
            self.add_step(book, run, change, hold.at, &cancelled)?;
            self.close_task(book, run, change, &why)?;
            book.record(draft("change_cancelled", run, change, hold.at, json!({"why": why})))?;
        }
        Ok(())
    }
}
