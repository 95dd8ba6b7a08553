//! Backups: taken while others write, refused where they are not whole, put back in hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rollbook_core::change::Op;
use rollbook_core::plan::Wish;
use rollbook_engine::backup::restore;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, KEY, Proposal};

use crate::scene::{Scene, at};

fn taken(scene: &Scene, engine: &Engine, name: &str) -> PathBuf {
    let folder = scene.dir.path().join(name);
    engine.backup(&folder, "Olga").unwrap();
    folder
}

/// Puts a backup back, and beside it what no backup holds: the secret, and what the source delivers.
fn put_back(scene: &Scene, backup: &Path, name: &str) -> Engine {
    let into = scene.dir.path().join(name);
    restore(backup, &scene.book().join(KEY), &into, "Olga", "The disk was lost.").unwrap();
    for file in ["token", "workers.csv"] {
        fs::copy(scene.book().join(file), into.join(file)).unwrap();
    }
    Engine::open(&into, Clock::System).unwrap()
}

fn wish(engine: &Engine) -> Proposal {
    let wish = Wish::by_person("Olga", at(engine, "Ana"), Op::Suspend, "Olga asked.");
    engine.plan_wishes(&[wish], "Olga").unwrap()
}

#[tokio::test]
async fn what_was_put_back_sends_nothing_before_all_was_read_anew_and_somebody_says_so() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = wish(&engine).plan;
    engine.approve(&plan.id(), plan.digest(), "Kim", "").unwrap();
    let backup = taken(&scene, &engine, "backup");
    assert!(!backup.join(KEY).exists() && !backup.join("token").exists());
    drop(engine);

    let engine = put_back(&scene, &backup, "back");
    let again = engine.proposal(&plan.id()).unwrap();
    assert_eq!(again.approvals, [], "what was agreed to is void");
    assert!(again.stops.iter().any(|stop| stop.kind.word() == "in_hold"));
    assert!(engine.approve(&plan.id(), plan.digest(), "Kim", "").is_err());
    assert!(engine.apply(&plan.id(), "Olga", &Quiet).await.is_err());
    let early = engine.end_hold("Kim", "Looked at.").unwrap_err().to_string();
    assert!(early.contains("hr, wiki, archive"), "{early}");

    // Meanwhile somebody came at the wiki.
    scene.vendor.seed_user(serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "new@example.com", "active": true,
    }));
    engine.sync(&[], &Quiet).await.unwrap();
    let difference = engine.difference().unwrap().expect("it is in hold");
    let wiki = difference.places.iter().find(|place| place.name == "wiki").unwrap();
    assert_eq!((wiki.then, wiki.now, wiki.is_fresh), (Some(10), Some(11), true));
    assert!(difference.found.iter().any(|said| said.contains("new@example.com")));
    assert_eq!(scene.effects(), Vec::<String>::new());

    engine.end_hold("Kim", "The new account was looked at.").unwrap();
    let plan = wish(&engine).plan;
    engine.approve(&plan.id(), plan.digest(), "Kim", "").unwrap();
    assert!(engine.apply(&plan.id(), "Olga", &Quiet).await.unwrap().is_confirmed());
    engine.verify().unwrap();
}

#[tokio::test]
async fn a_backup_that_was_changed_cut_or_is_anothers_is_refused_and_nothing_is_there() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let other = Scene::new().await;
    let into = scene.dir.path().join("back");
    let refused = |backup: &Path, key: &Path| {
        let error = restore(backup, key, &into, "Olga", "A try.").unwrap_err();
        assert!(!into.exists());
        error.to_string()
    };
    let key = scene.book().join(KEY);
    type Change = fn(&Path);
    let changes: [(&str, Change); 5] = [
        ("rollbook.db is not as it was", |dir| {
            let mut bytes = fs::read(dir.join("rollbook.db")).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(dir.join("rollbook.db"), bytes).unwrap();
        }),
        ("rollbook.db is not as it was", |dir| {
            let bytes = fs::read(dir.join("rollbook.db")).unwrap();
            fs::write(dir.join("rollbook.db"), &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("rollbook.toml is not as it was", |dir| {
            fs::remove_file(dir.join("rollbook.toml")).unwrap()
        }),
        ("extra is not as it was", |dir| fs::write(dir.join("extra"), "x").unwrap()),
        ("its manifest is not what the key signed", |dir| {
            let text = fs::read_to_string(dir.join("backup.json")).unwrap();
            fs::write(dir.join("backup.json"), text.replace("rollbook.toml", "../evil")).unwrap();
        }),
    ];
    for (n, (said, change)) in changes.into_iter().enumerate() {
        let backup = taken(&scene, &engine, &format!("backup{n}"));
        change(&backup);
        let error = refused(&backup, &key);
        assert!(error.contains(said), "{said}: {error}");
    }
    let whole = taken(&scene, &engine, "whole");
    let error = refused(&whole, &other.book().join(KEY));
    assert!(error.contains("its manifest is not what the key signed"), "{error}");
    let there = restore(&whole, &key, &scene.book(), "Olga", "A try.").unwrap_err().to_string();
    assert!(there.contains("exists already"), "{there}");
}

#[tokio::test]
async fn backups_taken_while_another_thread_writes_are_all_whole() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let (done, writer) = (AtomicBool::new(false), engine.clone());
    let done = &done;
    let backups: Vec<PathBuf> = std::thread::scope(|threads| {
        threads.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                writer.note_export("people", &[], 1, "Lee").unwrap();
            }
        });
        let backups = (0..5).map(|n| taken(&scene, &engine, &format!("backup{n}"))).collect();
        done.store(true, Ordering::Relaxed);
        backups
    });
    for (n, backup) in backups.iter().enumerate() {
        let back = put_back(&scene, backup, &format!("back{n}"));
        back.verify().unwrap();
    }
}
