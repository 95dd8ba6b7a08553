//! The ledger of effects.

use reqwest::Method;
use rollbook_testkit::scim_vendor::Setup;
use rollbook_testkit::{Fault, Ledger, Profile, ScimVendor, Twist};
use serde_json::json;

use crate::client::{Scene, http, user};

#[tokio::test]
async fn each_change_is_one_line_and_a_repetition_is_none() {
    let scene = Scene::new(Profile::full()).await;
    let off = json!({"op": "replace", "path": "active", "value": false});
    scene.patch("/Users/ana", off.clone()).await;
    scene.patch("/Users/ana", off).await;
    scene.get("/Users").await;
    scene.delete("/Users/bea").await;
    let lines: Vec<String> = scene
        .vendor
        .ledger()
        .effects()
        .iter()
        .map(|it| format!("{} {} {}: {}", it.order, it.method, it.path, it.what))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    1 PATCH /Users/ana: changed active
    2 DELETE /Users/bea: removed bea@example.com
    ");
    assert_eq!(scene.vendor.asked().len(), 4);
}

#[tokio::test]
async fn the_clients_name_for_its_operation_is_kept() {
    let scene = Scene::new(Profile::full()).await;
    let request = scene.request(Method::POST, "/Users").header("idempotency-key", "chg_1");
    request.json(&user("dora")).send().await.unwrap();
    let effects = scene.vendor.ledger().effects();
    assert_eq!(effects[0].op_id.as_deref(), Some("chg_1"));
    assert_eq!(effects[0].body_sha256.len(), 64);
    assert_eq!(scene.vendor.ledger().effects_on("usr-000001"), effects);
}

#[tokio::test]
async fn an_effect_whose_answer_was_lost_is_in_the_ledger() {
    let scene = Scene::with_fault(Fault::on("POST", "/Users", Twist::ResetAfter).times(1)).await;
    let lost = scene.request(Method::POST, "/Users").json(&user("dora")).send().await;
    assert!(lost.is_err());
    assert_eq!(scene.vendor.ledger().effects().len(), 1);
    assert!(scene.vendor.unfired().is_empty());
}

#[tokio::test]
async fn another_process_can_read_the_ledgers_file_while_the_fake_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let setup = Setup { ledger: Some(file.clone()), ..Setup::default() };
    let vendor = ScimVendor::start_with(Profile::full(), setup).await.unwrap();
    let url = format!("{}/Users", vendor.url());
    for login in ["dora", "emil"] {
        let request = http().post(&url).bearer_auth(vendor.token()).json(&user(login));
        request.send().await.unwrap();
    }
    assert_eq!(Ledger::read_file(&file).unwrap(), vendor.ledger().effects());
    assert_eq!(vendor.ledger().effects().len(), 2);
}
