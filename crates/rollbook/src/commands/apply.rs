//! `rollbook apply`: do what was approved, then look again.

use rollbook_core::id::PlanId;
use rollbook_engine::{Presence, Result};

use super::run::{exit_of, print};
use crate::exit::Exit;
use crate::session::Session;

/// Do what was approved, then look again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  rollbook apply pln_0123456789abcdef0123

Stops and approvals are checked again before the first change. Done means seen again: the exit code
is 0 only if a second look confirmed every change. What somebody else must do, or what takes a
vendor long, is gone on with by `rollbook run resume`.")]
pub(crate) struct Args {
    /// The plan's id
    plan: String,
}

/// Runs the plan and prints how each change stands.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    // Others may approve, look and pause meanwhile.
    let engine = session.open_as(Presence::Host)?;
    let by = session.by()?;
    let report = session.wait(engine.apply(&PlanId::new(&args.plan), &by, &session.bars()))?;
    print(session, &report);
    Ok(exit_of(&report))
}
