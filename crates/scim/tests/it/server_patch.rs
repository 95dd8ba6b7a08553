//! PATCH on a served resource (RFC 7644 §3.5.2): paths against the schemas, members apart.

use proptest::prelude::*;
use rollbook_scim::ErrorMessage;
use rollbook_scim::group::Member;
use rollbook_scim::server::ResourceType::{Group, User};
use rollbook_scim::server::{MemberChange, Profile, Rules, member, resource};
use serde_json::{Map, Value, json};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn user() -> Map<String, Value> {
    let body = json!({
        "schemas": [CORE], "userName": "ana", "title": "Baker",
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "emails": [
            {"type": "work", "value": "ana@work", "primary": true},
            {"type": "home", "value": "ana@home"},
        ],
        ENTERPRISE: {"department": "Ovens", "manager": {"value": "9"}},
    });
    let mut made = resource::create(User, body, &Rules::STRICT).unwrap();
    made.insert("id".to_owned(), json!("7"));
    made
}

fn after(profile: Profile, operations: Value) -> Result<Option<Map<String, Value>>, ErrorMessage> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
    });
    resource::patch(User, &user(), &profile.patch(&body)?, &profile.rules())
}

fn said<T>(done: Result<T, ErrorMessage>) -> String {
    let error = done.err().expect("it is refused");
    format!("{} {}", error.status.unwrap(), error.scim_type.unwrap_or_default())
}

fn refused(operation: Value, word: &str) {
    let why = said(after(Profile::Strict, json!([operation])));
    assert_eq!(why, format!("400 {word}"), "{operation}");
}

#[test]
fn what_changes_nothing_is_a_success_and_no_change() {
    for operation in [
        json!({"op": "replace", "path": "title", "value": "Baker"}),
        json!({"op": "add", "path": "emails", "value": [{"type": "home", "value": "ana@home"}]}),
        json!({"op": "replace", "value": {"active": true}}),
        json!({"op": "replace", "value": {}}),
        json!({"op": "remove", "path": "nickName"}),
        json!({"op": "remove", "path": "emails[type eq \"fax\"]"}),
        json!({"op": "replace", "path": "password", "value": "s3cret"}),
        json!({"op": "add", "path": "schemas", "value": [ENTERPRISE]}),
    ] {
        assert_eq!(after(Profile::Strict, json!([operation])), Ok(None), "{operation}");
    }
}

#[test]
fn a_path_that_leads_nowhere_is_refused() {
    for path in [
        "shoeSize",
        "name.shoeSize",
        "emails[type eq \"work\"].shoeSize",
        "urn:x:y:2.0:User",
        "urn:x:y:2.0:User:a",
        "members",
        "a b",
        "emails[",
        "title.value",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:shoeSize",
    ] {
        refused(json!({"op": "replace", "path": path, "value": "x"}), "invalidPath");
    }
    refused(json!({"op": "replace", "value": {"a b": 1}}), "invalidPath");
}

#[test]
fn what_the_server_sets_cannot_be_patched() {
    for path in ["id", "meta.created", "groups", "groups[value eq \"x\"].display"] {
        refused(json!({"op": "replace", "path": path, "value": "x"}), "mutability");
        refused(json!({"op": "remove", "path": path}), "mutability");
    }
    let delivery = "urn:rollbook:params:scim:schemas:extension:delivery:1.0:User";
    refused(
        json!({"op": "replace", "path": delivery, "value": {"state": "verified"}}),
        "mutability",
    );
    refused(
        json!({"op": "replace", "path": format!("{delivery}:state"), "value": "x"}),
        "mutability",
    );
    refused(
        json!({"op": "replace", "path": format!("{ENTERPRISE}:manager.displayName"), "value": "x"}),
        "mutability",
    );
    let same = json!([{"op": "replace", "value": {"id": "7", "title": "Cook"}}]);
    assert_eq!(after(Profile::Strict, same).unwrap().unwrap()["title"], json!("Cook"));
}

