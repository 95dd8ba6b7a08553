//! What runs by itself, as people see it.

use crate::bench::Bench;

#[test]
fn what_nobody_follows_yet_is_said_and_ends_a_check() {
    let bench = Bench::empty();
    let book = bench.path().join("book");
    let at = book.to_str().expect("it is text");
    assert_eq!(bench.run(&["init", at, "--name", "Ada's"]).code, 0);
    let schedule = |what: &str| bench.run(&["schedule", what, "--workspace", at]);
    insta::assert_snapshot!(schedule("list").all(), @r"
    --- out
    Nothing runs by itself. Write [[schedule]] into rollbook.toml.
    --- exit 0
    ");
    assert_eq!(schedule("check").code, 0);
    let config = book.join("rollbook.toml");
    let text = std::fs::read_to_string(&config).expect("it was made");
    let more = "\n[[schedule]]\nname = \"proof\"\nwhat = \"checkpoint\"\nevery_min = 30\n";
    std::fs::write(&config, text + more).expect("it can be written");
    insta::assert_snapshot!(schedule("check").all(), @r"
    --- out
    proof is not followed: no `rollbook serve` has read it. It counts from when one does.
    --- exit 5
    ");
    let listed = bench.run(&["schedule", "list", "--json", "--workspace", at]).json();
    assert_eq!(listed[0]["when"], "every 30 min");
    let unknown = bench.run(&["schedule", "show", "nightly", "--workspace", at]);
    assert_eq!((unknown.code, unknown.err.contains("no schedule `nightly`")), (2, true));
    insta::assert_snapshot!(bench.run(&["node", "list", "--workspace", at]).all(), @r"
    --- out
    No node was ever here: one process at a time works in this workspace.
    --- exit 0
    ");
}
