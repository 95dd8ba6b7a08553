//! PATCH requests (RFC 7644 §3.5.2): building, reading what clients send, and applying to JSON.
//!
//! ```
//! use rollbook_scim::{Patch, patch::Rules};
//! use serde_json::json;
//!
//! let patch = Patch::active(false);
//! assert_eq!(patch.pathless().to_json()["Operations"][0]["value"], json!({"active": false}));
//! let before = json!({"id": "7", "active": true, "x": 1});
//! assert_eq!(patch.apply(&before, &Rules::strict())?, json!({"id": "7", "active": false, "x": 1}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod element;

use serde_json::{Map, Value, json};

pub use apply::Rules;
pub(crate) use apply::run_all;
pub(crate) use element::{one_primary, same as same_element};

use crate::attribute::AttrPath;
use crate::message::{ErrorMessage, ScimType};
use crate::path::Path;
use crate::{filter, read, schema};

/// The operations of one request, in their order. They are done all or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// The operations.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What is done.
    pub verb: Verb,
    /// Where. `None`: the value is an object whose keys are the paths.
    pub path: Option<Path>,
    /// With what; `None` only makes sense with [`Verb::Remove`].
    pub value: Option<Value>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Add to a list, set what is no list.
    Add,
    /// Set, a list as a whole.
    Replace,
    /// Take away.
    Remove,
}

impl Verb {
    /// The verb as the RFC writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// Why a PATCH cannot be read or applied. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The request is not of the form that RFC 7644 gives.
    #[error("{0}")]
    Syntax(String),
    /// A path that is none.
    #[error("The path {path:?} cannot be read")]
    Path {
        /// The path as sent.
        path: String,
        /// What is wrong with it.
        source: filter::Error,
    },
    /// A path to an attribute that no schema has.
    #[error("The path {0:?} leads to no attribute that is known here.")]
    Unknown(String),
    /// Nothing to act on, or not said what to act on.
    #[error("{0}")]
    NoTarget(String),
    /// The server sets this attribute, the caller may not.
    #[error("The attribute {0:?} cannot be changed by a client.")]
    Mutability(String),
    /// A value that the attribute cannot have.
    #[error("{0}")]
    Value(String),
}

impl Error {
    /// The word of RFC 7644 table 9.
    pub fn scim_type(&self) -> ScimType {
        match self {
            Self::Syntax(_) => ScimType::InvalidSyntax,
            Self::Path { .. } | Self::Unknown(_) => ScimType::InvalidPath,
            Self::NoTarget(_) => ScimType::NoTarget,
            Self::Mutability(_) => ScimType::Mutability,
            Self::Value(_) => ScimType::InvalidValue,
        }
    }

    /// The answer that a server gives: 400 and why.
    pub fn to_message(&self) -> ErrorMessage {
        let detail = match self {
            Self::Path { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        };
        ErrorMessage::new(400, Some(self.scim_type()), &detail)
    }
}

impl Patch {
    /// Sets `active`, by its path.
    pub fn active(active: bool) -> Self {
        let path = AttrPath::new("active", None).expect("the name is well formed");
        Self::default().replace(path.into(), json!(active))
    }

    /// Adds the resources `ids` to a group.
    pub fn add_members<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self::default().add(members(), values(ids))
    }