#[test]
fn another_id_is_refused_even_for_lenient_callers() {
    for operation in [
        json!({"op": "replace", "path": "id", "value": "8"}),
        json!({"op": "replace", "value": {"id": "8"}}),
    ] {
        assert_eq!(said(after(Profile::Auto, json!([operation]))), "400 mutability");
    }
}

#[test]
fn what_a_user_must_have_cannot_be_taken_away() {
    refused(json!({"op": "remove", "path": "userName"}), "mutability");
    refused(json!({"op": "replace", "path": "userName", "value": null}), "invalidValue");
    refused(json!({"op": "replace", "path": "userName", "value": " "}), "invalidValue");
}

#[test]
fn active_can_be_taken_away_which_says_neither_yes_nor_no() {
    let now = after(Profile::Strict, json!([{"op": "remove", "path": "active"}])).unwrap().unwrap();
    assert_eq!(now.get("active"), None);
    let body = json!({"schemas": [CORE], "userName": "ana"});
    let put = resource::replace(User, &now, body, &Rules::STRICT).unwrap();
    assert_eq!(put.get("active"), None);
}

#[test]
fn an_odd_active_never_deactivates() {
    for profile in Profile::ALL {
        for odd in
            [json!(null), json!(0), json!([]), json!(""), json!({}), json!("no"), json!([false])]
        {
            for operation in [
                json!({"op": "replace", "path": "active", "value": odd}),
                json!({"op": "replace", "value": {"active": odd}}),
                json!({"op": "add", "path": "active", "value": odd}),
            ] {
                let done = after(profile, json!([operation]));
                let unchanged = matches!(&done, Ok(None));
                assert!(unchanged || done.is_err(), "{profile:?} {operation}");
            }
        }
    }
}

#[test]
fn values_are_checked_as_in_a_post() {
    refused(json!({"op": "replace", "path": "title", "value": 5}), "invalidValue");
    refused(json!({"op": "replace", "path": "title", "value": "a\u{202e}b"}), "invalidValue");
    refused(json!({"op": "add", "path": "emails", "value": [{"value": 1}]}), "invalidValue");
    refused(json!({"op": "add", "path": "name", "value": "Ana"}), "invalidValue");
    refused(json!({"op": "replace", "path": ENTERPRISE, "value": "x"}), "invalidValue");
    refused(json!({"op": "add", "value": "x"}), "invalidValue");
    refused(json!({"op": "remove"}), "noTarget");
    refused(
        json!({"op": "replace", "path": "emails[type eq \"fax\"].value", "value": "x"}),
        "noTarget",
    );
}

#[test]
fn a_strict_patch_names_its_schema() {
    let body = json!({"Operations": [{"op": "replace", "path": "title", "value": "x"}]});
    assert_eq!(said(Profile::Strict.patch(&body)), "400 invalidSyntax");
    assert!(Profile::Auto.patch(&body).is_ok());
    let bare = json!([{"op": "remove", "path": "title"}]);
    assert_eq!(Profile::Strict.patch(&bare).unwrap().operations.len(), 1, "as in RFC 7644 §3.7.3");
    for empty in [json!({}), json!([]), json!({"Operations": []}), json!({"Operations": [5]})] {
        for profile in [Profile::Strict, Profile::Entra] {
            assert_eq!(said(profile.patch(&empty)), "400 invalidSyntax", "{empty}");
        }
    }
}

