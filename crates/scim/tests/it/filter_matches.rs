//! What a filter lets through.

use proptest::prelude::*;
use rollbook_scim::Filter;
use serde_json::{Value, json};

fn user() -> Value {
    json!({
        "id": "Ab",
        "userName": "Ana@Example.com",
        "active": true,
        "age": 41,
        "nick": null,
        "empty": [],
        "name": {"familyName": "Müller"},
        "emails": [
            {"type": "work", "value": "ana@example.com", "primary": true},
            {"type": "home", "value": "ana@home.org"},
        ],
        "meta": {"lastModified": "2026-03-01T00:30:00+01:00"},
        "members": [{"value": "Ab"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "007"},
    })
}

fn check(fits: bool, texts: &[&str]) {
    for text in texts {
        let filter: Filter = text.parse().unwrap();
        assert_eq!(filter.matches(&user()), fits, "{text}");
    }
}

#[test]
fn text_compares_without_case_unless_it_is_an_id() {
    check(
        true,
        &[
            "userName eq \"ana@example.COM\"",
            "USERNAME sw \"ANA\"",
            "name.familyName eq \"MÜLLER\"",
            "id eq \"Ab\"",
            "members eq \"Ab\"",
            "members[value eq \"Ab\"]",
        ],
    );
    check(
        false,
        &[
            "id eq \"ab\"",
            "members eq \"ab\"",
            "members[value eq \"ab\"]",
            "members.value eq \"AB\"",
        ],
    );
}

#[test]
fn one_of_several_values_is_enough_but_brackets_ask_one_element_for_all() {
    check(
        true,
        &[
            "emails eq \"ana@home.org\"",
            "emails.value ew \"home.org\"",
            "emails.type eq \"work\" and emails.value eq \"ana@home.org\"",
            "emails[type eq \"work\" and primary eq true]",
            "emails[type eq \"home\"].value co \"home\"",
            "emails.value ne \"ana@home.org\"",
        ],
    );
    check(
        false,
        &[
            "emails[type eq \"work\" and value eq \"ana@home.org\"]",
            "emails[type eq \"work\"].value co \"home\"",
        ],
    );
}

#[test]
fn null_absent_and_empty_are_no_value() {
    check(
        true,
        &[
            "nick eq null",
            "ghost eq null",
            "empty eq null",
            "userName ne null",
            "ghost ne \"x\"",
            "not (nick pr)",
        ],
    );
    check(false, &["nick pr", "ghost pr", "empty pr", "userName eq null", "ghost eq \"\""]);
}

#[test]
fn moments_compare_as_time_and_numbers_as_numbers() {
    check(
        true,
        &[
            "meta.lastModified eq \"2026-02-28T23:30:00Z\"",
            "meta.lastModified lt \"2026-02-28T23:31:00Z\"",
            "age gt 9",
            "age le 41.0",
        ],
    );
    check(
        false,
        &["meta.lastModified gt \"2026-02-28T23:59:00Z\"", "age eq \"41\"", "active eq 1"],
    );
}

#[test]
fn and_binds_closer_than_or_and_not_closest() {
    check(true, &["id pr or ghost pr and ghost pr", "not (ghost pr) and id pr"]);
    check(false, &["(id pr or ghost pr) and ghost pr", "not (ghost pr or id pr)"]);
}

#[test]
fn extensions_are_found_by_their_urn_in_any_case() {
    check(
        true,
        &[
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq \"007\"",
            "URN:IETF:params:scim:schemas:extension:enterprise:2.0:user:EMPLOYEENUMBER eq \"007\"",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ana\"",
        ],
    );
}

proptest! {
    #[test]
    fn a_login_is_found_whatever_is_in_it_and_no_other_is(login in "\\PC{1,20}", other in "\\PC{1,20}") {
        let filter = Filter::equals("userName", &login).unwrap();
        prop_assert_eq!(filter.matches(&json!({"userName": login})), true);
        let same = login.to_lowercase() == other.to_lowercase();
        prop_assert_eq!(filter.matches(&json!({"userName": other})), same);
    }
}
