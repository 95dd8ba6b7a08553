//! The catalog as people see it.

use crate::bench::Bench;

#[test]
fn the_matrix_can_be_narrowed_to_what_can_be_done() {
    let bench = Bench::empty();
    insta::assert_snapshot!(bench.run(&["apps", "--can", "suspend", "design"]).all());
    let all = bench.run(&["apps", "--json"]);
    assert!(all.out.lines().count() >= 134, "{}", all.out);
    for line in all.out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(line["app"].is_string() && line["can"].is_array(), "{line}");
    }
}

#[test]
fn a_guide_needs_no_workspace_and_a_misspelt_app_is_answered_with_what_was_meant() {
    let bench = Bench::empty();
    let guide = bench.run(&["guide", "mindtickle"]);
    assert_eq!(guide.code, 0);
    assert!(guide.out.contains("## Traps"), "{}", guide.out);
    insta::assert_snapshot!(bench.run(&["guide", "mindtickles"]).all());
    insta::assert_snapshot!(bench.run(&["guide", "zzz"]).all());
}

#[test]
fn the_pages_of_all_apps_are_written_into_a_folder() {
    let bench = Bench::empty();
    let folder = bench.path().join("guides");
    let said = bench.run(&["guide", "--html", folder.to_str().expect("it is text")]);
    assert_eq!(said.code, 0, "{}", said.all());
    let pages = std::fs::read_dir(&folder).expect("it was made").count();
    assert!(pages >= 135, "{pages}");
}
