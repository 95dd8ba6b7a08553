//! Lists of complex values: which elements are the same, and which one is primary.

use serde_json::{Map, Value, json};

use crate::filter::{Filter, Literal, Op};
use crate::read;

/// Whether two elements stand for the same thing: equal, or the same `value` under the same `type`
/// (RFC 7643 §2.4: the pair must not repeat).
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    let (Some(one_object), Some(other_object)) = (one.as_object(), other.as_object()) else {
        return one == other;
    };
    let part = |object, name| read::get(object, name);
    match part(one_object, "value") {
        None => one == other,
        value => {
            value == part(other_object, "value")
                && (part(one_object, "type") == part(other_object, "type")
                    || part(other_object, "type").is_none())
        }
    }
}

/// Appends `item`, or merges it into the element that it repeats. Gives the element's index.
pub(super) fn append(items: &mut Vec<Value>, item: Value) -> usize {
    let Some(at) = items.iter().position(|old| same(old, &item)) else {
        items.push(item);
        return items.len() - 1;
    };
    if let (Some(old), Value::Object(new)) = (items[at].as_object_mut(), item) {
        merge(old, new);
    }
    at
}

/// Sets each entry of `new` in `old`, under the key that `old` already has for it.
pub(super) fn merge(old: &mut Map<String, Value>, new: Map<String, Value>) {
    for (name, value) in new {
        set(old, &name, value);
    }
}

/// Sets one attribute; `null` and the empty list unassign it.
pub(super) fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    let key = key_for(object, name);
    if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
        object.remove(&key);
    } else {
        object.insert(key, value);
    }
}

/// The key that `object` has for `name`, or the RFC's spelling where it has none.
pub(super) fn key_for(object: &Map<String, Value>, name: &str) -> String {
    read::key(object, name).unwrap_or_else(|| crate::schema::spelled(name)).to_owned()
}

/// Leaves at most one element primary: the first of those just `touched` that says so
/// (RFC 7644 §3.5.2: the server turns the others off).
pub(crate) fn one_primary(items: &mut [Value], touched: &[usize]) {
    let is_primary = |item: &Value| {
        item.as_object().and_then(|it| read::boolean_of(it, "primary")).unwrap_or(false)
    };
    let Some(winner) = touched.iter().copied().find(|at| is_primary(&items[*at])) else { return };
    for (at, item) in items.iter_mut().enumerate() {
        if at != winner
            && is_primary(item)
            && let Some(object) = item.as_object_mut()
        {
            set(object, "primary", json!(false));
        }
    }
}

/// The element that a filter describes, where it is a plain conjunction of `attr eq value`:
/// `type eq "work"` describes `{"type": "work"}`.
pub(super) fn described_by(filter: &Filter) -> Option<Map<String, Value>> {
    match filter {
        Filter::Compare { path, op: Op::Eq, value } if path.filter().is_none() => {
            let name = path.attr().name().filter(|_| path.sub().is_none())?;
            let value = match value {
                Literal::Text(text) => json!(text),
                Literal::Number(number) => json!(number),
                Literal::Bool(truth) => json!(truth),
                Literal::Null => return None,
            };
            Some(Map::from_iter([(crate::schema::spelled(name).to_owned(), value)]))
        }
        Filter::All(terms) => {
            let mut whole = Map::new();
            for term in terms.iter() {
                whole.extend(described_by(term)?);
            }
            Some(whole)
        }
        _ => None,
    }
}
