//! Pushes that come at once end as if they had come one after the other.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_scim::server::ResourceType::{Group, User};
use serde_json::{Value, json};

use crate::book::also_on_postgres;
use crate::push_scene::{Answered, PushScene, all, user};

also_on_postgres!(
    of_fifty_users_with_one_login_one_is_made,
    a_hundred_patches_end_in_some_order_and_none_is_lost,
    of_a_hundred_patches_to_one_version_one_is_done,
    members_that_come_and_go_at_once_are_all_there_or_gone,
    a_patch_whose_third_operation_is_wrong_changes_nothing,
    every_push_is_in_the_chain_with_its_wish,
    a_group_can_be_in_another_and_never_in_itself,
);

/// How often each status was answered.
fn statuses(answers: &[Answered]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for (status, _) in answers {
        *counts.entry(*status).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_users_with_one_login_one_is_made() {
    let scene = PushScene::new();
    let spellings = ["ana@example.com", "ANA@example.com", "Ana@Example.COM"];
    let pushes = (0..50).map(|n| scene.create(User, user(spellings[n % spellings.len()])));
    let answers = all(pushes).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(201, 1), (409, 49)]));
    let refused = answers.iter().filter(|(status, _)| *status == 409);
    assert!(refused.map(|(_, body)| &body["scimType"]).all(|word| word == "uniqueness"));
    assert_eq!(scene.names(&[User], "").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_patches_end_in_some_order_and_none_is_lost() {
    let scene = PushScene::new();
    let id = scene.user("ana").await;
    let title = |n: usize| json!([{"op": "replace", "path": "title", "value": format!("t{n}")}]);
    let answers = all((0..100).map(|n| scene.patch(User, &id, title(n)))).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 100)]));
    let versions: BTreeSet<_> =
        answers.iter().map(|(_, now)| now["meta"]["version"].to_string()).collect();
    assert_eq!(versions.len(), 100, "each was a change of its own");
    let (_, last) = scene.get(User, &id).await;
    let newest = answers.iter().find(|(_, now)| now["meta"] == last["meta"]).unwrap();
    assert_eq!(newest.1, last, "what is kept is what the last one was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_patches_to_one_version_one_is_done() {
    let scene = PushScene::new();
    let id = scene.user("ana").await;
    let (_, before) = scene.get(User, &id).await;
    let version = before["meta"]["version"].as_str().unwrap();
    let title = |n: usize| json!([{"op": "replace", "path": "title", "value": format!("t{n}")}]);
    let patches = (0..100).map(|n| scene.patch_if(User, &id, title(n), Some(version)));
    let answers = all(patches).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 1), (412, 99)]));
    let (status, _) = scene.patch_if(User, &id, title(0), Some("*")).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_come_and_go_at_once_are_all_there_or_gone() {
    let scene = PushScene::new();
    let logins: Vec<String> = (0..100).map(|n| format!("user{n}")).collect();
    let ids = all(logins.iter().map(|login| scene.user(login))).await;
    let (stay, leave) = ids.split_at(50);
    let members: Vec<&str> = leave.iter().map(String::as_str).collect();
    let group = scene.group("Editors", &members).await;
    let moves =
        stay.iter()
            .map(|id| json!([{"op": "add", "path": "members", "value": [{"value": id}]}]))
            .chain(leave.iter().map(
                |id| json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]),
            ));
    let answers = all(moves.map(|operations| scene.patch(Group, &group, operations))).await;
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 100)]));
    let (_, now) = scene.get(Group, &group).await;
    let found: BTreeSet<_> =
        now["members"].as_array().unwrap().iter().map(|it| it["value"].as_str().unwrap()).collect();
    assert_eq!(found, stay.iter().map(String::as_str).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_whose_third_operation_is_wrong_changes_nothing() {
    let scene = PushScene::new();
    let (ana, bob) = (scene.user("ana").await, scene.user("bob").await);
    let group = scene.group("Editors", &[&ana]).await;
    let before = [scene.get(User, &ana).await, scene.get(Group, &group).await];
    let (events, _) = recorded(&scene);
    let wrong = json!([
        {"op": "replace", "path": "title", "value": "Editor"},
        {"op": "replace", "path": "active", "value": false},
        {"op": "replace", "path": "emails[type eq \"nowhere\"].value", "value": "x@example.com"},
    ]);
    assert_eq!(scene.patch(User, &ana, wrong).await.0, 400);
    let wrong = json!([
        {"op": "add", "path": "members", "value": [{"value": bob}]},
        {"op": "replace", "path": "displayName", "value": "Others"},
        {"op": "add", "path": "members", "value": [{"value": "nobody"}]},
    ]);
    assert_eq!(scene.patch(Group, &group, wrong).await.0, 400);
    assert_eq!(before, [scene.get(User, &ana).await, scene.get(Group, &group).await]);
    let (_, bob_now) = scene.get(User, &bob).await;
    assert_eq!(bob_now.get("groups"), None);
    assert_eq!(recorded(&scene).0, events, "nothing is recorded of what was not done");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_push_is_in_the_chain_with_its_wish() {
    let scene = PushScene::new();
    let ids = all((0..20).map(|n| scene.create(User, user(&format!("user{n}"))))).await;
    let ids: Vec<_> = ids.iter().map(|(_, made)| made["id"].as_str().unwrap()).collect();
    assert_eq!(scene.delete(User, ids[0]).await.0, 204);
    let (_, created) = recorded(&scene);
    assert_eq!(created.len(), 20);
    let report = scene.engine().checkpoint().and_then(|_| scene.engine().verify()).unwrap();
    assert!(report.events >= 21);
    for (at, id) in ids.iter().enumerate() {
        let wishes = scene.engine().store().read(|book| book.intents_of("wiki", id)).unwrap();
        assert_eq!(wishes.len(), 1);
        let wish = &wishes[0];
        assert_eq!((wish.instance.as_str(), wish.aspect.as_str()), ("wiki", "account"));
        assert_eq!(wish.revision, if at == 0 { 2 } else { 1 });
        assert!(wish.due_at.is_some());
    }
}

/// How many events there are, and the bodies of those that say that a resource was made.
fn recorded(scene: &PushScene) -> (usize, Vec<Value>) {
    let store = scene.engine().store();
    let (events, bodies) = store.read(|book| Ok((book.events()?, book.bodies()?))).unwrap();
    let made = events.iter().zip(bodies).filter(|(event, _)| event.kind == "resource_created");
    (events.len(), made.map(|(_, body)| body.content).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_can_be_in_another_and_never_in_itself() {
    let scene = PushScene::new();
    let ana = scene.user("ana").await;
    let inner = scene.group("Inner", &[&ana]).await;
    let outer = scene.group("Outer", &[&inner]).await;
    let (_, seen) = scene.get(User, &ana).await;
    let groups = seen["groups"].as_array().unwrap().iter();
    let groups: Vec<_> = groups.map(|it| (it["display"].clone(), it["type"].clone())).collect();
    let expected = [("Inner", "direct"), ("Outer", "indirect")];
    assert_eq!(groups, expected.map(|(name, kind)| (json!(name), json!(kind))));
    for holder in [&inner, &outer] {
        let add = json!([{"op": "add", "path": "members", "value": [{"value": outer}]}]);
        assert_eq!(scene.patch(Group, holder, add).await.0, 400);
    }
}