#[test]
fn all_operations_are_done_or_none_and_later_ones_see_earlier_ones() {
    let done = after(
        Profile::Strict,
        json!([
            {"op": "add", "path": "emails", "value": [{"type": "fax", "value": "f"}]},
            {"op": "replace", "path": "emails[type eq \"fax\"].value", "value": "g"},
            {"op": "remove", "path": "title"},
            {"op": "remove", "path": ENTERPRISE},
        ]),
    );
    let now = done.unwrap().unwrap();
    assert_eq!(now["emails"][2], json!({"type": "fax", "value": "g"}));
    assert_eq!(
        (now.get("title"), now.get(ENTERPRISE), &now["schemas"]),
        (None, None, &json!([CORE]))
    );
    let half = json!([
        {"op": "replace", "path": "title", "value": "Cook"},
        {"op": "replace", "path": "id", "value": "8"},
    ]);
    assert_eq!(said(after(Profile::Strict, half)), "400 mutability");
}

fn split(profile: Profile, operations: Value) -> Result<(usize, Vec<MemberChange>), ErrorMessage> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
    });
    let (rest, changes) = member::split(&profile.patch(&body)?, &profile.rules())?;
    Ok((rest.operations.len(), changes))
}

fn people(ids: &[&str]) -> Vec<Member> {
    ids.iter().map(|id| Member { value: (*id).to_owned(), ..Member::default() }).collect()
}

#[test]
fn members_are_taken_apart_from_the_rest_in_their_order() {
    let (rest, changes) = split(
        Profile::Strict,
        json!([
            {"op": "remove", "path": "members[value eq \"a\"]"},
            {"op": "replace", "value": {"displayName": "Bakers", "members": [{"value": "b"}]}},
            {"op": "add", "path": "Members", "value": [{"value": "c"}, {"value": "c"}]},
            {"op": "remove", "path": "members", "value": [{"value": "b"}]},
            {"op": "remove", "path": "members[value eq \"x\" or value eq \"y\"]"},
            {"op": "remove", "path": "members[display co \"z\"]"},
            {"op": "remove", "path": "members"},
        ]),
    )
    .unwrap();
    assert_eq!(rest, 1);
    let ids = |ids: &[&str]| MemberChange::Remove(ids.iter().map(|id| (*id).to_owned()).collect());
    assert_eq!(
        changes[..5],
        [
            ids(&["a"]),
            MemberChange::Set(people(&["b"])),
            MemberChange::Add(people(&["c"])),
            ids(&["b"]),
            ids(&["x", "y"]),
        ]
    );
    assert!(changes[..5].iter().all(MemberChange::is_by_id) && !changes[5].is_by_id());
    assert_eq!(changes[6], MemberChange::Set(Vec::new()));
}

#[test]
fn the_same_changes_can_be_made_to_a_list() {
    let mut list = people(&["a", "b", "c"]);
    let (_, changes) = split(
        Profile::Strict,
        json!([
            {"op": "add", "path": "members", "value": [{"value": "a"}]},
            {"op": "add", "path": "members", "value": [{"value": "d"}]},
            {"op": "remove", "path": "members[value eq \"b\"]"},
            {"op": "remove", "path": "members[value sw \"C\"]"},
            {"op": "remove", "path": "members[value sw \"c\"]"},
            {"op": "replace", "path": "members[value eq \"d\"]", "value": {"value": "e"}},
        ]),
    )
    .unwrap();
    let changed: Vec<bool> = changes.iter().map(|it| it.apply(&mut list).unwrap()).collect();
    assert_eq!(changed, [false, true, true, false, true, true]);
    assert_eq!(list, people(&["a", "e"]));
    assert_eq!(said(changes[5].apply(&mut list)), "400 noTarget");
}

#[test]
fn parts_of_members_do_not_change_and_nobody_is_not_a_member() {
    for operation in [
        json!({"op": "replace", "path": "members[value eq \"a\"].display", "value": "x"}),
        json!({"op": "replace", "path": "members.value", "value": "x"}),
    ] {
        assert_eq!(said(split(Profile::Strict, json!([operation]))), "400 mutability");
    }
    for value in [json!([{"display": "x"}]), json!([{"value": ""}]), json!([5.5, {}]), json!("")] {
        let operation = json!([{"op": "add", "path": "members", "value": value}]);
        let done = split(Profile::Auto, operation);
        let nobody =
            matches!(&done, Ok((0, changes)) if *changes == [MemberChange::Add(Vec::new())]);
        assert!(nobody || done.is_err(), "{value} {done:?}");
    }
}

