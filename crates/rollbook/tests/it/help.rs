//! What the command says about itself.

use crate::bench::Bench;

#[test]
fn the_help_shows_the_way_from_nothing_to_proof() {
    insta::assert_snapshot!(Bench::empty().run(&["--help"]).all());
}

#[test]
fn the_exit_codes_are_written_down() {
    insta::assert_snapshot!(Bench::empty().run(&["help", "exit-codes"]).all());
}

#[test]
fn every_command_has_a_description_and_an_example() {
    let bench = Bench::empty();
    for command in [
        "init",
        "sync",
        "identities",
        "accounts",
        "links",
        "findings",
        "plan",
        "approve",
        "apply",
        "run",
        "schedule",
        "work",
        "node",
        "task",
        "offboard",
        "lifecycle",
        "pack",
        "verify",
        "apps",
        "guide",
        "probe",
        "demo",
        "completions",
    ] {
        let help = bench.run(&[command, "--help"]);
        assert_eq!(help.code, 0, "{command}");
        assert!(help.out.contains("Example"), "{command} has no example:\n{}", help.out);
        assert!(help.out.contains(&format!("rollbook {command}")), "{command}:\n{}", help.out);
    }
}

#[test]
fn a_typing_mistake_is_answered_with_what_was_meant() {
    let bench = Bench::empty();
    insta::assert_snapshot!(bench.run(&["findigns"]).all());
    insta::assert_snapshot!(bench.run(&["findings", "--kind", "leftovers"]).all());
}

#[test]
fn completions_are_made_for_every_shell() {
    let bench = Bench::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = bench.run(&["completions", shell]);
        assert_eq!(script.code, 0, "{shell}");
        assert!(script.out.contains("offboard"), "{shell}");
    }
}
