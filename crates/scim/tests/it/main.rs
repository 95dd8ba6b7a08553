//! SCIM as text in and text out.

mod discovery;
mod every_file_is_named;
mod filter_matches;
mod filter_text;
mod json;
mod messages;
mod patch_apply;
mod patch_text;
mod resources;
