//! `rollbook pack`: the proof, as a folder that an auditor can check alone.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rollbook_core::id::RunId;
use rollbook_engine::evidence::Manifest;
use rollbook_engine::packing::{Period, Subject};
use rollbook_engine::{Engine, Result, asking};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Write the proof about a leaver, a run or a period, as a folder for auditors
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook pack 'Ana Diaz' --out packs/ana-diaz
  rollbook pack run_0123456789abcdef0123456789abcdef --out packs/run
  rollbook pack --from 2026-07-01 --to 2026-09-30

The folder holds a page for people (index.html), the same as CSV and JSON lines, and the signed
chain of events. What was recorded about this person or run is in it whole; of others it holds
digests. The pack of a period tells of everybody: who came, moved and left, who has what, who agreed,
what was done, and whether the controls ran, mapped to SOC 2, ISO/IEC 27001 and SOX. `rollbook verify
FOLDER` checks it anywhere.")]
pub(crate) struct Args {
    /// A person (name, worker number, address, login) or a run's id
    #[arg(value_name = "PERSON|RUN", required_unless_present_all = ["from", "to"])]
    subject: Option<String>,
    /// The first day of the period
    #[arg(long, value_name = "DATE", requires = "to", conflicts_with = "subject")]
    from: Option<Date>,
    /// The last day of the period
    #[arg(long, value_name = "DATE", requires = "from", conflicts_with = "subject")]
    to: Option<Date>,
    /// The new folder; it must not be there yet. Left out for a period: pack-FROM-TO
    #[arg(long, value_name = "DIR", required_unless_present = "from")]
    out: Option<PathBuf>,
}

impl Args {
    /// As typed: `rollbook pack SUBJECT --out DIR`.
    pub(super) fn new(subject: &str, out: &Path) -> Self {
        let (subject, out) = (Some(subject.to_owned()), Some(out.to_owned()));
        Self { subject, from: None, to: None, out }
    }
}

/// Writes it and says what it holds.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let by = session.by()?;
    let (out, manifest) = match (&args.subject, args.from.zip(args.to)) {
        (None, Some((from, to))) => {
            let named = || PathBuf::from(format!("pack-{from}-{to}"));
            let out = args.out.clone().unwrap_or_else(named);
            let manifest = engine.pack_period(Period { from, to }, &out, &by)?;
            (out, manifest)
        }
        (subject, _) => {
            let out = args.out.clone().unwrap_or_default();
            let about = about(&engine, subject.as_deref().unwrap_or_default())?;
            let manifest = engine.pack(&about, &out, &by)?;
            (out, manifest)
        }
    };
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({
            "pack": out, "as_of": manifest.as_of, "head": manifest.head,
            "files": manifest.files.iter().map(|file| &file.name).collect::<Vec<_>>(),
        }));
    } else {
        print(session, &out, &manifest);
    }
    Ok(Exit::Ok)
}

fn about(engine: &Engine, text: &str) -> Result<Subject> {
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
