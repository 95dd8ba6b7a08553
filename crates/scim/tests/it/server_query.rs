//! Lists: filters against the schemas, sorting, pages (RFC 7644 §3.4.2; RFC 9865).

use rollbook_scim::ErrorMessage;
use rollbook_scim::server::{Limits, Page, Query, Rules, Tags, order, query};
use serde_json::{Value, json};

const LIMITS: Limits = Limits { count_default: 100, count_max: 200 };

fn read(raw: &str, rules: &Rules) -> Result<Query, ErrorMessage> {
    Query::from_params(&query::pairs(raw)?, &LIMITS, rules)
}

fn strict(raw: &str) -> Query {
    read(raw, &Rules::STRICT).unwrap()
}

fn refused(raw: &str) -> String {
    let error = read(raw, &Rules::STRICT).unwrap_err();
    format!("{} {}", error.status.unwrap(), error.scim_type.unwrap_or_default())
}

#[test]
fn a_filter_comes_with_plus_signs_or_percent_signs_for_blanks() {
    for raw in [
        "filter=userName+eq+%22ana%2Bb%22",
        "filter=userName%20eq%20%22ana%2bb%22",
        "?filter=userName eq \"ana%2Bb\"&",
        "&&FILTER=userName%20eq%20\"ana%2Bb\"?",
    ] {
        let filter = strict(raw).filter.unwrap();
        assert_eq!(filter.to_string(), "userName eq \"ana+b\"", "{raw}");
    }
    assert_eq!(strict("").filter, None);
    assert_eq!(strict("filter=").filter, None);
    assert_eq!(refused("filter=%ff"), "400 invalidValue");
    assert_eq!(query::pairs("a=%zz&b=%").unwrap()[0].1, "%zz");
}

#[test]
fn pages_are_cut_to_what_is_given() {
    let page = |raw: &str| match strict(raw).page {
        Page::Index { start, count } => (start, count),
        Page::Cursor { .. } => panic!("no cursor was sent"),
    };
    assert_eq!(page(""), (1, 100));
    assert_eq!(page("startIndex=101"), (101, 100));
    assert_eq!(page("startIndex=0&count=-1"), (1, 0));
    assert_eq!(page("startIndex=-5&count=0"), (1, 0));
    assert_eq!(page("count=1"), (1, 1));
    assert_eq!(page("count=201"), (1, 200));
    for raw in ["count=2147483648", "count=9223372036854775808", "count=abc", "count=", "count=1.5"]
    {
        assert_eq!(refused(raw), "400 invalidCount", "{raw}");
    }
    for raw in ["startIndex=1e12", "startIndex=99999999999", "startIndex=x"] {
        assert_eq!(refused(raw), "400 invalidValue", "{raw}");
    }
}

#[test]
fn a_cursor_takes_the_place_of_a_position() {
    let first = Page::Cursor { cursor: None, count: 100 };
    assert_eq!(strict("cursor").page, first);
    assert_eq!(strict("cursor=&count=500").page, Page::Cursor { cursor: None, count: 200 });
    let next = Page::Cursor { cursor: Some("aB-_1".to_owned()), count: 5 };
    assert_eq!(strict("cursor=aB-_1&count=5").page, next);
    assert_eq!(refused("cursor=x&startIndex=1"), "400 invalidValue");
}

#[test]
fn what_is_not_known_is_refused_by_strict_rules_and_ignored_by_others() {
    assert_eq!(refused("access_token=x"), "400 invalidValue");
    assert_eq!(refused("aadOptscim062020"), "400 invalidValue");
    assert_eq!(refused("count=1&COUNT=2"), "400 invalidValue");
    assert_eq!(refused("filter=a+pr&filter=b+pr"), "400 invalidValue");
    assert!(read("aadOptscim062020&count=1", &Rules::LENIENT).is_ok());
    let one = |raw: &str, rules| Query::projection(&query::pairs(raw).unwrap(), rules).is_ok();
    assert!(one("attributes=id", &Rules::STRICT) && one("", &Rules::STRICT));
    assert!(!one("filter=id+pr", &Rules::STRICT) && one("x=1&filter=(", &Rules::LENIENT));
    assert!(!one("attributes=id&attributes=id", &Rules::LENIENT));
}

#[test]
fn filters_without_meaning_are_refused() {
    for filter in [
        "meta.created gt \"yesterday\"",
        "meta.lastModified eq 5",
        "active gt true",
        "active gt \"x\"",
        "x509Certificates.value lt \"x\"",
        "emails[primary ge \"true\"]",
        "x509Certificates[value gt \"x\"]",
        "password eq \"x\"",
        "password pr",
        "not (password sw \"a\")",
        "urn:ietf:params:scim:schemas:core:2.0:User:password co \"x\"",
        "userName eq \"a\\u0000\"",
        "userName",
        "userName eq",
    ] {
        assert_eq!(refused(&format!("filter={filter}")), "400 invalidFilter", "{filter}");
    }
    for filter in
        ["shoeSize eq 5", "meta.lastModified gt \"2026-01-01T00:00:00Z\"", "userName gt \"a\""]
    {
        assert!(read(&format!("filter={filter}"), &Rules::STRICT).is_ok(), "{filter}");
    }
}

