//! SCIM as text in and text out.
#![allow(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]

mod discovery;
mod every_file_is_named;
mod filter_matches;
mod filter_text;
mod json;
mod messages;
mod patch_apply;
mod patch_text;
mod resources;