/// A user as a client would send it, from parts that are there or not.
fn some_user() -> impl Strategy<Value = Value> {
    let text = || prop::sample::select(vec!["x", "Ána", "a@x.com", "y"]);
    let emails = prop::collection::vec((text(), text(), any::<bool>()), 0..4);
    (text(), prop::option::of(text()), prop::option::of(any::<bool>()), emails, prop::option::of(text()))
        .prop_map(|(name, title, active, emails, department)| {
            let emails: Vec<Value> = emails
                .into_iter()
                .map(|(value, kind, primary)| json!({"value": value, "type": kind, "primary": primary}))
                .collect();
            let mut body = json!({"schemas": [CORE], "userName": name, "title": title,
                "emails": emails, ENTERPRISE: {"department": department}});
            if let Some(active) = active {
                body["active"] = json!(active);
            }
            body
        })
}

fn some_operation() -> impl Strategy<Value = Value> {
    let paths = vec![
        "title",
        "emails",
        "emails.type",
        "emails[type eq \"x\"]",
        "emails[primary eq true].value",
        "emails[value eq \"y\"].primary",
        "name",
        "name.givenName",
        "active",
        "roles",
        "userName",
        "externalId",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    ];
    let values = vec![
        json!(null),
        json!(true),
        json!("x"),
        json!([]),
        json!({}),
        json!("False"),
        json!({"value": "x", "type": "y", "primary": true}),
        json!({"givenName": "Ana"}),
        json!([{"value": "x", "type": "x"}, {"value": "y", "primary": true}]),
        json!({"department": "Ovens"}),
    ];
    let verbs = vec!["add", "replace", "remove"];
    use prop::sample::select;
    (select(verbs), select(paths), select(values))
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

proptest! {
    #[test]
    fn a_patch_is_a_put_of_its_result(
        body in some_user(), operations in prop::collection::vec(some_operation(), 1..5),
    ) {
        for profile in [Profile::Strict, Profile::Auto] {
            let rules = profile.rules();
            let mut before = resource::create(User, body.clone(), &rules).unwrap();
            before.insert("id".to_owned(), json!("7"));
            let body = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": operations,
            });
            let patch = profile.patch(&body).unwrap();
            let Ok(done) = resource::patch(User, &before, &patch, &rules) else { continue };
            let patched = done.unwrap_or_else(|| before.clone());
            let put = resource::replace(User, &before, json!(patched), &Rules::STRICT).unwrap();
            // An absent `active` is the one thing that a PUT leaves and a PATCH can take away.
            let mut expected = patched.clone();
            expected.entry("active").or_insert(before["active"].clone());
            prop_assert_eq!(&put, &expected);
            // What is stored is stored again as it is.
            let again = resource::create(User, json!(patched.clone()), &Rules::STRICT).unwrap();
            expected.remove("id");
            prop_assert_eq!(again.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            expected.insert("active".to_owned(), again["active"].clone());
            prop_assert_eq!(again, expected);
        }
    }
}

#[test]
fn a_group_is_renamed_apart_from_its_members() {
    let body =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "A"});
    let mut before = resource::create(Group, body, &Rules::STRICT).unwrap();
    before.insert("id".to_owned(), json!("g1"));
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"id": "g1", "displayName": "B", "members": []}}],
    });
    let patch = Profile::Strict.patch(&body).unwrap();
    let (rest, changes) = member::split(&patch, &Rules::STRICT).unwrap();
    assert_eq!(changes, [MemberChange::Set(Vec::new())]);
    let now = resource::patch(Group, &before, &rest, &Rules::STRICT).unwrap().unwrap();
    assert_eq!((now["displayName"].as_str(), now.get("members")), (Some("B"), None));
}
