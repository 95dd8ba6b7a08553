//! How identity providers really write, one test for each habit.

use rollbook_scim::ErrorMessage;
use rollbook_scim::group::Member;
use rollbook_scim::server::ResourceType::{self, Group, User};
use rollbook_scim::server::{Limits, MemberChange, Page, Profile, Query, member, query, resource};
use serde_json::{Map, Value, json};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const LIMITS: Limits = Limits { count_default: 100, count_max: 200 };

type Body = Map<String, Value>;

fn created(profile: Profile, kind: ResourceType, body: Value) -> Body {
    let mut made = resource::create(kind, body, &profile.rules()).unwrap();
    made.insert("id".to_owned(), json!("7"));
    made
}

/// A user with a work address and a title.
fn ana() -> Body {
    let emails = json!([{"type": "work", "value": "ana@x.com", "primary": true}]);
    created(
        Profile::Strict,
        User,
        json!({"schemas": [CORE], "userName": "ana", "title": "Baker", "emails": emails}),
    )
}

fn patched(profile: Profile, operations: Value) -> Result<Body, ErrorMessage> {
    let schemas = json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]);
    let patch = profile.patch(&json!({"schemas": schemas, "Operations": operations}))?;
    let done = resource::patch(User, &ana(), &patch, &profile.rules())?;
    Ok(done.unwrap_or_else(ana))
}

/// What a PATCH does to the members; the rest of it must be `rest` operations.
fn members(profile: Profile, body: Value, rest: usize) -> Vec<MemberChange> {
    let patch = profile.patch(&body).unwrap();
    let (left, changes) = member::split(&patch, &profile.rules()).unwrap();
    assert_eq!(left.operations.len(), rest);
    changes
}

fn person(id: &str, display: Option<&str>) -> Member {
    Member { value: id.to_owned(), display: display.map(str::to_owned), kind: None }
}

fn asked(profile: Profile, raw: &str) -> Query {
    Query::from_params(&query::pairs(raw).unwrap(), &LIMITS, &profile.rules()).unwrap()
}

// Microsoft Entra ID

#[test]
fn entra_tests_the_connection_with_an_unknown_name_and_plus_signs() {
    let raw = "filter=userName+eq+%22b7a1e6a0-77b7-4b6c-9a0e-3f5f0e0d1c2b%22";
    let filter = asked(Profile::Entra, raw).filter.unwrap();
    assert_eq!(filter.to_string(), "userName eq \"b7a1e6a0-77b7-4b6c-9a0e-3f5f0e0d1c2b\"");
    assert!(!filter.matches(&json!(ana())));
    let query = asked(Profile::Entra, "excludedAttributes=members&filter=displayName+eq+%22x%22");
    assert!(!query.projection.wants("members"));
}

#[test]
fn entra_looks_for_a_work_address_and_for_a_manager_by_id() {
    let ana = created(
        Profile::Entra,
        User,
        json!({"userName": "ana", "emails": [{"type": "work", "value": "Ana@x.com"}], ENTERPRISE: {"manager": "9"}}),
    );
    for raw in [
        "filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22ana%40X.com%22",
        "filter=id eq \"7\" and manager eq \"9\"&attributes=id",
    ] {
        assert!(asked(Profile::Entra, raw).filter.unwrap().matches(&json!(ana)), "{raw}");
    }
}

#[test]
fn entra_capitalises_operations_and_writes_booleans_as_text() {
    for (word, active) in [("False", false), ("True", true)] {
        let operation = json!([{"op": "Replace", "path": "active", "value": word}]);
        assert_eq!(patched(Profile::Entra, operation).unwrap()["active"], json!(active));
    }
    let operation = json!([{"op": "Add", "path": "nickName", "value": "An"}, {"op": "Remove", "path": "title"}]);
    let now = patched(Profile::Entra, operation).unwrap();
    assert_eq!((now["nickName"].as_str(), now.get("title")), (Some("An"), None));
}

#[test]
fn entra_removes_the_members_that_the_value_names_and_no_others() {
    let body =
        json!({"Operations": [{"op": "Remove", "path": "members", "value": [{"value": "a"}]}]});
    let changes = members(Profile::Entra, body, 0);
    assert_eq!(changes, [MemberChange::Remove(vec!["a".to_owned()])]);
}

