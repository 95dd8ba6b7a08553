//! The database as one SQLite file in the workspace folder.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, ToSql};

use super::folder_lock::{self, Hold};
use super::{Access, Arg, MIGRATIONS, Making, Row, newer};
use crate::error::{Error, Kind, Result};
use crate::store::presence::Presence;
use crate::store::{Duplicate, FILE, private};

/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write and checkpoint at
/// once (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_SAFE: i32 = 3_051_003;

/// Up to this size every start reads the whole file; above it only a start after a crash does, so
/// that a command on a large workspace still answers at once.
const ALWAYS_CHECKED_BYTES: u64 = 4 << 20;

/// How long a statement waits for another process's transaction to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many statements a connection keeps ready to run.
const STATEMENTS: usize = 256;

/// How much of the file the connection that writes keeps in memory. Links are put in the order of
/// accounts and indexed by identity, which is no order at all there; with SQLite's own 2 MiB most of
/// these index pages are written and read again many times in one transaction.
const WRITER_CACHE_KIB: i64 = 32 << 10;

/// The same of each connection that reads. With SQLite's own 2 MiB not even the upper pages of the
/// indexes of 100,000 resources stay in it.
const READER_CACHE_KIB: i64 = 16 << 10;

/// The file of one workspace, entered by this process.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    _hold: Hold,
}

impl Sqlite {
    /// Enters the workspace in the folder `dir` and brings its file up to date. The connection is
    /// the one that writes.
    pub(super) fn enter(
        dir: &Path,
        presence: Presence,
        command: &str,
        making: Making,
    ) -> Result<(Self, Connection)> {
        let path = dir.join(FILE);
        if making == Making::There && !path.exists() {
            return Err(Error::setup(format!(
                "The database {} is not there; nothing was made in its place.",
                path.display()
            ))
            .hint("Restore the newest backup of the workspace folder."));
        }
        let hold = folder_lock::enter(dir, presence, command)?;
        let db = if hold.is_beside { open_beside(&path)? } else { open(&path)? };
        Ok((Self { path, _hold: hold }, db))
    }

    /// One more connection, for reading only.
    pub(super) fn reader(&self) -> Result<Connection> {
        let db = connect(&self.path)?;
        db.pragma_update(None, "query_only", true).map_err(|e| broken(&self.path, e))?;
        db.pragma_update(None, "cache_size", -READER_CACHE_KIB)
            .map_err(|e| broken(&self.path, e))?;
        Ok(db)
    }
}

impl Sqlite {
    /// Copies the database as it is at one moment into the new file `to`. Whoever writes meanwhile is
    /// not kept waiting.
    pub(super) fn copy_into(&self, to: &Path) -> Result<()> {
        let unwritten = |e: std::io::Error| {
            Error::setup(format!("The copy {} cannot be written: {e}.", to.display()))
                .hint("Check that the disk has room and that you may write there.")
                .because(e)
        };
        // SQLite would make the file with the process's umask; it holds personal data.
        private(OpenOptions::new().create_new(true).write(true)).open(to).map_err(unwritten)?;
        let db = connect(&self.path)?;
        let name = to.to_str().ok_or_else(|| {
            Error::input(format!("{} is no text that SQLite can open.", to.display()))
        })?;
        db.execute("VACUUM INTO ?1", [name])?;
        File::open(to).and_then(|file| file.sync_all()).map_err(unwritten)
    }
}

/// Opens the database file, checks library and file, and brings the schema up to date.
fn open(path: &Path) -> Result<Connection> {
    check_library(rusqlite::version_number())?;
    let unclean = std::fs::metadata(wal_of(path)).is_ok_and(|wal| wal.len() > 0);
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    check_length(path, size)?;
    // SQLite would make the file with the process's umask; it holds personal data.
    private(OpenOptions::new().create(true).truncate(false).write(true)).open(path).map_err(
        |e| Error::setup(format!("The database {} cannot be opened.", path.display())).because(e),
    )?;
    let mut db = connect(path)?;
    // SQLite counts pages where the number is positive, and KiB where it is negative.
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB).map_err(|e| broken(path, e))?;
    // A savepoint keeps each page as it was, and there is one for every push. In a file, keeping
    // them costs more than the pushes themselves.
    db.pragma_update(None, "temp_store", "MEMORY").map_err(|e| broken(path, e))?;
    if unclean || size <= ALWAYS_CHECKED_BYTES {
        check(&db)?;
    }
    migrate(&mut db, path)?;
    Ok(db)
}

