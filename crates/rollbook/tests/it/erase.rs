//! `rollbook erase`: what it refuses, what it takes out, and that the rest verifies.

use crate::bench::Bench;

const REASON: &str = "Ticket 4711";

/// Ana's account is suspended, by a run that is over.
fn after_offboarding() -> Bench {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let asked = bench.run(&["offboard", "Ana Diaz", "--approve-by", "Kim Orlov", "--yes"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    let export = std::fs::read_to_string(bench.path().join("in/wiki.csv")).expect("the export");
    let closed = export.replace("diaz@acme.example,active", "diaz@acme.example,disabled");
    crate::workspace::export_after_the_request(&bench, &closed);
    assert_eq!(bench.run(&["sync"]).code, 0);
    assert_eq!(bench.run(&["run", "resume"]).code, 0);
    bench
}

#[test]
fn somebody_who_left_is_erased_and_what_is_packed_then_verifies() {
    let bench = after_offboarding();
    assert_eq!(bench.run(&["pack", "Ana Diaz", "--out", "before"]).code, 0);
    let erased = bench.run(&["erase", "Ana Diaz", "--reason", REASON, "--yes"]);
    insta::assert_snapshot!(erased.all(), @r"
    --- out
    Ana Diaz (per_[ID])
    Emptied: 11 records that tell of them alone. Forgotten: 1 plan with approvals and runs.
    Still delivered, and so still known: hr/00101, wiki/u1.
    per_[ID] is erased.
    Packs, outboxes and backups lie outside the database and are as they were.
    --- exit 0
    ");
    let verify = |pack| {
        bench.run(&["verify", pack, "--outside", "checkpoints.jsonl", "--key", "rollbook.pub"])
    };
    assert_eq!(verify("before").code, 0);
    assert_eq!(bench.run(&["verify"]).code, 0);
    assert_eq!(bench.run(&["pack", "Kim Orlov", "--out", "after"]).code, 0);
    let after = verify("after");
    assert_eq!(after.code, 0, "{}", after.all());
    assert!(after.out.contains("of erased people"), "{}", after.out);
    let bodies = bench.path().join("after/bodies.jsonl");
    let bodies = std::fs::read_to_string(bodies).expect("the bodies");
    assert!(bodies.contains(REASON) && !bodies.contains("ana.diaz"), "{bodies}");
    assert_eq!(bench.run(&["run", "list", "--json"]).out, "", "it was about her alone");
}

#[test]
fn nobody_is_erased_without_being_asked_nor_while_they_work_here() {
    let bench = after_offboarding();
    let unasked = bench.run(&["erase", "Ana Diaz", "--reason", REASON]);
    assert_eq!(unasked.code, 5, "{}", unasked.all());
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    let named = bench.run(&["erase", "00101", "--reason", "Ana Diaz wrote", "--yes"]);
    assert_eq!(named.code, 2, "{}", named.all());
    let works = bench.run(&["erase", "Kim Orlov", "--reason", REASON, "--yes"]);
    insta::assert_snapshot!(works.all(), @r"
    --- err
    error: Kim Orlov cannot be erased now. They work here by the record hr/00103, which has no end. The account kim.orlov in wiki is active.
    hint:  `rollbook offboard` closes what is open; erase once that is over and proven.
    --- exit 5
    ");
    let kinds = bench.run(&["run", "list", "--json"]).json();
    assert_eq!(kinds.len(), 1, "nothing was taken out");
}
