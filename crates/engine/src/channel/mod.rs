//! Channels: the only code that reaches a vendor. Nothing here reaches the database.

pub mod address;
pub mod answer;
pub mod browser;
pub mod file;
pub mod http;
pub mod human;
pub mod line;
pub mod mail;
pub mod membership;
pub mod notice;
pub mod outcome;
pub mod pace;
pub mod probe;
pub mod rate;
pub mod rest;
pub mod scim;

use rollbook_core::account::{Account, Group};
use rollbook_core::change::Change;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Seen};

use crate::error::Result;

/// A way to read an instance and to act on it.
///
/// Whether a channel *can* do something is data (the instance's reach), not more traits.
pub trait Channel {
    /// Reads everything. An error means that nothing usable was read; whatever was read but cannot
    /// be proven whole comes back as [`Coverage::Partial`].
    fn observe(&self) -> impl Future<Output = Result<Observation>> + Send;

    /// Does one change, after a look that what it expects still holds. A request that may have had
    /// an effect is never repeated: an unclear answer is [`Outcome::Uncertain`].
    fn apply(&self, change: &Change) -> impl Future<Output = Outcome> + Send;

    /// Looks at the account that `change` is about; for a create, by the facts that it was to get.
    fn look(&self, change: &Change) -> impl Future<Output = Seen> + Send;
}

/// What a channel read.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Accounts ordered by key, no key twice. Group membership is in their grants as well.
    pub accounts: Vec<Account>,
    /// Groups ordered by key.
    pub groups: Vec<Group>,
    /// Whether it is all there is.
    pub coverage: Coverage,
    /// The count that the instance itself gave, where it gave one.
    pub reported: Option<u64>,
}
