//! What runs by itself: which slot is due is core's word, that it is kept once is the database's, and
//! how it ended is an event.
//!
//! Never made up for one by one: after a long stop the newest slot of each schedule is kept, and the
//! record of it says how many before it nobody kept.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollbook_core::event::Draft;
use rollbook_core::schedule::{Control, Due, Health, Outcome, Slot, health};
use rollbook_core::snapshot::Coverage;
use serde_json::json;

use crate::config::ScheduleConfig;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::progress::Quiet;
use crate::store::{ControlRun, Reading, Writing};
use crate::syncing::Synced;

/// A schedule, and how it is doing.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// As it is configured.
    pub schedule: ScheduleConfig,
    /// When it runs, as people say it.
    pub when: String,
    /// Since when it is followed. `None`: nobody follows it yet.
    pub since: Option<Timestamp>,
    /// The slot that comes next.
    pub next: Option<Slot>,
    /// The newest slot that was kept, or begun.
    pub newest: Option<ControlRun>,
    /// How it is doing.
    pub health: Health,
}

/// A slot that this process keeps.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) schedule: ScheduleConfig,
    pub(crate) due: Due,
    began_at: Timestamp,
}

impl Engine {
    /// Everything that is to run by itself, and how it is doing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn schedules(&self) -> Result<Vec<Scheduled>> {
        self.store.read(|book| {
            let now = book.moment(self.now())?;
            let all = self.config.schedules.iter();
            all.map(|schedule| self.scheduled(book, schedule, now)).collect()
        })
    }

    /// The slots of a schedule that were kept, the newest first, at most `count` of them. Of one that
    /// the configuration no longer names too.
    ///
    /// # Errors
    /// When the database refuses, or there never was such a schedule.
    pub fn control_runs(&self, name: &str, count: i64) -> Result<Vec<ControlRun>> {
        let runs = self.store.read(|book| book.control_runs(name, count))?;
        let is_known = self.config.schedules.iter().any(|one| one.name == name);
        match runs.is_empty() && !is_known {
            false => Ok(runs),
            true => Err(Error::input(format!("There is no schedule `{name}`."))
                .hint("`rollbook schedule list` lists them.")),
        }
    }

    fn scheduled(
        &self,
        book: &Reading<'_>,
        schedule: &ScheduleConfig,
        now: Timestamp,
    ) -> Result<Scheduled> {
        let rhythm = schedule.rhythm(&self.config.workspace);
        let since = self.since(book, schedule, now)?;
        let newest = book.control_runs(&schedule.name, 1)?.pop();
        let due = match since {
            Some(since) => rhythm.due(since, book.kept(&schedule.name, now)?, now),
            None => None,
        };
        Ok(Scheduled {
            schedule: schedule.clone(),
            when: schedule.when(&self.config.workspace),
            since,
            next: rhythm.next(now),
            health: health(due, newest.as_ref().map(|run| run.outcome), now),
            newest,
        })
    }

    /// Since when a schedule is followed as it is written now.
    fn since(
        &self,
        book: &Reading<'_>,
        schedule: &ScheduleConfig,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let stored = book.schedule(&schedule.name)?;
        let body = self.body_of(schedule);
        // A beginning that is still to come was written by a wrong clock.
        Ok(stored
            .filter(|(since, stored)| *stored == body && *since <= now)
            .map(|(since, _)| since))
    }

    /// What of a schedule says when it runs: another time is another schedule, which begins anew.
    fn body_of(&self, schedule: &ScheduleConfig) -> String {
        let ScheduleConfig { what, at, days, every_min, .. } = schedule;
        let zone = schedule.time_zone.as_ref().unwrap_or(&self.config.workspace.time_zone);
        let zone = at.as_ref().map(|_| zone);
        json!({"what": what, "at": at, "days": days, "every_min": every_min, "time_zone": zone})
            .to_string()
    }

    /// Says of everything that was begun and not ended that it was cut off: for a process that knows
    /// that no other one runs anything.
    pub(crate) fn cut_off_controls(&self) -> Result<()> {
        if self.store.read(|book| book.open_controls())?.is_empty() {
            return Ok(());
        }
        self.store.write(|book| {
            let now = book.reading().moment(self.now())?;
            for run in book.reading().open_controls()? {
                let said = "The process that ran it ended before it was over.";
                end(book, &run, Outcome::CutOff, said, now)?;
            }
            Ok(())
        })
    }

    /// Begins to keep the slot that is due for the longest, if any is.
    pub(crate) fn claim_control(&self) -> Result<Option<Claim>> {
        let is_idle = self.store.read(|book| {
            let now = book.moment(self.now())?;
            for schedule in &self.config.schedules {
                let Some(since) = self.since(book, schedule, now)? else { return Ok(false) };
                let kept = book.kept(&schedule.name, now)?;
                if schedule.rhythm(&self.config.workspace).due(since, kept, now).is_some() {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        if is_idle { Ok(None) } else { self.store.write(|book| self.claim_in(book)) }
    }

    fn claim_in(&self, book: &Writing<'_>) -> Result<Option<Claim>> {
        let now = book.reading().moment(self.now())?;
        book.free_slots_ahead(now)?;
        let mut oldest: Option<(&ScheduleConfig, Due)> = None;
        for schedule in &self.config.schedules {
            let Some(since) = self.since(&book.reading(), schedule, now)? else {
                book.put_schedule(&schedule.name, now, &self.body_of(schedule))?;
                continue;
            };
            let kept = book.reading().kept(&schedule.name, now)?;
            let due = schedule.rhythm(&self.config.workspace).due(since, kept, now);
            let is_older = |due: &Due| oldest.as_ref().is_none_or(|(_, o)| due.slot.at < o.slot.at);
            if let Some(due) = due.filter(is_older) {
                oldest = Some((schedule, due));
            }
        }
        let Some((schedule, due)) = oldest else { return Ok(None) };
        if !book.begin_control(&schedule.name, schedule.what.word(), &due, now)? {
            return Ok(None);
        }
        Ok(Some(Claim { schedule: schedule.clone(), due, began_at: now }))
    }

    /// Runs what a slot is for. What to say of it; an error says why it did not go well.
    pub(crate) async fn run_control(&self, schedule: &ScheduleConfig) -> Result<String> {
        match schedule.what {
            Control::Sync => whole(&self.sync(&schedule.only, &Quiet).await?),
            Control::Reconcile => self.reconcile().map(|_| String::new()),
            Control::Canary => self.try_recipes(&schedule.only).await,
            Control::Checkpoint => {
                let signed = self.checkpoint()?;
                Ok(format!("{} events are signed.", signed.size))
            }
            Control::Verify => {
                let report = self.verify()?;
                Ok(format!("{} events hold.", report.events))
            }
        }
    }

    /// Tries the recipes of all instances that a browser drives, or of those named.
    async fn try_recipes(&self, only: &[String]) -> Result<String> {
        let mut faults = Vec::new();
        let driven = self.config.instances.iter().filter(|one| one.browser.is_some());
        let is_meant = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
        let mut tried = 0;
        for instance in driven.filter(|one| is_meant(one.name.as_str())) {
            tried += 1;
            let tested = self.test_recipe(&instance.name, false, "").await?;
            match (&tested.read, tested.quarantined.as_str()) {
                (_, why) if !why.is_empty() => faults.push(format!("{}: {why}", instance.name)),
                (Err(why), _) => faults.push(format!("{}: {why}", instance.name)),
                (Ok(said), _) if !tested.is_whole => {
                    faults.push(format!("{}: {said}", instance.name))
                }
                (Ok(_), _) => {}
            }
        }
        match faults.is_empty() {
            true => Ok(format!("{tried} tried.")),
            false => Err(Error::new(Kind::Vendor { retry_at: None }, faults.join(" "))),
        }
    }

    /// Records how keeping a slot ended.
    pub(crate) fn end_control(&self, claim: &Claim, result: &Result<String>) -> Result<()> {
        let (outcome, said) = match result {
            Ok(said) => (Outcome::Done, said.clone()),
            Err(error) => (Outcome::Failed, error.to_string()),
        };
        self.record_control(claim, outcome, &said)
    }

    /// Records that this process ends before the slot is kept; the next one begins it again.
    pub(crate) fn give_back_control(&self, claim: &Claim) -> Result<()> {
        let said = "The process that ran it was asked to end.";
        self.record_control(claim, Outcome::CutOff, said)
    }

    fn record_control(&self, claim: &Claim, outcome: Outcome, said: &str) -> Result<()> {
        self.store.write(|book| {
            let now = book.reading().moment(self.now())?;
            let slot = claim.due.slot.key.as_str();
            let runs = book.reading().open_controls()?;
            let own = runs.iter().find(|run| {
                (run.schedule.as_str(), run.slot.as_str()) == (&claim.schedule.name, slot)
                    && run.began_at.as_microsecond() == claim.began_at.as_microsecond()
            });
            match own {
                Some(run) => end(book, run, outcome, said, now),
                // Somebody said in between that it was cut off, and may have begun it again.
                None => Ok(()),
            }
        })
    }
}

/// Ends the record of a slot, with its event.
fn end(
    book: &Writing<'_>,
    run: &ControlRun,
    outcome: Outcome,
    said: &str,
    now: Timestamp,
) -> Result<()> {
    if !book.end_control((&run.schedule, &run.slot), outcome, said, now)? {
        return Ok(());
    }
    book.record(Draft {
        kind: format!("control_{}", outcome.word()),
        actor: "rollbook".to_owned(),
        on_behalf_of: String::new(),
        subject: format!("schedule/{}", run.schedule),
        concerns: BTreeSet::new(),
        at: now,
        body: json!({
            "what": run.what, "slot": run.slot, "slot_at": run.slot_at, "began_at": run.began_at,
            "tries": run.tries, "missed": run.missed,
        }),
    })
}

/// What to say of a sync that read everything it was to read; an error where it did not.
fn whole(read: &Synced) -> Result<String> {
    let mut faults = Vec::new();
    for source in &read.sources {
        if let Err(error) = &source.read {
            faults.push(format!("{}: {error}", source.source));
        }
    }
    for instance in &read.instances {
        match &instance.read {
            Err(error) => faults.push(format!("{}: {error}", instance.instance)),
            Ok(head) => {
                if let Coverage::Partial { why } = &head.coverage {
                    faults.push(format!("{} was read in part: {why}", instance.instance));
                }
            }
        }
    }
    match faults.is_empty() {
        true => Ok(format!(
            "{} sources and {} instances were read.",
            read.sources.len(),
            read.instances.len()
        )),
        false => Err(Error::new(Kind::Vendor { retry_at: None }, faults.join(" "))),
    }
}
