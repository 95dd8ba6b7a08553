//! A whole small workspace from two CSV files, from the first sync to the proof.

use serde_json::Value;

use crate::bench::Bench;

/// `today` is fixed where a text says how long ago something was.
const TODAY: &str = "2026-11-21";

#[test]
fn the_first_run_through() {
    let bench = Bench::small_company();
    insta::assert_snapshot!("sync", bench.run(&["sync", "--today", TODAY]).all());
    insta::assert_snapshot!("identities", bench.run(&["identities", "--today", TODAY]).all());
    insta::assert_snapshot!("accounts", bench.run(&["accounts", "--today", TODAY]).all());
    insta::assert_snapshot!("links", bench.run(&["links", "--today", TODAY]).all());
    insta::assert_snapshot!("findings", bench.run(&["findings", "--today", TODAY]).all());
    insta::assert_snapshot!("verify", bench.run(&["verify"]).all());
}

#[test]
fn the_lines_for_programs_keep_their_keys_and_their_order() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let keys = |line: &str| {
        let line: serde_json::Map<String, Value> = serde_json::from_str(line).expect("an object");
        assert!(!line.is_empty());
        line
    };
    let links = bench.run(&["links", "--json"]);
    for line in links.out.lines() {
        let contract =
            ["instance", "account", "identity", "worker", "state", "score", "rule", "because"];
        check_order(line, &contract);
        let link = keys(line);
        assert_eq!(link["state"] == "suggested", link.contains_key("candidates"), "{line}");
    }
    let findings = bench.run(&["findings", "--json"]);
    assert!(!findings.out.is_empty());
    for line in findings.out.lines() {
        check_order(
            line,
            &[
                "id",
                "kind",
                "instance",
                "account",
                "identity",
                "worker",
                "severity",
                "first_seen",
                "because",
            ],
        );
    }
    let identities = bench.run(&["identities", "--json"]);
    for line in identities.out.lines() {
        check_order(line, &["identity", "kind", "name", "workers", "current"]);
    }
}

/// The keys stand in the line in this order, at its beginning.
fn check_order(line: &str, contract: &[&str]) {
    let mut rest = line;
    for key in contract {
        let at = rest.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key}: {line}"));
        rest = &rest[at..];
    }
}

#[test]
fn each_account_is_the_persons_whose_it_is() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let links = bench.run(&["links", "--json"]).json();
    let owner = |key: &str| {
        let link = links.iter().find(|link| link["account"] == key).expect("it is listed");
        link["worker"].as_str().map(str::to_owned)
    };
    assert_eq!(owner("u1").as_deref(), Some("00101"));
    assert_eq!(owner("u2").as_deref(), Some("00102"));
    assert_eq!(owner("u5"), None);
}

#[test]
fn what_a_human_says_about_a_link_survives_the_next_sync() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let said = bench.run(&["links", "confirm", "wiki/p.nobody", "00104", "--reason", "Nickname"]);
    insta::assert_snapshot!(said.all());
    bench.run(&["sync"]);
    let links = bench.run(&["links", "--state", "confirmed", "--json"]).json();
    assert_eq!(links.len(), 1);
    assert_eq!((&links[0]["account"], &links[0]["worker"]), (&"u5".into(), &"00104".into()));
}

#[test]
fn a_finding_that_was_put_off_is_out_of_the_way_until_its_day() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let raw = bench.command(&["findings", "--kind", "leftover", "--json"]).output().expect("runs");
    let finding: Value = serde_json::from_slice(&raw.stdout).expect("one leftover");
    let id = finding["id"].as_str().expect("an id");
    let put = bench.run(&["findings", "snooze", id, "--until", "2999-01-01", "--reason", "Notice"]);
    assert_eq!(put.code, 0, "{}", put.all());
    assert_eq!(bench.run(&["findings", "--kind", "leftover", "--json"]).out, "");
    let all = bench.run(&["findings", "--kind", "leftover", "--all", "--json"]).json();
    assert_eq!(all[0]["put_off"]["reason"], "Notice");
    assert_eq!(all[0]["put_off"]["by"], "Robin Vale");
}

#[test]
fn rights_that_outlived_one_account_are_one_row_for_people_and_a_line_each_for_programs() {
    let bench = Bench::small_company();
    let config = std::fs::read_to_string(bench.path().join("rollbook.toml")).expect("it is there");
    let more = "roles = \"Roles\"\nends = \"Last day\"\ngroups = \"Groups\"\n";
    bench.write("rollbook.toml", &config.replace("roles = \"Roles\"\n", more));
    let export = "User ID,User name,Name,E-mail,Status,Roles,Last day,Groups\n\
        u1,ana.diaz,Ana Diaz,ana.diaz@acme.example,disabled,,2026-10-31,a;b;c;d;e;f\n\
        u2,jan.jansen,Jan Jansen,jan.jansen@acme.example,disabled,,2026-10-30,a;b\n\
        u3,kim.orlov,Kim Orlov,kim.orlov@acme.example,disabled,,2026-10-30,a\n";
    bench.write("in/wiki.csv", export);
    assert_eq!(bench.run(&["sync", "--today", TODAY]).code, 0);
    let outlived = ["findings", "--kind", "outlived_grant", "--today", TODAY];
    insta::assert_snapshot!("grouped_findings", bench.run(&outlived).all());
    let with = |flag: &'static str| [&outlived[..], &[flag]].concat();
    assert_eq!(bench.run(&with("--json")).json().len(), 9);
    let each = bench.run(&with("--each"));
    assert_eq!(each.out.matches("fnd_[ID]").count(), 9, "{}", each.all());
    assert!(!each.out.contains("--each"), "nothing is left to show: {}", each.all());
}

