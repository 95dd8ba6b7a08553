//! Who owns which account: ordered rules, then a probabilistic model that explains itself.

use crate::account::Account;
use crate::identity::Identity;
use crate::link::{Decision, Link};
use crate::worker::WorkerRecord;

/// What the matcher may look at. Instances are told apart by [`Account::instance`].
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Everybody, as resolved by [`crate::identity::resolve`].
    pub identities: &'a [Identity],
    /// The records of everybody.
    pub records: &'a [WorkerRecord],
    /// The accounts of all instances.
    pub accounts: &'a [Account],
    /// What humans decided, oldest first.
    pub decisions: &'a [Decision],
}

/// One link for each account, in the order of `input.accounts`.
pub fn links(input: Input<'_>) -> Vec<Link> {
    let _ = input;
    Vec::new()
}