/// Opens the database file beside the process that checked it and brought it up to date.
fn open_beside(path: &Path) -> Result<Connection> {
    check_library(rusqlite::version_number())?;
    let db = connect(path)?;
    if version(&db, path)? == MIGRATIONS.len() {
        return Ok(db);
    }
    Err(Error::setup(format!(
        "The process that works with the database {} is of another version of rollbook.",
        path.display()
    ))
    .hint("Stop it and start it again with this version. Nothing was read or changed."))
}

fn connect(path: &Path) -> Result<Connection> {
    let db = Connection::open(path).map_err(|e| broken(path, e))?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.busy_timeout(PATIENCE).map_err(|e| broken(path, e))?;
    // Without it a statement is planned anew for every value that a partial index might be about.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| broken(path, e))?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA mmap_size = 0;
         PRAGMA foreign_keys = ON;",
    )
    .map_err(|e| broken(path, e))?;
    Ok(db)
}

/// Reads every page of the database and says whether it is whole.
pub(super) fn check(db: &Connection) -> Result<()> {
    let path = Path::new(db.path().unwrap_or_default());
    let health: String =
        db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|e| broken(path, e))?;
    if health == "ok" { Ok(()) } else { Err(damaged(path, &health)) }
}

/// Leaves nothing of what was deleted in free pages, nor in the log beside the file.
pub(super) fn shred(db: &Connection) -> Result<()> {
    // The whole database is copied on the way, which memory might not hold.
    db.execute_batch("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY")?;
    let busy: bool = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    match busy {
        false => Ok(()),
        true => Err(Error::setup(
            "Another connection reads the database, so what was deleted still lies in the log \
             beside it.",
        )
        .hint("Close what reads it; the next start of Rollbook clears the log.")),
    }
}

/// Runs a statement that hands out no rows.
pub(super) fn execute(db: &Connection, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
    run(&mut db.prepare_cached(sql)?, args)
}

/// Runs a statement once for each of `rows`.
pub(super) fn execute_each<'a, const N: usize>(
    db: &Connection,
    sql: &str,
    rows: impl IntoIterator<Item = Result<[Arg<'a>; N]>>,
) -> Result<u64> {
    let mut statement = db.prepare_cached(sql)?;
    rows.into_iter().try_fold(0, |changed, args| Ok(changed + run(&mut statement, &args?)?))
}

fn run(statement: &mut CachedStatement<'_>, args: &[Arg<'_>]) -> Result<u64> {
    bind(statement, args)?;
    Ok(statement.raw_execute()? as u64)
}

/// Gives `$n` the n-th of `args`. To SQLite `$2` is a name like any other, which counts by where it
/// first stands in the statement.
fn bind(statement: &mut CachedStatement<'_>, args: &[Arg<'_>]) -> Result<()> {
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse().ok());
        let arg = number.and_then(|number: usize| args.get(number.checked_sub(1)?));
        let arg = arg.ok_or_else(|| Error::bug("A statement has a parameter without a value."))?;
        statement.raw_bind_parameter(place, arg)?;
    }
    Ok(())
}

/// Hands rows to `take` until it has enough.
pub(super) fn scan(
    db: &Connection,
    sql: &str,
    args: &[Arg<'_>],
    mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        if take(&Row::Sqlite(row))?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Runs statements without parameters that hand out no rows.
pub(super) fn batch(db: &Connection, sql: &str) -> Result<()> {
    Ok(db.prepare_cached(sql)?.execute([]).map(drop)?)
}

/// How a transaction begins.
pub(super) fn begin(access: Access) -> &'static str {
    match access {
        Access::Read => "BEGIN DEFERRED",
        Access::Write | Access::Beside => "BEGIN IMMEDIATE",
    }
}

impl ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null => Ok(ToSqlOutput::Borrowed(ValueRef::Null)),
            Self::Int(value) => Ok(ToSqlOutput::from(*value)),
            Self::Text(Cow::Borrowed(text)) => Ok(ToSqlOutput::from(*text)),
            Self::Text(Cow::Owned(text)) => Ok(ToSqlOutput::from(text.as_str())),
        }
    }
}