    /// Takes the resources `ids` out of a group, one operation and one filter each
    /// (`members[value eq "id"]`), which is what the RFC describes.
    pub fn remove_members<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        ids.into_iter().fold(Self::default(), |patch, id| patch.remove(Path::member(id)))
    }

    /// The same in one operation with the members as its value: not in the RFC, yet what some
    /// vendors understand instead. One that follows the RFC to the letter would **take all members
    /// out**, so this is for vendors that are known to want it.
    pub fn remove_members_by_value<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut patch = Self::default().remove(members());
        patch.operations[0].value = Some(values(ids));
        patch
    }

    /// One more operation.
    #[must_use]
    pub fn add(self, path: Path, value: Value) -> Self {
        self.with(Verb::Add, path, Some(value))
    }

    /// One more operation.
    #[must_use]
    pub fn replace(self, path: Path, value: Value) -> Self {
        self.with(Verb::Replace, path, Some(value))
    }

    /// One more operation.
    #[must_use]
    pub fn remove(self, path: Path) -> Self {
        self.with(Verb::Remove, path, None)
    }

    fn with(mut self, verb: Verb, path: Path, value: Option<Value>) -> Self {
        self.operations.push(Operation { verb, path: Some(path), value });
        self
    }

    /// The same request without paths, for vendors that do not know them: `{"active": false}`.
    ///
    /// Runs of one verb become one operation. What cannot be said without a path (a removal, a path
    /// with a filter) keeps it.
    #[must_use]
    pub fn pathless(&self) -> Self {
        let mut operations: Vec<Operation> = Vec::new();
        for operation in &self.operations {
            let Some((key, value)) = operation.as_entry() else {
                operations.push(operation.clone());
                continue;
            };
            let last = operations
                .last_mut()
                .filter(|last| last.path.is_none() && last.verb == operation.verb);
            match last.and_then(|last| last.value.as_mut()).and_then(Value::as_object_mut) {
                Some(object) => nest(object, &key, value),
                None => {
                    let mut object = Map::new();
                    nest(&mut object, &key, value);
                    let value = Some(Value::Object(object));
                    operations.push(Operation { verb: operation.verb, path: None, value });
                }
            }
        }
        Self { operations }
    }

    /// The request's body.
    pub fn to_json(&self) -> Value {
        let operations: Vec<Value> = self.operations.iter().map(Operation::to_json).collect();
        json!({"schemas": [schema::PATCH_OP], "Operations": operations})
    }

    /// Reads a request's body: the verb in any case, one operation where a list belongs, a path
    /// that is `null` or empty.
    ///
    /// # Errors
    /// When there is no operation, a verb is unknown, a path cannot be read, or a value is missing.
    pub fn read(body: &Value) -> Result<Self, Error> {
        let body = body.as_object().ok_or_else(|| syntax("A PATCH body is a JSON object."))?;
        let operations = read::list_of(body, "Operations");
        if operations.is_empty() {
            return Err(syntax("A PATCH body has a list \"Operations\" with at least one in it."));
        }
        let operations = operations.iter().map(Operation::read).collect::<Result<_, _>>()?;
        Ok(Self { operations })
    }
}

impl Operation {
    fn read(operation: &Value) -> Result<Self, Error> {
        let operation =
            operation.as_object().ok_or_else(|| syntax("A PATCH operation is a JSON object."))?;
        let word = read::text_of(operation, "op").unwrap_or_default();
        let verb = [Verb::Add, Verb::Replace, Verb::Remove]
            .into_iter()
            .find(|verb| verb.word().eq_ignore_ascii_case(&word))
            .ok_or_else(|| syntax(&format!("The PATCH operation {word:?} is not known.")))?;
        let path = match read::get(operation, "path") {
            None => None,
            Some(Value::String(path)) => Some(path).filter(|path| !path.trim().is_empty()),
            // Taking it for no path would change the resource as a whole.
            Some(_) => return Err(syntax("The \"path\" of a PATCH operation is text.")),
        };
        let path = path.map(|path| parse_path(path)).transpose()?;
        // `null` is a value here: replacing with it unassigns.
        let value = read::key(operation, "value").and_then(|key| operation.get(key)).cloned();
        if verb != Verb::Remove && value.is_none() {
            return Err(Error::Value(format!("\"{}\" needs a value.", verb.word())));
        }
        Ok(Self { verb, path, value })
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("op".to_owned(), json!(self.verb.word()));
        if let Some(path) = &self.path {
            object.insert("path".to_owned(), json!(path.to_string()));
        }
        if let Some(value) = &self.value {
            object.insert("value".to_owned(), value.clone());
        }
        Value::Object(object)
    }

    /// The attribute and the value, where the operation can be said without a path.
    fn as_entry(&self) -> Option<(AttrPath, Value)> {
        let path = self.path.as_ref()?;
        let plain = path.filter().is_none() && self.verb != Verb::Remove;
        if plain { Some((path.attr().clone(), self.value.clone()?)) } else { None }
    }
}

pub(crate) fn parse_path(path: &str) -> Result<Path, Error> {
    path.trim().parse().map_err(|source| Error::Path { path: path.to_owned(), source })
}

fn syntax(sentence: &str) -> Error {
    Error::Syntax(sentence.to_owned())
}

fn members() -> Path {
    AttrPath::new("members", None).expect("the name is well formed").into()
}

fn values<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    ids.into_iter().map(|id| json!({"value": id})).collect()
}

/// Puts the value where the path says, with objects in between.
fn nest(object: &mut Map<String, Value>, path: &AttrPath, value: Value) {
    let steps = [path.extension(), path.name(), path.sub()];
    let mut steps: Vec<&str> = steps.into_iter().flatten().collect();
    let Some(last) = steps.pop() else { return };
    let mut object = object;
    for step in steps {
        let inner = object.entry(step).or_insert_with(|| json!({}));
        if !inner.is_object() {
            *inner = json!({});
        }
        let Value::Object(next) = inner else { return };
        object = next;
    }
    object.insert(last.to_owned(), value);
}
