//! The core schemas and resource types as any server publishes them.

use serde_json::{Value, json};

use crate::{definition, schema};

/// `/Schemas`: User, Group and the enterprise extension.
pub fn schemas() -> Vec<Value> {
    [&definition::USER, &definition::GROUP, &definition::ENTERPRISE].map(|it| it.to_json()).into()
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
