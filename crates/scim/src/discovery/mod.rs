//! What a server says it can do (RFC 7643 §5 to §7), read and written.
//!
//! A client may ask, and must not believe: many vendors have no discovery, have it under a plural
//! name, or promise what they do not do. What is absent is therefore unknown, never "no".

mod schemas;

use serde_json::{Value, json};

pub use schemas::{resource_types, schemas};

use crate::{read, schema};

/// What a server claims. `None`: it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceProviderConfig {
    /// PATCH works, for some resource at least.
    pub patch: Option<bool>,
    /// `/Bulk` works.
    pub bulk: Option<Bulk>,
    /// Filters work.
    pub filter: Option<bool>,
    /// The most results of a filter.
    pub results_max: Option<u64>,
    /// Passwords can be set.
    pub change_password: Option<bool>,
    /// `sortBy` works.
    pub sort: Option<bool>,
    /// ETags work.
    pub etag: Option<bool>,
    /// Cursor paging works (RFC 9865).
    pub cursor: Option<bool>,
    /// Words such as `oauthbearertoken`.
    pub authentication: Vec<String>,
}

/// The bounds of `/Bulk`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bulk {
    /// Whether it works.
    pub supported: bool,
    /// The most operations.
    pub operations_max: u64,
    /// The most bytes.
    pub payload_max: u64,
}

impl ServiceProviderConfig {
    /// Reads the answer; anything but an object says nothing. Some vendors put it into a list.
    pub fn read(body: &Value) -> Self {
        let listed = body.as_object().and_then(|it| read::list_of(it, "Resources").first());
        let Some(object) = listed.unwrap_or(body).as_object() else { return Self::default() };
        let part = |name: &str| read::get(object, name).and_then(Value::as_object);
        let supported = |name: &str| match read::get(object, name)? {
            Value::Object(part) => read::boolean_of(part, "supported"),
            bare => read::boolean(bare),
        };
        let number = |of: &str, name: &str| {
            part(of).and_then(|part| read::get(part, name)).and_then(read::count)
        };
        let schemes = read::list_of(object, "authenticationSchemes").iter();
        Self {
            patch: supported("patch"),
            bulk: supported("bulk").map(|supported| Bulk {
                supported,
                operations_max: number("bulk", "maxOperations").unwrap_or(0),
                payload_max: number("bulk", "maxPayloadSize").unwrap_or(0),
            }),
            filter: supported("filter"),
            results_max: number("filter", "maxResults"),
            change_password: supported("changePassword"),
            sort: supported("sort"),
            etag: supported("etag"),
            cursor: part("pagination").and_then(|part| read::boolean_of(part, "cursor")),
            authentication: schemes
                .filter_map(|scheme| read::text_of(scheme.as_object()?, "type"))
                .collect(),
        }
    }

    /// As a server writes it; what is not said is written as not supported.
    pub fn to_json(&self) -> Value {
        let bulk = self.bulk.unwrap_or_default();
        let supported = |it: Option<bool>| json!({"supported": it.unwrap_or(false)});
        let schemes = self.authentication.iter().enumerate().map(|(at, word)| {
            json!({"type": word, "name": word, "description": word, "primary": at == 0})
        });
        json!({
            "schemas": [schema::SERVICE_PROVIDER_CONFIG],
            "patch": supported(self.patch),
            "bulk": {
                "supported": bulk.supported,
                "maxOperations": bulk.operations_max,
                "maxPayloadSize": bulk.payload_max,
            },
            "filter": {
                "supported": self.filter.unwrap_or(false),
                "maxResults": self.results_max.unwrap_or(0),
            },
            "changePassword": supported(self.change_password),
            "sort": supported(self.sort),
            "etag": supported(self.etag),
            "pagination": {
                "cursor": self.cursor.unwrap_or(false),
                "index": true,
                "defaultPaginationMethod": "index",
            },
            "authenticationSchemes": schemes.collect::<Vec<Value>>(),
        })
    }
}
