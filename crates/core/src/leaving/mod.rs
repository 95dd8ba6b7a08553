//! Who comes, moves and goes, by dated worker records, and what of it is due at one moment.
//!
//! [`leavers`] says in which phase everybody is who goes or has gone, what is due, and whether they are
//! closed: every account seen closed or excepted by name and date, and nothing left that hangs on them.
//! [`happened`] says who came, moved and went in a period. Both are pure and touch nothing; what is
//! due becomes a plan like any other.

mod due;
mod duty;
mod hanging;
mod happened;
mod leaver;
mod mark;
#[cfg(test)]
mod tests;
mod zone;

pub use due::wishes;
pub use duty::{Duty, DutyStand, State};
pub use hanging::Hanging;
pub use happened::{Happening, What, gone, happened};
pub use leaver::{AccountStand, Exception, Leaver, Phase, Stand, leavers};
pub use mark::{Mark, MarkKind};
pub use zone::Zones;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::graph::Graph;
use crate::id::AccountRef;
use crate::policy::Policy;

/// What the phases are judged from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Everything that is known.
    pub graph: &'a Graph,
    /// How leaving is timed, and whom the policy names.
    pub policy: &'a Policy,
    /// In which zone whose day ends.
    pub zones: &'a Zones,
    /// What people said about single leavers.
    pub marks: &'a [Mark],
    /// Accounts that somebody answers for until a day, though they are not closed.
    pub exceptions: &'a BTreeMap<AccountRef, Exception>,
    /// The moment.
    pub now: Timestamp,
    /// The day in the workspace's zone.
    pub today: Date,
}
