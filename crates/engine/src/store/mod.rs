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
mod lock;
mod plans;
mod readers;
mod row;

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

pub use accounts::SnapshotHead;
pub use events::Sealing;
pub use feeds::FeedState;
pub use plans::{RunRow, StepRow};

use db::{Access, Db};
use readers::Readers;

/// The name of the database file in a workspace folder.
pub const FILE: &str = "rollbook.db";
/// The name of the lock file in a workspace folder.
pub const LOCK: &str = "rollbook.lock";

/// An open workspace database. At most one exists for a workspace on a machine.
#[derive(Debug)]
pub struct Store {
    writer: Mutex<Db>,
    readers: Readers,
    _lock: File,
}

/// A transaction that can read.
#[derive(Debug)]
pub struct Reading<'a> {
    db: &'a Db,
}

/// A transaction that can read and write.
#[derive(Debug)]
pub struct Writing<'a> {
    db: &'a Db,
}

/// What lies there already cannot be written again. The cause of such an [`Error`].
#[derive(Debug, thiserror::Error)]
#[error("there is a row with this key already")]
pub(crate) struct Duplicate(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Store {
    /// Opens the database in the folder `dir`, making it when it is not there.
    ///
    /// # Errors
    /// When another process works in the folder, when the file is damaged or newer than this
    /// binary, or when the SQLite library is one that corrupts databases.
    pub fn open(dir: &Path) -> Result<Self> {
        let lock = lock::lock(&dir.join(LOCK))?;
        let path = dir.join(FILE);
        let writer = Db::sqlite(&path)?;
        let readers = Readers::new(move || Db::sqlite_reader(&path));
        Ok(Self { writer: Mutex::new(writer), readers, _lock: lock })
    }

    /// Reads every page and says whether the file is whole.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<()> {
        self.writer().check()
    }

    /// Reads at one moment: what is written meanwhile is not seen. Any number of threads may read
    /// while another one writes. `work` must not read or write through the store itself.
    ///
    /// # Errors
    /// What `work` returns, or the database's own error.
    pub fn read<T>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T>) -> Result<T> {
        let db = self.readers.take()?;
        let moment = db.begin(Access::Read)?;
        let value = work(&Reading { db: &db })?;
        moment.commit()?;
        Ok(value)
    }

    /// Reads and writes, all or nothing, while nobody else writes. `work` must not read or write
    /// through the store itself.
    ///
    /// # Errors
    /// What `work` returns, and then nothing was written; or the database's own error.
    pub fn write<T>(&self, work: impl FnOnce(&Writing<'_>) -> Result<T>) -> Result<T> {
        let db = self.writer();
        let transaction = db.begin(Access::Write)?;
        let value = work(&Writing { db: &db })?;
        transaction.commit()?;
        Ok(value)
    }

    /// A panic while the lock was held undid its transaction, so the connection is sound.
    fn writer(&self) -> MutexGuard<'_, Db> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing<'_> {
    /// The same moment, for reading.
    pub fn reading(&self) -> Reading<'_> {
        Reading { db: self.db }
    }

    /// Does `work` as a whole or not at all: if it fails, what it wrote is undone, and the
    /// transaction around it goes on.
    ///
    /// # Errors
    /// What `work` returns, or the database's own error.
    pub fn savepoint<T>(&self, work: impl FnOnce(&Writing<'_>) -> Result<T>) -> Result<T> {
        self.db.savepoint(|| work(self))
    }
}

impl Error {
    /// Whether something was to be written whose key lies there already.
    pub fn is_duplicate(&self) -> bool {
        self.source.as_ref().is_some_and(|cause| cause.is::<Duplicate>())
    }
}

/// Readable by the owner alone, whatever the umask.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
