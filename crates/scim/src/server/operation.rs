//! PATCH operations checked against the schemas: what they aim at exists and may be written.

use serde_json::{Map, Value};

use super::resource_type::ResourceType;
use super::rules::Rules;
use super::shape::VALUES_MAX;
use crate::attribute::AttrPath;
use crate::definition::{Attribute, Mutability};
use crate::message::{ErrorMessage, ScimType};
use crate::patch::{Error, Operation, Patch, Verb, parse_path};
use crate::path::Path;

/// The most comparisons in the filters of one PATCH. Each may look at every value of a list.
const TERMS_MAX: usize = 2_000;

/// The operations of `patch` one path each, in their order. What a lenient caller names without
/// effect (unknown or read-only attributes) is left out.
pub(super) fn resolved(
    kind: ResourceType,
    before: &Map<String, Value>,
    patch: &Patch,
    rules: &Rules,
) -> Result<Vec<Operation>, ErrorMessage> {
    let mut out = Resolved { kind, before, rules, operations: Vec::new(), terms: 0, values: 0 };
    for operation in &patch.operations {
        out.take(operation).map_err(|it| it.to_message())?;
        if out.terms > TERMS_MAX || out.values > VALUES_MAX {
            let sentence = format!(
                "One PATCH may set at most {VALUES_MAX} values of lists and make at most {TERMS_MAX} \
                 comparisons. Send several."
            );
            return Err(ErrorMessage::new(413, Some(ScimType::TooMany), &sentence));
        }
    }
    Ok(out.operations)
}

struct Resolved<'a> {
    kind: ResourceType,
    before: &'a Map<String, Value>,
    rules: &'a Rules,
    operations: Vec<Operation>,
    terms: usize,
    values: usize,
}

