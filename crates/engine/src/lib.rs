//! The shell of Rollbook: the only place that remembers (store) and the only place that acts
//! (channels). Decisions are made in `rollbook-core`; this crate reads, asks core, records, acts.

#![forbid(unsafe_code)]

pub mod channel;
pub mod config;
pub mod error;
pub mod secret;
pub mod source;
pub mod store;

pub use error::{Error, Result};
