//! What identity providers push is kept as they pushed it, once, whole, and for them alone.

use rollbook_engine::push::View;
use rollbook_scim::server::ResourceType::{Group, User};
use rollbook_scim::server::{BulkLimits, BulkRequest, DELIVERY_USER, Profile, Projection};
use serde_json::{Value, json};

use crate::book::also_on_postgres;
use crate::push_scene::{BASE, GROUP, MAPPED, PushScene, user};

also_on_postgres!(
    a_user_is_made_read_changed_and_deleted,
    members_come_and_go_one_by_one,
    lists_are_paged_filtered_sorted_and_continued,
    how_far_it_is_delivered_is_shown_to_whoever_asks,
    a_bulk_request_is_done_operation_by_operation,
);

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_read_changed_and_deleted() {
    let scene = PushScene::new();
    let id = scene.user("Ana").await;
    let (_, made) = scene.get(User, &id).await;
    assert_eq!(made["userName"], "Ana");
    assert_eq!(made["meta"]["location"], format!("{}/Users/{id}", BASE));
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

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_filtered_sorted_and_continued() {
    let scene = PushScene::new();
    for n in 0..7 {
        scene.user(&format!("user{}", (n * 3) % 7)).await;
    }
    scene.group("Editors", &[]).await;
    let names = async |query: &str| scene.names(&[User], query).await.join(" ");
    assert_eq!(names("startIndex=3&count=3").await, "user6 user2 user5");
    assert_eq!(names("sortBy=userName&count=3&startIndex=2").await, "user1 user2 user3");
    assert_eq!(names("sortBy=userName&sortOrder=descending&count=2").await, "user6 user5");
    assert_eq!(names("filter=userName+eq+%22USER4%22").await, "user4");
    assert_eq!(names("filter=userName+ge+%22user4%22&count=2").await, "user6 user5");
    assert_eq!(names("filter=emails.value+eq+%22user1@example.com%22").await, "user1");
    assert_eq!(names("filter=meta.lastModified+gt+%222030-01-01T00:00:00Z%22").await, "");
    assert_eq!(scene.names(&[User, Group], "startIndex=7").await, ["user4", "Editors"]);
    for query in
        ["count=3&cursor", "count=3&sortBy=userName&cursor", "count=3&filter=active+eq+true&cursor"]
    {
        check_cursor(&scene, query).await;
    }
}

/// Goes from page to page and sees each of seven users once.
async fn check_cursor(scene: &PushScene, query: &str) {
    let (mut cursor, mut seen, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let (status, page) = scene.list(&[User], &format!("{query}={cursor}")).await;
        assert_eq!(status, 200, "{page}");
        let items = page["Resources"].as_array().unwrap().iter();
        seen.extend(items.map(|item| item["id"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), pages), (7, 3), "{query}");
    let (status, refused) = scene.list(&[Group], &format!("{query}={cursor}")).await;
    assert_eq!((status, &refused["scimType"]), (400, &json!("invalidCursor")), "another list's");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_it_is_delivered_is_shown_to_whoever_asks() {
    let scene = PushScene::new();
    let id = scene.user("ana").await;
    assert_eq!(scene.get(User, &id).await.1.get(DELIVERY_USER), None);
    let projection = Projection::read(Some(&format!("userName,{DELIVERY_USER}")), None, true);
    let projection = projection.unwrap();
    let view = View { base: BASE, projection: &projection };
    let seen = async || {
        let found = scene.intake().get(&scene.caller, User, &id, &view).await.unwrap().unwrap();
        (found.etag, serde_json::from_str::<Value>(&found.json).unwrap())
    };
    let (before, shown) = seen().await;
    assert_eq!(shown[DELIVERY_USER]["state"], "accepted");
    assert_eq!(shown[DELIVERY_USER]["revision"], 1);
    assert!(shown["schemas"].as_array().unwrap().contains(&json!(DELIVERY_USER)));
    assert_eq!(shown.get("name"), None);
    let verified = r#"{"state":"verified","because":"","at":"2026-11-21T10:00:00Z","revision":1}"#;
    let put = |revision| {
        let store = scene.engine().store();
        store.write(|book| book.put_delivery_state("wiki", &id, verified, revision)).unwrap()
    };
    assert!(!put(0), "news about an older wish is left out");
    assert!(put(1));
    let (after, shown) = seen().await;
    assert_eq!(shown[DELIVERY_USER]["state"], "verified");
    assert_ne!(before, after, "whoever was shown the state is not told that it is as before");
    let title = json!([{"op": "replace", "path": "title", "value": "Editor"}]);
    let (status, _) = scene.patch_if(User, &id, title, Some(&before)).await;
    assert_eq!(status, 200, "the state moved, the User did not");
    let filter = format!("filter={DELIVERY_USER}:state+eq+%22accepted%22");
    assert_eq!(scene.names(&[User], &filter).await, ["ana"], "the new wish is only accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_request_is_done_operation_by_operation() {
    let scene = PushScene::with(Profile::Auto);
    let ana = scene.user("ana").await;
    let request = json!({"failOnErrors": 3, "Operations": [
        {"method": "POST", "path": "/Groups", "bulkId": "g",
            "data": {"schemas": [GROUP], "displayName": "Editors",
                "members": [{"value": "bulkId:u"}, {"value": ana}]}},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user("bob")},
        {"method": "POST", "path": "/Users", "bulkId": "v", "data": user("BOB")},
        {"method": "PATCH", "path": "/Groups/bulkId:g",
            "data": {"Operations": [{"op": "add", "path": "members", "value": [{"value": "x"}]}]}},
        {"method": "DELETE", "path": format!("/Users/{ana}")},
        {"method": "PUT", "path": "/Users/nobody", "data": user("eve")},
        {"method": "DELETE", "path": "/Users/bulkId:u"},
    ]});
    let limits = BulkLimits { operations_max: 100, payload_max: 1 << 20 };
    let request = BulkRequest::read(request, &limits, false).unwrap();
    let answers = scene.intake().bulk(&scene.caller, request, BASE).await.unwrap().unwrap();
    let told: Vec<String> = answers
        .iter()
        .map(|it| {
            format!("{} {} {}", it.method.word(), it.bulk_id.as_deref().unwrap_or("-"), it.status)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    POST g 201
    POST u 201
    POST v 409
    PATCH - 400
    DELETE - 204
    PUT - 404
    ");
    assert_eq!(scene.names(&[User, Group], "").await, ["bob", "Editors"]);
    let group = answers[0].location.as_ref().unwrap().rsplit('/').next().unwrap();
    let (_, group) = scene.get(Group, group).await;
    let members = group["members"].as_array().unwrap().iter().map(|it| it["value"].clone());
    let bob = answers[1].location.as_ref().unwrap().rsplit('/').next().unwrap();
    assert_eq!(members.collect::<Vec<_>>(), [json!(bob)], "who was deleted is in no group");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_or_leaves_a_group_that_a_rule_is_about_is_wished_so() {
    let scene = PushScene::new();
    let (ana, bob) = (scene.user("ana").await, scene.user("bob").await);
    let store = scene.engine().store();
    let verified = r#"{"state":"verified","because":"","at":"2026-11-21T10:00:00Z","revision":1}"#;
    store.write(|book| book.put_delivery_state("wiki", &ana, verified, 1)).unwrap();
    let body = json!({"schemas": [GROUP], "displayName": "Any", "externalId": MAPPED,
        "members": [{"value": ana}]});
    let (_, mapped) = scene.create(Group, body).await;
    let mapped = mapped["id"].as_str().unwrap();
    scene.group("Editors", &[&bob]).await;
    let read = |id: &str| {
        let found =
            store.read(|book| Ok((book.intents_of("wiki", id)?, book.resource_row("wiki", id)?)));
        let (wishes, row) = found.unwrap();
        let wishes: Vec<_> = wishes.into_iter().map(|wish| (wish.aspect, wish.revision)).collect();
        (wishes, row.unwrap().delivery)
    };
    let account = ("account".to_owned(), 1);
    let (wishes, delivery) = read(&ana);
    assert_eq!(wishes, [account.clone(), (format!("member:{mapped}"), 1)]);
    assert!(delivery.contains("accepted"), "{delivery}");
    assert_eq!(read(&bob).0, std::slice::from_ref(&account), "a name maps nothing");
    let remove = json!([{"op": "remove", "path": "members"}]);
    assert_eq!(scene.patch(Group, mapped, remove).await.0, 200);
    assert_eq!(read(&ana).0, [account, (format!("member:{mapped}"), 2)]);
}
