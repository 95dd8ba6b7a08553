//! The store: the only place that remembers.
//!
//! One SQLite file or one Postgres schema for each workspace. Everything is written in transactions of [`Store::write`];
//! the event that records a fact is written in the same transaction as the fact. No transaction is
//! held across a call to a vendor.

mod accounts;
mod basis;
mod controls;
mod db;
mod erase;
mod events;
mod exhibits;
mod feeds;
mod findings;
mod leases;
mod links;
pub(crate) mod members;
mod notices;
mod paces;
mod place;
mod plans;
mod presence;
mod readers;
mod requests;
mod row;
pub(crate) mod scim;
mod tasks;
mod words;

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

pub use accounts::SnapshotHead;
pub use basis::Basis;
pub use controls::ControlRun;
pub use events::Sealing;
pub(crate) use exhibits::{Recipe, digests, named_in};
pub use feeds::FeedState;
pub(crate) use leases::{Fence, Keeper};
pub use leases::{NodeFacts, NodeRow};
pub(crate) use notices::NoticeRow;
pub use place::{Place, check_schema};
pub use plans::{Hold, RunRow, StepRow};
pub use presence::Presence;
pub use scim::{DeliveryState, Holder, IntentRow, MemberRow, ResourceRow};

use db::{Access, Database, Db, Making};
use readers::Readers;

/// The name of the database file in a workspace folder, where the book lies in the folder.
pub const FILE: &str = "rollbook.db";

/// An open workspace database. Who may have it open at the same time, [`Presence`] says; nothing
/// read in one transaction may be trusted in the next.
#[derive(Debug)]
pub struct Store {
    inner: Arc<Inner>,
    /// The lease under which everything is written through this one; see [`Store::fenced`].
    fence: Option<Fence>,
}

#[derive(Debug)]
struct Inner {
    writer: Mutex<Db>,
    readers: Readers,
    database: Arc<Database>,
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
    /// Makes the tables of a new workspace at `place`, which this process has to itself.
    ///
    /// # Errors
    /// When there is a workspace already, or as [`Store::open`].
    pub fn make(place: &Place, command: &str) -> Result<Self> {
        Self::enter(place, Presence::Alone, command, Making::New)
    }

    /// Opens the workspace's book at `place` for the command `command`, which means to be there as
    /// `presence`.
    ///
    /// # Errors
    /// When there is none, when another process works there that this one cannot be beside, when it
    /// is damaged or newer than this binary, or when the database cannot be reached or refuses.
    pub fn open(place: &Place, presence: Presence, command: &str) -> Result<Self> {
        Self::enter(place, presence, command, Making::There)
    }

    fn enter(place: &Place, presence: Presence, command: &str, making: Making) -> Result<Self> {
        let (database, writer) = Database::enter(place, presence, command, making)?;
        let database = Arc::new(database);
        let source = Arc::clone(&database);
        let readers = Readers::new(move || source.reader());
        let inner = Inner { writer: Mutex::new(writer), readers, database };
        Ok(Self { inner: Arc::new(inner), fence: None })
    }

    /// Reads what can be read of the database and says whether it is whole.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<()> {
        self.writer()?.check()
    }

    /// Copies the database as it is at one moment into the new file `to`, while others may write.
    ///
    /// # Errors
    /// When it lies in Postgres, or the file cannot be written.
    pub(crate) fn copy_into(&self, to: &std::path::Path) -> Result<()> {
        self.inner.database.copy_into(to)
    }

    /// Reads at one moment: what is written meanwhile is not seen. Any number of threads may read
    /// while another one writes. `work` must not read or write through the store itself.
    ///
    /// # Errors
    /// What `work` returns, or the database's own error.
    pub fn read<T>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T>) -> Result<T> {
        let db = self.inner.readers.take()?;
        let moment = db.begin(Access::Read)?;
        let value = work(&Reading { db: &db })?;
        moment.commit()?;
        Ok(value)
    }

    /// Reads and writes, all or nothing, while nobody else writes. `work` must not read or write
    /// through the store itself.
    ///
    /// # Errors
    /// What `work` returns, and then nothing was written; or the database's own error. Where the store
    /// is fenced, that its lease is over.
    pub fn write<T>(&self, work: impl FnOnce(&Writing<'_>) -> Result<T>) -> Result<T> {
        let db = self.writer()?;
        let transaction = db.begin(Access::Write)?;
        if let Some(fence) = &self.fence {
            Reading { db: &db }.check_fence(fence)?;
        }
        let value = work(&Writing { db: &db, head: RefCell::default() })?;
        transaction.commit()?;
        Ok(value)
    }

    fn writer(&self) -> Result<MutexGuard<'_, Db>> {
        // A panic while it was held undid its transaction, so the connection is sound.
        let mut db = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.database.renew(&mut db)?;
        Ok(db)
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

/// Somebody else held the lock for too long. The cause of such an [`Error`].
#[derive(Debug, thiserror::Error)]
#[error("another process held it for too long")]
pub(crate) struct Locked(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Error {
    /// Whether another process kept this one waiting for too long.
    pub(crate) fn is_locked(&self) -> bool {
        self.source.as_ref().is_some_and(|cause| cause.is::<Locked>())
    }

    /// Whether something was to be written whose key lies there already.
    pub fn is_duplicate(&self) -> bool {
        self.source.as_ref().is_some_and(|cause| cause.is::<Duplicate>())
    }
}

/// Readable by the owner alone, whatever the umask.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
