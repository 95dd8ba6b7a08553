//! The demonstration, which is the whole main job on a made-up company.

use crate::bench::Bench;

#[test]
fn the_demonstration_ends_with_a_pack_that_verifies() {
    let bench = Bench::empty();
    let ran = bench.run(&["demo", "--dir", "here"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let last = ran.out.lines().last().expect("it prints");
    let pack = last.strip_prefix("PACK=").expect("the last line names the pack");
    assert_eq!(pack, "[DIR]/here/pack");
    let verified = bench.run(&["verify", "here/pack"]);
    assert_eq!(verified.code, 0, "{}", verified.all());
    assert!(ran.out.contains("Standard input is no terminal"), "{}", ran.out);
    assert!(ran.out.contains("all 5 changes are done and confirmed"), "{}", ran.out);
}

#[test]
fn the_demonstration_writes_over_nothing() {
    let bench = Bench::empty();
    bench.write("here/mine.txt", "mine");
    let ran = bench.run(&["demo", "--dir", "here"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
}
