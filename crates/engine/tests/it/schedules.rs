//! What runs by itself: each slot once, also after a long stop, a kill, or a clock that was wrong.

use std::sync::Arc;

use rollbook_core::schedule::{Health, Outcome};
use rollbook_engine::{ControlRun, Engine};

use crate::book::{self, also_on_postgres};
use crate::delivery_scene::{DeliveryScene, wait_for};

also_on_postgres!(
    after_a_long_stop_each_schedule_runs_once_and_says_how_often_it_did_not,
    what_a_kill_cut_off_is_begun_again_and_not_for_ever,
    a_control_that_fails_is_recorded_and_the_next_one_runs_all_the_same,
    a_slot_that_a_wrong_clock_kept_early_is_kept_again_when_it_comes,
);

const THREE: &str = r#"
[[schedule]]
name = "nightly"
what = "sync"
at = "02:30"
time_zone = "Europe/Berlin"

[[schedule]]
name = "proof"
what = "checkpoint"
every_min = 5

[[schedule]]
name = "honest"
what = "verify"
every_min = 60
"#;

fn newest(engine: &Engine, name: &str) -> Option<ControlRun> {
    engine.control_runs(name, 1).unwrap().pop()
}

/// Waits until the newest slot of a schedule was kept, and it ended as `outcome`.
async fn kept(engine: &Arc<Engine>, name: &str, outcome: Outcome) -> ControlRun {
    wait_for(|| match newest(engine, name) {
        Some(run) if run.outcome == outcome => Ok(run),
        other => Err(format!("{other:?}")),
    })
    .await
}

/// Waits until schedules are followed, and lets three days pass in which nobody did.
async fn stopped_for_three_days(scene: &DeliveryScene, engine: &Arc<Engine>) {
    let followed = || engine.schedules().unwrap().iter().all(|one| one.since.is_some());
    wait_for(|| if followed() { Ok(()) } else { Err("not followed".to_owned()) }).await;
    book::sql(&scene.dir, "UPDATE schedule SET since_us = since_us - 259200000000");
}

#[tokio::test]
async fn after_a_long_stop_each_schedule_runs_once_and_says_how_often_it_did_not() {
    let scene = DeliveryScene::new(2, THREE).await;
    let served = scene.serve("wiki");
    let engine = &served.engine;
    assert!(engine.schedules().unwrap().iter().all(|one| one.since.is_none()));
    let going = served.deliver();
    stopped_for_three_days(&scene, engine).await;
    let nightly = kept(engine, "nightly", Outcome::Done).await;
    assert_eq!((nightly.missed, nightly.tries), (2, 1));
    assert_eq!(nightly.said, "1 sources and 3 instances were read.");
    let proof = kept(engine, "proof", Outcome::Done).await;
    assert!((863..=864).contains(&proof.missed), "{}", proof.missed);
    kept(engine, "honest", Outcome::Done).await;
    going.end().await;
    for (name, slots) in [("nightly", 1..=1), ("proof", 1..=2), ("honest", 1..=2)] {
        let runs = engine.control_runs(name, 100).unwrap();
        assert!(slots.contains(&runs.len()), "{name}: {runs:?}");
    }
    let healths = engine.schedules().unwrap().into_iter().map(|one| one.health);
    assert!(healths.into_iter().all(|health| health == Health::Well));
    engine.verify().unwrap();
}

#[tokio::test]
async fn what_a_kill_cut_off_is_begun_again_and_not_for_ever() {
    let scene = DeliveryScene::new(1, THREE).await;
    let served = scene.serve("wiki");
    let engine = &served.engine;
    let going = served.deliver();
    stopped_for_three_days(&scene, engine).await;
    kept(engine, "nightly", Outcome::Done).await;
    going.end().await;
    for tries in 2..=3 {
        book::sql(
            &scene.dir,
            "UPDATE control_run SET outcome = 'running', ended_us = NULL WHERE schedule = 'nightly'",
        );
        let going = served.deliver();
        assert_eq!(kept(engine, "nightly", Outcome::Done).await.tries, tries);
        going.end().await;
    }
    book::sql(
        &scene.dir,
        "UPDATE control_run SET outcome = 'running', ended_us = NULL WHERE schedule = 'nightly'",
    );
    let going = served.deliver();
    kept(engine, "nightly", Outcome::CutOff).await;
    kept(engine, "proof", Outcome::Done).await;
    going.end().await;
    let nightly = newest(engine, "nightly").unwrap();
    assert_eq!((nightly.outcome, nightly.tries), (Outcome::CutOff, 3));
    assert_eq!(engine.schedules().unwrap()[0].health, Health::Failed);
    let kinds = crate::scene::kinds(engine);
    assert_eq!(kinds.iter().filter(|kind| *kind == "control_cut_off").count(), 3);
}

#[tokio::test]
async fn a_control_that_fails_is_recorded_and_the_next_one_runs_all_the_same() {
    let scene = DeliveryScene::new(1, THREE).await;
    std::fs::remove_file(scene.dir.join("docs.token")).unwrap();
    let served = scene.serve("wiki");
    let engine = &served.engine;
    let going = served.deliver();
    stopped_for_three_days(&scene, engine).await;
    let nightly = kept(engine, "nightly", Outcome::Failed).await;
    assert!(nightly.said.contains("docs") && !nightly.said.contains("wiki"), "{}", nightly.said);
    kept(engine, "proof", Outcome::Done).await;
    going.end().await;
    assert_eq!(engine.schedules().unwrap()[0].health, Health::Failed);
    assert!(crate::scene::kinds(engine).contains(&"control_failed".to_owned()));
}

#[tokio::test]
async fn a_slot_that_a_wrong_clock_kept_early_is_kept_again_when_it_comes() {
    let scene = DeliveryScene::new(1, THREE).await;
    let served = scene.serve("wiki");
    let engine = &served.engine;
    let going = served.deliver();
    stopped_for_three_days(&scene, engine).await;
    kept(engine, "nightly", Outcome::Done).await;
    kept(engine, "proof", Outcome::Done).await;
    going.end().await;
    // As if the clock had been a month ahead when they were kept.
    book::sql(&scene.dir, "UPDATE control_run SET slot_us = slot_us + 2592000000000");
    let going = served.deliver();
    let again = wait_for(|| {
        let runs = engine.control_runs("nightly", 10).unwrap();
        let done = runs.iter().filter(|run| run.outcome == Outcome::Done).count();
        if done == 2 { Ok(runs) } else { Err(format!("{runs:?}")) }
    })
    .await;
    going.end().await;
    let early = again.iter().filter(|run| run.slot.ends_with("(kept early, by a wrong clock)"));
    assert_eq!(early.count(), 1, "{again:?}");
}
