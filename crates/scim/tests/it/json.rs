//! JSON that cannot be read in two ways.

use proptest::prelude::*;
use rollbook_scim::json::read;
use serde_json::{Value, json};

#[test]
fn a_key_that_comes_twice_is_refused_in_any_case_and_at_any_depth() {
    for text in [
        r#"{"active":true,"active":false}"#,
        r#"{"active":true,"Active":false}"#,
        r#"{"a":[{"b":{"É":1,"é":2}}]}"#,
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(error.detail().contains("twice"), "{}", error.detail());
    }
    assert_eq!(
        read(br#"{"a":{"b":1},"c":{"b":1}}"#).unwrap(),
        json!({"a": {"b": 1}, "c": {"b": 1}})
    );
}

#[test]
fn what_is_no_json_is_refused() {
    let deep = "[".repeat(100_000);
    for text in ["", "{", "{} x", "NaN", "1e400", r#""\ud800""#, deep.as_str(), "{'a':1}"] {
        assert!(read(text.as_bytes()).is_err(), "{:.20}", text);
    }
    assert!(read(&[b'"', 0xFF, b'"']).is_err());
    assert_eq!(read(b"\xEF\xBB\xBF{}").unwrap(), json!({}), "a byte order mark is allowed");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in values()) {
        prop_assert_eq!(read(value.to_string().as_bytes()).unwrap(), value);
    }
}