#[test]
fn a_request_that_the_administrator_refuses_ends_the_run_with_their_words() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let asked = bench.run(&["offboard", "Ana Diaz", "--approve-by", "Kim Orlov", "--yes"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    let request = only_file(&bench.path().join("out/wiki"));
    let refused = bench.path().join("out/wiki/refused");
    std::fs::create_dir(&refused).expect("a folder");
    let name = request.file_name().expect("a name");
    std::fs::rename(&request, refused.join(name)).expect("it is moved");
    std::fs::write(refused.join(name).with_extension("txt"), "She is on the board.\n")
        .expect("the note");
    let resumed = bench.run(&["run", "resume"]);
    assert!(resumed.out.contains("says: She is on the board."), "{}", resumed.all());
    let again = bench.run(&["run", "resume"]);
    assert!(!again.out.contains("She is on the board."), "it is over: {}", again.all());
    assert!(!request.exists(), "it is not asked again");
}

#[test]
fn somebody_is_offboarded_and_the_next_export_proves_it() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let offboard = ["offboard", "Ana Diaz", "--approve-by", "Kim Orlov", "--yes"];
    let asked = bench.run(&offboard);
    assert_eq!(asked.code, 4, "the request lies with somebody else:\n{}", asked.all());
    let export = std::fs::read_to_string(bench.path().join("in/wiki.csv")).expect("the export");
    let closed = export.replace("diaz@acme.example,active", "diaz@acme.example,disabled");
    export_after_the_request(&bench, &closed);
    assert_eq!(bench.run(&["sync"]).code, 0);
    let resumed = bench.run(&["run", "resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert!(resumed.out.contains("the change is done and confirmed"), "{}", resumed.all());
    let packed = bench.run(&["pack", "00101", "--out", "pack"]);
    assert_eq!(packed.code, 0, "{}", packed.all());
    let outside = ["verify", "pack", "--outside", "checkpoints.jsonl", "--key", "rollbook.pub"];
    assert_eq!(bench.run(&outside).code, 0, "{}", bench.run(&outside).all());
    let page = bench.path().join("pack/index.html");
    let text = std::fs::read_to_string(&page).expect("the page");
    assert!(text.contains("Ana Diaz") && text.contains("✓ confirmed"), "{text}");
    std::fs::write(&page, text.replace("✓ confirmed", "✓ Confirmed")).expect("the page");
    let tampered = bench.run(&["verify", "pack"]);
    assert_eq!(tampered.code, 1, "{}", tampered.all());
    assert!(tampered.err.contains("index.html"), "{}", tampered.err);
}

#[test]
fn without_a_terminal_offboarding_only_plans_and_says_how_to_go_on() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    insta::assert_snapshot!(bench.run(&["offboard", "ana.diaz@acme.example"]).all());
    assert_eq!(bench.run(&["run", "list", "--json"]).out, "");
}

#[test]
fn a_wish_is_planned_approved_by_its_digest_and_applied_once() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let wish = ["plan", "suspend", "wiki/jan.jansen", "--reason", "On leave", "--json"];
    let plan = bench.command(&wish).output().expect("it runs");
    let plan: Value = serde_json::from_slice(&plan.stdout).expect("one line");
    let (id, digest) =
        (plan["plan"].as_str().expect("id"), plan["digest"].as_str().expect("digest"));
    let other = "0".repeat(64);
    assert_eq!(bench.run(&["approve", id, "--digest", &other, "--by", "Kim Orlov"]).code, 5);
    assert_eq!(bench.run(&["approve", id, "--digest", digest, "--by", "Kim Orlov"]).code, 0);
    let applied = bench.run(&["apply", id]);
    assert_eq!(applied.code, 4, "{}", applied.all());
    insta::assert_snapshot!(applied.all());
    let again = bench.run(&["apply", id]);
    assert_eq!(again.code, 5, "{}", again.all());
    assert_eq!(bench.run(&["run", "list", "--json"]).json().len(), 1);
}

fn only_file(folder: &std::path::Path) -> std::path::PathBuf {
    let files: Vec<_> = std::fs::read_dir(folder)
        .expect("the outbox")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// A new export, made after the one request that lies in the outbox.
pub(crate) fn export_after_the_request(bench: &Bench, text: &str) {
    export_again_after(bench, &only_file(&bench.path().join("out/wiki")), text);
}

/// A new export that is surely younger than the request, however coarsely the disk counts time.
fn export_again_after(bench: &Bench, request: &std::path::Path, text: &str) {
    let path = bench.write("in/wiki.csv", text);
    let asked = std::fs::metadata(request).and_then(|about| about.modified()).expect("its time");
    let file = std::fs::File::options().write(true).open(path).expect("the export");
    let later = asked + std::time::Duration::from_secs(1);
    file.set_modified(later.max(std::time::SystemTime::now())).expect("its time is set");
}
