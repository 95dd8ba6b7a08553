//! A resource in the one form in which it is stored: known attributes, spelled as the RFC spells
//! them, each value of its type, nothing empty, one primary.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

use super::resource_type::ResourceType;
use super::rules::Rules;
use crate::attribute::starts_with_urn;
use crate::definition::{Attribute, Kind, Mutability, Schema};
use crate::group::Member;
use crate::message::{ErrorMessage, ScimType};
use crate::patch::{one_primary, same_element};
use crate::text::{self, KEY_MAX, TEXT_MAX};
use crate::{json, read};

/// The most values of one attribute.
pub const VALUES_MAX: usize = 1_000;
/// The most members that one request may name.
pub const MEMBERS_MAX: usize = 8_000;

/// The most parts of an element that is sent as JSON inside a text.
const PARTS_MAX: usize = 32;

/// A 400 with `invalidValue`.
pub(crate) fn invalid(sentence: &str) -> ErrorMessage {
    ErrorMessage::new(400, Some(ScimType::InvalidValue), sentence)
}

/// Brings `body` into the stored form. `id`, `meta` and whatever else a client may not write is left
/// out, and so is what the schemas do not know.
pub(crate) fn shaped(
    kind: ResourceType,
    body: Map<String, Value>,
    rules: &Rules,
) -> Result<Map<String, Value>, ErrorMessage> {
    let mut out = Map::new();
    for (key, value) in without_core_urn(kind, body)? {
        if starts_with_urn(&key) {
            put_extension(kind, &key, value, rules, &mut out)?;
        } else if let Some(attribute) = kind.attribute(&key) {
            if attribute.name != "schemas" {
                put(attribute, key, value, rules, None, &mut out)?;
            }
        } else if let Some((extension, attribute)) = stray(kind, &key, rules) {
            let part = out.entry(extension.id).or_insert_with(|| json!({}));
            if let Some(part) = part.as_object_mut() {
                put(attribute, key, value, rules, None, part)?;
            }
        }
    }
    out.retain(|_, value| !value.as_object().is_some_and(Map::is_empty));
    has_required(kind, &out)?;
    let extensions = kind.extensions().iter().map(|it| it.id);
    let there = extensions.filter(|id| out.contains_key(*id));
    let schemas: Value = std::iter::once(kind.schema().id).chain(there).collect();
    out.insert("schemas".to_owned(), schemas);
    Ok(out)
}

fn has_required(kind: ResourceType, object: &Map<String, Value>) -> Result<(), ErrorMessage> {
    for attribute in kind.schema().attributes.iter().filter(|it| it.required) {
        let name = attribute.name;
        let text = object.get(name).and_then(Value::as_str).unwrap_or_default();
        if text.trim().is_empty() {
            let kind = kind.name();
            let sentence = format!("A {kind} needs \"{name}\", and it is missing or empty.");
            return Err(invalid(&sentence));
        }
    }
    Ok(())
}

/// The same where the attributes of the core schema stand under its URN, as those of an extension
/// do. An attribute that is in both places is refused, because one of them would be lost.
fn without_core_urn(
    kind: ResourceType,
    mut body: Map<String, Value>,
) -> Result<Map<String, Value>, ErrorMessage> {
    let Some(key) = read::key(&body, kind.schema().id).map(str::to_owned) else { return Ok(body) };
    let Some(Value::Object(entries)) = body.remove(&key) else {
        return Err(invalid(&format!("What is under \"{key}\" is no JSON object.")));
    };
    // What is not known is dropped here already, so that only a few names are looked for.
    for (name, value) in entries.into_iter().filter(|(name, _)| kind.attribute(name).is_some()) {
        if read::key(&body, &name).is_some() {
            return Err(invalid(&format!("\"{name}\" is there twice, once under \"{key}\".")));
        }
        body.insert(name, value);
    }
    Ok(body)
}

/// An attribute of an extension that stands in the resource itself, where some clients put it.
fn stray(
    kind: ResourceType,
    name: &str,
    rules: &Rules,
) -> Option<(&'static Schema, &'static Attribute)> {
    if !rules.lenient {
        return None;
    }
    kind.extensions()
        .iter()
        .filter(|it| it.id != kind.delivery())
        .find_map(|extension| Some((*extension, extension.attribute(name)?)))
}

/// What is under the URN of an extension.
fn put_extension(
    kind: ResourceType,
    urn: &str,
    value: Value,
    rules: &Rules,
    out: &mut Map<String, Value>,
) -> Result<(), ErrorMessage> {
    let Some(extension) = kind.extension(urn) else { return Ok(()) };
    let entries = match value {
        Value::Object(entries) => entries,
        Value::Null => return Ok(()),
        Value::Array(items) if items.is_empty() => return Ok(()),
        _ => return Err(invalid(&format!("What is under \"{urn}\" is no JSON object."))),
    };
    let mut part = match out.remove(extension.id) {
        Some(Value::Object(part)) => part,
        _ => Map::new(),
    };
    for (key, value) in entries {
        if let Some(attribute) = extension.attribute(&key) {
            put(attribute, key, value, rules, None, &mut part)?;
        }
    }
    if !part.is_empty() {
        out.insert(extension.id.to_owned(), Value::Object(part));
    }
    Ok(())
}

