//! Packs written by the product, tampered with in every way, and judged by both verifiers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use rollbook_core::event::{self, Body, ChainId, Checkpoint, Concern, Draft, ERASED, Event};
use rollbook_engine::evidence::{DataFile, Pack, verify_folder, write_folder};
use serde_json::{Value, json};
use tempfile::TempDir;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-21T09:00:00Z".parse().expect("it is a moment");
    start + SignedDuration::from_millis(seconds * 1000 + 250)
}

/// A workspace's chain, as the store holds it, and the checkpoints that somebody kept elsewhere.
#[derive(Clone)]
struct Chain {
    id: ChainId,
    key: SigningKey,
    events: Vec<Event>,
    bodies: Vec<Body>,
    checkpoints: Vec<Checkpoint>,
    /// What its packs are about; empty: everything.
    about: BTreeSet<String>,
}

impl Chain {
    fn new(id: u8, key: u8) -> Self {
        let mut chain = Self {
            id: ChainId::new([id; 32]),
            key: SigningKey::from_bytes(&[key; 32]),
            events: Vec::new(),
            bodies: Vec::new(),
            checkpoints: Vec::new(),
            about: BTreeSet::new(),
        };
        chain.extend(6, "olga");
        chain.sign();
        chain.extend(4, "olga");
        chain
    }

    fn extend(&mut self, events: usize, actor: &str) {
        for _ in 0..events {
            let n = self.events.len() as u8 + 1;
            let draft = Draft {
                kind: "change_verified".to_owned(),
                actor: actor.to_owned(),
                on_behalf_of: String::new(),
                subject: format!("chg_{n}"),
                concerns: BTreeSet::from([Concern::stored(person(n))]),
                at: at(n.into()),
                body: json!({"who": "Ána \u{1f600} \"x\"\n\u{7f}", "n": n, "score": 0.5, "none": null}),
            };
            self.seal(draft);
        }
    }

    fn seal(&mut self, draft: Draft) {
        let salt = [self.events.len() as u8 + 1; 16];
        let (event, body) = event::seal(self.events.last(), draft, salt, &self.id);
        self.events.push(event);
        self.bodies.push(body);
    }

    /// Records that a person was erased, without emptying anything.
    fn say_erased(&mut self, person: &str) {
        let n = self.events.len() as i64 + 1;
        self.seal(Draft {
            kind: ERASED.to_owned(),
            actor: "olga".to_owned(),
            on_behalf_of: String::new(),
            subject: person.to_owned(),
            concerns: BTreeSet::new(),
            at: at(n),
            body: json!({"reason": "asked for"}),
        });
    }

    fn about(mut self, ids: &[&str]) -> Self {
        self.about = ids.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    fn sign(&mut self) {
        let mark = event::sign(&self.key, &self.id, self.events.last(), at(100));
        self.checkpoints.push(mark);
    }

    /// Writes the pack as of `seconds`; returns the checkpoint that was made for it.
    fn write(&self, folder: &Path, seconds: i64) -> Checkpoint {
        let files = [
            DataFile {
                name: "leaver.jsonl".to_owned(),
                rows: 3,
                bytes: b"{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n".to_vec(),
            },
            DataFile {
                name: "leaver.csv".to_owned(),
                rows: 2,
                bytes: b"account,when\nana,2026\nben,2026\n".to_vec(),
            },
        ];
        let pack = Pack {
            chain_id: &self.id,
            events: &self.events,
            bodies: &self.bodies,
            checkpoints: &self.checkpoints,
            outside: &[],
            about: &self.about,
            files: &files,
            population: json!({"wiki": {"accounts": 120, "reported": 120}}),
            as_of: at(seconds),
            made_by: "olga",
        };
        let written = write_folder(folder, &pack, &self.key).expect("the pack can be written");
        written.checkpoint.expect("the head was not signed before")
    }
}

/// Events with an odd number tell of one person, the others of another.
fn person(n: u8) -> &'static str {
    if n % 2 == 1 { "per_odd" } else { "per_even" }
}

/// A pack in a folder of its own, with the outside checkpoints and the trusted key beside it.
struct Case {
    _dir: TempDir,
    folder: PathBuf,
    outside: PathBuf,
    key: PathBuf,
}

impl Case {
    fn new() -> Self {
        Self::of(&Chain::new(7, 1), &Chain::new(7, 1))
    }

