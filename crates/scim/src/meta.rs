//! `meta` of a resource (RFC 7643 §3.1).

use serde_json::{Map, Value, json};

use crate::read;

/// What a server says about a resource itself. Moments are text as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// `User`, `Group`, ….
    pub resource_type: Option<String>,
    /// When it was made.
    pub created: Option<String>,
    /// When it last changed.
    pub last_modified: Option<String>,
    /// Its URL.
    pub location: Option<String>,
    /// Its ETag.
    pub version: Option<String>,
}

impl Meta {
    /// Reads `meta` out of a resource; what is absent stays empty.
    pub fn read(resource: &Map<String, Value>) -> Self {
        let Some(meta) = read::get(resource, "meta").and_then(Value::as_object) else {
            return Self::default();
        };
        let text = |name| read::text_of(meta, name);
        Self {
            resource_type: text("resourceType"),
            created: text("created"),
            last_modified: text("lastModified"),
            location: text("location"),
            version: text("version"),
        }
    }

    /// As a server writes it.
    pub fn to_json(&self) -> Value {
        let parts = [
            ("resourceType", &self.resource_type),
            ("created", &self.created),
            ("lastModified", &self.last_modified),
            ("location", &self.location),
            ("version", &self.version),
        ];
        let present = parts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        Value::Object(present.map(|(name, text)| (name.to_owned(), json!(text))).collect())
    }
}
