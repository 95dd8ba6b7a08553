//! The store: the only place that remembers.
//!
//! One SQLite file for each workspace. Everything is written in transactions of [`Store::write`];
//! the event that records a fact is written in the same transaction as the fact. No transaction is
//! held across a call to a vendor.

mod accounts;
mod basis;
mod db;
mod erase;
mod events;
mod feeds;
mod findings;
mod links;
mod lock;
mod plans;
mod readers;
mod row;
pub(crate) mod scim;

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

pub use accounts::SnapshotHead;
pub use basis::Basis;
pub use events::Sealing;
pub use feeds::FeedState;
pub use lock::{GUESTS, LOCK, Presence};
pub use plans::{RunRow, StepRow};
pub use scim::{DeliveryState, Holder, IntentRow, MemberRow, ResourceRow};

use db::{Access, Db};
use lock::Hold;
use readers::Readers;

/// The name of the database file in a workspace folder.
pub const FILE: &str = "rollbook.db";

/// An open workspace database. Who may have it open at the same time, [`Presence`] says; nothing
/// read in one transaction may be trusted in the next.
#[derive(Debug)]
pub struct Store {
    writer: Mutex<Db>,
    readers: Readers,
    _hold: Hold,
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
    /// The end of the chain, once this transaction has read it. Never kept longer: another process
    /// may write in between.
    head: RefCell<Option<events::Head>>,
}

/// What lies there already cannot be written again. The cause of such an [`Error`].
#[derive(Debug, thiserror::Error)]
#[error("there is a row with this key already")]
pub(crate) struct Duplicate(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Store {
    /// Opens the database in the folder `dir`, making it when it is not there, for the command
    /// `command`, which means to be there as `presence`.
    ///
    /// # Errors
    /// When another process works in the folder that this one cannot be beside, when the file is
    /// damaged or newer than this binary, or when the SQLite library is one that corrupts databases.
    pub fn open(dir: &Path, presence: Presence, command: &str) -> Result<Self> {
        let hold = lock::enter(dir, presence, command)?;
        let path = dir.join(FILE);
        let writer = match hold.is_beside {
            true => Db::sqlite_beside(&path)?,
            false => Db::sqlite(&path)?,
        };
        let readers = Readers::new(move || Db::sqlite_reader(&path));
        Ok(Self { writer: Mutex::new(writer), readers, _hold: hold })
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
        let value = work(&Writing { db: &db, head: RefCell::default() })?;
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
        let done = self.db.savepoint(|| work(self));
        if done.is_err() {
            // What was undone may have held the end of the chain.
            self.head.take();
        }
        done
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
