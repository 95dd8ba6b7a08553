//! Several nodes on one book in Postgres: one acts at a time, and whatever happens to it, each change
//! has one effect. The other nodes are this test binary itself, or engines beside each other; the apps
//! live here.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rollbook_engine::clock::Clock;
use rollbook_engine::{Engine, Presence};
use rollbook_testkit::{Fault, Twist};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::book;
use crate::delivery_scene::{DeliveryScene, STANDING, Served, user, wait_for};
use crate::said;
use crate::scene::write_private;

const WORKSPACE: &str = "ROLLBOOK_TEST_NODE";
const NODE: &str = "ROLLBOOK_TEST_NODE_NAME";

/// Long enough for a machine that is busy, short enough for a test.
const LEASE: &str = "\n[serve]\nlease_s = 3\n[policy.limits]\nremoved_pct_max = 100\n";

/// Runs a test whose book lies in Postgres, unless there is none.
fn run(test: impl Future<Output = ()>) {
    let threads =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    threads.expect("the system gives threads").block_on(test);
}

async fn scene(people: usize) -> DeliveryScene {
    DeliveryScene::new(people, &format!("{STANDING}{LEASE}")).await
}

fn open(dir: &Path, name: &str, clock: Clock) -> Engine {
    Engine::open_as(dir, clock, Presence::Node, "work").unwrap().as_node(name)
}

fn serve(scene: &DeliveryScene, name: &str) -> Served {
    Served::of(open(&scene.dir, name, Clock::System), "wiki", "okta")
}

/// Waits until this node acts.
async fn acts(engine: &Engine, name: &str) {
    wait_for(|| match engine.nodes().unwrap().acting {
        Some(acting) if acting == name => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

/// Has people leave, and gives their resources.
async fn leave(served: &Served, people: std::ops::Range<usize>) -> Vec<String> {
    let mut ids = Vec::new();
    for at in people {
        let mut body = user(at);
        body["active"] = serde_json::json!(false);
        ids.push(served.create(body).await);
    }
    ids
}

/// Waits until all of them are verified, and looks that each had its effect once.
async fn check_once(scene: &DeliveryScene, served: &Served, ids: &[String]) {
    for id in ids {
        served.until_state(id, "verified").await;
    }
    let mut subjects: Vec<_> =
        scene.vendors["wiki"].ledger().effects().into_iter().map(|one| one.subject).collect();
    let effects = subjects.len();
    subjects.sort();
    subjects.dedup();
    assert_eq!((effects, subjects.len()), (ids.len(), ids.len()), "one effect for each");
    served.engine.verify().unwrap();
}

/// What the child does: work until it is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_works() {
    let Ok(dir) = std::env::var(WORKSPACE) else { return };
    let name = std::env::var(NODE).expect("the node has a name");
    let engine = Arc::new(open(Path::new(&dir), &name, Clock::System));
    engine.deliver(std::future::pending()).await.expect("it works");
}

/// A node in a process of its own. It is killed when it is dropped.
struct Other(Child);

impl Other {
    fn start(dir: &Path, name: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this binary has a path"));
        child.args(["--exact", "nodes::child_that_works", "--nocapture", "--test-threads", "1"]);
        child.env(WORKSPACE, dir).env(NODE, name).stdout(Stdio::null());
        Self(child.spawn().expect("the child starts"))
    }

    /// Sends it a signal, as `STOP`.
    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A way to the database that can be cut.
struct Cable {
    port: u16,
    cut: Arc<Notify>,
    _all: JoinHandle<()>,
}

impl Cable {
    async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, cutting) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let told = Arc::clone(&cut);
        let all = tokio::spawn(async move {
            let mut ways = tokio::task::JoinSet::new();
            loop {
                let (mut near, _) = tokio::select! {
                    accepted = listener.accept() => accepted.expect("it listens"),
                    () = told.notified() => break,
                };
                let mut far = TcpStream::connect(&address).await.expect("the server is there");
                let cutting = Arc::clone(&cutting);
                ways.spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = cutting.notified() => std::future::pending().await,
                    }
                });
            }
            // Both ends stay open, and silent; whoever connects from now on is not answered.
            cutting.notify_waiters();
            std::future::pending().await
        });
        Self { port, cut, _all: all }
    }

    /// Nothing gets through any more, and nobody is told so by either end.
    fn cut(&self) {
        self.cut.notify_one();
    }
}

/// The same workspace in another folder, whose way to the database is `cable`.
fn beside(scene: &DeliveryScene, cable: &Cable) -> PathBuf {
    let dir = scene.dir.with_file_name("beside");
    std::fs::create_dir(&dir).unwrap();
    for file in std::fs::read_dir(&scene.dir).unwrap() {
        let file = file.unwrap().path();
        std::fs::copy(&file, dir.join(file.file_name().unwrap())).unwrap();
    }
    let (user, password) = book::server().unwrap().superuser();
    let port = cable.port;
    let address = format!("postgres://{user}:{password}@127.0.0.1:{port}/postgres");
    write_private(&dir.join("database"), &address);
    dir
}

