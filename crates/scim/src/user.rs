//! Users (RFC 7643 §4.1) with the enterprise extension (§4.3).

use serde_json::{Map, Value, json};

use crate::meta::Meta;
use crate::{AttrPath, read, schema};

/// A user: the attributes that matter, typed, beside the JSON it was read from.
///
/// Change the typed fields and write the whole with [`User::to_json`]: what was changed is written
/// as the RFC says, everything else is as it came, unknown attributes and odd types included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// The vendor's stable id.
    pub id: Option<String>,
    /// The client's id for it.
    pub external_id: Option<String>,
    /// The name to sign in with. Compared without case, kept as sent.
    pub user_name: Option<String>,
    /// `name.formatted`
    pub formatted_name: Option<String>,
    /// `name.givenName`
    pub given_name: Option<String>,
    /// `name.familyName`
    pub family_name: Option<String>,
    /// The whole name as shown.
    pub display_name: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// For instance `Contractor`.
    pub user_type: Option<String>,
    /// Whether it may sign in. `None`: the vendor does not say, which never means no.
    pub active: Option<bool>,
    /// E-mail addresses.
    pub emails: Vec<Multi>,
    /// Roles.
    pub roles: Vec<Multi>,
    /// Entitlements.
    pub entitlements: Vec<Multi>,
    /// The groups it is in, as far as the server lists them. Read-only: never written.
    pub groups: Vec<Multi>,
    /// The enterprise extension.
    pub enterprise: Enterprise,
    /// About the resource. Read-only: never written.
    pub meta: Meta,
    /// The JSON it was read from; empty for one made here.
    pub raw: Map<String, Value>,
}

/// One element of a multi-valued attribute (RFC 7643 §2.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multi {
    /// The address, the role, the group's id.
    pub value: String,
    /// What it is for: `work`, `home`, `direct`.
    pub kind: Option<String>,
    /// For people.
    pub display: Option<String>,
    /// At most one element is.
    pub primary: bool,
}

/// The enterprise extension (RFC 7643 §4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enterprise {
    /// Worker number.
    pub employee_number: Option<String>,
    /// Cost centre.
    pub cost_center: Option<String>,
    /// Organisation.
    pub organization: Option<String>,
    /// Division.
    pub division: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// The manager's id.
    pub manager: Option<String>,
    /// The manager's name.
    pub manager_name: Option<String>,
}

/// Why a JSON value is no resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A SCIM resource is a JSON object, and this is {0}.")]
pub struct Error(pub(crate) &'static str);

impl Error {
    pub(crate) fn about(value: &Value) -> Self {
        Self(match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object of another kind",
        })
    }
}

impl User {
    /// Reads a user as vendors send it. Attributes that cannot be read are `None` and stay in the
    /// raw JSON.
    ///
    /// # Errors
    /// When the value is no object.
    pub fn read(value: &Value) -> Result<Self, Error> {
        let raw = value.as_object().ok_or_else(|| Error::about(value))?;
        let text = |name| read::text_of(raw, name);
        let no_name = Map::new();
        let name = read::get(raw, "name").and_then(Value::as_object).unwrap_or(&no_name);
        let multi = |name| read::list_of(raw, name).iter().filter_map(Multi::read).collect();
        Ok(Self {
            id: text("id"),
            external_id: text("externalId"),
            user_name: text("userName"),
            formatted_name: read::text_of(name, "formatted"),
            given_name: read::text_of(name, "givenName"),
            family_name: read::text_of(name, "familyName"),
            display_name: text("displayName"),
            title: text("title"),
            user_type: text("userType"),
            active: read::boolean_of(raw, "active"),
            emails: multi("emails"),
            roles: multi("roles"),
            entitlements: multi("entitlements"),
            groups: multi("groups"),
            enterprise: Enterprise::read(raw),
            meta: Meta::read(raw),
            raw: raw.clone(),
        })
    }

    /// The primary e-mail address, else the one for work, else the first.
    pub fn primary_email(&self) -> Option<&str> {
        let for_work = |email: &&Multi| email.kind.as_deref() == Some("work");
        let chosen = self
            .emails
            .iter()
            .find(|email| email.primary)
            .or_else(|| self.emails.iter().find(for_work))
            .or_else(|| self.emails.first());
        chosen.map(|email| email.value.as_str())
    }

    /// The attribute at `path` as text, also one that has no field here.
    pub fn text_at(&self, path: &AttrPath) -> Option<String> {
        path.values(&self.raw).first().and_then(|value| read::text(value))
    }

    /// The whole user: what it was read from, with the changed fields in it.
    pub fn to_json(&self) -> Value {
        let before = Self::read(&Value::Object(self.raw.clone())).unwrap_or_default();
        let mut out = Overlay { object: self.raw.clone() };
        out.text("id", &before.id, &self.id);
        out.text("externalId", &before.external_id, &self.external_id);
        out.text("userName", &before.user_name, &self.user_name);
        out.sub_text("name", "formatted", &before.formatted_name, &self.formatted_name);
        out.sub_text("name", "givenName", &before.given_name, &self.given_name);
        out.sub_text("name", "familyName", &before.family_name, &self.family_name);
        out.text("displayName", &before.display_name, &self.display_name);
        out.text("title", &before.title, &self.title);
        out.text("userType", &before.user_type, &self.user_type);
        if before.active != self.active {
            out.set("active", self.active.map(Value::Bool));
        }
        out.multi("emails", &before.emails, &self.emails);
        out.multi("roles", &before.roles, &self.roles);
        out.multi("entitlements", &before.entitlements, &self.entitlements);
        self.enterprise.write(&before.enterprise, &mut out);
        let urns = self.schemas(&out.object);
        out.set("schemas", Some(json!(urns)));
        Value::Object(out.object)
    }

