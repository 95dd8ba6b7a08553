//! PATCH bodies: those we send, and those that clients send.

use rollbook_scim::Patch;
use serde_json::{Value, json};

fn lines(patch: &Patch) -> String {
    let body = patch.to_json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]));
    let lines: Vec<String> =
        body["Operations"].as_array().unwrap().iter().map(Value::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_suspension_is_said_with_a_path_and_without() {
    insta::assert_snapshot!(lines(&Patch::active(false)), @r#"{"op":"replace","path":"active","value":false}"#);
    insta::assert_snapshot!(lines(&Patch::active(false).pathless()), @r#"{"op":"replace","value":{"active":false}}"#);
}

#[test]
fn paths_become_nested_objects() {
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
    let patch = Patch::default()
        .replace("name.givenName".parse().unwrap(), json!("Ana"))
        .replace("name.familyName".parse().unwrap(), json!("Ruiz"))
        .replace(manager.parse().unwrap(), json!("7"))
        .remove("title".parse().unwrap())
        .replace("emails[type eq \"work\"].value".parse().unwrap(), json!("a@b"));
    insta::assert_snapshot!(lines(&patch.pathless()), @r#"
    {"op":"replace","value":{"name":{"familyName":"Ruiz","givenName":"Ana"},"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"7"}}}}
    {"op":"remove","path":"title"}
    {"op":"replace","path":"emails[type eq \"work\"].value","value":"a@b"}
    "#);
}

#[test]
fn members_are_added_at_once_and_removed_one_by_one() {
    insta::assert_snapshot!(lines(&Patch::add_members(["a", "b"])), @r#"{"op":"add","path":"members","value":[{"value":"a"},{"value":"b"}]}"#);
    insta::assert_snapshot!(lines(&Patch::remove_members(["a", "b\"c"])), @r#"
    {"op":"remove","path":"members[value eq \"a\"]"}
    {"op":"remove","path":"members[value eq \"b\\\"c\"]"}
    "#);
    insta::assert_snapshot!(lines(&Patch::remove_members_by_value(["a"])), @r#"{"op":"remove","path":"members","value":[{"value":"a"}]}"#);
}

#[test]
fn what_clients_send_is_read_and_written_as_the_rfc_says() {
    let sent = json!({
        "schemas": "urn:ietf:params:scim:api:messages:2.0:PatchOp",
        "operations": {"OP": "Replace", "Path": null, "Value": {"active": "False"}},
    });
    let patch = Patch::read(&sent).unwrap();
    insta::assert_snapshot!(lines(&patch), @r#"{"op":"replace","value":{"active":"False"}}"#);
    assert_eq!(Patch::read(&patch.to_json()).unwrap(), patch);
}

#[test]
fn what_is_no_patch_is_refused_with_the_rfcs_word() {
    let one = |operation: Value| json!({"Operations": [operation]});
    let cases = [
        (json!([]), "invalidSyntax"),
        (json!({}), "invalidSyntax"),
        (json!({"Operations": []}), "invalidSyntax"),
        (one(json!("x")), "invalidSyntax"),
        (one(json!({"op": "move", "path": "a"})), "invalidSyntax"),
        (one(json!({"op": "replace", "path": ["a"], "value": {"b": 1}})), "invalidSyntax"),
        (one(json!({"op": "add", "path": "a b", "value": 1})), "invalidPath"),
        (one(json!({"op": "add", "path": "a"})), "invalidValue"),
    ];
    for (body, word) in cases {
        let error = Patch::read(&body).unwrap_err();
        assert_eq!(error.scim_type().word(), word, "{body}");
        assert_eq!(error.to_message().to_json()["status"], "400");
    }
}
