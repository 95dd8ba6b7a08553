//! `rollbook scan`: straight from the files, nothing stored.

use serde_json::json;

use crate::bench::Bench;

const TODAY: &str = "2026-11-21";

#[test]
fn a_scan_counts_for_people_and_writes_its_findings_as_a_table() {
    let bench = Bench::small_company();
    let scanned = bench.run(&["scan", "--today", TODAY, "--out", "findings"]);
    insta::assert_snapshot!(scanned.all(), @r"
    --- out
    By safe keys alone on 2026-11-21: 4 worker records of 4 humans.
    A sync may link what is an orphan here, and knows machines, shared accounts and what people decided.

    Instance  Accounts  Open  Linked  Leftover  Orphan  Ambiguous  View
    wiki      5         5     4       1         1       0          complete

    The findings are in findings.
    --- exit 0
    ");
    let found = |file: &str| {
        std::fs::read_to_string(bench.path().join("findings").join(file)).expect("it was written")
    };
    insta::assert_snapshot!(found("accounts-wiki.csv"), @r"
    kind,instance,account,login,rule,source,worker,last_day
    leftover,wiki,u1,ana.diaz,verified_email,hr,00101,2026-10-31
    orphan,wiki,u5,p.nobody,,,,
    ");
    assert_eq!(found("missing.csv").lines().count(), 1, "a header and nothing missing");
    assert_eq!(bench.run(&["accounts", "--json"]).out, "", "nothing was stored");
}

#[test]
fn a_scan_tells_programs_the_same_in_lines() {
    let bench = Bench::small_company();
    let lines = bench.run(&["scan", "--today", TODAY, "--json"]).json();
    let instance = json!({
        "instance": "wiki", "accounts": 5, "open": 5, "linked": 4, "leftover": 1, "orphan": 1,
        "ambiguous_owner": 0, "complete": true, "why": [],
    });
    let head = json!({"today": TODAY, "records": 4, "humans": 4, "by": "keys"});
    assert_eq!(lines, [head, instance]);
    // Two weeks before her last day Ana is no leftover.
    let before = bench.run(&["scan", "--today", "2026-10-17", "--json"]).json();
    assert_eq!(before[1]["leftover"], 0);
}

#[test]
fn a_scan_overwrites_nothing_and_names_the_file_that_it_cannot_read() {
    let bench = Bench::small_company();
    bench.write("findings/mine.txt", "kept");
    let refused = bench.run(&["scan", "--out", "findings"]);
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert!(refused.err.contains("findings is there already"), "{}", refused.err);
    bench.write("in/wiki.csv", "Somebody,Else\n1,2\n");
    let unread = bench.run(&["scan", "--json"]);
    assert_ne!(unread.code, 0, "{}", unread.all());
    assert!(unread.out.contains("wiki.csv"), "{}", unread.all());
}
