//! One value, one text: the canonical bytes that digests and signatures are made over, and the
//! canonical form under which two names are the same.
//!
//! The encoding is written down in `docs/evidence.md`, so that somebody else can make a verifier
//! from it: JSON, object keys sorted by code point, no white space, no fractions, only the escapes
//! that JSON demands.

mod alike;
mod login;

pub(crate) use alike::may_mislead;
pub use alike::{look_alike, looks};
pub use login::{LOGIN_MAX, Refused, login_key, same_login, shown_login_key};

use serde::Serialize;
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::id::hex;

/// The canonical bytes of `value`. A number with a fraction or beyond 64 bits is written as text.
pub fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

/// The canonical value of anything that serde can write, with numbers made exact.
pub fn value_of(thing: &impl Serialize) -> Value {
    exact(
        serde_json::to_value(thing).expect("our stored types have text keys and no failing parts"),
    )
}

/// SHA-256, in lower-case hex, over `domain`, a line feed and the canonical bytes of `value`. The
/// domain keeps a digest of one kind of thing from passing for another's.
pub fn digest(domain: &str, value: &Value) -> String {
    digest_bytes(domain, &bytes(value))
}

/// SHA-256, in lower-case hex, over `domain`, a line feed and `bytes`.
pub fn digest_bytes(domain: &str, bytes: &[u8]) -> String {
    hex(&Sha256::new().chain_update(domain).chain_update(b"\n").chain_update(bytes).finalize())
}

/// `value` with every number that has no exact form in the encoding written as text instead.
pub fn exact(mut value: Value) -> Value {
    make_exact(&mut value);
    value
}

fn make_exact(value: &mut Value) {
    match value {
        Value::Number(number) if !is_exact(number) => *value = Value::String(number.to_string()),
        Value::Array(items) => items.iter_mut().for_each(make_exact),
        Value::Object(map) => map.values_mut().for_each(make_exact),
        _ => {}
    }
}

/// The form under which two addresses or names of people are the same: compatibility characters
/// unified, case and surrounding white space ignored. Logins have a stricter form, [`login_key`].
pub fn fold(text: &str) -> String {
    // Lower-casing can undo normal form (`İ` becomes two characters), so it is made again.
    text.trim().nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

fn is_exact(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) if is_exact(number) => out.extend(number.to_string().bytes()),
        Value::Number(number) => write_text(&number.to_string(), out),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => write_list(b'[', b']', items, out, write),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_bytes());
            write_list(b'{', b'}', &entries, out, |(key, value), out| {
                write_text(key, out);
                out.push(b':');
                write(value, out);
            });
        }
    }
}

fn write_list<T>(
    open: u8,
    close: u8,
    items: &[T],
    out: &mut Vec<u8>,
    one: impl Fn(&T, &mut Vec<u8>),
) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        one(item, out);
    }
    out.push(close);
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing text to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_only_the_demanded_escapes_are_used() {
        let value = json!({"z": [1, -2, true, null], "a": {"é": "\u{1}\n\"\\/ü\u{7f}", "b": {}}});
        let text = String::from_utf8(bytes(&value)).expect("the encoding is UTF-8");
        let expected =
            "{\"a\":{\"b\":{},\"é\":\"\\u0001\\n\\\"\\\\/ü\u{7f}\"},\"z\":[1,-2,true,null]}";
        assert_eq!(text, expected);
    }

    #[test]
    fn fractions_become_text_and_separators_cannot_be_confused() {
        assert_eq!(bytes(&json!({"score": 0.5})), br#"{"score":"0.5"}"#);
        assert_eq!(exact(json!([1e300])), json!(["1e+300"]));
        assert_ne!(digest("t", &json!(["a|b", "c"])), digest("t", &json!(["a", "b|c"])));
    }

    #[test]
    fn names_fold_over_case_width_and_surrounding_space() {
        assert_eq!(fold(" Ｊosé.GARCÍA@X.com "), fold("josé.garcía@x.com"));
        assert_eq!(fold("e\u{301}"), fold("É"));
        assert_ne!(fold("jansen"), fold("janssen"));
    }
}
