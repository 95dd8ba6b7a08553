//! `test`: everything that must hold, in one command.
//!
//! What fails fast comes first. The peers (other people's SCIM servers) are installed and started
//! while the code is compiled, and stopped whatever happens. The runner's summary comes last, so
//! that the closing line says how many tests passed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::peers::{PATIENCE, Peers};
use crate::{apps, say, tidy};

/// Where the peers are told to the tests: `name=url`, separated by spaces.
const PEERS: &str = "ROLLBOOK_PEERS";
/// The same for the testers: other people's suites that try our own server.
const TESTERS: &str = "ROLLBOOK_TESTERS";

/// The version of cargo-nextest to build where there is none.
const NEXTEST: &str = "0.9.143";

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
    say("--- apps");
    apps::check(root)?;
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
    let mut tests = runner(root)?;
    let tests = tests.args("nextest run --workspace --locked --no-fail-fast".split(' '));
    finish("tests", beside.tell(tests.current_dir(root).env("INSTA_UPDATE", "no")))
}

/// cargo-nextest. The tests need it: it gives each of them a process of its own, and so environment,
/// locks and a kill that are no other test's. Where it is not installed it is built, once.
fn runner(root: &Path) -> Result<Command> {
    let told = crate::cargo()
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if told.is_ok_and(|status| status.success()) {
        return Ok(crate::cargo());
    }
    let tools = root.join("target/tools");
    let program = tools.join("bin/cargo-nextest");
    if !program.exists() {
        say(&format!(
            "cargo-nextest is not installed. Version {NEXTEST} is being built into {}, which takes \
             some minutes, once.",
            tools.display()
        ));
        let mut install = crate::cargo();
        install.args(["install", "--locked", "--version", NEXTEST, "--root"]).arg(&tools);
        finish("the installation of cargo-nextest", install.arg("cargo-nextest"))?;
    }
    Ok(Command::new(program))
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
