//! One connection to the workspace's database, and the only place that knows which database it is.
//!
//! The rest of the store speaks one SQL to it: numbered parameters, `ON CONFLICT`, `RETURNING`,
//! columns of TEXT and BIGINT. Where the databases differ in what they would let pass, the stricter
//! one decides for both: no statement while rows of another are handed out, none after one failed.

mod sqlite;
#[cfg(test)]
mod tests;
mod value;

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;

use crate::error::{Error, Result};

pub(super) use value::{Arg, Row, args};

/// Each migration takes the schema one version up.
const MIGRATIONS: &[&str] = &[include_str!("../schema.sql"), include_str!("../schema_2.sql")];

/// One connection.
#[derive(Debug)]
pub(super) struct Db {
    at: Connection,
    state: Cell<State>,
}

#[derive(Debug)]
enum Connection {
    Sqlite(rusqlite::Connection),
}

/// Whether a statement may be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// Rows of a statement are handed out.
    Streaming,
    /// A statement failed, and what it belongs to was not undone yet.
    Failed,
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It sees one moment and changes nothing.
    Read,
    /// It is the only one that writes, in all processes.
    Write,
}

/// An open transaction. Dropped without [`Transaction::commit`] it is undone.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    db: &'a Db,
    open: bool,
}

impl Db {
    /// Opens the SQLite file at `path` for writing: checks library and file, and brings the schema
    /// up to date.
    pub(super) fn sqlite(path: &Path) -> Result<Self> {
        Ok(Self::new(Connection::Sqlite(sqlite::open(path)?)))
    }

    /// Opens the SQLite file at `path` for writing beside the process that keeps it in order.
    pub(super) fn sqlite_beside(path: &Path) -> Result<Self> {
        Ok(Self::new(Connection::Sqlite(sqlite::open_beside(path)?)))
    }

    /// Opens the SQLite file at `path`, which was opened for writing before, for reading only.
    pub(super) fn sqlite_reader(path: &Path) -> Result<Self> {
        Ok(Self::new(Connection::Sqlite(sqlite::open_reader(path)?)))
    }

    fn new(at: Connection) -> Self {
        Self { at, state: Cell::new(State::Ready) }
    }

    /// Reads everything and says whether the database is whole.
    pub(super) fn check(&self) -> Result<()> {
        match &self.at {
            Connection::Sqlite(db) => sqlite::check(db),
        }
    }

    /// Writes what is there anew, so that what was deleted is nowhere any more.
    pub(super) fn shred(&self) -> Result<()> {
        match &self.at {
            Connection::Sqlite(db) => sqlite::shred(db),
        }
    }

    /// Runs a statement that hands out no rows, and returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.check_ready()?;
        let changed = match &self.at {
            Connection::Sqlite(db) => sqlite::execute(db, sql, args),
        };
        self.note(changed)
    }

    /// Runs a statement once for each of `rows`, and returns how many rows it changed in all.
    pub(super) fn execute_each<'a, const N: usize>(
        &self,
        sql: &str,
        rows: impl IntoIterator<Item = Result<[Arg<'a>; N]>>,
    ) -> Result<u64> {
        self.check_ready()?;
        let changed = match &self.at {
            Connection::Sqlite(db) => sqlite::execute_each(db, sql, rows),
        };
        self.note(changed)
    }

    /// The first row that a statement hands out, if there is any.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        args: &[Arg<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let (mut read, mut found) = (Some(read), None);
        self.scan(sql, args, |row| {
            found = read.take().map(|read| read(row)).transpose()?;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// Hands every row to `take`, as it comes. `take` must begin no other statement.
    pub(super) fn each(
        &self,
        sql: &str,
        args: &[Arg<'_>],
        mut take: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.scan(sql, args, |row| take(row).map(ControlFlow::Continue))
    }

    /// Hands rows to `take`, as they come, until it says that it has enough. `take` must begin no
    /// other statement.
    pub(super) fn scan(
        &self,
        sql: &str,
        args: &[Arg<'_>],
        take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.check_ready()?;
        self.state.set(State::Streaming);
        let scanned = match &self.at {
            Connection::Sqlite(db) => sqlite::scan(db, sql, args, take),
        };
        self.state.set(State::Ready);
        self.note(scanned)
    }

    /// Begins a transaction.
    pub(super) fn begin(&self, access: Access) -> Result<Transaction<'_>> {
        self.batch(match &self.at {
            Connection::Sqlite(_) => sqlite::begin(access),
        })?;
        self.state.set(State::Ready);
        Ok(Transaction { db: self, open: true })
    }

    /// Does `work`, and undoes what it wrote if it fails; what was written before stays.
    pub(super) fn savepoint<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check_ready()?;
        self.batch("SAVEPOINT inner_work")?;
        match work() {
            Ok(value) if self.state.get() == State::Ready => {
                self.batch("RELEASE SAVEPOINT inner_work")?;
                Ok(value)
            }
            done => {
                let undone = self
                    .batch("ROLLBACK TO SAVEPOINT inner_work")
                    .and_then(|()| self.batch("RELEASE SAVEPOINT inner_work"));
                // Where even this fails, the whole transaction is lost and must not be committed.
                self.state.set(if undone.is_ok() { State::Ready } else { State::Failed });
                done.and_then(|_| Err(after_failure()))
            }
        }
    }

    /// Runs a statement that steers transactions.
    fn batch(&self, sql: &str) -> Result<()> {
        match &self.at {
            Connection::Sqlite(db) => sqlite::batch(db, sql),
        }
    }

    fn check_ready(&self) -> Result<()> {
        match self.state.get() {
            State::Ready => Ok(()),
            State::Failed => Err(after_failure()),
            State::Streaming => Err(Error::bug(
                "A statement was begun while rows of another one were still being handed out.",
            )),
        }
    }

    fn note<T>(&self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.state.set(State::Failed);
        }
        result
    }
}

fn after_failure() -> Error {
    Error::bug("A transaction was to go on after one of its statements had failed.")
}

impl Transaction<'_> {
    /// Makes what was written stay, all of it.
    pub(super) fn commit(mut self) -> Result<()> {
        self.db.check_ready()?;
        self.db.batch("COMMIT")?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open && self.db.batch("ROLLBACK").is_err() {
            // The database ended it already, or the connection is lost and ended with it.
            tracing::debug!("there was nothing left to undo");
        }
        self.db.state.set(State::Ready);
    }
}
