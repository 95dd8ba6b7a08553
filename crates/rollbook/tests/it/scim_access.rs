//! Who may ask the server for what: tokens, endpoints, guessing, what everybody may see.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::served::{ENDPOINT, Served, patch, user};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

#[test]
fn without_a_token_every_address_says_the_same() {
    let served = Served::start();
    let mut bodies = std::collections::BTreeSet::new();
    let paths = [
        format!("/scim/{ENDPOINT}/v2/Users"),
        format!("/scim/{ENDPOINT}/v2/Users/7"),
        format!("/scim/{ENDPOINT}/v2/Groups/7"),
        format!("/scim/{ENDPOINT}/v2/.search"),
        format!("/scim/{ENDPOINT}/v2/Bulk"),
        format!("/scim/{ENDPOINT}/v2/Me"),
        format!("/scim/{ENDPOINT}/v2/Devices"),
        format!("/scim/{ENDPOINT}/v2"),
        format!("/scim/{ENDPOINT}/v1/Users"),
        "/scim/all/v2/Users".to_owned(),
        "/scim/nobody/v2/Users".to_owned(),
        "/scim".to_owned(),
    ];
    for path in &paths {
        for method in METHODS {
            let answer = served.send(method, path, &[], b"{}");
            answer.check_error(401, None);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"scim\""));
            bodies.insert(answer.body);
        }
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[test]
fn what_is_no_bearer_token_is_no_token() {
    let served = Served::start();
    for wrong in ["Basic cmJrOnJiaw==", "Bearer ", "Bearer", "Bearer null", "Bearer é"] {
        let answer = served.ask_with("GET", "/Users", &[("Authorization", wrong)], None);
        answer.check_error(401, None);
    }
    let good = format!("Bearer {}", served.token);
    let doubled = [("Authorization", good.as_str()), ("Authorization", good.as_str())];
    served.ask_with("GET", "/Users", &doubled, None).check_error(401, None);
    let spelled = format!("bEARER {}", served.token);
    let answer = served.ask_with("GET", "/Users", &[("Authorization", &spelled)], None);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_token_in_the_address_is_no_token_and_is_not_logged() {
    let served = Served::start();
    let path = format!("/Users?access_token={}", served.token);
    served.ask_with("GET", &path, &[], None).check_error(401, None);
    served.ask("GET", "/Users", None);
    let token = served.token.clone();
    let (code, log) = served.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("\"path\":\"/scim/wiki/v2/Users\",\"status\":401"), "{log}");
    let secret = token.rsplit('_').next().expect("a secret");
    assert!(!log.contains(secret), "the token is in the log:\n{log}");
}

#[test]
fn a_token_opens_its_own_endpoint_only() {
    let served = Served::start();
    let mine = served.user("ana");
    let other =
        format!("Bearer {}", served.mint(&["all", "--idp", "entra", "--profile", "strict"]));
    let other = [("Authorization", other.as_str())];
    served.ask_with("GET", "/Users", &other, None).check_error(401, None);
    for method in ["GET", "DELETE"] {
        let path = format!("/scim/all/v2/Users/{mine}");
        served.send(method, &path, &other, b"").check_error(404, None);
    }
    let with = [other[0], ("Content-Type", "application/json")];
    let path = format!("/scim/all/v2/Users/{mine}");
    served.send("PUT", &path, &with, user("eve").to_string().as_bytes()).check_error(404, None);
    let change = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
    served.send("PATCH", &path, &with, change.to_string().as_bytes()).check_error(404, None);
    let list = served.send("GET", "/scim/all/v2/Users", &other, b"").json();
    assert_eq!(list["totalResults"], 0, "{list}");
    let again = served.ask("GET", &format!("/Users/{mine}"), None);
    assert_eq!(again.json()["userName"], "ana");
}

