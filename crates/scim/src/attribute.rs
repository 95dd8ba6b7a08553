//! Attribute paths: `userName`, `name.familyName`,
//! `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value` (RFC 7644 §3.10).

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::{read, schema};

/// Where an attribute is. Names keep the spelling they were given and compare without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    schema: Option<String>,
    name: Option<String>,
    sub: Option<String>,
}

/// Why a text is no attribute path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing there.
    #[error("an attribute name is missing")]
    Missing,
    /// `a.b.c`: SCIM has one level of sub-attributes.
    #[error("{0:?} has more than one level of sub-attributes")]
    TooDeep(String),
    /// Not a letter (or `$`) followed by letters, digits, `-` and `_`.
    #[error("{0:?} is not an attribute name")]
    Name(String),
    /// Not of the form `urn:…`.
    #[error("{0:?} is not a schema URN")]
    Urn(String),
}

impl AttrPath {
    /// A path inside the resource itself.
    ///
    /// # Errors
    /// When a name is not of the form that RFC 7643 §2.1 gives.
    pub fn new(name: &str, sub: Option<&str>) -> Result<Self, Error> {
        check_name(name)?;
        sub.map_or(Ok(()), check_name)?;
        Ok(Self { schema: None, name: Some(name.to_owned()), sub: sub.map(str::to_owned) })
    }

    /// The same path inside the extension `urn`.
    ///
    /// # Errors
    /// When `urn` is no URN.
    pub fn in_schema(self, urn: &str) -> Result<Self, Error> {
        check_urn(urn)?;
        Ok(Self { schema: Some(urn.to_owned()), ..self })
    }

    /// The URN in front, if the path has one.
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The attribute's name; `None` where the path names a whole extension.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The sub-attribute's name.
    pub fn sub(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    /// The path's attribute without its sub-attribute.
    pub fn without_sub(&self) -> Self {
        Self { sub: None, ..self.clone() }
    }

    /// Whether the path is the attribute `name` of the resource itself, without a sub-attribute.
    pub fn is(&self, name: &str) -> bool {
        self.extension().is_none()
            && self.sub.is_none()
            && self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// The URN of the extension that holds the attribute. The URNs of the core schemas hold
    /// theirs in the resource itself and are `None` here.
    pub fn extension(&self) -> Option<&str> {
        self.schema.as_deref().filter(|urn| {
            !urn.eq_ignore_ascii_case(schema::USER) && !urn.eq_ignore_ascii_case(schema::GROUP)
        })
    }

    /// The object that holds the attribute: the resource itself or the extension's part of it.
    pub fn holder<'a>(&self, resource: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
        match self.extension() {
            None => Some(resource),
            Some(urn) => read::get(resource, urn)?.as_object(),
        }
    }

    /// The values at the path: those of a list one by one, `null` and absent as none.
    pub fn values<'a>(&self, resource: &'a Map<String, Value>) -> Vec<&'a Value> {
        let mut values = Vec::new();
        self.find(resource, &mut |value| {
            values.push(value);
            false
        });
        values
    }

    /// Whether one of the values at the path is `wanted`; the rest is not looked at then.
    pub(crate) fn find<'a>(
        &self,
        resource: &'a Map<String, Value>,
        wanted: &mut dyn FnMut(&'a Value) -> bool,
    ) -> bool {
        let Some(holder) = self.holder(resource) else { return false };
        let Some(name) = self.name() else {
            // A bare extension URN: its part as a whole.
            return self.schema().and_then(|urn| read::get(resource, urn)).is_some_and(wanted);
        };
        let Some(value) = read::get(holder, name) else { return false };
        let mut items = read::list(value).iter();
        match self.sub() {
            None => items.any(|item| !item.is_null() && wanted(item)),
            Some(sub) => items.any(|item| {
                item.as_object().and_then(|it| read::get(it, sub)).is_some_and(&mut *wanted)
            }),
        }
    }
}

impl FromStr for AttrPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if !starts_with_urn(text) {
            let (name, sub) = split_sub(text)?;
            return Self::new(name, sub);
        }
        let (urn, last) = text.rsplit_once(':').ok_or_else(|| Error::Urn(text.to_owned()))?;
        // `…:2.0:User` names the extension itself: URNs of schemas end in the resource type, and
        // attribute names begin in lower case, so `User` after a version number is no attribute.
        let whole = last.eq_ignore_ascii_case("User") || last.eq_ignore_ascii_case("Group");
        if whole || urn.eq_ignore_ascii_case("urn") {
            check_urn(text)?;
            return Ok(Self { schema: Some(text.to_owned()), name: None, sub: None });
        }
        let (name, sub) = split_sub(last)?;
        Self::new(name, sub)?.in_schema(urn)
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema.as_deref().unwrap_or_default();
        let colon = if self.schema.is_some() && self.name.is_some() { ":" } else { "" };
        write!(to, "{schema}{colon}{}", self.name.as_deref().unwrap_or_default())?;
        self.sub.as_deref().map_or(Ok(()), |sub| write!(to, ".{sub}"))
    }
}

/// Whether `text` begins with `urn:`.
pub(crate) fn starts_with_urn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// Whether a byte may be part of an attribute path; no such byte ends a filter's word.
pub(crate) fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'$' | b'%' | b'+')
}

fn split_sub(text: &str) -> Result<(&str, Option<&str>), Error> {
    match text.split_once('.') {
        None => Ok((text, None)),
        Some((_, sub)) if sub.contains('.') => Err(Error::TooDeep(text.to_owned())),
        Some((name, sub)) => Ok((name, Some(sub))),
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let mut bytes = name.bytes();
    let first = bytes.next().ok_or(Error::Missing)?;
    let good = (first.is_ascii_alphabetic() || first == b'$')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if good { Ok(()) } else { Err(Error::Name(name.to_owned())) }
}

fn check_urn(urn: &str) -> Result<(), Error> {
    let good = starts_with_urn(urn) && urn.len() > 4 && urn.bytes().all(is_path_byte);
    if good { Ok(()) } else { Err(Error::Urn(urn.to_owned())) }
}
