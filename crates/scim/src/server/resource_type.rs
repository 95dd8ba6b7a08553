//! The kinds of resource that are served.

use crate::definition::{self, Attribute, Schema};
use crate::schema;

/// A kind of resource (RFC 7643 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    /// RFC 7643 §4.1.
    User,
    /// RFC 7643 §4.2.
    Group,
}

impl ResourceType {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// `User`, as in `meta.resourceType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// `Users`, as in URLs.
    pub fn plural(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The kind whose URLs have `word` in them, in any case.
    pub fn from_plural(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.plural().eq_ignore_ascii_case(word))
    }

    /// The core schema.
    pub fn schema(self) -> &'static Schema {
        match self {
            Self::User => &definition::USER,
            Self::Group => &definition::GROUP,
        }
    }

    /// The extensions, none of which a resource must have.
    pub fn extensions(self) -> &'static [&'static Schema] {
        static OF_USER: [&Schema; 2] = [&definition::ENTERPRISE, &definition::DELIVERY_USER];
        static OF_GROUP: [&Schema; 1] = [&definition::DELIVERY_GROUP];
        match self {
            Self::User => &OF_USER,
            Self::Group => &OF_GROUP,
        }
    }

    /// The extension called `urn`, in any case.
    pub(crate) fn extension(self, urn: &str) -> Option<&'static Schema> {
        self.extensions().iter().copied().find(|it| it.id.eq_ignore_ascii_case(urn))
    }

    /// The attribute `name` of the resource itself, in any case.
    pub(crate) fn attribute(self, name: &str) -> Option<&'static Attribute> {
        self.schema().attribute(name).or_else(|| definition::find(&definition::COMMON, name))
    }

    /// The URN under which the delivery of a resource is told.
    pub fn delivery(self) -> &'static str {
        match self {
            Self::User => schema::DELIVERY_USER,
            Self::Group => schema::DELIVERY_GROUP,
        }
    }
}
