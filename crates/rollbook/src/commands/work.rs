//! `rollbook work`: delivers, and runs what runs by itself, without serving anybody.

use clap::ArgAction;
use rollbook_engine::{Error, Result};
use serde_json::json;

use super::serve::{DRAIN, level, open_node};
use crate::exit::Exit;
use crate::serve;
use crate::session::Session;

/// Deliver and run the schedules without serving anybody
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook work
  rollbook work --node berlin-2

Where the book lies in Postgres, any number of `rollbook serve` and `rollbook work` share it: one acts
at a time, and another one goes on when it ends or is lost. `rollbook node list` shows them. In a
folder there is room for one. It ends in good order on SIGTERM.")]
pub(crate) struct Args {
    /// The name of this process among several nodes on one Postgres; left out: machine and process
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Log problems only
    #[arg(long, action = ArgAction::SetTrue)]
    quiet: bool,
}

/// Works until it is asked to end.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    if session.is_elsewhen() {
        return Err(Error::input("A node works today; `--today` makes no sense here."));
    }
    let engine = open_node(session, args.node.as_deref())?;
    let screen = session.screen();
    serve::work(engine, level(session, args.quiet), DRAIN, || {
        match screen.is_json() {
            true => screen.json(&json!({ "working": true })),
            false => screen.line("Working; SIGTERM ends it."),
        }
        screen.flush();
    })?;
    Ok(Exit::Ok)
}
