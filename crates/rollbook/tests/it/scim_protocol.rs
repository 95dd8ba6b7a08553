//! What the server says to well and badly formed requests, over real HTTP.

use serde_json::{Value, json};

use crate::served::{ENDPOINT, Served, patch, user};

#[test]
fn a_user_lives_from_post_to_delete() {
    let served = Served::start();
    let made = served.ask("POST", "/Users", Some(user("Ana@Example.com")));
    assert_eq!(made.status, 201, "{made:?}");
    let body = made.json();
    let location = body["meta"]["location"].as_str().expect("a location");
    assert_eq!(made.header("location"), Some(location));
    assert!(location.starts_with("http://scim.example.com/scim/wiki/v2/Users/"), "{location}");
    assert_eq!(made.header("etag"), body["meta"]["version"].as_str());
    assert_eq!(made.header("content-type"), Some("application/scim+json"));
    let one = format!("/Users/{}", body["id"].as_str().expect("an id"));

    let got = served.ask("GET", &one, None);
    assert_eq!(got.json()["userName"], "Ana@Example.com", "it comes back as it was sent");
    let change = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
    let changed = served.ask("PATCH", &one, Some(change.clone()));
    assert_eq!((changed.status, &changed.json()["active"]), (200, &json!(false)), "{changed:?}");
    let again = served.ask("PATCH", &one, Some(change));
    assert_eq!(again.json()["meta"]["lastModified"], changed.json()["meta"]["lastModified"]);
    let replaced = served.ask("PUT", &one, Some(user("ana@example.org")));
    assert_eq!(
        (replaced.status, replaced.json()["userName"].as_str()),
        (200, Some("ana@example.org"))
    );

    assert_eq!(served.ask("DELETE", &one, None).status, 204);
    for method in ["GET", "DELETE"] {
        served.ask(method, &one, None).check_error(404, None);
    }
    served.ask("PUT", &one, Some(user("ana"))).check_error(404, None);
    let anew = served.ask("POST", "/Users", Some(user("ana@example.org")));
    assert_ne!(anew.json()["id"], body["id"], "a name is free again, an id never");
}

#[test]
fn a_name_that_is_taken_is_taken_in_every_case() {
    let served = Served::start();
    served.user("ana@example.com");
    let again = served.ask("POST", "/Users", Some(user("ANA@example.COM")));
    again.check_error(409, Some("uniqueness"));
}

#[test]
fn another_id_in_the_body_changes_nobody() {
    let served = Served::start();
    let (mine, victim) = (served.user("mine"), served.user("victim"));
    let mut body = user("taken over");
    body["id"] = json!(victim);
    let one = format!("/Users/{mine}");
    served.ask("PUT", &one, Some(body)).check_error(400, Some("mutability"));
    let change = patch(json!([{ "op": "replace", "path": "id", "value": victim }]));
    served.ask("PATCH", &one, Some(change)).check_error(400, Some("mutability"));
    for (id, name) in [(&mine, "mine"), (&victim, "victim")] {
        assert_eq!(served.ask("GET", &format!("/Users/{id}"), None).json()["userName"], name);
    }
}

#[test]
fn what_only_the_server_sets_is_never_stored() {
    let served = Served::start();
    let group = served.group("Admins");
    let mut body = user("ana");
    body["groups"] = json!([{ "value": group }]);
    body["meta"] = json!({ "created": "1999-01-01T00:00:00Z", "resourceType": "Group" });
    let made = served.ask("POST", "/Users", Some(body));
    assert_eq!(made.status, 201, "{made:?}");
    let user =
        served.ask("GET", &format!("/Users/{}", made.json()["id"].as_str().expect("id")), None);
    assert_eq!(user.json().get("groups"), None, "{user:?}");
    assert_eq!(user.json()["meta"]["resourceType"], "User");
    let group = served.ask("GET", &format!("/Groups/{group}"), None).json();
    assert!(group.get("members").is_none_or(|members| members == &json!([])), "{group}");
}

