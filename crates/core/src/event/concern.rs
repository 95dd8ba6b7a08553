//! Whom the body of an event tells of, said in the event itself.
//!
//! The event is sealed when the thing happens, so that nobody can say later that a body is about
//! somebody else: it decides which bodies a pack about one person must hold, and which are emptied
//! when a person is erased.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Event;
use crate::change::Change;
use crate::id::{AccountRef, IdentityId, digest_hex};

/// The id of somebody of whom a body tells: a person (`per_…`), or, where nobody knows whose it is,
/// an account (`acc_…`). Never a name, because an event cannot be erased.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Concern(String);

impl Concern {
    /// A person.
    pub fn person(id: &IdentityId) -> Self {
        Self(id.to_string())
    }

    /// An account. Its key may be a login or an address, so it is not said but derived from.
    pub fn account(account: &AccountRef) -> Self {
        let parts = [account.instance.as_str(), account.key.as_str()];
        Self(format!("acc_{}", &digest_hex(&parts)[..20]))
    }

    /// Whom a change is about: the owner of the account, else the account, else the one to be made.
    pub fn of_change(change: &Change) -> Self {
        if let Some(identity) = &change.identity {
            return Self::person(identity);
        }
        let made =
            || AccountRef { instance: change.instance.clone(), key: change.label.as_str().into() };
        Self::account(&change.account_ref().unwrap_or_else(made))
    }

    /// The id with this text.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Event {
    /// Whether a pack that is only about `about` leaves the body out: it tells of others, and the
    /// event is not about any of these ids. An empty `about` means everything, and what tells of
    /// nobody is always in.
    pub fn is_of_others(&self, about: &BTreeSet<String>) -> bool {
        let named = |id: &str| about.contains(id);
        !about.is_empty()
            && !self.concerns.is_empty()
            && !named(&self.subject)
            && !named(&self.on_behalf_of)
            && !self.concerns.iter().any(|concern| named(concern.as_str()))
    }
}
