//! `rollbook restore`: a backup becomes a workspace again, in hold.

use std::path::PathBuf;

use rollbook_engine::{Result, backup};

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Put a backup back as a new folder, in hold: nothing is sent before all was looked at anew
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook restore /mnt/backups/acme-2026-11-22 --to acme --key safe/rollbook.key --reason 'Disk lost'

A backup that was cut or changed, or that is another workspace's, is refused, and so is one that a newer
rollbook wrote. What was queued and agreed to when it was taken is void. Put the files with secrets back
beside it, then: `rollbook sync`, `rollbook hold show`, `rollbook hold end`.")]
pub(crate) struct Args {
    /// The folder that `rollbook backup` wrote
    backup: PathBuf,
    /// The new workspace folder; it must not be there yet
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The key of the workspace
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Why; an auditor will read it
    #[arg(long)]
    reason: String,
}

/// Puts it back, and says what comes next.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let by = session.by()?;
    let restored = backup::restore(&args.backup, &args.key, &args.to, &by, &args.reason)?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&restored);
        return Ok(Exit::Ok);
    }
    let (name, at) = (&restored.workspace, restored.made_at);
    screen.toned(Tone::Good, format!("{name} is in {} as it was at {at}.", args.to.display()));
    screen.toned(Tone::Warn, "It is in hold: nothing is sent.");
    screen.line(
        "Read everything with `rollbook sync`, look at `rollbook hold show`, then end the hold.",
    );
    Ok(Exit::Ok)
}
