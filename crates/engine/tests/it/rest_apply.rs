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
