//! How the REST channel reads lists that come page by page, and when it believes them.

use rollbook_core::account::State;
use rollbook_core::snapshot::Coverage;
use rollbook_engine::channel::{Channel, Observation};
use serde_json::json;

use crate::rest_fake::{Asked, Say, Scripted, call, channel, fake, head, ok, user, users};

/// Reads what a vendor with this paging gives.
async fn read(
    paging: &str,
    script: impl Fn(&Asked) -> Say + Send + Sync + 'static,
) -> (Observation, Scripted) {
    let fake = fake(script).await;
    let text = head(paging) + &call("list", "GET", "/users", "items = \"/users\"");
    let observed = channel(&fake, &text).observe().await.unwrap();
    (observed, fake)
}

/// How many accounts, and why they may not be all.
fn told(observed: &Observation) -> String {
    match &observed.coverage {
        Coverage::Complete => format!("{} complete", observed.accounts.len()),
        Coverage::Partial { why } => format!("{} partial: {why}", observed.accounts.len()),
    }
}

#[tokio::test]
async fn pages_by_number_are_read_until_an_empty_one() {
    let paging = "kind = \"page\"\nat = \"page\"\nsize_at = \"per_page\"\nsize = 2";
    let (observed, fake) = read(paging, |asked| {
        let page = asked.number("page").unwrap();
        ok(json!({"users": users(((page - 1) * 2).min(5)..(page * 2).min(5))}))
    })
    .await;
    assert_eq!(told(&observed), "5 complete");
    assert_eq!(fake.lines().last().unwrap(), "GET /users?page=4&per_page=2");
    let first = &observed.accounts[0];
    assert_eq!((first.login.as_str(), first.state), ("u0@acme.example", State::Active));
    assert!(first.emails[0].verified, "the domain is the employer's");
}

#[tokio::test]
async fn a_cursor_is_followed_until_there_is_none() {
    let paging = "kind = \"cursor\"\nat = \"after\"\nnext = \"/next\"";
    let (observed, fake) = read(paging, |asked| match asked.number("after") {
        None => ok(json!({"users": users(0..2), "next": "2"})),
        Some(2) => ok(json!({"users": users(2..3), "next": null})),
        _ => ok(json!({"users": [user(99)]})),
    })
    .await;
    assert_eq!(told(&observed), "3 complete");
    assert_eq!(fake.lines(), ["GET /users", "GET /users?after=2"]);
}