#[test]
fn only_a_clear_word_deactivates() {
    let served = Served::start();
    let one = format!("/Users/{}", served.user("ana"));
    let is_active = || served.ask("GET", &one, None).json()["active"].clone();
    let mut without = user("ana");
    without.as_object_mut().expect("an object").remove("active");
    assert_eq!(served.ask("PUT", &one, Some(without)).status, 200);
    assert_eq!(is_active(), true);
    for odd in [json!([]), json!({}), json!(""), json!("no"), json!(7)] {
        let mut body = user("ana");
        body["active"] = odd.clone();
        served.ask("PUT", &one, Some(body));
        assert_eq!(is_active(), true, "PUT {odd}");
        let change = patch(json!([{ "op": "replace", "path": "active", "value": odd }]));
        served.ask("PATCH", &one, Some(change));
        assert_eq!(is_active(), true, "PATCH {odd}");
    }
    let nothing = patch(json!([{ "op": "replace", "value": {} }]));
    served.ask("PATCH", &one, Some(nothing));
    assert_eq!(is_active(), true);
}

#[test]
fn entras_words_for_booleans_are_understood_with_its_profile() {
    let served = Served::start_with(&[], "entra");
    let one = format!("/Users/{}", served.user("ana"));
    for (word, active) in [("False", false), ("True", true), ("false", false)] {
        let change = patch(json!([{ "op": "Replace", "path": "active", "value": word }]));
        assert!(served.ask("PATCH", &one, Some(change)).status < 300);
        assert_eq!(served.ask("GET", &one, None).json()["active"], active, "{word}");
    }
}

#[test]
fn a_key_that_comes_twice_is_refused() {
    let served = Served::start();
    let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
    for tail in [
        r#""active":true,"active":false"#,
        r#""active":true,"Active":false"#,
        r#""name":{"givenName":"a","givenName":"b"}"#,
        r#""emails":[{"value":"a","VALUE":"b"}]"#,
    ] {
        let body = format!(r#"{{"schemas":["{schema}"],"userName":"ana",{tail}}}"#);
        let answer = served.ask_raw("POST", "/Users", body.as_bytes());
        answer.check_error(400, Some("invalidSyntax"));
    }
    assert_eq!(served.ask("GET", "/Users", None).json()["totalResults"], 0);
}

#[test]
fn json_that_is_too_deep_or_none_at_all_is_refused_at_once() {
    let mut served = Served::start();
    let nested = |depth: usize| {
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"schemas":["x"],"userName":"a","urn:x:y":{deep}}}"#)
    };
    let bodies = [
        nested(129),
        nested(100_000),
        format!(r#"{{"{}":1}}"#, "k".repeat(1_000_000)),
        r#"{"userName":1e400}"#.to_owned(),
        r#"{"userName":"\ud800"}"#.to_owned(),
        r#"{"userName":"#.to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{} {}".to_owned(),
    ];
    for body in bodies {
        let answer = served.ask_raw("POST", "/Users", body.as_bytes());
        assert_eq!(answer.status, 400, "{}: {answer:?}", &body[..body.len().min(40)]);
    }
    served.ask_raw("POST", "/Users", b"\xff\xfe{}").check_error(400, Some("invalidSyntax"));
    served.ask_raw("PATCH", "/Users/7", b"").check_error(400, Some("invalidSyntax"));
    assert!(served.is_alive());
}

#[test]
fn controls_and_invisible_letters_are_refused_in_every_text() {
    let served = Served::start();
    for bad in ["a\0b", "a\rb", "a\nb", "a\u{85}b", "a\u{2028}b", "a\u{e0041}b", "a\u{202e}b"] {
        served.ask("POST", "/Users", Some(user(bad))).check_error(400, Some("invalidValue"));
        let mut body = user("ana");
        body["displayName"] = json!(bad);
        served.ask("POST", "/Users", Some(body)).check_error(400, Some("invalidValue"));
    }
}

#[test]
fn only_json_in_utf8_as_it_is_is_taken() {
    let served = Served::start();
    let authorization = format!("Bearer {}", served.token);
    let send = |headers: &[(&str, &str)]| {
        let own = [("Authorization", authorization.as_str())];
        let headers = [&own[..], headers].concat();
        let body = user("ana").to_string();
        served.send("POST", &format!("/scim/{ENDPOINT}/v2/Users"), &headers, body.as_bytes())
    };
    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json;charset=utf-16",
        "application/jsonp",
    ] {
        send(&[("Content-Type", wrong)]).check_error(415, None);
    }
    send(&[]).check_error(415, None);
    let gzip = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
    send(&gzip).check_error(415, None);
    let made = send(&[("Content-Type", "Application/JSON; Charset=\"UTF-8\"")]);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("content-type"), Some("application/scim+json"));
    let plain = [("Content-Type", "application/json"), ("Accept", "application/json")];
    let again = send(&plain);
    assert_eq!(again.status, 409, "{again:?}");
}

