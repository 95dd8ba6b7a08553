//! Users, groups and lists as vendors send them, and as we write them.

use proptest::prelude::*;
use rollbook_scim::list::PageRequest;
use rollbook_scim::user::Multi;
use rollbook_scim::{Group, ListResponse, User};
use serde_json::{Value, json};

#[test]
fn a_user_with_every_wrong_type_is_understood() {
    let user = User::read(&json!({
        "schemas": "urn:ietf:params:scim:schemas:core:2.0:User",
        "ID": 4711,
        "UserName": "Ana@Example.com",
        "active": "True",
        "Name": {"GivenName": "Ana", "familyname": "Ruiz"},
        "emails": ["a@b", "c@d"],
        "roles": {"value": "admin", "primary": 1},
        "groups": [{"value": 9, "display": "Sales"}],
        "displayName": null,
        "URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:user": {
            "EmployeeNumber": 12,
            "manager": "8",
        },
    }));
    let user = user.unwrap();
    assert_eq!(user.id.as_deref(), Some("4711"));
    assert_eq!(user.user_name.as_deref(), Some("Ana@Example.com"));
    assert_eq!((user.active, user.display_name.clone()), (Some(true), None));
    assert_eq!(
        (user.given_name.as_deref(), user.family_name.as_deref()),
        (Some("Ana"), Some("Ruiz"))
    );
    assert_eq!(user.primary_email(), Some("a@b"));
    assert!(user.roles[0].primary);
    assert_eq!(user.groups[0].value, "9");
    assert_eq!(user.enterprise.employee_number.as_deref(), Some("12"));
    assert_eq!(user.enterprise.manager.as_deref(), Some("8"));
}

#[test]
fn a_missing_or_odd_active_is_unknown_and_never_no() {
    for odd in [json!(null), json!("maybe"), json!(2), json!([]), json!({})] {
        assert_eq!(User::read(&json!({"active": odd})).unwrap().active, None);
    }
    assert_eq!(User::read(&json!({})).unwrap().active, None);
    for (no, value) in [(json!(0), false), (json!("FALSE"), false), (json!("1"), true)] {
        assert_eq!(User::read(&json!({"active": no})).unwrap().active, Some(value));
    }
}

#[test]
fn one_changed_attribute_leaves_everything_else_as_it_came() {
    let sent = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:acme:1.0:Thing"],
        "id": 7,
        "UserName": "ana",
        "ACTIVE": "True",
        "emails": ["a@b"],
        "urn:acme:1.0:Thing": {"colour": {"deep": [1, null]}},
    });
    let mut user = User::read(&sent).unwrap();
    assert_eq!(user.to_json(), sent);
    user.active = Some(false);
    let mut wanted = sent.clone();
    wanted["ACTIVE"] = json!(false);
    assert_eq!(user.to_json(), wanted);
    assert_eq!(User::read(&sent).unwrap().to_put_json(false), wanted);
}

#[test]
fn a_new_user_is_written_as_the_rfc_says() {
    let mut user = User {
        user_name: Some("ana@example.com".to_owned()),
        external_id: Some("per_1".to_owned()),
        given_name: Some("Ana".to_owned()),
        active: Some(true),
        emails: vec![Multi::new("ana@example.com", "work", true)],
        ..User::default()
    };
    user.enterprise.employee_number = Some("12".to_owned());
    user.enterprise.manager = Some("8".to_owned());
    let text = serde_json::to_string_pretty(&user.to_json()).unwrap();
    insta::assert_snapshot!(text, @r#"
    {
      "active": true,
      "emails": [
        {
          "primary": true,
          "type": "work",
          "value": "ana@example.com"
        }
      ],
      "externalId": "per_1",
      "name": {
        "givenName": "Ana"
      },
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
      ],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "employeeNumber": "12",
        "manager": {
          "value": "8"
        }
      },
      "userName": "ana@example.com"
    }
    "#);
}

