//! An instance is changed within its hours and not too fast, by whoever carries out what was approved.

use jiff::{SignedDuration, Timestamp};
use rollbook_core::change::Op;
use rollbook_core::step::Recorded;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, RunReport, Stand};

use crate::book::also_on_postgres;
use crate::scene::{Scene, run, wish};

also_on_postgres!(changes_of_a_spaced_instance_keep_their_distance_over_runs,);

/// A company in which `lines` say when the wiki is changed.
async fn scene(lines: &str) -> (Scene, Engine) {
    let scene = Scene::new().await;
    let before = "[instance.scim]";
    scene.configure_with(|text| text.replacen(before, &format!("{lines}\n{before}"), 1));
    let engine = scene.synced().await;
    (scene, engine)
}

/// A window that begins in two hours and is open for one.
fn later(more: &str) -> String {
    let at = |hours| (Timestamp::now() + SignedDuration::from_hours(hours)).strftime("%H:%M");
    let (from, until) = (at(2), at(3));
    format!(
        "{more}\n[[instance.window]]\nfrom = \"{from}\"\nuntil = \"{until}\"\ntime_zone = \"UTC\""
    )
}

async fn suspended(engine: &Engine, names: &[&str]) -> RunReport {
    let wishes: Vec<_> = names.iter().map(|name| wish(engine, name, Op::Suspend)).collect();
    run(engine, &engine.plan_wishes(&wishes, "robin").unwrap()).await
}

fn sent_at(report: &RunReport) -> Vec<Timestamp> {
    let recorded = report.changes.iter().flat_map(|one| &one.recorded);
    let mut sent: Vec<_> = recorded
        .filter_map(|one| match one {
            Recorded::Intended { at } => Some(*at),
            _ => None,
        })
        .collect();
    sent.sort();
    sent
}

#[tokio::test]
async fn outside_its_window_an_instance_is_left_alone_and_the_run_goes_on_within_it() {
    let (scene, engine) = scene(&later("")).await;
    let report = suspended(&engine, &["Ana"]).await;
    assert_eq!((&report.changes[0].stand, report.run.ended_at), (&Stand::Held, None));
    let why = report.changes[0].held_because.as_deref().unwrap();
    assert!(why.contains("wiki is not changed before"), "{why}");
    assert_eq!(scene.effects(), Vec::<String>::new());
    drop(engine);
    // The window is taken out: the run that was begun goes on.
    scene.configure("");
    scene.open().resume(&Quiet).await.unwrap();
    assert_eq!(scene.effects(), ["Ana: changed active"]);
}

#[tokio::test]
async fn an_operation_that_waits_for_no_window_is_sent_at_once() {
    let (scene, engine) = scene(&later("any_time = [\"suspend\"]")).await;
    assert!(suspended(&engine, &["Ana"]).await.is_confirmed());
    assert_eq!(scene.effects(), ["Ana: changed active"]);
}

#[tokio::test]
async fn changes_of_a_spaced_instance_keep_their_distance_over_runs() {
    let (scene, engine) = scene("spacing_s = 1").await;
    let first = suspended(&engine, &["Ana"]).await;
    let second = suspended(&engine, &["Bob"]).await;
    assert!(first.is_confirmed() && second.is_confirmed());
    let sent = [sent_at(&first), sent_at(&second)].concat();
    assert_eq!((sent.len(), scene.effects().len()), (2, 2));
    assert!(sent[1].duration_since(sent[0]) >= SignedDuration::from_secs(1), "{sent:?}");
}
