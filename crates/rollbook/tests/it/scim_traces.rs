//! The traces of identity providers in `tests/traces`, replayed against the throwaway server of
//! `examples/scim/run.sh`, the way in that anybody's suite takes.
//!
//! The replayer is written in Python. `make test` needs that anyway and names itself by
//! `ROLLBOOK_TESTERS`; without Python and outside of it there is nothing to do.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

#[test]
fn okta_is_answered_as_it_expects_with_every_profile_it_may_be_given() {
    for profile in ["auto", "okta-oin", "okta-aiw", "strict"] {
        replay("okta", profile);
    }
}

#[test]
fn entra_is_answered_as_it_expects_with_every_profile_it_may_be_given() {
    for profile in ["auto", "entra", "entra-aadOptscim062020"] {
        replay("entra", profile);
    }
}

/// Replays a trace against a server of its own; every step must pass.
fn replay(trace: &str, profile: &str) {
    if !is_python_there() {
        return;
    }
    let trace = root().join(format!("tests/traces/{trace}.jsonl"));
    let text = std::fs::read_to_string(&trace).expect("the trace");
    let steps = text.lines().filter(|line| !line.trim().is_empty()).count() - 1;
    assert!(steps > 30, "{} hardly does anything", trace.display());
    let server = Throwaway::start(profile);
    let replayed = Command::new("python3")
        .arg(root().join("tests/traces/replay.py"))
        .args([&server.base, &server.token])
        .arg(&trace)
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&replayed.stdout);
    let last = said.lines().last().unwrap_or_default();
    let complaint = String::from_utf8_lossy(&replayed.stderr);
    assert_eq!(last, format!("{steps} passed, 0 failed"), "as {profile}:\n{said}{complaint}");
    assert!(replayed.status.success());
}

fn is_python_there() -> bool {
    let is_there = Command::new("python3").arg("--version").output().is_ok();
    let is_needed = std::env::var_os("ROLLBOOK_TESTERS").is_some();
    assert!(is_there || !is_needed, "`make test` needs python3 to replay the traces.");
    is_there
}

/// The server of `examples/scim/run.sh`. Dropping it ends it.
struct Throwaway {
    script: Child,
    base: String,
    token: String,
}

impl Throwaway {
    fn start(profile: &str) -> Self {
        let mut script = Command::new(root().join("examples/scim/run.sh"))
            .args(["0", profile])
            .env("ROLLBOOK", env!("CARGO_BIN_EXE_rollbook"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script starts");
        let mut lines = BufReader::new(script.stdout.take().expect("it was piped")).lines();
        let mut value = |name: &str| {
            let line = lines.next().expect("it prints two lines").expect("they are text");
            let value = line.strip_prefix(name).unwrap_or_else(|| panic!("{line} is no {name}"));
            value.to_owned()
        };
        let (base, token) = (value("BASE_URL="), value("TOKEN="));
        Self { script, base, token }
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the checkout")
}
