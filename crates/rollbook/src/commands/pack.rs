//! `rollbook pack`: the proof, as a folder that an auditor can check alone.

use std::path::{Path, PathBuf};

use rollbook_core::id::RunId;
use rollbook_engine::evidence::Manifest;
use rollbook_engine::packing::Subject;
use rollbook_engine::{Engine, Result, asking};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Write the proof about a leaver or a run, as a folder for auditors
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook pack 'Ana Diaz' --out packs/ana-diaz
  rollbook pack run_0123456789abcdef0123456789abcdef --out packs/run

The folder holds a page for people (index.html), the same as CSV and JSON lines, and the signed
chain of events. What was recorded about this person or run is in it whole; of others it holds
digests. `rollbook verify FOLDER` checks it anywhere.")]
pub(crate) struct Args {
    /// A person (name, worker number, address, login) or a run's id
    #[arg(value_name = "PERSON|RUN")]
    subject: String,
    /// The new folder; it must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Args {
    /// As typed: `rollbook pack SUBJECT --out DIR`.
    pub(super) fn new(subject: &str, out: &Path) -> Self {
        Self { subject: subject.to_owned(), out: out.to_owned() }
    }
}

/// Writes it and says what it holds.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let subject = subject(&engine, &args.subject)?;
    let manifest = engine.pack(&subject, &args.out, &session.by()?)?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({
            "pack": args.out, "as_of": manifest.as_of, "head": manifest.head,
            "files": manifest.files.iter().map(|file| &file.name).collect::<Vec<_>>(),
        }));
    } else {
        print(session, &args.out, &manifest);
    }
    Ok(Exit::Ok)
}

fn subject(engine: &Engine, text: &str) -> Result<Subject> {
    if text.starts_with("run_") {
        return Ok(Subject::Run(RunId::new(text)));
    }
    Ok(Subject::Person(asking::person(&engine.graph()?, text)?))
}

fn print(session: &Session, folder: &Path, manifest: &Manifest) {
    let screen = session.screen();
    screen.toned(Tone::Good, format!("The pack is in {}.", folder.display()));
    let rows = manifest.files.iter().map(|file| {
        vec![file.name.as_str().into(), file.rows.to_string().into(), file.sha256[..16].into()]
    });
    screen.table(&["File", "Rows", "SHA-256 begins"], rows.collect());
    screen.line("");
    screen.line(format!("Read {} first.", folder.join("index.html").display()));
    screen.line(format!("Check it anywhere with `rollbook verify {}`.", folder.display()));
}
