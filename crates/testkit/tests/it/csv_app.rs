//! The app without an API, and its administrator.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rollbook_testkit::csv_app::{CsvApp, Row};
use rollbook_testkit::ledger::Ledger;
use serde_json::{Value, json};
use tempfile::TempDir;

fn app() -> (TempDir, CsvApp) {
    let folder = tempfile::tempdir().unwrap();
    let row = |id: &str, login: &str| Row {
        account_id: id.to_owned(),
        login: login.to_owned(),
        state: "enabled".to_owned(),
        groups: "Sales".to_owned(),
        ..Row::default()
    };
    let rows = vec![row("A-0001", "aruiz"), row("A-0002", "bmeer")];
    let app = CsvApp::open(folder.path(), rows, Ledger::default()).unwrap();
    (folder, app)
}

fn ask(outbox: &Path, change: &str, mut request: Value) {
    request["change"] = json!(change);
    request["because"] = json!("A test asks for it.");
    fs::write(outbox.join(format!("{change}.json")), request.to_string()).unwrap();
}

fn export(app: &CsvApp) -> String {
    fs::read_to_string(app.export_file()).unwrap()
}

#[test]
fn the_export_is_there_from_the_start() {
    let (_folder, app) = app();
    insta::assert_snapshot!(export(&app), @r"
    account_id,login,name,email,state,title,department,groups,created,last_login
    A-0001,aruiz,,,enabled,,,Sales,,
    A-0002,bmeer,,,enabled,,,Sales,,
    ");
}

#[test]
fn every_operation_is_carried_out_and_exported() {
    let (_folder, mut app) = app();
    let outbox = app.outbox();
    ask(&outbox, "c1", json!({"op": "suspend", "account": "A-0001", "login": "ARUIZ"}));
    ask(&outbox, "c2", json!({"op": "grant", "account": "A-0001", "entitlement": "Finance"}));
    ask(&outbox, "c3", json!({"op": "revoke", "account": "A-0001", "entitlement": "Sales"}));
    ask(&outbox, "c4", json!({"op": "update", "account": "A-0001", "set": {"title": "Baker"}}));
    ask(&outbox, "c5", json!({"op": "remove", "account": "A-0002", "login": "bmeer"}));
    let profile = json!({"login": "cid", "display_name": "Cid", "email": "cid@x.example"});
    ask(&outbox, "c6", json!({"op": "create", "account": null, "profile": profile}));
    assert_eq!(app.work().unwrap(), 6);
    insta::assert_snapshot!(export(&app), @r"
    account_id,login,name,email,state,title,department,groups,created,last_login
    A-0001,aruiz,,,disabled,Baker,,Finance,,
    A-0002,cid,Cid,cid@x.example,enabled,,,,,
    ");
    let effects = app.ledger().effects();
    let told: Vec<String> = effects
        .iter()
        .map(|it| format!("{} {} {}", it.op_id.as_deref().unwrap(), it.what, it.subject))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    c1 suspend A-0001
    c2 grant A-0001
    c3 revoke A-0001
    c4 update A-0001
    c5 remove A-0002
    c6 create A-0002
    ");
    assert!(outbox.join("done/c1.json").exists() && !outbox.join("c1.json").exists());
    ask(&outbox, "c7", json!({"op": "reactivate", "account": "A-0001"}));
    app.work().unwrap();
    assert_eq!(app.rows()[0].state, "enabled");
}

#[test]
fn a_request_is_carried_out_once_however_often_it_comes() {
    let (folder, mut app) = app();
    let outbox = app.outbox();
    let suspend = json!({"op": "suspend", "account": "A-0001"});
    ask(&outbox, "c1", suspend.clone());
    app.work().unwrap();
    ask(&outbox, "c2", json!({"op": "reactivate", "account": "A-0001"}));
    app.work().unwrap();
    ask(&outbox, "c1", suspend);
    app.work().unwrap();
    assert_eq!(app.rows()[0].state, "enabled", "{}", folder.path().display());
    assert_eq!(app.ledger().effects().len(), 2);
}

#[test]
fn what_cannot_be_done_is_refused_with_a_reason_and_changes_nothing() {
    let (_folder, mut app) = app();
    let outbox = app.outbox();
    let before = export(&app);
    let requests = [
        ("c1", json!({"op": "suspend", "account": "A-0001", "login": "bmeer"})),
        ("c2", json!({"op": "suspend", "account": "A-0009"})),
        ("c3", json!({"op": "grant", "account": "A-0001"})),
        ("c4", json!({"op": "explode", "account": "A-0001"})),
        ("c5", json!({"op": "create", "profile": {"login": "AruiZ"}})),
        ("c6", json!({"op": "suspend"})),
    ];
    for (change, request) in requests {
        ask(&outbox, change, request);
    }
    fs::write(outbox.join("c7.json"), "{").unwrap();
    fs::write(outbox.join("c8.json"), r#"{"change": "c9", "op": "remove"}"#).unwrap();
    fs::write(outbox.join(".c10.json"), "still being written").unwrap();
    assert_eq!(app.work().unwrap(), 8);
    let mut told = String::new();
    for number in 1..=8 {
        told += &fs::read_to_string(outbox.join(format!("refused/c{number}.txt"))).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    The account A-0001 is aruiz, not bmeer.
    No account A-0009.
    The request names no right.
    "explode" cannot be done here.
    The login "AruiZ" cannot be given.
    The request names no account.
    The request cannot be read: EOF while parsing an object at line 1 column 1.
    The file is not named after its change c9.
    "#);
    assert_eq!(export(&app), before);
    assert!(app.ledger().effects().is_empty());
}

#[test]
fn the_export_is_newer_than_the_request_that_it_answers() {
    let (_folder, mut app) = app();
    for number in 0..50 {
        let op = if number % 2 == 0 { "suspend" } else { "reactivate" };
        ask(&app.outbox(), &format!("c{number}"), json!({"op": op, "account": "A-0001"}));
        app.work().unwrap();
        let time = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        let request = app.outbox().join(format!("done/c{number}.json"));
        assert!(time(&app.export_file()) > time(&request));
    }
}

#[test]
fn the_administrator_works_by_himself_until_dropped() {
    let (_folder, app) = app();
    let outbox = app.outbox();
    let watch = app.watch();
    ask(&outbox, "c1", json!({"op": "suspend", "account": "A-0001"}));
    let start = Instant::now();
    while !outbox.join("done/c1.json").exists() {
        assert!(start.elapsed().as_secs() < 20, "nobody came");
        std::thread::yield_now();
    }
    assert_eq!(watch.app().rows()[0].state, "disabled");
    drop(watch);
    ask(&outbox, "c2", json!({"op": "reactivate", "account": "A-0001"}));
    assert!(outbox.join("c2.json").exists());
}
