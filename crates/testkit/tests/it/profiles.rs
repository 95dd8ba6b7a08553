//! Vendors that depart from the RFC in their own ways.

use reqwest::{Method, StatusCode};
use rollbook_testkit::Profile;
use rollbook_testkit::scim_vendor::{
    DeleteMeans, Filters, PatchForm, PatchSupport, PutWithoutActive,
};
use serde_json::json;

use crate::client::{Scene, user};

#[tokio::test]
async fn mindtickle_patches_active_and_passes_over_the_rest() {
    let scene = Scene::new(Profile::mindtickle()).await;
    let replace = json!({"op": "replace", "value": {"active": false, "title": "Baker"}});
    assert_eq!(scene.patch("/Users/ana", replace).await.0, StatusCode::OK);
    let ana = scene.vendor.user("ana").unwrap();
    assert_eq!((&ana["active"], ana.get("title")), (&json!(false), None));
    let mut whole = user("ana");
    whole["title"] = json!("Baker");
    scene.send(Method::PUT, "/Users/ana", &whole).await;
    assert_eq!(scene.vendor.user("ana").unwrap()["title"], "Baker");
}

#[tokio::test]
async fn mindtickle_filters_by_login_only_and_has_no_discovery() {
    let scene = Scene::new(Profile::mindtickle()).await;
    assert_eq!(scene.logins("/Users?filter=userName eq \"bea@example.com\"").await.len(), 1);
    let (status, _) = scene.get("/Users?filter=active eq true").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(scene.get("/ServiceProviderConfig").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mindtickle_refuses_a_duplicate_with_a_body_of_its_own_and_wants_names() {
    let scene = Scene::new(Profile::mindtickle()).await;
    let (status, body) = scene.send(Method::POST, "/Users", &user("ana")).await;
    assert_eq!((status, body.get("schemas")), (StatusCode::CONFLICT, None));
    let (status, _) = scene.send(Method::POST, "/Users", &json!({"userName": "x"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn delete_may_only_deactivate_or_not_exist() {
    let only_deactivates = Profile { delete: DeleteMeans::Inactive, ..Profile::mindtickle() };
    let scene = Scene::new(only_deactivates).await;
    assert_eq!(scene.delete("/Users/ana").await, StatusCode::NO_CONTENT);
    assert!(!scene.is_active("ana"));
    let scene = Scene::new(Profile { delete: DeleteMeans::Refused, ..Profile::full() }).await;
    assert_eq!(scene.delete("/Users/ana").await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn patch_may_want_one_form_or_do_nothing_at_all() {
    let with_path = json!({"op": "replace", "path": "active", "value": false});
    let without = json!({"op": "replace", "value": {"active": false}});
    let cases = [
        (PatchSupport::Full, PatchForm::PathOnly, &without, 400, true),
        (PatchSupport::Full, PatchForm::PathlessOnly, &with_path, 400, true),
        (PatchSupport::Full, PatchForm::PathlessOnly, &without, 200, false),
        (PatchSupport::Nothing, PatchForm::Any, &with_path, 200, true),
        (PatchSupport::Absent, PatchForm::Any, &with_path, 501, true),
    ];
    for (patch, patch_form, operation, status, active) in cases {
        let scene = Scene::new(Profile { patch, patch_form, ..Profile::full() }).await;
        let answer = scene.patch("/Users/ana", operation.clone()).await;
        assert_eq!((answer.0.as_u16(), scene.is_active("ana")), (status, active));
    }
}

#[tokio::test]
async fn a_put_without_active_may_deactivate() {
    let ways = PutWithoutActive::Deactivates;
    let scene = Scene::new(Profile { put_without_active: ways, ..Profile::full() }).await;
    let mut whole = user("ana");
    whole.as_object_mut().unwrap().remove("active");
    scene.send(Method::PUT, "/Users/ana", &whole).await;
    assert!(!scene.is_active("ana"));
}

#[tokio::test]
async fn a_filter_may_be_ignored_and_ids_may_be_numbers() {
    let ways = Profile { filters: Filters::Ignored, integer_ids: true, ..Profile::full() };
    let scene = Scene::new(ways).await;
    assert_eq!(scene.logins("/Users?filter=userName eq \"ana\"").await.len(), 3);
    let (_, made) = scene.send(Method::POST, "/Users", &user("dora")).await;
    assert_eq!(made["id"], 1);
    assert_eq!(scene.get("/Users/1").await.1["userName"], "dora@example.com");
}

#[test]
fn a_profile_is_read_from_json_with_the_rest_as_in_the_full_one() {
    let text = r#"{"delete": "inactive", "page_max": 7}"#;
    let profile: Profile = serde_json::from_str(text).unwrap();
    assert_eq!(profile.page_max, 7);
    assert_eq!(profile.patch, PatchSupport::Full);
    assert!(serde_json::from_str::<Profile>(r#"{"pagemax": 7}"#).is_err());
}
