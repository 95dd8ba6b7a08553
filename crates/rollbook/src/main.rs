//! The `rollbook` command: faces that translate, and nothing else.
//!
//! [`args`] says what can be typed, each file of [`commands`] turns one command into calls of the
//! engine, [`serve`] does the same for what identity providers push, and [`screen`] is the only place
//! that writes to standard output. Nothing here decides anything, talks to a vendor or opens a
//! database.

#![forbid(unsafe_code)]

mod args;
mod bars;
mod commands;
mod exit;
mod guide_page;
mod mcp;
mod pick;
mod screen;
mod serve;
mod session;

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use rollbook_engine::Result;

use crate::args::Cli;
use crate::exit::Exit;
use crate::screen::Screen;
use crate::session::Session;

fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let screen = Screen::new(global.json, global.color);
    let session = Session::new(global, screen, command.name());
    let done = panic::catch_unwind(panic::AssertUnwindSafe(|| command.run(&session)));
    // The panic itself was already printed where it happened.
    let done = done.unwrap_or(Ok(Exit::Bug));
    conclude(&session, done).into()
}

/// Prints the error, if there is one, and settles with which code the process ends.
fn conclude(session: &Session, done: Result<Exit>) -> Exit {
    match done.and_then(|exit| session.screen().finish().map(|()| exit)) {
        Ok(exit) => exit,
        Err(error) => {
            session.screen().error(&error, session.is_verbose());
            Exit::from(error.kind)
        }
    }
}
