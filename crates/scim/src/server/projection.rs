//! `attributes` and `excludedAttributes` (RFC 7644 §3.9): which part of a resource is shown.

use serde_json::{Map, Value};

use crate::attribute::AttrPath;
use crate::message::{ErrorMessage, ScimType};
use crate::{read, schema};

/// The most attributes that may be named.
const NAMES_MAX: usize = 256;

/// Which part of a resource is shown. By default all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    kind: Kind,
    paths: Vec<AttrPath>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    All,
    Only,
    Without,
}

impl Projection {
    /// Reads the two parameters, each a list separated by commas. An empty one is none. What is no
    /// attribute name is left away where `strict` is false.
    ///
    /// # Errors
    /// 400 where both are there, or one names what can be no attribute.
    pub fn read(
        attributes: Option<&str>,
        excluded: Option<&str>,
        strict: bool,
    ) -> Result<Self, ErrorMessage> {
        let named = |text: Option<&str>| -> Vec<String> {
            let names = text.unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Self::of(&named(attributes), &named(excluded), strict)
    }

    /// The same from lists, as `/.search` has them.
    ///
    /// # Errors
    /// As [`Projection::read`].
    pub fn of(
        attributes: &[String],
        excluded: &[String],
        strict: bool,
    ) -> Result<Self, ErrorMessage> {
        let refused =
            |sentence: &str| Err(ErrorMessage::new(400, Some(ScimType::InvalidValue), sentence));
        let (kind, names) = match (attributes.is_empty(), excluded.is_empty()) {
            (true, true) => return Ok(Self::default()),
            (false, true) => (Kind::Only, attributes),
            (true, false) => (Kind::Without, excluded),
            (false, false) => {
                return refused(
                    "\"attributes\" and \"excludedAttributes\" exclude each other. Send one.",
                );
            }
        };
        if names.len() > NAMES_MAX {
            return refused(&format!("At most {NAMES_MAX} attributes may be named."));
        }
        let mut paths = Vec::with_capacity(names.len());
        for name in names {
            match name.trim().parse::<AttrPath>() {
                Ok(path) => paths.push(path),
                Err(error) if strict => {
                    return refused(&format!("The attribute {name:?} cannot be shown: {error}."));
                }
                Err(_) => {}
            }
        }
        Ok(Self { kind, paths })
    }

    /// Whether everything is shown, so that there is nothing to do.
    pub fn is_plain(&self) -> bool {
        self.kind == Kind::All
    }

    /// Whether some part of the attribute (or of the extension, by its URN) is shown. How far a
    /// resource is delivered is shown to who asks for it by name.
    pub fn wants(&self, name: &str) -> bool {
        let about = |path: &AttrPath| match path.name() {
            Some(own) if path.extension().is_none() => own.eq_ignore_ascii_case(name),
            _ => path.schema().is_some_and(|urn| urn.eq_ignore_ascii_case(name)),
        };
        let whole = |path: &AttrPath| {
            let is_extension = path.extension().is_some();
            about(path) && path.sub().is_none() && (path.name().is_none() || !is_extension)
        };
        is_always(name)
            || match self.kind {
                Kind::All | Kind::Without if is_on_request(name) => false,
                Kind::All => true,
                Kind::Only => self
                    .paths
                    .iter()
                    .any(|path| about(path) || (is_core(path) && !name.contains(':'))),
                Kind::Without => !self.paths.iter().any(whole),
            }
    }

    /// Takes away what is not shown. `schemas` and `id` always are.
    pub fn apply(&self, resource: &mut Map<String, Value>) {
        match self.kind {
            Kind::All => {}
            Kind::Only => *resource = self.only(resource),
            Kind::Without => {
                for path in &self.paths {
                    without(resource, path);
                }
            }
        }
    }

    fn only(&self, resource: &mut Map<String, Value>) -> Map<String, Value> {
        let mut shown: Map<String, Value> =
            ["id", "schemas"].into_iter().filter_map(|name| resource.remove_entry(name)).collect();
        if self.paths.iter().any(is_core) {
            let (core, extensions) =
                std::mem::take(resource).into_iter().partition(|(key, _)| !key.contains(':'));
            *resource = extensions;
            shown.extend::<Map<String, Value>>(core);
        }
        for path in &self.paths {
            let Some(name) = path.name() else {
                let urn = path.schema().unwrap_or_default();
                shown.extend(taken(resource, urn));
                continue;
            };
            match path.extension() {
                None => show(resource, &mut shown, name, path.sub()),
                Some(urn) => {
                    let Some(key) = read::key(resource, urn).map(str::to_owned) else { continue };
                    let Some(Value::Object(from)) = resource.get_mut(&key) else { continue };
                    let part = shown.entry(key).or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(part) = part {
                        show(from, part, name, path.sub());
                    }
                }
            }
        }
        shown.retain(|_, value| !value.as_object().is_some_and(Map::is_empty));
        shown
    }
}

/// RFC 7643 §3.1: what every answer has.
fn is_always(name: &str) -> bool {
    name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("schemas")
}

fn is_on_request(urn: &str) -> bool {
    urn.eq_ignore_ascii_case(schema::DELIVERY_USER)
        || urn.eq_ignore_ascii_case(schema::DELIVERY_GROUP)
}

/// The bare URN of a core schema: all attributes of the resource itself.
fn is_core(path: &AttrPath) -> bool {
    path.name().is_none() && path.extension().is_none()
}

fn taken(object: &mut Map<String, Value>, name: &str) -> Option<(String, Value)> {
    let key = read::key(object, name)?.to_owned();
    object.remove_entry(&key)
}

/// Moves one attribute, or one sub-attribute of each of its values.
fn show(from: &mut Map<String, Value>, to: &mut Map<String, Value>, name: &str, sub: Option<&str>) {
    let Some(sub) = sub else {
        to.extend(taken(from, name));
        return;
    };
    let Some(key) = read::key(from, name).map(str::to_owned) else { return };
    let Some(value) = from.get_mut(&key) else { return };
    let one = |value: &mut Value| {
        let entry = value.as_object_mut().and_then(|it| taken(it, sub));
        Value::Object(entry.into_iter().collect())
    };
    // Several sub-attributes of one attribute come one after the other.
    match (value, to.get_mut(&key)) {
        (Value::Array(items), Some(Value::Array(shown))) => {
            for (item, shown) in items.iter_mut().zip(shown) {
                if let (Value::Object(entry), Value::Object(shown)) = (one(item), shown) {
                    shown.extend(entry);
                }
            }
        }
        (Value::Array(items), _) => {
            let items = items.iter_mut().map(one).collect();
            to.insert(key, Value::Array(items));
        }
        (value, Some(Value::Object(shown))) => {
            if let Value::Object(entry) = one(value) {
                shown.extend(entry);
            }
        }
        (value, _) => {
            to.insert(key, one(value));
        }
    }
}

fn without(resource: &mut Map<String, Value>, path: &AttrPath) {
    let Some(name) = path.name() else {
        if is_core(path) {
            resource.retain(|key, _| is_always(key) || key.contains(':'));
        } else {
            taken(resource, path.schema().unwrap_or_default());
        }
        return;
    };
    let holder = match path.extension() {
        None if is_always(name) => return,
        None => resource,
        Some(urn) => {
            let Some(key) = read::key(resource, urn).map(str::to_owned) else { return };
            let Some(Value::Object(part)) = resource.get_mut(&key) else { return };
            part
        }
    };
    let Some(sub) = path.sub() else {
        taken(holder, name);
        return;
    };
    let Some(key) = read::key(holder, name).map(str::to_owned) else { return };
    let items = match holder.get_mut(&key) {
        Some(Value::Array(items)) => items.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => return,
    };
    for item in items {
        item.as_object_mut().and_then(|it| taken(it, sub));
    }
}

/// Whether an attribute may be used to search or sort: what is never shown may not be guessed at.
pub(super) fn is_searchable(path: &AttrPath) -> bool {
    !path.name().is_some_and(|name| name.eq_ignore_ascii_case("password"))
        || path.schema().is_some_and(|urn| !urn.eq_ignore_ascii_case(schema::USER))
}
