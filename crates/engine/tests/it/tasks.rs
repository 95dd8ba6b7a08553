//! People act where no program can: who is asked, what counts as done, and what is said of it.

use std::fs;
use std::time::SystemTime;

use jiff::SignedDuration;
use rollbook_core::explain;
use rollbook_core::step::{Outcome, Recorded};
use rollbook_core::task::{Act, Entry, State, Task};
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Handed, RunReport, Stand};

use crate::book::also_on_postgres;
use crate::said;
use crate::scene::{Scene, findings, kinds, person, run, stands};

const LEFT: &[(&str, &str)] = &[("Ana", "2026-01-31")];

/// Nothing reads the desk.
const DESK: &str = "
[[instance]]
name = \"desk\"
owner = \"Dora Desk\"
[instance.human]
";

also_on_postgres!(
    what_a_person_did_is_confirmed_by_the_next_export_and_by_no_older_one,
    where_nothing_reads_a_run_ends_with_the_word_of_a_person_and_says_so,
    silence_is_reminded_of_and_escalated_and_found_and_completes_nothing,
);

/// A company in which somebody works on the archive by hand, and only its export is read.
async fn by_hand(more: &str) -> Scene {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure_with(|config| {
        let outbox = config.lines().find(|line| line.starts_with("outbox")).unwrap().to_owned();
        config.replace(&outbox, "") + "[instance.human]\n" + more
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
    // The file system's clock may be a moment behind the one that tasks go by.
    let file = fs::File::options().write(true).open(&file).unwrap();
    file.set_modified(SystemTime::now()).unwrap();
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

/// What happened to the one task in this instance, a line each.
fn acts(engine: &Engine, instance: &str) -> String {
    let task = the_task(engine, instance);
    let line = |entry: &Entry| match &entry.act {
        Act::Assigned { to } => format!("assigned to {to}\n"),
        Act::Reminded { whom } => format!("{whom} reminded\n"),
        Act::Escalated { whom } => format!("{whom} told that it is overdue\n"),
        Act::HandedOver { from, to, by, reason } => format!("{from} to {to} by {by}: {reason}\n"),
        Act::HandedIn { by, proofs } => {
            let says: Vec<_> =
                proofs.iter().map(|p| format!("{} {}", p.kind.word(), p.says)).collect();
            format!("{by} says that it is done: {}\n", says.join(", "))
        }
        Act::Refused { by, reason } => format!("{by} refuses: {reason}\n"),
        Act::Reopened { why } => format!("reopened: {why}\n"),
        Act::Closed { why } => format!("closed: {why}\n"),
    };
    task.acts.iter().map(line).collect()
}

fn the_task(engine: &Engine, instance: &str) -> Task {
    let tasks = engine.tasks().unwrap();
    let mut here = tasks.into_iter().filter(|task| task.change.instance.as_str() == instance);
    let task = here.next().unwrap();
    assert!(here.next().is_none(), "one change has one task");
    task
}

fn done(engine: &Engine, instance: &str, by: &str) {
    let id = the_task(engine, instance).id;
    engine.hand_in(&id, by, &[Handed::note("Closed in the console.")]).unwrap();
}

#[tokio::test]
async fn what_a_person_did_is_confirmed_by_the_next_export_and_by_no_older_one() {
    let scene = by_hand("").await;
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
    let task = the_task(&engine, "archive");
    insta::assert_snapshot!(
        [vec![task.title.clone()], task.steps.clone()].concat().join("\n")
            .replace(scene.dir.path().to_str().unwrap(), "DIR"),
        @r"
    Suspend the account ana@example.com (Ana Alder) in archive.
    Sign in to the app as an administrator of archive.
    It is about ana@example.com and about nobody whose name is only like it.
    Then export the accounts to DIR/archive/export.csv again; the export is compared.
    "
    );
    export(&scene, "disabled");
    assert!(resume(&engine).await.contains("in archive: waiting"), "nobody said that it is done");
    done(&engine, "archive", "Records desk");
    assert!(resume(&engine).await.contains("in archive: waiting"), "the export is older than that");
    export(&scene, "enabled");
    assert!(resume(&engine).await.contains("in archive: waiting"), "it is not done");
    done(&engine, "archive", "records desk");
    export(&scene, "disabled");
    insta::assert_snapshot!(resume(&engine).await, @r"
    suspend ana@example.com (Ana Alder) in archive: confirmed
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    ");
    insta::assert_snapshot!(acts(&engine, "archive"), @r"
    assigned to Records desk
    Records desk says that it is done: text Closed in the console.
    reopened: Records desk says that it is done and handed in 1 proof, and it does not show. It is still active.
    records desk says that it is done: text Closed in the console.
    closed: records desk says that it is done and handed in 2 proofs, and it shows where the instance is read.
    ");
    let told: Vec<_> =
        kinds(&engine).into_iter().filter(|kind| kind.starts_with("task_")).collect();
    assert_eq!(
        told.join(" "),
        "task_assigned task_handed_in task_reopened task_handed_in task_proven task_closed"
    );
    engine.verify().unwrap();
}

#[tokio::test]
async fn where_nothing_reads_a_run_ends_with_the_word_of_a_person_and_says_so() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure(DESK);
    let engine = scene.synced().await;
    offboard(&engine).await;
    let id = the_task(&engine, "desk").id;
    let refused = said(&engine.hand_in(&id, "Dora Desk", &[]).unwrap_err());
    insta::assert_snapshot!(refused.replace(id.as_str(), "TASK"), @r#"
    The task TASK needs a proof: text or file or screenshot.
      Add `--note "what you did"`, or `--file PATH` with a file or a screenshot.
    "#);
    let picture = Handed::named("after.png", b"\x89PNG\r\n\x1a\n and more".to_vec()).unwrap();
    let task = engine.hand_in(&id, "Dora Desk", &[Handed::note("She had none."), picture]).unwrap();
    let sha256 = &task.proofs().last().unwrap().sha256;
    let kept = engine.store().read(|book| book.proof(&id, sha256)).unwrap().unwrap();
    assert!(kept.starts_with(b"\x89PNG"), "what was handed in is kept byte for byte");
    let reports = engine.resume(&Quiet).await.unwrap();
    let one = reports[0].changes.iter().find(|one| one.change.instance.as_str() == "desk").unwrap();
    let Stand::Ended(ending) = &one.stand else { panic!("{:?}", one.stand) };
    insta::assert_snapshot!(explain::ending(&one.change, ending), @"By the word of a person, and nobody could see it: suspend Ana Alder in desk. Dora Desk says that it is done and handed in 2 proofs. Nothing reads desk, so only the word of whoever had the task stands behind it.");
    insta::assert_snapshot!(acts(&engine, "desk"), @r"
    assigned to Dora Desk
    Dora Desk says that it is done: text She had none., screenshot after.png
    closed: Dora Desk says that it is done and handed in 2 proofs. Nothing reads the instance, so only their word stands behind it.
    ");
    engine.verify().unwrap();
}

#[tokio::test]
async fn whoever_has_a_task_may_refuse_it_with_a_reason_and_nobody_else() {
    let scene = by_hand("").await;
    let engine = scene.synced().await;
    offboard(&engine).await;
    let id = the_task(&engine, "archive").id;
    let refused = said(&engine.refuse_task(&id, "Mallory", "Not mine.").unwrap_err());
    insta::assert_snapshot!(refused.replace(id.as_str(), "TASK"), @r#"
    The task TASK is Records desk's, and not Mallory's.
      Say who you are with `--by`, or take it over: `rollbook task hand-over TASK --to "Mallory" --reason "…"`.
    "#);
    assert!(engine.refuse_task(&id, "Records desk", " ").is_err(), "a reason is needed");
    assert!(engine.hand_over(&id, "Records desk", "Sam", "Again.").is_err(), "they have it");
    engine.hand_over(&id, "Rita Record", "Records desk", "I am away.").unwrap();
    assert!(engine.refuse_task(&id, "Records desk", "No.").is_err(), "it is theirs no more");
    engine.refuse_task(&id, "Rita Record", "Legal hold.").unwrap();
    assert!(engine.hand_in(&id, "Rita Record", &[Handed::note("Done.")]).is_err(), "it is over");
    let report = resume(&engine).await;
    assert!(report.contains("in archive: refused"), "{report}");
    insta::assert_snapshot!(acts(&engine, "archive"), @r"
    assigned to Records desk
    Records desk to Rita Record by Records desk: I am away.
    Rita Record refuses: Legal hold.
    ");
    assert!(engine.resume(&Quiet).await.unwrap().is_empty(), "the run has ended");
}

#[tokio::test]
async fn silence_is_reminded_of_and_escalated_and_found_and_completes_nothing() {
    let scene = by_hand("deputy = \"Dee\"\nescalate_to = \"Eli\"\n").await;
    drop({
        let engine = scene.synced().await;
        offboard(&engine).await;
        engine
    });
    for hours in [1, 25, 26, 74, 75, 99, 150] {
        let clock = Clock::Shifted(SignedDuration::from_hours(hours));
        let engine = Engine::open(&scene.book(), clock).unwrap();
        let waits = resume(&engine).await;
        assert!(waits.contains("in archive: waiting"), "{hours} h: {waits}");
        engine.reconcile().unwrap();
        assert_eq!(findings(&engine).contains("task_overdue"), hours > 72, "{hours} h");
    }
    let engine = scene.open();
    insta::assert_snapshot!(acts(&engine, "archive"), @r"
    assigned to Records desk
    Records desk reminded
    Dee told that it is overdue
    Eli told that it is overdue
    Records desk reminded
    ");
    engine.verify().unwrap();
}

#[tokio::test]
async fn a_request_in_an_outbox_is_a_task_that_its_export_closes() {
    let mut scene = Scene::new().await;
    scene.workers(LEFT);
    let engine = scene.synced().await;
    offboard(&engine).await;
    assert_eq!(the_task(&engine, "archive").state(), State::Open);
    scene.archive.work().unwrap();
    assert!(resume(&engine).await.contains("in archive: confirmed"));
    insta::assert_snapshot!(acts(&engine, "archive"), @r"
    assigned to Records desk
    closed: It shows where the instance is read.
    ");
}

#[tokio::test]
async fn the_makers_of_an_app_are_written_to_where_they_do_it() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure(&format!("{DESK}vendor_email = \"help@desk.example\"\n"));
    let engine = scene.synced().await;
    offboard(&engine).await;
    let task = the_task(&engine, "desk");
    let message = task.message.unwrap();
    let text = format!("{}\n{}\n{}", message.to, message.subject, message.text);
    insta::assert_snapshot!(text.replace(task.change.id.as_str(), "CHANGE"), @r#"
    help@desk.example
    Example: please suspend an account (CHANGE)
    Hello,

    please do the following for Example in our tenant "desk":

    Look whether Ana Alder has an account in desk, and suspend it if so.

    Please answer this message when it is done, and say when it was done.

    Our reference: CHANGE
    "#);
}

#[tokio::test]
async fn a_person_takes_what_the_way_that_reads_cannot_do_and_that_way_looks() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure_with(|config| {
        let human = "requests_per_second_max = 1000\n[instance.human]\nassignee = \"Wes\"\n";
        let config = config.replace("requests_per_second_max = 1000", human);
        config.replace("path = \"ARCHIVE/export.csv\"\noutbox", "path = \"ARCHIVE/export.csv\"\n#")
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
        &"Dora Desk is asked to look whether Ana Alder has an account in desk, and suspend it if so."
            .to_owned()
    ));
    let told = engine.sync(&["desk".to_owned()], &Quiet).await.unwrap();
    let told = crate::scene::troubles(&told).join("\n");
    assert!(told.contains("Nothing reads desk"), "{told}");
    assert!(resume(&engine).await.contains("desk: waiting"), "silence completes nothing");
}