#[test]
fn three_nodes_take_turns_whatever_their_clocks_show_and_each_change_has_one_effect() {
    book::on_postgres(|| {
        run(async {
            let scene = scene(6).await;
            let served = serve(&scene, "a");
            let first = served.deliver();
            acts(&served.engine, "a").await;
            let skewed = |name, hours| {
                let clock = Clock::Shifted(SignedDuration::from_hours(hours));
                Served::of(open(&scene.dir, name, clock), "wiki", "other")
            };
            let (fast, slow) = (skewed("b", 1), skewed("c", -1));
            let others = [fast.deliver(), slow.deliver()];
            let mut ids = leave(&served, 0..3).await;
            check_once(&scene, &served, &ids).await;
            assert_eq!(served.engine.nodes().unwrap().acting.as_deref(), Some("a"));
            first.end().await;
            let next =
                wait_for(|| served.engine.nodes().unwrap().acting.ok_or(String::new())).await;
            assert!(["b", "c"].contains(&next.as_str()), "{next}");
            ids.extend(leave(&served, 3..6).await);
            check_once(&scene, &served, &ids).await;
            for other in others {
                other.end().await;
            }
        });
    });
}

#[test]
fn a_node_that_is_killed_in_the_middle_of_a_change_is_followed_by_one_that_looks_first() {
    book::on_postgres(|| {
        run(async {
            let scene = scene(3).await;
            let wiki = &scene.vendors["wiki"];
            wiki.fault(Fault::on("PATCH", "/Users/*", Twist::Delay { ms: 120_000 }).times(1));
            let other = Other::start(&scene.dir, "a");
            let served = serve(&scene, "b");
            acts(&served.engine, "a").await;
            let going = served.deliver();
            let ids = leave(&served, 0..3).await;
            let sent = || wiki.ledger().effects().len();
            wait_for(|| if sent() > 0 { Ok(()) } else { Err("nothing was sent".to_owned()) }).await;
            drop(other);
            acts(&served.engine, "b").await;
            check_once(&scene, &served, &ids).await;
            going.end().await;
        });
    });
}

#[test]
fn a_node_that_was_stopped_for_longer_than_its_turn_does_nothing_when_it_goes_on() {
    book::on_postgres(|| {
        run(async {
            let scene = scene(4).await;
            let wiki = &scene.vendors["wiki"];
            wiki.fault(Fault::on("PATCH", "/Users/*", Twist::Delay { ms: 4_000 }).times(1));
            let mut other = Other::start(&scene.dir, "a");
            let served = serve(&scene, "b");
            acts(&served.engine, "a").await;
            let going = served.deliver();
            let mut ids = leave(&served, 0..3).await;
            let sent = || wiki.ledger().effects().len();
            wait_for(|| if sent() > 0 { Ok(()) } else { Err("nothing was sent".to_owned()) }).await;
            other.signal("STOP");
            acts(&served.engine, "b").await;
            check_once(&scene, &served, &ids).await;
            other.signal("CONT");
            // It is there again, takes its turn when it comes, and sends nothing twice.
            going.end().await;
            acts(&served.engine, "a").await;
            ids.extend(leave(&served, 3..4).await);
            check_once(&scene, &served, &ids).await;
            assert!(other.0.try_wait().unwrap().is_none(), "it works still");
        });
    });
}

#[test]
fn a_node_that_is_cut_off_from_the_database_stops_before_the_next_one_begins() {
    book::on_postgres(|| {
        run(async {
            let scene = scene(6).await;
            let server = book::server().unwrap().tcp_url("", "");
            let address = server.rsplit(['@', '/']).nth(1).expect("it names a host").to_owned();
            let cable = Cable::to(address).await;
            let wiki = &scene.vendors["wiki"];
            wiki.fault(Fault::on("PATCH", "/Users/*", Twist::Delay { ms: 300 }).times(3));
            let _other = Other::start(&beside(&scene, &cable), "a");
            let served = serve(&scene, "b");
            acts(&served.engine, "a").await;
            let going = served.deliver();
            let ids = leave(&served, 0..6).await;
            let sent = || wiki.ledger().effects().len();
            wait_for(|| if sent() > 0 { Ok(()) } else { Err("nothing was sent".to_owned()) }).await;
            cable.cut();
            acts(&served.engine, "b").await;
            check_once(&scene, &served, &ids).await;
            going.end().await;
        });
    });
}

#[test]
fn two_processes_of_one_name_do_not_both_act() {
    book::on_postgres(|| {
        run(async {
            let scene = scene(1).await;
            let served = serve(&scene, "a");
            let going = served.deliver();
            acts(&served.engine, "a").await;
            let twin = Arc::new(open(&scene.dir, "a", Clock::System));
            let ended = tokio::time::timeout(Duration::from_secs(60), async {
                twin.deliver(std::future::pending()).await
            });
            let refused = ended.await.expect("it is noticed").unwrap_err();
            insta::assert_snapshot!(said(&refused), @r"
            Another process goes by the name of this node, a. Both must not act, so this one ends.
              Start one of the two with another `--node NAME`.
            ");
            assert_eq!(served.engine.nodes().unwrap().acting.as_deref(), Some("a"));
            going.end().await;
        });
    });
}

#[test]
fn beside_nodes_guests_decide_and_nobody_acts_alone() {
    book::on_postgres(|| {
        run(async {
            let scene = scene(1).await;
            let first = open(&scene.dir, "a", Clock::System);
            let second = open(&scene.dir, "b", Clock::System);
            let guest = Engine::open_as(&scene.dir, Clock::System, Presence::Guest, "approve");
            guest.unwrap().checkpoint().unwrap();
            drop(first);
            for presence in [Presence::Alone, Presence::Host] {
                let refused = Engine::open_as(&scene.dir, Clock::System, presence, "apply");
                assert!(said(&refused.unwrap_err()).contains("is working in this workspace"));
            }
            drop(second);
            Engine::open_as(&scene.dir, Clock::System, Presence::Alone, "sync").unwrap();
        });
    });
}
