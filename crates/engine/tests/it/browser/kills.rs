//! A process that dies while its browser is at work leaves nothing lost and nothing done twice, and no
//! browser behind.
//!
//! The child is this test binary itself, as in `kill.rs`; the console lives in the parent, so its
//! ledger survives the child.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rollbook_engine::crash::POINTS;
use rollbook_testkit::{Fault, Twist};

use super::office::{Office, remove_ana};

const WORKSPACE: &str = "ROLLBOOK_TEST_WORKSPACE";
const DIE_AT: &str = "ROLLBOOK_CRASH_AT";

/// What the child does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(dir) = std::env::var(WORKSPACE) else { return };
    remove_ana(Path::new(&dir)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_point_before_anything_was_pressed() {
    died_at(&["plan_stored", "approval_stored", "run_opened", "look_done", "before_intent"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_point_around_the_press() {
    died_at(&["intent_recorded", "effect_done", "outcome_recorded"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_point_after_it_shows() {
    died_at(&["look_done:2", "verdict_recorded", "run_closed", "checkpoint_outside"]).await;
}

async fn died_at(points: &[&str]) {
    let read = Office::read().await;
    for point in points {
        let office = read.again();
        let mut died = child_of(&office, Some(point));
        assert!(!died.wait().expect("it ends").success(), "{point} was never passed");
        let ended = child_of(&office, None).wait().expect("it ends").success();
        assert!(ended, "after {point} the second process did not end well");
        office.judge(point);
    }
}

#[test]
fn every_point_of_a_run_is_one_at_which_the_browser_is_killed() {
    let here = include_str!("kills.rs");
    let missing = POINTS.iter().find(|point| !here.contains(&format!("\"{point}\"")));
    assert_eq!(missing, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_browser_signs_in() {
    killed_at(&[("GET", "/login", 0), ("POST", "/login", 0), ("POST", "/login/code", 0)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_browser_is_at_any_step_of_the_removal() {
    // The list has two pages: read, turned back to Ana, and read again.
    killed_at(&[
        ("GET", "/members", 0),
        ("GET", "/members", 2),
        ("GET", "/members/ask", 0),
        ("POST", "/members/act", 0),
        ("GET", "/members", 3),
    ])
    .await;
}

async fn killed_at(steps: &[(&str, &str, usize)]) {
    let read = Office::read().await;
    for (method, path, skip) in steps {
        let office = read.again();
        let slow = Fault::on(method, path, Twist::Delay { ms: 2_000 }).skip(*skip).times(1);
        office.console.fault(slow);
        let mut child = child_of(&office, None);
        let until = Instant::now() + Duration::from_secs(60);
        while !office.console.unfired().is_empty() {
            assert!(Instant::now() < until, "nobody asked for {path}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        let ended = child_of(&office, None).wait().expect("it ends").success();
        assert!(ended, "after {path} the second process did not end well");
        office.judge(&format!("{method} {path}, after {skip}"));
    }
}

/// Starts the child, with the point at which it is to die.
fn child_of(office: &Office, die_at: Option<&str>) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this binary has a path"));
    child.args(["--exact", "browser::kills::child", "--nocapture", "--test-threads", "1"]);
    child.env(WORKSPACE, office.dir.path()).env_remove(DIE_AT);
    if let Some(point) = die_at {
        child.env(DIE_AT, point);
    }
    child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the child starts")
}
