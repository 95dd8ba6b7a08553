//! A scan of files: what it counts, what it writes, and what it does not claim.

use std::fs;
use std::num::NonZero;
use std::path::Path;

use jiff::civil::date;
use rollbook_engine::config::Config;
use rollbook_engine::progress::Quiet;
use rollbook_engine::scanning::{self, Form, Options, Scan};
use tempfile::TempDir;

const CONFIGURATION: &str = r#"
[workspace]
name = "Ada"
time_zone = "Europe/Amsterdam"
employer_domains = ["ada.example"]

[[source]]
name = "hr"
path = "workers.csv"
columns = { number = "id", kind = "kind", ends = "last", work_email = "mail" }

[[instance]]
name = "crm"
[instance.file]
path = "crm.csv"
columns = { key = "id", login = "login", email = "mail", worker_number = "number", state = "state" }

[[instance]]
name = "labs"
covers = ["research"]
[instance.file]
path = "labs.csv"
columns = { key = "id", login = "login", state = "state" }

[[policy.birthright]]
instance = "crm"

[[policy.birthright]]
instance = "labs"
"#;

const WORKERS: &str = "\
id,kind,last,mail
E1,employment,,ana@ada.example
E2,employment,2026-10-31,bo@ada.example
E3,research,,desk@ada.example
E4,employment,,desk@ada.example
";

const CRM: &str = "\
id,login,mail,number,state
u1,ana,ANA@ada.example,,active
u2,=cmd,,e2,active
u3,desk,desk@ada.example,,active
u4,x,bo@else.example,,invited
u5,E4,,,suspended
";

const LABS: &str = "id,login,state\nl1,e1,active\nl2,E2,deleted\n";

fn workspace(changed: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    let files = [
        ("rollbook.toml", CONFIGURATION),
        ("workers.csv", WORKERS),
        ("crm.csv", CRM),
        ("labs.csv", LABS),
    ];
    for (name, text) in files.iter().chain(changed) {
        fs::write(folder.path().join(name), text).expect("it can be written");
    }
    folder
}

fn scan(
    folder: &TempDir,
    out: Option<(&Path, Form)>,
    threads: usize,
) -> rollbook_engine::Result<Scan> {
    let config = Config::load(folder.path()).expect("the test writes a good configuration");
    let threads = NonZero::new(threads).expect("the test asks for at least one");
    let options = Options { today: date(2026, 11, 21), threads, out };
    scanning::scan(folder.path(), &config, options, &Quiet)
}

/// What a scan counts, a line each.
fn counted(scan: &Scan) -> String {
    let mut text = format!("{} records, {} humans\n", scan.records, scan.humans);
    for swept in &scan.instances {
        text += &match &swept.read {
            None => format!("{} left out\n", swept.instance),
            Some(Err(error)) => format!("{} {}\n", swept.instance, crate::said(error)),
            Some(Ok(counts)) => format!("{} {counts:?} {:?}\n", swept.instance, swept.doubts),
        };
    }
    for lacking in &scan.rights {
        text += &format!("{} {:?}\n", lacking.instance, lacking.missing);
    }
    text
}

