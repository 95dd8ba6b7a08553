//! Where in a JSON value something is.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// A JSON Pointer (RFC 6901) in which the segment `*` stands for every member of a list or object,
/// e.g. `/roles/*/name`. The empty pointer is the whole value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pointer(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Named(String),
    Each,
}

impl Pointer {
    /// Everything that it points to, in the order of the value.
    pub fn all<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        self.0.iter().fold(vec![value], |found, segment| {
            found.into_iter().flat_map(|value| segment.inside(value)).collect()
        })
    }

    /// The first thing that it points to.
    pub fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.all(value).into_iter().next()
    }

    /// The first text, number or flag that it points to, as text; `None` for anything else and for
    /// empty text.
    pub fn text(&self, value: &Value) -> Option<String> {
        self.all(value).into_iter().find_map(scalar)
    }

    /// Every text, number and flag that it points to, as texts.
    pub fn texts(&self, value: &Value) -> Vec<String> {
        self.all(value).into_iter().filter_map(scalar).collect()
    }

    /// Puts `new` where it points to. Objects that are missing on the way are made; `*` is every
    /// member that is there, and one new member of an empty or missing list.
    pub fn put(&self, value: &mut Value, new: &Value) {
        put(&self.0, value, new);
    }
}

/// A single value as text, if it is one and not empty.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn put(segments: &[Segment], value: &mut Value, new: &Value) {
    let Some((segment, rest)) = segments.split_first() else {
        *value = new.clone();
        return;
    };
    match (segment, value) {
        (Segment::Each, Value::Array(items)) => {
            if items.is_empty() {
                items.push(Value::Null);
            }
            items.iter_mut().for_each(|item| put(rest, item, new));
        }
        (Segment::Each, Value::Object(members)) => {
            members.values_mut().for_each(|member| put(rest, member, new));
        }
        (Segment::Each, missing) => {
            *missing = Value::Array(vec![Value::Null]);
            put(segments, missing, new);
        }
        (Segment::Named(name), Value::Array(items)) => {
            let at = name.parse::<usize>().ok();
            if let Some(item) = at.and_then(|at| items.get_mut(at)) {
                put(rest, item, new);
            }
        }
        (Segment::Named(name), Value::Object(members)) => {
            put(rest, members.entry(name.clone()).or_insert(Value::Null), new);
        }
        (Segment::Named(_), missing) => {
            *missing = Value::Object(serde_json::Map::new());
            put(segments, missing, new);
        }
    }
}

impl Segment {
    fn inside<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match (self, value) {
            (Self::Each, Value::Array(items)) => items.iter().collect(),
            (Self::Each, Value::Object(members)) => members.values().collect(),
            (Self::Named(name), Value::Array(items)) => {
                name.parse::<usize>().ok().and_then(|at| items.get(at)).into_iter().collect()
            }
            (Self::Named(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(inner) = text.strip_prefix('/') else {
            return Err(format!(
                "`{text}` is no pointer. Write the names on the way with a slash before each, as in \
                 /data/users; `*` is every member"
            ));
        };
        let segment = |name: &str| match name {
            "*" => Segment::Each,
            name => Segment::Named(name.replace("~1", "/").replace("~0", "~")),
        };
        Ok(Self(inner.split('/').map(segment).collect()))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|segment| match segment {
            Segment::Each => f.write_str("/*"),
            Segment::Named(name) => {
                write!(f, "/{}", name.replace('~', "~0").replace('/', "~1"))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Pointer {
        Pointer::try_from(text.to_owned()).expect("a pointer")
    }

    #[test]
    fn a_star_is_every_member_and_missing_things_are_none() {
        let value = json!({"teams": [{"members": [{"id": 1}, {"id": "b"}]}, {"members": []}, {}]});
        assert_eq!(at("/teams/*/members/*/id").texts(&value), ["1", "b"]);
        assert_eq!(at("/teams/0/members/1/id").text(&value), Some("b".into()));
        assert_eq!(at("/teams/9/members").first(&value), None);
        assert_eq!(at("").first(&value), Some(&value));
        let keyed = json!({"2": {"id": 2}, "7": {"id": 7}});
        assert_eq!(at("/*/id").texts(&keyed), ["2", "7"]);
    }

    #[test]
    fn slashes_and_tildes_in_names_are_written_as_the_rfc_says() {
        let value = json!({"a/b": {"c~d": true}});
        let pointer = at("/a~1b/c~0d");
        assert_eq!(pointer.text(&value), Some("true".into()));
        assert_eq!(pointer.to_string(), "/a~1b/c~0d");
    }

    #[test]
    fn putting_makes_what_is_missing_on_the_way() {
        let mut value = json!({"user": {"roles": []}});
        at("/user/state").put(&mut value, &json!("off"));
        at("/user/roles/*/name").put(&mut value, &json!("floor"));
        at("/new/deep").put(&mut value, &json!(1));
        let expected =
            json!({"user": {"roles": [{"name": "floor"}], "state": "off"}, "new": {"deep": 1}});
        assert_eq!(value, expected);
    }

    #[test]
    fn a_path_in_another_notation_is_refused() {
        for text in ["$.users", "users", "users/0"] {
            assert!(Pointer::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
