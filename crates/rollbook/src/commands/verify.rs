//! `rollbook verify`: whether the record is as it was written.

use std::path::{Path, PathBuf};

use rollbook_core::explain::counted;
use rollbook_engine::evidence::{Report, verify_folder};
use rollbook_engine::{Error, Result, error};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Check a pack, or the workspace's own audit chain
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook verify packs/ana-diaz
  rollbook verify packs/ana-diaz --outside checkpoints.jsonl --key rollbook.pub
  rollbook verify                  this workspace's own chain

It needs no workspace, no network and no trust in this machine. A pack alone shows that nothing in
it was changed, taken out or put in; only checkpoints and a key that were kept elsewhere show that
it was not made anew as a whole. Exit code 1 names the record that is not as it was written.")]
pub(crate) struct Args {
    /// A pack's folder; left out: this workspace's own chain
    folder: Option<PathBuf>,
    /// Checkpoints that were kept elsewhere
    #[arg(long, value_name = "FILE", requires = "folder")]
    outside: Option<PathBuf>,
    /// The public key that is trusted
    #[arg(long, value_name = "FILE", requires = "folder")]
    key: Option<PathBuf>,
}

impl Args {
    /// As typed: `rollbook verify FOLDER --outside FILE --key FILE`.
    pub(super) fn new(folder: &Path, outside: PathBuf, key: PathBuf) -> Self {
        Self { folder: Some(folder.to_owned()), outside: Some(outside), key: Some(key) }
    }
}

/// Checks, and says what was checked.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.folder {
        Some(folder) => check_pack(session, folder, args),
        None => check_workspace(session),
    }
}

fn check_pack(session: &Session, folder: &Path, args: &Args) -> Result<Exit> {
    let needed = [Some(folder), args.outside.as_deref(), args.key.as_deref()];
    if let Some(missing) = needed.into_iter().flatten().find(|path| !path.exists()) {
        return Err(Error::input(format!("There is no {}.", missing.display()))
            .hint("Name the folder that `rollbook pack` wrote, and files that are there."));
    }
    let report = verify_folder(folder, args.outside.as_deref(), args.key.as_deref());
    let report = report.map_err(|broken| {
        let said = format!("The pack is not as it was written. {broken}");
        Error::new(error::Kind::Contradicted, said)
            .hint("Ask for the pack again from whoever made it, and compare.")
    })?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({ "verified": true, "pack": folder, "report": report }));
    } else {
        print(session, folder, &report);
    }
    Ok(Exit::Ok)
}

fn print(session: &Session, folder: &Path, report: &Report) {
    let screen = session.screen();
    screen.toned(Tone::Good, format!("The pack {} is as it was written.", folder.display()));
    let chain = &report.chain;
    screen.line(format!(
        "{} up to {}, {}, {}; the head is {}.",
        counted(chain.events, "event"),
        report.as_of,
        counted(report.files, "file"),
        counted(chain.checkpoints, "signed checkpoint"),
        chain.head
    ));
    if chain.withheld + chain.erased > 0 {
        screen.line(format!(
            "Not in it, as their events allow: {} that tell of others only, {} of erased people.",
            counted(chain.withheld, "body"),
            counted(chain.erased, "body"),
        ));
    }
    if chain.covered < chain.events {
        let open = chain.events - chain.covered;
        let last = counted(open, "event");
        screen.toned(Tone::Warn, format!("Under no signature yet: {last} at the end."));
    }
    if report.outside > 0 {
        let kept = counted(report.outside, "checkpoint");
        screen.line(format!("It agrees with {kept} kept elsewhere."));
    } else {
        let alone = "No checkpoint from elsewhere says anything about it: add `--outside FILE`.";
        screen.toned(Tone::Warn, alone);
    }
    if !report.key_trusted {
        let alone = "The pack vouches for itself: compare the key with yours, by `--key FILE`.";
        screen.toned(Tone::Warn, alone);
    }
}

fn check_workspace(session: &Session) -> Result<Exit> {
    let report = session.open_beside()?.verify()?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({ "verified": true, "report": report }));
        return Ok(Exit::Ok);
    }
    screen.toned(Tone::Good, "The audit chain of this workspace is whole.");
    screen.line(format!(
        "{}, {}, the last one over {}; the head is {}.",
        counted(report.events, "event"),
        counted(report.checkpoints, "signed checkpoint"),
        counted(report.covered, "event"),
        report.head
    ));
    Ok(Exit::Ok)
}
