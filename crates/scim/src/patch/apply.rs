//! Applying a [`Patch`] to JSON: all operations or none (RFC 7644 §3.5.2).

use serde_json::{Map, Value, json};

use super::element::{append, described_by, key_for, merge, one_primary, set};
use super::{Error, Operation, Patch, Verb, parse_path};
use crate::attribute::AttrPath;
use crate::filter::Filter;
use crate::path::Path;
use crate::{read, schema};

/// Where servers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What a filter does that fits no element: `false` answers `noTarget`, as the RFC says;
    /// `true` makes the element that the filter describes, as some identity providers expect.
    pub create_missing: bool,
    /// Attributes that clients may not change.
    pub read_only: Vec<String>,
    /// Attributes that may be changed and not taken away.
    pub required: Vec<String>,
}

impl Rules {
    /// To the letter.
    pub fn strict() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            create_missing: false,
            read_only: owned(&["id", "meta", "groups"]),
            required: owned(&["userName"]),
        }
    }

    /// The same, but a filter that fits nothing makes the element.
    pub fn lenient() -> Self {
        Self { create_missing: true, ..Self::strict() }
    }

    /// No attribute is protected: whoever asks has checked that already.
    pub(crate) fn unprotected(create_missing: bool) -> Self {
        Self { create_missing, read_only: Vec::new(), required: Vec::new() }
    }
}

impl Patch {
    /// The resource after all operations. The one given is left as it is, so an error leaves
    /// nothing half done. When nothing changes the result equals the resource, which is a success.
    ///
    /// # Errors
    /// As RFC 7644 §3.5.2 gives them; [`Error::scim_type`] is the word to answer.
    pub fn apply(&self, resource: &Value, rules: &Rules) -> Result<Value, Error> {
        let Value::Object(object) = resource else {
            return Err(Error::Syntax("A resource is a JSON object.".to_owned()));
        };
        run_all(object.clone(), self.operations.clone(), rules).map(Value::Object)
    }
}

/// Does all operations, in their order.
pub(crate) fn run_all(
    mut object: Map<String, Value>,
    operations: Vec<Operation>,
    rules: &Rules,
) -> Result<Map<String, Value>, Error> {
    for operation in operations {
        run(&mut object, operation, rules)?;
    }
    Ok(object)
}

fn run(object: &mut Map<String, Value>, operation: Operation, rules: &Rules) -> Result<(), Error> {
    match (&operation.path, operation.verb, operation.value) {
        (None, Verb::Remove, _) => {
            Err(Error::NoTarget("\"remove\" needs a path that says what.".to_owned()))
        }
        (Some(path), Verb::Remove, value) => remove(object, path, value.as_ref(), rules),
        (Some(path), verb, Some(value)) => put(object, verb, path, value, rules),
        (None, verb, Some(Value::Object(entries))) => {
            for (key, value) in entries {
                if key.eq_ignore_ascii_case("schemas") {
                    continue;
                }
                put(object, verb, &parse_path(&key)?, value, rules)?;
            }
            Ok(())
        }
        (None, _, _) => Err(Error::Value("Without a path the value is a JSON object.".to_owned())),
        (Some(_), verb, None) => Err(Error::Value(format!("\"{}\" needs a value.", verb.word()))),
    }
}

/// `add` and `replace`.
fn put(
    resource: &mut Map<String, Value>,
    verb: Verb,
    path: &Path,
    value: Value,
    rules: &Rules,
) -> Result<(), Error> {
    let Some(name) = path.attr().name() else {
        return put_extension(resource, verb, path.attr(), value, rules);
    };
    may_change(resource, path, &value, rules)?;
    if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
        // RFC 7643 §2.5: null and the empty list are no value. Setting it unassigns, adding it adds
        // nothing.
        return match verb {
            Verb::Replace => remove(resource, path, None, rules),
            _ => Ok(()),
        };
    }
    if path.filter().is_none() && value.as_object().is_some_and(Map::is_empty) {
        // It names no sub-attribute, so nothing is set.
        return if path.attr().is("active") { boolean(&value).map(drop) } else { Ok(()) };
    }
    let value = if path.attr().is("active") { boolean(&value)? } else { value };
    let holder = holder_or_new(resource, path.attr())?;
    let key = key_for(holder, name);
    match path.filter() {
        Some(filter) => {
            let list = as_list(holder.remove(&key));
            let (list, done) = put_filtered(list, verb, path, filter, value, rules);
            put_back(holder, key, list);
            done
        }
        None => put_plain(holder, key, verb, path.sub(), value),
    }
}