#[test]
fn page_numbers_are_bounded() {
    let served = Served::start();
    for at in 0..5 {
        served.user(&format!("user-{at}"));
    }
    let page = |query: &str| served.ask("GET", &format!("/Users?{query}"), None);
    let shown = |query: &str| {
        let page = page(query).json();
        assert_eq!(page["totalResults"], 5, "{page}");
        let list = page["Resources"].as_array().map_or(0, Vec::len);
        assert_eq!(page["itemsPerPage"], list, "{page}");
        (page["startIndex"].as_u64().unwrap_or(0), list)
    };
    assert_eq!(shown("count=-1"), (1, 0));
    assert_eq!(shown("count=0"), (1, 0));
    assert_eq!(shown("count=2"), (1, 2));
    assert_eq!(shown("count=1001"), (1, 5));
    assert_eq!(shown("startIndex=0"), (1, 5));
    assert_eq!(shown("startIndex=-5&count=1"), (1, 1));
    assert_eq!(shown("startIndex=4&count=9"), (4, 2));
    assert_eq!(shown("startIndex=6"), (6, 0));
    for huge in ["count=9223372036854775808", "count=abc", "startIndex=1e12", "count=2147483648"] {
        assert_eq!(page(huge).status, 400, "{huge}");
    }
}

#[test]
fn pages_by_position_and_by_cursor_hold_everybody_once() {
    let served = Served::start();
    let mut all: Vec<String> = (0..7).map(|at| served.user(&format!("user-{at}"))).collect();
    all.sort();
    let ids = |page: &Value| -> Vec<String> {
        let list = page["Resources"].as_array().cloned().unwrap_or_default();
        list.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    };
    let mut by_position = Vec::new();
    for start in [1, 4, 7] {
        let page = served.ask("GET", &format!("/Users?startIndex={start}&count=3"), None);
        by_position.extend(ids(&page.json()));
    }
    let (mut by_cursor, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = served.ask("GET", &format!("/Users?cursor={cursor}&count=3"), None).json();
        by_cursor.extend(ids(&page));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    for mut found in [by_position, by_cursor] {
        found.sort();
        assert_eq!(found, all);
    }
    let stale = served.ask("GET", "/Users?cursor=AAAA", None);
    stale.check_error(400, Some("invalidCursor"));
}

#[test]
fn filters_and_searches_find_and_refuse() {
    let served = Served::start();
    served.user("ana@example.com");
    served.user("o'brien% OR 1=1 --");
    let total = |path: &str| served.ask("GET", path, None).json()["totalResults"].clone();
    assert_eq!(total("/Users?filter=userName%20eq%20%22ANA@example.com%22"), 1);
    assert_eq!(total("/Users?filter=userName+eq+%22x'+OR+1=1+--%22"), 0);
    assert_eq!(total("/Users?filter=userName%20co%20%22%25%22"), 1);
    assert_eq!(total("/?filter=meta.resourceType%20eq%20%22User%22"), 2);
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "userName sw \"ana\"",
        "attributes": ["userName"],
    });
    for path in ["/.search", "/Users/.search"] {
        let found = served.ask("POST", path, Some(search.clone()));
        assert_eq!(found.status, 200, "{found:?}");
        assert_eq!(found.json()["Resources"][0]["userName"], "ana@example.com");
        assert_eq!(found.json()["Resources"][0].get("meta"), None);
    }
    let deep = "not%20(".repeat(3_000);
    served.ask("GET", &format!("/Users?filter={deep}"), None).check_error(414, None);
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "not (".repeat(100_000),
    });
    served.ask("POST", "/.search", Some(search)).check_error(400, Some("invalidFilter"));
    let nested = format!("{}userName pr{}", "(".repeat(33), ")".repeat(33)).replace(' ', "%20");
    let refused = served.ask("GET", &format!("/Users?filter={nested}"), None);
    refused.check_error(400, Some("invalidFilter"));
}

