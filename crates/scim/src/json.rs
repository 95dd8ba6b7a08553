//! Reading JSON without the two silences that hurt: a key that comes twice, and nesting without end.
//!
//! Most readers take the last of two equal keys, some the first. `{"active":true,"active":false}`
//! then means one thing to a proxy and another to us, and somebody is locked out. [`read`] refuses
//! it, and refuses keys that differ in case only as well, because SCIM attribute names are
//! case-insensitive (RFC 7643 §2.1).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The most keys of one object.
pub const KEYS_MAX: usize = 10_000;
/// The longest key of an object, in bytes.
pub const KEY_MAX: usize = 8 * 1024;

/// Why a text is not JSON that can be trusted.
#[derive(Debug, thiserror::Error)]
#[error("The text is not JSON that can be read safely")]
pub struct Error(#[from] serde_json::Error);

impl Error {
    /// What is wrong and where (line and column), for the reader of a message.
    pub fn detail(&self) -> String {
        self.0.to_string()
    }
}

/// Reads one JSON value and nothing after it. A byte order mark in front is allowed.
///
/// # Errors
/// Bad syntax, text that is not UTF-8, numbers out of range, nesting deeper than 127, an object that
/// has a key twice, also in another case, or more than [`KEYS_MAX`] keys, or one longer than
/// [`KEY_MAX`].
pub fn read(bytes: &[u8]) -> Result<Value, Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Unique.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Builds a [`Value`] and watches the keys.
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Unique)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut seen = Seen::default();
        while let Some(key) = entries.next_key::<String>()? {
            if key.len() > KEY_MAX || object.len() >= KEYS_MAX {
                return Err(A::Error::custom(format!(
                    "an object has at most {KEYS_MAX} keys of at most {KEY_MAX} bytes each"
                )));
            }
            if seen.twice(&object, &key) {
                return Err(A::Error::custom(format!(
                    "the object has the key {key:?} twice (case does not count)"
                )));
            }
            object.insert(key, entries.next_value_seed(Unique)?);
        }
        Ok(Value::Object(object))
    }
}

/// The keys of one object, in lower case. Looking through a few keys is faster than keeping a set,
/// and there are seldom more than a few.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    const FEW: usize = 24;

    fn twice(&mut self, object: &Map<String, Value>, key: &str) -> bool {
        if object.len() < Self::FEW {
            return object.keys().any(|known| same(known, key));
        }
        if self.0.is_empty() {
            self.0.extend(object.keys().map(|known| known.to_lowercase()));
        }
        !self.0.insert(key.to_lowercase())
    }
}

fn same(one: &str, other: &str) -> bool {
    match one.is_ascii() && other.is_ascii() {
        true => one.eq_ignore_ascii_case(other),
        false => one.to_lowercase() == other.to_lowercase(),
    }
}
