//! Which part of a resource an answer shows (RFC 7644 §3.9).

use rollbook_scim::server::Projection;
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn ana() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": "7", "userName": "ana", "title": "Baker",
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}],
        ENTERPRISE: {"department": "Ovens", "manager": {"value": "9", "displayName": "Boss"}},
    })
}

/// What is shown besides `schemas`.
fn shown(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let projection = Projection::read(attributes, excluded, true).unwrap();
    let mut resource = ana().as_object().unwrap().clone();
    projection.apply(&mut resource);
    assert_eq!(resource.remove("schemas"), ana().get("schemas").cloned());
    Value::Object(resource)
}

#[test]
fn only_what_is_asked_for_is_shown_and_the_id() {
    let only = |names| shown(Some(names), None);
    assert_eq!(only("userName"), json!({"id": "7", "userName": "ana"}));
    assert_eq!(only(" USERNAME , ghost,"), json!({"id": "7", "userName": "ana"}));
    assert_eq!(only("ghost"), json!({"id": "7"}));
    assert_eq!(
        only("name.givenName,emails.value"),
        json!({"id": "7", "name": {"givenName": "Ana"}, "emails": [{"value": "a@x"}, {"value": "b@x"}]})
    );
    assert_eq!(
        only("emails.type,emails.value,name.givenName,name.familyName"),
        json!({"id": "7", "name": ana()["name"], "emails": ana()["emails"]})
    );
    assert_eq!(
        only("urn:ietf:params:scim:schemas:core:2.0:User:title"),
        json!({"id": "7", "title": "Baker"})
    );
}

#[test]
fn extensions_are_reached_by_urn() {
    let only = |names: &str| shown(Some(names), None);
    assert_eq!(only(ENTERPRISE), json!({"id": "7", ENTERPRISE: ana()[ENTERPRISE]}));
    let manager = json!({"id": "7", ENTERPRISE: {"manager": {"value": "9"}}});
    assert_eq!(only(&format!("{ENTERPRISE}:manager.value")), manager);
    let mut core = ana();
    core.as_object_mut().unwrap().retain(|name, _| name != "schemas" && name != ENTERPRISE);
    assert_eq!(only("urn:ietf:params:scim:schemas:core:2.0:User"), core);
    assert_eq!(shown(None, Some(ENTERPRISE)), core);
}

#[test]
fn what_is_excluded_is_away_and_the_id_never_is() {
    let without = |names: &str| shown(None, Some(names));
    let mut expected = ana();
    expected.as_object_mut().unwrap().remove("schemas");
    expected["name"] = json!({"givenName": "Ana"});
    expected["emails"] = json!([{"value": "a@x"}, {"value": "b@x"}]);
    expected[ENTERPRISE] = json!({"manager": {"value": "9"}});
    expected.as_object_mut().unwrap().remove("title");
    let names = format!(
        "title,name.familyName,emails.type,{ENTERPRISE}:department,{ENTERPRISE}:manager.displayName,\
         id,schemas,ghost.x"
    );
    assert_eq!(without(&names), expected);
}

#[test]
fn it_is_known_beforehand_what_need_not_be_read() {
    fn of(attributes: Option<&str>, excluded: Option<&str>) -> Projection {
        Projection::read(attributes, excluded, true).unwrap()
    }
    assert!(of(None, None).is_plain() && of(Some(""), Some(" ,")).is_plain());
    assert!(
        !of(None, Some("members")).wants("members") && of(None, Some("members")).wants("groups")
    );
    assert!(of(None, Some("members.display")).wants("members"));
    assert!(of(Some("members.value"), None).wants("Members"));
    assert!(!of(Some("displayName"), None).wants("members"));
    let delivery = "urn:rollbook:params:scim:schemas:extension:delivery:1.0:User";
    assert!(of(Some(&format!("{delivery}:state")), None).wants(delivery));
    assert!(of(Some(delivery), None).wants(delivery));
    for unasked in
        [of(None, None), of(None, Some("title")), of(None, Some(delivery)), of(Some("id"), None)]
    {
        assert!(!unasked.wants(delivery));
    }
    let core = of(Some("urn:ietf:params:scim:schemas:core:2.0:Group"), None);
    assert!(core.wants("members") && !core.wants(delivery));
    let nothing = of(Some("title"), Some(""));
    assert!(!nothing.is_plain() && nothing.wants("id"));
}

#[test]
fn both_lists_at_once_and_what_is_no_name_are_refused() {
    assert!(Projection::read(Some("id"), Some("title"), true).is_err());
    assert!(Projection::read(Some("id,(select 1)"), None, true).is_err());
    assert!(Projection::read(Some("id,(select 1)"), None, false).is_ok());
    assert!(Projection::read(Some(&"a,".repeat(1000)), None, false).is_err());
}