#[test]
fn an_attribute_of_the_extension_without_its_urn_is_found_for_lenient_callers() {
    let raw = "filter=id eq \"7\" and manager eq \"9\"&attributes=id";
    let ana = json!({
        "id": "7",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "9"}},
    });
    let finds = |rules| read(raw, rules).unwrap().filter.unwrap().matches(&ana);
    assert_eq!((finds(&Rules::STRICT), finds(&Rules::LENIENT)), (false, true));
}

#[test]
fn text_compares_without_case_and_in_any_normal_form_unless_it_is_an_id() {
    let ana = json!({
        "id": "aB", "externalId": "eX", "userName": "JOSE\u{301}@x.com", "displayName": "ΣΑΣ",
        "emails": [{"value": "Ana@X.com"}],
    });
    let finds = |filter: &str| strict(&format!("filter={filter}")).filter.unwrap().matches(&ana);
    assert!(finds("userName eq \"jos\u{e9}@X.COM\"") && finds("userName sw \"JOS\u{c9}\""));
    assert!(finds("displayName eq \"σας\"") && finds("emails.value eq \"ANA@x.com\""));
    assert!(!finds("id eq \"ab\"") && finds("id eq \"aB\"") && !finds("externalId eq \"ex\""));
    assert!(
        !finds("userName co \"%25\"") && !finds("userName sw \"_\"") && !finds("userName co \"*\"")
    );
}

#[test]
fn sorting_puts_what_has_no_value_last_and_takes_the_primary_of_a_list() {
    let people = [
        json!({"n": 1, "userName": "b", "emails": [{"value": "z"}, {"value": "A", "primary": true}]}),
        json!({"n": 2, "userName": "C", "active": true}),
        json!({"n": 3, "userName": "a", "emails": [{"value": "B"}], "active": false}),
    ];
    let sorted = |raw: &str| {
        let sort = strict(raw).sort.unwrap();
        let mut list = people.clone();
        list.sort_by(|a, b| order::compare(&sort, a.as_object().unwrap(), b.as_object().unwrap()));
        list.map(|it| it["n"].as_i64().unwrap())
    };
    assert_eq!(sorted("sortBy=userName"), [3, 1, 2]);
    assert_eq!(sorted("sortBy=username&sortOrder=DESCENDING"), [2, 1, 3]);
    assert_eq!(sorted("sortBy=emails"), [1, 3, 2]);
    assert_eq!(sorted("sortBy=emails.value&sortOrder=descending"), [2, 3, 1]);
    assert_eq!(sorted("sortBy=active"), [3, 2, 1]);
    assert_eq!(sorted("sortBy=title"), [1, 2, 3]);
}

#[test]
fn what_cannot_be_sorted_by_is_refused() {
    for raw in
        ["sortBy=userName;drop table users", "sortBy=shoeSize", "sortBy=password", "sortBy=name.x"]
    {
        assert_eq!(refused(raw), "400 invalidPath", "{raw}");
    }
    assert_eq!(refused("sortBy=userName&sortOrder=up"), "400 invalidValue");
    assert_eq!(strict("sortOrder=descending").sort, None);
}

#[test]
fn a_search_says_the_same_in_a_body() {
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "userName eq \"ana\"", "sortBy": "userName", "sortOrder": "descending",
        "startIndex": 2, "count": "10", "attributes": ["userName", "name.givenName"],
    });
    let found = Query::from_search(&search, &LIMITS, &Rules::STRICT).unwrap();
    let raw = "filter=userName eq \"ana\"&sortBy=userName&sortOrder=descending&startIndex=2&count=10\
               &attributes=userName,name.givenName";
    assert_eq!(found, strict(raw));
    let said = |body: Value| {
        let error = Query::from_search(&body, &LIMITS, &Rules::STRICT).unwrap_err();
        error.scim_type.unwrap_or_default()
    };
    assert_eq!(said(json!({"filter": "a pr"})), "invalidSyntax");
    let with = |name: &str, value: Value| {
        let mut body = search.clone();
        body[name] = value;
        said(body)
    };
    assert_eq!(with("filter", json!(5)), "invalidValue");
    assert_eq!(with("filter", json!("(")), "invalidFilter");
    assert_eq!(with("count", json!({})), "invalidCount");
    assert_eq!(with("count", json!(1e300)), "invalidCount");
    assert_eq!(with("attributes", json!([5])), "invalidValue");
    assert_eq!(with("excludedAttributes", json!(["title"])), "invalidValue");
    assert!(Query::from_search(&json!({}), &LIMITS, &Rules::LENIENT).is_ok());
}

#[test]
fn entity_tags_are_compared_weakly_and_an_unreadable_condition_holds_for_nobody() {
    let fits = |header: &str| Tags::read(header).unwrap().fits(|tag| tag == "7");
    for header in ["W/\"7\"", "\"7\"", "w/\"7\"", "\"6\", W/\"7\"", "7", " W/\"6\" ,\"7\" ", "*"] {
        assert!(fits(header), "{header}");
    }
    for header in ["W/\"8\"", "\"\"", "77", "\"W/7\""] {
        assert!(!fits(header), "{header}");
    }
    for header in ["", " ", "W/\"7", "\"7\" \"8\"", "\"7\"x"] {
        assert!(Tags::read(header).is_err(), "{header}");
    }
    assert!(Tags::read("*").unwrap().is_any() && !Tags::read("\"*\"").unwrap().is_any());
}