    /// The whole user for a PUT, with `active` always said: a vendor may read its absence as no.
    pub fn to_put_json(&self, active: bool) -> Value {
        Self { active: Some(active), ..self.clone() }.to_json()
    }

    /// The URNs that were there, and those of the parts that are.
    fn schemas(&self, object: &Map<String, Value>) -> Vec<String> {
        let mut urns = read::texts_of(object, "schemas");
        if urns.is_empty() {
            urns.push(schema::USER.to_owned());
        }
        for key in object.keys().filter(|key| crate::attribute::starts_with_urn(key)) {
            if !urns.iter().any(|urn| urn.eq_ignore_ascii_case(key)) {
                urns.push(key.clone());
            }
        }
        urns
    }
}

impl Multi {
    /// An element with a kind.
    pub fn new(value: &str, kind: &str, primary: bool) -> Self {
        Self { value: value.to_owned(), kind: Some(kind.to_owned()), display: None, primary }
    }

    /// Reads an element: an object, or a bare text. One without a value is none.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self {
                value: read::text_of(object, "value")?,
                kind: read::text_of(object, "type"),
                display: read::text_of(object, "display"),
                primary: read::boolean_of(object, "primary").unwrap_or(false),
            }),
            bare => Some(Self { value: read::text(bare)?, ..Self::default() }),
        }
    }

    /// As the RFC writes it.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("value".to_owned(), json!(self.value));
        if let Some(kind) = &self.kind {
            object.insert("type".to_owned(), json!(kind));
        }
        if let Some(display) = &self.display {
            object.insert("display".to_owned(), json!(display));
        }
        if self.primary {
            object.insert("primary".to_owned(), json!(true));
        }
        Value::Object(object)
    }
}

impl Enterprise {
    /// Reads it under its URN in any case; attributes at the top level, where some vendors put
    /// them, count as well.
    fn read(user: &Map<String, Value>) -> Self {
        let part = read::get(user, schema::ENTERPRISE_USER).and_then(Value::as_object);
        let find = |name| part.and_then(|part| read::get(part, name)).or(read::get(user, name));
        let text = |name| find(name).and_then(read::text);
        let manager = find("manager");
        let of_manager = |names: [&str; 2]| {
            let object = manager?.as_object()?;
            names.into_iter().find_map(|name| read::text_of(object, name))
        };
        Self {
            employee_number: text("employeeNumber"),
            cost_center: text("costCenter"),
            organization: text("organization"),
            division: text("division"),
            department: text("department"),
            // Complex by the RFC, and bare text with several vendors and clients.
            manager: manager.and_then(read::text).or_else(|| of_manager(["value", "managerId"])),
            manager_name: of_manager(["displayName", "display"]),
        }
    }

    fn write(&self, before: &Self, out: &mut Overlay) {
        let texts = [
            ("employeeNumber", &before.employee_number, &self.employee_number),
            ("costCenter", &before.cost_center, &self.cost_center),
            ("organization", &before.organization, &self.organization),
            ("division", &before.division, &self.division),
            ("department", &before.department, &self.department),
        ];
        for (name, before, now) in texts {
            out.sub_text(schema::ENTERPRISE_USER, name, before, now);
        }
        if before.manager != self.manager {
            let manager = self.manager.as_ref().map(|id| json!({ "value": id }));
            out.set_sub(schema::ENTERPRISE_USER, "manager", manager);
        }
    }
}

/// A resource's JSON in which only what changed is written.
pub(crate) struct Overlay {
    pub(crate) object: Map<String, Value>,
}

impl Overlay {
    pub(crate) fn text(&mut self, name: &str, before: &Option<String>, now: &Option<String>) {
        if before != now {
            self.set(name, now.as_ref().map(|text| json!(text)));
        }
    }

    fn sub_text(&mut self, of: &str, name: &str, before: &Option<String>, now: &Option<String>) {
        if before != now {
            self.set_sub(of, name, now.as_ref().map(|text| json!(text)));
        }
    }

    fn multi(&mut self, name: &str, before: &[Multi], now: &[Multi]) {
        if before != now {
            let list: Vec<Value> = now.iter().map(Multi::to_json).collect();
            self.set(name, (!list.is_empty()).then_some(Value::Array(list)));
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: Option<Value>) {
        place(&mut self.object, name, value);
    }

    fn set_sub(&mut self, of: &str, name: &str, value: Option<Value>) {
        let key = read::key(&self.object, of).unwrap_or(of).to_owned();
        let inner = self.object.entry(key).or_insert_with(|| json!({}));
        if !inner.is_object() {
            *inner = json!({});
        }
        if let Some(inner) = inner.as_object_mut() {
            place(inner, name, value);
        }
    }
}

fn place(object: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    let key = read::key(object, name).unwrap_or(name).to_owned();
    match value {
        Some(value) => object.insert(key, value),
        None => object.remove(&key),
    };
}
