//! `rollbook init`: a new workspace.

use std::path::PathBuf;

use rollbook_engine::{Engine, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Make a new workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook init acme --name 'Acme Ltd'
  rollbook init .

It writes a commented rollbook.toml, a key that signs the audit chain, and an empty book.")]
pub(crate) struct Args {
    /// The folder; made if it is not there
    dir: PathBuf,
    /// The company's name, as reports show it; left out: the folder's name
    #[arg(long)]
    name: Option<String>,
}

impl Args {
    /// As typed: `rollbook init DIR --name NAME`.
    pub(crate) fn new(dir: PathBuf, name: &str) -> Self {
        Self { dir, name: Some(name.to_owned()) }
    }
}

/// Makes it and says what to do next.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let made = Engine::init(&args.dir, &name_of(args))?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({ "workspace": args.dir, "files": made.files }));
        return Ok(Exit::Ok);
    }
    screen.toned(Tone::Strong, format!("The workspace {} is made:", args.dir.display()));
    for file in &made.files {
        screen.line(format!("  {}", file.display()));
    }
    screen.line("");
    screen.line("Keep a copy of rollbook.key in a safe place: without it nothing can be recorded.");
    let config = args.dir.join(rollbook_engine::CONFIG);
    screen.line(format!("Next: name your sources and apps in {},", config.display()));
    screen.line(format!("then run `rollbook sync --workspace {}`.", args.dir.display()));
    Ok(Exit::Ok)
}

fn name_of(args: &Args) -> String {
    let of_folder = || {
        let folder = args.dir.canonicalize().unwrap_or_else(|_| args.dir.clone());
        folder.file_name().map(|name| name.to_string_lossy().into_owned())
    };
    args.name.clone().or_else(of_folder).unwrap_or_else(|| "Our company".to_owned())
}