impl Resolved<'_> {
    fn take(&mut self, operation: &Operation) -> Result<(), Error> {
        let verb = operation.verb;
        match (&operation.path, &operation.value) {
            (Some(path), value) => self.put(verb, path.clone(), value.clone(), false),
            (None, _) if verb == Verb::Remove => {
                Err(Error::NoTarget("\"remove\" needs a path that says what.".to_owned()))
            }
            (None, Some(Value::Object(entries))) => {
                for (key, value) in entries {
                    if !key.eq_ignore_ascii_case("schemas")
                        && let Some(path) = self.key(key)?
                    {
                        self.put(verb, path, Some(value.clone()), true)?;
                    }
                }
                Ok(())
            }
            (None, _) => Err(Error::Value("Without a path the value is a JSON object.".to_owned())),
        }
    }

    /// A key of an object as a path. What cannot be one is nothing that we know.
    fn key(&self, key: &str) -> Result<Option<Path>, Error> {
        match parse_path(key) {
            Ok(path) => Ok(Some(path)),
            Err(_) if self.rules.lenient => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One operation with a path. `listed`: it was a key of an object and not a path by itself.
    fn put(
        &mut self,
        verb: Verb,
        path: Path,
        value: Option<Value>,
        listed: bool,
    ) -> Result<(), Error> {
        if path.attr().name().is_none() {
            return self.put_whole(verb, &path, value);
        }
        let Some((path, attribute)) = self.found(path, listed)? else { return Ok(()) };
        if attribute.mutability == Mutability::ReadOnly {
            return self.read_only(&path, value.as_ref());
        }
        if attribute.required || path.attr().is("active") {
            let name = attribute.name;
            match (verb, &value) {
                (Verb::Remove, _) if attribute.required => {
                    return Err(Error::Mutability(name.to_owned()));
                }
                (Verb::Add | Verb::Replace, value) if is_nothing(value.as_ref()) => {
                    return Err(Error::Value(format!("\"{name}\" cannot be without a value.")));
                }
                _ => {}
            }
        }
        self.terms += path.filter().map_or(0, crate::Filter::terms);
        self.values += value.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
        self.operations.push(Operation { verb, path: Some(path), value });
        Ok(())
    }

    /// A bare URN: a whole extension, or the resource itself under the name of its core schema.
    fn put_whole(&mut self, verb: Verb, path: &Path, value: Option<Value>) -> Result<(), Error> {
        let urn = path.attr().schema().unwrap_or_default();
        let core = urn.eq_ignore_ascii_case(self.kind.schema().id);
        let Some(extension) = self.kind.extension(urn).map(|it| it.id).or(core.then_some(urn))
        else {
            return self.unknown(path);
        };
        if extension == self.kind.delivery() {
            return self.read_only(path, value.as_ref());
        }
        if verb == Verb::Remove || is_nothing(value.as_ref()) {
            if !core {
                let path = Some(path.clone());
                self.operations.push(Operation { verb: Verb::Remove, path, value: None });
            }
            return Ok(());
        }
        let Some(Value::Object(entries)) = value else {
            return Err(Error::Value(format!("The value of \"{urn}\" is a JSON object.")));
        };
        for (key, value) in entries {
            let Some(inner) = self.key(&key)? else { continue };
            let attr = inner.attr().clone().in_schema(extension);
            let attr = attr.map_err(|it| Error::Value(it.to_string()))?;
            self.put(verb, inner.at(attr), Some(value), true)?;
        }
        Ok(())
    }

    /// The attribute that a path names, and the path under which it is stored.
    fn found(&self, path: Path, listed: bool) -> Result<Option<(Path, &'static Attribute)>, Error> {
        let name = path.attr().name().unwrap_or_default();
        let of_path = match path.attr().schema() {
            Some(urn) if urn.eq_ignore_ascii_case(self.kind.schema().id) => {
                self.kind.attribute(name)
            }
            Some(urn) => self.kind.extension(urn).and_then(|it| it.attribute(name)),
            None => self.kind.attribute(name),
        };
        let (path, attribute) = match of_path {
            Some(attribute) => (path, attribute),
            None => match self.stray(&path) {
                Some(found) => found,
                None if listed && !self.rules.lenient => return Ok(None),
                None => return self.unknown(&path).map(|()| None),
            },
        };
        if path.filter().is_some() && !attribute.multi_valued {
            return self.unknown(&path).map(|()| None);
        }
        match path.sub().map(|sub| attribute.sub(sub)) {
            None => Ok(Some((path, attribute))),
            Some(Some(sub)) if sub.mutability == Mutability::ReadOnly => Ok(Some((path, sub))),
            Some(Some(_)) => Ok(Some((path, attribute))),
            Some(None) => self.unknown(&path).map(|()| None),
        }
    }

    /// An attribute of an extension that is named without its URN, as some clients do.
    fn stray(&self, path: &Path) -> Option<(Path, &'static Attribute)> {
        if !self.rules.lenient || path.attr().schema().is_some() {
            return None;
        }
        let name = path.attr().name()?;
        let extensions = self.kind.extensions().iter();
        let mut extensions = extensions.filter(|it| it.id != self.kind.delivery());
        let (urn, attribute) = extensions.find_map(|it| Some((it.id, it.attribute(name)?)))?;
        let attr: AttrPath = path.attr().clone().in_schema(urn).ok()?;
        Some((path.clone().at(attr), attribute))
    }

    fn unknown(&self, path: &Path) -> Result<(), Error> {
        if self.rules.lenient {
            return Ok(());
        }
        Err(Error::Unknown(path.to_string()))
    }

    /// A read-only attribute may be repeated; a rename of a group that repeats its `id` is common.
    fn read_only(&self, path: &Path, value: Option<&Value>) -> Result<(), Error> {
        let name = path.attr().name().unwrap_or_default();
        let same = path.sub().is_none() && value.is_some() && self.before.get(name) == value;
        if same || (self.rules.lenient && !path.attr().is("id")) {
            return Ok(());
        }
        Err(Error::Mutability(path.to_string()))
    }
}

/// RFC 7643 §2.5: null and the empty list are no value.
fn is_nothing(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}
