//! PATCH applied to JSON (RFC 7644 §3.5.2).

use proptest::prelude::*;
use rollbook_scim::Patch;
use rollbook_scim::patch::Rules;
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "7",
        "userName": "ana",
        "active": true,
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "emails": [
            {"type": "work", "value": "ana@work", "primary": true},
            {"type": "home", "value": "ana@home"},
        ],
    })
}

/// The user after the operations, or the RFC's word for why not.
fn after(rules: &Rules, operations: Value) -> Result<Value, &'static str> {
    let patch = Patch::read(&json!({ "Operations": operations }));
    let patch = patch.map_err(|error| error.scim_type().word())?;
    patch.apply(&user(), rules).map_err(|error| error.scim_type().word())
}

/// What the attributes named in `expected` are afterwards; all others must be as before.
fn check(operations: Value, expected: Value) {
    let found = after(&Rules::strict(), operations.clone()).unwrap();
    let mut wanted = user();
    for (name, value) in expected.as_object().unwrap() {
        match value {
            Value::Null => drop(wanted.as_object_mut().unwrap().remove(name)),
            value => wanted[name] = value.clone(),
        }
    }
    assert_eq!(found, wanted, "{operations}");
}

fn check_refused(operations: Value, word: &str) {
    assert_eq!(after(&Rules::strict(), operations.clone()), Err(word), "{operations}");
}

#[test]
fn a_single_value_is_set_by_add_and_by_replace() {
    for op in ["add", "replace", "Replace"] {
        check(json!([{"op": op, "path": "active", "value": false}]), json!({"active": false}));
        check(json!([{"op": op, "path": "ACTIVE", "value": "False"}]), json!({"active": false}));
        check(json!([{"op": op, "path": "title", "value": "Baker"}]), json!({"title": "Baker"}));
        let name = json!({"givenName": "Eva", "familyName": "Ruiz"});
        check(json!([{"op": op, "path": "name.givenName", "value": "Eva"}]), json!({"name": name}));
        check(
            json!([{"op": op, "path": "name", "value": {"givenName": "Eva"}}]),
            json!({"name": name}),
        );
    }
}

#[test]
fn without_a_path_each_key_is_a_path() {
    let value = json!({
        "active": false,
        "name.givenName": "Eva",
        "Title": "Baker",
        "emails[type eq \"home\"].value": "new@home",
        "schemas": ["ignored"],
    });
    check(
        json!([{"op": "replace", "value": value}]),
        json!({
            "active": false,
            "title": "Baker",
            "name": {"givenName": "Eva", "familyName": "Ruiz"},
            "emails": [
                {"type": "work", "value": "ana@work", "primary": true},
                {"type": "home", "value": "new@home"},
            ],
        }),
    );
    check(json!([{"op": "replace", "value": {}}]), json!({}));
}

#[test]
fn add_to_a_list_appends_what_is_not_there_yet() {
    let old = user()["emails"].clone();
    let again = json!([{"type": "home", "value": "ana@home"}]);
    check(json!([{"op": "add", "path": "emails", "value": again}]), json!({}));
    let other = json!({"type": "other", "value": "x"});
    let mut three = old.as_array().unwrap().clone();
    three.push(other.clone());
    check(json!([{"op": "add", "path": "emails", "value": other}]), json!({"emails": three}));
    let roles = json!([{"value": "admin"}]);
    check(json!([{"op": "add", "path": "roles", "value": roles[0]}]), json!({"roles": roles}));
}

#[test]
fn replace_of_a_list_takes_its_place() {
    let one = json!([{"value": "x"}]);
    check(json!([{"op": "replace", "path": "emails", "value": one}]), json!({"emails": one}));
    check(json!([{"op": "replace", "path": "emails", "value": []}]), json!({"emails": null}));
    check(json!([{"op": "replace", "path": "emails", "value": null}]), json!({"emails": null}));
}

#[test]
fn a_new_primary_takes_it_from_the_old_one() {
    let emails = json!([
        {"type": "work", "value": "ana@work", "primary": false},
        {"type": "home", "value": "ana@home", "primary": true},
    ]);
    let ways = [
        json!({"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}),
        json!({"op": "add", "path": "emails",
            "value": [{"type": "home", "value": "ana@home", "primary": true}]}),
        json!({"op": "add", "path": "emails[type eq \"home\"]", "value": {"primary": true}}),
    ];
    for way in ways {
        check(json!([way]), json!({"emails": emails}));
    }
}

#[test]
fn a_filter_that_fits_nothing_is_refused_or_makes_the_element() {
    let operation = json!([
        {"op": "replace", "path": "emails[type eq \"other\"].value", "value": "x"},
    ]);
    check_refused(operation.clone(), "noTarget");
    let made = after(&Rules::lenient(), operation).unwrap();
    assert_eq!(made["emails"][2], json!({"type": "other", "value": "x"}));
    let undescribed = json!([
        {"op": "replace", "path": "emails[type ne \"work\" and type ne \"home\"].value", "value": "x"},
    ]);
    assert_eq!(after(&Rules::lenient(), undescribed), Err("noTarget"));
}

#[test]
fn removal_takes_an_attribute_an_element_or_a_sub_attribute() {
    let work = json!([{"type": "work", "value": "ana@work", "primary": true}]);
    check(json!([{"op": "remove", "path": "name"}]), json!({"name": null}));
    check(json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]), json!({"emails": work}));
    check(
        json!([{"op": "remove", "path": "name.givenName"}]),
        json!({"name": {"familyName": "Ruiz"}}),
    );
    check(json!([{"op": "remove", "path": "emails[value pr]"}]), json!({"emails": null}));
    check(json!([{"op": "remove", "path": "emails[type eq \"x\"]"}]), json!({}));
    check(json!([{"op": "remove", "path": "ghost"}]), json!({}));
    check_refused(json!([{"op": "remove"}]), "noTarget");
    check_refused(json!([{"op": "remove", "path": "userName"}]), "mutability");
}

