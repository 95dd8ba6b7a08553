//! What people say about a run while another process carries it out.

use std::sync::Arc;

use rollbook_core::change::Op;
use rollbook_core::id::RunId;
use rollbook_core::step::{Ending, Recorded};
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Presence, RunReport, Stand};
use rollbook_testkit::{Fault, Twist};
use tokio::sync::oneshot;

use crate::book::also_on_postgres;
use crate::delivery_scene::wait_for;
use crate::said;
use crate::scene::{Scene, approve, kinds, stands, wish};

also_on_postgres!(
    a_paused_run_sends_nothing_until_it_is_resumed,
    a_cancelled_run_ends_with_nothing_sent,
    what_was_on_its_way_when_a_run_was_cancelled_ends_as_what_a_look_sees,
);

/// A run of two changes that nobody has begun to carry out.
async fn begun(scene: &Scene) -> (Arc<Engine>, RunId) {
    drop(scene.synced().await);
    let host = enter(scene, Presence::Host, "serve");
    let wishes = ["Ana", "Bob"].map(|name| wish(&host, name, Op::Suspend));
    let plan = host.plan_wishes(&wishes, "robin").unwrap();
    let run = host.begin_apply(&approve(&host, &plan), "robin").unwrap();
    (Arc::new(host), run.id)
}

fn enter(scene: &Scene, presence: Presence, command: &str) -> Engine {
    Engine::open_as(&scene.book(), Clock::System, presence, command).unwrap()
}

async fn until(engine: &Engine, run: &RunId, fits: impl Fn(&RunReport) -> bool) -> RunReport {
    wait_for(|| {
        let report = engine.run(run).unwrap();
        if fits(&report) { Ok(report) } else { Err(stands(&report)) }
    })
    .await
}

/// Delivers beside the test until the sender is dropped.
fn deliver(
    host: &Arc<Engine>,
) -> (oneshot::Sender<()>, tokio::task::JoinHandle<rollbook_engine::Result<()>>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let host = Arc::clone(host);
    let task = tokio::spawn(async move { host.deliver(async { drop(stopped.await) }).await });
    (stop, task)
}

#[tokio::test]
async fn a_paused_run_sends_nothing_until_it_is_resumed() {
    let scene = Scene::new().await;
    let (host, run) = begun(&scene).await;
    let guest = enter(&scene, Presence::Guest, "run pause");
    assert!(said(&guest.pause_run(&run, "kim", " ").unwrap_err()).contains("--because"));
    let paused = guest.pause_run(&run, "kim", "The app is being moved.").unwrap();
    assert!(paused.changes.iter().all(|one| one.stand == Stand::Held));
    let again = guest.pause_run(&run, "kim", "Twice.").unwrap_err();
    let told = "There is nothing to pause: kim paused the run: The app is being moved.";
    assert_eq!(said(&again), told);
    let (stop, task) = deliver(&host);
    let looked = |report: &RunReport| report.changes.iter().all(|one| !one.recorded.is_empty());
    let report = until(&guest, &run, looked).await;
    let why = report.changes[0].held_because.as_deref().unwrap();
    assert!(why.contains("kim paused the run: The app is being moved."), "{why}");
    assert_eq!(scene.effects(), Vec::<String>::new());
    guest.unpause_run(&run, "kim", "It is moved.").unwrap();
    until(&guest, &run, |report| report.run.ended_at.is_some()).await;
    drop(stop);
    task.await.unwrap().unwrap();
    let mut effects = scene.effects();
    effects.sort();
    assert_eq!(effects, ["Ana: changed active", "Bob: changed active"]);
    let kinds = kinds(&guest);
    assert!(["run_paused", "run_unpaused"].iter().all(|kind| kinds.iter().any(|k| k == kind)));
    let ended = guest.pause_run(&run, "kim", "Too late.").unwrap_err();
    assert!(said(&ended).contains("ended at"), "{ended}");
    guest.verify().unwrap();
}

#[tokio::test]
async fn a_cancelled_run_ends_with_nothing_sent() {
    let scene = Scene::new().await;
    let (host, run) = begun(&scene).await;
    let guest = enter(&scene, Presence::Guest, "run cancel");
    guest.pause_run(&run, "kim", "Is it the right person?").unwrap();
    let report = guest.cancel_run(&run, "kim", "It was the wrong person.").unwrap();
    insta::assert_snapshot!(stands(&report), @r"
    suspend ana@example.com (Ana Alder) in wiki: cancelled
    suspend bob@example.com (Bob Birch) in wiki: cancelled
    ");
    assert!(guest.unpause_run(&run, "kim", "After all.").is_err(), "it is for good");
    assert!(guest.cancel_run(&run, "kim", "Once more.").is_err());
    host.resume(&Quiet).await.unwrap();
    assert!(guest.run(&run).unwrap().run.ended_at.is_some());
    assert_eq!(scene.effects(), Vec::<String>::new());
    let kinds = kinds(&guest);
    assert_eq!(kinds.iter().filter(|kind| *kind == "change_cancelled").count(), 2);
    guest.verify().unwrap();
}

#[tokio::test]
async fn what_was_on_its_way_when_a_run_was_cancelled_ends_as_what_a_look_sees() {
    let scene = Scene::new().await;
    let (host, run) = begun(&scene).await;
    // The first change takes effect, and its answer is lost.
    scene.vendor.fault(Fault::on("PATCH", "/Users/*", Twist::ResetAfter).times(1));
    let (stop, task) = deliver(&host);
    let sent = |report: &RunReport| {
        let is_sent = |one: &Recorded| matches!(one, Recorded::Acted { .. });
        report.changes.iter().any(|change| change.recorded.iter().any(is_sent))
    };
    until(&host, &run, sent).await;
    let guest = enter(&scene, Presence::Guest, "run cancel");
    if let Err(late) = guest.cancel_run(&run, "kim", "Stop.") {
        // Both were done before anybody could cancel.
        assert!(late.message.contains("ended at"), "{late}");
    }
    let report = until(&guest, &run, |report| report.run.ended_at.is_some()).await;
    drop(stop);
    task.await.unwrap().unwrap();
    let confirmed = |one: &&rollbook_engine::ChangeReport| {
        one.stand == Stand::Ended(Ending::Confirmed { acted: true })
    };
    let confirmed = report.changes.iter().filter(confirmed).count();
    assert_eq!(confirmed, scene.effects().len(), "{}", stands(&report));
    assert!(confirmed >= 1, "what was sent is not called cancelled: {}", stands(&report));
    guest.verify().unwrap();
}
