//! `rollbook backup`: the workspace as it is at one moment, while others go on working.

use std::path::PathBuf;

use rollbook_engine::Result;

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Copy the workspace into a folder, while others go on working
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook backup /mnt/backups/acme-2026-11-22

The folder holds the book, the configuration and the checkpoints, with their digests in a manifest that
the workspace's key signed. Neither that key nor any secret is in it: keep rollbook.key elsewhere, for
nothing can be put back without it. What is in it names people; keep it on a disk that is encrypted.")]
pub(crate) struct Args {
    /// The new folder; it must not be there yet
    folder: PathBuf,
}

/// Copies, and says what was copied.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let backup = engine.backup(&args.folder, &session.by()?)?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&backup);
        return Ok(Exit::Ok);
    }
    screen.toned(Tone::Good, format!("The backup is in {}.", args.folder.display()));
    screen.line(format!(
        "It holds the first {} events of the chain, up to {}…",
        backup.checkpoint.size,
        &backup.checkpoint.head[..16]
    ));
    Ok(Exit::Ok)
}
