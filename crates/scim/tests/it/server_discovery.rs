//! What the server says about itself, and that it is what it does.

use rollbook_scim::definition::{self, Attribute};
use rollbook_scim::server::discovery::{Offer, resource_types, schemas, service_provider_config};
use rollbook_scim::server::{BulkLimits, Limits, ResourceType};
use rollbook_scim::{ServiceProviderConfig, schema};
use serde_json::{Value, json};

#[test]
fn the_configuration_is_read_back_by_a_client() {
    let offer = Offer {
        base: "https://h/scim/slack/v2",
        bulk: BulkLimits { operations_max: 1000, payload_max: 1_048_576 },
        pages: Limits { count_default: 100, count_max: 200 },
        cursor_timeout_s: 3600,
        security_events: true,
        documentation: Some("https://h/docs"),
    };
    let config = service_provider_config(&offer);
    let read = ServiceProviderConfig::read(&config);
    assert_eq!(
        (read.patch, read.filter, read.sort, read.etag),
        (Some(true), Some(true), Some(true), Some(true))
    );
    assert_eq!((read.bulk.unwrap().operations_max, read.results_max), (1000, Some(200)));
    assert_eq!(
        (read.cursor, read.authentication),
        (Some(true), vec!["oauthbearertoken".to_owned()])
    );
    assert_eq!(config["pagination"]["cursorTimeout"], json!(3600));
    assert_eq!(config["securityEvents"]["asyncRequest"], json!("request"));
    let older = service_provider_config(&Offer { security_events: false, ..offer });
    assert_eq!(older.get("securityEvents"), None, "clients from before RFC 9967 refuse it");
    assert_eq!(config["meta"]["location"], json!("https://h/scim/slack/v2/ServiceProviderConfig"));
}

#[test]
fn every_schema_and_kind_has_its_url() {
    let all = schemas("https://h/v2");
    let ids: Vec<&str> = all.iter().map(|it| it["id"].as_str().unwrap()).collect();
    let expected = [
        schema::USER,
        schema::GROUP,
        schema::ENTERPRISE_USER,
        schema::DELIVERY_USER,
        schema::DELIVERY_GROUP,
    ];
    assert_eq!(ids, expected);
    assert_eq!(all[0]["meta"]["location"], json!(format!("https://h/v2/Schemas/{}", schema::USER)));
    let types = resource_types("https://h/v2");
    let extensions: Vec<&Value> =
        types[0]["schemaExtensions"].as_array().unwrap().iter().map(|it| &it["schema"]).collect();
    assert_eq!(extensions, [&json!(schema::ENTERPRISE_USER)], "delivery is shown on request");
    assert_eq!(types[1]["meta"]["location"], json!("https://h/v2/ResourceTypes/Group"));
    assert_eq!(types.iter().map(|it| &it["endpoint"]).collect::<Vec<_>>(), ["/Users", "/Groups"]);
}

#[test]
fn every_attribute_of_the_user_of_the_rfc_is_there() {
    let names: Vec<&str> = definition::USER.attributes.iter().map(|it| it.name).collect();
    insta::assert_snapshot!(names.join(" "), @"userName name displayName nickName profileUrl title userType preferredLanguage locale timezone active password emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates");
}

/// What is published about case and plurality is what comparing and patching go by.
#[test]
fn what_is_published_about_an_attribute_is_how_it_is_treated() {
    fn check(attribute: &Attribute, up: Option<&Attribute>) {
        let name = attribute.name;
        let exact = match up {
            None => schema::is_case_exact(name, None),
            Some(up) => schema::is_case_exact(up.name, Some(name)),
        };
        assert_eq!(exact, attribute.case_exact, "{name} of {:?}", up.map(|it| it.name));
        assert_eq!(schema::spelled(&name.to_uppercase()), name);
        if up.is_none() {
            assert_eq!(schema::is_multi_valued(name), attribute.multi_valued, "{name}");
        }
        attribute.subs.iter().for_each(|sub| check(sub, Some(attribute)));
    }
    let cores = ResourceType::ALL.map(ResourceType::schema);
    for schema in cores.into_iter().chain([&definition::ENTERPRISE]) {
        schema.attributes.iter().for_each(|attribute| check(attribute, None));
    }
    definition::COMMON.iter().for_each(|attribute| check(attribute, None));
}

#[test]
fn the_delivery_of_a_resource_can_be_read_and_not_written() {
    fn check(attribute: &Attribute) {
        assert_eq!(attribute.mutability, definition::Mutability::ReadOnly, "{}", attribute.name);
        assert_eq!(attribute.returned, definition::Returned::Request, "{}", attribute.name);
        attribute.subs.iter().for_each(check);
    }
    definition::DELIVERY_USER.attributes.iter().for_each(check);
    definition::DELIVERY_GROUP.attributes.iter().for_each(check);
}
