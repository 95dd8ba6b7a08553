//! Writing into JSON where pointers point, in the kind of value that is there.

use rollbook_catalog::rest::Pointer;
use serde_json::{Map, Value};

/// `text` as the kind of value that `like` is; text where it cannot be that.
pub(super) fn value_like(like: Option<&Value>, text: &str) -> Value {
    let as_is = || Value::String(text.to_owned());
    match like {
        Some(Value::Number(_)) => {
            text.parse::<serde_json::Number>().map_or_else(|_| as_is(), Value::Number)
        }
        Some(Value::Bool(_)) => text.parse::<bool>().map_or_else(|_| as_is(), Value::Bool),
        _ => as_is(),
    }
}

/// Puts `text` where `at` points.
pub(super) fn put_text(value: &mut Value, at: &Pointer, text: &str) {
    let new = value_like(at.first(value), text);
    at.put(value, &new);
}

/// Puts `texts` where `at` points: each into a member of its own where `at` has a `*`, otherwise the
/// first alone.
pub(super) fn put_texts(value: &mut Value, at: &Pointer, texts: &[String]) {
    match split_at_star(&at.to_string()) {
        None => {
            let new = texts.first().map_or(Value::Null, |text| value_like(at.first(value), text));
            at.put(value, &new);
        }
        Some(_) => {
            let like = at.first(value).cloned();
            let items = texts.iter().map(|text| value_like(like.as_ref(), text)).collect();
            put_list(value, at, items, &|_| String::new());
        }
    }
}

/// Puts a list where `at` points. Where `at` has a `*`, each item goes into its own copy of the
/// first member that is there; in an object the members are named by `name`.
pub(super) fn put_list(
    value: &mut Value,
    at: &Pointer,
    items: Vec<Value>,
    name: &dyn Fn(&Value) -> String,
) {
    let text = at.to_string();
    let Some((parent, rest)) = split_at_star(&text) else {
        at.put(value, &Value::Array(items));
        return;
    };
    let (parent, rest) = (pointer(parent), pointer(rest));
    let there = parent.first(value).cloned().unwrap_or_default();
    let first = match &there {
        Value::Array(members) => members.first().cloned(),
        Value::Object(members) => members.values().next().cloned(),
        _ => None,
    };
    let first = first.unwrap_or_default();
    let members: Vec<(String, Value)> = if split_at_star(&rest.to_string()).is_some() {
        // A list of lists: all items go into the first of them.
        let mut member = first;
        put_list(&mut member, &rest, items, name);
        vec![(String::new(), member)]
    } else {
        let wrapped = items.into_iter().map(|item| {
            let mut member = first.clone();
            rest.put(&mut member, &item);
            (name(&item), member)
        });
        wrapped.collect()
    };
    let new = match there {
        Value::Object(_) => Value::Object(members.into_iter().collect::<Map<_, _>>()),
        _ => Value::Array(members.into_iter().map(|(_, member)| member).collect()),
    };
    parent.put(value, &new);
}

/// Takes away the one member that `at` points to; where it may be several, they become `null`.
pub(super) fn take_away(value: &mut Value, at: &Pointer) {
    let text = at.to_string();
    let name = text.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
    if let Some((holder, _)) = text.rsplit_once('/')
        && let Some(Value::Object(members)) = value.pointer_mut(holder)
    {
        members.remove(&name);
    } else if at.first(value).is_some() {
        at.put(value, &Value::Null);
    }
}

/// Exchanges words wherever they are a whole text, and long words inside texts too.
pub(super) fn exchange_words(value: &mut Value, words: &[(String, String)]) {
    match value {
        Value::String(text) => {
            if let Some((_, new)) = words.iter().find(|(old, _)| old == text) {
                new.clone_into(text);
                return;
            }
            // What is short stands in other words by chance.
            for (old, new) in words.iter().filter(|(old, _)| old.len() >= 6) {
                if text.contains(old.as_str()) {
                    *text = text.replace(old.as_str(), new);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| exchange_words(item, words)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| exchange_words(member, words));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands before the first `*` and behind it.
fn split_at_star(text: &str) -> Option<(&str, &str)> {
    let at = text.match_indices("/*").map(|(at, _)| at);
    let mut at = at.filter(|at| matches!(text.as_bytes().get(at + 2), None | Some(b'/')));
    at.next().map(|at| (&text[..at], &text[at + 2..]))
}

fn pointer(text: &str) -> Pointer {
    Pointer::try_from(text.to_owned()).expect("a part of a pointer that ends where a segment does")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_go_into_lists_wrappers_and_objects_as_the_example_has_them() {
        let put = |mut value: Value, at: &str| {
            put_list(&mut value, &pointer(at), vec![json!({"id": 1}), json!({"id": 2})], &|item| {
                item["id"].to_string()
            });
            value
        };
        let two = json!([{"id": 1}, {"id": 2}]);
        assert_eq!(put(json!({"users": [], "n": 1}), "/users"), json!({"users": two, "n": 1}));
        assert_eq!(put(json!([{"id": 9}]), ""), two);
        let edges = json!({"edges": [{"at": "x", "node": {"id": 9}}]});
        let wrapped =
            json!({"edges": [{"at": "x", "node": {"id": 1}}, {"at": "x", "node": {"id": 2}}]});
        assert_eq!(put(edges, "/edges/*/node"), wrapped);
        let keyed = json!({"9": {"id": 9}});
        assert_eq!(put(keyed, "/*"), json!({"1": {"id": 1}, "2": {"id": 2}}));
    }

    #[test]
    fn words_keep_their_kind_and_missing_ones_go() {
        let mut value = json!({"id": 7, "on": true, "roles": [{"name": "a", "x": 1}], "next": "n"});
        put_text(&mut value, &pointer("/id"), "8");
        put_text(&mut value, &pointer("/on"), "false");
        put_texts(&mut value, &pointer("/roles/*/name"), &["b".into(), "c".into()]);
        take_away(&mut value, &pointer("/next"));
        take_away(&mut value, &pointer("/never/there"));
        let roles = json!([{"name": "b", "x": 1}, {"name": "c", "x": 1}]);
        assert_eq!(value, json!({"id": 8, "on": false, "roles": roles}));
    }
}
