//! `rollbook help exit-codes`: what the exit codes mean.

use rollbook_engine::Result;
use serde_json::json;

use crate::exit::{self, Exit};
use crate::session::Session;

/// What the exit codes mean
#[derive(Debug, clap::Args)]
#[command(hide = true, long_about = exit::TEXT, help_template = "{about-with-newline}")]
pub(crate) struct Args {}

/// Prints the text.
pub(crate) fn run(session: &Session, _args: &Args) -> Result<Exit> {
    if session.screen().is_json() {
        session.screen().json(&json!({ "text": exit::TEXT }));
    } else {
        session.screen().text(exit::TEXT);
    }
    Ok(Exit::Ok)
}
