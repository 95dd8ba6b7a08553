//! Checks that keep the repository in shape, and the one command that tests it all.
//!
//! `cargo xtask tidy` reads the repository and complains; `cargo xtask test` runs everything that
//! `make test` promises. Product code has no place here, and nothing here is needed to build it.

#![forbid(unsafe_code)]

mod peers;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

  tidy   check layers, sizes, words, documents and licences of the repository
  test   format, lints, tidy, documents, verifier, then every test with the peers running
";

fn main() -> ExitCode {
    let asked = std::env::args().nth(1);
    let done = match asked.as_deref() {
        Some("tidy") => tidy::run(&root()),
        Some("test") => test::run(&root()),
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
