//! The API over real HTTP: every path of `/openapi.json`, as each role.

use std::collections::BTreeSet;

use rollbook_core::role::{Right, Role};
use serde_json::{Value, json};

use crate::console::served;
use crate::served::{Answer, Served};

fn token(served: &Served, role: Role) -> String {
    let made = served.bench.run(&["token", "issue", "CI", "--role", role.word(), "--json"]).json();
    made[0]["token"].as_str().expect("the token, this once").to_owned()
}

fn get(served: &Served, token: &str, path: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    get_with(served, path, &[("Authorization", &authorization)])
}

fn get_with(served: &Served, path: &str, headers: &[(&str, &str)]) -> Answer {
    served.send_to(&served.address.to_string(), "GET", path, headers, b"")
}

fn post(served: &Served, token: &str, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("Authorization", authorization.as_str())];
    headers.push(("Content-Type", "application/json"));
    headers.extend(key.map(|key| ("Idempotency-Key", key)));
    let host = served.address.to_string();
    served.send_to(&host, "POST", path, &headers, body.to_string().as_bytes())
}

#[track_caller]
fn check_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    assert_eq!(answer.json()["status"], status, "{answer:?}");
    assert!(answer.json()["detail"].as_str().is_some_and(|said| !said.is_empty()), "{answer:?}");
}

#[test]
fn every_path_of_the_document_answers_each_role_as_it_says() {
    let served = served();
    let document = get_with(&served, "/openapi.json", &[]).json();
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() >= 26, "{document}");
    for role in Role::ALL {
        let token = token(&served, role);
        for (path, what) in paths.iter().filter(|(_, what)| what.get("get").is_some()) {
            let what = &what["get"];
            let answer = get(&served, &token, &path.replace("{id}", "1"));
            let documented = what["responses"].get(answer.status.to_string());
            assert!(documented.is_some(), "{role} {path}: {answer:?}");
            let is_traced = path.contains("/audit");
            let is_refused = is_traced && role == Role::Viewer;
            assert_eq!(answer.status == 403, is_refused, "{role} {path}: {answer:?}");
            if let Some(data) = answer.json().get("data").filter(|_| answer.status == 200) {
                let data = data.as_array().expect("items");
                let schema = path.rsplit('/').next().expect("a name");
                let schema = &document["components"]["schemas"][schema];
                let keys = schema["properties"].as_object().expect("properties");
                for item in data {
                    let item = item.as_object().expect("an item");
                    assert!(item.keys().eq(keys.keys()), "{path}: {item:?}");
                }
            }
        }
    }
}

#[test]
fn a_cursor_leads_through_a_collection_once() {
    let served = served();
    let token = token(&served, Role::Viewer);
    let all = get(&served, &token, "/api/v1/people").json();
    let ids = |value: &Value| -> Vec<String> {
        let items = value["data"].as_array().expect("items").iter();
        items.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    };
    let (mut seen, mut path) = (Vec::new(), "/api/v1/people?limit=1".to_owned());
    loop {
        let page = get(&served, &token, &path).json();
        assert_eq!(page["total"], 4, "{page}");
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/people?limit=1&cursor={next}");
    }
    assert_eq!(seen, ids(&all), "in the same order");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 4);
    let one = get(&served, &token, &format!("/api/v1/people/{}", seen[0])).json();
    assert_eq!(one, all["data"][0]);
    let account = get(&served, &token, "/api/v1/accounts?limit=1").json();
    let id = account["data"][0]["id"].as_str().expect("an id");
    assert_eq!(get(&served, &token, &format!("/api/v1/accounts/{id}")).json(), account["data"][0]);
}

#[test]
fn an_answer_that_is_known_is_not_sent_again() {
    let served = served();
    let token = token(&served, Role::Auditor);
    let authorization = format!("Bearer {token}");
    let first = get(&served, &token, "/api/v1/findings");
    let tag = first.header("etag").expect("a tag").to_owned();
    let headers = [("Authorization", authorization.as_str()), ("If-None-Match", tag.as_str())];
    let again = get_with(&served, "/api/v1/findings", &headers);
    assert_eq!((again.status, again.body.as_str()), (304, ""), "{again:?}");
    let other = get_with(&served, "/api/v1/findings?standing=any&severity=low", &headers);
    assert_eq!(other.status, 200, "{other:?}");
}

