//! Which crate may know which, and which words must not stand where.

use super::rust::Rust;
use super::{Complaint, Text};

/// The crates of the workspace and what each may depend on. Dev-dependencies may add the testkit.
const MAY_USE: &[(&str, &[&str])] = &[
    ("rollbook-core", &[]),
    ("rollbook-scim", &[]),
    ("rollbook-catalog", &["rollbook-core"]),
    ("rollbook-engine", &["rollbook-core", "rollbook-catalog", "rollbook-scim"]),
    (
        "rollbook",
        &[
            "rollbook-engine",
            "rollbook-scim",
            "rollbook-core",
            "rollbook-catalog",
            "rollbook-testkit",
        ],
    ),
    ("rollbook-testkit", &["rollbook-core", "rollbook-catalog", "rollbook-scim"]),
    (
        "rollbook-bench",
        &["rollbook-core", "rollbook-catalog", "rollbook-engine", "rollbook-testkit"],
    ),
    ("rollbook-fuzz", &["rollbook-scim"]),
    ("xtask", &["rollbook-catalog"]),
];

const TESTKIT: &str = "rollbook-testkit";

/// A word that must not stand in the code of some files, and what to do instead.
struct Ban {
    word: &'static str,
    within: &'static str,
    except: &'static str,
    /// Whether test code is free to use it.
    tests_may: bool,
    instead: &'static str,
}

const PURE: &str =
    "The core has no IO, no clock, no randomness and no async; take it as a parameter.";
const REACH: &str = "Only crates/engine/src/channel reaches a vendor; go through a channel.";
const ONE_DATABASE: &str =
    "Only crates/engine/src/store/db knows which database it is; go through its `Db`.";
const FORGET: &str = "A channel never reaches the database; return what was read or done instead.";

const fn ban(word: &'static str, within: &'static str, instead: &'static str) -> Ban {
    Ban { word, within, except: "-", tests_may: false, instead }
}

const fn knows_database(word: &'static str) -> Ban {
    let (within, except) = ("crates/", "crates/engine/src/store/db");
    Ban { word, within, except, tests_may: true, instead: ONE_DATABASE }
}

const BANS: &[Ban] = &[
    ban("tokio", "crates/core/", PURE),
    ban("reqwest", "crates/core/", PURE),
    ban("std::fs", "crates/core/", PURE),
    ban("std::net", "crates/core/", PURE),
    // A test is told so which seed to play again.
    Ban { tests_may: true, ..ban("std::env", "crates/core/", PURE) },
    ban("std::process", "crates/core/", PURE),
    ban("std::time", "crates/core/", PURE),
    ban("SystemTime", "crates/core/", PURE),
    ban("Instant::now", "crates/core/", PURE),
    ban("Timestamp::now", "crates/core/", PURE),
    ban("Zoned::now", "crates/core/", PURE),
    ban("rand", "crates/core/", PURE),
    ban("getrandom", "crates/core/", PURE),
    ban("async", "crates/core/", PURE),
    Ban {
        word: "reqwest",
        within: "crates/",
        except: "crates/engine/src/channel",
        tests_may: true,
        instead: REACH,
    },
    knows_database("rusqlite"),
    knows_database("tokio_postgres"),
    ban("crate::store", "crates/engine/src/channel", FORGET),
    ban("super::store", "crates/engine/src/channel", FORGET),
];

/// Checks the manifests and the code of all crates.
pub(crate) fn check(manifests: &[&Text], rust: &[Rust]) -> Vec<Complaint> {
    let mut complaints: Vec<_> = manifests.iter().flat_map(|manifest| edges(manifest)).collect();
    complaints.extend(rust.iter().flat_map(banned));
    complaints.extend(unsafe_allowed(manifests, rust));
    complaints.extend(forgotten_tests(rust));
    complaints
}

/// Dependencies that point the wrong way.
fn edges(manifest: &Text) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut section = "";
    let mut package = "";
    for (number, line) in (1..).zip(manifest.text.lines().map(str::trim)) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            continue;
        }
        let word = line.split(['.', ' ', '=']).next().unwrap_or("");
        if section == "package" && word == "name" {
            package = line.split('"').nth(1).unwrap_or("");
        }
        let depends = matches!(section, "dependencies" | "build-dependencies" | "dev-dependencies");
        let ours = MAY_USE.iter().any(|(name, _)| *name == word);
        if !depends || !ours || (section == "dev-dependencies" && word == TESTKIT) {
            continue;
        }
        let allowed =
            MAY_USE.iter().find(|(name, _)| *name == package).map_or(&[][..], |(_, to)| to);
        if !allowed.contains(&word) {
            let message = format!(
                "{package} may not depend on {word}. Turn the edge round or move the code; a new edge \
                 needs its reason in ARCHITECTURE.md and a line in xtask/src/tidy/layers.rs."
            );
            complaints.push(Complaint::new(&manifest.path, number, message));
        }
    }
    complaints
}

/// Words that stand where they must not.
fn banned(file: &Rust) -> Vec<Complaint> {
    let here = BANS
        .iter()
        .filter(|ban| file.path.starts_with(ban.within) && !file.path.starts_with(ban.except));
    here.flat_map(|ban| {
        let hits = file.words(ban.word).filter(|&at| !(ban.tests_may && file.is_test(at)));
        hits.map(|at| {
            let message = format!("`{}` has no place here. {}", ban.word, ban.instead);
            Complaint::new(&file.path, file.line(at), message)
        })
    })
    .collect()
}

