//! What identity providers pushed: their tokens, the resources, who is in which group, and the
//! newest wish about each.
//!
//! Nothing here decides. A resource is written as `push` made it, and its totals, addresses and
//! members move in the same transaction.

mod around;
mod block;
mod delivery;
mod find;
mod intent;
mod member;
mod resource;
mod token;

use jiff::Timestamp;
use rollbook_scim::server::ResourceType;

use crate::error::{Error, Result};

pub(crate) use around::Around;
pub use around::Holder;
pub(crate) use find::{Narrow, Place};
pub(crate) use intent::Wish;
pub use intent::{DeliveryState, IntentRow};
pub(crate) use member::Joined;
pub use member::MemberRow;
pub use resource::ResourceRow;
pub(crate) use token::TokenRow;

/// The moment as these tables hold it: whole microseconds, so that it reads back as it was written.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The moment as it reads back from these tables.
pub(crate) fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The kind of a column.
fn kind_of(word: &str) -> Result<ResourceType> {
    ResourceType::ALL.into_iter().find(|kind| kind.name() == word).ok_or_else(|| {
        Error::setup(format!("The database speaks of the unknown kind of resource {word:?}."))
            .hint("Restore the newest backup of the workspace folder.")
    })
}

/// The moment of a column.
pub(crate) fn moment(us: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(us).map_err(|e| {
        Error::setup("A moment in the database lies outside of time; it was changed by hand.")
            .hint("Restore the newest backup of the workspace folder.")
            .because(e)
    })
}