#[test]
fn a_read_only_token_changes_nothing() {
    let served = Served::start();
    let id = served.user("ana");
    let token = served.mint(&[ENDPOINT, "--idp", "auditor", "--profile", "strict", "--read-only"]);
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str())];
    let one = format!("/Users/{id}");
    let change = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{ "method": "DELETE", "path": one }],
    });
    served.ask_with("POST", "/Users", &headers, Some(user("eve"))).check_error(403, None);
    served.ask_with("PUT", &one, &headers, Some(user("eve"))).check_error(403, None);
    served.ask_with("PATCH", &one, &headers, Some(change)).check_error(403, None);
    served.ask_with("DELETE", &one, &headers, None).check_error(403, None);
    let bulk = served.ask_with("POST", "/Bulk", &headers, Some(bulk));
    assert!(bulk.status == 403 || bulk.json()["Operations"][0]["status"] == "403", "{bulk:?}");
    let list = served.ask_with("GET", "/Users", &headers, None).json();
    assert_eq!(list["totalResults"], 1, "{list}");
    assert_eq!(list["Resources"][0]["userName"], "ana", "{list}");
    let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
    let found = served.ask_with("POST", "/Users/.search", &headers, Some(search));
    assert_eq!(found.status, 200, "{found:?}");
}

#[test]
fn discovery_is_open_and_the_same_for_everybody() {
    let served = Served::start();
    let authorization = format!("Bearer {}", served.token);
    let with = [("Authorization", authorization.as_str())];
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/ResourceTypes/User"] {
        let open = served.ask_with("GET", path, &[], None);
        assert_eq!(open.status, 200, "{open:?}");
        assert_eq!(open.body, served.ask_with("GET", path, &with, None).body, "{path}");
        let elsewhere = served.send("GET", &format!("/scim/nobody/v2{path}"), &[], b"");
        assert_eq!(open.body.replace("/wiki/", "/nobody/"), elsewhere.body, "{path}");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let refused = served.ask_with(method, path, &[], Some(json!({})));
            refused.check_error(405, None);
            assert_eq!(refused.header("allow"), Some("GET, HEAD"));
        }
        let filter = format!("{path}?filter=id%20eq%20%22x%22");
        served.ask_with("GET", &filter, &[], None).check_error(403, None);
    }
    served.ask_with("GET", "/ResourceTypes/Device", &[], None).check_error(404, None);
    served.ask_with("GET", "/Schemas/urn:x", &[], None).check_error(404, None);
    let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
    let schema = served.ask_with("GET", &format!("/Schemas/{urn}"), &[], None).json();
    assert_eq!(schema["id"], urn);
}

#[test]
fn the_provider_config_says_what_the_server_does() {
    let served = Served::start();
    let config = served.ask("GET", "/ServiceProviderConfig", None).json();
    let says = |pointer: &str| config.pointer(pointer).cloned().unwrap_or(Value::Null);
    for feature in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(says(&format!("/{feature}/supported")), true, "{feature}");
    }
    assert_eq!(says("/changePassword/supported"), false);
    assert_eq!((says("/pagination/cursor"), says("/pagination/index")), (true.into(), true.into()));
    assert_eq!(config.get("securityEvents"), None, "strict clients know no such attribute");
    let named = served.ask("GET", "/ServiceProviderConfig?attributes=securityEvents", None).json();
    assert_eq!(named["securityEvents"]["asyncRequest"], "request", "{named}");
    let many = says("/bulk/maxOperations").as_u64().expect("a number") + 1;
    let one = json!({ "method": "DELETE", "path": "/Users/7" });
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": vec![one; usize::try_from(many).expect("it fits")],
    });
    served.ask("POST", "/Bulk", Some(bulk)).check_error(413, Some("tooMany"));
    let bytes = says("/bulk/maxPayloadSize").as_u64().expect("a number");
    let long = vec![b' '; usize::try_from(bytes).expect("it fits") + 1];
    served.ask_raw("POST", "/Bulk", &long).check_error(413, None);
    let most = says("/filter/maxResults").as_u64().expect("a number");
    let page = served.ask("GET", &format!("/Users?count={}", most + 1), None);
    assert_eq!(page.status, 200, "{page:?}");
}

#[test]
fn somebody_who_guesses_is_slowed_down_and_nobody_else() {
    let served = Served::start();
    let mut statuses = Vec::new();
    for at in 0..40 {
        let (token, from) = (format!("Bearer rbk_{at:012x}_x"), format!("198.51.100.{at}"));
        let headers = [("Authorization", token.as_str()), ("X-Forwarded-For", from.as_str())];
        let answer = served.ask_with("GET", "/Users", &headers, None);
        if answer.status == 429 {
            answer.check_error(429, None);
            let seconds = answer.header("retry-after").expect("it says how long").parse::<u64>();
            assert!(seconds.is_ok_and(|seconds| (1..=60).contains(&seconds)), "{answer:?}");
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..20], [401; 20]);
    assert_eq!(statuses[20..], [429; 20]);
    assert_eq!(served.ask("GET", "/Users", None).status, 200, "a right token is let in");
}