/// Without a filter: one value, a whole list, or a sub-attribute.
fn put_plain(
    holder: &mut Map<String, Value>,
    key: String,
    verb: Verb,
    sub: Option<&str>,
    value: Value,
) -> Result<(), Error> {
    let old = holder.get(&key).filter(|old| !old.is_null());
    let is_list = old.map_or_else(|| schema::is_multi_valued(&key), Value::is_array);
    let key_text = key.clone();
    match (is_list, sub) {
        (true, None) => {
            let list = if verb == Verb::Add { as_list(holder.remove(&key)) } else { Vec::new() };
            put_back(holder, key, appended(list, value));
        }
        (true, Some(sub)) => {
            let mut list = as_list(holder.remove(&key));
            if list.is_empty() {
                list.push(json!({}));
            }
            let touched: Vec<usize> = (0..list.len()).collect();
            for item in &mut list {
                set_sub(item, sub, &value);
            }
            one_primary(&mut list, &touched);
            put_back(holder, key, list);
        }
        (false, Some(sub)) => {
            set_sub(holder.entry(key).or_insert_with(|| json!({})), sub, &value);
        }
        (false, None) => match (holder.get_mut(&key), value) {
            // RFC 7644 §3.5.2.1 and §3.5.2.3: sub-attributes that are not named stay.
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => set(holder, &key_text, value),
        },
    }
    Ok(())
}

fn put_filtered(
    mut list: Vec<Value>,
    verb: Verb,
    path: &Path,
    filter: &Filter,
    value: Value,
    rules: &Rules,
) -> (Vec<Value>, Result<(), Error>) {
    let mut touched = chosen(&list, path, filter);
    if touched.is_empty() {
        let described = described_by(filter).filter(|_| rules.create_missing);
        let Some(element) = described else {
            return (list, Err(Error::NoTarget(format!("Nothing is at {:?}.", path.to_string()))));
        };
        list.push(Value::Object(element));
        touched.push(list.len() - 1);
    }
    for at in &touched {
        match (path.sub(), &value) {
            (Some(sub), value) => set_sub(&mut list[*at], sub, value),
            // `add` completes the element; `replace` puts another in its place.
            (None, Value::Object(new)) if verb == Verb::Add => {
                if let Some(old) = as_complex(&mut list[*at]) {
                    merge(old, new.clone());
                }
            }
            (None, Value::Object(_)) => list[*at] = value.clone(),
            (None, _) => {
                let sentence = format!("The value at {:?} is a JSON object.", path.to_string());
                return (list, Err(Error::Value(sentence)));
            }
        }
    }
    one_primary(&mut list, &touched);
    (list, Ok(()))
}

/// The bare URN of an extension: its attributes one by one.
fn put_extension(
    resource: &mut Map<String, Value>,
    verb: Verb,
    urn: &AttrPath,
    value: Value,
    rules: &Rules,
) -> Result<(), Error> {
    let Value::Object(entries) = value else {
        return Err(Error::Value(format!("The value of {urn} is a JSON object.")));
    };
    for (key, value) in entries {
        let path = parse_path(&key)?;
        let inside = path.attr().clone().in_schema(urn.schema().unwrap_or_default());
        let attr = inside.map_err(|error| Error::Value(error.to_string()))?;
        put(resource, verb, &Path::from(attr), value, rules)?;
    }
    Ok(())
}

fn remove(
    resource: &mut Map<String, Value>,
    path: &Path,
    value: Option<&Value>,
    rules: &Rules,
) -> Result<(), Error> {
    may_change(resource, path, &Value::Null, rules)?;
    let Some(name) = path.attr().name() else {
        remove_extension(resource, path.attr());
        return Ok(());
    };
    if rules.required.iter().any(|required| path.attr().is(required)) && path.filter().is_none() {
        return Err(Error::Mutability(name.to_owned()));
    }
    let Some(holder) = holder_mut(resource, path.attr()) else { return Ok(()) };
    let key = key_for(holder, name);
    let Some(old) = holder.remove(&key) else { return Ok(()) };
    let left = match (path.filter(), path.sub(), value) {
        (None, None, Some(named)) if !named.is_null() && old.is_array() => {
            // Only the elements named by the value: some clients take members out in this way, and
            // taking all out instead would be the greater harm.
            let named = read::list(named);
            let mut list = as_list(Some(old));
            list.retain(|item| !named.iter().any(|one| super::element::same(item, one)));
            list
        }
        (None, None, _) => return Ok(()),
        (filter, sub, _) => {
            let was_list = old.is_array();
            let list = without(as_list(Some(old)), path, filter, sub);
            if !was_list {
                list.into_iter().next().map(|only| holder.insert(key, only));
                return Ok(());
            }
            list
        }
    };
    put_back(holder, key, left);
    Ok(())
}

