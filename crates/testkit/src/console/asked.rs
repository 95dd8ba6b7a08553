//! A request to a console, taken apart.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::Value;

use crate::query::pairs;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// The query's parameters; of several with one name the last.
    pub(super) query: BTreeMap<String, String>,
    pub(super) cookies: BTreeMap<String, String>,
    /// The fields of a form or of a JSON object.
    pub(super) fields: BTreeMap<String, String>,
}

impl Request {
    pub(super) fn read(method: &str, target: &str, headers: &HeaderMap, body: &[u8]) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
        let is_json = header("content-type").is_some_and(|it| it.starts_with("application/json"));
        let cookies = header("cookie").unwrap_or_default().split(';');
        let cookie = |text: &str| {
            text.trim().split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let text = String::from_utf8_lossy(body);
        let fields = if is_json { json_fields(&text) } else { pairs(&text).into_iter().collect() };
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: pairs(query).into_iter().collect(),
            cookies: cookies.filter_map(cookie).collect(),
            fields,
        }
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(super) fn asks(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn cookie(&self, name: &str) -> &str {
        self.cookies.get(name).map_or("", String::as_str)
    }

    /// The page of the list that is asked for, from 1.
    pub(super) fn page(&self) -> usize {
        let text = if self.method == "GET" { self.asks("page") } else { self.field("page") };
        text.parse().unwrap_or(1).max(1)
    }
}

/// An object's members as texts, lists joined by commas as a form has them.
fn json_fields(text: &str) -> BTreeMap<String, String> {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return BTreeMap::new() };
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let joined = |value: &Value| match value {
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => plain(other),
    };
    object.iter().map(|(name, value)| (name.clone(), joined(value))).collect()
}
