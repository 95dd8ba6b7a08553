//! PATCH paths (RFC 7644 §3.5.2): `active`, `name.familyName`, `emails[type eq "work"].value`,
//! `members[value eq "7"]`, or a bare extension URN.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::attribute::AttrPath;
use crate::filter::{self, Filter};
use crate::read;

/// What a PATCH operation or a comparison aims at.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    attr: AttrPath,
    filter: Option<Box<Filter>>,
    /// Only after a filter; otherwise the sub-attribute is in `attr`.
    sub: Option<String>,
}

impl Path {
    /// `attr[filter]` or `attr[filter].sub`. A sub-attribute of `attr` is left away.
    pub fn filtered(attr: AttrPath, filter: Filter, sub: Option<String>) -> Self {
        Self { attr: attr.without_sub(), filter: Some(Box::new(filter)), sub }
    }

    /// `members[value eq "id"]`
    pub fn member(id: &str) -> Self {
        let members = AttrPath::new("members", None).expect("the name is well formed");
        let filter = Filter::equals("value", id).expect("the name is well formed");
        Self::filtered(members, filter, None)
    }

    /// The attribute; has a sub-attribute only where there is no filter.
    pub fn attr(&self) -> &AttrPath {
        &self.attr
    }

    /// Which elements.
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_deref()
    }

    /// The sub-attribute, before or after the filter.
    pub fn sub(&self) -> Option<&str> {
        self.sub.as_deref().or(self.attr.sub())
    }

    /// The values at the path, those of a list one by one.
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
        let Some(filter) = &self.filter else { return self.attr.find(resource, wanted) };
        let list = self.attr.name().unwrap_or_default();
        self.attr.find(resource, &mut |element| {
            filter.matches_element(element, list)
                && match &self.sub {
                    None => wanted(element),
                    Some(sub) => element
                        .as_object()
                        .and_then(|it| read::get(it, sub))
                        .is_some_and(&mut *wanted),
                }
        })
    }

    /// The same elements and sub-attribute of `attr`, whose own sub-attribute counts where there is
    /// no filter.
    pub(crate) fn at(self, attr: AttrPath) -> Self {
        Self { attr, ..self }
    }

    /// The parts of `attr[filter]`; gives the path back where it is not of that form.
    pub(crate) fn into_has(self) -> Result<(AttrPath, Box<Filter>), Self> {
        match self {
            Self { attr, filter: Some(filter), sub: None } => Ok((attr, filter)),
            other => Err(other),
        }
    }
}

impl From<AttrPath> for Path {
    fn from(attr: AttrPath) -> Self {
        Self { attr, filter: None, sub: None }
    }
}

impl FromStr for Path {
    type Err = filter::Error;

    fn from_str(text: &str) -> Result<Self, filter::Error> {
        filter::parse_path(text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.attr)?;
        if let Some(filter) = &self.filter {
            write!(to, "[{filter}]")?;
        }
        self.sub.as_deref().map_or(Ok(()), |sub| write!(to, ".{sub}"))
    }
}