#[test]
fn keys_link_and_the_rest_is_counted_by_what_is_wrong() {
    let folder = workspace(&[]);
    let one = scan(&folder, None, 1).expect("the files are good");
    insta::assert_snapshot!(counted(&one), @"
    4 records, 4 humans
    crm Counts { accounts: 5, open: 4, linked: 3, leftover: 1, orphan: 1, ambiguous_owner: 1 } []
    labs Counts { accounts: 2, open: 1, linked: 2, leftover: 1, orphan: 0, ambiguous_owner: 0 } []
    crm Ok(1)
    labs Ok(1)
    ");
    let two = scan(&folder, None, 2).expect("the files are good");
    assert_eq!(counted(&one), counted(&two), "the number of threads changes nothing");
}

#[test]
fn an_instance_that_cannot_be_read_keeps_no_other_from_being_read_and_nothing_is_missing_there() {
    let folder = workspace(&[("crm.csv", "id,login,mail,number,state\nu1,ana\n")]);
    insta::assert_snapshot!(counted(&scan(&folder, None, 2).expect("the source is good")), @r#"
    4 records, 4 humans
    crm crm.csv, line 2: this row has 2 cells, but the header has 5.
      A cell that holds the separator must stand in quotes.
    labs Counts { accounts: 2, open: 1, linked: 2, leftover: 1, orphan: 0, ambiguous_owner: 0 } []
    crm Err([InstanceName("crm")])
    labs Ok(1)
    "#);
}

#[test]
fn a_state_that_is_not_known_makes_the_view_partial_and_nothing_is_missing_there() {
    let folder = workspace(&[("labs.csv", "id,login,state\nl1,e9,asleep\n")]);
    insta::assert_snapshot!(counted(&scan(&folder, None, 2).expect("the files are good")), @r#"
    4 records, 4 humans
    crm Counts { accounts: 5, open: 4, linked: 3, leftover: 1, orphan: 1, ambiguous_owner: 1 } []
    labs Counts { accounts: 1, open: 1, linked: 0, leftover: 0, orphan: 1, ambiguous_owner: 0 } ["The column `state` of labs.csv holds words that `state_words` does not know: `asleep` in 1 row. Those accounts are taken as active."]
    crm Ok(1)
    labs Err([InstanceName("labs")])
    "#);
}

#[test]
fn an_instance_that_is_not_read_from_a_file_is_left_out_and_so_is_what_may_be_missing_there() {
    let scim = "\n[[instance]]\nname = \"chat\"\n[instance.scim]\nbase_url = \"https://x.example\"\n\
                token = { env = \"TOKEN\" }\n[[policy.birthright]]\ninstance = \"*\"\n";
    let folder = workspace(&[("rollbook.toml", &format!("{CONFIGURATION}{scim}"))]);
    insta::assert_snapshot!(counted(&scan(&folder, None, 2).expect("the files are good")), @r#"
    4 records, 4 humans
    crm Counts { accounts: 5, open: 4, linked: 3, leftover: 1, orphan: 1, ambiguous_owner: 1 } []
    labs Counts { accounts: 2, open: 1, linked: 2, leftover: 1, orphan: 0, ambiguous_owner: 0 } []
    chat left out
    crm Ok(1)
    labs Ok(1)
    * Err([InstanceName("chat")])
    "#);
}

/// The files below `folder`, each with its text.
fn written(folder: &Path) -> String {
    let names = fs::read_dir(folder).expect("it was made").map(|entry| entry.expect("it is there"));
    let mut names: Vec<_> = names.map(|entry| entry.path()).collect();
    names.sort();
    let shown = names.iter().map(|path| {
        let name = path.file_name().expect("a file has a name").to_string_lossy();
        format!("-- {name}\n{}", fs::read_to_string(path).expect("it is text"))
    });
    shown.collect()
}

#[test]
fn the_findings_are_written_as_csv_that_no_spreadsheet_runs() {
    let folder = workspace(&[]);
    let out = folder.path().join("out/findings");
    scan(&folder, Some((&out, Form::Csv)), 2).expect("the files are good");
    insta::assert_snapshot!(written(&out), @"
    -- accounts-crm.csv
    kind,instance,account,login,rule,source,worker,last_day
    leftover,crm,u2,'=cmd,worker_number,hr,E2,2026-10-31
    ambiguous_owner,crm,u3,desk,verified_email,,,
    orphan,crm,u4,x,,,,
    -- accounts-labs.csv
    kind,instance,account,login,rule,source,worker,last_day
    leftover,labs,l1,e1,login_number,hr,E1,
    -- missing.csv
    kind,instance,account,login,rule,source,worker,last_day
    missing,crm,,,,hr,E3,
    missing,labs,,,,hr,E3,
    ");
    let again = scan(&folder, Some((&out, Form::Csv)), 2).expect_err("the folder is not empty");
    assert!(again.message.ends_with("is there already and is no empty folder."), "{again}");
}

#[test]
fn the_findings_are_written_as_json_lines() {
    let folder = workspace(&[]);
    let out = folder.path().join("findings");
    scan(&folder, Some((&out, Form::JsonLines)), 2).expect("the files are good");
    insta::assert_snapshot!(written(&out), @r#"
    -- accounts-crm.jsonl
    {"kind":"leftover","instance":"crm","account":"u2","login":"=cmd","rule":"worker_number","source":"hr","worker":"E2","last_day":"2026-10-31"}
    {"kind":"ambiguous_owner","instance":"crm","account":"u3","login":"desk","rule":"verified_email","source":null,"worker":null,"last_day":null}
    {"kind":"orphan","instance":"crm","account":"u4","login":"x","rule":null,"source":null,"worker":null,"last_day":null}
    -- accounts-labs.jsonl
    {"kind":"leftover","instance":"labs","account":"l1","login":"e1","rule":"login_number","source":"hr","worker":"E1","last_day":null}
    -- missing.jsonl
    {"kind":"missing","instance":"crm","account":null,"login":null,"rule":null,"source":"hr","worker":"E3","last_day":null}
    {"kind":"missing","instance":"labs","account":null,"login":null,"rule":null,"source":"hr","worker":"E3","last_day":null}
    "#);
}

#[test]
fn a_source_that_cannot_be_read_ends_the_scan_and_leaves_nothing_behind() {
    let folder = workspace(&[("workers.csv", "id,kind,last,mail\n,employment,,\n")]);
    let out = folder.path().join("findings");
    let error = scan(&folder, Some((&out, Form::Csv)), 2).expect_err("a number is empty");
    insta::assert_snapshot!(crate::said(&error), @"
    workers.csv, line 2, column `id`: the worker number is empty, so nobody can say whose record this is.
    ");
    let left = fs::read_dir(folder.path()).expect("it is there").count();
    assert_eq!(left, 4, "only the test's own files are there");
}
