//! One connection to the workspace's database, and the only place that knows which database it is.
//!
//! The rest of the store speaks one SQL to it: numbered parameters, `ON CONFLICT`, `RETURNING`,
//! columns of TEXT and BIGINT. Where the databases differ in what they would let pass, the stricter
//! one decides for both: no statement while rows of another are handed out, none after one failed.

mod folder_lock;
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;
mod value;

use std::cell::Cell;
use std::ops::ControlFlow;

use super::place::Place;
use super::presence::Presence;
use crate::error::{Error, Result};

pub(super) use value::{Arg, Row, args};

/// Each migration takes the schema one version up.
const MIGRATIONS: &[&str] = &[
    include_str!("../schema.sql"),
    include_str!("../schema_2.sql"),
    include_str!("../schema_3.sql"),
    include_str!("../schema_4.sql"),
    include_str!("../schema_5.sql"),
    include_str!("../schema_6.sql"),
    include_str!("../schema_7.sql"),
    include_str!("../schema_8.sql"),
    include_str!("../schema_9.sql"),
    include_str!("../schema_10.sql"),
    include_str!("../schema_11.sql"),
];

/// Whether a workspace's tables are expected to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Making {
    /// They are made, and there must be none.
    New,
    /// They must be there.
    There,
}

/// The database of one workspace, entered by this process: what connections are opened from.
#[derive(Debug)]
pub(super) struct Database(At);

#[derive(Debug)]
enum At {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Database {
    /// Enters the workspace at `place`, and returns the connection that writes.
    pub(super) fn enter(
        place: &Place,
        presence: Presence,
        command: &str,
        making: Making,
    ) -> Result<(Self, Db)> {
        match place {
            Place::Folder(dir) => {
                let (at, db) = sqlite::Sqlite::enter(dir, presence, command, making)?;
                Ok((Self(At::Sqlite(at)), Db::new(Connection::Sqlite(db))))
            }
            Place::Postgres { address, schema, ca_file } => {
                let at = (address.expose(), schema.as_str(), ca_file.as_deref());
                let (at, db) = postgres::Postgres::enter(at, presence, command, making)?;
                Ok((Self(At::Postgres(at)), Db::new(Connection::Postgres(db))))
            }
        }
    }

    /// One more connection, for reading only.
    pub(super) fn reader(&self) -> Result<Db> {
        Ok(Db::new(match &self.0 {
            At::Sqlite(at) => Connection::Sqlite(at.reader()?),
            At::Postgres(at) => Connection::Postgres(at.reader()?),
        }))
    }

    /// A connection beside the one that writes, where nodes take turns at it.
    pub(super) fn keeper(&self) -> Result<Option<Db>> {
        match &self.0 {
            At::Postgres(at) => Ok(at.keeper()?.map(|db| Db::new(Connection::Postgres(db)))),
            At::Sqlite(_) => Ok(None),
        }
    }

    /// Copies it as it is at one moment into the new file `to`.
    pub(super) fn copy_into(&self, to: &std::path::Path) -> Result<()> {
        match &self.0 {
            At::Sqlite(at) => at.copy_into(to),
            At::Postgres(_) => {
                Err(Error::refused("A Postgres database is copied with its own tools."))
            }
        }
    }

    /// Opens the connection that writes anew if it was lost.
    pub(super) fn renew(&self, db: &mut Db) -> Result<()> {
        if let At::Postgres(at) = &self.0
            && db.is_lost()
        {
            *db = Db::new(Connection::Postgres(at.renewed()?));
        }
        Ok(())
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Db {
    at: Connection,
    state: Cell<State>,
}

#[derive(Debug)]
enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(postgres::Session),
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
    /// It writes rows that nobody else does, and locks them, beside the one that writes.
    Beside,
}

/// An open transaction. Dropped without [`Transaction::commit`] it is undone.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    db: &'a Db,
    access: Access,
    open: bool,
}

impl Db {
    fn new(at: Connection) -> Self {
        Self { at, state: Cell::new(State::Ready) }
    }

    /// Whether the connection broke. It never comes back.
    pub(super) fn is_lost(&self) -> bool {
        match &self.at {
            Connection::Sqlite(_) => false,
            Connection::Postgres(db) => db.is_lost(),
        }
    }

