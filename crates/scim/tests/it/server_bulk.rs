//! Bulk requests (RFC 7644 §3.7).

use rollbook_scim::ErrorMessage;
use rollbook_scim::server::bulk::{Method, Target};
use rollbook_scim::server::{BulkLimits, BulkRequest, ResourceType};
use serde_json::{Value, json};

const LIMITS: BulkLimits = BulkLimits { operations_max: 4, payload_max: 1 << 20 };

fn read(operations: Value) -> Result<BulkRequest, ErrorMessage> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "failOnErrors": 1, "Operations": operations,
    });
    BulkRequest::read(body, &LIMITS, true)
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> =
        members.iter().map(|it| json!({"value": format!("bulkId:{it}")})).collect();
    json!({"method": "POST", "path": "/Groups", "bulkId": name,
        "data": {"displayName": name, "members": members}})
}

fn user(name: &str) -> Value {
    json!({"method": "post", "path": "/users", "bulkId": name, "data": {"userName": name}})
}

fn problems(request: &BulkRequest) -> Vec<u16> {
    let status = |it: &ErrorMessage| it.status.unwrap();
    request.operations.iter().map(|it| it.problem.as_ref().map_or(0, status)).collect()
}

#[test]
fn operations_are_read_in_their_order() {
    let request = read(json!([
        user("a"),
        {"method": "PUT", "path": "Users/7", "data": {"userName": "b"}, "version": "W/\"3\""},
        {"method": "patch", "path": "/Groups/bulkId:g", "data": {}},
        group("g", &["a"]),
    ]))
    .unwrap();
    assert_eq!((request.fail_on_errors, problems(&request)), (Some(1), vec![0; 4]));
    let put = &request.operations[1];
    assert_eq!((put.method, put.kind), (Method::Put, ResourceType::User));
    assert_eq!(
        (&put.target, put.version.as_deref()),
        (&Target::Id("7".to_owned()), Some("W/\"3\""))
    );
    assert_eq!(request.operations[2].target, Target::BulkId("g".to_owned()));
    assert_eq!(request.order, [0, 1, 3, 2], "the patch needs what is made after it");
}

#[test]
fn a_forward_reference_waits_for_what_it_names() {
    let request = read(json!([group("g", &["a", "b"]), user("b"), user("a")])).unwrap();
    assert_eq!((request.order.clone(), problems(&request)), (vec![1, 2, 0], vec![0; 3]));
    let ids = |name: &str| (name != "c").then(|| format!("id-{name}"));
    let data = request.operations[0].resolved(&ids).unwrap().unwrap();
    assert_eq!(data["members"], json!([{"value": "id-a"}, {"value": "id-b"}]));
    let failed = |_: &str| None;
    let error = request.operations[0].resolved(&failed).unwrap_err();
    assert_eq!(error.status, Some(409));
}

#[test]
fn operations_in_a_circle_are_refused_and_the_others_are_not() {
    let request =
        read(json!([group("g", &["h"]), group("h", &["g"]), user("a"), group("s", &["s"])]));
    let request = request.unwrap();
    assert_eq!(problems(&request), [409, 409, 0, 409]);
    let mut order = request.order.clone();
    assert_eq!(order[0], 2);
    order.sort_unstable();
    assert_eq!(order, [0, 1, 2, 3]);
}

#[test]
fn what_is_wrong_with_one_operation_is_its_own_problem() {
    let request = read(json!([
        {"method": "POST", "path": "/Users", "data": {}},
        {"method": "DELETE", "path": "/Users"},
        {"method": "GET", "path": "/Users/7"},
        {"method": "PUT", "path": "/Devices/7", "data": {}},
    ]))
    .unwrap();
    assert_eq!(problems(&request), [400; 4]);
    let request = read(json!([user("a"), user("a"), group("g", &["ghost"])])).unwrap();
    assert_eq!(problems(&request), [0, 400, 400]);
}

#[test]
fn what_is_no_bulk_request_or_too_many_is_refused_as_a_whole() {
    let said = |done: Result<BulkRequest, ErrorMessage>| {
        let error = done.unwrap_err();
        (error.status.unwrap(), error.scim_type.unwrap())
    };
    let five: Vec<Value> = ["a", "b", "c", "d", "e"].map(user).into();
    let error = read(json!(five)).unwrap_err();
    assert!(error.status == Some(413) && error.detail.unwrap().contains("maxOperations"));
    let syntax = (400, "invalidSyntax".to_owned());
    for operations in [json!([]), json!({}), json!(null), json!([5])] {
        assert_eq!(said(read(operations)), syntax);
    }
    let body = json!({"Operations": [user("a")]});
    assert_eq!(said(BulkRequest::read(body.clone(), &LIMITS, true)), syntax);
    assert!(BulkRequest::read(body, &LIMITS, false).is_ok());
    for odd in [json!(0), json!(-1), json!("x"), json!(1.5)] {
        let body = json!({"failOnErrors": odd, "Operations": [user("a")]});
        assert_eq!(said(BulkRequest::read(body, &LIMITS, false)), syntax);
    }
}
