//! What identity providers push is kept as they pushed it, once, whole, and for them alone.

use rollbook_scim::server::ResourceType::{Group, User};
use serde_json::json;

use crate::push_scene::{PushScene, user};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_read_changed_and_deleted() {
    let scene = PushScene::new();
    let id = scene.user("Ana").await;
    let (_, made) = scene.get(User, &id).await;
    assert_eq!(made["userName"], "Ana");
    assert_eq!(made["meta"]["location"], format!("{}/Users/{id}", crate::push_scene::BASE));
    let operations = json!([{"op": "replace", "path": "active", "value": false}]);
    let (status, now) = scene.patch(User, &id, operations.clone()).await;
    assert_eq!((status, &now["active"]), (200, &json!(false)));
    let (_, again) = scene.patch(User, &id, operations).await;
    assert_eq!(now, again, "what changes nothing leaves even the moment of the last change");
    let mut other = user("ana.alder");
    other["title"] = json!("Editor");
    let (status, replaced) = scene.replace(User, &id, other).await;
    assert_eq!((status, &replaced["active"]), (200, &json!(true)));
    assert_eq!(scene.delete(User, &id).await.0, 204);
    assert_eq!(scene.get(User, &id).await.0, 404);
    assert_eq!(scene.delete(User, &id).await.0, 404);
    assert_ne!(scene.user("ana.alder").await, id, "a deleted id never comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_one_by_one() {
    let scene = PushScene::new();
    let (ana, bob) = (scene.user("ana").await, scene.user("bob").await);
    let group = scene.group("Editors", &[&ana]).await;
    let operations = json!([
        {"op": "add", "path": "members", "value": [{"value": bob, "display": "Bob"}]},
        {"op": "remove", "path": format!("members[value eq \"{ana}\"]")},
    ]);
    let (status, now) = scene.patch(Group, &group, operations).await;
    assert_eq!(status, 200, "{now}");
    assert_eq!(now["members"].as_array().unwrap().len(), 1);
    assert_eq!(now["members"][0]["value"], bob.as_str());
    assert_eq!(now["members"][0]["display"], "Bob");
    let (_, bob_now) = scene.get(User, &bob).await;
    assert_eq!(bob_now["groups"][0]["value"], group.as_str());
    assert_eq!(bob_now["groups"][0]["display"], "Editors");
    assert_eq!(scene.delete(User, &bob).await.0, 204);
    assert_eq!(scene.get(Group, &group).await.1.get("members"), None);
}