#[test]
fn entra_optscim_sends_small_letters_member_filters_and_keys_with_dots_and_urns() {
    let value = json!({
        "name.givenName": "Ana", "name.familyName": "Ruiz", "active": false,
        "emails[type eq \"work\"].value": "new@x.com",
        format!("{ENTERPRISE}:department"): "Ovens",
        format!("{ENTERPRISE}:manager"): "9",
        format!("{CORE}:nickName"): "An",
    });
    let now = patched(Profile::EntraOptscim, json!([{"op": "replace", "value": value}])).unwrap();
    assert_eq!(now["name"], json!({"givenName": "Ana", "familyName": "Ruiz"}));
    assert_eq!(now["emails"], json!([{"type": "work", "value": "new@x.com", "primary": true}]));
    assert_eq!(now[ENTERPRISE], json!({"department": "Ovens", "manager": {"value": "9"}}));
    assert_eq!((&now["active"], &now["nickName"]), (&json!(false), &json!("An")));
    let body = json!({"Operations": [{"op": "remove", "path": "members[value eq \"a\"]"}]});
    let changes = members(Profile::EntraOptscim, body, 0);
    assert_eq!(changes, [MemberChange::Remove(vec!["a".to_owned()])]);
}

#[test]
fn entra_posts_nulls_empty_lists_meta_and_a_schema_of_its_own() {
    let now = created(
        Profile::Entra,
        User,
        json!({
            "schemas": [CORE, ENTERPRISE], "externalId": "e1", "userName": "ana", "active": true,
            "addresses": null, "phoneNumbers": null, "roles": [], "title": null,
            "meta": {"resourceType": "User"},
        }),
    );
    let expected = json!({
        "schemas": [CORE], "id": "7", "externalId": "e1", "userName": "ana", "active": true,
    });
    assert_eq!(json!(now), expected);
    let own = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    let group = json!({"schemas": [GROUP, own], "displayName": "Bakers", "meta": {"resourceType": "Group"}});
    assert_eq!(created(Profile::Entra, Group, group)["schemas"], json!([GROUP]));
}

#[test]
fn entra_sends_a_manager_as_text_as_a_list_and_clears_it_with_empty_text() {
    let path = format!("{ENTERPRISE}:manager");
    for value in [
        json!("9"),
        json!(["9"]),
        json!([{"value": "9"}]),
        json!({"value": "9"}),
        json!({"value": 9}),
    ] {
        for way in [json!(path), json!("manager")] {
            let operation = json!([{"op": "Add", "path": way, "value": value}]);
            let now = patched(Profile::Entra, operation).unwrap();
            assert_eq!(now[ENTERPRISE], json!({"manager": {"value": "9"}}), "{value} {way}");
        }
    }
    let twice = json!([
        {"op": "Add", "path": path, "value": "9"}, {"op": "Replace", "path": path, "value": ""},
    ]);
    assert_eq!(patched(Profile::Entra, twice).unwrap(), ana());
}

#[test]
fn entra_sets_an_address_that_is_not_there_and_the_rest_of_the_request_is_not_lost() {
    let operations = json!([
        {"op": "Replace", "path": "emails[type eq \"home\"].value", "value": "home@x.com"},
        {"op": "Replace", "path": "addresses[type eq \"work\"].locality", "value": "Vigo"},
        {"op": "Replace", "path": "title", "value": "Cook"},
    ]);
    let now = patched(Profile::Entra, operations.clone()).unwrap();
    assert_eq!(now["emails"][1], json!({"type": "home", "value": "home@x.com"}));
    assert_eq!(now["addresses"], json!([{"type": "work", "locality": "Vigo"}]));
    assert_eq!(now["title"], json!("Cook"));
    let error = patched(Profile::Strict, operations).unwrap_err();
    assert_eq!(error.scim_type.as_deref(), Some("noTarget"));
}

