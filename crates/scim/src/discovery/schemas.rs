//! The core schemas and resource types as a server publishes them.
//!
//! Some clients build their model from this answer and cannot send what is missing in it, so every
//! attribute that the crate reads or writes is here with all its characteristics.

use serde_json::{Value, json};

use crate::schema;

/// `/Schemas`: User, Group and the enterprise extension.
pub fn schemas() -> Vec<Value> {
    vec![
        definition(schema::USER, "User", "A user account", user()),
        definition(schema::GROUP, "Group", "A group of users", group()),
        definition(schema::ENTERPRISE_USER, "EnterpriseUser", "Work facts of a user", enterprise()),
    ]
}

/// `/ResourceTypes`: User with its extension, and Group.
pub fn resource_types() -> Vec<Value> {
    let one = |id: &str, endpoint: &str, urn: &str, extensions: Value| {
        json!({
            "schemas": [schema::RESOURCE_TYPE],
            "id": id,
            "name": id,
            "description": id,
            "endpoint": endpoint,
            "schema": urn,
            "schemaExtensions": extensions,
        })
    };
    let enterprise = json!([{"schema": schema::ENTERPRISE_USER, "required": false}]);
    vec![
        one("User", "/Users", schema::USER, enterprise),
        one("Group", "/Groups", schema::GROUP, json!([])),
    ]
}

fn definition(urn: &str, name: &str, description: &str, attributes: Vec<Value>) -> Value {
    json!({
        "schemas": [schema::SCHEMA],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": attributes,
    })
}

fn user() -> Vec<Value> {
    let mut user_name = attribute("userName", "string", "The name to sign in with");
    user_name["required"] = json!(true);
    user_name["uniqueness"] = json!("server");
    let mut password = attribute("password", "string", "Taken and never given");
    password["mutability"] = json!("writeOnly");
    password["returned"] = json!("never");
    let mut groups = listed("groups", "The groups that the user is in");
    groups["mutability"] = json!("readOnly");
    let name = ["formatted", "familyName", "givenName", "middleName", "honorificPrefix"];
    let address = ["formatted", "streetAddress", "locality", "region", "postalCode", "country"];
    vec![
        user_name,
        complex("name", "The parts of the name", false, &texts(&name)),
        attribute("displayName", "string", "The whole name as shown"),
        attribute("nickName", "string", "The name used day to day"),
        attribute("profileUrl", "string", "Where the user's page is"),
        attribute("title", "string", "Job title"),
        attribute("userType", "string", "For instance Contractor"),
        attribute("preferredLanguage", "string", "As in Accept-Language"),
        attribute("locale", "string", "For dates and numbers"),
        attribute("timezone", "string", "As in the tz database"),
        attribute("active", "boolean", "Whether the user may sign in"),
        password,
        listed("emails", "E-mail addresses"),
        listed("phoneNumbers", "Telephone numbers"),
        complex("addresses", "Postal addresses", true, &texts(&address)),
        groups,
        listed("entitlements", "Rights"),
        listed("roles", "Roles"),
    ]
}

fn group() -> Vec<Value> {
    let mut name = attribute("displayName", "string", "The name as shown");
    name["required"] = json!(true);
    let mut parts = texts(&["value", "display", "type"]);
    parts.push(attribute("$ref", "reference", "The member's URL"));
    for part in &mut parts {
        part["mutability"] = json!("immutable");
        // Ids of members: see `schema::is_case_exact`.
        part["caseExact"] = json!(part["name"] == "value" || part["name"] == "$ref");
    }
    vec![name, complex("members", "Who is in the group", true, &parts)]
}

fn enterprise() -> Vec<Value> {
    let mut attributes =
        texts(&["employeeNumber", "costCenter", "organization", "division", "department"]);
    let manager = texts(&["value", "displayName"]);
    attributes.push(complex("manager", "The user's manager", false, &manager));
    attributes
}

/// A list with the usual sub-attributes (RFC 7643 §2.4).
fn listed(name: &str, description: &str) -> Value {
    let mut parts = texts(&["value", "display", "type"]);
    parts.push(attribute("primary", "boolean", "At most one is"));
    complex(name, description, true, &parts)
}

fn complex(name: &str, description: &str, multi_valued: bool, parts: &[Value]) -> Value {
    let mut whole = attribute(name, "complex", description);
    whole["multiValued"] = json!(multi_valued);
    whole["subAttributes"] = json!(parts);
    whole
}

fn texts(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| attribute(name, "string", name)).collect()
}

/// A single optional value with the defaults of RFC 7643 §2.2.
fn attribute(name: &str, kind: &str, description: &str) -> Value {
    json!({
        "name": name,
        "type": kind,
        "multiValued": false,
        "description": description,
        "required": false,
        "caseExact": false,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    })
}
