//! The body of a resource as it is stored, and what is kept beside it in columns.

use rollbook_core::canonical;
use rollbook_scim::message::ScimType;
use rollbook_scim::server::{ResourceType, text};
use rollbook_scim::{ErrorMessage, read};
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// A resource as JSON.
pub(super) type Body = Map<String, Value>;

/// What is found by an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) name_key: String,
    pub(super) external_id: Option<String>,
    pub(super) active: Option<bool>,
    /// In the form in which addresses compare.
    pub(super) emails: Vec<String>,
}

impl Facts {
    /// Reads them out of a body that the protocol accepted.
    ///
    /// # Errors
    /// 400 where a login holds characters that cannot be told apart from others or not be seen.
    pub(super) fn read(kind: ResourceType, body: &Body) -> Result<Self, ErrorMessage> {
        let name = match kind {
            ResourceType::User => read::text_of(body, "userName"),
            ResourceType::Group => read::text_of(body, "displayName"),
        };
        let name = name.unwrap_or_default();
        let name_key = match kind {
            ResourceType::User => login_key(&name)?,
            ResourceType::Group => text::caseless(&name).into_owned(),
        };
        Ok(Self {
            name,
            name_key,
            external_id: read::text_of(body, "externalId"),
            active: read::boolean_of(body, "active"),
            emails: emails(body),
        })
    }
}

/// The form under which two logins are the same.
///
/// # Errors
/// 400 where it holds characters that cannot be told apart from others or not be seen.
pub(super) fn login_key(login: &str) -> Result<String, ErrorMessage> {
    canonical::login_key(login).map_err(|refused| {
        ErrorMessage::new(400, Some(ScimType::InvalidValue), &refused.to_string())
    })
}

/// The addresses of a User, each once, in the form in which they compare.
pub(super) fn emails(body: &Body) -> Vec<String> {
    let values = read::list_of(body, "emails").iter().filter_map(Value::as_object);
    let values = values.filter_map(|email| read::text_of(email, "value"));
    let mut found: Vec<String> = values.map(|value| text::caseless(&value).into_owned()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The text of a body, `schemas` first, so that a schema can be added without reading it all.
pub(super) fn encode(body: &Body) -> Result<String> {
    let mut text = Vec::with_capacity(512);
    text.extend_from_slice(b"{\"schemas\":");
    write(&mut text, body.get("schemas").unwrap_or(&Value::Array(Vec::new())))?;
    for (key, value) in body {
        if key != "schemas" {
            text.push(b',');
            write(&mut text, key)?;
            text.push(b':');
            write(&mut text, value)?;
        }
    }
    text.push(b'}');
    String::from_utf8(text).map_err(|e| Error::bug("JSON is UTF-8.").because(e))
}

/// The body of a stored text.
pub(super) fn decode(text: &str) -> Result<Body> {
    serde_json::from_str(text).map_err(|e| {
        Error::setup(format!(
            "A pushed resource cannot be read ({e}); the database was changed by hand."
        ))
        .hint("Restore the newest backup of the workspace folder.")
        .because(e)
    })
}

/// Which attributes differ, by name.
pub(super) fn changed<'a>(before: &'a Body, after: &'a Body) -> Vec<&'a str> {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let new = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
    let mut names: Vec<&str> = gone.chain(new.map(|(key, _)| key)).map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn write(text: &mut Vec<u8>, value: &impl serde::Serialize) -> Result<()> {
    serde_json::to_writer(text, value)
        .map_err(|e| Error::bug("A resource could not be written as JSON.").because(e))
}