    /// The pack of `chain`, judged by what was kept of `kept`.
    fn of(chain: &Chain, kept: &Chain) -> Self {
        let dir = tempfile::tempdir().expect("there is a temporary folder");
        let case = Self {
            folder: dir.path().join("pack"),
            outside: dir.path().join("outside.jsonl"),
            key: dir.path().join("trusted_key"),
            _dir: dir,
        };
        chain.write(&case.folder, 200);
        let head = event::sign(&kept.key, &kept.id, kept.events.last(), at(200));
        let mut lines = Vec::new();
        for mark in kept.checkpoints.iter().chain([&head]) {
            let value = rollbook_core::canonical::value_of(mark);
            lines.extend(rollbook_core::canonical::bytes(&value));
            lines.push(b'\n');
        }
        fs::write(&case.outside, lines).expect("it can be written");
        let key = rollbook_core::id::hex(kept.key.verifying_key().as_bytes());
        fs::write(&case.key, format!("{key}\n")).expect("it can be written");
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        if name == "outside.jsonl" { self.outside.clone() } else { self.folder.join(name) }
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).expect("the file is there");
        text.lines().map(str::to_owned).collect()
    }

    fn set_lines(&self, name: &str, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.path(name), text).expect("it can be written");
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<String>)) {
        let mut lines = self.lines(name);
        change(&mut lines);
        self.set_lines(name, &lines);
    }

    /// Changes the same lines of events and bodies.
    fn edit_both(&self, change: impl Fn(&mut Vec<String>)) {
        self.edit("events.jsonl", &change);
        self.edit("bodies.jsonl", &change);
    }

    /// Both verdicts: where the pack is broken (`file record N`), or `whole`. They must agree.
    fn judge(&self, with_outside: bool, with_key: bool) -> String {
        let outside = with_outside.then_some(self.outside.as_path());
        let key = with_key.then_some(self.key.as_path());
        let ours = match verify_folder(&self.folder, outside, key) {
            Ok(_) => "whole".to_owned(),
            Err(broken) => match broken.record {
                Some(record) => format!("{} record {record}", broken.file),
                None => broken.file,
            },
        };
        let theirs = python(&self.folder, outside, key);
        assert_eq!(
            ours, theirs,
            "the two verifiers disagree (outside {with_outside}, key {with_key})"
        );
        ours
    }

    /// The verdict with everything that can be brought along.
    fn verdict(&self) -> String {
        let alone = self.judge(false, false);
        let full = self.judge(true, true);
        if alone != "whole" {
            assert_ne!(full, "whole", "more witnesses cannot make a pack whole");
        }
        full
    }
}

/// The verdict of `examples/verify_pack.py`.
pub(crate) fn python(folder: &Path, outside: Option<&Path>, key: Option<&Path>) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/verify_pack.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(folder);
    for (option, value) in [("--outside", outside), ("--key", key)] {
        if let Some(value) = value {
            command.arg(option).arg(value);
        }
    }
    let output = command.output().expect("python3 is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => "whole".to_owned(),
        Some(1) => {
            let said =
                said.strip_prefix("BROKEN: ").unwrap_or_else(|| panic!("it crashed: {said}"));
            said.split(": ").next().unwrap_or(said).trim().to_owned()
        }
        other => panic!("it ended with {other:?}: {said}"),
    }
}

/// Seals events anew from `from` on, as somebody with the public code could.
fn reseal(events: &mut [Value], from: usize) {
    for at in from..events.len() {
        if at > 0 {
            events[at]["prev"] = events[at - 1]["digest"].clone();
        }
        let mut bare = events[at].clone();
        bare.as_object_mut().expect("an event is an object").remove("digest");
        events[at]["digest"] = rollbook_core::canonical::digest("rollbook.event.v1", &bare).into();
    }
}

fn resealed(lines: &mut [String], from: usize, change: impl FnOnce(&mut [Value])) {
    let mut events: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    change(&mut events);
    reseal(&mut events, from);
    for (line, event) in lines.iter_mut().zip(&events) {
        *line = String::from_utf8(rollbook_core::canonical::bytes(event)).expect("it is UTF-8");
    }
}

fn check_tampered(expected: &str, tamper: impl FnOnce(&Case)) {
    let case = Case::new();
    tamper(&case);
    assert_eq!(case.verdict(), expected);
}

#[test]
fn a_pack_as_written_is_whole_for_both() {
    let case = Case::new();
    for (outside, key) in [(false, false), (true, false), (false, true), (true, true)] {
        assert_eq!(case.judge(outside, key), "whole");
    }
    let report = verify_folder(&case.folder, Some(&case.outside), Some(&case.key));
    let report = report.expect("it is whole");
    assert_eq!((report.chain.events, report.chain.covered, report.chain.checkpoints), (10, 10, 4));
    assert_eq!((report.files, report.key_trusted, report.outside), (5, true, 2));
}

