//! PATCH as SCIM 1.1 has it, which some clients still send to groups: the attributes to set, lists
//! to add to, elements with `"operation": "delete"` to take out, and `meta.attributes` to clear.

use serde_json::{Map, Value};

use crate::patch::{Error, Operation, Patch, Verb, parse_path};
use crate::read;

/// The same request as operations; `None` where the body is no such request.
pub(super) fn patch(body: &Map<String, Value>) -> Result<Option<Patch>, Error> {
    if read::key(body, "Operations").is_some() {
        return Ok(None);
    }
    let mut operations = Vec::new();
    let cleared = read::get(body, "meta").and_then(Value::as_object);
    for name in cleared.map(|meta| read::texts_of(meta, "attributes")).unwrap_or_default() {
        let path = Some(parse_path(&name)?);
        operations.push(Operation { verb: Verb::Remove, path, value: None });
    }
    for (key, value) in body {
        if ["schemas", "meta", "id"].iter().any(|it| it.eq_ignore_ascii_case(key)) {
            continue;
        }
        let path = Some(parse_path(key)?);
        let Value::Array(items) = value else {
            operations.push(Operation { verb: Verb::Replace, path, value: Some(value.clone()) });
            continue;
        };
        let (gone, added): (Vec<&Value>, Vec<&Value>) = items.iter().partition(|it| is_delete(it));
        for (verb, items) in [(Verb::Remove, gone), (Verb::Add, added)] {
            if !items.is_empty() {
                let items = items.into_iter().map(without_operation).collect();
                operations.push(Operation { verb, path: path.clone(), value: Some(items) });
            }
        }
    }
    Ok((!operations.is_empty()).then_some(Patch { operations }))
}

fn is_delete(item: &Value) -> bool {
    let word = item.as_object().and_then(|it| read::text_of(it, "operation"));
    word.is_some_and(|word| word.eq_ignore_ascii_case("delete"))
}

fn without_operation(item: &Value) -> Value {
    let mut item = item.clone();
    if let Some(object) = item.as_object_mut() {
        object.retain(|key, _| !key.eq_ignore_ascii_case("operation"));
    }
    item
}
