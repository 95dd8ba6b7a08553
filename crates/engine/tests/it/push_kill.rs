//! A process that dies while it takes pushes keeps each as a whole or not at all, and every one that
//! it answered.
//!
//! The child is this test binary itself, told by environment variables where the workspace is, which
//! token it has and at which point it dies.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rollbook_engine::clock::Clock;
use rollbook_engine::push::{Intake, Minting, PushOp};
use rollbook_engine::{Engine, crash};
use rollbook_scim::server::ResourceType::User;
use rollbook_scim::server::{Profile, resource};

use crate::book::also_on_postgres;
use crate::push_scene::{PushScene, all, user};

also_on_postgres!(killed_at_any_point_what_was_answered_is_there_and_all_of_it_is_whole,);

const WORKSPACE: &str = "ROLLBOOK_TEST_PUSH_WORKSPACE";
const TOKEN: &str = "ROLLBOOK_TEST_PUSH_TOKEN";
const DIE_AT: &str = "ROLLBOOK_CRASH_AT";

/// What the child does: it makes one User after the other, eight at once, and notes in a file which
/// it was told are made.
#[tokio::test(flavor = "multi_thread")]
async fn pushing_child() {
    let Ok(dir) = std::env::var(WORKSPACE) else { return };
    let engine = Engine::open(&Path::new(&dir).join("book"), Clock::System).unwrap();
    let intake = Intake::open(Arc::new(engine)).unwrap();
    let token = std::env::var(TOKEN).unwrap();
    let caller = intake.authenticate("wiki", &token).unwrap().unwrap();
    let mut told = String::new();
    for batch in 0..8 {
        let answered = all((0..8).map(|n| {
            let login = format!("user{}", batch * 8 + n);
            let body = resource::create(User, user(&login), &caller.profile.rules()).unwrap();
            let operation = PushOp::Create { kind: User, body };
            let (intake, caller) = (&intake, &caller);
            async move {
                intake.push(caller, operation, None).await.unwrap().unwrap();
                login
            }
        }))
        .await;
        told += &answered.iter().map(|login| format!("{login}\n")).collect::<String>();
        fs::write(Path::new(&dir).join("told"), &told).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_what_was_answered_is_there_and_all_of_it_is_whole() {
    for point in crash::PUSH_POINTS {
        for nth in [1, 3] {
            check_killed(&format!("{point}:{nth}")).await;
        }
    }
}

async fn check_killed(point: &str) {
    let mut scene = PushScene::new();
    let minting = Minting {
        endpoint: "wiki".to_owned(),
        idp: "entra".to_owned(),
        profile: Profile::Strict,
        may_write: true,
        acts_for: String::new(),
        expires: None,
        by: "olga".to_owned(),
    };
    let minted = scene.engine().mint_token(minting).unwrap();
    scene.close();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "push_kill::pushing_child", "--nocapture"])
        .env(WORKSPACE, scene.dir.path())
        .env(TOKEN, minted.secret.expose())
        .env(DIE_AT, point)
        .output()
        .unwrap();
    assert!(!died.status.success(), "{point} was never passed");
    scene.open();
    let told = fs::read_to_string(scene.dir.path().join("told")).unwrap_or_default();
    let kept: BTreeSet<String> = scene.names(&[User], "").await.into_iter().collect();
    for login in told.lines() {
        assert!(kept.contains(login), "{point}: {login} was answered and is not there");
    }
    check_whole(&scene, point).await;
    scene.engine().checkpoint().unwrap();
    scene.engine().verify().unwrap();
}

/// Whether totals, names, addresses, wishes and events speak of the same Users.
async fn check_whole(scene: &PushScene, point: &str) {
    let (_, list) = scene.list(&[User], "count=1000").await;
    let users = list["Resources"].as_array().unwrap();
    assert_eq!(list["totalResults"], users.len(), "{point}");
    let store = scene.engine().store();
    for user in users {
        let (id, login) = (user["id"].as_str().unwrap(), user["userName"].as_str().unwrap());
        let filter = format!("filter=emails.value+eq+%22{login}%40example.com%22");
        assert_eq!(scene.names(&[User], &filter).await, [login], "{point}");
        let (wishes, events) = store
            .read(|book| {
                let subject = format!("wiki/{id}");
                Ok((book.intents_of("wiki", id)?, book.recorded(&subject, "resource_created")?))
            })
            .unwrap();
        assert_eq!((wishes.len(), events.len()), (1, 1), "{point}: {login}");
    }
    let events = store.read(|book| book.events()).unwrap();
    let made = events.iter().filter(|event| event.kind == "resource_created").count();
    assert_eq!(made, users.len(), "{point}: an event speaks of a User that is not there");
}