#[test]
fn an_edit_of_any_column_names_the_record() {
    for column in
        ["at", "kind", "actor", "on_behalf_of", "subject", "body_digest", "prev", "digest"]
    {
        check_tampered("events.jsonl record 4", |case| {
            case.edit("events.jsonl", |lines| {
                let mut event: Value = serde_json::from_str(&lines[3]).expect("it is JSON");
                let text = event[column].as_str().expect("it is text");
                let first = if text.starts_with('a') { "b" } else { "a" };
                event[column] = match column {
                    "at" => "2026-11-21T09:00:09Z".into(),
                    _ => format!("{first}{}", text.get(1..).unwrap_or("")).into(),
                };
                lines[3] = event.to_string();
            });
        });
    }
    check_tampered("events.jsonl record 4", |case| {
        case.edit("events.jsonl", |lines| lines[3] = lines[3].replace("\"seq\":4", "\"seq\":5"));
    });
    check_tampered("bodies.jsonl record 4", |case| {
        case.edit("bodies.jsonl", |lines| lines[3] = lines[3].replace("\"n\":4", "\"n\":5"));
    });
    check_tampered("bodies.jsonl record 4", |case| {
        case.edit("bodies.jsonl", |lines| lines[3] = lines[3].replace("0404", "0405"));
    });
    check_tampered("checkpoints.jsonl record 1", |case| {
        case.edit("checkpoints.jsonl", |lines| {
            lines[0] = lines[0].replace("\"size\":6", "\"size\":5")
        });
    });
    check_tampered("outside.jsonl record 2", |case| {
        case.edit("outside.jsonl", |lines| {
            lines[1] = lines[1].replace("\"size\":10", "\"size\":9")
        });
    });
}

#[test]
fn an_edit_sealed_anew_is_found_by_what_was_signed() {
    check_tampered("events.jsonl record 5", |case| {
        case.edit("events.jsonl", |lines| {
            resealed(&mut lines[3..4], 1, |events| {
                events[0]["actor"] = "mallory".into();
                let mut bare = events[0].clone();
                bare.as_object_mut().expect("an event is an object").remove("digest");
                let digest = rollbook_core::canonical::digest("rollbook.event.v1", &bare);
                events[0]["digest"] = digest.into();
            });
        });
    });
    check_tampered("events.jsonl record 10", |case| {
        case.edit("events.jsonl", |lines| {
            resealed(lines, 7, |events| events[7]["actor"] = "mallory".into());
        });
    });
    check_tampered("events.jsonl record 6", |case| {
        case.edit("events.jsonl", |lines| {
            resealed(lines, 1, |events| events[1]["actor"] = "mallory".into());
        });
    });
}

#[test]
fn deleting_inserting_moving_and_doubling_name_the_record() {
    check_tampered("events.jsonl record 4", |case| case.edit_both(|lines| drop(lines.remove(3))));
    check_tampered("events.jsonl record 4", |case| case.edit_both(|lines| lines.swap(3, 4)));
    check_tampered("events.jsonl record 5", |case| {
        case.edit_both(|lines| lines.insert(4, lines[3].clone()));
    });
    check_tampered("bodies.jsonl record 4", |case| {
        case.edit("bodies.jsonl", |lines| drop(lines.remove(3)));
    });
    check_tampered("bodies.jsonl record 11", |case| {
        case.edit("bodies.jsonl", |lines| lines.push(lines[9].replace("\"seq\":10", "\"seq\":11")));
    });
    check_tampered("bodies.jsonl record 10", |case| {
        case.edit("bodies.jsonl", |lines| drop(lines.pop()));
    });
    check_tampered("events.jsonl record 5", |case| {
        case.edit("events.jsonl", |lines| {
            lines.insert(4, lines[3].clone());
            for (seq, line) in (1..).zip(lines.iter_mut()) {
                let mut event: Value = serde_json::from_str(line).expect("it is JSON");
                event["seq"] = seq.into();
                *line = event.to_string();
            }
            resealed(&mut lines[4..], 1, |events| reseal(events, 0));
        });
    });
}

