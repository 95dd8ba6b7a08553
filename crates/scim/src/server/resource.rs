//! What a resource becomes by POST, PUT and PATCH (RFC 7644 §3.3, §3.5).
//!
//! Bodies are what is stored: canonical, with `id`, without `meta`, `groups` and our own delivery
//! extension, which are added when an answer is written. `members` of a group are in what
//! [`create`] and [`replace`] give and never in what [`patch()`] is given: they are rows of their own
//! ([`super::member`]).
//!
//! ```
//! use rollbook_scim::server::{ResourceType::User, Rules, resource};
//! use serde_json::json;
//!
//! let core = "urn:ietf:params:scim:schemas:core:2.0:User";
//! let sent = json!({"schemas": [core], "USERNAME": "ana", "title": null, "groups": []});
//! let ana = resource::create(User, sent, &Rules::STRICT).map_err(|it| it.to_json())?;
//! assert_eq!(json!(ana), json!({"schemas": [core], "userName": "ana", "active": true}));
//! # Ok::<(), serde_json::Value>(())
//! ```

use serde_json::{Map, Value, json};

use super::resource_type::ResourceType;
use super::rules::Rules;
use super::{member, operation, shape};
use crate::message::{ErrorMessage, ScimType};
use crate::patch::{self, Operation, Patch, Verb};
use crate::read;

/// The resource that a POST makes, without `id`. A user of whom nothing else is said is active.
///
/// # Errors
/// 400: no object, no or wrong `schemas` where that is demanded, a required attribute missing, a
/// value of the wrong type, text that may not be stored; 413: too many members.
pub fn create(
    kind: ResourceType,
    body: Value,
    rules: &Rules,
) -> Result<Map<String, Value>, ErrorMessage> {
    let body = object(kind, body, rules)?;
    let mut made = shape::shaped(kind, body, rules)?;
    member::tidy(&mut made);
    if kind == ResourceType::User {
        made.entry("active").or_insert(json!(true));
    }
    Ok(made)
}

/// The resource that a PUT makes of `before`. What is not sent is cleared, except `active`, which
/// stays as it was, and with [`Rules::put_keeps`] `externalId`.
///
/// `members` absent from the result: they stay.
///
/// # Errors
/// As [`create`], and 400 `mutability` for another `id`.
pub fn replace(
    kind: ResourceType,
    before: &Map<String, Value>,
    body: Value,
    rules: &Rules,
) -> Result<Map<String, Value>, ErrorMessage> {
    let body = object(kind, body, rules)?;
    same_id(before, &body)?;
    let cleared =
        kind == ResourceType::Group && (!rules.put_keeps || read::key(&body, "members").is_some());
    let mut now = shape::shaped(kind, body, rules)?;
    member::tidy(&mut now);
    if cleared {
        now.entry("members").or_insert_with(|| json!([]));
    }
    let stay: &[&str] =
        if rules.put_keeps { &["id", "active", "externalId"] } else { &["id", "active"] };
    for name in stay {
        if let Some(value) = before.get(*name).filter(|_| !now.contains_key(*name)) {
            now.insert((*name).to_owned(), value.clone());
        }
    }
    Ok(now)
}

/// What a PATCH makes of `before`; `None` where nothing changes. All of it is done or nothing.
///
/// # Errors
/// 400 with the word that RFC 7644 §3.5.2 gives.
pub fn patch(
    kind: ResourceType,
    before: &Map<String, Value>,
    patch: &Patch,
    rules: &Rules,
) -> Result<Option<Map<String, Value>>, ErrorMessage> {
    let operations = operation::resolved(kind, before, patch, rules)?;
    if operations.is_empty() {
        return Ok(None);
    }
    let how = patch::Rules::unprotected(rules.create_missing);
    let after = patch::run_all(before.clone(), operations, &how).map_err(|it| it.to_message())?;
    let mut after = shape::shaped(kind, after, rules)?;
    if let Some(id) = before.get("id") {
        after.insert("id".to_owned(), id.clone());
    }
    Ok((after != *before).then_some(after))
}

/// The body as an object that is about this kind of resource.
fn object(
    kind: ResourceType,
    body: Value,
    rules: &Rules,
) -> Result<Map<String, Value>, ErrorMessage> {
    let Value::Object(body) = body else {
        let sentence = format!("The body of a {} is a JSON object.", kind.name());
        return Err(ErrorMessage::new(400, Some(ScimType::InvalidSyntax), &sentence));
    };
    if rules.lenient {
        return unfolded(kind, body, rules);
    }
    let urn = kind.schema().id;
    let is_named = |it: &Value| it.as_str().is_some_and(|it| it.eq_ignore_ascii_case(urn));
    if read::list_of(&body, "schemas").iter().any(is_named) {
        return Ok(body);
    }
    let sentence = format!("\"schemas\" does not name \"{urn}\", and it has to.");
    Err(ErrorMessage::new(400, Some(ScimType::InvalidSyntax), &sentence))
}

/// The same with values in the places that keys such as `name.givenName` name as paths.
fn unfolded(
    kind: ResourceType,
    body: Map<String, Value>,
    rules: &Rules,
) -> Result<Map<String, Value>, ErrorMessage> {
    // The URN of a schema has a dot in it and is no path.
    let is_schema =
        |key: &str| key.eq_ignore_ascii_case(kind.schema().id) || kind.extension(key).is_some();
    let is_path = |key: &String| key.contains(['.', '[']) && !is_schema(key);
    if !body.keys().any(is_path) {
        return Ok(body);
    }
    let (paths, plain): (Map<_, _>, Map<_, _>) =
        body.into_iter().partition(|(key, _)| is_path(key));
    let folded = Patch {
        operations: vec![Operation { verb: Verb::Add, path: None, value: Some(json!(paths)) }],
    };
    let operations = operation::resolved(kind, &plain, &folded, rules)?;
    patch::run_all(plain, operations, &patch::Rules::unprotected(true))
        .map_err(|it| it.to_message())
}

fn same_id(before: &Map<String, Value>, body: &Map<String, Value>) -> Result<(), ErrorMessage> {
    let (Some(id), Some(sent)) = (before.get("id"), read::get(body, "id")) else { return Ok(()) };
    if read::text(id) == read::text(sent) {
        return Ok(());
    }
    let sentence = "The \"id\" in the body is not that of the resource in the URL, and an id never \
                    changes. Nothing was done.";
    Err(ErrorMessage::new(400, Some(ScimType::Mutability), sentence))
}
