//! One file for each command.

pub(crate) mod accounts;
pub(crate) mod apply;
pub(crate) mod approve;
pub(crate) mod apps;
pub(crate) mod completions;
pub(crate) mod demo;
mod demo_serve;
pub(crate) mod erase;
pub(crate) mod exit_codes;
pub(crate) mod findings;
pub(crate) mod guide;
pub(crate) mod identities;
pub(crate) mod init;
pub(crate) mod links;
pub(crate) mod mcp;
pub(crate) mod member;
pub(crate) mod offboard;
pub(crate) mod pack;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod probe;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod sync;
pub(crate) mod token;
pub(crate) mod verify;
