//! What must hold for any bytes whatever, one function for each way in.
//!
//! The tests run these on seeds, on changed seeds and on noise; `fuzz/` runs them under a fuzzer
//! that watches which code is reached. A function that returns has found nothing wrong.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::filter::{self, Filter, LENGTH_MAX, TERMS_MAX};
use crate::group::Member;
use crate::message::ErrorMessage;
use crate::path::Path;
use crate::server::ResourceType::{self, Group, User};
use crate::server::{Limits, Profile, Query, Rules, member, query, resource};
use crate::{json as safe_json, schema};

/// One function and its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 5] = [
    ("filter", fuzz_filter),
    ("path", fuzz_path),
    ("patch", fuzz_patch),
    ("resource", fuzz_resource),
    ("query", fuzz_query),
];

/// How many bytes are looked at to read a text as a filter and as a path, those looked at again
/// included: what it costs, counted and not timed.
pub fn looked_at(text: &str) -> usize {
    filter::looked_at(text)
}

/// The most that [`looked_at`] says of a text of `len` bytes: a straight line, and no square.
pub fn looked_at_max(len: usize) -> usize {
    16 * len + 64
}

/// Any text is read in a straight line. A filter that is read is within its bounds, prints as what it is, and can be evaluated.
///
/// # Panics
/// When that does not hold.
pub fn fuzz_filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(looked_at(text) <= looked_at_max(text.len()), "{} bytes", looked_at(text));
    let Ok(filter) = text.parse::<Filter>() else { return };
    assert!(text.len() <= LENGTH_MAX && filter.terms() <= TERMS_MAX, "beyond the bounds");
    let printed = filter.to_string();
    // Printing may put a character into an escape, which is longer.
    if printed.len() <= LENGTH_MAX {
        assert_eq!(printed.parse::<Filter>().as_ref(), Ok(&filter), "{printed}");
    }
    let matches = filter.matches(&sample(User));
    assert_ne!(matches, Filter::Not(Box::new(filter)).matches(&sample(User)), "{printed}");
}

/// A path that is read prints as what it is, and can be followed.
///
/// # Panics
/// When that does not hold.
pub fn fuzz_path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(path) = text.parse::<Path>() else { return };
    let printed = path.to_string();
    if printed.len() <= LENGTH_MAX {
        assert_eq!(printed.parse::<Path>().as_ref(), Ok(&path), "{printed}");
    }
    let sample = sample(User);
    let found = path.values(sample.as_object().expect("a resource is an object"));
    assert!(found.iter().all(|value| !value.is_null()), "{printed}");
}

/// A PATCH is refused, or gives a resource in the stored form with the same id, which a PUT of it
/// gives as well.
///
/// # Panics
/// When that does not hold.
pub fn fuzz_patch(bytes: &[u8]) {
    let Ok(body) = safe_json::read(bytes) else { return };
    for profile in [Profile::Strict, Profile::Entra, Profile::Auto] {
        for kind in ResourceType::ALL {
            answered(patched(profile, kind, &body));
        }
    }
}

fn patched(profile: Profile, kind: ResourceType, body: &Value) -> Result<(), ErrorMessage> {
    let rules = profile.rules();
    let before = stored(kind);
    let patch = profile.patch(body)?;
    let (rest, changes) = member::split(&patch, &rules)?;
    let mut members: Vec<Member> = sample(Group)["members"]
        .as_array()
        .map(|list| list.iter().filter_map(Member::read).collect())
        .unwrap_or_default();
    for change in changes {
        change.apply(&mut members)?;
        let ids: BTreeSet<&String> = members.iter().map(|it| &it.value).collect();
        assert_eq!(ids.len(), members.len(), "a member is there twice");
    }
    let patch = if kind == Group { &rest } else { &patch };
    let Some(after) = resource::patch(kind, &before, patch, &rules)? else { return Ok(()) };
    assert_eq!(after.get("id"), before.get("id"));
    assert!(after.get("active").is_none_or(Value::is_boolean));
    let mut put = resource::replace(kind, &after, json!(after), &Rules::STRICT)?;
    put.remove("members");
    assert_eq!(put, after, "a PUT of what a PATCH made");
    Ok(())
}

/// A body is refused, or gives a resource that is stored again as it is.
///
/// # Panics
/// When that does not hold.
pub fn fuzz_resource(bytes: &[u8]) {
    let Ok(body) = safe_json::read(bytes) else { return };
    if let (Ok(user), Ok(group)) = (crate::User::read(&body), crate::Group::read(&body)) {
        assert_eq!(crate::User::read(&user.to_json()).map(|it| it.emails), Ok(user.emails));
        assert_eq!(crate::Group::read(&group.to_json()).map(|it| it.members), Ok(group.members));
    }
    for rules in [Rules::STRICT, Rules::LENIENT] {
        for kind in ResourceType::ALL {
            answered(made(kind, &body, &rules));
        }
    }
}

fn made(kind: ResourceType, body: &Value, rules: &Rules) -> Result<(), ErrorMessage> {
    let made = resource::create(kind, body.clone(), rules)?;
    let text = json!(made).to_string();
    let read = safe_json::read(text.as_bytes()).expect("what is written can be read");
    let again = resource::create(kind, read, &Rules::STRICT);
    assert_eq!(again.as_ref(), Ok(&made), "what is stored is stored again as it is");
    for rules in [rules, &Rules::STRICT] {
        drop(resource::replace(kind, &stored(kind), body.clone(), rules));
    }
    Ok(())
}

/// The query of a URL is refused, or gives a page within the limits.
///
/// # Panics
/// When that does not hold.
pub fn fuzz_query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(params) = query::pairs(text) else { return };
    let limits = Limits { count_default: 100, count_max: 200 };
    for rules in [Rules::STRICT, Rules::LENIENT] {
        let Ok(query) = Query::from_params(&params, &limits, &rules) else { continue };
        let (query::Page::Index { count, .. } | query::Page::Cursor { count, .. }) = query.page;
        assert!(count <= limits.count_max, "{count} on one page");
        let mut shown = stored(User);
        query.projection.apply(&mut shown);
        assert!(shown.contains_key("id") && shown.contains_key("schemas"), "{text}");
    }
}

/// Whatever is refused is refused with a status of a caller's fault and a sentence.
fn answered(done: Result<(), ErrorMessage>) {
    if let Err(error) = done {
        let status = error.status.unwrap_or_default();
        assert!((400..500).contains(&status) && error.detail.is_some(), "{error:?}");
    }
}

/// A resource as it is stored.
fn stored(kind: ResourceType) -> Map<String, Value> {
    let mut made = resource::create(kind, sample(kind), &Rules::STRICT)
        .expect("the sample is what a client may send");
    made.remove("members");
    made.insert("id".to_owned(), json!("7"));
    made
}

fn sample(kind: ResourceType) -> Value {
    match kind {
        User => json!({
            "schemas": [schema::USER], "userName": "Ana@x.com", "active": true, "title": "Baker",
            "name": {"givenName": "Ána", "familyName": "Ruiz"},
            "emails": [
                {"value": "a@x.com", "type": "work", "primary": true},
                {"value": "b@x.com", "type": "home"},
            ],
            (schema::ENTERPRISE_USER): {"department": "Ovens", "manager": {"value": "9"}},
        }),
        Group => json!({
            "schemas": [schema::GROUP], "displayName": "Bakers",
            "members": [{"value": "a"}, {"value": "b", "type": "Group"}],
        }),
    }
}
