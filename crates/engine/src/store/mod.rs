//! The store: the only place that remembers.
//!
//! One SQLite file for each workspace. Everything is written in transactions of [`Store::write`];
//! the event that records a fact is written in the same transaction as the fact. No transaction is
//! held across a call to a vendor.

mod accounts;
mod db;
mod events;
mod feeds;
mod findings;
mod links;
mod plans;
mod row;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use crate::error::{Error, Kind, Result};

pub use accounts::SnapshotHead;
pub use events::Sealing;
pub use feeds::FeedState;
pub use plans::{RunRow, StepRow};

/// The name of the database file in a workspace folder.
pub const FILE: &str = "rollbook.db";
/// The name of the lock file in a workspace folder.
pub const LOCK: &str = "rollbook.lock";

/// An open workspace database. At most one exists for a workspace on a machine.
#[derive(Debug)]
pub struct Store {
    db: Mutex<Connection>,
    path: PathBuf,
    _lock: File,
}

/// A transaction that can read.
#[derive(Debug)]
pub struct Reading<'a> {
    db: &'a Connection,
}

/// A transaction that can read and write.
#[derive(Debug)]
pub struct Writing<'a> {
    tx: rusqlite::Transaction<'a>,
}

impl Store {
    /// Opens the database in the folder `dir`, making it when it is not there.
    ///
    /// # Errors
    /// When another process works in the folder, when the file is damaged or newer than this
    /// binary, or when the SQLite library is one that corrupts databases.
    pub fn open(dir: &Path) -> Result<Self> {
        let lock = db::lock(&dir.join(LOCK))?;
        let path = dir.join(FILE);
        let db = db::open(&path)?;
        Ok(Self { db: Mutex::new(db), path, _lock: lock })
    }

    /// Reads every page and says whether the file is whole.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<()> {
        db::check(&self.connection(), &self.path)
    }

    /// Reads at one moment.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn read<T>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T>) -> Result<T> {
        let db = self.connection();
        work(&Reading { db: &db })
    }

    /// Reads and writes, all or nothing.
    ///
    /// # Errors
    /// What `work` returns, and then nothing was written; or the database's own error.
    pub fn write<T>(&self, work: impl FnOnce(&Writing<'_>) -> Result<T>) -> Result<T> {
        let mut db = self.connection();
        let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let writing = Writing { tx };
        let value = work(&writing)?;
        writing.tx.commit()?;
        Ok(value)
    }

    /// A panic while the lock was held rolled its transaction back, so the connection is sound.
    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Writing<'a> {
    /// The same moment, for reading.
    pub fn reading(&self) -> Reading<'_> {
        Reading { db: &self.tx }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DiskFull, ReadOnly};
        let hint = match cause.sqlite_error_code() {
            Some(DiskFull) => "The disk is full: free some room; nothing half-written was kept.",
            Some(ReadOnly) => {
                "The database cannot be written: check the permissions of its folder."
            }
            _ => "Nothing half-written was kept. Try again; if it stays, restore a backup.",
        };
        Self::new(Kind::Setup, format!("The workspace database refused: {cause}."))
            .hint(hint)
            .because(cause)
    }
}