/// The members that a value names, each once.
pub(super) fn members(value: Value, rules: &Rules) -> Result<Vec<Member>, ErrorMessage> {
    let attribute = ResourceType::Group.attribute("members").expect("a group has members");
    let place = Place { up: None, name: attribute.name, at: None };
    let list = listed(attribute, value, &Rules { lenient: true, ..*rules }, &place)?;
    let list = list.as_ref().map_or(&[][..], read::list);
    Ok(list.iter().filter_map(Member::read).collect())
}

/// Where a value is, for the reader of an error.
#[derive(Clone, Copy)]
struct Place<'a> {
    up: Option<&'a Place<'a>>,
    name: &'static str,
    /// Of a list.
    at: Option<usize>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            write!(to, "{up}.")?;
        }
        to.write_str(self.name)?;
        self.at.map_or(Ok(()), |at| write!(to, "[{at}]"))
    }
}

/// Puts one attribute into `out`, unless a client may not write it or it is unassigned.
fn put(
    attribute: &'static Attribute,
    key: String,
    value: Value,
    rules: &Rules,
    up: Option<&Place<'_>>,
    out: &mut Map<String, Value>,
) -> Result<(), ErrorMessage> {
    if attribute.mutability == Mutability::ReadOnly {
        return Ok(());
    }
    let place = Place { up, name: attribute.name, at: None };
    let fitted = match (attribute.multi_valued, value) {
        (true, value) => listed(attribute, value, rules, &place)?,
        (false, Value::Array(mut items)) if rules.lenient && attribute.kind != Kind::Boolean => {
            match items.is_empty() {
                true => None,
                false => single(attribute, items.swap_remove(0), rules, &place)?,
            }
        }
        (false, Value::Array(items)) if items.is_empty() && attribute.kind != Kind::Boolean => None,
        (false, value) => single(attribute, value, rules, &place)?,
    };
    // A password is checked like any text and then forgotten.
    let kept = fitted.filter(|_| attribute.mutability != Mutability::WriteOnly);
    if let Some(value) = kept {
        let key = if key == attribute.name { key } else { attribute.name.to_owned() };
        out.insert(key, value);
    }
    Ok(())
}

/// The values of a list, without repetition and with at most one primary.
fn listed(
    attribute: &'static Attribute,
    value: Value,
    rules: &Rules,
    place: &Place<'_>,
) -> Result<Option<Value>, ErrorMessage> {
    let items = match value {
        Value::Null => return Ok(None),
        Value::Array(items) => items,
        other if rules.lenient => vec![other],
        _ => return Err(wrong(place, "a list")),
    };
    let is_members = attribute.name == "members";
    let most = if is_members { MEMBERS_MAX } else { VALUES_MAX };
    if items.len() > most {
        let sentence = format!("\"{place}\" has {} values; at most {most} are taken.", items.len());
        return Err(match is_members {
            true => ErrorMessage::new(413, Some(ScimType::TooMany), &sentence),
            false => invalid(&sentence),
        });
    }
    let mut list: Vec<Value> = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        let place = Place { at: Some(at), ..*place };
        if let Some(item) = single(attribute, item, rules, &place)? {
            list.push(item);
        }
    }
    without_repeated(&mut list);
    let all: Vec<usize> = (0..list.len()).collect();
    one_primary(&mut list, &all);
    Ok((!list.is_empty()).then_some(Value::Array(list)))
}

/// Keeps the first of those that stand for the same thing (RFC 7643 §2.4).
fn without_repeated(list: &mut Vec<Value>) {
    /// Up to here comparing each with each is faster than a set.
    const FEW: usize = 16;
    if list.len() <= FEW {
        let mut at = 1;
        while at < list.len() {
            let repeated = (0..at).any(|before| same_element(&list[before], &list[at]));
            if repeated {
                list.remove(at);
            } else {
                at += 1;
            }
        }
        return;
    }
    let mut seen = BTreeSet::new();
    list.retain(|item| {
        let text = |name| item.get(name).and_then(Value::as_str);
        seen.insert(match text("value") {
            Some(value) => (value.to_owned(), text("type").map(str::to_owned)),
            None => (item.to_string(), Some("\0".to_owned())),
        })
    });
}

/// One value of the attribute's type; `None` where it is unassigned.
fn single(
    attribute: &'static Attribute,
    value: Value,
    rules: &Rules,
    place: &Place<'_>,
) -> Result<Option<Value>, ErrorMessage> {
    match (attribute.kind, value) {
        // An odd `active` is an error for every caller, so that nobody is locked out by a guess.
        (_, Value::Null) if attribute.name != "active" => Ok(None),
        (Kind::Boolean, value) => truth(&value, place).map(Some),
        (Kind::Complex, value) => complex(attribute, value, rules, place),
        (Kind::Integer, value) => match value.is_i64() || value.is_u64() {
            true => Ok(Some(value)),
            false => Err(wrong(place, "a whole number")),
        },
        (_, Value::String(text)) => checked(attribute, text, place).map(Some),
        (_, Value::Number(number)) if rules.lenient => {
            checked(attribute, number.to_string(), place).map(Some)
        }
        (_, _) => Err(wrong(place, "text")),
    }
}

