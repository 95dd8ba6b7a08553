//! Every decision Rollbook makes, as pure functions over values.
//!
//! Nothing here reads a file, a clock or a random source, and nothing here is async: the same
//! input gives the same bytes. `now` and `today` are always parameters. The order in which the
//! modules are listed is the order in which the main job runs.

#![forbid(unsafe_code)]

pub mod canonical;
pub mod id;

pub mod lifecycle;
pub mod worker;

pub mod account;
pub mod snapshot;

pub mod identity;
pub mod link;
pub mod matching;

pub mod graph;
pub mod policy;

pub mod finding;
pub mod leaving;

pub mod scan;

pub mod change;
pub mod reach;

pub mod plan;

pub mod guard;
pub mod harm;

pub mod approval;
pub mod role;

pub mod step;

pub mod task;

pub mod lease;
pub mod schedule;
pub mod window;

pub mod event;

pub mod explain;

#[cfg(test)]
mod testing;