#[test]
fn a_named_proxy_speaks_for_those_behind_it() {
    let arguments = ["--trusted-proxy", "127.0.0.0/8"];
    let served = Served::start_with(&arguments, "strict");
    for at in 0..30 {
        let from = format!("203.0.113.9, 198.51.100.{at}");
        let headers = [("Authorization", "Bearer wrong"), ("X-Forwarded-For", from.as_str())];
        assert_eq!(served.ask_with("GET", "/Users", &headers, None).status, 401);
    }
    let authorization = format!("Bearer {}", served.token);
    let headers = [
        ("Authorization", authorization.as_str()),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "scim.example.org"),
        ("X-Request-Id", "proxy-77"),
    ];
    let made = served.ask_with("POST", "/Users", &headers, Some(user("ana")));
    let location = made.header("location").expect("a location");
    assert!(location.starts_with("https://scim.example.org/scim/wiki/v2/Users/"), "{location}");
    assert_eq!(made.header("x-request-id"), Some("proxy-77"));
}

#[test]
fn a_token_is_shown_once_listed_rotated_and_revoked() {
    let served = Served::start();
    let bench = &served.bench;
    let listed = bench.run(&["token", "list", "--json"]).json();
    assert_eq!((&listed[0]["idp"], &listed[0]["endpoint"]), (&"okta".into(), &ENDPOINT.into()));
    assert!(!listed[0].to_string().contains(&served.token));
    let id = listed[0]["id"].as_str().expect("an id");
    let second = bench.run(&["token", "rotate", id, "--json"]).json();
    let second = second[0]["token"].as_str().expect("the second token").to_owned();
    let works = |token: &str| {
        let authorization = format!("Bearer {token}");
        served.ask_with("GET", "/Users", &[("Authorization", &authorization)], None).status == 200
    };
    assert!(works(&served.token) && works(&second), "both work until one is revoked");
    let third = bench.run(&["token", "rotate", id]);
    assert_ne!(third.code, 0, "{}", third.all());
    assert_eq!(bench.run(&["token", "revoke", id]).code, 0);
    let since = Instant::now();
    while works(&served.token) {
        assert!(since.elapsed() < Duration::from_secs(5), "a revoked token works too long");
    }
    assert!(works(&second));
    assert_eq!(bench.run(&["token", "list", "--json"]).json().len(), 1);
    assert_eq!(bench.run(&["token", "list", "--all", "--json"]).json().len(), 2);
}

#[test]
fn a_token_lies_nowhere_in_clear() {
    let served = Served::start();
    assert_eq!(served.ask("GET", "/Users", None).status, 200);
    let secret = served.token.rsplit('_').next().expect("a secret").as_bytes();
    let files = std::fs::read_dir(served.bench.path()).expect("the workspace");
    for file in files.map(|file| file.expect("an entry").path()).filter(|path| path.is_file()) {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(&file).and_then(|mut file| file.read_to_end(&mut bytes));
        read.expect("it can be read");
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "the token is in {}", file.display());
    }
}

#[test]
fn a_token_for_what_is_not_there_is_refused_with_a_hint() {
    let served = Served::start();
    let wrong = served.bench.run(&["token", "create", "wikki", "--idp", "okta"]);
    assert_eq!(wrong.code, 2, "{}", wrong.all());
    assert!(wrong.err.contains("wiki"), "{}", wrong.all());
    let wrong = served.bench.run(&["token", "create", ENDPOINT, "--idp", "x", "--profile", "saml"]);
    assert_eq!(wrong.code, 2, "{}", wrong.all());
    let past = ["token", "create", ENDPOINT, "--idp", "x", "--expires", "2020-01-01"];
    assert_eq!(served.bench.run(&past).code, 2);
    let mut stream = served.connect();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .expect("sent");
    assert_eq!(crate::served::Answer::read(&mut stream).status, 200);
}
