//! What servers say about themselves.

use rollbook_scim::ServiceProviderConfig;
use rollbook_scim::discovery::{Bulk, resource_types, schemas};
use serde_json::{Value, json};

#[test]
fn a_config_is_written_and_read() {
    let config = ServiceProviderConfig {
        patch: Some(true),
        bulk: Some(Bulk { supported: false, operations_max: 0, payload_max: 0 }),
        filter: Some(true),
        results_max: Some(200),
        change_password: Some(false),
        sort: Some(false),
        etag: Some(true),
        cursor: Some(false),
        authentication: vec!["oauthbearertoken".to_owned()],
    };
    assert_eq!(ServiceProviderConfig::read(&config.to_json()), config);
}

#[test]
fn what_is_not_said_is_unknown() {
    for body in [json!(null), json!("<html>"), json!({}), json!([])] {
        assert_eq!(ServiceProviderConfig::read(&body), ServiceProviderConfig::default());
    }
    let odd = json!({"Resources": [{"PATCH": true, "filter": {"supported": "True", "maxResults": "50"}}]});
    let config = ServiceProviderConfig::read(&odd);
    assert_eq!(
        (config.patch, config.filter, config.results_max),
        (Some(true), Some(true), Some(50))
    );
}

#[test]
fn every_attribute_has_all_its_characteristics() {
    fn check(attribute: &Value) {
        for name in [
            "name",
            "type",
            "multiValued",
            "description",
            "required",
            "caseExact",
            "mutability",
            "returned",
            "uniqueness",
        ] {
            assert!(attribute.get(name).is_some(), "{name} of {attribute}");
        }
        let is_complex = attribute["type"] == "complex";
        assert_eq!(is_complex, attribute.get("subAttributes").is_some(), "{attribute}");
        attribute["subAttributes"].as_array().into_iter().flatten().for_each(check);
    }
    for schema in schemas() {
        schema["attributes"].as_array().unwrap().iter().for_each(check);
    }
    assert_eq!(resource_types().len(), 2);
}
