//! Who may be in a workspace together: one host and its guests, or one process alone.

use rollbook_core::change::Op;
use rollbook_core::id::RecordRef;
use rollbook_core::link::{LinkState, LinkVerdict};
use rollbook_engine::clock::Clock;
use rollbook_engine::{Engine, Error, Presence};

use crate::book::also_on_postgres;
use crate::said;
use crate::scene::{PEOPLE, Scene, approve, at, link, wish};

fn enter(scene: &Scene, presence: Presence, command: &str) -> Result<Engine, Error> {
    Engine::open_as(&scene.book(), Clock::System, presence, command)
}

also_on_postgres!(
    a_guest_decides_beside_a_host_and_the_host_sees_it_at_once,
    beside_a_host_nobody_acts,
    beside_somebody_who_acts_alone_nobody_is,
    a_guest_that_outlasts_its_host_keeps_out_whoever_acts_alone_and_lets_the_next_host_in,
    no_decision_is_lost_to_a_reconcile_at_the_same_time,
    checkpoints_that_two_processes_sign_at_once_all_reach_the_file_outside,
);

/// What somebody hears who is not let in; what is locked and the process number taken out.
fn check_refused(scene: &Scene, presence: Presence, command: &str) -> String {
    let Err(error) = enter(scene, presence, command) else { panic!("it was let in") };
    let process = format!("process {}", std::process::id());
    let said = said(&error).replace(&process, "process 1");
    let (before, rest) = said.split_once("workspace (").expect("it says what is locked");
    let (_, after) = rest.split_once(" is locked)").expect("it says what is locked");
    format!("{before}workspace (… is locked){after}")
}

#[tokio::test]
async fn a_guest_decides_beside_a_host_and_the_host_sees_it_at_once() {
    let scene = Scene::new().await;
    drop(scene.synced().await);
    let host = enter(&scene, Presence::Host, "serve").unwrap();
    let guest = enter(&scene, Presence::Guest, "approve").unwrap();
    let other = enter(&scene, Presence::Guest, "findings").unwrap();
    let plan = host.plan_wishes(&[wish(&host, "Ana", Op::Suspend)], "robin").unwrap();
    let plan = approve(&guest, &guest.proposal(&plan.plan.id()).unwrap());
    assert_eq!(host.proposal(&plan).unwrap().approvals.len(), 1);
    assert_eq!(other.proposal(&plan).unwrap().approvals.len(), 1);
    host.checkpoint().unwrap();
    guest.verify().unwrap();
}

#[tokio::test]
async fn beside_a_host_nobody_acts() {
    let scene = Scene::new().await;
    let host = enter(&scene, Presence::Host, "serve").unwrap();
    insta::assert_snapshot!(check_refused(&scene, Presence::Alone, "sync"), @r"
    Another rollbook process, `rollbook serve` (process 1), is working in this workspace (… is locked).
      Wait until it ends, then try again. Nothing was read or changed.
      It carries out what is approved. To act yourself, wait until it ends, or stop it.
    ");
    check_refused(&scene, Presence::Host, "serve");
    drop(host);
    enter(&scene, Presence::Alone, "sync").unwrap();
}

#[tokio::test]
async fn beside_somebody_who_acts_alone_nobody_is() {
    let scene = Scene::new().await;
    let alone = enter(&scene, Presence::Alone, "sync").unwrap();
    insta::assert_snapshot!(check_refused(&scene, Presence::Guest, "approve"), @r"
    Another rollbook process, `rollbook sync` (process 1), is working in this workspace (… is locked).
      Wait until it ends, then try again. Nothing was read or changed.
    ");
    check_refused(&scene, Presence::Host, "serve");
    drop(alone);
    let guest = enter(&scene, Presence::Guest, "approve").unwrap();
    check_refused(&scene, Presence::Guest, "findings");
    drop(guest);
    enter(&scene, Presence::Guest, "findings").unwrap();
}

#[tokio::test]
async fn a_guest_that_outlasts_its_host_keeps_out_whoever_acts_alone_and_lets_the_next_host_in() {
    let scene = Scene::new().await;
    let host = enter(&scene, Presence::Host, "serve").unwrap();
    let guest = enter(&scene, Presence::Guest, "approve").unwrap();
    drop(host);
    insta::assert_snapshot!(check_refused(&scene, Presence::Alone, "sync"), @r"
    Another rollbook process is working in this workspace (… is locked).
      Wait until it ends, then try again. Nothing was read or changed.
    ");
    drop(enter(&scene, Presence::Host, "serve").unwrap());
    drop(guest);
    enter(&scene, Presence::Alone, "sync").unwrap();
}

#[tokio::test]
async fn no_decision_is_lost_to_a_reconcile_at_the_same_time() {
    let scene = Scene::new().await;
    drop(scene.synced().await);
    let host = enter(&scene, Presence::Host, "serve").unwrap();
    let guest = enter(&scene, Presence::Guest, "links").unwrap();
    let decided = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !decided.load(std::sync::atomic::Ordering::SeqCst) {
                host.reconcile().unwrap();
            }
        });
        for (number, (name, _)) in (1..).zip(PEOPLE) {
            let number = format!("E{number}").as_str().into();
            let record = RecordRef { source: "hr".into(), number };
            let account = at(&guest, name);
            guest.decide(LinkVerdict::Reject { account, record }, "sam", "Not so.").unwrap();
        }
        decided.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    for (name, _) in PEOPLE {
        assert!(!matches!(link(&host, name).0, LinkState::Auto { .. }), "{name}");
    }
    guest.checkpoint().unwrap();
    host.verify().unwrap();
}

#[tokio::test]
async fn checkpoints_that_two_processes_sign_at_once_all_reach_the_file_outside() {
    let scene = Scene::new().await;
    drop(scene.synced().await);
    let host = enter(&scene, Presence::Host, "serve").unwrap();
    let guest = enter(&scene, Presence::Guest, "approve").unwrap();
    std::thread::scope(|threads| {
        for engine in [&host, &guest] {
            threads.spawn(|| {
                for _ in 0..20 {
                    engine.reconcile().unwrap();
                    engine.checkpoint().unwrap();
                }
            });
        }
    });
    let outside = std::fs::read_to_string(host.checkpoints_file()).unwrap();
    let newest = host.store().read(|book| book.newest_checkpoint()).unwrap().unwrap();
    let last: rollbook_core::event::Checkpoint =
        serde_json::from_str(outside.lines().last().unwrap()).unwrap();
    assert_eq!(last, newest);
    host.verify().unwrap();
}
