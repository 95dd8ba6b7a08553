//! The Group of RFC 7643 §4.2.

use super::{Attribute, Kind, Schema};
use crate::schema;

/// RFC 7643 §4.2.
pub static GROUP: Schema = Schema {
    id: schema::GROUP,
    name: "Group",
    description: "A group of users",
    attributes: &ATTRIBUTES,
};

static ATTRIBUTES: [Attribute; 2] = [
    Attribute::text("displayName", "The name as shown").required().key(),
    Attribute::complex("members", "Who is in the group", &MEMBER).listed(),
];

// Ids of members compare byte for byte: see `schema::is_case_exact`.
static MEMBER: [Attribute; 4] = [
    Attribute::text("value", "The member's id").exact().immutable().key(),
    Attribute::of(Kind::Reference, "$ref", "The member's URL")
        .exact()
        .immutable()
        .to(&["User", "Group"]),
    Attribute::text("display", "For people").immutable(),
    Attribute::text("type", "What the member is").immutable().words(&["User", "Group"]),
];