fn truth(value: &Value, place: &Place<'_>) -> Result<Value, ErrorMessage> {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(json!(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(json!(false)),
        _ => Err(wrong(place, "true or false")),
    }
}

fn complex(
    attribute: &'static Attribute,
    value: Value,
    rules: &Rules,
    place: &Place<'_>,
) -> Result<Option<Value>, ErrorMessage> {
    let entries = match value {
        Value::Object(entries) => entries,
        Value::String(text) if rules.lenient => match inside(attribute, text) {
            Some(entries) => entries,
            None => return Ok(None),
        },
        Value::Number(number) if rules.lenient && attribute.sub("value").is_some() => {
            Map::from_iter([("value".to_owned(), json!(number.to_string()))])
        }
        _ => return Err(wrong(place, "a JSON object")),
    };
    let entries =
        if rules.lenient && attribute.multi_valued { unwrapped(entries) } else { entries };
    if is_shaped(attribute, &entries) {
        return Ok(Some(Value::Object(entries)));
    }
    let mut out = Map::new();
    for (key, value) in entries {
        if let Some(sub) = attribute.sub(&key) {
            put(sub, key, value, rules, Some(place), &mut out)?;
        }
    }
    let id = out.get("value").and_then(Value::as_str).unwrap_or_default();
    if attribute.name == "members" && id.is_empty() {
        return Err(invalid(&format!("\"{place}\" has no \"value\", so it names nobody.")));
    }
    Ok((!out.is_empty()).then_some(Value::Object(out)))
}

/// Whether a complex value needs nothing done to it, which is the usual case.
fn is_shaped(attribute: &Attribute, entries: &Map<String, Value>) -> bool {
    let good = |(key, value): (&String, &Value)| {
        attribute.sub(key).is_some_and(|sub| {
            let kind_fits = match value {
                Value::String(text) => {
                    let is_text =
                        !matches!(sub.kind, Kind::Boolean | Kind::Integer | Kind::Complex);
                    is_text && !text.is_empty() && fault(sub, text).is_none()
                }
                Value::Bool(_) => sub.kind == Kind::Boolean,
                _ => false,
            };
            kind_fits && sub.name == key && sub.mutability != Mutability::ReadOnly
        })
    };
    let names_somebody = attribute.name != "members" || entries.contains_key("value");
    !entries.is_empty() && names_somebody && entries.iter().all(good)
}

/// The element whose `value` holds the whole element as JSON in a text, as one client sends roles.
fn unwrapped(mut entries: Map<String, Value>) -> Map<String, Value> {
    let text = read::get(&entries, "value").and_then(Value::as_str).map(str::trim_start);
    let Some(text) = text.filter(|text| text.starts_with('{')) else { return entries };
    let Ok(Value::Object(mut inner)) = json::read(text.as_bytes()) else { return entries };
    let is_element = read::get(&inner, "value").is_some();
    // More parts than that are no element, and comparing them all would take long.
    if !is_element || entries.len().max(inner.len()) > PARTS_MAX {
        return entries;
    }
    if read::get(&inner, "display").is_none()
        && let Some(name) = read::get(&inner, "displayName").cloned()
    {
        inner.insert("display".to_owned(), name);
    }
    entries.retain(|key, _| !key.eq_ignore_ascii_case("value") && read::key(&inner, key).is_none());
    entries.extend(inner);
    entries
}

/// The complex value that a bare text stands for: its `value`, or the JSON that is in it. Empty
/// text is none: some clients clear a manager in this way.
fn inside(attribute: &Attribute, text: String) -> Option<Map<String, Value>> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    if trimmed.starts_with('{')
        && let Ok(Value::Object(entries)) = json::read(trimmed.as_bytes())
    {
        return Some(entries);
    }
    attribute.sub("value")?;
    Some(Map::from_iter([("value".to_owned(), Value::String(text))]))
}

fn checked(attribute: &Attribute, text: String, place: &Place<'_>) -> Result<Value, ErrorMessage> {
    match fault(attribute, &text) {
        None => Ok(Value::String(text)),
        Some(fault) => Err(invalid(&format!("\"{place}\" {fault}"))),
    }
}

/// Why a text may not be stored, as the rest of a sentence.
fn fault(attribute: &Attribute, text: &str) -> Option<String> {
    let most = if attribute.key { KEY_MAX } else { TEXT_MAX };
    if text.len() > most {
        return Some(format!("has {} bytes; at most {most} are taken.", text.len()));
    }
    let character = text::refused(text, attribute.lines)?;
    Some(format!(
        "contains the character U+{:04X}, which cannot be seen or ends a line. Send it without.",
        character as u32
    ))
}

fn wrong(place: &Place<'_>, wanted: &str) -> ErrorMessage {
    invalid(&format!("\"{place}\" is {wanted}, and what was sent is not."))
}
