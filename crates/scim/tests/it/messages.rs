//! Errors as vendors word them.

use rollbook_scim::ErrorMessage;
use rollbook_scim::message::ScimType;
use serde_json::json;

#[test]
fn an_error_is_written_with_its_status_as_text() {
    let error = ErrorMessage::new(409, Some(ScimType::Uniqueness), "Taken.");
    insta::assert_snapshot!(error.to_json().to_string(), @r#"{"detail":"Taken.","schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"uniqueness","status":"409"}"#);
    assert_eq!(ErrorMessage::read(&error.to_json()), Some(error));
}

#[test]
fn errors_of_all_shapes_give_up_their_text() {
    let shapes = [
        json!({"schemas": "urn:ietf:params:scim:api:messages:2.0:error", "status": 400, "detail": "no"}),
        json!({"Errors": [{"code": "400", "description": "no"}]}),
        json!({"response": {"status": "400", "detail": "no"}}),
        json!({"error": {"statusCode": 400, "message": "no"}}),
        json!({"error": "bad", "error_description": "no", "status": 400}),
        json!({"title": "no", "status": 400}),
        json!({"errors": ["no"], "status": "400"}),
    ];
    for shape in shapes {
        let error = ErrorMessage::read(&shape).unwrap();
        assert_eq!((error.status, error.detail.as_deref()), (Some(400), Some("no")), "{shape}");
    }
    assert!(ErrorMessage::read(&json!({"ok": false})).is_some());
}

#[test]
fn a_resource_with_a_title_is_no_error() {
    for resource in [
        json!({"id": "7", "userName": "ana", "title": "Baker"}),
        json!({"totalResults": 0, "Resources": []}),
        json!({}),
        json!([]),
        json!("<html>"),
    ] {
        assert_eq!(ErrorMessage::read(&resource), None, "{resource}");
    }
}