    /// Reads what can be read and says whether the database is whole.
    pub(super) fn check(&self) -> Result<()> {
        match &self.at {
            Connection::Sqlite(db) => sqlite::check(db),
            // The server keeps its own pages in order; that it answers is all to be seen from here.
            Connection::Postgres(db) => db.batch("SELECT 1"),
        }
    }

    /// Writes what is there anew, so that what was deleted is nowhere any more.
    pub(super) fn shred(&self) -> Result<()> {
        match &self.at {
            Connection::Sqlite(db) => sqlite::shred(db),
            Connection::Postgres(db) => postgres::shred(db),
        }
    }

    /// Runs a statement that hands out no rows, and returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.check_ready()?;
        check_args(args)?;
        let changed = match &self.at {
            Connection::Sqlite(db) => sqlite::execute(db, sql, args),
            Connection::Postgres(db) => db.execute(sql, args),
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
        let rows = rows.into_iter().map(|args| {
            let args = args?;
            check_args(&args).map(|()| args)
        });
        let changed = match &self.at {
            Connection::Sqlite(db) => sqlite::execute_each(db, sql, rows),
            Connection::Postgres(db) => db.execute_each(sql, rows),
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
        first(read, |take| self.scan(sql, args, take))
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
        check_args(args)?;
        self.state.set(State::Streaming);
        let scanned = match &self.at {
            Connection::Sqlite(db) => sqlite::scan(db, sql, args, take),
            Connection::Postgres(db) => db.scan(sql, args, take),
        };
        self.state.set(State::Ready);
        self.note(scanned)
    }

    /// Now, by the clock of the server; `None`: there is no server, and this machine's clock is it.
    pub(super) fn server_now(&self) -> Result<Option<jiff::Timestamp>> {
        match &self.at {
            Connection::Sqlite(_) => Ok(None),
            Connection::Postgres(_) => {
                let us = self.one(postgres::NOW, &[], |row| row.int(0))?;
                Ok(us.and_then(|us| jiff::Timestamp::from_microsecond(us).ok()))
            }
        }
    }

    /// Begins a transaction.
    pub(super) fn begin(&self, access: Access) -> Result<Transaction<'_>> {
        match &self.at {
            Connection::Sqlite(db) => sqlite::batch(db, sqlite::begin(access))?,
            Connection::Postgres(db) => db.begin(access)?,
        }
        self.state.set(State::Ready);
        Ok(Transaction { db: self, access, open: true })
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
            Connection::Postgres(db) => db.batch(sql),
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

/// The refusal of a database, named `name`, that has had `at` migrations.
fn newer(name: &str, at: usize) -> Error {
    Error::setup(format!(
        "The database {name} was written by a newer rollbook (schema {at}; this one knows {}).",
        MIGRATIONS.len()
    ))
    .hint("Use the newer rollbook. Nothing was changed.")
}

/// SQLite would keep U+0000 in a text and then cut the text off there in some places and not in
/// others; Postgres does not take it.
/// The first row that `scan` hands out, if there is any.
fn first<T>(
    read: impl FnOnce(&Row<'_>) -> Result<T>,
    scan: impl FnOnce(&mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>>) -> Result<()>,
) -> Result<Option<T>> {
    let (mut read, mut found) = (Some(read), None);
    scan(&mut |row| {
        found = read.take().map(|read| read(row)).transpose()?;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

fn check_args(args: &[Arg<'_>]) -> Result<()> {
    let is_cut = |arg: &Arg<'_>| matches!(arg, Arg::Text(text) if text.contains('\0'));
    match args.iter().any(is_cut) {
        false => Ok(()),
        true => Err(Error::input("A text holds the character U+0000, which no database keeps.")
            .hint("Take it out where the text comes from.")),
    }
}

fn after_failure() -> Error {
    Error::bug("A transaction was to go on after one of its statements had failed.")
}

impl Transaction<'_> {
    /// Makes what was written stay, all of it.
    pub(super) fn commit(mut self) -> Result<()> {
        self.db.check_ready()?;
        match &self.db.at {
            Connection::Sqlite(db) => sqlite::batch(db, "COMMIT")?,
            Connection::Postgres(db) => db.commit(self.access)?,
        }
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
