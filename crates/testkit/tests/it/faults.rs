//! Each fault, as the client meets it.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use rollbook_testkit::scim_vendor::Stray;
use rollbook_testkit::{Fault, Twist};
use serde_json::{Value, json};

use crate::client::{Scene, user};

async fn listed(twist: Twist, path: &str) -> (StatusCode, Value) {
    let scene = Scene::with_fault(Fault::on("GET", "/Users", twist)).await;
    let answer = scene.get(path).await;
    assert!(scene.vendor.unfired().is_empty(), "{:?}", scene.vendor.unfired());
    answer
}

fn ids(page: &Value) -> Vec<&str> {
    page["Resources"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn throttling_comes_with_any_status_and_any_retry_after() {
    let forms = [Some("7"), Some("Sat, 21 Nov 2026 13:00:00 GMT"), Some("soon"), None];
    for status in [429, 403, 423, 503] {
        for form in forms {
            let retry_after = form.map(str::to_owned);
            let twist = Twist::Status { status, retry_after, body: None };
            let scene = Scene::with_fault(Fault::on("GET", "/Users", twist).times(1)).await;
            let answer = scene.request(Method::GET, "/Users").send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status);
            let header = answer.headers().get("retry-after").map(|it| it.to_str().unwrap());
            assert_eq!(header, form);
            assert_eq!(scene.get("/Users").await.0, StatusCode::OK, "only once");
        }
    }
}

#[tokio::test]
async fn lists_are_empty_or_half_or_lie_about_their_length() {
    let (_, page) = listed(Twist::EmptyList, "/Users").await;
    assert_eq!(
        (&page["totalResults"], page["Resources"].as_array().unwrap().len()),
        (&json!(0), 0)
    );
    let (_, page) = listed(Twist::HalfList, "/Users").await;
    assert_eq!((&page["totalResults"], ids(&page)), (&json!(1), vec!["ana"]));
    for lie in [json!(500), json!(-1), json!("3"), json!(null)] {
        let (_, page) = listed(Twist::TotalResults { is: lie.clone() }, "/Users").await;
        assert_eq!((&page["totalResults"], ids(&page).len()), (&lie, 3));
    }
}

#[tokio::test]
async fn pages_repeat_overlap_or_do_not_move() {
    let (_, page) = listed(Twist::RepeatPage, "/Users?startIndex=3&count=2").await;
    assert_eq!((&page["startIndex"], ids(&page)), (&json!(3), vec!["ana", "bea"]));
    let (_, page) = listed(Twist::StartIndexIgnored, "/Users?startIndex=3&count=2").await;
    assert_eq!((&page["startIndex"], ids(&page)), (&json!(1), vec!["ana", "bea"]));
    let (_, page) = listed(Twist::Overlap { by: 1 }, "/Users?startIndex=3&count=2").await;
    assert_eq!((&page["startIndex"], ids(&page)), (&json!(3), vec!["bea", "cid"]));
}

#[tokio::test]
async fn types_are_wrong_and_still_mean_the_same() {
    let (_, page) = listed(Twist::WrongTypes, "/Users").await;
    let ana = &page["Resources"][0];
    assert_eq!((&page["totalResults"], &ana["active"]), (&json!("3"), &json!("True")));
    assert_eq!(ana["emails"], json!(["ana@example.com"]));
    let read = rollbook_scim::User::read(ana).unwrap();
    assert_eq!((read.active, read.primary_email()), (Some(true), Some("ana@example.com")));
}

#[tokio::test]
async fn a_web_page_an_error_or_nothing_comes_with_200() {
    let (status, body) = listed(Twist::Html, "/Users").await;
    assert!(status.is_success() && body.as_str().unwrap().contains("Sign in"));
    let (status, body) = listed(Twist::ErrorInOk, "/Users").await;
    assert!(status.is_success() && rollbook_scim::ErrorMessage::read(&body).is_some());
    let (status, body) = listed(Twist::EmptyBody, "/Users").await;
    assert_eq!((status, body), (StatusCode::OK, json!("")));
}

#[tokio::test]
async fn a_connection_resets_before_or_after_the_effect() {
    for (twist, users) in [(Twist::ResetBefore, 3), (Twist::ResetAfter, 4)] {
        let scene = Scene::with_fault(Fault::on("POST", "/Users", twist).times(1)).await;
        let lost = scene.request(Method::POST, "/Users").json(&user("dora")).send().await;
        assert!(lost.is_err());
        assert_eq!(scene.vendor.users().len(), users);
        assert_eq!(scene.get("/Users").await.0, StatusCode::OK, "the next connection works");
    }
}

#[tokio::test]
async fn an_effect_is_made_and_a_failure_told() {
    let twist = Twist::DoneButStatus { status: 502 };
    let scene = Scene::with_fault(Fault::on("DELETE", "/Users/*", twist)).await;
    assert_eq!(scene.delete("/Users/ana").await, StatusCode::BAD_GATEWAY);
    assert!(scene.vendor.user("ana").is_none());
}

#[tokio::test]
async fn a_body_ends_in_its_middle() {
    let scene = Scene::with_fault(Fault::on("GET", "/Users/*", Twist::Truncated)).await;
    let answer = scene.request(Method::GET, "/Users/ana").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.bytes().await.is_err(), "shorter than its Content-Length");
}

