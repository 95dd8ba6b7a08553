//! Plans, approvals, runs and what was recorded about each change.

use jiff::Timestamp;
use rollbook_core::approval::Approval;
use rollbook_core::change::Change;
use rollbook_core::guard::PastEffect;
use rollbook_core::id::{ChangeId, InstanceName, PlanId, RunId};
use rollbook_core::plan::Plan;
use rollbook_core::step::Recorded;
use serde::{Deserialize, Serialize};

use super::db::{Row, args};
use super::row::{all, body_of, pack, sortable, unpack};
use super::{Reading, Writing};
use crate::error::{Error, Result};

/// One execution of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// Which plan.
    pub plan: PlanId,
    /// When it began.
    pub began_at: Timestamp,
    /// When its last change ended. `None`: it goes on.
    pub ended_at: Option<Timestamp>,
    /// Why nothing more is sent for it. `None`: nothing holds it.
    pub hold: Option<Hold>,
}

/// Why nothing more is sent for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Whether that is for good.
    pub is_cancelled: bool,
    /// Who said so.
    pub by: String,
    /// Why.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

impl Hold {
    /// Who and why, as a sentence.
    pub fn sentence(&self) -> String {
        let did = if self.is_cancelled { "cancelled" } else { "paused" };
        format!("{} {did} the run: {}", self.by, self.because)
    }
}

/// One thing recorded about one change of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// Of which change.
    pub change: ChangeId,
    /// What was recorded.
    pub recorded: Recorded,
}

impl Reading<'_> {
    /// The plan with this id. A plan that was changed in the database, or put in the place of
    /// another, does not load.
    pub fn plan(&self, id: &PlanId) -> Result<Option<Plan>> {
        let sql = "SELECT body FROM plan WHERE id = $1";
        let plan: Option<Plan> = body_of(self.db, "plan", sql, args![id.as_str()])?;
        match plan {
            Some(plan) if plan.id() != *id => Err(Error::setup(format!(
                "In the place of the plan {id} lies another one, {}; the database was changed.",
                plan.id()
            ))
            .hint("Restore the newest backup of the workspace folder.")),
            plan => Ok(plan),
        }
    }

    /// All plans, newest first.
    pub fn plans(&self) -> Result<Vec<Plan>> {
        all(self.db, "plan", "SELECT body FROM plan ORDER BY made_at DESC, id", &[])
    }

    /// The approvals of a plan, in the order in which they were given.
    pub fn approvals(&self, plan: &PlanId) -> Result<Vec<Approval>> {
        all(
            self.db,
            "approval",
            "SELECT body FROM approval WHERE plan = $1 ORDER BY id",
            args![plan.as_str()],
        )
    }

    /// The run of a plan, if it was ever run.
    pub fn run_of(&self, plan: &PlanId) -> Result<Option<RunRow>> {
        let sql = "SELECT id, plan, began_at, ended_at, hold FROM run WHERE plan = $1";
        self.db.one(sql, args![plan.as_str()], run_row)
    }

    /// The run with this id.
    pub fn run(&self, id: &RunId) -> Result<Option<RunRow>> {
        let sql = "SELECT id, plan, began_at, ended_at, hold FROM run WHERE id = $1";
        self.db.one(sql, args![id.as_str()], run_row)
    }

    /// All runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunRow>> {
        let mut runs = Vec::new();
        let sql = "SELECT id, plan, began_at, ended_at, hold FROM run ORDER BY began_at DESC, id";
        self.db.each(sql, &[], |row| {
            runs.push(run_row(row)?);
            Ok(())
        })?;
        Ok(runs)
    }

    /// The runs that have not ended, oldest first.
    pub fn open_runs(&self) -> Result<Vec<RunRow>> {
        let mut runs = Vec::new();
        self.db.each(
            "SELECT id, plan, began_at, ended_at, hold FROM run WHERE ended_at IS NULL
             ORDER BY began_at, id",
            args![],
            |row| {
                runs.push(run_row(row)?);
                Ok(())
            },
        )?;
        Ok(runs)
    }

    /// What was recorded about the changes of a run, oldest first.
    pub fn steps(&self, run: &RunId) -> Result<Vec<StepRow>> {
        let mut steps = Vec::new();
        let sql = "SELECT change, body FROM step WHERE run = $1 ORDER BY change, position";
        self.db.each(sql, args![run.as_str()], |row| {
            let change = ChangeId::new(row.text(0)?);
            steps.push(StepRow { change, recorded: unpack("step", row.text(1)?)? });
            Ok(())
        })?;
        Ok(steps)
    }

    /// What was recorded about one change of a run, oldest first.
    pub fn steps_of(&self, run: &RunId, change: &ChangeId) -> Result<Vec<Recorded>> {
        all(
            self.db,
            "step",
            "SELECT body FROM step WHERE run = $1 AND change = $2 ORDER BY position",
            args![run.as_str(), change.as_str()],
        )
    }

    /// What was done to vendors since `since`.
    pub fn effects_since(&self, since: Timestamp) -> Result<Vec<PastEffect>> {
        all(
            self.db,
            "effect",
            "SELECT body FROM effect WHERE at >= $1 ORDER BY at, change",
            args![sortable(since)],
        )
    }
}

fn run_row(row: &Row<'_>) -> Result<RunRow> {
    Ok(RunRow {
        id: RunId::new(row.text(0)?),
        plan: PlanId::new(row.text(1)?),
        began_at: moment(row.text(2)?)?,
        ended_at: row.maybe_text(3)?.map(moment).transpose()?,
        hold: row.maybe_text(4)?.map(|body| unpack("run", body)).transpose()?,
    })
}

