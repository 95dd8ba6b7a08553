//! The sandbox as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::StatusCode;
use rollbook_testkit::Ledger;
use serde_json::{Value, json};

use crate::client::http;

struct Process {
    child: Child,
    lines: Vec<Value>,
}

impl Process {
    fn start(folder: &Path, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollbook-sandbox"))
            .arg(folder)
            .args(["--today", "2026-11-21"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines = out.lines().take(8).map(|it| serde_json::from_str(&it.unwrap()).unwrap());
        Self { lines: lines.collect(), child }
    }

    fn part(&self, name: &str) -> &Value {
        self.lines.iter().find(|it| it["part"] == name).unwrap()
    }

    /// Ends its standard input; gives the exit code and what it said.
    fn end(mut self) -> (i32, String) {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code().unwrap(), said)
    }
}

#[tokio::test]
async fn a_client_finds_the_apps_and_the_parent_reads_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl");
    let sandbox = Process::start(folder.path(), &["--ledger", ledger.to_str().unwrap()]);
    let (scim, leaver) = (sandbox.part("scim").clone(), sandbox.part("leaver").clone());
    let url =
        format!("{}/Users/{}", scim["url"].as_str().unwrap(), leaver["scim"][0].as_str().unwrap());
    let token = scim["token"].as_str().unwrap();
    let user: Value =
        http().get(&url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!((&user["displayName"], &user["active"]), (&leaver["name"], &json!(true)));
    let off = json!({"Operations": [{"op": "replace", "path": "active", "value": false}]});
    let answer = http().patch(&url).bearer_auth(token).json(&off).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let outbox = Path::new(sandbox.part("csv")["outbox"].as_str().unwrap()).to_owned();
    let request = json!({"change": "c1", "op": "suspend", "account": leaver["csv"][0]});
    std::fs::write(outbox.join("c1.json"), request.to_string()).unwrap();
    while !outbox.join("done/c1.json").exists() {
        tokio::task::yield_now().await;
    }
    let effects = Ledger::read_file(&ledger).unwrap();
    let told: Vec<&str> = effects.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(told, ["changed active", "suspend"]);
    assert!(folder.path().join("workers.csv").exists());
    assert_eq!(sandbox.end(), (0, String::new()));
}

#[tokio::test]
async fn a_fault_that_never_fired_is_told_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let fault = r#"{"on": {"method": "GET", "path": "/Users"}, "then": {"do": "empty_list"}}"#;
    let sandbox = Process::start(folder.path(), &["--fault", fault, "--profile", "full"]);
    let (code, said) = sandbox.end();
    assert_eq!(code, 1);
    assert!(said.contains("EmptyList") && said.contains("fired 0 times"), "{said}");
}

#[test]
fn a_wrong_option_is_told_with_the_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_rollbook-sandbox"))
        .args(["folder", "--seed", "seven"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("--seed seven: invalid digit"), "{said}");
    assert!(said.contains("Usage: rollbook-sandbox FOLDER"));
}