#[test]
fn a_strict_caller_is_told_about_parameters_that_nobody_knows() {
    let served = Served::start();
    let id = served.user("ana");
    assert_eq!(served.ask("GET", "/Users?pageSize=3", None).status, 400);
    assert_eq!(served.ask("GET", &format!("/Users/{id}?x=1"), None).status, 400);
    assert_eq!(served.ask("GET", &format!("/Users/{id}?"), None).status, 200);
    let lenient = Served::start_with(&[], "okta-oin");
    assert_eq!(lenient.ask("GET", "/Users?pageSize=3&", None).status, 200);
}

#[test]
fn attributes_and_excluded_attributes_shape_every_answer() {
    let served = Served::start();
    let made = served.ask("POST", "/Users?attributes=userName", Some(user("ana")));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json().get("active"), None, "{made:?}");
    let one = format!("/Users/{}", made.json()["id"].as_str().expect("an id always"));
    let short = served.ask("GET", &format!("{one}?excludedAttributes=meta,userName"), None).json();
    assert_eq!((short.get("meta"), short.get("userName")), (None, None), "{short}");
    let both = served.ask("GET", &format!("{one}?attributes=id&excludedAttributes=meta"), None);
    assert_eq!(both.status, 400, "{both:?}");
}

#[test]
fn a_changed_group_is_shown_unless_its_provider_wants_nothing() {
    let change = patch(json!([{ "op": "replace", "path": "displayName", "value": "Sales NL" }]));
    for (profile, status) in [("strict", 200), ("okta-oin", 204), ("entra", 204), ("auto", 200)] {
        let served = Served::start_with(&[], profile);
        let group = format!("/Groups/{}", served.group("Sales"));
        let changed = served.ask("PATCH", &group, Some(change.clone()));
        assert_eq!((changed.status, changed.body.is_empty()), (status, status == 204), "{profile}");
        let asked = format!("{group}?attributes=displayName");
        let shown = served.ask("PATCH", &asked, Some(change.clone()));
        let name = shown.json()["displayName"].clone();
        assert_eq!((shown.status, name), (200, json!("Sales NL")), "{profile}");
    }
}

#[test]
fn versions_guard_against_lost_updates() {
    let served = Served::start();
    let made = served.ask("POST", "/Users", Some(user("ana")));
    let first = made.header("etag").expect("a version").to_owned();
    let one = format!("/Users/{}", made.json()["id"].as_str().expect("an id"));
    let authorization = format!("Bearer {}", served.token);
    let with = |method: &str, name: &str, tag: &str, body: Option<Value>| {
        let headers = [("Authorization", authorization.as_str()), (name, tag)];
        served.ask_with(method, &one, &headers, body)
    };
    assert_eq!(with("GET", "If-None-Match", &first, None).status, 304);
    assert_eq!(with("GET", "If-None-Match", "W/\"other\"", None).status, 200);
    let change =
        |name: &str| Some(patch(json!([{ "op": "replace", "path": "title", "value": name }])));
    let changed = with("PATCH", "If-Match", &first, change("one"));
    assert_eq!(changed.status, 200, "{changed:?}");
    with("PATCH", "If-Match", &first, change("two")).check_error(412, None);
    with("PUT", "If-Match", &first, Some(user("eve"))).check_error(412, None);
    with("DELETE", "If-Match", &first, None).check_error(412, None);
    with("PATCH", "If-Match", "\"", change("two")).check_error(400, None);
    let second = changed.header("etag").expect("a version").to_owned();
    assert_eq!(served.ask("GET", &one, None).json()["title"], "one");
    assert_eq!(with("DELETE", "If-Match", &second, None).status, 204);
}