#[test]
fn attributes_without_a_field_are_reached_by_path() {
    let user = User::read(&json!({"urn:acme:2.0:User": {"badge": 5}, "x": {"y": "z"}})).unwrap();
    assert_eq!(user.text_at(&"urn:acme:2.0:User:badge".parse().unwrap()).as_deref(), Some("5"));
    assert_eq!(user.text_at(&"x.y".parse().unwrap()).as_deref(), Some("z"));
    assert_eq!(user.text_at(&"x.q".parse().unwrap()), None);
}

#[test]
fn members_are_objects_or_bare_ids_and_may_be_groups() {
    let sent = json!({"id": "g", "displayName": "G", "members": [
        {"value": 1}, "2", {"value": "3", "$ref": "https://x/Groups/3"}, {"value": "4", "type": "group"},
        {"display": "nobody"},
    ]});
    let mut group = Group::read(&sent).unwrap();
    let ids: Vec<(&str, bool)> =
        group.members.iter().map(|it| (it.value.as_str(), it.is_group())).collect();
    assert_eq!(ids, [("1", false), ("2", false), ("3", true), ("4", true)]);
    group.members.truncate(1);
    assert_eq!(group.to_json()["members"], json!([{"value": "1"}]));
    assert!(Group::read(&json!("g")).is_err());
}

#[test]
fn a_page_is_read_with_its_oddities_and_an_absent_list_is_no_empty_one() {
    let page = ListResponse::read(&json!({"totalResults": "500", "resources": [1, 2]})).unwrap();
    assert_eq!((page.total_results, page.items().len()), (Some(500), 2));
    assert_eq!(page.oddities, ["\"totalResults\" is \"500\", which is no whole number."]);
    let page = ListResponse::read(&json!({"totalResults": -1, "Resources": {"id": 1}})).unwrap();
    assert_eq!((page.total_results, page.items().len(), page.oddities.len()), (None, 1, 2));
    assert_eq!(ListResponse::read(&json!([])).unwrap().oddities.len(), 1);
    let none = ListResponse::read(&json!({"totalResults": 0})).unwrap();
    assert_eq!((none.resources, none.oddities.len()), (None, 0));
    for no_list in [json!({}), json!({"detail": "x"}), json!("<html>"), json!(null)] {
        assert!(ListResponse::read(&no_list).is_err(), "{no_list}");
    }
}

#[test]
fn a_page_is_cut_as_the_rfc_says() {
    let all: Vec<Value> = (1..=5).map(Value::from).collect();
    let cut = |start_index, count| {
        let page = PageRequest { start_index, count }.page(&all, 3);
        (page.start_index.unwrap(), page.items().to_vec())
    };
    assert_eq!(cut(1, None), (1, vec![json!(1), json!(2), json!(3)]));
    assert_eq!(cut(4, Some(100)), (4, vec![json!(4), json!(5)]));
    assert_eq!(cut(0, Some(1)), (1, vec![json!(1)]));
    assert_eq!(cut(i64::MIN, Some(i64::MIN)), (1, vec![]));
    assert_eq!(cut(i64::MAX, Some(i64::MAX)).1, Vec::<Value>::new());
}

proptest! {
    #[test]
    fn what_is_written_is_read_the_same(
        id in prop::option::of("\\PC{1,9}"),
        login in prop::option::of("\\PC{1,9}"),
        family in prop::option::of("\\PC{1,9}"),
        active in prop::option::of(any::<bool>()),
        email in prop::option::of("\\PC{1,9}"),
        number in prop::option::of("\\PC{1,9}"),
    ) {
        let mut user = User {
            id, user_name: login, family_name: family, active,
            emails: email.iter().map(|it| Multi::new(it, "work", true)).collect(),
            ..User::default()
        };
        user.enterprise.employee_number = number;
        let json = user.to_json();
        let again = User::read(&json).unwrap();
        prop_assert_eq!(again.to_json(), json);
        prop_assert_eq!(
            (again.id, again.user_name, again.family_name, again.active, again.emails, again.enterprise),
            (user.id, user.user_name, user.family_name, user.active, user.emails, user.enterprise)
        );
    }
}