/// A file cut short is found without reading it: its header says how many pages it has
/// (<https://sqlite.org/fileformat2.html#in_header_database_size>).
fn check_length(path: &Path, size: u64) -> Result<()> {
    let mut header = [0_u8; 32];
    let mut file = match File::open(path) {
        Ok(file) if size > 0 => file,
        _ => return Ok(()),
    };
    if std::io::Read::read_exact(&mut file, &mut header).is_err() || !header.starts_with(b"SQLite")
    {
        return Err(damaged(path, "it does not begin like an SQLite database"));
    }
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    let pages = u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    if size < page * pages {
        return Err(damaged(path, "the file is shorter than its header says"));
    }
    Ok(())
}

fn damaged(path: &Path, what: &str) -> Error {
    Error::setup(format!(
        "The database {} is damaged ({what}); nothing was read from it or written to it.",
        path.display()
    ))
    .hint("Restore the newest backup of the workspace folder, then run `rollbook sync`.")
}

fn wal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn check_library(version: i32) -> Result<()> {
    if version < OLDEST_SAFE {
        return Err(Error::setup(format!(
            "The SQLite library is {}, which can corrupt databases; 3.51.3 is the oldest safe one.",
            rusqlite::version()
        ))
        .hint("Use a rollbook binary built with its bundled SQLite."));
    }
    Ok(())
}

fn migrate(db: &mut Connection, path: &Path) -> Result<()> {
    let at = version(db, path)?;
    let known = MIGRATIONS.len();
    if at > known {
        return Err(newer(&path.display().to_string(), at));
    }
    for (version, sql) in (1_u32..).zip(MIGRATIONS).skip(at) {
        let tx = db.transaction().map_err(|e| broken(path, e))?;
        tx.execute_batch(&in_order_of_keys(sql)).map_err(|e| broken(path, e))?;
        tx.pragma_update(None, "user_version", version).map_err(|e| broken(path, e))?;
        tx.commit().map_err(|e| broken(path, e))?;
    }
    Ok(())
}

/// The same tables, lying in the order of their keys where that spares SQLite an index beside them:
/// those with a number for a key, and those that the schema marks.
fn in_order_of_keys(sql: &str) -> String {
    sql.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
        .replace("); -- in order of keys", ") WITHOUT ROWID;")
}

/// How many migrations the file has had; the database itself counts them.
fn version(db: &Connection, path: &Path) -> Result<usize> {
    let at: u32 =
        db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|e| broken(path, e))?;
    Ok(at as usize)
}

fn broken(path: &Path, cause: rusqlite::Error) -> Error {
    Error::setup(format!("The database {} cannot be used: {cause}.", path.display()))
        .hint("If the file is damaged, restore the newest backup of the workspace folder.")
        .because(cause)
}

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        let hint = match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => {
                "The disk is full: free some room; nothing half-written was kept."
            }
            Some(ErrorCode::ReadOnly) => {
                "The database cannot be written: check the permissions of its folder."
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "Another process was writing for too long. Nothing was written; try again."
            }
            _ => "Nothing half-written was kept. Try again; if it stays, restore a backup.",
        };
        let said = format!("The workspace database refused: {cause}.");
        let error = Self::new(Kind::Setup, said).hint(hint);
        match is_duplicate(&cause) {
            true => error.because(Duplicate(Box::new(cause))),
            false => error.because(cause),
        }
    }
}

fn is_duplicate(cause: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    matches!(cause, rusqlite::Error::SqliteFailure(error, _)
        if [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY].contains(&error.extended_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlite_with_the_wal_bug_is_refused() {
        assert!(check_library(3_051_002).is_err());
        assert!(check_library(3_051_003).is_ok());
        assert!(check_library(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn a_statement_is_planned_once_whatever_it_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let db = connect(&dir.path().join(FILE)).unwrap();
        db.execute_batch(
            "CREATE TABLE thing (kind TEXT, name TEXT);
             CREATE INDEX by_name ON thing (name) WHERE kind = 'User';",
        )
        .unwrap();
        let mut statement = db.prepare("SELECT 1 FROM thing WHERE kind = $1").unwrap();
        for kind in ["User", "Group", "User"] {
            assert!(!statement.exists([kind]).unwrap());
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }
}
