//! What POST and PUT make of a body (RFC 7644 §3.3, §3.5.1).

use rollbook_scim::ErrorMessage;
use rollbook_scim::server::ResourceType::{self, Group, User};
use rollbook_scim::server::{Rules, resource};
use serde_json::{Map, Value, json};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// `more` as a user called Ana.
fn ana(more: Value) -> Value {
    let mut body = json!({"schemas": [CORE], "userName": "ana"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// What is stored of `more`, besides the name, the schema and `active`.
fn kept(more: Value, rules: &Rules) -> Value {
    let mut made = resource::create(User, ana(more), rules).unwrap();
    assert_eq!(made.remove("userName"), Some(json!("ana")));
    made.retain(|name, value| name != "schemas" && !(name == "active" && *value == json!(true)));
    Value::Object(made)
}

fn said<T>(done: Result<T, ErrorMessage>) -> String {
    let error = done.err().expect("it is refused");
    let word = error.scim_type.unwrap_or_default();
    format!("{} {word}: {}", error.status.unwrap(), error.detail.unwrap())
}

fn refused(more: Value) -> String {
    said(resource::create(User, ana(more), &Rules::STRICT))
}

fn before(kind: ResourceType, body: Value) -> Map<String, Value> {
    let mut made = resource::create(kind, body, &Rules::STRICT).unwrap();
    made.remove("members");
    made.insert("id".to_owned(), json!("7"));
    made
}

#[test]
fn names_are_spelled_as_the_rfc_spells_them_and_values_kept_byte_for_byte() {
    let sent = json!({
        "EXTERNALID": " 00u\u{e9}E\u{301} ",
        "Name": {"GIVENNAME": "Ána", "familyname": "Ruiz"},
        "emails": [{"VALUE": "Ana@X.com", "Type": "work", "PRIMARY": true}],
        ENTERPRISE.to_uppercase(): {"DEPARTMENT": "Ovens"},
    });
    let expected = json!({
        "externalId": " 00u\u{e9}E\u{301} ",
        "name": {"givenName": "Ána", "familyName": "Ruiz"},
        "emails": [{"value": "Ana@X.com", "type": "work", "primary": true}],
        ENTERPRISE: {"department": "Ovens"},
    });
    assert_eq!(kept(sent, &Rules::STRICT), expected);
}

#[test]
fn null_empty_and_absent_are_the_same() {
    let sent = json!({
        "title": null, "emails": [], "roles": [null, {}], "name": {"givenName": null},
        ENTERPRISE: {"manager": null}, "phoneNumbers": null, "nickName": [],
    });
    assert_eq!(kept(sent, &Rules::STRICT), json!({}));
}

#[test]
fn what_a_client_may_not_write_is_ignored_and_a_password_is_not_kept() {
    let sent = json!({
        "id": "evil", "meta": {"version": "x"}, "groups": [{"value": "admins"}],
        "password": "1mz050nq",
        "urn:rollbook:params:scim:schemas:extension:delivery:1.0:User": {"state": "verified"},
        ENTERPRISE: {"manager": {"value": "9", "displayName": "Boss"}},
    });
    assert_eq!(kept(sent, &Rules::STRICT), json!({ENTERPRISE: {"manager": {"value": "9"}}}));
}

#[test]
fn what_no_schema_knows_is_not_stored() {
    let sent = json!({
        "tenant": "other", "protected": true, "isAdmin": "yes", "name": {"evil": 1},
        "urn:ietf:params:scim:schemas:extension:device:2.0:User": {"isAdmin": true},
        format!("{ENTERPRISE}:isAdmin"): true,
    });
    assert_eq!(kept(sent.clone(), &Rules::STRICT), json!({}));
    assert_eq!(kept(sent, &Rules::LENIENT), json!({}));
}

#[test]
fn schemas_name_the_parts_that_are_there() {
    let sent = ana(json!({ENTERPRISE: {"division": "Bread"}}));
    let made = resource::create(User, sent, &Rules::STRICT).unwrap();
    assert_eq!(made["schemas"], json!([CORE, ENTERPRISE]));
    let all = json!({"schemas": [CORE, ENTERPRISE, "urn:x:y:2.0:Z"], "userName": "ana"});
    let made = resource::create(User, all, &Rules::STRICT).unwrap();
    assert_eq!(made["schemas"], json!([CORE]));
}

#[test]
fn attributes_of_the_core_may_stand_under_its_urn() {
    for rules in [Rules::STRICT, Rules::LENIENT] {
        let inside = json!({"userName": "ana", "emails": [{"value": "a@x"}]});
        let body = json!({"schemas": [CORE], "title": "Baker", CORE.to_lowercase(): inside});
        let made = resource::create(User, body, &rules).unwrap();
        let expected = json!({"schemas": [CORE], "userName": "ana", "title": "Baker",
            "active": true, "emails": [{"value": "a@x"}]});
        assert_eq!(json!(made), expected);
        let twice = ana(json!({CORE: {"USERNAME": "eva"}}));
        let why = said(resource::create(User, twice, &rules));
        assert!(why.starts_with("400 invalidValue: \"USERNAME\" is there twice"), "{why}");
        assert!(resource::create(User, ana(json!({CORE: "x"})), &rules).is_err());
    }
}

#[test]
fn one_value_is_primary_and_none_comes_twice() {
    let sent = json!({"emails": [
        {"value": "a@x", "type": "work", "primary": true},
        {"value": "b@x", "type": "home", "primary": true},
        {"value": "a@x", "type": "work"},
    ]});
    let expected = json!({"emails": [
        {"value": "a@x", "type": "work", "primary": true},
        {"value": "b@x", "type": "home", "primary": false},
    ]});
    assert_eq!(kept(sent, &Rules::STRICT), expected);
    let many: Vec<Value> = (0..60).map(|n| json!({"value": format!("r{}", n % 30)})).collect();
    let roles = kept(json!({ "roles": many }), &Rules::STRICT);
    assert_eq!(roles["roles"].as_array().unwrap().len(), 30);
}

#[test]
fn a_value_of_another_type_is_refused_with_its_place() {
    let cases = [
        json!({"title": 5}),
        json!({"title": {"value": "x"}}),
        json!({"name": "Ana Ruiz"}),
        json!({"emails": {"value": "a@x"}}),
        json!({"emails": ["a@x"]}),
        json!({"emails": [{"value": "a@x"}, {"value": ["b@x"]}]}),
        json!({"emails": [{"value": "a@x", "primary": "yes"}]}),
        json!({ENTERPRISE: "x"}),
        json!({ENTERPRISE: {"manager": "9"}}),
    ];
    let said: Vec<String> = cases.into_iter().map(refused).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    400 invalidValue: "title" is text, and what was sent is not.
    400 invalidValue: "title" is text, and what was sent is not.
    400 invalidValue: "name" is a JSON object, and what was sent is not.
    400 invalidValue: "emails" is a list, and what was sent is not.
    400 invalidValue: "emails[0]" is a JSON object, and what was sent is not.
    400 invalidValue: "emails[1].value" is text, and what was sent is not.
    400 invalidValue: "emails[0].primary" is true or false, and what was sent is not.
    400 invalidValue: What is under "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User" is no JSON object.
    400 invalidValue: "manager" is a JSON object, and what was sent is not.
    "#);
}

#[test]
fn a_required_attribute_must_be_there_and_not_empty() {
    for name in [json!(null), json!(""), json!("  "), json!([])] {
        let body = json!({"schemas": [CORE], "userName": name});
        let why = said(resource::create(User, body, &Rules::STRICT));
        assert_eq!(why, "400 invalidValue: A User needs \"userName\", and it is missing or empty.");
    }
    let why = said(resource::create(Group, json!({"schemas": [GROUP]}), &Rules::STRICT));
    assert_eq!(why, "400 invalidValue: A Group needs \"displayName\", and it is missing or empty.");
}

#[test]
fn a_strict_caller_must_name_the_schema_and_a_lenient_one_need_not() {
    for schemas in [json!(null), json!([]), json!([GROUP]), json!("x")] {
        let body = json!({"schemas": schemas, "userName": "ana"});
        let why = said(resource::create(User, body.clone(), &Rules::STRICT));
        assert!(why.starts_with("400 invalidSyntax: \"schemas\" does not name"), "{why}");
        let made = resource::create(User, body, &Rules::LENIENT).unwrap();
        assert_eq!(made["schemas"], json!([CORE]));
    }
    for body in [json!([]), json!("x"), json!(null)] {
        let why = said(resource::create(User, body, &Rules::LENIENT));
        assert_eq!(why, "400 invalidSyntax: The body of a User is a JSON object.");
    }
}

#[test]
fn a_missing_active_is_true_at_first_and_unchanged_later() {
    let made = resource::create(User, ana(json!({})), &Rules::STRICT).unwrap();
    assert_eq!(made["active"], json!(true));
    let off = before(User, ana(json!({"active": false})));
    for rules in [Rules::STRICT, Rules::LENIENT] {
        let now = resource::replace(User, &off, ana(json!({})), &rules).unwrap();
        assert_eq!(now["active"], json!(false));
    }
}

#[test]
fn an_odd_active_is_refused_for_everybody_and_text_that_says_true_or_false_is_not() {
    let ana_before = before(User, ana(json!({})));
    for rules in [Rules::STRICT, Rules::LENIENT] {
        for odd in [
            json!(null),
            json!(0),
            json!(1),
            json!([]),
            json!(""),
            json!({}),
            json!("no"),
            json!([false]),
        ] {
            let body = ana(json!({"active": odd}));
            let why = said(resource::create(User, body.clone(), &rules));
            assert!(why.starts_with("400 invalidValue: \"active\" is true or false"), "{why}");
            said(resource::replace(User, &ana_before, body, &rules));
        }
        for (sent, stored) in [("False", false), ("false", false), ("True", true)] {
            let made = resource::create(User, ana(json!({"active": sent})), &rules).unwrap();
            assert_eq!(made["active"], json!(stored));
        }
    }
}

#[test]
fn put_replaces_what_a_client_may_write_and_keeps_the_rest() {
    let old = before(User, ana(json!({"title": "Baker", "externalId": "e1"})));
    let body = ana(json!({"id": "7", "nickName": "An", "groups": [], "meta": {}}));
    let now = resource::replace(User, &old, body.clone(), &Rules::STRICT).unwrap();
    let expected = json!({
        "schemas": [CORE], "id": "7", "userName": "ana", "active": true, "nickName": "An",
    });
    assert_eq!(json!(now), expected);
    let now = resource::replace(User, &old, body, &Rules::LENIENT).unwrap();
    assert_eq!(now["externalId"], json!("e1"), "a lenient caller may leave it out");
}

#[test]
fn put_with_the_id_of_another_resource_is_refused() {
    let old = before(User, ana(json!({})));
    for rules in [Rules::STRICT, Rules::LENIENT] {
        let why = said(resource::replace(User, &old, ana(json!({"ID": "8"})), &rules));
        assert!(why.starts_with("400 mutability: The \"id\" in the body"), "{why}");
    }
    assert!(resource::replace(User, &old, ana(json!({"id": 7})), &Rules::LENIENT).is_ok());
}

#[test]
fn members_come_tidied_and_an_absent_list_is_nobody_only_for_strict_callers() {
    let body = json!({
        "schemas": [GROUP], "displayName": "Bakers",
        "members": [
            {"value": "u1", "display": "Ana", "$ref": "https://h/scim/v2/Users/u1"},
            {"value": "g2", "$ref": "../Groups/g2"}, {"value": "u1"},
        ],
    });
    let made = resource::create(Group, body, &Rules::STRICT).unwrap();
    let expected = json!([{"value": "u1", "display": "Ana"}, {"value": "g2", "type": "Group"}]);
    assert_eq!(made["members"], expected);
    let group = |members: Value| {
        let mut body = json!({"schemas": [GROUP], "displayName": "Bakers"});
        if members != json!("absent") {
            body["members"] = members;
        }
        body
    };
    let old = before(Group, group(json!([])));
    let now = |members: Value, rules: &Rules| {
        let now = resource::replace(Group, &old, group(members), rules).unwrap();
        now.get("members").cloned()
    };
    assert_eq!(now(json!("absent"), &Rules::STRICT), Some(json!([])));
    assert_eq!(now(json!("absent"), &Rules::LENIENT), None);
    for nobody in [json!([]), json!(null)] {
        assert_eq!(now(nobody.clone(), &Rules::STRICT), Some(json!([])));
        assert_eq!(now(nobody, &Rules::LENIENT), Some(json!([])));
    }
    let why = said(resource::create(Group, group(json!([{"display": "x"}])), &Rules::STRICT));
    assert_eq!(why, "400 invalidValue: \"members[0]\" has no \"value\", so it names nobody.");
}

#[test]
fn the_full_user_of_the_rfc_is_taken_with_its_address_of_two_lines() {
    let address =
        json!({"type": "work", "formatted": "100 Main\nTown", "streetAddress": "100\r\nMain"});
    let kept_address = kept(json!({"addresses": [address]}), &Rules::STRICT);
    assert_eq!(kept_address["addresses"], json!([address]));
    assert!(refused(json!({"displayName": "a\nb"})).contains("U+000A"));
}

#[test]
fn characters_that_nobody_sees_are_refused_in_every_text() {
    let evil = [
        "a\0b",
        "a\rb",
        "a\nb",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{e0041}b",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{feff}b",
        "a\u{200b}b",
        "a\u{7f}b",
        "a\u{ffff}b",
        "a\tb",
    ];
    for text in evil {
        let code = format!("U+{:04X}", text.chars().nth(1).unwrap() as u32);
        for more in [
            json!({"userName": text}),
            json!({"externalId": text}),
            json!({"displayName": text}),
            json!({"name": {"familyName": text}}),
            json!({"emails": [{"value": text}]}),
            json!({"emails": [{"value": "x", "type": text}]}),
            json!({"password": text}),
            json!({ENTERPRISE: {"department": text}}),
            json!({ENTERPRISE: {"manager": {"value": text}}}),
        ] {
            let why = refused(more);
            assert!(why.starts_with("400 invalidValue: ") && why.contains(&code), "{why}");
        }
    }
    let seen = json!({"displayName": "نور\u{200f} — Zoë 👩\u{200d}🚀 नमस्ते"});
    assert_eq!(kept(seen.clone(), &Rules::STRICT), seen);
}