/// Crates that do not forbid unsafe code, at their root and by the workspace's lints.
fn unsafe_allowed(manifests: &[&Text], rust: &[Rust]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for manifest in manifests.iter().filter(|manifest| manifest.text.contains("[package]")) {
        if !manifest.text.contains("[lints]\nworkspace = true") {
            let message =
                "The workspace's lints are not used. Add `[lints]` with `workspace = true`.";
            complaints.push(Complaint::new(&manifest.path, 1, message));
        }
    }
    let is_root = |path: &str| path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
    for file in rust.iter().filter(|file| is_root(&file.path)) {
        if !file.code.contains("#![forbid(unsafe_code)]") {
            let message = "The crate does not forbid unsafe code. Add `#![forbid(unsafe_code)]`.";
            complaints.push(Complaint::new(&file.path, 1, message));
        }
    }
    complaints
}

/// Files of an integration test that its `main.rs` does not name: they would never run.
fn forgotten_tests(rust: &[Rust]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for main in rust.iter().filter(|file| file.path.ends_with("tests/it/main.rs")) {
        let folder = main.path.trim_end_matches("main.rs");
        let inside = |file: &&Rust| file.path.starts_with(folder) && file.path != main.path;
        for file in rust.iter().filter(inside) {
            let name = file.path[folder.len()..].split(['/', '.']).next().unwrap_or("");
            if !main.words("mod").any(|at| names(&main.code[at + 3..], name)) {
                let message =
                    format!("The tests in here never run. Add `mod {name};` to {}.", main.path);
                complaints.push(Complaint::new(&file.path, 1, message));
            }
        }
    }
    complaints
}

fn names(rest: &str, name: &str) -> bool {
    let rest = rest.trim_start();
    rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with([';', '{']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(complaints: &[Complaint]) -> Vec<(usize, &str)> {
        let first = |c: &Complaint| c.message.find(". ").map_or(c.message.len(), |at| at + 1);
        complaints.iter().map(|c| (c.line, &c.message[..first(c)])).collect()
    }

    #[test]
    fn a_dependency_against_the_direction_is_named_with_its_line() {
        let text = "[package]\nname = \"rollbook-catalog\"\n\n[dependencies]\n\
                    rollbook-core.workspace = true\nrollbook-engine = { path = \"../engine\" }\n\
                    [dev-dependencies]\nrollbook-testkit.workspace = true\n";
        let complaints = edges(&Text::new("crates/catalog/Cargo.toml", text));
        assert_eq!(
            lines(&complaints),
            [(6, "rollbook-catalog may not depend on rollbook-engine.")]
        );
    }

    #[test]
    fn the_clock_in_core_is_found_in_code_and_in_tests_and_not_in_comments() {
        let text = "// SystemTime\nfn f() { std::time::SystemTime::now(); }\nlet operand = 1;";
        let complaints = banned(&Rust::read("crates/core/src/plan.rs", text));
        let words = lines(&complaints);
        assert_eq!(
            words,
            [(2, "`std::time` has no place here."), (2, "`SystemTime` has no place here.")]
        );
    }

    #[test]
    fn http_outside_the_channels_is_found_unless_a_test_asks() {
        let text = "use reqwest::Client;\n#[cfg(test)]\nmod tests {\n use reqwest::Client;\n}\n";
        let web = banned(&Rust::read("crates/rollbook/src/main.rs", text));
        assert_eq!(lines(&web), [(1, "`reqwest` has no place here.")]);
        assert_eq!(banned(&Rust::read("crates/engine/src/channel/scim.rs", text)), []);
    }

    #[test]
    fn a_channel_that_knows_the_store_is_found() {
        let text = "use crate::store::Store;\nuse rusqlite::Connection;";
        let complaints = banned(&Rust::read("crates/engine/src/channel/file.rs", text));
        assert_eq!(
            lines(&complaints),
            [(2, "`rusqlite` has no place here."), (1, "`crate::store` has no place here.")]
        );
    }

    #[test]
    fn a_store_file_that_knows_which_database_it_is_is_found() {
        let text = "use rusqlite::Connection;\nuse tokio_postgres::Client;";
        let complaints = banned(&Rust::read("crates/engine/src/store/plans.rs", text));
        assert_eq!(
            lines(&complaints),
            [(1, "`rusqlite` has no place here."), (2, "`tokio_postgres` has no place here.")]
        );
        assert_eq!(banned(&Rust::read("crates/engine/src/store/db/sqlite.rs", text)), []);
    }

    #[test]
    fn a_crate_that_allows_unsafe_is_found_by_root_and_by_manifest() {
        let manifest = Text::new("crates/x/Cargo.toml", "[package]\nname = \"x\"\n");
        let root = Rust::read("crates/x/src/lib.rs", "// #![forbid(unsafe_code)]\n");
        assert_eq!(unsafe_allowed(&[&manifest], &[root]).len(), 2);
    }

    #[test]
    fn a_test_file_that_main_does_not_name_is_found() {
        let files = [
            Rust::read("crates/x/tests/it/main.rs", "mod plan;\n// mod forgotten;\n"),
            Rust::read("crates/x/tests/it/plan.rs", ""),
            Rust::read("crates/x/tests/it/forgotten.rs", ""),
        ];
        let complaints = forgotten_tests(&files);
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].file, "crates/x/tests/it/forgotten.rs");
    }
}
