//! What this server says about itself (RFC 7643 §5 to §7): the same to everybody, and no more than
//! is true.

use serde_json::{Value, json};

use super::resource_type::ResourceType;
use crate::definition::{self, Schema};
use crate::schema;

/// What differs between servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The URL in front of `/Users`, without a slash at its end.
    pub base: &'a str,
    /// The bounds of `/Bulk`.
    pub bulk: super::BulkLimits,
    /// The size of pages.
    pub pages: super::Limits,
    /// For how long a cursor can be used, in seconds.
    pub cursor_timeout_s: u64,
    /// Whether RFC 9967 is told of. Clients from before it refuse what they do not know, so it is
    /// told to who names it in `attributes`, and `Prefer: respond-async` works in any case.
    pub security_events: bool,
    /// Where people read more.
    pub documentation: Option<&'a str>,
}

/// `/ServiceProviderConfig`, with RFC 9865 §4 and RFC 9967 §6.
pub fn service_provider_config(offer: &Offer<'_>) -> Value {
    let yes = json!({"supported": true});
    let mut config = json!({
        "schemas": [schema::SERVICE_PROVIDER_CONFIG],
        "patch": yes,
        "bulk": {
            "supported": true,
            "maxOperations": offer.bulk.operations_max,
            "maxPayloadSize": offer.bulk.payload_max,
        },
        "filter": {"supported": true, "maxResults": offer.pages.count_max},
        "changePassword": {"supported": false},
        "sort": yes,
        "etag": yes,
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": offer.pages.count_default,
            "maxPageSize": offer.pages.count_max,
            "cursorTimeout": offer.cursor_timeout_s,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token in the Authorization header, as RFC 6750 says",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", offer.base),
        },
    });
    if offer.security_events {
        config["securityEvents"] = json!({"asyncRequest": "request", "eventUris": []});
    }
    if let Some(uri) = offer.documentation {
        config["documentationUri"] = json!(uri);
    }
    config
}

/// The schemas behind `/Schemas`, each with its URL.
pub fn schemas(base: &str) -> Vec<Value> {
    let all: [&Schema; 5] = [
        &definition::USER,
        &definition::GROUP,
        &definition::ENTERPRISE,
        &definition::DELIVERY_USER,
        &definition::DELIVERY_GROUP,
    ];
    let with_meta = |it: &Schema| {
        let mut schema = it.to_json();
        let location = format!("{base}/Schemas/{}", it.id);
        schema["meta"] = json!({"resourceType": "Schema", "location": location});
        schema
    };
    all.into_iter().map(with_meta).collect()
}

/// The kinds of resource behind `/ResourceTypes`, each with its URL.
pub fn resource_types(base: &str) -> Vec<Value> {
    ResourceType::ALL.into_iter().map(|kind| resource_type(kind, base)).collect()
}

fn resource_type(kind: ResourceType, base: &str) -> Value {
    // The one about delivery is shown on request only: see `crate::definition::DELIVERY_USER`.
    let listed = kind.extensions().iter().filter(|it| it.id != kind.delivery());
    let extension = |it: &&Schema| json!({"schema": it.id, "required": false});
    let name = kind.name();
    json!({
        "schemas": [schema::RESOURCE_TYPE],
        "id": name,
        "name": name,
        "description": kind.schema().description,
        "endpoint": format!("/{}", kind.plural()),
        "schema": kind.schema().id,
        "schemaExtensions": listed.map(extension).collect::<Vec<Value>>(),
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{name}"),
        },
    })
}