#[test]
fn what_is_asked_wrongly_is_a_problem_with_a_sentence() {
    let served = served();
    let token = token(&served, Role::Owner);
    for path in [
        "/api/v1/people?shoes=1",
        "/api/v1/people?sort=shoes",
        "/api/v1/people?limit=0",
        "/api/v1/people?limit=501",
        "/api/v1/people?cursor=nowhere",
        "/api/v1/people?q=%ff",
    ] {
        check_problem(&get(&served, &token, path), 400);
    }
    for path in ["/api/v1/people/nobody", "/api/v1/shoes", "/api/v2/people", "/api"] {
        check_problem(&get(&served, &token, path), 404);
    }
    let wrong = get(&served, &token.replace("rba_", "rbk_"), "/api/v1/people");
    check_problem(&wrong, 401);
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer realm=\"rollbook\""), "{wrong:?}");
    check_problem(&get_with(&served, "/api/v1/people", &[]), 401);
    let posted = served.send_to(&served.address.to_string(), "POST", "/api/v1/people", &[], b"");
    check_problem(&posted, 405);
    let strange = served.send("GET", "/api/v1/people", &[], b"");
    check_problem(&strange, 403);
}

#[test]
fn what_can_be_asked_for_is_open_to_those_who_propose_or_export() {
    let served = served();
    let document = get_with(&served, "/openapi.json", &[]).json();
    let paths = document["paths"].as_object().expect("paths");
    let posts: Vec<_> = paths.iter().filter(|(_, what)| what.get("post").is_some()).collect();
    assert_eq!(posts.len(), 3, "{document}");
    for role in Role::ALL {
        let token = token(&served, role);
        for (path, what) in &posts {
            let answer = post(&served, &token, path, None, &json!({}));
            let right = if path.ends_with("/packs") { Right::Export } else { Right::Propose };
            let expected = if role.may_by_program(right) { 400 } else { 403 };
            check_problem(&answer, expected);
            let documented = what["post"]["responses"].get(answer.status.to_string());
            assert!(documented.is_some(), "{role} {path}: {answer:?}");
            check_problem(&post(&served, "rba_x", path, None, &json!({})), 401);
        }
    }
}

#[test]
fn a_program_proposes_and_a_person_sees_who_it_was() {
    let served = served();
    let token = token(&served, Role::Operator);
    let wanted = json!({"offboard": {"person": "00101"}});
    let made = post(&served, &token, "/api/v1/plans", None, &wanted);
    assert_eq!(made.status, 201, "{made:?}");
    let place = made.header("location").expect("where it is").to_owned();
    let plan = get(&served, &token, &place).json();
    assert_eq!(plan["asked_by"], "token:CI", "{plan}");
    assert_eq!(plan["stage"], "waits for approval", "{plan}");
    let link = json!({
        "account": "wiki/u5", "person": "00104", "is_theirs": true, "reason": "He says so",
    });
    let proposed = post(&served, &token, "/api/v1/link-proposals", None, &link);
    assert_eq!(proposed.status, 201, "{proposed:?}");
    assert_eq!(proposed.json()["by"], "token:CI", "{proposed:?}");
    for wrong in [
        json!({"offboard": {"person": "00101"}, "findings": ["fnd_1"]}),
        json!({"offboard": {"person": "00101", "approved": true}}),
        json!({"findings": []}),
        json!({"findings": ["fnd_of_somebody_else"]}),
        json!({"offboard": {"person": "nobody"}}),
        json!([]),
    ] {
        check_problem(&post(&served, &token, "/api/v1/plans", None, &wrong), 400);
    }
    let form = [("Authorization", format!("Bearer {token}"))];
    let form = [(form[0].0, form[0].1.as_str()), ("Content-Type", "text/plain")];
    let host = served.address.to_string();
    let posted = served.send_to(&host, "POST", "/api/v1/plans", &form, b"{}");
    check_problem(&posted, 415);
}

#[test]
fn a_request_under_one_key_is_done_once_and_answered_alike() {
    let served = served();
    let token = token(&served, Role::Operator);
    let wanted = json!({"offboard": {"person": "00102"}});
    let ask = || post(&served, &token, "/api/v1/plans", Some("k-1"), &wanted);
    let first = ask();
    assert_eq!(first.status, 201, "{first:?}");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..20).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &first.body), "{answer:?}");
        assert_eq!(answer.header("location"), first.header("location"));
    }
    let plans = get(&served, &token, "/api/v1/plans?asked_by=token:CI").json();
    assert_eq!(plans["total"], 1, "{plans}");
    let other = json!({"offboard": {"person": "00103"}});
    check_problem(&post(&served, &token, "/api/v1/plans", Some("k-1"), &other), 422);
    for bad in ["", "a\tb", &"k".repeat(201)] {
        check_problem(&post(&served, &token, "/api/v1/plans", Some(bad), &wanted), 400);
    }
    let wrong = json!({"offboard": {"person": "nobody"}});
    check_problem(&post(&served, &token, "/api/v1/plans", Some("k-2"), &wrong), 400);
    assert_eq!(post(&served, &token, "/api/v1/plans", Some("k-2"), &wanted).status, 201);
}
