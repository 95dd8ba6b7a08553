//! The policy as people check and try it.

use crate::bench::Bench;

#[test]
fn a_policy_is_checked_and_tried_before_anything_was_planned() {
    let bench = Bench::empty();
    let book = bench.path().join("book");
    let at = book.to_str().expect("it is text");
    assert_eq!(bench.run(&["init", at, "--name", "Ada's"]).code, 0);
    insta::assert_snapshot!(bench.run(&["policy", "check", "--workspace", at]).all());
    let today = ["policy", "try", "--since", "2026-11-01", "--workspace", at];
    insta::assert_snapshot!(bench.run(&today).all());
    let stricter = bench.path().join("stricter.toml");
    let text = "[workspace]\nname = \"Ada's\"\ntime_zone = \"UTC\"\n[policy.approval]\nneed = 2\n";
    std::fs::write(&stricter, text).expect("it can be written");
    let file = stricter.to_str().expect("it is text");
    let said = bench.run(&["policy", "try", "--with", file, "--workspace", at]);
    assert!(said.code == 3 && said.err.contains("stricter.toml, line 5"), "{}", said.all());
    let config = book.join("rollbook.toml");
    let text = std::fs::read_to_string(&config).expect("it was made");
    let over = "\n[[policy.approval.delegation]]\nfrom = \"Kim\"\nto = \"Max\"\n\
        starts = \"2026-01-01\"\nuntil = \"2026-02-01\"\n";
    std::fs::write(&config, text + over).expect("it can be written");
    insta::assert_snapshot!(bench.run(&["policy", "check", "--workspace", at]).all());
}
