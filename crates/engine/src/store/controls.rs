//! What runs by itself: since when each schedule is followed, and which of its slots were kept.

use jiff::Timestamp;
use rollbook_core::schedule::{Due, Outcome, TRIES_MAX};

use super::db::{Row, args};
use super::{Reading, Writing};
use crate::error::{Error, Result};

/// How far ahead of now a slot may lie that a slow clock reads, in microseconds.
const AHEAD_MAX_US: i64 = 60_000_000;

/// What the key of a slot ends with that was kept before it came.
const EARLY: &str = " (kept early, by a wrong clock)";

const COLUMNS: &str =
    "schedule, slot, slot_us, what, outcome, began_us, ended_us, tries, missed, said";

/// One slot of a schedule that was kept, or that somebody began to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRun {
    /// The schedule's name.
    pub schedule: String,
    /// The slot's key.
    pub slot: String,
    /// The moment of the slot.
    pub slot_at: Timestamp,
    /// What ran, as the configuration says it.
    pub what: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended. `None`: it goes on, or nobody knows.
    pub ended_at: Option<Timestamp>,
    /// How often it was begun.
    pub tries: i64,
    /// How many slots before it nobody kept.
    pub missed: i64,
    /// What there is to say about it, as sentences.
    pub said: String,
}

impl Reading<'_> {
    /// Now, as the database says it where several machines share one: their own clocks may differ.
    pub(crate) fn moment(&self, own: Timestamp) -> Result<Timestamp> {
        Ok(self.db.server_now()?.unwrap_or(own))
    }

    /// Now, by the clock of the server; `None`: there is no server.
    pub(crate) fn server_now(&self) -> Result<Option<Timestamp>> {
        self.db.server_now()
    }

    /// Since when a schedule is followed, and as what.
    pub(crate) fn schedule(&self, name: &str) -> Result<Option<(Timestamp, String)>> {
        let sql = "SELECT since_us, body FROM schedule WHERE name = $1";
        self.db.one(sql, args![name], |row| Ok((moment(row.int(0)?)?, row.text(1)?.to_owned())))
    }

    /// The newest slot of a schedule, at or before `now`, that needs nobody any more.
    pub(crate) fn kept(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>> {
        let sql = "SELECT MAX(slot_us) FROM control_run WHERE schedule = $1 AND slot_us <= $2
            AND NOT (outcome = 'cut_off' AND tries < $3) AND slot NOT LIKE '%' || $4";
        let args = args![name, now.as_microsecond(), TRIES_MAX, EARLY];
        let found = self.db.one(sql, args, |row| row.maybe_int(0)?.map(moment).transpose())?;
        Ok(found.flatten())
    }

    /// The slots of a schedule that were kept, the newest first, at most `count` of them.
    pub fn control_runs(&self, name: &str, count: i64) -> Result<Vec<ControlRun>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM control_run WHERE schedule = $1
             ORDER BY slot_us DESC, slot LIMIT $2"
        );
        let mut runs = Vec::new();
        self.db.each(&sql, args![name, count], |row| {
            runs.push(control_run(row)?);
            Ok(())
        })?;
        Ok(runs)
    }

    /// The slots that somebody began to keep and did not end.
    pub(crate) fn open_controls(&self) -> Result<Vec<ControlRun>> {
        let sql = format!("SELECT {COLUMNS} FROM control_run WHERE outcome = 'running'");
        let mut runs = Vec::new();
        self.db.each(&sql, &[], |row| {
            runs.push(control_run(row)?);
            Ok(())
        })?;
        Ok(runs)
    }
}

impl Writing<'_> {
    /// Follows a schedule as `body` says it from `since` on.
    pub(crate) fn put_schedule(&self, name: &str, since: Timestamp, body: &str) -> Result<()> {
        self.db.execute(
            "INSERT INTO schedule (name, since_us, body) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET since_us = excluded.since_us, body = excluded.body",
            args![name, since.as_microsecond(), body],
        )?;
        Ok(())
    }

    /// Begins to keep a slot. `false`: somebody else keeps it, or did.
    pub(crate) fn begin_control(
        &self,
        name: &str,
        what: &str,
        due: &Due,
        now: Timestamp,
    ) -> Result<bool> {
        let begun = self.db.execute(
            "INSERT INTO control_run
                 (schedule, slot, slot_us, what, outcome, began_us, tries, missed, said)
             VALUES ($1, $2, $3, $4, 'running', $5, 1, $6, '')
             ON CONFLICT (schedule, slot) DO UPDATE
                 SET outcome = 'running', began_us = excluded.began_us, ended_us = NULL,
                     tries = control_run.tries + 1, said = ''
                 WHERE control_run.outcome = 'cut_off' AND control_run.tries < $7",
            args![
                name,
                due.slot.key.as_str(),
                due.slot.at.as_microsecond(),
                what,
                now.as_microsecond(),
                i64::try_from(due.missed).unwrap_or(i64::MAX),
                TRIES_MAX
            ],
        )?;
        Ok(begun == 1)
    }

    /// Says how keeping a slot ended. `false`: it was said already.
    pub(crate) fn end_control(
        &self,
        run: (&str, &str),
        outcome: Outcome,
        said: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let ended = self.db.execute(
            "UPDATE control_run SET outcome = $3, said = $4, ended_us = $5
             WHERE schedule = $1 AND slot = $2 AND outcome = 'running'",
            args![run.0, run.1, outcome.word(), said, now.as_microsecond()],
        )?;
        Ok(ended == 1)
    }

    /// Renames slots that still lie ahead: a clock was wrong when they were kept, and they are to be
    /// kept when they come.
    pub(crate) fn free_slots_ahead(&self, now: Timestamp) -> Result<()> {
        self.db.execute(
            "UPDATE control_run SET slot_us = $2, slot = slot || $3
             WHERE slot_us > $1 AND outcome <> 'running'
                 AND NOT EXISTS (SELECT 1 FROM control_run AS other
                     WHERE other.schedule = control_run.schedule
                     AND other.slot = control_run.slot || $3)",
            args![now.as_microsecond().saturating_add(AHEAD_MAX_US), now.as_microsecond(), EARLY],
        )?;
        Ok(())
    }
}

fn control_run(row: &Row<'_>) -> Result<ControlRun> {
    Ok(ControlRun {
        schedule: row.text(0)?.to_owned(),
        slot: row.text(1)?.to_owned(),
        slot_at: moment(row.int(2)?)?,
        what: row.text(3)?.to_owned(),
        outcome: outcome(row.text(4)?),
        began_at: moment(row.int(5)?)?,
        ended_at: row.maybe_int(6)?.map(moment).transpose()?,
        tries: row.int(7)?,
        missed: row.int(8)?,
        said: row.text(9)?.to_owned(),
    })
}

/// A word that this version does not know says at least that it did not go well.
fn outcome(word: &str) -> Outcome {
    let all = [Outcome::Running, Outcome::Done, Outcome::CutOff];
    all.into_iter().find(|one| one.word() == word).unwrap_or(Outcome::Failed)
}

fn moment(us: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(us).map_err(|e| {
        Error::setup(format!("{us} in the table `control_run` is no time."))
            .hint("Restore the newest backup of the workspace folder.")
            .because(e)
    })
}
