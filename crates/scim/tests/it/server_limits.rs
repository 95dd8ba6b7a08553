//! Input that is too large, too deep or made to hurt: refused before much of it is looked at, with
//! work that grows no faster than the input. Work is counted here, and never timed.

use rollbook_scim::fuzz::{looked_at, looked_at_max};
use rollbook_scim::json as safe_json;
use rollbook_scim::server::ResourceType::User;
use rollbook_scim::server::{
    BulkLimits, BulkRequest, Limits, Profile, Query, Rules, member, query, resource,
};
use serde_json::{Map, Value, json};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn user() -> Map<String, Value> {
    let body = json!({"schemas": [CORE], "userName": "ana", "roles": roles(1000)});
    resource::create(User, body, &Rules::STRICT).unwrap()
}

fn roles(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!({"value": format!("role{n}"), "type": "t"})).collect()
}

/// Runs `work` on a stack that is too small for recursion without end.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(work);
    thread.unwrap().join().unwrap();
}

fn status<T: std::fmt::Debug>(done: Result<T, rollbook_scim::ErrorMessage>) -> u16 {
    done.unwrap_err().status.unwrap()
}

#[test]
fn a_filter_that_is_too_deep_or_too_long_is_refused_on_a_small_stack() {
    for text in [
        "not (".repeat(10_000),
        format!("{}!", "not (".repeat(10_000)),
        "(".repeat(60_000),
        "emails[".repeat(9_000),
        format!("{}a pr{}", "(".repeat(33), ")".repeat(33)),
        "a eq \"b\" and ".repeat(5_000),
        " ".repeat(60_000),
        format!("a eq \"{}\"", "\\".repeat(60_000)),
        // Within the length, beyond the depth and the comparisons.
        "not (".repeat(1_600),
        "(".repeat(8_000),
        "emails[".repeat(1_100),
        "a pr or ".repeat(1_000),
    ] {
        on_a_small_stack(move || {
            // Beyond the length nothing is looked at, and beyond the depth nothing more.
            let most = if text.starts_with("a ") { looked_at_max(8 * 1024) } else { 4_096 };
            assert!(looked_at(&text) <= most, "{} for {text:.20}", looked_at(&text));
            let params = [("filter".to_owned(), text.clone())];
            let limits = Limits { count_default: 1, count_max: 1 };
            let error = Query::from_params(&params, &limits, &Rules::STRICT).unwrap_err();
            assert_eq!(error.scim_type.as_deref(), Some("invalidFilter"));
        });
    }
    assert_eq!(status(query::pairs(&"a".repeat(100_000))), 414);
}

#[test]
fn json_that_is_too_deep_is_refused_where_it_is_and_what_is_not_is_read_on_a_small_stack() {
    for depth in [129, 100_000] {
        on_a_small_stack(move || {
            let list = "[".repeat(depth) + &"]".repeat(depth);
            let refused = safe_json::read(list.as_bytes()).unwrap_err().detail();
            assert!(refused.contains("at line 1 column 128"), "{refused}");
            let object = format!("{{\"urn:x:y:2.0:User\":{list}}}");
            assert!(safe_json::read(object.as_bytes()).is_err());
        });
    }
    on_a_small_stack(|| {
        let deep = "{\"a\":".repeat(120) + "1" + &"}".repeat(120);
        let body =
            safe_json::read(format!("{{\"userName\":\"a\",\"x\":{deep}}}").as_bytes()).unwrap();
        assert_eq!(resource::create(User, body, &Rules::LENIENT).unwrap().len(), 3);
    });
}

#[test]
fn a_million_keys_and_a_key_of_a_million_bytes_are_refused() {
    let key = "k".repeat(1 << 20);
    assert!(safe_json::read(format!("{{\"{key}\":1}}").as_bytes()).is_err());
    let keys = |count: usize| {
        let keys: Vec<String> = (0..count).map(|n| format!("\"k{n}\":0")).collect();
        format!("{{{}}}", keys.join(","))
    };
    assert!(safe_json::read(keys(1_000_000).as_bytes()).is_err());
    assert!(safe_json::read(keys(10_001).as_bytes()).is_err());
    let most = safe_json::read(keys(10_000).as_bytes()).unwrap();
    // As a whole, under the URN of the core schema, and as an element inside a text.
    let text = json!({"value": most.to_string(), "type": "x"});
    let within = json!({"userName": "a", CORE: most});
    for body in [most, within, json!({"userName": "a", "roles": [text]})] {
        on_a_small_stack(move || {
            for rules in [Rules::STRICT, Rules::LENIENT] {
                drop(resource::create(User, body.clone(), &rules));
            }
        });
    }
}

