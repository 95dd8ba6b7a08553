//! Schema URNs, and what the core schemas say about attributes: spelling, plurality, case.
//!
//! Only what reading, comparing and patching need is here; the full definitions are in
//! [`crate::definition`].

/// RFC 7643 §4.1.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// RFC 7643 §4.2.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// RFC 7643 §4.3.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Our extension of the User: how far a wish about it has come ([`crate::definition`]).
pub const DELIVERY_USER: &str = "urn:rollbook:params:scim:schemas:extension:delivery:1.0:User";
/// The same of the Group.
pub const DELIVERY_GROUP: &str = "urn:rollbook:params:scim:schemas:extension:delivery:1.0:Group";
/// RFC 7643 §5.
pub const SERVICE_PROVIDER_CONFIG: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// RFC 7643 §6.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// RFC 7643 §7.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// RFC 7644 §3.4.2.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// RFC 7644 §3.4.3.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// RFC 7644 §3.5.2.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// RFC 7644 §3.7.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// RFC 7644 §3.7.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// RFC 7644 §3.12.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Attributes of the core schemas that hold a list.
const MULTI_VALUED: [&str; 12] = [
    "schemas",
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "groups",
    "entitlements",
    "roles",
    "x509Certificates",
    "members",
    "authenticationSchemes",
];

/// Every attribute and sub-attribute name of the core schemas, spelled as the RFC spells it.
const SPELLING: [&str; 55] = [
    "active",
    "addresses",
    "costCenter",
    "country",
    "created",
    "department",
    "display",
    "displayName",
    "division",
    "emails",
    "employeeNumber",
    "entitlements",
    "externalId",
    "familyName",
    "formatted",
    "givenName",
    "groups",
    "honorificPrefix",
    "honorificSuffix",
    "id",
    "ims",
    "lastModified",
    "locale",
    "locality",
    "location",
    "manager",
    "members",
    "meta",
    "middleName",
    "name",
    "nickName",
    "organization",
    "password",
    "phoneNumbers",
    "photos",
    "postalCode",
    "preferredLanguage",
    "primary",
    "profileUrl",
    "$ref",
    "region",
    "resourceType",
    "roles",
    "schemas",
    "streetAddress",
    "timezone",
    "title",
    "type",
    "userName",
    "userType",
    "value",
    "version",
    "x509Certificates",
    "authenticationSchemes",
    "documentationUri",
];

/// The RFC's spelling of an attribute name of the core schemas; other names come back unchanged.
pub fn spelled(name: &str) -> &str {
    SPELLING.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or(name)
}

/// Whether the core schemas define `name` as a list.
pub fn is_multi_valued(name: &str) -> bool {
    MULTI_VALUED.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether text in this attribute is compared byte for byte.
///
/// RFC 7643 §3.1 makes `id`, `externalId` and the URIs exact. It calls `members.value` inexact, yet
/// that value is an id: two members that differ in case only must never be taken for each other, so
/// references compare exactly here.
pub fn is_case_exact(name: &str, sub: Option<&str>) -> bool {
    let exact = |text: &str| {
        ["id", "externalId", "$ref", "location", "version"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(text))
    };
    match sub {
        None => exact(name),
        Some(sub) if sub.eq_ignore_ascii_case("value") => {
            ["members", "groups", "manager"].iter().any(|known| known.eq_ignore_ascii_case(name))
        }
        Some(sub) => exact(sub),
    }
}
