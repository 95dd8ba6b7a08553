//! Groups (RFC 7643 §4.2).

use serde_json::{Map, Value, json};

use crate::meta::Meta;
use crate::user::{Error, Overlay};
use crate::{read, schema};

/// A group, typed, beside the JSON it was read from. See [`crate::User`] for how it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The vendor's stable id.
    pub id: Option<String>,
    /// The client's id for it.
    pub external_id: Option<String>,
    /// The name as shown. No key: anybody may rename a group.
    pub display_name: Option<String>,
    /// Who is in it.
    pub members: Vec<Member>,
    /// About the resource. Read-only: never written.
    pub meta: Meta,
    /// The JSON it was read from; empty for one made here.
    pub raw: Map<String, Value>,
}

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The id of the user or group.
    pub value: String,
    /// `User` or `Group`; by absence a user.
    pub kind: Option<String>,
    /// For people.
    pub display: Option<String>,
}

impl Member {
    /// Whether the member is itself a group.
    pub fn is_group(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("group"))
    }

    /// Reads a member: an object, or a bare id. The type may only show in `$ref`.
    pub fn read(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return Some(Self { value: read::text(value)?, ..Self::default() });
        };
        let reference = read::text_of(object, "$ref").unwrap_or_default();
        let by_reference = reference.contains("/Groups/").then(|| "Group".to_owned());
        Some(Self {
            value: read::text_of(object, "value")?,
            kind: read::text_of(object, "type").or(by_reference),
            display: read::text_of(object, "display"),
        })
    }

    /// As the RFC writes it, without `$ref`.
    pub fn to_json(&self) -> Value {
        let mut object = Map::from_iter([("value".to_owned(), json!(self.value))]);
        if let Some(kind) = &self.kind {
            object.insert("type".to_owned(), json!(kind));
        }
        if let Some(display) = &self.display {
            object.insert("display".to_owned(), json!(display));
        }
        Value::Object(object)
    }
}

impl Group {
    /// Reads a group as vendors send it.
    ///
    /// # Errors
    /// When the value is no object.
    pub fn read(value: &Value) -> Result<Self, Error> {
        let raw = value.as_object().ok_or_else(|| Error::about(value))?;
        Ok(Self {
            id: read::text_of(raw, "id"),
            external_id: read::text_of(raw, "externalId"),
            display_name: read::text_of(raw, "displayName"),
            members: read::list_of(raw, "members").iter().filter_map(Member::read).collect(),
            meta: Meta::read(raw),
            raw: raw.clone(),
        })
    }

    /// The whole group: what it was read from, with the changed fields in it.
    pub fn to_json(&self) -> Value {
        let before = Self::read(&Value::Object(self.raw.clone())).unwrap_or_default();
        let mut out = Overlay { object: self.raw.clone() };
        out.text("id", &before.id, &self.id);
        out.text("externalId", &before.external_id, &self.external_id);
        out.text("displayName", &before.display_name, &self.display_name);
        if before.members != self.members {
            let members: Vec<Value> = self.members.iter().map(Member::to_json).collect();
            out.set("members", (!members.is_empty()).then_some(Value::Array(members)));
        }
        if read::texts_of(&out.object, "schemas").is_empty() {
            out.set("schemas", Some(json!([schema::GROUP])));
        }
        Value::Object(out.object)
    }
}
