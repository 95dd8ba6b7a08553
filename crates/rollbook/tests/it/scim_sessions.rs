//! What identity providers send, one session after the other, as each of them writes it. For Okta
//! and Entra only what their traces (`scim_traces`) do not try.
//!
//! A session is a file in `sessions/`, named after the profile of its token; it also runs with the
//! profile `auto`. It begins with the headers of every request. Then come the steps: a comment, the
//! request line, the body, `=> STATUS` (several with `|`), and what is expected or kept:
//!
//! ```text
//! # she is made
//! POST /Users
//! {"userName": "ana"}
//! => 201
//!   /userName = "ana"      a JSON pointer, and the value there
//!   /password absent       nothing there
//!   #content-type = "x"    a header of the answer
//!   ana := /id             kept, and put in for {ana} from here on
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::served::{Answer, Served};

#[test]
fn every_provider_is_understood_with_its_own_profile() {
    let files = files();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        run(&file, file.file_stem().and_then(|name| name.to_str()).expect("a name"));
    }
}

#[test]
fn every_provider_is_known_by_how_it_speaks() {
    for file in files() {
        run(&file, "auto");
    }
}

fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sessions");
    let entries = std::fs::read_dir(folder).expect("the sessions");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn run(file: &PathBuf, profile: &str) {
    let text = std::fs::read_to_string(file).expect("a session");
    let served = Served::start_with(&[], profile);
    let mut session = Session { served: &served, headers: Vec::new(), kept: BTreeMap::new() };
    let mut blocks = text.split("\n\n");
    session.begin(blocks.next().expect("headers"));
    let what = format!("{} as {profile}", file.display());
    let mut steps = 0;
    for step in blocks.filter(|block| !block.trim().is_empty()) {
        session.step(step, &what);
        steps += 1;
    }
    assert!(steps > 3, "{what} hardly does anything");
}

struct Session<'a> {
    served: &'a Served,
    headers: Vec<(String, String)>,
    kept: BTreeMap<String, String>,
}

impl Session<'_> {
    fn begin(&mut self, head: &str) {
        let authorization = ("Authorization".to_owned(), format!("Bearer {}", self.served.token));
        self.headers = vec![authorization];
        for line in head.lines() {
            let (name, value) = line.split_once(": ").expect("a header");
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn step(&mut self, step: &str, what: &str) {
        let lines: Vec<String> = step
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| self.filled(line))
            .collect();
        let (asked, expected) = lines.split_at(
            lines.iter().position(|line| line.starts_with("=> ")).expect("an expected status"),
        );
        let (method, path) = asked[0].split_once(' ').expect("a request line");
        let body = asked[1..].join("\n");
        let answer = self.send(method, path, &body);
        let statuses = expected[0].trim_start_matches("=> ");
        let fits = statuses.split('|').any(|status| status == answer.status.to_string());
        assert!(fits, "{what}\n{step}\ngave {answer:?}");
        for line in &expected[1..] {
            self.check(line.trim(), &answer, &format!("{what}\n{step}\ngave {answer:?}"));
        }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let body = (!body.is_empty()).then(|| serde_json::from_str(body).expect("a body is JSON"));
        let headers =
            self.headers.iter().filter(|(name, _)| body.is_some() || name != "Content-Type");
        let headers: Vec<(&str, &str)> =
            headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.served.ask_with(method, path, &headers, body)
    }

    fn check(&mut self, line: &str, answer: &Answer, what: &str) {
        if let Some((name, pointer)) = line.split_once(" := ") {
            let value = answer.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            self.kept.insert(name.to_owned(), value.unwrap_or_else(|| panic!("{line}: {what}")));
        } else if let Some(pointer) = line.strip_suffix(" absent") {
            assert_eq!(answer.json().pointer(pointer), None, "{line}: {what}");
        } else {
            let (place, value) = line.split_once(" = ").expect("a check");
            let value: Value = serde_json::from_str(value).expect("a value is JSON");
            let found = match place.strip_prefix('#') {
                Some(header) => answer.header(header).map(Value::from),
                None => answer.json().pointer(place).cloned(),
            };
            assert_eq!(found, Some(value), "{line}: {what}");
        }
    }

    fn filled(&self, line: &str) -> String {
        let kept = self.kept.iter();
        kept.fold(line.to_owned(), |line, (name, value)| {
            line.replace(&format!("{{{name}}}"), value)
        })
    }
}
