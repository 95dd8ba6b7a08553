//! The shell of Rollbook: the only place that remembers (store) and the only place that acts
//! (channels). Decisions are made in `rollbook-core`; this crate reads, asks core, records, acts.

#![forbid(unsafe_code)]

mod applying;
mod approving;
pub mod asking;
pub mod channel;
mod channels;
pub mod clock;
mod concern;
pub mod config;
pub mod crash;
mod delivering;
mod driving;
mod engine;
mod erasing;
pub mod error;
pub mod evidence;
mod exporting;
mod held;
pub mod member;
mod nearest;
mod outside;
mod pacing;
pub mod pack_page;
pub mod packing;
mod planning;
mod probed;
mod probing;
pub mod progress;
mod proposing;
pub mod push;
mod recipes;
mod reconcile;
mod repeating;
mod rereading;
mod robots;
pub mod scanning;
pub mod secret;
pub mod shrink;
pub mod source;
pub mod store;
mod syncing;
pub mod table;
mod tasking;
mod trying;

pub use applying::{ChangeReport, RunReport, Stand};
pub use engine::{CHECKPOINTS, CONFIG, Engine, KEY, Made, PUBLIC_KEY};
pub use erasing::Erasure;
pub use error::{Error, Result};
pub use held::Held;
pub use nearest::nearest;
pub use planning::Proposal;
pub use probed::{EarlierFact, Probed, ProbedFact};
pub use proposing::{LINK_PROPOSED, LinkProposal};
pub use recipes::RecipeTest;
pub use reconcile::Reconciled;
pub use repeating::Repeat;
pub use store::Presence;
pub use syncing::{AcceptedShrink, InstanceRead, SourceRead, Synced};
pub use tasking::Handed;
pub use trying::Trial;
