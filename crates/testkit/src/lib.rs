//! Other people's SaaS as fakes over real HTTP, with faults as data and a ledger of effects.
//!
//! A fake stands for a vendor, never for code of ours: what talks to it is the real thing, over a
//! real socket on 127.0.0.1. Three promises make it fit for tests and for the demo.
//!
//! - **Faults are data** ([`Fault`]): which requests, which of them, what goes wrong, and how often
//!   at least. A test asks [`ScimVendor::unfired`] at its end, so that a fault that never happened
//!   cannot pass for one that was survived.
//! - **Effects are counted** ([`Ledger`]): every change of state, in order, with the request that
//!   made it. The ledger is the fake's, so it outlives the crash of the client.
//! - **Nothing waits for time**: what a vendor shows late, it shows after a number of reads.
#![forbid(unsafe_code)]

pub mod company;
pub mod console;
pub mod csv_app;
pub mod fault;
mod gzip;
pub mod ledger;
pub mod limit;
mod origin;
mod outgoing;
pub mod postgres;
mod query;
pub mod queue;
pub mod rest_vendor;
pub mod sandbox;
pub mod scim_vendor;
pub mod scripted;
pub mod smtp_sink;
mod wire;

pub use company::Company;
pub use console::Console;
pub use csv_app::CsvApp;
pub use fault::{Fault, Twist};
pub use ledger::{Effect, Ledger};
pub use postgres::Postgres;
pub use rest_vendor::RestVendor;
pub use sandbox::Sandbox;
pub use scim_vendor::{Profile, ScimVendor};