#[test]
fn methods_that_are_none_and_headers_that_rename_them_do_nothing() {
    let served = Served::start();
    let id = served.user("ana");
    let authorization = format!("Bearer {}", served.token);
    let one = format!("/Users/{id}");
    let headers = [("Authorization", authorization.as_str()), ("X-HTTP-Method-Override", "DELETE")];
    assert_eq!(served.ask_with("GET", &one, &headers, None).status, 200);
    let refused = served.ask_with("POST", &one, &headers, Some(json!({})));
    refused.check_error(405, None);
    assert_eq!(refused.header("allow"), Some("GET, HEAD, PUT, PATCH, DELETE"));
    for method in ["TRACE", "OPTIONS", "MOVE"] {
        served.ask(method, &one, None).check_error(405, None);
        served.ask(method, "/Users", None).check_error(405, None);
    }
    served.ask("DELETE", "/Users", None).check_error(405, None);
    served.ask("GET", "/Devices", None).check_error(404, None);
    served.ask("GET", "/Me", None).check_error(501, None);
    assert_eq!(served.ask("GET", &one, None).status, 200);
    let head = served.ask("HEAD", &one, None);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn a_bulk_request_makes_what_names_each_other_and_says_what_failed() {
    let served = Served::start();
    let bulk = |operations: Value| {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"];
        Some(json!({ "schemas": schemas, "Operations": operations }))
    };
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Sales",
        "members": [{ "value": "bulkId:ana" }],
    });
    let done = served.ask(
        "POST",
        "/Bulk",
        bulk(json!([
            { "method": "POST", "path": "/Groups", "bulkId": "sales", "data": group },
            { "method": "POST", "path": "/Users", "bulkId": "ana", "data": user("ana") },
            { "method": "POST", "path": "/Users", "bulkId": "again", "data": user("ANA") },
        ])),
    );
    assert_eq!(done.status, 200, "{done:?}");
    let answers = done.json();
    assert_eq!(answers["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    let answers = answers["Operations"].as_array().expect("answers").clone();
    let statuses: Vec<&str> =
        answers.iter().map(|one| one["status"].as_str().expect("text")).collect();
    assert_eq!(statuses, ["201", "201", "409"]);
    assert_eq!(answers[0]["bulkId"], "sales");
    assert_eq!(answers[2]["response"]["scimType"], "uniqueness");
    let id = answers[0]["location"].as_str().and_then(|url| url.rsplit('/').next()).expect("an id");
    let made = served.ask("GET", &format!("/Groups/{id}"), None).json();
    assert_eq!(made["members"].as_array().map(Vec::len), Some(1), "{made}");
    let a = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "A",
        "members": [{ "value": "bulkId:b" }],
    });
    let b = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "B",
        "members": [{ "value": "bulkId:a" }],
    });
    let cycle = served.ask(
        "POST",
        "/Bulk",
        bulk(json!([
            { "method": "POST", "path": "/Groups", "bulkId": "a", "data": a },
            { "method": "POST", "path": "/Groups", "bulkId": "b", "data": b },
        ])),
    );
    for one in cycle.json()["Operations"].as_array().expect("answers") {
        assert_eq!(one["status"], "409", "{one}");
    }
}

#[test]
fn somebody_who_would_rather_not_wait_is_told_where_to_look() {
    let served = Served::start();
    let authorization = format!("Bearer {}", served.token);
    let headers = [("Authorization", authorization.as_str()), ("Prefer", "respond-async, wait=5")];
    let made = served.ask_with("POST", "/Users", &headers, Some(user("ana")));
    assert_eq!((made.status, made.body.as_str()), (202, ""), "{made:?}");
    assert_eq!(made.header("preference-applied"), Some("respond-async"));
    assert!(made.header("set-txn").is_some_and(|txn| !txn.is_empty()), "{made:?}");
    let location = made.header("location").expect("where to look");
    let path = location.strip_prefix("http://scim.example.com").expect("our own address");
    let own = [("Authorization", authorization.as_str())];
    let found = served.send("GET", path, &own, b"").json();
    assert_eq!(found["userName"], "ana");
    let wrong = served.ask_with("POST", "/Users", &headers, Some(user("ana")));
    wrong.check_error(409, Some("uniqueness"));
}

#[test]
fn the_delivery_extension_says_that_accepted_is_not_applied() {
    let served = Served::start();
    const DELIVERY: &str = "urn:rollbook:params:scim:schemas:extension:delivery:1.0:User";
    let one = format!("/Users/{}", served.user("ana"));
    let plain = served.ask("GET", &one, None).json();
    assert_eq!(plain.get(DELIVERY), None, "only those who ask for it are told: {plain}");
    let told = served.ask("GET", &format!("{one}?attributes=userName,{DELIVERY}"), None).json();
    assert_eq!(told["userName"], "ana");
    assert_eq!(told[DELIVERY]["state"], "accepted", "{told}");
    assert!(told[DELIVERY]["at"].is_string(), "{told}");
}