fn without(
    mut list: Vec<Value>,
    path: &Path,
    filter: Option<&Filter>,
    sub: Option<&str>,
) -> Vec<Value> {
    let touched = match filter {
        Some(filter) => chosen(&list, path, filter),
        None => (0..list.len()).collect(),
    };
    for at in touched.into_iter().rev() {
        match sub {
            None => {
                list.remove(at);
            }
            Some(sub) => {
                set_sub(&mut list[at], sub, &Value::Null);
            }
        }
    }
    list
}

fn remove_extension(resource: &mut Map<String, Value>, urn: &AttrPath) {
    let Some(urn) = urn.schema() else { return };
    if let Some(key) = read::key(resource, urn).map(str::to_owned) {
        resource.remove(&key);
    }
    if let Some(Value::Array(schemas)) = resource.get_mut("schemas") {
        schemas.retain(|known| !known.as_str().is_some_and(|k| k.eq_ignore_ascii_case(urn)));
    }
}

/// Read-only attributes may be named as long as they keep their value: a rename of a group that
/// repeats its `id` is common and harmless.
fn may_change(
    resource: &Map<String, Value>,
    path: &Path,
    value: &Value,
    rules: &Rules,
) -> Result<(), Error> {
    let Some(name) = path.attr().name().filter(|_| path.attr().extension().is_none()) else {
        return Ok(());
    };
    let read_only = rules.read_only.iter().any(|known| known.eq_ignore_ascii_case(name));
    let unchanged = path.sub().is_none() && read::get(resource, name) == Some(value);
    if read_only && !unchanged { Err(Error::Mutability(name.to_owned())) } else { Ok(()) }
}

fn boolean(value: &Value) -> Result<Value, Error> {
    let truth = match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        // No guess here: an odd value must never lock somebody out.
        _ => None,
    };
    truth.map(Value::Bool).ok_or_else(|| Error::Value("\"active\" is true or false.".to_owned()))
}

fn chosen(list: &[Value], path: &Path, filter: &Filter) -> Vec<usize> {
    let name = path.attr().name().unwrap_or_default();
    (0..list.len()).filter(|at| filter.matches_element(&list[*at], name)).collect()
}

fn appended(mut list: Vec<Value>, value: Value) -> Vec<Value> {
    let touched: Vec<usize> =
        as_list(Some(value)).into_iter().map(|item| append(&mut list, item)).collect();
    one_primary(&mut list, &touched);
    list
}

fn set_sub(item: &mut Value, sub: &str, value: &Value) {
    if let Some(object) = as_complex(item) {
        set(object, sub, value.clone());
    }
}

/// A vendor may hold a complex value as bare text, e.g. `manager`: it is the `value` then.
fn as_complex(item: &mut Value) -> Option<&mut Map<String, Value>> {
    if !item.is_object() {
        *item = json!({ "value": item.take() });
    }
    item.as_object_mut()
}

fn as_list(value: Option<Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(other) => vec![other],
    }
}

fn put_back(holder: &mut Map<String, Value>, key: String, mut list: Vec<Value>) {
    // An element without attributes is no element.
    list.retain(|item| !item.as_object().is_some_and(Map::is_empty));
    if !list.is_empty() {
        holder.insert(key, Value::Array(list));
    }
}

fn holder_mut<'a>(
    resource: &'a mut Map<String, Value>,
    attr: &AttrPath,
) -> Option<&'a mut Map<String, Value>> {
    match attr.extension() {
        None => Some(resource),
        Some(urn) => {
            let key = read::key(resource, urn)?.to_owned();
            resource.get_mut(&key)?.as_object_mut()
        }
    }
}

/// The object that holds the attribute; an extension's part is made and named in `schemas`.
fn holder_or_new<'a>(
    resource: &'a mut Map<String, Value>,
    attr: &AttrPath,
) -> Result<&'a mut Map<String, Value>, Error> {
    let Some(urn) = attr.extension() else { return Ok(resource) };
    let key = read::key(resource, urn).unwrap_or(urn).to_owned();
    let schemas = resource.entry("schemas").or_insert_with(|| json!([]));
    if let Some(schemas) = schemas.as_array_mut() {
        let known = schemas
            .iter()
            .any(|known| known.as_str().is_some_and(|k| k.eq_ignore_ascii_case(&key)));
        if !known {
            schemas.push(json!(key));
        }
    }
    let part = resource.entry(key).or_insert_with(|| json!({}));
    part.as_object_mut()
        .ok_or_else(|| Error::Value(format!("What is under {urn} is no JSON object.")))
}