#[test]
fn entra_maps_attributes_that_no_schema_has_and_the_rest_of_the_request_is_not_lost() {
    let operations = json!([
        {"op": "Add", "path": "shoeSize", "value": "43"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:Custom:2.0:User:tag", "value": "x"},
        {"op": "Replace", "path": "title", "value": "Cook"},
    ]);
    assert_eq!(patched(Profile::Entra, operations).unwrap()["title"], json!("Cook"));
}

#[test]
fn entra_sends_a_role_as_json_inside_a_text() {
    let role = "{\"id\":\"06b07648\",\"value\":\"admin\",\"displayName\":\"Admin\"}";
    let expected = json!([{"value": "admin", "display": "Admin", "primary": true}]);
    for operation in [
        json!({"op": "Add", "path": "roles[primary eq \"True\"].value", "value": role}),
        json!({"op": "Add", "path": "roles", "value": [{"primary": "True", "value": role}]}),
        json!({"op": "Replace", "value": {"roles": [{"primary": true, "value": role}]}}),
    ] {
        let now = patched(Profile::Entra, json!([operation.clone(), operation])).unwrap();
        assert_eq!(now["roles"], expected);
    }
}

#[test]
fn entra_wants_no_body_after_a_change_of_members() {
    for profile in Profile::ALL {
        let wanted = profile.word().starts_with("entra") || profile.word().starts_with("okta");
        assert_eq!((profile.answers_empty(Group), profile.answers_empty(User)), (wanted, false));
    }
}

#[test]
fn entra_is_known_by_its_header_and_by_the_word_in_the_url() {
    let has = |name: &str| name == "adscimversion";
    assert_eq!(Profile::Auto.seen("", has, ""), Profile::Entra);
    assert_eq!(Profile::Auto.seen("", has, "aadOptscim062020&x=1"), Profile::EntraOptscim);
    assert_eq!(Profile::Strict.seen("", has, "aadOptscim062020"), Profile::Strict);
}

// Okta

#[test]
fn okta_looks_a_user_up_with_position_and_count() {
    let query = asked(Profile::OktaOin, "filter=userName%20eq%20%22ANA%22&startIndex=1&count=100");
    assert_eq!(query.page, Page::Index { start: 1, count: 100 });
    assert!(query.filter.unwrap().matches(&json!(ana())));
}

#[test]
fn okta_catalogue_apps_deactivate_and_set_passwords_without_a_path() {
    let now =
        patched(Profile::OktaOin, json!([{"op": "replace", "value": {"active": false}}])).unwrap();
    assert_eq!(now["active"], json!(false));
    let now = patched(Profile::OktaOin, json!([{"op": "replace", "value": {"password": "Xy7!"}}]))
        .unwrap();
    assert_eq!(now, ana());
}

#[test]
fn okta_wizard_apps_put_the_whole_user_with_id_groups_and_meta() {
    let body = json!({
        "schemas": [CORE], "id": "7", "userName": "ana", "active": false, "groups": [],
        "emails": [{"primary": true, "value": "ana@x.com", "type": "work", "display": "ana@x.com"}],
        "meta": {"resourceType": "User"}, "password": "1mz050nq",
    });
    let mut before = ana();
    before.insert("externalId".to_owned(), json!("00u1"));
    let now = resource::replace(User, &before, body, &Profile::OktaAiw.rules()).unwrap();
    assert_eq!(
        (&now["active"], &now["externalId"], now.get("title")),
        (&json!(false), &json!("00u1"), None)
    );
    assert_eq!(now.get("password"), None);
}

#[test]
fn okta_repeats_the_id_when_it_renames_a_group_and_changes_members_at_once() {
    let body = json!({"Operations": [
        {"op": "replace", "value": {"id": "7", "displayName": "Cooks"}},
        {"op": "remove", "path": "members[value eq \"a\"]"},
        {"op": "add", "path": "members", "value": [{"value": "b", "display": "b@x.com"}]},
    ]});
    let changes = members(Profile::OktaOin, body.clone(), 1);
    let added = MemberChange::Add(vec![person("b", Some("b@x.com"))]);
    assert_eq!(changes, [MemberChange::Remove(vec!["a".to_owned()]), added]);
    let before = created(Profile::OktaOin, Group, json!({"displayName": "Bakers"}));
    let patch = Profile::OktaOin.patch(&body).unwrap();
    let (rest, _) = member::split(&patch, &Profile::OktaOin.rules()).unwrap();
    let now = resource::patch(Group, &before, &rest, &Profile::OktaOin.rules()).unwrap().unwrap();
    assert_eq!(now["displayName"], json!("Cooks"));
}

#[test]
fn okta_pushes_all_members_or_an_empty_list() {
    let push = |value: Value| json!({"Operations": [{"op": "replace", "path": "members", "value": value}]});
    assert_eq!(members(Profile::OktaOin, push(json!([])), 0), [MemberChange::Set(Vec::new())]);
    let thousand: Vec<Value> = (0..1000).map(|n| json!({"value": format!("u{n}")})).collect();
    let changes = members(Profile::OktaOin, push(json!(thousand)), 0);
    assert!(matches!(&changes[..], [MemberChange::Set(all)] if all.len() == 1000));
}

#[test]
fn okta_is_known_by_its_name() {
    let nothing = |_: &str| false;
    assert_eq!(Profile::Auto.seen("Okta SCIM Client 1.0.0", nothing, ""), Profile::OktaOin);
}

// OneLogin

#[test]
fn onelogin_leaves_signs_at_the_end_of_urls() {
    for raw in ["?", "&", "", "?&"] {
        assert_eq!(asked(Profile::OneLogin, raw), asked(Profile::Strict, ""));
    }
    let query = asked(Profile::OneLogin, "filter=userName%20eq%20%22x%22&");
    assert_eq!(query.filter.unwrap().to_string(), "userName eq \"x\"");
}

#[test]
fn onelogin_sends_an_old_schema_one_address_as_an_object_and_nulls() {
    let now = created(
        Profile::OneLogin,
        User,
        json!({
            "schemas": ["urn:scim:schemas:core:2.0"], "userName": "ana", "title": null,
            "emails": {"value": "ana@x.com", "type": "work", "primary": null}, "name": null,
        }),
    );
    assert_eq!(
        (&now["schemas"], &now["emails"]),
        (&json!([CORE]), &json!([{"value": "ana@x.com", "type": "work"}]))
    );
}

#[test]
fn onelogin_deletes_members_as_scim_1_does() {
    let body = json!({
        "schemas": ["urn:scim:schemas:core:1.0"], "displayName": "Cooks",
        "members": [{"value": "a", "operation": "delete"}, {"value": "b"}],
        "meta": {"attributes": ["externalId"]},
    });
    for profile in [Profile::OneLogin, Profile::Auto] {
        let changes = members(profile, body.clone(), 2);
        let removed = MemberChange::Remove(vec!["a".to_owned()]);
        assert_eq!(changes, [removed, MemberChange::Add(vec![person("b", None)])]);
    }
    assert!(Profile::Strict.patch(&body).is_err() && Profile::OktaOin.patch(&body).is_err());
}

#[test]
fn onelogin_adds_members_to_groups() {
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": "a"}]}]});
    let changes = members(Profile::OneLogin, body, 0);
    assert_eq!(changes, [MemberChange::Add(vec![person("a", None)])]);
}

// Others

#[test]
fn google_names_itself_and_leaves_the_count_out() {
    let nothing = |_: &str| false;
    assert_eq!(Profile::Auto.seen("Google-Auto-Provisioning", nothing, ""), Profile::Google);
    let query = asked(Profile::Google, "filter=userName%20eq%20%22ana%22&startIndex=1");
    assert_eq!(query.page, Page::Index { start: 1, count: 100 });
}

#[test]
fn jumpcloud_removes_members_by_value_and_sets_what_is_not_there() {
    let body =
        json!({"Operations": [{"op": "remove", "path": "members", "value": [{"value": "a"}]}]});
    let changes = members(Profile::JumpCloud, body, 0);
    assert_eq!(changes, [MemberChange::Remove(vec!["a".to_owned()])]);
    let operation =
        json!([{"op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]);
    assert!(patched(Profile::JumpCloud, operation).is_ok());
    assert_eq!(Profile::Auto.seen("JumpCloud", |_| false, ""), Profile::JumpCloud);
}

#[test]
fn ping_writes_operators_with_capitals_and_one_address_twice_both_primary() {
    assert!(
        asked(Profile::Ping, "filter=userName Eq \"ana\"").filter.unwrap().matches(&json!(ana()))
    );
    let address = json!({"value": "ana@x.com", "type": "work", "primary": true});
    let other = json!({"value": "ana@x.com", "type": "other", "primary": true});
    let emails = json!([address, address, other]);
    let now = created(Profile::Ping, User, json!({"userName": "ana", "emails": emails}));
    let second = json!({"value": "ana@x.com", "type": "other", "primary": false});
    assert_eq!(now["emails"], json!([address, second]));
    assert_eq!(Profile::Auto.seen("PingFederate/12", |_| false, ""), Profile::Ping);
}

#[test]
fn authentik_repeats_the_id_removes_by_value_and_pages_without_a_count() {
    let now =
        patched(Profile::Auto, json!([{"op": "replace", "value": {"id": "7", "title": "Cook"}}]));
    assert_eq!(now.unwrap()["title"], json!("Cook"));
    assert_eq!(asked(Profile::Auto, "startIndex=101").page, Page::Index { start: 101, count: 100 });
}

#[test]
fn keycloak_empties_a_group_with_a_value_of_null() {
    let body = json!({"Operations": [{"op": "remove", "path": "members", "value": null}]});
    assert_eq!(members(Profile::Auto, body, 0), [MemberChange::Set(Vec::new())]);
}

#[test]
fn ids_are_numbers_for_some_and_text_here() {
    let now = created(
        Profile::Auto,
        User,
        json!({"userName": 4711, "externalId": 12, "roles": ["admin", 5]}),
    );
    assert_eq!((&now["userName"], &now["externalId"]), (&json!("4711"), &json!("12")));
    assert_eq!(now["roles"], json!([{"value": "admin"}, {"value": "5"}]));
    let body = json!({"Operations": [{"op": "add", "path": "members", "value": [7, "8"]}]});
    let added = MemberChange::Add(vec![person("7", None), person("8", None)]);
    assert_eq!(members(Profile::Auto, body, 0), [added]);
}

#[test]
fn extension_attributes_stand_at_the_top_for_some() {
    let now = created(
        Profile::Auto,
        User,
        json!({"userName": "ana", "department": "Ovens", "manager": "", "name.givenName": "Ana",
            format!("{ENTERPRISE}:employeeNumber"): 12, "a.b.c": 1, "urn:x:y:2.0:User": {"z": 1}}),
    );
    assert_eq!(now[ENTERPRISE], json!({"department": "Ovens", "employeeNumber": "12"}));
    assert_eq!(now["name"], json!({"givenName": "Ana"}));
}

#[test]
fn every_profile_is_named_by_its_word_in_any_case() {
    for profile in Profile::ALL {
        assert_eq!(profile.word().to_uppercase().parse(), Ok(profile));
    }
    let error = "azure".parse::<Profile>().unwrap_err();
    insta::assert_snapshot!(error, @r#"There is no profile "azure". Choose one of: strict, entra, entra-aadOptscim062020, okta-oin, okta-aiw, onelogin, google, jumpcloud, ping, auto."#);
}

#[test]
fn strict_stays_strict() {
    let no = |body: Value| resource::create(User, body, &Profile::Strict.rules()).is_err();
    assert!(no(json!({"schemas": [CORE], "userName": 5})));
    assert!(no(json!({"schemas": [CORE], "userName": "a", "emails": {"value": "x"}})));
    assert!(no(json!({"schemas": [CORE], "userName": "a", ENTERPRISE: {"manager": "9"}})));
    assert!(no(json!({"userName": "a"})));
    for operation in [
        json!({"op": "add", "path": "manager", "value": "9"}),
        json!({"op": "replace", "path": "groups", "value": []}),
        json!({"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": "9"}),
    ] {
        assert!(patched(Profile::Strict, json!([operation])).is_err(), "{operation}");
    }
}
