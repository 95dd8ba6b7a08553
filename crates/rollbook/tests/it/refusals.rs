//! What cannot be done, and how it is said.

use std::io::BufRead as _;
use std::process::Stdio;

use crate::bench::Bench;

#[test]
fn a_command_outside_a_workspace_says_how_to_make_one() {
    insta::assert_snapshot!(Bench::empty().run(&["findings"]).all());
}

#[test]
fn an_error_for_programs_is_one_line_of_json() {
    let ran = Bench::empty().run(&["findings", "--json"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let error: serde_json::Value = serde_json::from_str(&ran.err).expect("JSON");
    assert_eq!(error["exit"], 2);
    assert!(error["hints"][0].as_str().expect("a hint").contains("rollbook init"));
}

#[test]
fn a_second_workspace_never_replaces_the_first() {
    let bench = Bench::small_company();
    insta::assert_snapshot!(bench.run(&["init", "."]).all());
}

#[test]
fn a_mapping_to_a_column_that_is_not_there_keeps_the_delivery_out() {
    let bench = Bench::small_company();
    bench.write("in/workers.csv", "Number,Name\n00101,Ana Diaz\n");
    insta::assert_snapshot!(bench.run(&["sync"]).all());
}

#[test]
fn an_unknown_key_in_the_configuration_is_named_with_its_line() {
    let bench = Bench::small_company();
    bench.write(
        "rollbook.toml",
        "[workspace]\nname = \"Acme\"\ntime_zone = \"UTC\"\ntimezone = 1\n",
    );
    insta::assert_snapshot!(bench.run(&["sync"]).all());
}

#[test]
fn a_second_process_is_turned_away_while_the_first_one_works() {
    let bench = Bench::small_company();
    let held = std::fs::File::create(bench.path().join("rollbook.lock")).expect("the lock file");
    held.lock().expect("nobody else has it");
    insta::assert_snapshot!(bench.run(&["findings"]).all());
    drop(held);
    assert_eq!(bench.run(&["findings"]).code, 0);
}

#[test]
fn names_that_are_not_known_are_answered_with_those_that_are_near() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    insta::assert_snapshot!(bench.run(&["accounts", "--instance", "wikki"]).all());
    insta::assert_snapshot!(bench.run(&["offboard", "diaz"]).all());
    insta::assert_snapshot!(bench.run(&["plan", "suspend", "wiki/nobody"]).all());
}

#[test]
fn nobody_approves_what_they_asked_for() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let plan = bench.command(&["offboard", "00101", "--json"]).output().expect("it runs");
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("one line of JSON");
    let id = plan["plan"].as_str().expect("an id");
    let ran = bench.run(&["approve", id, "--yes", "--by", "robin vale"]);
    assert_eq!(ran.code, 5, "{}", ran.all());
    insta::assert_snapshot!(ran.err);
    let unapproved = bench.run(&["apply", id]);
    assert_eq!(unapproved.code, 5, "{}", unapproved.all());
}

#[test]
fn yes_on_a_pipe_is_no_approval() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let plan = bench.command(&["offboard", "00101", "--json"]).output().expect("it runs");
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("one line of JSON");
    let id = plan["plan"].as_str().expect("an id");
    let ran = bench.run_with(&["approve", id, "--by", "Kim Orlov"], "yes\n");
    assert_eq!(ran.code, 5, "{}", ran.all());
    insta::assert_snapshot!(ran.err);
}

#[test]
fn a_closed_pipe_is_quiet() {
    let bench = Bench::small_company();
    bench.run(&["sync"]);
    let mut command = bench.command(&["completions", "bash"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let stdout = child.stdout.take().expect("it was piped");
    let mut line = String::new();
    std::io::BufReader::new(stdout).read_line(&mut line).expect("one line");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