fn moment(text: &str) -> Result<Timestamp> {
    text.parse().map_err(|e| {
        Error::setup(format!("`{text}` in the table `run` is no time; the database was changed."))
            .hint("Restore the newest backup of the workspace folder.")
            .because(e)
    })
}

impl Reading<'_> {
    /// Since when somebody delivers who has not said that it ended.
    pub(crate) fn delivering(&self) -> Result<Option<String>> {
        let sql = "SELECT value FROM meta WHERE name = 'delivering'";
        self.db.one(sql, &[], |row| Ok(row.text(0)?.to_owned()))
    }

    /// How often a change was begun by a process that did not come to say how it went.
    pub(crate) fn suspected(&self, run: &RunId, change: &ChangeId) -> Result<i64> {
        let name = format!("suspect/{run}/{change}");
        let sql = "SELECT value FROM meta WHERE name = $1";
        let tries = self.db.one(sql, args![name], |row| Ok(row.text(0)?.to_owned()))?;
        Ok(tries.and_then(|tries| tries.parse().ok()).unwrap_or(0))
    }
}

impl Writing<'_> {
    /// Says since when somebody delivers; `None`: it ended in good order.
    pub(crate) fn put_delivering(&self, since: Option<Timestamp>) -> Result<()> {
        self.put_meta("delivering", since.map(|since| since.to_string()))
    }

    /// Marks a change as begun so often; `None`: it went well.
    pub(crate) fn put_suspected(
        &self,
        run: &RunId,
        change: &ChangeId,
        tries: Option<i64>,
    ) -> Result<()> {
        self.put_meta(&format!("suspect/{run}/{change}"), tries.map(|tries| tries.to_string()))
    }

    fn put_meta(&self, name: &str, value: Option<String>) -> Result<()> {
        let Some(value) = value else {
            self.db.execute("DELETE FROM meta WHERE name = $1", args![name])?;
            return Ok(());
        };
        self.db.execute(
            "INSERT INTO meta (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            args![name, value],
        )?;
        Ok(())
    }

    /// Stores a plan. Storing the same plan again changes nothing.
    pub fn put_plan(&self, plan: &Plan) -> Result<()> {
        self.db.execute(
            "INSERT INTO plan (id, made_at, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
            args![plan.id().as_str(), sortable(plan.made_at()), pack(plan)?],
        )?;
        Ok(())
    }

    /// Stores an approval of a plan. The same approval twice is one.
    pub fn put_approval(&self, plan: &PlanId, approval: &Approval) -> Result<()> {
        self.db.execute(
            "INSERT INTO approval (id, plan, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
            args![approval.id().as_str(), plan.as_str(), pack(approval)?],
        )?;
        Ok(())
    }

    /// Begins the run of a plan and uses its approvals up. A plan runs at most once.
    pub fn begin_run(&self, run: &RunRow) -> Result<()> {
        let begun = self.db.execute(
            "INSERT INTO run (id, plan, began_at) VALUES ($1, $2, $3) ON CONFLICT (plan) DO NOTHING",
            args![run.id.as_str(), run.plan.as_str(), sortable(run.began_at)],
        )?;
        if begun == 0 {
            return Err(Error::refused(format!("The plan {} was run already.", run.plan))
                .hint("An approval holds for one run. Make a new plan and have it approved."));
        }
        self.db.execute(
            "UPDATE approval SET used_by = $1 WHERE plan = $2 AND used_by IS NULL",
            args![run.id.as_str(), run.plan.as_str()],
        )?;
        Ok(())
    }

    /// Holds a run that goes on, or lets it go on.
    pub(crate) fn hold_run(&self, run: &RunId, hold: Option<&Hold>) -> Result<()> {
        let body = hold.map(pack).transpose()?;
        let sql = "UPDATE run SET hold = $1 WHERE id = $2 AND ended_at IS NULL";
        self.db.execute(sql, args![body, run.as_str()])?;
        Ok(())
    }

    /// Takes back every approval of a plan whose run has not ended or never began, and says how many.
    pub(crate) fn void_approvals(&self) -> Result<u64> {
        self.db.execute(
            "DELETE FROM approval WHERE plan NOT IN (SELECT plan FROM run WHERE ended_at IS NOT NULL)",
            &[],
        )
    }

    /// Ends a run.
    pub fn end_run(&self, run: &RunId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE run SET ended_at = $1 WHERE id = $2";
        self.db.execute(sql, args![sortable(at), run.as_str()])?;
        Ok(())
    }

    /// Records one thing about one change.
    pub fn add_step(
        &self,
        run: &RunId,
        change: &ChangeId,
        at: Timestamp,
        recorded: &Recorded,
    ) -> Result<()> {
        self.db.execute(
            "INSERT INTO step (run, change, position, at, body)
             SELECT $1, $2, COALESCE(MAX(position), 0) + 1, $3, $4
             FROM step WHERE run = $1 AND change = $2",
            args![run.as_str(), change.as_str(), sortable(at), pack(recorded)?],
        )?;
        Ok(())
    }

    /// Counts an effect of `change` for the guard's window; the same change counts once, when it
    /// was made last.
    pub fn put_effect(
        &self,
        instance: &InstanceName,
        change: &Change,
        effect: &PastEffect,
    ) -> Result<()> {
        self.db.execute(
            "INSERT INTO effect (change, instance, at, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (change) DO UPDATE SET at = excluded.at, body = excluded.body",
            args![change.id.as_str(), instance.as_str(), sortable(effect.at), pack(effect)?],
        )?;
        Ok(())
    }
}