#[tokio::test]
async fn a_write_is_answered_well_and_ignored() {
    let scene = Scene::with_fault(Fault::on("PATCH", "/Users/*", Twist::Ignored)).await;
    let off = json!({"op": "replace", "path": "active", "value": false});
    let (status, ana) = scene.patch("/Users/ana", off).await;
    assert_eq!((status, &ana["active"]), (StatusCode::OK, &json!(false)));
    assert!(scene.is_active("ana"));
    assert!(scene.vendor.ledger().effects().is_empty());
}

#[tokio::test]
async fn an_effect_shows_after_so_many_reads_of_the_same_user() {
    let twist = Twist::VisibleAfter { reads: 2 };
    let scene = Scene::with_fault(Fault::on("PATCH", "/Users/*", twist)).await;
    let off = json!({"op": "replace", "path": "active", "value": false});
    scene.patch("/Users/ana", off).await;
    assert!(!scene.is_active("ana"), "it is done");
    assert_eq!(scene.get("/Users/ana").await.1["active"], true);
    assert_eq!(scene.get("/Users/bea").await.1["active"], true, "another user is no read of it");
    assert_eq!(scene.get("/Users").await.1["Resources"][0]["active"], true);
    assert_eq!(scene.get("/Users/ana").await.1["active"], false);
}

#[tokio::test]
async fn a_new_user_and_a_removed_one_show_late_too() {
    let late = || Twist::VisibleAfter { reads: 1 };
    let scene = Scene::with_fault(Fault::on("POST", "/Users", late())).await;
    scene.vendor.fault(Fault::on("DELETE", "/Users/*", late()));
    scene.send(Method::POST, "/Users", &user("dora")).await;
    scene.delete("/Users/ana").await;
    let before: Vec<String> = scene.logins("/Users").await;
    assert_eq!(before, ["bea@example.com", "cid@example.com", "ana@example.com"]);
    let after = scene.logins("/Users").await;
    assert_eq!(after, ["bea@example.com", "cid@example.com", "dora@example.com"]);
}

#[tokio::test]
async fn a_redirect_leads_to_another_origin_that_remembers() {
    for status in [302, 307, 308] {
        let twist = Twist::Redirect { status };
        let scene = Scene::with_fault(Fault::on("GET", "/Users", twist)).await;
        // This client follows redirects; it leaves the token behind only because the host differs.
        scene.get("/Users?count=1").await;
        let stray = Stray {
            method: "GET".to_owned(),
            path: "/scim/v2/Users?count=1".to_owned(),
            with_secret: false,
        };
        assert_eq!(scene.vendor.strays(), [stray]);
    }
}

#[tokio::test]
async fn an_answer_is_huge_or_unpacks_to_something_huge() {
    let (_, body) = listed(Twist::Huge { mib: 3 }, "/Users").await;
    assert_eq!(body.as_str().unwrap().len(), 3 * 1024 * 1024);
    let twist = Twist::GzipBomb { mib: 4 };
    let scene = Scene::with_fault(Fault::on("GET", "/Users", twist)).await;
    let answer = scene.request(Method::GET, "/Users").send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let packed = answer.bytes().await.unwrap();
    assert!(packed.starts_with(&[0x1F, 0x8B]) && packed.len() < 4 * 1024 * 1024 / 150);
}

#[tokio::test]
async fn an_answer_dribbles_or_comes_late() {
    for twist in [Twist::SlowBytes { pause_ms: 1 }, Twist::Delay { ms: 60 }] {
        let scene = Scene::with_fault(Fault::on("GET", "/Users/*", twist)).await;
        let start = Instant::now();
        assert_eq!(scene.get("/Users/ana").await.0, StatusCode::OK);
        assert!(start.elapsed() >= Duration::from_millis(60));
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_turn_and_its_query() {
    let fault = Fault::on("GET", "/Users", Twist::EmptyList).query("startIndex=3").skip(1).times(1);
    let scene = Scene::with_fault(fault).await;
    let total = |page: Value| page["totalResults"].clone();
    assert_eq!(total(scene.get("/Users?startIndex=1").await.1), 3);
    assert_eq!(total(scene.get("/Users?startIndex=3").await.1), 3);
    assert_eq!(total(scene.get("/Users?startIndex=3").await.1), 0);
    assert_eq!(total(scene.get("/Users?startIndex=3").await.1), 3);
}