#[test]
fn values_and_members_have_a_most() {
    let user = |count| json!({"schemas": [CORE], "userName": "a", "roles": roles(count)});
    assert!(resource::create(User, user(1000), &Rules::STRICT).is_ok());
    assert_eq!(status(resource::create(User, user(1001), &Rules::STRICT)), 400);
    let long = |len: usize| json!({"schemas": [CORE], "userName": "a", "title": "t".repeat(len)});
    assert!(resource::create(User, long(16 * 1024), &Rules::STRICT).is_ok());
    assert_eq!(status(resource::create(User, long(16 * 1024 + 1), &Rules::STRICT)), 400);
    let key = json!({"schemas": [CORE], "userName": "a".repeat(1025)});
    assert_eq!(status(resource::create(User, key, &Rules::STRICT)), 400);
    let members = |count: usize| {
        let list: Vec<Value> = (0..count).map(|n| json!({"value": n.to_string()})).collect();
        let body = json!({"Operations": [{"op": "add", "path": "members", "value": list}]});
        member::split(&Profile::Auto.patch(&body)?, &Rules::LENIENT)
    };
    assert!(members(8_000).is_ok());
    assert_eq!((status(members(8_001)), status(members(100_000))), (413, 413));
}

#[test]
fn operations_have_a_most() {
    let patch = |count: usize| {
        let operations = vec![json!({"op": "replace", "path": "title", "value": "x"}); count];
        Profile::Auto.patch(&json!({ "Operations": operations }))
    };
    assert!(patch(1_000).is_ok());
    assert_eq!((status(patch(1_001)), status(patch(10_000))), (413, 413));
    let limits = BulkLimits { operations_max: 1_000, payload_max: 1 << 20 };
    let one = json!({"method": "DELETE", "path": "/Users/7"});
    let bulk = json!({ "Operations": vec![one; 100_000] });
    assert_eq!(status(BulkRequest::read(bulk, &limits, false)), 413);
}

#[test]
fn a_patch_cannot_make_the_server_compare_for_long() {
    let user = user();
    let patch = |operations: Vec<Value>| {
        let patch = Profile::Auto.patch(&json!({ "Operations": operations }))?;
        resource::patch(User, &user, &patch, &Rules::LENIENT)
    };
    let many_terms = vec!["value eq \"role1\""; 200].join(" or ");
    let path = format!("roles[{many_terms}].display");
    let operation = json!({"op": "replace", "path": path, "value": "x"});
    // At most 2,000 comparisons, each with at most 1,000 values.
    assert!(patch(vec![operation.clone(); 10]).is_ok());
    assert_eq!(status(patch(vec![operation; 11])), 413);
    let one = |n: usize| {
        let path = format!("roles[value eq \"role{n}\"].display");
        json!({"op": "replace", "path": path, "value": "x"})
    };
    assert!(patch((0..1000).map(one).collect()).is_ok());
    let add = json!({"op": "add", "path": "roles", "value": roles(500)});
    assert_eq!(status(patch(vec![add; 100])), 413);
}

#[test]
fn eight_times_the_input_is_eight_times_the_work_and_not_the_square_of_it() {
    let texts: [fn(usize) -> String; 7] = [
        |n| "(".repeat(n),
        |n| " ".repeat(n),
        |n| "a pr and ".repeat(n / 36),
        |n| format!("a eq \"{}\"", "\\\\".repeat(n / 2 - 4)),
        |n| format!("a eq \"{}\"", "x".repeat(n - 7)),
        |n| "a.".repeat(n / 2),
        |n| format!("{}a pr{}", "(".repeat(30), " )".repeat(n / 2 - 17)),
    ];
    for text in texts {
        let (short, long) = (looked_at(&text(1_000)), looked_at(&text(8_000)));
        assert!(long <= 9 * short, "{short} and {long} for {:.20}", text(1_000));
        assert!(long <= looked_at_max(8_000), "{long} for {:.20}", text(1_000));
    }
}
