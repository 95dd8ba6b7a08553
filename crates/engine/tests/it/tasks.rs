//! People act where no program can: who is asked, what counts as done, and what is said of it.

use std::fs;
use std::time::{Duration, SystemTime};

use rollbook_core::step::{Outcome, Recorded};
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, RunReport};

use crate::book::also_on_postgres;
use crate::scene::{Scene, findings, person, run, stands};

const LEFT: &[(&str, &str)] = &[("Ana", "2026-01-31")];

/// Nothing reads the desk.
const DESK: &str = "
[[instance]]
name = \"desk\"
owner = \"Dora Desk\"
[instance.human]
";

also_on_postgres!(what_a_person_did_is_confirmed_by_the_next_export_and_by_no_older_one);

/// A company in which somebody works on the archive by hand, and only its export is read.
async fn by_hand() -> Scene {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure_with(|config| {
        let outbox = config.lines().find(|line| line.starts_with("outbox")).unwrap().to_owned();
        config.replace(&outbox, "") + "[instance.human]\n"
    });
    scene
}

/// The archive's administrator exports it as it is now.
fn export(scene: &Scene, ana: &str) {
    let file = scene.archive.export_file();
    let text = "account_id,login,name,email,state,groups\n".to_owned()
        + &format!("A1,ana@example.com,Ana Alder,ana@example.com,{ana},\n")
        + "A2,bob@example.com,Bob Birch,bob@example.com,enabled,\n";
    fs::write(&file, text).unwrap();
    // The file system's clock may be a moment behind ours.
    let file = fs::File::options().write(true).open(&file).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(1)).unwrap();
}

async fn offboard(engine: &Engine) -> RunReport {
    let plan = engine.plan_offboard(&person(engine, "Ana Alder"), None, "robin").unwrap();
    assert_eq!(plan.stops, []);
    run(engine, &plan).await
}

async fn resume(engine: &Engine) -> String {
    let reports = engine.resume(&Quiet).await.unwrap();
    reports.iter().map(stands).collect()
}

/// What people were asked, by the words of the run.
fn asked(report: &RunReport) -> Vec<String> {
    let recorded = report.changes.iter().flat_map(|one| &one.recorded);
    let asked = recorded.filter_map(|one| match one {
        Recorded::Acted { outcome: Outcome::Waiting { task }, .. } => Some(task.clone()),
        _ => None,
    });
    asked.collect()
}

#[tokio::test]
async fn what_a_person_did_is_confirmed_by_the_next_export_and_by_no_older_one() {
    let scene = by_hand().await;
    let engine = scene.synced().await;
    let reach = engine.reach().unwrap();
    let ways = |name: &str| {
        let routes = &reach[&name.into()].routes;
        routes.iter().map(|way| way.channel.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((ways("archive"), ways("wiki")), ("human".to_owned(), "scim".to_owned()));
    let report = offboard(&engine).await;
    insta::assert_snapshot!(stands(&report), @r"
    suspend ana@example.com (Ana Alder) in archive: waiting
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    ");
    insta::assert_snapshot!(asked(&report).join("\n"), @"Records desk is asked to suspend the account ana@example.com (Ana Alder) in archive.");
    assert!(resume(&engine).await.contains("in archive: waiting"), "the old export tells nothing");
    export(&scene, "enabled");
    assert!(resume(&engine).await.contains("in archive: waiting"), "it is not done");
    export(&scene, "disabled");
    insta::assert_snapshot!(resume(&engine).await, @r"
    suspend ana@example.com (Ana Alder) in archive: confirmed
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    ");
    engine.verify().unwrap();
}

#[tokio::test]
async fn a_person_stands_behind_the_way_that_reads_and_takes_what_it_cannot_do() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure_with(|config| {
        let token = "token = { file = \"token\" }\n";
        let human = "requests_per_second_max = 1000\n[instance.human]\nassignee = \"Wes\"";
        let config = config.replace("requests_per_second_max = 1000", human);
        assert!(config.contains(token));
        config
            .replace("settles_within_s = 0", "settles_within_s = 0\nreach = { can = [\"remove\"] }")
    });
    let engine = scene.synced().await;
    let routes = engine.reach().unwrap().remove(&"wiki".into()).unwrap().routes;
    let ways: Vec<_> = routes.iter().map(|way| way.channel.as_str()).collect();
    assert_eq!(ways, ["scim", "human"], "the way that reads comes first");
}

#[tokio::test]
async fn where_nothing_is_read_a_leaver_is_looked_for_by_a_person() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure(DESK);
    let engine = scene.synced().await;
    insta::assert_snapshot!(findings(&engine).lines().filter(|line| line.contains("desk")).collect::<Vec<_>>().join("\n"), @"stale_view (new): desk is not read: only people work there, so who has an account there is known from what they say alone.");
    let report = offboard(&engine).await;
    insta::assert_snapshot!(stands(&report), @r"
    suspend ana@example.com (Ana Alder) in archive: waiting
    suspend Ana Alder in desk: waiting
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    ");
    assert!(asked(&report).contains(
        &"Dora Desk is asked to look whether Ana Alder has an account in desk, and to suspend it if so."
            .to_owned()
    ));
    let told = engine.sync(&["desk".to_owned()], &Quiet).await.unwrap();
    let told = crate::scene::troubles(&told).join("\n");
    assert!(told.contains("Nothing reads desk"), "{told}");
    assert!(resume(&engine).await.contains("desk: waiting"), "silence completes nothing");
}
