//! How fast pushes are taken and answered, measured and printed, never judged: a machine that is
//! busy is no fault. Run it with
//! `cargo test --release -p rollbook-engine --test it push_speed -- --ignored --nocapture`;
//! `ROLLBOOK_SPEED_USERS` says how many users there are (by default 100,000).

use std::time::{Duration, Instant};

use rollbook_engine::push::PushOp;
use rollbook_scim::server::ResourceType::{Group, User};
use rollbook_scim::server::{Profile, Projection, resource};
use serde_json::json;

use crate::push_scene::{BASE, PushScene, all, user};

const AT_ONCE: usize = 64;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures, and takes minutes"]
async fn how_fast_pushes_are_taken_and_answered() {
    let users: usize =
        std::env::var("ROLLBOOK_SPEED_USERS").map_or(100_000, |n| n.parse().unwrap());
    let scene = PushScene::with(Profile::Auto);
    let began = Instant::now();
    let share = users.div_ceil(AT_ONCE);
    let made = all((0..AT_ONCE).map(|worker| {
        let numbers = worker * share..users.min((worker + 1) * share);
        makes(&scene, numbers)
    }))
    .await;
    let (ids, mut waits): (Vec<_>, Vec<_>) = made.into_iter().flatten().unzip();
    told("creates, 64 at once, on disk", users, began.elapsed());
    waits.sort_unstable();
    for (name, at) in [("half", users / 2), ("99 of 100", users * 99 / 100), ("all", users - 1)] {
        eprintln!("  {name} of them took at most {:.1} ms", waits[at].as_secs_f64() * 1e3);
    }
    measure("gets by id", 20_000, |n| get(&scene, &ids[n * 7919 % users])).await;
    let login = |n: usize| format!("filter=userName+eq+%22user{}%22", n * 7919 % users);
    measure("userName eq", 20_000, async |n| drop(scene.list(&[User], &login(n)).await)).await;
    let deep = users / 2;
    measure("pages of 100 in the middle", 200, async |n| {
        drop(scene.list(&[User], &format!("startIndex={}&count=100", deep + n)).await);
    })
    .await;
    let group = scene.group("Everybody", &[]).await;
    let most = users.min(50_000);
    let began = Instant::now();
    for (block, members) in ids[..most].chunks(1000).enumerate() {
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        quietly(&scene, &group, json!([{"op": "add", "path": "members", "value": members}])).await;
        if block == 0 {
            moves(&scene, &group, &ids[..1000]).await;
        }
    }
    told("members added, 1,000 at once", most, began.elapsed());
    moves(&scene, &group, &ids[..most]).await;
    measure("a group of 50,000 as a whole", 3, async |_| drop(scene.get(Group, &group).await))
        .await;
    let filter = "filter=name.givenName+co+%22zzz%22";
    measure("all looked at", 1, async |_| drop(scene.list(&[User], filter).await)).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"))
    {
        eprintln!("{line}");
    }
    let file = std::fs::metadata(scene.book().join("rollbook.db")).unwrap().len();
    eprintln!("database: {} MiB", file >> 20);
}

/// Makes Users one after the other: their ids, and how long each took.
async fn makes(scene: &PushScene, numbers: std::ops::Range<usize>) -> Vec<(String, Duration)> {
    let mut made = Vec::new();
    for n in numbers {
        let began = Instant::now();
        made.push((create(scene, n).await, began.elapsed()));
    }
    made
}

async fn create(scene: &PushScene, n: usize) -> String {
    let rules = scene.caller.profile.rules();
    let body = resource::create(User, user(&format!("user{n}")), &rules).unwrap();
    let projection = Projection::default();
    let view = rollbook_engine::push::View { base: BASE, projection: &projection };
    let made = PushOp::Create { kind: User, body };
    match scene.intake().push(&scene.caller, made, Some(&view)).await.unwrap().unwrap() {
        rollbook_engine::push::Done::Created(made) => made.id,
        other => panic!("{other:?}"),
    }
}

async fn get(scene: &PushScene, id: &str) {
    let projection = Projection::default();
    let view = rollbook_engine::push::View { base: BASE, projection: &projection };
    assert!(scene.intake().get(&scene.caller, User, id, &view).await.unwrap().is_some());
}

/// Takes members out and puts them in again, one by one.
async fn moves(scene: &PushScene, group: &str, members: &[String]) {
    let what = format!("one of {} members out and in again", members.len());
    measure(&what, 500, async |n| {
        let id = &members[n * 31 % members.len()];
        let out = json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]);
        quietly(scene, group, out).await;
        quietly(scene, group, json!([{"op": "add", "path": "members", "value": [{"value": id}]}]))
            .await;
    })
    .await;
}

/// Changes a group without being shown it.
async fn quietly(scene: &PushScene, group: &str, operations: serde_json::Value) {
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations});
    let patch = scene.caller.profile.patch(&body).unwrap();
    let patch = PushOp::Patch { kind: Group, id: group.to_owned(), patch, only_if: None };
    scene.intake().push(&scene.caller, patch, None).await.unwrap().unwrap();
}

async fn measure<F: Future<Output = ()>>(what: &str, times: usize, one: impl Fn(usize) -> F) {
    let began = Instant::now();
    for n in 0..times {
        one(n).await;
    }
    told(what, times, began.elapsed());
}

fn told(what: &str, times: usize, took: Duration) {
    let each = took.as_secs_f64() / times as f64;
    eprintln!("{what}: {:.0} a second, {:.1} µs each", 1.0 / each, each * 1e6);
}
