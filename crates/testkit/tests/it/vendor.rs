//! The vendor that does everything to the letter.

use reqwest::{Method, StatusCode};
use rollbook_testkit::Profile;
use serde_json::json;

use crate::client::{Scene, http, user};

#[tokio::test]
async fn a_wrong_token_is_refused_with_a_scim_error() {
    let scene = Scene::new(Profile::full()).await;
    let url = format!("{}/Users", scene.vendor.url());
    for request in [http().get(&url), http().get(&url).bearer_auth("wrong")] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(body["status"], "401");
    }
}

#[tokio::test]
async fn pages_are_counted_from_one_and_end_empty() {
    let scene = Scene::new(Profile::full()).await;
    let (status, page) = scene.get("/Users?startIndex=2&count=1").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(3), &json!(2)));
    assert_eq!(page["itemsPerPage"], 1);
    assert_eq!(scene.logins("/Users?startIndex=2&count=1").await, ["bea@example.com"]);
    assert!(scene.logins("/Users?startIndex=4").await.is_empty());
    assert!(scene.logins("/Users?count=-1").await.is_empty());
    assert_eq!(scene.logins("/Users?startIndex=-7").await.len(), 3);
}

#[tokio::test]
async fn a_filter_finds_a_login_in_any_case() {
    let scene = Scene::new(Profile::full()).await;
    let path = "/Users?filter=userName+eq+%22ANA%40example.com%22";
    assert_eq!(scene.logins(path).await, ["ana@example.com"]);
    let (status, body) = scene.get("/Users?filter=userName%20is%20%22x%22").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["scimType"], "invalidFilter");
}

#[tokio::test]
async fn a_user_is_made_once() {
    let scene = Scene::new(Profile::full()).await;
    let (status, made) = scene.send(Method::POST, "/Users", &user("dora")).await;
    assert_eq!(status, StatusCode::CREATED);
    // The id that the client sent is not taken.
    let id = made["id"].as_str().unwrap();
    assert_eq!(id, "usr-000001");
    assert_eq!(made["meta"]["resourceType"], "User");
    let mut again = user("dora");
    again["userName"] = json!("DORA@example.com");
    let (status, body) = scene.send(Method::POST, "/Users", &again).await;
    assert_eq!((status, &body["scimType"]), (StatusCode::CONFLICT, &json!("uniqueness")));
    assert_eq!(scene.vendor.users().len(), 4);
    assert_eq!(scene.vendor.ledger().effects().len(), 1);
}

#[tokio::test]
async fn a_user_changes_by_patch_and_by_put() {
    let scene = Scene::new(Profile::full()).await;
    let replace = json!({"op": "Replace", "path": "active", "value": "False"});
    let (status, ana) = scene.patch("/Users/ana", replace).await;
    assert_eq!((status, &ana["active"]), (StatusCode::OK, &json!(false)));
    let mut whole = user("ana");
    whole["title"] = json!("Baker");
    whole.as_object_mut().unwrap().remove("active");
    let (status, ana) = scene.send(Method::PUT, "/Users/ana", &whole).await;
    assert_eq!((status, &ana["title"]), (StatusCode::OK, &json!("Baker")));
    assert_eq!(ana["active"], false, "what a PUT does not name about active stays");
    let (status, _) = scene.send(Method::PUT, "/Users/nobody", &user("nobody")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_failing_patch_leaves_nothing_half_done() {
    let scene = Scene::new(Profile::full()).await;
    let body = json!({"Operations": [
        {"op": "replace", "path": "active", "value": false},
        {"op": "replace", "path": "emails[type eq \"home\"].value", "value": "x"},
    ]});
    let (status, error) = scene.send(Method::PATCH, "/Users/ana", &body).await;
    assert_eq!((status, &error["scimType"]), (StatusCode::BAD_REQUEST, &json!("noTarget")));
    assert!(scene.is_active("ana"));
    assert!(scene.vendor.ledger().effects().is_empty());
}

#[tokio::test]
async fn a_deleted_user_is_gone_also_from_its_groups() {
    let scene = Scene::new(Profile::full()).await;
    assert_eq!(scene.delete("/Users/ana").await, StatusCode::NO_CONTENT);
    assert_eq!(scene.delete("/Users/ana").await, StatusCode::NOT_FOUND);
    assert_eq!(scene.get("/Users/ana").await.0, StatusCode::NOT_FOUND);
    assert_eq!(scene.vendor.group("sales").unwrap()["members"], json!([{"value": "bea"}]));
}

#[tokio::test]
async fn members_come_and_go_and_show_on_the_user() {
    let scene = Scene::new(Profile::full()).await;
    let add = json!({"op": "add", "path": "members", "value": [{"value": "cid"}]});
    assert_eq!(scene.patch("/Groups/sales", add).await.0, StatusCode::NO_CONTENT);
    let (_, cid) = scene.get("/Users/cid").await;
    assert_eq!(cid["groups"][0]["display"], "Sales");
    let remove = json!({"op": "remove", "path": "members[value eq \"cid\"]"});
    assert_eq!(scene.patch("/Groups/sales", remove).await.0, StatusCode::NO_CONTENT);
    assert!(scene.get("/Users/cid").await.1.get("groups").is_none());
    let stranger = json!({"op": "add", "path": "members", "value": [{"value": "nobody"}]});
    assert_eq!(scene.patch("/Groups/sales", stranger).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_stale_version_is_refused() {
    let scene = Scene::new(Profile::full()).await;
    let tag = scene.get("/Users/ana").await.1["meta"]["version"].clone();
    let patch = |title: &str| {
        let replace = json!({"op": "replace", "path": "title", "value": title});
        let request = scene.request(Method::PATCH, "/Users/ana");
        let request = request.header("if-match", tag.as_str().unwrap());
        request.json(&json!({"Operations": [replace]})).send()
    };
    assert_eq!(patch("Baker").await.unwrap().status(), StatusCode::OK);
    assert_eq!(patch("Cook").await.unwrap().status(), StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn discovery_says_what_is_there() {
    let scene = Scene::new(Profile::full()).await;
    let (_, config) = scene.get("/ServiceProviderConfig").await;
    assert_eq!(config["patch"]["supported"], true);
    assert_eq!(scene.get("/Schemas").await.1["totalResults"], 3);
    assert_eq!(scene.get("/ResourceTypes").await.1["totalResults"], 2);
    assert_eq!(scene.delete("/Schemas").await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_body_with_a_key_twice_is_refused() {
    let scene = Scene::new(Profile::full()).await;
    let body = r#"{"userName": "x", "active": true, "Active": false}"#;
    let request = scene.request(Method::POST, "/Users").body(body);
    let request = request.header("content-type", "application/scim+json");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert_eq!(scene.vendor.users().len(), 3);
}
