//! `rollbook init`: a new workspace.

use std::path::PathBuf;

use rollbook_engine::config::BookConfig;
use rollbook_engine::secret::SecretSource;
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
  rollbook init acme --store-url-env ACME_DATABASE_URL

It writes a commented rollbook.toml, a key that signs the audit chain, and an empty book:
the file rollbook.db, or a schema of a Postgres database. The database's address,
postgres://user:password@host/database, is a secret: it is named here and never written.")]
pub(crate) struct Args {
    /// The folder; made if it is not there
    dir: PathBuf,
    /// The company's name, as reports show it; left out: the folder's name
    #[arg(long)]
    name: Option<String>,
    /// Keep the book in Postgres; its address is in this environment variable
    #[arg(long, value_name = "VARIABLE", group = "store_url")]
    store_url_env: Option<String>,
    /// Keep the book in Postgres; its address is in this file, from the workspace folder
    #[arg(long, value_name = "FILE", group = "store_url")]
    store_url_file: Option<PathBuf>,
    /// The schema to make there; left out: after the company's name
    #[arg(long, value_name = "NAME", requires = "store_url")]
    store_schema: Option<String>,
    /// The certificate (PEM) of the authority that the server's is from; left out: the system's
    #[arg(long, value_name = "FILE", requires = "store_url")]
    store_ca_file: Option<PathBuf>,
}

impl Args {
    /// As typed: `rollbook init DIR --name NAME`.
    pub(crate) fn new(dir: PathBuf, name: &str) -> Self {
        Self {
            dir,
            name: Some(name.to_owned()),
            store_url_env: None,
            store_url_file: None,
            store_schema: None,
            store_ca_file: None,
        }
    }
}

/// Makes it and says what to do next.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let name = name_of(args);
    let made = Engine::init_in(&args.dir, &name, store_of(args, &name).as_ref())?;
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

/// Where the book is to lie, if not in the folder.
fn store_of(args: &Args, name: &str) -> Option<BookConfig> {
    let env = args.store_url_env.clone().map(|env| SecretSource::Env { env });
    let url =
        env.or_else(|| args.store_url_file.clone().map(|file| SecretSource::File { file }))?;
    let schema = args.store_schema.clone().unwrap_or_else(|| schema_after(name));
    Some(BookConfig { url, schema, ca_file: args.store_ca_file.clone() })
}

/// A schema's name after the company's.
fn schema_after(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric();
    let words = name.split(|letter: char| !plain(letter)).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("_").to_lowercase();
    match joined.starts_with(|first: char| first.is_ascii_lowercase()) {
        true => joined.chars().take(63).collect(),
        false => format!("rollbook_{joined}").trim_end_matches('_').chars().take(63).collect(),
    }
}
