//! A delivery that dies at any named point goes on where it was: each wish has its effect once, and
//! what needed a person still waits for one.
//!
//! The child is this test binary itself; the apps live in the parent.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use rollbook_engine::clock::Clock;
use rollbook_engine::{Engine, crash};
use serde_json::json;

use crate::book::also_on_postgres;
use crate::delivery_scene::{DeliveryScene, Served, login, user};

also_on_postgres!(
    killed_at_any_point_a_delivery_ends_with_one_effect_for_each_wish,
    a_change_that_kills_whoever_looks_at_it_is_set_aside_and_the_others_go_on,
);

const WORKSPACE: &str = "ROLLBOOK_TEST_DELIVERY";
const DIE_AT: &str = "ROLLBOOK_CRASH_AT";

/// Only closing is agreed to beforehand.
const LEAVERS: &str = r#"
[[policy.standing]]
name = "leavers"
approved_by = "Olga Meyer"
from = ["okta"]
instances = ["wiki"]
verbs = ["suspend"]
per_day_max = 10
until = "2099-01-01"
"#;

/// The points of a run that a delivery passes too.
const RUN_POINTS: [&str; 6] = [
    "before_intent",
    "intent_recorded",
    "effect_done",
    "outcome_recorded",
    "look_done",
    "verdict_recorded",
];

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_a_delivery_ends_with_one_effect_for_each_wish() {
    for point in crash::DELIVERY_POINTS.iter().chain(&RUN_POINTS) {
        let scene = DeliveryScene::new(4, LEAVERS).await;
        let people = pushed(&scene).await;
        assert!(!child(&scene.dir, Some(point)).success(), "{point} was never passed");
        assert!(child(&scene.dir, None).success(), "after {point} it did not end well");
        let served = Served::reopen(&scene.dir, "wiki");
        let states: Vec<_> = people.iter().map(|id| served.state(id)).collect();
        assert_eq!(states, ["verified", "verified", "waiting"], "after {point}");
        assert_eq!(scene.effects("wiki"), ["changed active"], "after {point}");
        assert_eq!(scene.account("wiki", &login(0)).unwrap()["active"], false);
        let runs = served.engine.runs().unwrap();
        assert!(runs.iter().all(|run| run.ended_at.is_some()), "after {point}");
        served.engine.verify().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_kills_whoever_looks_at_it_is_set_aside_and_the_others_go_on() {
    let scene = DeliveryScene::new(4, LEAVERS).await;
    let people = pushed(&scene).await;
    let mut kills = 0;
    while !child(&scene.dir, Some("look_done")).success() {
        kills += 1;
        assert!(kills < 10, "it goes on for ever");
    }
    // The first time nobody suspects it.
    assert_eq!(kills, 4);
    let served = Served::reopen(&scene.dir, "wiki");
    let states: Vec<_> = people.iter().map(|id| served.state(id)).collect();
    assert_eq!(states, ["failed", "verified", "waiting"]);
    assert!(served.shown(&people[0]).contains("ended 3 times"), "{}", served.shown(&people[0]));
    assert_eq!(scene.effects("wiki"), Vec::<String>::new());
    assert!(crate::scene::kinds(&served.engine).contains(&"change_set_aside".to_owned()));
    served.engine.verify().unwrap();
}

/// Somebody leaves, somebody is as they should be, and somebody is called otherwise now.
async fn pushed(scene: &DeliveryScene) -> Vec<String> {
    let served = scene.serve("wiki");
    let (mut leaver, mut renamed) = (user(0), user(2));
    leaver["active"] = json!(false);
    renamed["displayName"] = json!("Somebody Else");
    let mut people = Vec::new();
    for body in [leaver, user(1), renamed] {
        people.push(served.create(body).await);
    }
    people
}

/// What the child does: deliver whatever is due.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_delivers() {
    let Ok(dir) = std::env::var(WORKSPACE) else { return };
    let engine = Engine::open(Path::new(&dir), Clock::System).expect("the workspace opens");
    Arc::new(engine).deliver_due().await.expect("the delivery ends");
}

fn child(dir: &Path, die_at: Option<&str>) -> ExitStatus {
    let mut child = Command::new(std::env::current_exe().expect("this binary has a path"));
    let name = "delivery_kill::child_that_delivers";
    child.args(["--exact", name, "--nocapture", "--test-threads", "1"]);
    child.env(WORKSPACE, dir).env_remove(DIE_AT);
    if let Some(point) = die_at {
        child.env(DIE_AT, point);
    }
    child.output().expect("the child starts").status
}
