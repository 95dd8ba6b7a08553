//! The demonstration, which is the whole main job on a made-up company.

use std::process::Command;

use crate::bench::{Bench, Ran};

/// Whether chromium and chromedriver are there. Where a tester asks for all, they must be.
fn has_browser() -> bool {
    let starts = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let is_there = starts("chromium") && starts("chromedriver");
    let is_needed = std::env::var_os("ROLLBOOK_TESTERS").is_some();
    assert!(is_there || !is_needed, "`make test` needs chromium and chromedriver.");
    is_there
}

#[test]
fn the_demonstration_ends_with_a_pack_that_verifies() {
    if !has_browser() {
        return;
    }
    let bench = Bench::empty();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let output = bench.command(&["demo", "--dir", "here"]).env("PATH", path).output();
    let ran = bench.normal(&output.expect("the binary starts"));
    assert_eq!(ran.code, 0, "{}", ran.all());
    check_pack(&bench, &ran);
    assert!(ran.out.contains("all 5 changes are done and confirmed"), "{}", ran.all());
}

#[test]
fn without_a_browser_the_demonstration_says_so_and_does_the_rest() {
    let bench = Bench::empty();
    let ran = bench.run(&["demo", "--dir", "here"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    check_pack(&bench, &ran);
    assert!(ran.out.contains("There is no chromium and no chromedriver"), "{}", ran.all());
    assert!(ran.out.contains("the change is done and confirmed"), "{}", ran.all());
}

/// That the last line names a pack, which verifies.
fn check_pack(bench: &Bench, ran: &Ran) {
    let last = ran.out.lines().last().expect("it prints");
    assert_eq!(last.strip_prefix("PACK="), Some("[DIR]/here/pack"));
    let verified = bench.run(&["verify", "here/pack"]);
    assert_eq!(verified.code, 0, "{}", verified.all());
    assert!(ran.out.contains("Standard input is no terminal"), "{}", ran.out);
}

#[test]
fn the_demonstration_writes_over_nothing() {
    let bench = Bench::empty();
    bench.write("here/mine.txt", "mine");
    let ran = bench.run(&["demo", "--dir", "here"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
}
