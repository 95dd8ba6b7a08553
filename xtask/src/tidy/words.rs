//! Words that we do not use.

use super::rust::{Rust, is_name};
use super::{Complaint, Text};

/// Endings of type names that say nothing about what the type is.
const EMPTY_ENDINGS: &[&str] = &[
    "Manager",
    "Service",
    "Handler",
    "Processor",
    "Helper",
    "Util",
    "Utils",
    "Wrapper",
    "Info",
    "Data",
];

/// Hosts that hand out packages: which of them is used is a matter of the machine's own settings.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("files.python", "hosted.org"),
    concat!("npm", "js.org"),
    concat!("npm", "js.com"),
    concat!("proxy.golang", ".org"),
];

/// Checks names in the code and hosts in every text.
pub(crate) fn check(rust: &[Rust], texts: &[Text]) -> Vec<Complaint> {
    let mut complaints: Vec<_> = rust.iter().flat_map(type_names).collect();
    complaints.extend(rust.iter().flat_map(unwraps));
    // Lock files name the hosts by themselves, and an app's facts may be about one of these firms.
    let locked = |path: &str| path.contains("lock") || path.starts_with("apps/");
    complaints.extend(texts.iter().filter(|text| !locked(&text.path)).flat_map(registries));
    complaints
}

fn type_names(file: &Rust) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for keyword in ["struct", "enum", "union", "trait", "type"] {
        for at in file.words(keyword) {
            let rest = file.code[at + keyword.len()..].trim_start();
            let name: String = rest.chars().take_while(|&c| is_name(c)).collect();
            if let Some(ending) = EMPTY_ENDINGS.iter().find(|ending| name.ends_with(**ending)) {
                let message = format!(
                    "`{name}` ends in `{ending}`, which says nothing. Name the type by what it is."
                );
                complaints.push(Complaint::new(&file.path, file.line(at), message));
            }
        }
    }
    complaints
}

fn unwraps(file: &Rust) -> Vec<Complaint> {
    let hits = file.code.match_indices(".unwrap()").map(|(at, _)| at);
    let hits = hits.filter(|&at| !file.is_test(at));
    let message = "`unwrap()` outside a test. Return the error, or `expect(\"why it cannot be\")`.";
    hits.map(|at| Complaint::new(&file.path, file.line(at), message)).collect()
}

fn registries(text: &Text) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, line) in (1..).zip(text.text.lines()) {
        for host in REGISTRIES.iter().filter(|host| line.contains(**host)) {
            let message = format!(
                "`{host}` is named. Leave it to the machine where packages come from; name the package."
            );
            complaints.push(Complaint::new(&text.path, number, message));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_named_by_what_it_does_for_others_is_found() {
        let text =
            "struct UserManager;\nenum Database {}\ntype AccountInfo = u8;\nstruct Metadata;";
        let complaints = type_names(&Rust::read("a.rs", text));
        let found: Vec<_> = complaints.iter().map(|c| (c.line, &c.message[..13])).collect();
        assert_eq!(found, [(1, "`UserManager`"), (3, "`AccountInfo`")]);
    }

    #[test]
    fn unwrap_is_found_outside_tests_only() {
        let text = "// x.unwrap()\nfn f() { x.unwrap(); }\n#[cfg(test)]\nmod tests { fn g() { x.unwrap(); } }";
        let complaints = unwraps(&Rust::read("src/a.rs", text));
        assert_eq!(complaints.iter().map(|c| c.line).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_host_of_packages_is_found_and_lock_files_are_left_alone() {
        let line = format!("pip install --index-url https://{}/simple x", REGISTRIES[1]);
        let texts = [Text::new("scripts/a.sh", &line), Text::new("Cargo.lock", &line)];
        let complaints = check(&[], &texts);
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].file, "scripts/a.sh");
    }
}
