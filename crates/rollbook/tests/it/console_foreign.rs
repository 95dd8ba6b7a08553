//! Two workspaces, each with its server: nothing of one is to be had at the other, by whichever address,
//! id, session or token.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bench::Bench;
use crate::console::{Browser, ROUTES, served, served_in};
use crate::served::{Answer, Served};

/// A company like the small one, whose people and accounts have other ids.
fn another() -> Served {
    let bench = Bench::small_company();
    for (file, from, to) in [("in/workers.csv", "\n001", "\n009"), ("in/wiki.csv", "\nu", "\nx")] {
        let text = std::fs::read_to_string(bench.path().join(file)).expect("the file");
        bench.write(file, &text.replace(from, to));
    }
    served_in(bench)
}

fn issue(served: &Served) -> String {
    let made = served.bench.run(&["token", "issue", "CI", "--role", "owner", "--json"]).json();
    made[0]["token"].as_str().expect("the token, this once").to_owned()
}

fn get(served: &Served, token: &str, path: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str())];
    served.send_to(&served.address.to_string(), "GET", path, &headers, b"")
}

/// Every id that a list of the API names; parts of a path, as the console has them.
fn ids(served: &Served, token: &str, list: &str) -> BTreeSet<String> {
    let page = get(served, token, &format!("/api/v1/{list}?limit=500&standing=any&when=any"));
    let page =
        if page.status == 200 { page } else { get(served, token, &format!("/api/v1/{list}")) };
    let page = page.json();
    let items = page["data"].as_array().expect("items").iter();
    items.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

/// What stands for `{}` in a route of the console, taken from a workspace: a thing that is there.
fn known(served: &Served, token: &str, route: &str) -> Option<String> {
    let first = |list: &str| ids(served, token, list).into_iter().next();
    let list = route.split('/').nth(1)?;
    let id = match list {
        "people" | "findings" | "plans" => first(list)?,
        "accounts" | "links" => return first("accounts").map(|id| filled(route, &id)),
        "settings" => {
            let page = served.bench.run(&["member", "list", "--json"]).json();
            page.first().and_then(|one: &Value| one["id"].as_str()).map(str::to_owned)?
        }
        // Apps, the catalog and the numbers of records are called alike everywhere; runs and tasks are
        // not there yet, and their ids are as unknown as any other.
        _ => return None,
    };
    Some(filled(route, &id))
}

fn filled(route: &str, id: &str) -> String {
    let mut path = route.to_owned();
    for part in id.splitn(route.matches("{}").count(), '/') {
        path = path.replacen("{}", part, 1);
    }
    path
}

#[test]
fn what_is_of_one_workspace_is_nothing_in_another() {
    let (own, other) = (served(), another());
    let token = issue(&other);
    let owner = Browser::of(&own, "Ona Owner");
    let mut tried = 0;
    for line in ROUTES.lines() {
        let (route, _) = line.split_once(": ").expect("a route and who");
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let Some(path) = path.contains("{}").then(|| known(&other, &token, path)).flatten() else {
            continue;
        };
        let answer = match method {
            "GET" => owner.get(&path),
            _ => owner.post(&path, "digest=x&reason=x&person=x&role=viewer&until=2999-01-01&to=x"),
        };
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
        tried += 1;
    }
    assert!(tried >= 14, "{tried} routes name something of a workspace");
}

#[test]
fn a_session_and_a_token_of_one_workspace_open_no_other() {
    let (own, other) = (served(), another());
    let stranger = Browser::of(&other, "Ona Owner").at(own.address);
    for line in ROUTES.lines() {
        let (route, who) = line.split_once(": ").expect("a route and who");
        let (method, path) = route.split_once(' ').expect("a method and a path");
        if who == "everybody" {
            continue;
        }
        let path = path.replace("{}", "1");
        let expected = if method == "GET" { 303 } else { 401 };
        let answer = stranger.ask(method, &path, &[], if method == "GET" { "" } else { "a=b" });
        assert_eq!(answer.status, expected, "{method} {path}: {answer:?}");
    }
    let token = issue(&other);
    let document = get(&own, &token, "/openapi.json").json();
    for (path, what) in document["paths"].as_object().expect("paths") {
        let method = if what.get("get").is_some() { "GET" } else { "POST" };
        let authorization = format!("Bearer {token}");
        let headers = [("Authorization", authorization.as_str())];
        let path = path.replace("{id}", "1");
        let answer = own.send_to(&own.address.to_string(), method, &path, &headers, b"");
        // An address that presents too many wrong tokens is told to wait, which is no less closed.
        assert!(matches!(answer.status, 401 | 429), "{method} {path}: {answer:?}");
    }
}

#[test]
fn an_id_of_another_workspace_is_nothing_in_the_api() {
    let (own, other) = (served(), another());
    let (ours, theirs) = (issue(&own), issue(&other));
    for list in ["people", "accounts", "findings", "plans", "moves", "links"] {
        let foreign = ids(&other, &theirs, list);
        for id in foreign.difference(&ids(&own, &ours, list)).take(3) {
            let answer = get(&own, &ours, &format!("/api/v1/{list}/{id}"));
            assert_eq!(answer.status, 404, "{list} {id}: {answer:?}");
            let cursor = get(&own, &ours, &format!("/api/v1/{list}?cursor={id}"));
            assert_eq!(cursor.status, 400, "{list} {id}: {cursor:?}");
        }
        assert!(!foreign.is_empty() || list == "links", "{list} of the other one is empty");
    }
}
