//! What the resources are made of (RFC 7643 §2, §4, §7): each attribute with its characteristics.
//!
//! One table says it all. What a server publishes under `/Schemas` is written from it, what clients
//! send is checked against it, and what is stored is spelled by it, so that the three cannot differ.

mod delivery;
mod enterprise;
mod group;
mod user;

use serde_json::{Map, Value, json};

pub use delivery::{DELIVERY_GROUP, DELIVERY_USER};
pub use enterprise::ENTERPRISE;
pub use group::GROUP;
pub use user::USER;

use crate::schema;

/// A schema: a core one or an extension.
#[derive(Debug)]
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// Its attributes, without those that every resource has.
    pub attributes: &'static [Attribute],
}

/// The characteristics of an attribute (RFC 7643 §2.2).
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// The name as the RFC spells it.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// For people.
    pub description: &'static str,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether text is compared byte for byte; always equal to [`schema::is_case_exact`].
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// Whether two resources may have the same value.
    pub unique: bool,
    /// Suggested values; others are allowed.
    pub canonical: &'static [&'static str],
    /// What a reference may lead to.
    pub references: &'static [&'static str],
    /// The parts of a complex attribute.
    pub subs: &'static [Attribute],
    /// Whether its text may have more than one line (RFC 7643 §4.1.2, addresses).
    pub lines: bool,
    /// Whether it is short enough for an index: ids and names to sign in with.
    pub key: bool,
}

/// What the values of an attribute are (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the RFC's, and it explains them")]
pub enum Kind {
    String,
    Boolean,
    Integer,
    DateTime,
    Binary,
    Reference,
    Complex,
}

/// Who may change an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the RFC's, and it explains them")]
pub enum Mutability {
    ReadOnly,
    ReadWrite,
    Immutable,
    WriteOnly,
}

/// When an attribute is part of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the RFC's, and it explains them")]
pub enum Returned {
    Always,
    Default,
    Request,
    Never,
}

/// What every resource has (RFC 7643 §3). Not published as part of a schema.
pub static COMMON: [Attribute; 4] = [
    Attribute::text("schemas", "The schemas of the resource").listed().always(),
    Attribute::text("id", "The server's id").exact().read_only().always().key(),
    Attribute::text("externalId", "The client's id").exact().key(),
    Attribute::complex("meta", "About the resource itself", &META).read_only(),
];

static META: [Attribute; 5] = [
    Attribute::text("resourceType", "User or Group").read_only(),
    Attribute::of(Kind::DateTime, "created", "When it was made").read_only(),
    Attribute::of(Kind::DateTime, "lastModified", "When it last changed").read_only(),
    Attribute::of(Kind::Reference, "location", "Its URL").exact().read_only(),
    Attribute::text("version", "Its ETag").exact().read_only(),
];

impl Schema {
    /// The attribute `name`, in any case.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name)
    }

    /// As `/Schemas` shows it (RFC 7643 §7), without `meta`.
    pub fn to_json(&self) -> Value {
        json!({
            "schemas": [schema::SCHEMA],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::to_json).collect::<Vec<_>>(),
        })
    }
}

/// The attribute of `list` called `name`, in any case.
pub(crate) fn find(list: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    let same = |it: &&Attribute| it.name.len() == name.len() && it.name.eq_ignore_ascii_case(name);
    list.iter().find(same)
}

impl Attribute {
    /// The sub-attribute `name`, in any case.
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        find(self.subs, name)
    }

    /// As `/Schemas` shows it, with every characteristic, also where it is the default: some clients
    /// build their model from this answer and assume nothing.
    pub fn to_json(&self) -> Value {
        let uniqueness = if self.unique { "server" } else { "none" };
        let mut object = Map::from_iter([
            ("name".to_owned(), json!(self.name)),
            ("type".to_owned(), json!(self.kind.word())),
            ("multiValued".to_owned(), json!(self.multi_valued)),
            ("description".to_owned(), json!(self.description)),
            ("required".to_owned(), json!(self.required)),
            ("caseExact".to_owned(), json!(self.case_exact)),
            ("mutability".to_owned(), json!(self.mutability.word())),
            ("returned".to_owned(), json!(self.returned.word())),
            ("uniqueness".to_owned(), json!(uniqueness)),
        ]);
        if !self.canonical.is_empty() {
            object.insert("canonicalValues".to_owned(), json!(self.canonical));
        }
        if !self.references.is_empty() {
            object.insert("referenceTypes".to_owned(), json!(self.references));
        }
        if self.kind == Kind::Complex {
            let subs: Vec<Value> = self.subs.iter().map(Self::to_json).collect();
            object.insert("subAttributes".to_owned(), Value::Array(subs));
        }
        Value::Object(object)
    }

    /// One optional value with the defaults of RFC 7643 §2.2.
    const fn of(kind: Kind, name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            description,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            unique: false,
            canonical: &[],
            references: &[],
            subs: &[],
            lines: false,
            key: false,
        }
    }

    const fn text(name: &'static str, description: &'static str) -> Self {
        Self::of(Kind::String, name, description)
    }

    const fn truth(name: &'static str, description: &'static str) -> Self {
        Self::of(Kind::Boolean, name, description)
    }

    const fn complex(
        name: &'static str,
        description: &'static str,
        subs: &'static [Attribute],
    ) -> Self {
        Self { subs, ..Self::of(Kind::Complex, name, description) }
    }

    const fn listed(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    const fn on_request(self) -> Self {
        Self { returned: Returned::Request, ..self }
    }

    const fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    const fn words(self, canonical: &'static [&'static str]) -> Self {
        Self { canonical, ..self }
    }

    const fn to(self, references: &'static [&'static str]) -> Self {
        Self { references, ..self }
    }

    const fn lines(self) -> Self {
        Self { lines: true, ..self }
    }

    const fn key(self) -> Self {
        Self { key: true, ..self }
    }
}

impl Kind {
    /// The word of RFC 7643 §7.
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

impl Mutability {
    /// The word of RFC 7643 §7.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

impl Returned {
    /// The word of RFC 7643 §7.
    pub fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Default => "default",
            Self::Request => "request",
            Self::Never => "never",
        }
    }
}
