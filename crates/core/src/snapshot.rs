//! Snapshots: what an instance held at one moment, and how sure that is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{Account, Group};
use crate::id::{InstanceName, SnapshotId};

/// What an instance held at one moment. Immutable; `coverage` has no default on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which instance.
    pub instance: InstanceName,
    /// When the reading ended.
    pub taken_at: Timestamp,
    /// Which way it was read: `scim`, `file`, ….
    pub channel: String,
    /// Whether it is all there is.
    pub coverage: Coverage,
    /// The count that the instance itself gave, where it gave one.
    pub reported: Option<u64>,
    /// The accounts, ordered by key, no key twice.
    pub accounts: Vec<Account>,
    /// The groups, ordered by key.
    pub groups: Vec<Group>,
}

impl Snapshot {
    /// The id that follows from the instance and the moment.
    pub fn id(&self) -> SnapshotId {
        SnapshotId::derive(&[self.instance.as_str(), &self.taken_at.to_string()])
    }
}

/// Whether a snapshot is all there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Coverage {
    /// Proven whole: the end was reached, nothing came twice, and the counts agree.
    Complete,
    /// Something may be missing. It can add findings and never justifies a removal.
    Partial {
        /// Why, as a sentence for people.
        why: String,
    },
}

impl Coverage {
    /// Whether it is proven whole.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }
}
