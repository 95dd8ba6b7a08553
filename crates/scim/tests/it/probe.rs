//! What answers prove: each case is a question, what is known, and what a server answered.

use rollbook_scim::probe::{Content, Heard, Known, Reply, Sandbox, questions};
use serde_json::{Value, json};

/// Lets the server answer whatever the question asks next with the next of `replies`.
fn check(key: &str, known: &mut Known, replies: &[(u16, Value)]) -> String {
    let question = questions().find(|question| question.key == key).expect("it is in the list");
    let mut heard = Vec::new();
    for (status, body) in replies {
        let ask = match (question.next)(known, &heard) {
            Ok(Some(ask)) => ask,
            Ok(None) => return format!("{key} asks no more after {} answers", heard.len()),
            Err(why) => return format!("{key} asks nothing: {why}"),
        };
        let content = if body.is_null() { Content::Nothing } else { Content::Json(body.clone()) };
        let reply = Reply { status: *status, content, ..Reply::default() };
        known.notice(&ask, &reply);
        heard.push(Heard { reply: Ok(reply), settled_ms: Some(0), tries: 1 });
    }
    let verdict = question.conclude(known, &heard);
    format!("{} {}: {}", verdict.grade, verdict.value, verdict.says)
}

fn user(id: &str) -> Value {
    json!({"id": id, "userName": format!("{id}@acme.example"), "active": true})
}

fn list(total: u64, ids: &[&str]) -> Value {
    let users: Vec<Value> = ids.iter().map(|id| user(id)).collect();
    json!({"totalResults": total, "startIndex": 1, "itemsPerPage": ids.len(), "Resources": users})
}

/// Five accounts, all of them on the first page.
fn five() -> Known {
    let users = ["a", "b", "c", "d", "e"].map(user).to_vec();
    Known { users, total: Some(5), ..Known::default() }
}

#[test]
fn where_a_page_begins_tells_how_the_server_counts() {
    let asked = |second: &str| {
        let pages = [(200, list(5, &["a", "b", "c"])), (200, list(5, &[second]))];
        check("list.start_index", &mut five(), &pages)
    };
    assert!(asked("b").starts_with("conforms honoured"), "{}", asked("b"));
    assert!(asked("a").starts_with("deviates ignored"), "{}", asked("a"));
    assert!(asked("c").starts_with("deviates zero_based"), "{}", asked("c"));
    assert_eq!(asked("e"), "unknown : The order changed between two requests.");
}

#[test]
fn too_few_accounts_leave_paging_unknown() {
    let mut known = Known { total: Some(1), ..Known::default() };
    assert_eq!(
        check("list.count", &mut known, &[(200, list(1, &["a"]))]),
        "list.count asks nothing: The server holds 1 accounts and this needs 3."
    );
}

#[test]
fn a_filter_that_shows_somebody_else_was_not_read() {
    let asked = |ids: &[&str]| check("filter.login", &mut five(), &[(200, list(1, ids))]);
    assert!(asked(&["a"]).starts_with("conforms works"), "{}", asked(&["a"]));
    assert!(asked(&["b"]).starts_with("deviates ignored"), "{}", asked(&["b"]));
    assert!(asked(&["a", "b"]).starts_with("deviates ignored"), "{}", asked(&["a", "b"]));
    let none = check("filter.login", &mut five(), &[(200, list(0, &[]))]);
    assert!(none.starts_with("deviates misses"), "{none}");
}

/// A server that passes filters over answers just so.
#[test]
fn a_filter_that_everybody_fits_proves_nothing() {
    let all = list(5, &["a", "b", "c", "d", "e"]);
    // The login is `a@acme.example`: of its first half, its middle and its end only the first is hers.
    let passed_over = [(200, all.clone()), (200, all.clone()), (200, all)];
    let told = check("filter.parts", &mut five(), &passed_over);
    assert!(told.starts_with("deviates none: `sw` is passed over"), "{told}");
    let honest = [(200, list(1, &["a"])), (200, list(5, &["a", "b"])), (200, list(5, &["a", "b"]))];
    let told = check("filter.parts", &mut five(), &honest);
    assert_eq!(told, "conforms sw: `sw` works.");
    let mut alone = Known { users: vec![user("a")], total: Some(1), ..Known::default() };
    let told = check("filter.login", &mut alone, &[(200, list(1, &["a"]))]);
    assert!(told.starts_with("unknown"), "{told}");
}

/// A probe whose sandbox account has the id `s`.
fn with_sandbox() -> Known {
    let sandbox = Sandbox { login: "s@acme.example".into(), group: None };
    Known { sandbox: Some(sandbox), user: Some("s".into()), ..Known::default() }
}

fn active(is: bool) -> (u16, Value) {
    (200, json!({"id": "s", "userName": "s@acme.example", "active": is}))
}

#[test]
fn whether_switching_off_took_is_seen_and_not_believed() {
    let done = |answer: u16, after: (u16, Value)| {
        let replies = [active(true), (answer, Value::Null), after];
        check("patch.active_path", &mut with_sandbox(), &replies)
    };
    assert!(done(204, active(false)).starts_with("conforms honoured"));
    assert!(done(200, active(true)).starts_with("deviates ignored"));
    assert!(done(500, active(false)).starts_with("deviates done_and_refused"));
    assert!(done(501, active(true)).starts_with("absent absent"));
    assert!(done(200, (404, Value::Null)).starts_with("deviates removed"));
}

#[test]
fn a_delete_is_what_a_look_shows_afterwards() {
    let after = |look: (u16, Value)| {
        check("delete.effect", &mut with_sandbox(), &[(204, Value::Null), look])
    };
    assert!(after((404, Value::Null)).starts_with("conforms delete:"));
    assert!(after(active(false)).starts_with("deviates deactivate:"));
    assert!(after(active(true)).starts_with("deviates nothing:"));
}

#[test]
fn a_second_account_of_the_same_login_is_kept_in_mind_for_removal() {
    let mut known = with_sandbox();
    known.made.insert(rollbook_scim::probe::Made {
        kind: rollbook_scim::probe::Kind::User,
        id: "s".into(),
    });
    let said = check("create.duplicate", &mut known, &[(201, json!({"id": "twin"}))]);
    assert!(said.starts_with("deviates twin"), "{said}");
    let ids: Vec<&str> = known.made.iter().map(|made| made.id.as_str()).collect();
    assert_eq!(ids, ["s", "twin"]);
}

#[test]
fn promises_that_are_not_kept_are_deviations_and_what_was_never_promised_is_absent() {
    let pages = [(200, list(5, &["b", "a"])), (200, list(5, &["b", "a"]))];
    assert!(check("list.sort", &mut five(), &pages).starts_with("absent ignored"));
    let config = json!({"sort": {"supported": true}});
    let mut known = Known { config: config.as_object().cloned(), ..five() };
    assert!(check("list.sort", &mut known, &pages).starts_with("deviates ignored"));
}
