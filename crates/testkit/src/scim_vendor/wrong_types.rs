//! The same content as some vendors would write it.

use serde_json::{Map, Value, json};

/// Ids as numbers, flags as text, lists flattened, names in another case.
pub(super) fn wrong_types(value: &Value) -> Value {
    let Some(object) = value.as_object() else { return value.clone() };
    let mut wrong = Map::new();
    for (name, value) in object {
        let (name, value) = match (name.as_str(), value) {
            ("Resources", Value::Array(items)) => {
                (name.clone(), items.iter().map(wrong_types).collect())
            }
            ("totalResults" | "startIndex" | "itemsPerPage", value) => {
                (name.clone(), json!(value.to_string()))
            }
            ("active", Value::Bool(active)) => {
                (name.clone(), json!(if *active { "True" } else { "False" }))
            }
            ("schemas", Value::Array(urns)) => {
                (name.clone(), urns.first().cloned().unwrap_or(Value::Null))
            }
            ("emails", Value::Array(emails)) => {
                (name.clone(), emails.iter().map(|email| email["value"].clone()).collect())
            }
            ("id", Value::String(id)) => {
                (name.clone(), id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number)))
            }
            ("displayName", value) => ("DisplayName".to_owned(), value.clone()),
            (_, value) => (name.clone(), value.clone()),
        };
        wrong.insert(name, value);
    }
    Value::Object(wrong)
}
