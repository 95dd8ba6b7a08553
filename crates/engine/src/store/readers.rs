//! The connections that read, so that a reader waits neither for the writer nor for another reader.

use std::ops::Deref;
use std::sync::{Condvar, Mutex, PoisonError};

use super::db::Db;
use crate::error::Result;

/// How many transactions may read at once. More of them would only share the same processors.
const MOST: usize = 8;

/// How a further connection is opened.
type Open = dyn Fn() -> Result<Db> + Send + Sync;

/// Reading connections, opened when they are first needed.
pub(super) struct Readers {
    open: Box<Open>,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Pool {
    idle: Vec<Db>,
    /// Connections that exist, idle or lent.
    count: usize,
}

/// A connection on loan.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    from: &'a Readers,
    /// `None` only while it is opened or given back.
    db: Option<Db>,
}

impl Readers {
    /// No connection yet; `open` makes each.
    pub(super) fn new(open: impl Fn() -> Result<Db> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), pool: Mutex::default(), returned: Condvar::new() }
    }

    /// Lends a connection; waits while all are lent.
    pub(super) fn take(&self) -> Result<Reader<'_>> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let idle = pool.idle.len();
            pool.idle.retain(|db| !db.is_lost());
            pool.count -= idle - pool.idle.len();
            if let Some(db) = pool.idle.pop() {
                return Ok(Reader { from: self, db: Some(db) });
            }
            if pool.count < MOST {
                break;
            }
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        pool.count += 1;
        drop(pool);
        // Given back, also where opening fails or panics, its place is free again.
        let mut reader = Reader { from: self, db: None };
        reader.db = Some((self.open)()?);
        Ok(reader)
    }
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl Deref for Reader<'_> {
    type Target = Db;

    fn deref(&self) -> &Db {
        self.db
            .as_ref()
            .expect("it is opened before it is lent, and given back only when it is dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut pool = self.from.pool.lock().unwrap_or_else(PoisonError::into_inner);
        match self.db.take() {
            Some(db) => pool.idle.push(db),
            None => pool.count -= 1,
        }
        self.from.returned.notify_one();
    }
}
