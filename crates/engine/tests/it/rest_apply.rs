//! What the REST channel sends to change one account, and what it makes of the answers.

use rollbook_core::account::State;
use rollbook_core::change::Op;
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::Channel;
use serde_json::{Value, json};

use crate::changes::{change, create};
use crate::rest_fake::{Asked, Say, Scripted, call, channel, fake, head, ok, say, user};

/// An app with one request for everything.
fn app() -> String {
    let body = |text: &str| format!("body = '{text}'");
    [
        head("kind = \"none\""),
        call("list", "GET", "/users", "items = \"/users\""),
        call("get", "GET", "/users/{account}", ""),
        call("suspend", "PATCH", "/users/{account}", &body(r#"{"status": "off"}"#)),
        call("reactivate", "PATCH", "/users/{account}", &body(r#"{"status": "on"}"#)),
        call("remove", "DELETE", "/users/{account}", ""),
        call(
            "create",
            "POST",
            "/users",
            &body(r#"{"email": "{email}", "name": "{display_name?}"}"#),
        ),
    ]
    .concat()
}

/// Says `user` to every look, and `said` to every write.
async fn with(user: Value, said: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Scripted {
    fake(move |asked| match asked.line.as_str() {
        "GET /users" => ok(json!({"users": [user]})),
        line if line.starts_with("GET") => ok(user.clone()),
        _ => said(asked),
    })
    .await
}

fn suspend() -> rollbook_core::change::Change {
    change(Op::Suspend, "7", "u7@acme.example", State::Active)
}

#[tokio::test]
async fn each_change_is_one_request_after_one_look() {
    let fake = with(user(7), |_| say(204, Value::Null)).await;
    let vendor = channel(&fake, &app());
    match vendor.apply(&suspend()).await {
        Outcome::Done { account, receipt } => {
            assert_eq!(account.as_str(), "7");
            assert_eq!((receipt.request.as_str(), receipt.status), ("PATCH /users/7", 204));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fake.lines(), ["GET /users/7", "PATCH /users/7"]);
    let sent = &fake.asked()[1];
    assert_eq!(sent.json(), json!({"status": "off"}));
    assert_eq!(sent.headers["content-type"], "application/json");
    assert_eq!(sent.headers["authorization"], "Bearer canary-0123456789");
    let remove = change(Op::Remove, "7", "u7@acme.example", State::Active);
    assert!(matches!(vendor.apply(&remove).await, Outcome::Done { .. }));
    assert_eq!(fake.writes(), ["PATCH /users/7", "DELETE /users/7"]);
}

#[tokio::test]
async fn what_is_so_already_or_is_somebody_else_is_not_sent() {
    let mut off = user(7);
    off["status"] = json!("off");
    let fake = with(off, |_| say(204, Value::Null)).await;
    let vendor = channel(&fake, &app());
    assert!(matches!(vendor.apply(&suspend()).await, Outcome::AlreadyDone { .. }));
    let other = change(Op::Remove, "7", "somebody@acme.example", State::Suspended);
    match vendor.apply(&other).await {
        Outcome::Refused { why } => {
            assert!(why.contains("The login was somebody@acme.example"), "{why}")
        }
        outcome => panic!("{outcome:?}"),
    }
    assert_eq!(fake.writes(), [""; 0]);
}

#[tokio::test]
async fn an_account_is_made_once_and_never_beside_one_that_has_the_login() {
    let fake = fake(|asked| match asked.line.as_str() {
        "POST /users" => say(201, user(9)),
        _ => ok(json!({"users": [user(1)]})),
    })
    .await;
    let vendor = channel(&fake, &app());
    match vendor.apply(&create("u9@acme.example", "per_9")).await {
        Outcome::Done { account, .. } => assert_eq!(account.as_str(), "9"),
        other => panic!("{other:?}"),
    }
    let made = fake.asked().into_iter().find(|it| it.line.starts_with("POST")).unwrap();
    assert_eq!(made.json()["email"], json!("u9@acme.example"));
    match vendor.apply(&create("U1@acme.example", "per_1")).await {
        Outcome::Refused { why } => assert!(why.contains("nothing proves whose it is"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(fake.writes(), ["POST /users"]);
}

#[tokio::test]
async fn a_look_believes_404_and_whole_lists_only() {
    let fake = fake(|asked| match asked.line.as_str() {
        "GET /users" => ok(json!({"users": [user(1)]})),
        "GET /users/1" => ok(user(1)),
        _ => say(404, json!({"message": "no such user"})),
    })
    .await;
    let vendor = channel(&fake, &app());
    let look = |key: &str, login: &str| change(Op::Suspend, key, login, State::Active);
    assert!(matches!(vendor.look(&look("1", "u1@acme.example")).await, Seen::Present { .. }));
    assert_eq!(vendor.look(&look("7", "u7@acme.example")).await, Seen::Absent);
    match vendor.look(&look("7", "u1@acme.example")).await {
        Seen::Present { account } => assert_eq!(account.key.as_str(), "1", "it has a new key"),
        other => panic!("{other:?}"),
    }
}

/// The app above with another request to suspend.
fn with_suspend(more: &str) -> String {
    let plain = call("suspend", "PATCH", "/users/{account}", "body = '{\"status\": \"off\"}'");
    app().replace(&plain, &call("suspend", "POST", "/users/{account}/off", more))
}

#[tokio::test]
async fn what_may_have_happened_is_uncertain_and_never_sent_again() {
    for (status, body) in [
        (500, json!({"message": "oops"})),
        (200, json!({"ok": false, "error": "half of it"})),
        (207, json!([{"status": 200}, {"status": 400}])),
    ] {
        let vendor = with(user(7), move |_| say(status, body.clone())).await;
        match channel(&vendor, &app()).apply(&suspend()).await {
            Outcome::Uncertain { .. } => {}
            other => panic!("{status}: {other:?}"),
        }
        assert_eq!(vendor.writes().len(), 1);
    }
}

#[tokio::test]
async fn what_was_refused_certainly_did_not_happen() {
    for (status, why) in [(400, "the owner"), (403, "the owner"), (401, "refused the token")] {
        let vendor = with(user(7), move |_| say(status, json!({"message": "the owner"}))).await;
        match channel(&vendor, &app()).apply(&suspend()).await {
            Outcome::Failed { why: said, retry_at: None, .. } => {
                assert!(said.contains(why), "{said}")
            }
            other => panic!("{status}: {other:?}"),
        }
        assert_eq!(vendor.writes().len(), 1);
    }
}

#[tokio::test]
async fn every_form_of_throttling_is_a_retry_later() {
    for (status, header, value) in [
        (429, "retry-after", "7"),
        (423, "retry-after", "Wed, 21 Oct 2099 07:28:00 GMT"),
        (403, "x-ratelimit-reset", "9"),
        (503, "retry-after", "1"),
    ] {
        let vendor = with(user(7), move |_| {
            say(status, Value::Null).with(header, value).with("x-ratelimit-remaining", "0")
        })
        .await;
        match channel(&vendor, &app()).apply(&suspend()).await {
            Outcome::Failed { retry_at: Some(_), .. } => {}
            other => panic!("{status}: {other:?}"),
        }
        assert_eq!(vendor.writes().len(), 1);
    }
}

#[tokio::test]
async fn what_the_file_says_of_answers_decides() {
    let text = with_suspend(
        "fine = [{ at = \"/done\", is = [\"true\"] }]\nalready = [{ at = \"/code\", is = [\"was_off\"] }]",
    );
    let vendor = with(user(7), |_| ok(json!({"done": true, "errors": ["a warning"]}))).await;
    assert!(matches!(channel(&vendor, &text).apply(&suspend()).await, Outcome::Done { .. }));
    let vendor = with(user(7), |_| ok(json!({"done": false, "message": "not you"}))).await;
    match channel(&vendor, &text).apply(&suspend()).await {
        Outcome::Uncertain { why } => assert!(why.contains("not you"), "{why}"),
        other => panic!("{other:?}"),
    }
    let vendor = with(user(7), |_| say(409, json!({"code": "was_off"}))).await;
    assert!(matches!(channel(&vendor, &text).apply(&suspend()).await, Outcome::AlreadyDone { .. }));
}

#[tokio::test]
async fn a_write_that_is_done_later_is_asked_for_until_it_is_known() {
    let text = with_suspend(
        "later = { operation = \"/op\", path = \"/ops/{operation}\", \
         done = { at = \"/state\", is = [\"done\"] }, failed = { at = \"/state\", is = [\"failed\"] } }",
    );
    for (end, is_done) in [("done", true), ("failed", false)] {
        let vendor = fake(move |asked| match asked.line.as_str() {
            "GET /ops/o%2F1" if asked.nth < 4 => ok(json!({"state": "running"})),
            "GET /ops/o%2F1" => ok(json!({"state": end, "message": "full"})),
            line if line.starts_with("GET") => ok(user(7)),
            _ => say(202, json!({"op": "o/1"})),
        })
        .await;
        match (channel(&vendor, &text).apply(&suspend()).await, is_done) {
            (Outcome::Done { receipt, .. }, true) => assert_eq!(receipt.status, 202),
            (Outcome::Failed { why, .. }, false) => {
                assert!(why.contains("it failed: full"), "{why}")
            }
            (other, _) => panic!("{other:?}"),
        }
        assert_eq!(vendor.writes(), ["POST /users/7/off"]);
        assert!(vendor.lines().len() > 4);
    }
}

#[tokio::test]
async fn without_a_successor_nothing_is_sent() {
    let plain = call("remove", "DELETE", "/users/{account}", "");
    let text = app().replace(
        &plain,
        &call("remove", "DELETE", "/users/{account}", "query = \"to={successor}\""),
    );
    let vendor = with(user(7), |_| say(204, Value::Null)).await;
    let remove = change(Op::Remove, "7", "u7@acme.example", State::Active);
    match channel(&vendor, &text).apply(&remove).await {
        Outcome::Failed { why, retry_at: None, .. } => {
            assert!(
                why.starts_with("Nothing was sent. Somebody must be named who inherits"),
                "{why}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(vendor.writes(), [""; 0]);
    let named = rollbook_core::change::Change { heir: Some("9".into()), ..remove };
    assert!(matches!(channel(&vendor, &text).apply(&named).await, Outcome::Done { .. }));
    assert_eq!(vendor.writes(), ["DELETE /users/7?to=9"]);
}

#[tokio::test]
async fn a_whole_account_is_sent_with_only_what_is_named_changed() {
    let text = with_suspend("send = \"merged\"\nbody = '{\"profile\": {\"on\": false}}'");
    let mut whole = user(7);
    whole["profile"] = json!({"on": true, "team": {"id": 1}});
    let vendor = with(whole.clone(), |_| say(200, Value::Null)).await;
    assert!(matches!(channel(&vendor, &text).apply(&suspend()).await, Outcome::Done { .. }));
    whole["profile"]["on"] = json!(false);
    assert_eq!(vendor.asked().last().unwrap().json(), whole);
}

#[tokio::test]
async fn an_update_says_what_changes_and_what_it_cannot_do_without() {
    let text = app()
        + &call(
            "update",
            "PUT",
            "/users/{account}",
            "send = \"form\"\nbody = '{\"name\": \"{display_name?}\", \"mail\": \"{email}\", \"n\": \"{worker_number?}\"}'",
        );
    let vendor = with(user(7), |_| say(200, user(7))).await;
    let set = |name: &str| Op::Update { set: [(name.to_owned(), "Ana B&C".to_owned())].into() };
    let update = change(set("displayName"), "7", "u7@acme.example", State::Active);
    assert!(matches!(channel(&vendor, &text).apply(&update).await, Outcome::Done { .. }));
    assert_eq!(vendor.asked().last().unwrap().body, "mail=u7%40acme.example&name=Ana+B%26C");
    let unknown = change(set("title"), "7", "u7@acme.example", State::Active);
    match channel(&vendor, &text).apply(&unknown).await {
        Outcome::Failed { why, .. } => assert!(why.contains("`title` cannot be set"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_role_is_set_and_taking_it_away_leaves_the_lowest() {
    let text = app()
        .replace("[rest.paging]", "lowest_role = \"viewer\"\n[rest.paging]")
        .replace("key = \"/id\"", "key = \"/id\"\nroles = \"/role\"")
        + &call("set_role", "PUT", "/users/{account}/role", "body = '{\"role\": \"{role}\"}'");
    let mut admin = user(7);
    admin["role"] = json!("admin");
    let vendor = with(admin, |_| say(204, Value::Null)).await;
    let client = channel(&vendor, &text);
    let with = |op: Op| change(op, "7", "u7@acme.example", State::Active);
    let revoke = with(Op::Revoke { entitlement: "admin".into() });
    assert!(matches!(client.apply(&revoke).await, Outcome::Done { .. }));
    assert_eq!(vendor.asked().last().unwrap().json(), json!({"role": "viewer"}));
    let grant = with(Op::Grant { entitlement: "editor".into() });
    assert!(matches!(client.apply(&grant).await, Outcome::Done { .. }));
    assert_eq!(vendor.asked().last().unwrap().json(), json!({"role": "editor"}));
    let held = with(Op::Grant { entitlement: "admin".into() });
    assert!(matches!(client.apply(&held).await, Outcome::AlreadyDone { .. }));
}

#[tokio::test]
async fn an_id_that_would_change_the_path_is_not_sent() {
    for id in ["..", "."] {
        let vendor = fake(move |_| {
            ok(json!({"users": [{"id": id, "email": "u@acme.example", "status": "on"}]}))
        })
        .await;
        let change = change(Op::Remove, id, "u@acme.example", State::Active);
        match channel(&vendor, &app()).apply(&change).await {
            Outcome::Failed { why, .. } => {
                assert!(why.contains("cannot stand for {account}"), "{why}")
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(vendor.lines(), ["GET /users"]);
    }
}
