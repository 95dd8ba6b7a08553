//! A delivery that shrank, and how somebody says that it is right.

use crate::bench::Bench;

const TODAY: &str = "2026-11-21";

#[test]
fn a_delivery_that_shrank_is_let_in_by_name_and_reason_for_this_once() {
    let bench = Bench::small_company();
    assert_eq!(bench.run(&["sync", "--today", TODAY]).code, 0);
    let all = std::fs::read_to_string(bench.path().join("in/workers.csv")).expect("the delivery");
    let first = |rows: usize| {
        all.lines().take(rows + 1).map(|line| format!("{line}\n")).collect::<String>()
    };
    bench.write("in/workers.csv", &first(2));
    let kept_out = bench.run(&["sync", "--today", TODAY]);
    assert_eq!(kept_out.code, 5, "{}", kept_out.all());
    let hint = "rollbook sync --accept-shrink hr --reason";
    assert!(kept_out.err.contains(hint), "the stop says how to go on: {}", kept_out.err);
    let accept = ["sync", "--today", TODAY, "--accept-shrink", "hr"];
    let unreasoned = bench.run(&accept);
    assert_eq!(unreasoned.code, 2, "{}", unreasoned.all());
    let accepted = bench.run(&[&accept[..], &["--reason", "The unit was sold"]].concat());
    assert_eq!(accepted.code, 0, "{}", accepted.all());
    assert!(accepted.out.contains("2 identities, 5 accounts"), "{}", accepted.out);
    bench.write("in/workers.csv", &first(1));
    let again = bench.run(&["sync", "--today", TODAY]);
    assert!(again.err.contains("holds 1 record where"), "{}", again.all());
}
