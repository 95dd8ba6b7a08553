//! SCIM as text in and text out.
#![allow(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]

mod discovery;
mod filter_matches;
mod filter_text;
mod fuzz;
mod json;
mod messages;
mod patch_apply;
mod patch_text;
mod probe;
mod resources;
mod server_bulk;
mod server_dialects;
mod server_discovery;
mod server_limits;
mod server_patch;
mod server_query;
mod server_resource;
mod server_show;
mod text;