#[test]
fn a_cut_end_names_the_first_record_that_is_missing() {
    for (left, expected) in [(9, 10), (1, 2), (0, 1)] {
        check_tampered(&format!("events.jsonl record {expected}"), |case| {
            case.edit_both(|lines| lines.truncate(left));
        });
        // Also when the checkpoints that tell are cut as well.
        check_tampered(&format!("events.jsonl record {expected}"), |case| {
            case.edit_both(|lines| lines.truncate(left));
            case.set_lines("checkpoints.jsonl", &[]);
        });
    }
    check_tampered("events.jsonl record 10", |case| {
        let path = case.folder.join("events.jsonl");
        let text = fs::read_to_string(&path).expect("it is there");
        fs::write(path, text.trim_end()).expect("it can be written");
    });
}

/// A pack of another history under our names, judged by what was kept of ours.
fn check_other(chain: &Chain, alone: &str, with_key: &str, with_outside: &str) {
    let case = Case::of(chain, &Chain::new(7, 1));
    assert_eq!(case.judge(false, false), alone);
    assert_eq!(case.judge(false, true), with_key);
    assert_eq!(case.judge(true, false), with_outside);
}

#[test]
fn a_whole_history_made_anew_is_found_by_what_was_kept_elsewhere() {
    // Made anew with a key of one's own.
    let mut stranger = Chain::new(7, 2);
    stranger.extend(1, "mallory");
    check_other(&stranger, "whole", "public_key", "outside.jsonl record 1");
    // Another install's pack.
    check_other(&Chain::new(8, 2), "whole", "public_key", "outside.jsonl record 1");
    // Our own key in the wrong hands, or an old backup that went on: the witness still tells.
    let mut anew = Chain {
        events: Vec::new(),
        bodies: Vec::new(),
        checkpoints: Vec::new(),
        ..Chain::new(7, 1)
    };
    anew.extend(11, "mallory");
    check_other(&anew, "whole", "whole", "events.jsonl record 6");
    let mut fork = Chain::new(7, 1);
    fork.events.truncate(8);
    fork.bodies.truncate(8);
    fork.extend(5, "mallory");
    check_other(&fork, "whole", "whole", "events.jsonl record 10");
    let mut backup = Chain::new(7, 1);
    backup.events.truncate(8);
    backup.bodies.truncate(8);
    check_other(&backup, "whole", "whole", "events.jsonl record 9");
    let mut other_id = Chain::new(8, 1);
    other_id.extend(1, "olga");
    check_other(&other_id, "whole", "whole", "outside.jsonl record 1");
}

#[test]
fn files_that_were_changed_added_or_taken_out_are_named() {
    check_tampered("leaver.csv record 3", |case| {
        case.edit("leaver.csv", |lines| lines[2] = "eve,2026".to_owned());
    });
    check_tampered("leaver.jsonl record 3", |case| {
        case.edit("leaver.jsonl", |lines| drop(lines.pop()));
    });
    check_tampered("leaver.csv", |case| {
        fs::remove_file(case.folder.join("leaver.csv")).expect("it is there");
    });
    check_tampered("notes.txt", |case| {
        fs::write(case.folder.join("notes.txt"), "x").expect("it can be written");
    });
    check_tampered("manifest.json", |case| {
        case.edit("manifest.json", |lines| lines[0] = lines[0].replace("olga", "eve"));
    });
    check_tampered("manifest.json", |case| {
        case.edit("manifest.sig", |lines| lines[0] = "00".repeat(64));
    });
    check_tampered("public_key", |case| {
        case.edit("public_key", |lines| lines[0] = format!("01{}", "00".repeat(31)));
    });
}

