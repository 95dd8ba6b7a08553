//! A request as the vendor got it, or as an example shows it.

use rollbook_catalog::rest::{Example, Paging, Pointer, Send, Spot, Turn};
use serde_json::{Map, Value};

use super::writing;
use crate::query::pairs;

/// A request, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sent {
    pub(super) method: String,
    /// Below the base URL, still encoded.
    pub(super) path: String,
    /// Decoded, in the order of the request.
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    /// As what the body came; for an example, as its call sends it.
    pub(super) send: Send,
}

impl Sent {
    /// The request of an example.
    pub(super) fn of(example: &Example, send: Send) -> Result<Self, String> {
        let (method, target) = example.request.split_once(' ').unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Self {
            method: method.to_owned(),
            path: if path == "/" { String::new() } else { path.to_owned() },
            query: pairs(query),
            body: body(&example.body, send)?,
            send,
        })
    }

    /// Takes out what only says which part of a list is wanted: the page, and how many items.
    pub(super) fn take_out_paging(&mut self, paging: &Paging) -> (Option<String>, Option<String>) {
        let page = match &paging.turn {
            Turn::Page { at, .. }
            | Turn::Offset { at, .. }
            | Turn::Cursor { at, .. }
            | Turn::After { at, .. } => self.take_out(at),
            Turn::Single | Turn::Link { .. } => None,
        };
        let size = paging.size.as_ref().and_then(|(at, _)| self.take_out(at));
        (page, size)
    }

    fn take_out(&mut self, at: &Spot) -> Option<String> {
        match at {
            Spot::Query(name) => {
                let at = self.query.iter().position(|(own, _)| own == name)?;
                Some(self.query.remove(at).1)
            }
            Spot::Body(pointer) => self.body.as_mut().and_then(|body| taken(body, pointer)),
            Spot::Path => None,
        }
    }
}

/// What a body has at `at`, which it then has no longer.
pub(super) fn taken(body: &mut Value, at: &Pointer) -> Option<String> {
    let text = at.text(body);
    writing::take_away(body, at);
    text
}

/// A body as a value; a form is an object of texts. Empty: none.
pub(super) fn body(text: &str, send: Send) -> Result<Option<Value>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    // What is said several times is a list.
    let texts = |pairs: Vec<(String, String)>| {
        let mut members = Map::new();
        for (name, value) in pairs {
            match members.get_mut(&name) {
                None => drop(members.insert(name, Value::String(value))),
                Some(Value::Array(values)) => values.push(Value::String(value)),
                Some(one) => *one = Value::Array(vec![one.take(), Value::String(value)]),
            }
        }
        Value::Object(members)
    };
    match (send, serde_json::from_str::<Value>(text)) {
        (Send::Form, Ok(Value::Object(members))) => {
            let scalar = |value: &Value| rollbook_catalog::rest::scalar(value).unwrap_or_default();
            let pairs = members.iter().map(|(name, value)| (name.clone(), scalar(value)));
            Ok(Some(texts(pairs.collect())))
        }
        (Send::Form, _) => Ok(Some(texts(pairs(text)))),
        (_, Ok(body)) => Ok(Some(body)),
        (_, Err(cause)) => Err(format!("the body is no JSON: {cause}")),
    }
}
