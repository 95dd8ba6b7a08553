//! Sorting (RFC 7644 §3.4.2.3).

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::attribute::AttrPath;
use crate::datetime::moment;
use crate::text::caseless;
use crate::{read, schema};

/// What a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The attribute. Of a list the primary value counts, else the first.
    pub path: AttrPath,
    /// The other way round.
    pub descending: bool,
}

/// How two resources follow each other. Those without a value come last when ascending and first
/// when descending. Equal means that the caller decides, by position.
pub fn compare(sort: &Sort, one: &Map<String, Value>, other: &Map<String, Value>) -> Ordering {
    let order = match (key(&sort.path, one), key(&sort.path, other)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => values(one, other, is_exact(&sort.path)),
    };
    if sort.descending { order.reverse() } else { order }
}

/// The value that stands for the resource.
fn key<'a>(path: &AttrPath, resource: &'a Map<String, Value>) -> Option<&'a Value> {
    let values = path.without_sub().values(resource);
    let primary = values.iter().position(|value| {
        value.as_object().and_then(|it| read::boolean_of(it, "primary")).unwrap_or(false)
    });
    let value = *values.get(primary.unwrap_or(0))?;
    match value.as_object() {
        Some(complex) => read::get(complex, path.sub().unwrap_or("value")),
        None => Some(value),
    }
}

fn is_exact(path: &AttrPath) -> bool {
    let name = path.name().unwrap_or_default();
    let sub = path.sub().or(schema::is_multi_valued(name).then_some("value"));
    schema::is_case_exact(name, sub)
}

fn values(one: &Value, other: &Value, exact: bool) -> Ordering {
    match (one, other) {
        (Value::String(one), Value::String(other)) => match (moment(one), moment(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ if exact => one.cmp(other),
            _ => caseless(one).cmp(&caseless(other)),
        },
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
        }
        _ => Ordering::Equal,
    }
}
