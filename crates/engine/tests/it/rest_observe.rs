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

#[tokio::test]
async fn a_link_is_followed_below_the_base_url_and_nowhere_else() {
    let elsewhere = fake(|_| ok(json!({"users": users(5..9)}))).await;
    let foreign = elsewhere.url.clone();
    for (link, read_whole) in [
        ("/users?page=2".to_owned(), true),
        ("?page=2".to_owned(), true),
        (format!("{foreign}/users?page=2"), false),
        ("//evil.example/users".to_owned(), false),
        ("\\\\evil.example/users".to_owned(), false),
        ("https://127.0.0.1/users".to_owned(), false),
        ("/users/..%2f..%2fadmin".to_owned(), false),
    ] {
        let (observed, vendor) = read("kind = \"link\"", move |asked| match asked.number("page") {
            None => {
                ok(json!({"users": users(0..2)})).with("link", format!("<{link}>; rel=\"next\""))
            }
            Some(_) => ok(json!({"users": users(2..3)})),
        })
        .await;
        match read_whole {
            true => assert_eq!(told(&observed), "3 complete"),
            false => {
                assert!(told(&observed).contains("not below its base URL"), "{}", told(&observed));
                assert_eq!(vendor.lines().len(), 1);
            }
        }
    }
    assert_eq!(elsewhere.lines(), [""; 0], "the token went nowhere else");
}

#[tokio::test]
async fn lists_are_put_together_by_key_and_a_rule_says_more_than_a_default() {
    let text = head("kind = \"none\"")
        + "otherwise = \"active\"\n"
        + &call("list", "GET", "/users", "items = \"/users\"")
        + &call("list", "GET", "/off", "items = \"/users\"\nstate = \"suspended\"");
    let vendor = fake(|asked| {
        let plain = |n: u64| json!({"id": n, "email": format!("u{n}@acme.example")});
        match asked.line.as_str() {
            "GET /users" => ok(json!({"users": [plain(1), plain(2), user(3)]})),
            _ => ok(json!({"users": [plain(2), plain(3), plain(4)]})),
        }
    })
    .await;
    let observed = channel(&vendor, &text).observe().await.unwrap();
    let states: Vec<_> =
        observed.accounts.iter().map(|it| format!("{} {}", it.key, it.state.word())).collect();
    assert_eq!(states, ["1 active", "2 suspended", "3 active", "4 suspended"]);
    assert_eq!(observed.coverage, Coverage::Complete);
}

#[tokio::test]
async fn a_state_that_is_not_understood_is_feared_open_and_said() {
    let mut odd = user(1);
    odd["status"] = json!("frozen");
    let (observed, _) =
        read("kind = \"none\"", move |_| ok(json!({"users": [odd, user(2)]}))).await;
    assert_eq!(observed.accounts[0].state, State::Active);
    assert_eq!(
        told(&observed),
        "2 partial: What the instance says of the state of 1 is not understood; it is taken for \
         active."
    );
}

#[tokio::test]
async fn groups_are_read_with_their_members_and_give_grants() {
    let text = head("kind = \"none\"")
        + "[rest.group]\nkey = \"/id\"\nname = \"/name\"\n"
        + &call("list", "GET", "/users", "items = \"/users\"")
        + &call("list_groups", "GET", "/groups", "")
        + &call("list_members", "GET", "/groups/{group}/members", "items = \"/members\"");
    let vendor = fake(|asked| match asked.line.as_str() {
        "GET /users" => ok(json!({"users": users(1..4)})),
        "GET /groups" => ok(json!([{"id": "a/b", "name": "Sales"}, {"id": "g2", "name": "Empty"}])),
        "GET /groups/a%2Fb/members" => ok(json!({"members": [{"id": 2}, {"id": 3}]})),
        _ => ok(json!({})),
    })
    .await;
    let observed = channel(&vendor, &text).observe().await.unwrap();
    assert_eq!(told(&observed), "3 complete");
    assert_eq!(observed.groups[0].members.len(), 2);
    assert_eq!(observed.accounts[1].grants[0].entitlement, "a/b");
    assert_eq!(vendor.lines()[2], "GET /groups/a%2Fb/members", "an id is one segment");
}

#[tokio::test]
async fn what_breaks_off_or_says_an_error_in_a_success_is_no_list() {
    let paging = "kind = \"page\"\nat = \"page\"";
    let (observed, _) = read(paging, |asked| match asked.number("page") {
        Some(1) => ok(json!({"users": users(0..2)})),
        _ => Say::new(403, json!({"message": "no more"})),
    })
    .await;
    assert_eq!(
        told(&observed),
        "2 partial: The reading broke off after 2 entries. The instance answered 403: no more."
    );
    for body in [
        json!({"ok": false, "error": "ratelimited"}),
        json!({"errors": [{"message": "x"}]}),
        json!({}),
    ] {
        let vendor = fake(move |_| ok(body.clone())).await;
        let text = head("kind = \"none\"") + &call("list", "GET", "/users", "items = \"/users\"");
        let error = channel(&vendor, &text).observe().await.unwrap_err();
        assert!(error.message.starts_with("Instance `acme`: The instance answered"), "{error}");
    }
}

#[tokio::test]
async fn a_list_in_a_body_is_turned_in_its_body() {
    let paging = "kind = \"cursor\"\nat = \"/variables/after\"\nnext = \"/data/next\"";
    let text = head(paging)
        + &call(
            "list",
            "POST",
            "/graphql",
            "items = \"/data/users\"\nbody = '{\"query\": \"{ users { id } }\"}'",
        );
    let vendor = fake(|asked| match asked.json()["variables"]["after"].as_str() {
        None => ok(json!({"data": {"users": users(0..2), "next": "c1"}})),
        Some(_) => ok(json!({"data": {"users": users(2..3), "next": ""}})),
    })
    .await;
    let observed = channel(&vendor, &text).observe().await.unwrap();
    assert_eq!(told(&observed), "3 complete");
    assert_eq!(vendor.asked()[1].json()["query"], json!("{ users { id } }"));
}
