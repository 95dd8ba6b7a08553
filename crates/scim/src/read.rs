//! Taking a value out of JSON as vendors really write it.
//!
//! Each function answers `None` for what it cannot read with certainty. Nothing is guessed: text
//! such as `"yes"` is no boolean, and an absent `active` stays absent.

use serde_json::{Map, Value};

/// The value of the attribute `name`, in whatever case it is written. `null` reads as absent.
pub fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    key(object, name).and_then(|key| object.get(key)).filter(|value| !value.is_null())
}

/// The key under which `object` holds the attribute `name`, as it is written there.
pub fn key<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    if let Some((key, _)) = object.get_key_value(name) {
        return Some(key);
    }
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).map(String::as_str)
}

/// Text. Numbers are read as text, because some vendors have integer ids.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A boolean: `true`, `"True"`, `"false"`, `1`, `0`, `"1"`, `"0"`.
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number that is not negative, also written as text.
pub fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The items of a list. A lone object or text where a list belongs is a list of one.
pub fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        other => std::slice::from_ref(other),
    }
}

/// Text of the attribute `name`.
pub fn text_of(object: &Map<String, Value>, name: &str) -> Option<String> {
    get(object, name).and_then(text)
}

/// Boolean of the attribute `name`.
pub fn boolean_of(object: &Map<String, Value>, name: &str) -> Option<bool> {
    get(object, name).and_then(boolean)
}

/// Items of the attribute `name`; absent is empty.
pub fn list_of<'a>(object: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    get(object, name).map_or(&[], list)
}

/// Texts of the attribute `name`: a list of texts, or one text.
pub fn texts_of(object: &Map<String, Value>, name: &str) -> Vec<String> {
    list_of(object, name).iter().filter_map(text).collect()
}
