//! Error messages (RFC 7644 §3.12), written as the RFC says and read as vendors send them.

use serde_json::{Map, Value, json};

use crate::{read, schema};

/// What a SCIM server says about a request that it did not do.
///
/// Decide by the HTTP status, never by this: `status` may be absent or wrong, and texts are for
/// people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorMessage {
    /// The status in the body, if it is a number or text with one.
    pub status: Option<u16>,
    /// The word in `scimType`, as sent.
    pub scim_type: Option<String>,
    /// What it says to people.
    pub detail: Option<String>,
}

/// The words of RFC 7644 table 9 and RFC 9865 §2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the RFC's, and it explains them")]
pub enum ScimType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    InvalidVers,
    Sensitive,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
}

impl ScimType {
    /// The word as the RFC writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

impl ErrorMessage {
    /// A message to send.
    pub fn new(status: u16, scim_type: Option<ScimType>, detail: &str) -> Self {
        Self {
            status: Some(status),
            scim_type: scim_type.map(|word| word.word().to_owned()),
            detail: Some(detail.to_owned()),
        }
    }

    /// The body to send; `status` is text, as RFC 7644 §3.12 wants.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("schemas".to_owned(), json!([schema::ERROR]));
        if let Some(word) = &self.scim_type {
            object.insert("scimType".to_owned(), json!(word));
        }
        if let Some(detail) = &self.detail {
            object.insert("detail".to_owned(), json!(detail));
        }
        if let Some(status) = self.status {
            object.insert("status".to_owned(), json!(status.to_string()));
        }
        Value::Object(object)
    }

    /// Reads an error from a body; `None` where it holds none.
    ///
    /// Understood besides the RFC's form: the SCIM 1.1 list `Errors`, a message inside `response`
    /// or `error`, `message`, `error_description` or `title` instead of `detail`, a numeric status,
    /// and `{"ok": false}`.
    pub fn read(body: &Value) -> Option<Self> {
        let object = body.as_object()?;
        for wrapped in ["response", "error", "Errors", "errors"] {
            let inner = read::list_of(object, wrapped).first();
            match inner {
                Some(Value::Object(inner)) => return Some(Self::from_object(inner)),
                Some(Value::String(text)) => {
                    let mut message = Self::from_object(object);
                    message.detail.get_or_insert_with(|| text.clone());
                    return Some(message);
                }
                _ => {}
            }
        }
        let says_so = read::texts_of(object, "schemas")
            .iter()
            .any(|urn| urn.eq_ignore_ascii_case(schema::ERROR));
        let message = Self::from_object(object);
        let no_resource = read::get(object, "id").is_none()
            && read::get(object, "Resources").is_none()
            && (message.detail.is_some() || message.scim_type.is_some());
        let refused = read::boolean_of(object, "ok") == Some(false);
        (says_so || no_resource || refused).then_some(message)
    }

    fn from_object(object: &Map<String, Value>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| read::text_of(object, name));
        Self {
            status: first(&["status", "code", "statusCode"]).and_then(|text| text.parse().ok()),
            scim_type: first(&["scimType"]),
            detail: first(&["detail", "description", "message", "error_description", "title"]),
        }
    }
}
