//! What must be undone when a probe ends, however it ends.

use serde_json::{Map, Value};

use super::ask::{Ask, Method, Until};
use super::known::{Kind, Known, Made};
use crate::read;

/// The requests that remove what was made: groups first, each followed by a look. What has no id
/// cannot be removed by a program.
pub fn removals(made: impl IntoIterator<Item = Made>) -> Vec<(Made, [Ask; 2])> {
    let mut made: Vec<Made> = made.into_iter().filter(|made| !made.id.is_empty()).collect();
    made.sort_by_key(|made| made.kind == Kind::User);
    let asks = |made: Made| {
        let path = [made.kind.segment(), made.id.as_str()];
        let look = Ask::get(&path).until(Until::GoneOrInactive);
        let remove = Ask::new(Method::Delete, &path);
        (made, [remove, look])
    };
    made.into_iter().map(asks).collect()
}

/// The request that puts an account that was there before back as it was, followed by a look.
/// `None`: there was none, or it looks as it did.
pub fn restoration(known: &Known) -> Option<[Ask; 2]> {
    let (before, id) = (known.before.as_ref()?, known.user.as_deref()?);
    if known.seen.as_ref().is_some_and(|seen| differences(before, seen).is_empty()) {
        return None;
    }
    let mut body = before.clone();
    for read_only in ["meta", "groups"] {
        if let Some(key) = read::key(&body, read_only).map(str::to_owned) {
            body.remove(&key);
        }
    }
    let path = ["Users", id];
    Some([Ask::new(Method::Put, &path).body(Value::Object(body)), Ask::get(&path)])
}

/// The attributes in which two states of an account differ, besides `meta`.
pub fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| {
        !name.eq_ignore_ascii_case("meta") && read::get(before, name) != read::get(after, name)
    });
    names.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn what_was_made_is_removed_groups_first_and_what_has_no_id_is_left_to_people() {
        let made = |kind, id: &str| Made { kind, id: id.to_owned() };
        let all = [made(Kind::User, "u1"), made(Kind::User, ""), made(Kind::Group, "g1")];
        let asks = removals(all);
        let shown: Vec<String> =
            asks.iter().flat_map(|(_, asks)| asks).map(Ask::to_string).collect();
        assert_eq!(
            shown,
            ["DELETE /Groups/g1", "GET /Groups/g1", "DELETE /Users/u1", "GET /Users/u1"]
        );
    }

    #[test]
    fn an_account_that_was_there_is_put_back_only_if_it_looks_different() {
        let before = object(json!({"id": "7", "active": true, "meta": {"version": "1"}}));
        let mut known = Known { user: Some("7".into()), before: Some(before), ..Known::default() };
        known.seen = Some(object(json!({"id": "7", "active": true, "meta": {"version": "9"}})));
        assert_eq!(restoration(&known), None);
        known.seen = Some(object(json!({"id": "7", "active": false})));
        let [put, look] = restoration(&known).unwrap();
        assert_eq!(put.to_string(), "PUT /Users/7");
        assert_eq!(put.body, Some(json!({"id": "7", "active": true})));
        assert_eq!(look.to_string(), "GET /Users/7");
        assert_eq!(restoration(&Known::default()), None);
    }
}
