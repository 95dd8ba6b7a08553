//! What identity providers pushed about somebody goes with them when they are erased.

use std::fs;

use rollbook_core::id::IdentityId;
use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_scim::server::ResourceType;
use serde_json::json;

use crate::book::also_on_postgres;
use crate::delivery_scene::{APPS, DeliveryScene, STANDING, Served, login, user};
use crate::erasing::naming;
use crate::said;

also_on_postgres!(
    users_that_were_pushed_are_emptied_whether_deleted_or_not_and_the_chain_stays_whole,
    who_is_still_pushed_as_active_is_not_erased,
);

const REASON: &str = "Ticket 4711";

/// Neither the source nor any app delivers person 1 any more.
async fn forgotten_by_all(scene: &DeliveryScene) -> Engine {
    let workers = fs::read_to_string(scene.dir.join("workers.csv")).unwrap();
    let without: Vec<_> = workers.lines().filter(|line| !line.contains(&login(1))).collect();
    fs::write(scene.dir.join("workers.csv"), without.join("\n") + "\n").unwrap();
    for app in APPS {
        if let Some(account) = scene.account(app, &login(1)) {
            scene.vendors[app].take_out_user(account["id"].as_str().unwrap());
        }
    }
    let engine = Engine::open(&scene.dir, Clock::System).unwrap();
    engine.sync(&[], &Quiet).await.unwrap();
    engine
}

/// Person 1, pushed to all instances by a User that was deleted, and by one that is not active.
async fn pushed_twice(scene: &DeliveryScene) -> (IdentityId, [String; 2]) {
    let served = scene.serve("all");
    let person = served.engine.somebody("E1").unwrap();
    let going = served.deliver();
    let other = served.create(user(2)).await;
    let first = served.create(user(1)).await;
    served.until_state(&first, "verified").await;
    served.activate(&first, false).await;
    served.until_state(&first, "verified").await;
    served.delete(&first).await;
    served.until_state(&first, "verified").await;
    let mut again = user(1);
    again["active"] = json!(false);
    let second = served.create(again).await;
    served.until_state(&second, "verified").await;
    served.group("00g-all", &[&second, &other]).await;
    served.until_state(&other, "verified").await;
    going.end().await;
    (person, [first, second])
}

#[tokio::test(flavor = "multi_thread")]
async fn users_that_were_pushed_are_emptied_whether_deleted_or_not_and_the_chain_stays_whole() {
    let scene = DeliveryScene::new(10, STANDING).await;
    let (person, users) = pushed_twice(&scene).await;
    let engine = forgotten_by_all(&scene).await;
    let names = [login(1), "Person1 Nr1".to_owned(), "00u1".to_owned()];
    let is_named = |text: &str| names.iter().any(|name| text.contains(name));
    let bodies = engine.store().read(|book| book.bodies()).unwrap();
    assert!(bodies.iter().any(|body| is_named(&body.content.to_string())));

    let erasure = engine.erase(&person, REASON, "kim").unwrap();
    let mut expected = users.clone().map(|id| format!("all/{id}"));
    expected.sort();
    assert_eq!(erasure.pushed, expected);
    let bodies = engine.store().read(|book| book.bodies()).unwrap();
    let left: Vec<_> = bodies.iter().filter(|b| is_named(&b.content.to_string())).collect();
    assert!(left.is_empty(), "{left:#?}");
    for id in &users {
        let row = engine.store().read(|book| book.resource_row("all", id)).unwrap().unwrap();
        let wishes = engine.store().read(|book| book.intents_of("all", id)).unwrap();
        assert!(row.deleted_at.is_some() && wishes.is_empty() && !is_named(&format!("{row:?}")));
    }
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(naming(&scene.dir, &words), Vec::<String>::new());
    assert_eq!(engine.verify().unwrap().erased, erasure.emptied.len() as u64);
    let again = said(&engine.erase(&person, REASON, "kim").unwrap_err());
    assert!(again.contains("nothing to erase"), "{again}");
    drop(engine);

    // To the provider she is gone, also out of her group; pushed anew she is somebody new.
    let served = Served::reopen(&scene.dir, "all");
    let found = served.engine.store().read(|book| {
        let mut left = Vec::new();
        book.live_resources("all", ResourceType::Group, |group| {
            left.push(group.id);
            Ok(())
        })?;
        let mut members = Vec::new();
        for group in &left {
            book.members_of(group, |member| {
                members.push(member.member);
                Ok(())
            })?;
        }
        Ok(members)
    });
    let found = found.unwrap();
    assert!(found.len() == 1 && !users.contains(&found[0]), "{found:?}");
    assert!(!users.contains(&served.create(user(1)).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_still_pushed_as_active_is_not_erased() {
    let scene = DeliveryScene::new(10, STANDING).await;
    let served = scene.serve("wiki");
    let person = served.engine.somebody("E1").unwrap();
    let going = served.deliver();
    let id = served.create(user(1)).await;
    served.until_state(&id, "verified").await;
    going.end().await;
    drop(served);
    let engine = forgotten_by_all(&scene).await;
    let refused = said(&engine.erase(&person, REASON, "kim").unwrap_err());
    assert!(
        refused.contains(
            "An identity provider pushes person1@example.com to wiki and has not deactivated them."
        ),
        "{refused}"
    );
    let row = engine.store().read(|book| book.resource_row("wiki", &id)).unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.deleted_at), (login(1).as_str(), None));
}
