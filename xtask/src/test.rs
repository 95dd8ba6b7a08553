//! `test`: everything that must hold, in one command.
//!
//! What fails fast comes first. The peers (other people's SCIM servers) are installed and started
//! while the code is compiled, and stopped whatever happens. The runner's summary comes last, so
//! that the closing line says how many tests passed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::peers::{PATIENCE, Peers};
use crate::{say, tidy};

/// Where the peers are told to the tests: `name=url`, separated by spaces.
const PEERS: &str = "ROLLBOOK_PEERS";
/// The same for the testers: other people's suites that try our own server.
const TESTERS: &str = "ROLLBOOK_TESTERS";

/// For how long the fuzz targets run, in seconds.
const FUZZ_S: &str = "60";

/// Tells the tests that Postgres must be there: without it they fail instead of saying so.
const POSTGRES: &str = "ROLLBOOK_POSTGRES";

/// Runs everything under `root` and stops at the first step that fails.
pub(crate) fn run(root: &Path) -> Result<()> {
    let cargo = |arguments: &str| {
        let mut command = crate::cargo();
        // A snapshot that differs is a failure here and is never written into the tree.
        command.args(arguments.split(' ')).current_dir(root).env("INSTA_UPDATE", "no");
        command
    };
    let beside = Beside::start(root)?;
    step("format", &mut cargo("fmt --all --check"))?;
    say("--- tidy");
    tidy::run(root)?;
    let lints = "clippy --workspace --all-targets --locked --quiet -- -D warnings";
    step("lints", &mut cargo(lints))?;
    step("documents", &mut cargo("test --doc --workspace --locked --quiet"))?;
    for test in python_tests(&root.join("examples")) {
        step("verifier", Command::new("python3").arg(test).current_dir(root))?;
    }
    say(&format!("--- fuzz, {FUZZ_S} s"));
    fuzz(root, FUZZ_S)?;
    let beside = beside.ready()?;
    say(&format!("--- tests, with {}", beside.told()));
    let nextest = cargo("nextest --version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if nextest.is_ok_and(|status| status.success()) {
        let mut tests = cargo("nextest run --workspace --locked --no-fail-fast");
        return finish("tests", beside.tell(&mut tests));
    }
    say("cargo-nextest is not installed; cargo test does the same, more slowly.");
    counted(beside.tell(&mut cargo("test --workspace --all-targets --locked --no-fail-fast")))
}

/// Runs the fuzz targets for `seconds`, all at the same time.
pub(crate) fn fuzz(root: &Path, seconds: &str) -> Result<()> {
    if seconds.parse::<u32>().is_err() {
        bail!("{seconds:?} is no number of seconds.");
    }
    let arguments = "test --locked --quiet --package rollbook-scim --test it -- fuzz:: --nocapture";
    let mut command = crate::cargo();
    command.args(arguments.split(' ')).current_dir(root).env("ROLLBOOK_FUZZ_S", seconds);
    finish("fuzz", &mut command)
}

/// Runs `program` with the peers beside it, for the inner loop.
pub(crate) fn beside_peers(root: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let beside = Beside::start(root)?.ready()?;
    finish(program, beside.tell(Command::new(program).args(arguments)))
}

/// Other people's programs that run beside the tests.
struct Beside {
    peers: Peers,
    testers: Peers,
}

impl Beside {
    fn start(root: &Path) -> Result<Self> {
        let start = |what: &str| {
            Peers::start(&root.join("tests").join(what), &root.join("target").join(what))
        };
        Ok(Self { peers: start("peers")?, testers: start("testers")? })
    }

    fn ready(self) -> Result<Self> {
        Ok(Self { peers: self.peers.ready(PATIENCE)?, testers: self.testers.ready(PATIENCE)? })
    }

    fn told(&self) -> String {
        format!("the peers {} and the testers {}", self.peers.told(), self.testers.told())
    }

    fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let told = command.env(PEERS, self.peers.told()).env(TESTERS, self.testers.told());
        told.env(POSTGRES, "required")
    }
}

fn step(name: &str, command: &mut Command) -> Result<()> {
    say(&format!("--- {name}"));
    finish(name, command)
}

fn finish(name: &str, command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{name} could not be started"))?;
    if !status.success() {
        bail!("Stopped: {name} failed.");
    }
    Ok(())
}

/// The tests of the examples that are not Rust.
fn python_tests(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<_> =
        files.map(|file| file.path()).filter(|path| is_python_test(path)).collect();
    files.sort();
    files
}

fn is_python_test(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    name.starts_with("test_") && name.ends_with(".py")
}

/// Runs `cargo test`, which sums up every binary by itself, and closes with one sum over all.
fn counted(command: &mut Command) -> Result<()> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().context("cargo test could not be started")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let (mut passed, mut failed) = (0, 0);
    for line in BufReader::new(output).lines() {
        let line = line.context("the output of cargo test could not be read")?;
        say(&line);
        let (more_passed, more_failed) = counts(&line);
        passed += more_passed;
        failed += more_failed;
    }
    let status = child.wait().context("cargo test could not be waited for")?;
    say(&format!("{passed} passed, {failed} failed"));
    if !status.success() {
        bail!("Stopped: tests failed.");
    }
    Ok(())
}

/// How many tests passed and failed according to a summary line; zeros for any other line.
fn counts(line: &str) -> (u32, u32) {
    if !line.starts_with("test result: ") {
        return (0, 0);
    }
    let words: Vec<&str> = line.split([' ', ';']).collect();
    let before = |word: &str| {
        let at = words.iter().position(|&w| w == word).filter(|&at| at > 0)?;
        words[at - 1].parse().ok()
    };
    (before("passed").unwrap_or(0), before("failed").unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_cargo_test_are_read_from_summary_lines_only() {
        let line =
            "test result: FAILED. 16 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(line), (16, 2));
        assert_eq!(counts("test one_passed ... 3 passed; 1 failed"), (0, 0));
    }
}
