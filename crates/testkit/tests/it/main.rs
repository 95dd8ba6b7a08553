//! The fakes over real HTTP, as a client meets them.
#![allow(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]

mod client;
mod company;
mod console;
mod csv_app;
mod faults;
mod ledger;
mod profiles;
mod rest_files;
mod rest_vendor;
mod sandbox;
mod vendor;
