//! Leavers, limits and the evidence of a period as people type them.

use crate::bench::Bench;

#[test]
fn a_leaver_is_listed_shown_marked_and_planned() {
    let bench = Bench::small_company();
    assert_eq!(bench.run(&["sync"]).code, 0);
    let listed = bench.run(&["lifecycle", "list"]);
    let row = listed.out.lines().find(|line| line.starts_with("Ana Diaz")).expect("she left");
    assert!(row.contains("cutoff") && row.contains("cut_access"), "{row}");
    let shown = bench.run(&["lifecycle", "show", "Ana Diaz"]).out;
    assert!(shown.contains("wiki/u1") && shown.contains("it lets somebody in"), "{shown}");
    assert!(shown.contains("cut_access") && shown.contains("Last day: 2026-10-31."), "{shown}");
    let stays = bench.run(&["lifecycle", "show", "Wei Li"]);
    assert!(stays.code != 0 && stays.err.contains("does not leave"), "{}", stays.all());
    let mark = ["lifecycle", "mark", "Wei Li", "immediate", "--reason", "Dismissed at noon"];
    assert_eq!(bench.run(&mark).code, 0);
    let shown = bench.run(&["lifecycle", "show", "Wei Li"]).out;
    assert!(shown.contains("immediate, said Robin Vale: Dismissed at noon"), "{shown}");
    let planned = bench.run(&["lifecycle", "plan", "Ana Diaz"]);
    assert!(
        planned.out.contains("ana.diaz") && !planned.out.contains("wei.li"),
        "{}",
        planned.all()
    );
    assert_eq!(bench.run(&["lifecycle", "end", "Wei Li", "immediate"]).code, 0);
    assert!(bench.run(&["lifecycle", "show", "Wei Li"]).code != 0);
}

#[test]
fn a_limit_is_asked_for_by_one_and_agreed_to_by_another() {
    let bench = Bench::small_company();
    assert_eq!(bench.run(&["sync"]).code, 0);
    let raise = ["policy", "raise", "removed_max", "--to", "9", "--in", "wiki", "--hours", "4"];
    let asked = bench.command(&raise).args(["--reason", "The wiki moves", "--json"]).output();
    let asked: serde_json::Value =
        serde_json::from_slice(&asked.expect("it runs").stdout).expect("it is JSON");
    let id = asked["id"].as_str().expect("it has an id");
    assert!(bench.run(&["policy", "raises"]).out.contains("waits for somebody to agree"));
    let own = bench.run(&["policy", "agree", id]);
    assert!(own.code != 0 && own.err.contains("cannot agree to it"), "{}", own.all());
    assert_eq!(bench.run(&["policy", "agree", id, "--by", "Kim Orlov"]).code, 0);
    assert!(bench.run(&["policy", "raises"]).out.contains("holds"));
}

#[test]
fn the_evidence_of_a_period_is_a_folder_that_verifies_anywhere() {
    let bench = Bench::small_company();
    assert_eq!(bench.run(&["sync"]).code, 0);
    let packed = bench.run(&["pack", "--from", "2026-10-01", "--to", "2026-10-31"]);
    assert_eq!(packed.code, 0, "{}", packed.all());
    assert_eq!(bench.run(&["verify", "pack-2026-10-01-2026-10-31"]).code, 0);
    let leavers = bench.path().join("pack-2026-10-01-2026-10-31/leavers.csv");
    let leavers = std::fs::read_to_string(leavers).expect("it is there");
    assert!(leavers.contains("Ana Diaz") && !leavers.contains("Jan Jansen"), "{leavers}");
    let both = bench.run(&["pack", "Ana Diaz", "--from", "2026-10-01", "--to", "2026-10-31"]);
    assert_eq!(both.code, 2, "{}", both.all());
}