#[test]
fn members_named_by_value_go_alone() {
    let group =
        json!({"members": [{"value": "a", "display": "A"}, {"value": "b"}, {"value": "B"}]});
    let patch = Patch::remove_members_by_value(["a", "b"]);
    let left = patch.apply(&group, &Rules::strict()).unwrap();
    assert_eq!(left, json!({"members": [{"value": "B"}]}));
    let patch = Patch::remove_members(["B"]);
    assert_eq!(patch.apply(&left, &Rules::strict()).unwrap(), json!({}));
}

#[test]
fn read_only_attributes_may_be_repeated_and_not_changed() {
    check(
        json!([{"op": "replace", "value": {"id": "7", "title": "Baker"}}]),
        json!({"title": "Baker"}),
    );
    check_refused(json!([{"op": "replace", "path": "id", "value": "8"}]), "mutability");
    check_refused(
        json!([{"op": "add", "path": "groups", "value": [{"value": "x"}]}]),
        "mutability",
    );
    check_refused(json!([{"op": "remove", "path": "meta.created"}]), "mutability");
}

#[test]
fn an_odd_active_is_refused_and_never_deactivates() {
    for odd in [json!(0), json!("no"), json!(""), json!({}), json!("0")] {
        check_refused(json!([{"op": "replace", "path": "active", "value": odd}]), "invalidValue");
    }
}

#[test]
fn extensions_are_reached_by_urn_and_named_in_schemas() {
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    let ways = [
        json!({"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Ovens"}),
        json!({"op": "add", "path": ENTERPRISE, "value": {"department": "Ovens"}}),
        json!({"op": "add", "value": {ENTERPRISE: {"department": "Ovens"}}}),
        json!({"op": "add", "value": {format!("{ENTERPRISE}:department"): "Ovens"}}),
    ];
    for way in ways {
        let expected = json!({
            "schemas": [core, ENTERPRISE],
            ENTERPRISE: {"department": "Ovens"},
        });
        check(json!([way]), expected);
    }
    check(
        json!([
            {"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Ovens"},
            {"op": "remove", "path": ENTERPRISE},
            {"op": "replace", "path": format!("{core}:title"), "value": "Baker"},
        ]),
        json!({"title": "Baker"}),
    );
}

#[test]
fn a_later_error_undoes_what_came_before() {
    check_refused(
        json!([
            {"op": "replace", "path": "active", "value": false},
            {"op": "replace", "path": "id", "value": "8"},
        ]),
        "mutability",
    );
}

fn small_json() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!("x"),
        json!(1),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({"value": "x", "primary": true}),
        json!([{"value": "x", "type": "work"}, {"value": "y", "primary": true}]),
    ])
}

proptest! {
    #[test]
    fn no_operation_panics_and_the_same_again_changes_nothing_more(
        verb in prop::sample::select(vec!["add", "replace", "remove"]),
        path in prop::sample::select(vec![
            "emails", "emails.value", "emails[value eq \"x\"]", "emails[type eq \"work\"].value",
            "name", "name.givenName", "active", "title", "roles", "urn:x:y:2.0:User",
            "urn:x:y:2.0:User:a.b", "emails[not (type pr)]", "members[value eq \"x\"]",
        ]),
        value in small_json(),
        held in small_json(),
    ) {
        let mut before = user();
        let name = path.split(['.', '[']).next().unwrap().to_owned();
        if !name.starts_with("urn") {
            before[&name] = held;
        }
        let body = json!({"Operations": [{"op": verb, "path": path, "value": value}]});
        let patch = Patch::read(&body).unwrap();
        for rules in [Rules::strict(), Rules::lenient()] {
            if let Ok(once) = patch.apply(&before, &rules) {
                if let Ok(twice) = patch.apply(&once, &rules) {
                    prop_assert_eq!(&twice, &once);
                }
                prop_assert_eq!(&once["id"], "7");
            }
        }
    }

    #[test]
    fn with_a_path_and_without_it_is_the_same(active: bool, title in "\\PC{1,8}") {
        let patch = Patch::active(active)
            .replace("title".parse().unwrap(), json!(title))
            .replace("name.givenName".parse().unwrap(), json!(title));
        let rules = Rules::strict();
        prop_assert_eq!(patch.apply(&user(), &rules), patch.pathless().apply(&user(), &rules));
    }
}
