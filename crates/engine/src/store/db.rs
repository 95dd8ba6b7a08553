//! Opening the database. The only file that knows which database it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{Error, Result};

/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write and checkpoint at
/// once (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_SAFE: i32 = 3_051_003;

/// Up to this size every start reads the whole file; above it only a start after a crash does, so
/// that a command on a large workspace still answers at once.
const ALWAYS_CHECKED_BYTES: u64 = 4 << 20;

/// Each migration takes the schema one version up; `PRAGMA user_version` counts them.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// Makes sure that this process is the only one in the workspace. Held until dropped.
pub(super) fn lock(path: &Path) -> Result<File> {
    let file = private(OpenOptions::new().create(true).truncate(false).write(true))
        .open(path)
        .map_err(|e| {
            Error::setup(format!("The lock file {} cannot be opened.", path.display()))
                .hint("Check that you may write in the workspace folder.")
                .because(e)
        })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::setup(format!(
            "Another rollbook process is working in this workspace ({} is locked).",
            path.display()
        ))
        .hint("Wait until it ends, then try again. Nothing was read or changed.")),
        Err(TryLockError::Error(e)) => {
            Err(Error::setup(format!("The lock file {} cannot be locked.", path.display()))
                .hint("Keep the workspace on a local disk; network file systems often cannot lock.")
                .because(e))
        }
    }
}

/// Opens the database file, checks library and file, and brings the schema up to date.
pub(super) fn open(path: &Path) -> Result<Connection> {
    check_library(rusqlite::version_number())?;
    let unclean = std::fs::metadata(wal_of(path)).is_ok_and(|wal| wal.len() > 0);
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    check_length(path, size)?;
    // SQLite would make the file with the process's umask; it holds personal data.
    private(OpenOptions::new().create(true).truncate(false).write(true)).open(path).map_err(
        |e| Error::setup(format!("The database {} cannot be opened.", path.display())).because(e),
    )?;
    let mut db = Connection::open(path).map_err(|e| broken(path, e))?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA mmap_size = 0;
         PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;",
    )
    .map_err(|e| broken(path, e))?;
    if unclean || size <= ALWAYS_CHECKED_BYTES {
        check(&db, path)?;
    }
    migrate(&mut db, path)?;
    Ok(db)
}

/// Reads every page of the database and says whether it is whole.
pub(super) fn check(db: &Connection, path: &Path) -> Result<()> {
    let health: String =
        db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|e| broken(path, e))?;
    if health == "ok" { Ok(()) } else { Err(damaged(path, &health)) }
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
    let at: u32 =
        db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|e| broken(path, e))?;
    let known = MIGRATIONS.len() as u32;
    if at > known {
        return Err(Error::setup(format!(
            "The database {} was written by a newer rollbook (schema {at}; this one knows \
             {known}).",
            path.display()
        ))
        .hint("Use the newer rollbook. Nothing was changed."));
    }
    for (version, sql) in (1_u32..).zip(MIGRATIONS).skip(at as usize) {
        let tx = db.transaction().map_err(|e| broken(path, e))?;
        tx.execute_batch(sql).map_err(|e| broken(path, e))?;
        tx.pragma_update(None, "user_version", version).map_err(|e| broken(path, e))?;
        tx.commit().map_err(|e| broken(path, e))?;
    }
    Ok(())
}

fn broken(path: &Path, cause: rusqlite::Error) -> Error {
    Error::setup(format!("The database {} cannot be used: {cause}.", path.display()))
        .hint("If the file is damaged, restore the newest backup of the workspace folder.")
        .because(cause)
}

/// Readable by the owner alone, whatever the umask.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
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
}
