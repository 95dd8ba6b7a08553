//! An instance is read whole while nothing changes in it: what a reading that began before a change
//! says of it would be believed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rollbook_core::id::InstanceName;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The ways to the instances of one workspace, shared by everything in this process.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<BTreeMap<InstanceName, Arc<RwLock<()>>>>);

impl Lanes {
    /// Waits until the instance is not being read. Held while something may change there.
    pub(crate) async fn moving(&self, name: &InstanceName) -> OwnedRwLockReadGuard<()> {
        self.of(name).read_owned().await
    }

    /// Waits until nothing is on its way there. Held while it is read; nothing new begins meanwhile.
    pub(crate) async fn still(&self, name: &InstanceName) -> OwnedRwLockWriteGuard<()> {
        self.of(name).write_owned().await
    }

    fn of(&self, name: &InstanceName) -> Arc<RwLock<()>> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(name.clone()).or_default())
    }
}
