//! Work for people, and what they handed in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rollbook_core::account::Account;
use rollbook_core::change::Change;
use rollbook_core::id::{RunId, TaskId};
use rollbook_core::identity::Identity;
use rollbook_core::task::Task;

use super::db::args;
use super::row::{all, body_of, pack, sortable};
use super::{Reading, Writing};
use crate::error::{Error, Result};

impl Reading<'_> {
    /// The task with this id.
    pub fn task(&self, id: &TaskId) -> Result<Option<Task>> {
        body_of(self.db, "task", "SELECT body FROM task WHERE id = $1", args![id.as_str()])
    }

    /// All tasks, newest first.
    pub fn tasks(&self) -> Result<Vec<Task>> {
        all(self.db, "task", "SELECT body FROM task ORDER BY asked_at DESC, id", &[])
    }

    /// The tasks that are not over, oldest first.
    pub fn open_tasks(&self) -> Result<Vec<Task>> {
        let sql = "SELECT body FROM task WHERE is_over = 0 ORDER BY asked_at, id";
        all(self.db, "task", sql, &[])
    }

    /// The tasks of a run, oldest first.
    pub fn tasks_of(&self, run: &RunId) -> Result<Vec<Task>> {
        let sql = "SELECT body FROM task WHERE run = $1 ORDER BY asked_at, id";
        all(self.db, "task", sql, args![run.as_str()])
    }

    /// The bytes that were handed in for a task and have this digest.
    pub fn proof(&self, task: &TaskId, sha256: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT body FROM proof WHERE task = $1 AND sha256 = $2";
        let text =
            self.db.one(sql, args![task.as_str(), sha256], |row| Ok(row.text(0)?.to_owned()))?;
        let decoded = text.map(|text| STANDARD.decode(text)).transpose();
        decoded.map_err(|e| {
            Error::setup(format!(
                "What was handed in for {task} cannot be read; the database was changed."
            ))
            .hint("Restore the newest backup of the workspace folder.")
            .because(e)
        })
    }

    /// The account that a change is about and whose it is, as far as both are known.
    pub(crate) fn concerned(&self, change: &Change) -> Result<(Option<Account>, Option<Identity>)> {
        let account = match &change.account {
            Some(key) => body_of(
                self.db,
                "account",
                "SELECT body FROM account WHERE instance = $1 AND key = $2",
                args![change.instance.as_str(), key.as_str()],
            )?,
            None => None,
        };
        let identity = match &change.identity {
            Some(id) => {
                let sql = "SELECT body FROM identity WHERE id = $1";
                body_of(self.db, "identity", sql, args![id.as_str()])?
            }
            None => None,
        };
        Ok((account, identity))
    }
}

impl Writing<'_> {
    /// Writes a task as it is now.
    pub fn put_task(&self, task: &Task) -> Result<()> {
        let asked_at = task.acts.first().map_or(Timestamp::MIN, |entry| entry.at);
        self.db.execute(
            "INSERT INTO task (id, run, is_over, asked_at, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET is_over = excluded.is_over, body = excluded.body",
            args![
                task.id.as_str(),
                task.run.as_str(),
                i64::from(task.state().is_over()),
                sortable(asked_at),
                pack(task)?
            ],
        )?;
        self.move_basis()
    }

    /// Keeps bytes that were handed in for a task; the same bytes are kept once.
    pub fn put_proof(&self, task: &TaskId, sha256: &str, bytes: &[u8]) -> Result<()> {
        self.db.execute(
            "INSERT INTO proof (task, sha256, body) VALUES ($1, $2, $3)
             ON CONFLICT (task, sha256) DO NOTHING",
            args![task.as_str(), sha256, STANDARD.encode(bytes)],
        )?;
        Ok(())
    }
}
