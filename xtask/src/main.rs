//! Checks that keep the repository in shape, and the one command that tests it all.
//!
//! `cargo xtask tidy` reads the repository and complains; `cargo xtask test` runs everything that
//! `make test` promises. Product code has no place here, and nothing here is needed to build it.

#![forbid(unsafe_code)]

mod apps;
mod peers;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

  tidy   check layers, sizes, words, documents and licences of the repository
  apps   check the files of apps/ and write docs/apps.md from them
  test   format, lints, tidy, documents, verifier, then every test with the peers running
  fuzz   try changed input on the SCIM parsers: cargo xtask fuzz SECONDS
  peers  run a command with the peers running: cargo xtask peers cargo nextest run -p CRATE
";

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let done = match asked.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["apps"] => apps::write(&root()),
        ["test"] => test::run(&root()),
        ["fuzz", seconds] => test::fuzz(&root(), seconds),
        ["peers", program, arguments @ ..] => test::beside_peers(&root(), program, arguments),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("xtask is a folder of the workspace").to_owned()
}

/// The cargo that runs us, or the one on the path.
fn cargo() -> std::process::Command {
    std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Writes one line for people. Whether anybody reads it does not change what we do.
fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
