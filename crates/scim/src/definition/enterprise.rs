//! The enterprise extension of RFC 7643 §4.3.

use super::{Attribute, Kind, Schema};
use crate::schema;

/// RFC 7643 §4.3.
pub static ENTERPRISE: Schema = Schema {
    id: schema::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "What an employer knows about a user",
    attributes: &ATTRIBUTES,
};

static ATTRIBUTES: [Attribute; 6] = [
    Attribute::text("employeeNumber", "Worker number"),
    Attribute::text("costCenter", "Cost centre"),
    Attribute::text("organization", "Organisation"),
    Attribute::text("division", "Division"),
    Attribute::text("department", "Department"),
    Attribute::complex("manager", "The user's manager", &MANAGER),
];

static MANAGER: [Attribute; 3] = [
    Attribute::text("value", "The manager's id").exact(),
    Attribute::of(Kind::Reference, "$ref", "The manager's URL").exact().to(&["User"]),
    Attribute::text("displayName", "The manager's name").read_only(),
];