/// The line of a body that is not there, and why.
fn absent(why: &str, seq: u64) -> String {
    format!(r#"{{"content":null,"salt":"{why}","seq":{seq}}}"#)
}

#[test]
fn a_body_taken_out_under_any_word_is_named() {
    for why in ["erased", "withheld", "", "gone", &"00".repeat(16)] {
        check_tampered("bodies.jsonl record 4", |case| {
            case.edit("bodies.jsonl", |lines| lines[3] = absent(why, 4));
        });
    }
}

#[test]
fn a_pack_about_one_person_holds_their_bodies_and_is_whole() {
    let chain = Chain::new(7, 1).about(&["per_odd"]);
    let case = Case::of(&chain, &chain);
    assert_eq!(case.verdict(), "whole");
    let lines = case.lines("bodies.jsonl");
    assert!(lines[2].contains("Ána") && !lines[3].contains("Ána"), "{lines:?}");
    assert_eq!(lines[3], absent("withheld", 4));
    let report = verify_folder(&case.folder, None, None).expect("it is whole");
    assert_eq!((report.chain.withheld, report.chain.erased), (5, 0));
}

/// A pack about `per_odd` in which all is as the key's owner signed it, after `tamper`.
fn check_signed(expected: &str, tamper: impl FnOnce(&Case, &mut Value)) {
    let chain = Chain::new(7, 1).about(&["per_odd"]);
    let case = Case::of(&chain, &chain);
    let mut manifest: Value =
        serde_json::from_str(&case.lines("manifest.json")[0]).expect("it is JSON");
    tamper(&case, &mut manifest);
    sign_again(&case, &chain, manifest);
    assert_eq!(case.verdict(), expected);
}

/// Signs the folder as it is now, as whoever has the key could.
fn sign_again(case: &Case, chain: &Chain, mut manifest: Value) {
    use ed25519_dalek::Signer as _;
    use rollbook_core::id::hex;
    use sha2::{Digest as _, Sha256};
    for entry in manifest["files"].as_array_mut().expect("a list") {
        let bytes =
            fs::read(case.path(entry["name"].as_str().expect("text"))).expect("it is there");
        let mark = |line: &[u8]| hex(&Sha256::digest(line))[..8].to_owned();
        let lines = bytes.split_inclusive(|&b| b == b'\n').map(|line| line.trim_ascii_end());
        entry["lines"] = lines.map(mark).collect::<String>().into();
        entry["sha256"] = hex(&Sha256::digest(&bytes)).into();
    }
    let signed = event::signed_bytes("rollbook.manifest.v1", &manifest);
    let text = String::from_utf8(rollbook_core::canonical::bytes(&manifest)).expect("UTF-8");
    case.set_lines("manifest.json", &[text]);
    case.set_lines("manifest.sig", &[hex(&chain.key.sign(&signed).to_bytes())]);
}

#[test]
fn what_must_be_in_a_pack_cannot_be_left_out_even_by_whoever_signs_it() {
    check_signed("whole", |_, _| {});
    check_signed("bodies.jsonl record 3", |case, _| {
        case.edit("bodies.jsonl", |lines| lines[2] = absent("withheld", 3));
    });
    check_signed("bodies.jsonl record 3", |case, _| {
        case.edit("bodies.jsonl", |lines| lines[2] = absent("erased", 3));
    });
    check_signed("bodies.jsonl record 4", |case, _| {
        case.edit("bodies.jsonl", |lines| lines[3] = absent("erased", 4));
    });
    check_signed("bodies.jsonl record 2", |_, manifest| {
        manifest["about"] = json!(["per_even", "per_odd"]);
    });
    check_signed("bodies.jsonl record 2", |_, manifest| manifest["about"] = json!([]));
    check_signed("bodies.jsonl record 6", |_, manifest| {
        manifest["about"] = json!(["chg_6", "per_odd"]);
    });
    check_signed("bodies.jsonl", |_, manifest| manifest["withheld"] = json!(4));
    check_signed("bodies.jsonl", |_, manifest| manifest["erased"] = json!(1));
    check_signed("manifest.json", |_, manifest| {
        manifest["about"] = json!(["per_odd", "per_odd"]);
    });
}

#[test]
fn whom_a_body_tells_of_cannot_be_changed_in_its_event() {
    for concerns in
        [json!([]), json!(["per_odd"]), json!(["per_even", "per_odd"]), json!("per_even")]
    {
        check_tampered("events.jsonl record 4", |case| {
            case.edit("events.jsonl", |lines| {
                let mut event: Value = serde_json::from_str(&lines[3]).expect("it is JSON");
                event["concerns"] = concerns;
                lines[3] = event.to_string();
            });
        });
    }
}

#[test]
fn two_ways_to_write_one_thing_are_refused() {
    let edits: [fn(&str) -> String; 6] = [
        |line| line.replace("{\"", "{ \""),
        |line| line.replace("\"seq\":4", "\"seq\":4.0"),
        |line| line.replace("\"seq\":4", "\"seq\":4,\"seq\":4"),
        |line| line.replace("\"seq\":4", "\"seq\":true"),
        |line| line.replace("\"salt\"", "\"s\\u0061lt\""),
        |line| line.replace("Ána", "\\ud800"),
    ];
    for edit in edits {
        check_tampered("bodies.jsonl record 4", |case| {
            case.edit("bodies.jsonl", |lines| lines[3] = edit(&lines[3]));
        });
    }
}

#[test]
fn an_erased_body_and_later_checkpoints_leave_a_pack_whole() {
    let mut chain = Chain::new(7, 1);
    chain.say_erased("per_even");
    let kept = chain.clone();
    chain.bodies[3] = chain.bodies[3].erased();
    let mut later = kept.clone();
    later.sign();
    later.extend(5, "olga");
    let case = Case::of(&chain, &kept);
    assert_eq!(case.verdict(), "whole");
    let after = event::sign(&later.key, &later.id, later.events.last(), at(201));
    let line = rollbook_core::canonical::bytes(&rollbook_core::canonical::value_of(&after));
    case.edit("outside.jsonl", |lines| lines.push(String::from_utf8(line).expect("it is UTF-8")));
    assert_eq!(case.verdict(), "whole");
    let report = verify_folder(&case.folder, Some(&case.outside), None).expect("it is whole");
    assert_eq!((report.chain.erased, report.outside, report.outside_later), (1, 2, 1));
}

#[test]
fn what_was_erased_stays_so_in_a_pack_about_somebody_else() {
    let mut chain = Chain::new(7, 1).about(&["per_odd"]);
    chain.say_erased("per_even");
    chain.bodies[3] = chain.bodies[3].erased();
    let case = Case::of(&chain, &chain);
    assert_eq!(case.verdict(), "whole");
    assert_eq!(case.lines("bodies.jsonl")[3], absent("erased", 4));
    let report = verify_folder(&case.folder, None, None).expect("it is whole");
    assert_eq!((report.chain.withheld, report.chain.erased), (4, 1));
    check_erased("bodies.jsonl record 11", |lines| lines[10] = absent("withheld", 11));
    check_erased("bodies.jsonl record 11", |lines| lines[10] = absent("erased", 11));
    check_erased("bodies.jsonl record 3", |lines| lines[2] = absent("erased", 3));
    // What came after the erasure is not covered by it.
    check_erased("bodies.jsonl record 12", |lines| lines[11] = absent("erased", 12));
    check_erased("whole", |lines| lines[5] = absent("erased", 6));
}

/// A pack about everything, in which `per_even` was erased after ten events and told of again,
/// signed again after `tamper` emptied bodies.
fn check_erased(expected: &str, tamper: impl FnOnce(&mut Vec<String>)) {
    let mut chain = Chain::new(7, 1);
    chain.say_erased("per_even");
    chain.extend(1, "olga");
    let case = Case::of(&chain, &chain);
    let mut manifest: Value =
        serde_json::from_str(&case.lines("manifest.json")[0]).expect("it is JSON");
    case.edit("bodies.jsonl", tamper);
    let emptied = case.lines("bodies.jsonl").iter().filter(|line| line.contains("erased")).count();
    manifest["erased"] = emptied.into();
    sign_again(&case, &chain, manifest);
    assert_eq!(case.verdict(), expected);
}

#[test]
fn no_pack_is_made_of_a_broken_chain_or_over_another_folder() {
    let dir = tempfile::tempdir().expect("there is a temporary folder");
    let mut chain = Chain::new(7, 1);
    chain.events[3].actor = "mallory".to_owned();
    let pack = |chain: &Chain, folder: &Path, outside: &[Checkpoint]| {
        let pack = Pack {
            chain_id: &chain.id,
            events: &chain.events,
            bodies: &chain.bodies,
            checkpoints: &chain.checkpoints,
            outside,
            about: &chain.about,
            files: &[],
            population: json!({}),
            as_of: at(200),
            made_by: "olga",
        };
        write_folder(folder, &pack, &chain.key).map(drop).map_err(|error| error.to_string())
    };
    let folder = dir.path().join("pack");
    let error = pack(&chain, &folder, &[]).expect_err("the chain is broken");
    assert!(error.contains("Event 4 is broken"), "{error}");
    assert!(!folder.exists());
    let whole = Chain::new(7, 1);
    let mut longer = whole.clone();
    longer.extend(1, "olga");
    longer.sign();
    let error = pack(&whole, &folder, &longer.checkpoints).expect_err("the end is missing");
    assert!(error.contains("Event 11 is broken"), "{error}");
    assert_eq!(pack(&whole, &folder, &[]), Ok(()));
    let error = pack(&whole, &folder, &[]).expect_err("it exists");
    assert!(error.contains("exists already"), "{error}");
    let names: Vec<_> = fs::read_dir(dir.path()).expect("it is there").collect();
    assert_eq!(names.len(), 1, "no half pack is left behind");
}
