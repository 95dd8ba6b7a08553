//! Evaluating a [`Filter`] over JSON.
//!
//! Of several values one that fits is enough, for `ne` as well (RFC 7644 §3.4.2.2). `emails eq "x"`
//! means `emails.value`. Absent, `null` and the empty list are the same: no value; it fulfils `ne`
//! and nothing else. Values of another type than the literal's never fit, except that `"True"` stands
//! for `true`.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::{Filter, Literal, Op};
use crate::datetime::moment;
use crate::path::Path;
use crate::text::{caseless, same};
use crate::{read, schema};

impl Filter {
    /// Whether the resource fulfils the filter. What is no object fulfils none.
    pub fn matches(&self, resource: &Value) -> bool {
        resource.as_object().is_some_and(|object| self.holds(object, None))
    }

    /// Whether an element of the list `list` fulfils the filter. An element that is a bare text
    /// counts as its `value`.
    pub fn matches_element(&self, element: &Value, list: &str) -> bool {
        match element {
            Value::Object(object) => self.holds(object, Some(list)),
            bare => {
                let object = Map::from_iter([("value".to_owned(), bare.clone())]);
                self.holds(&object, Some(list))
            }
        }
    }

    fn holds(&self, object: &Map<String, Value>, list: Option<&str>) -> bool {
        match self {
            Self::Compare { path, op, value } => compare(object, list, path, *op, value),
            Self::Present(path) => path.find(object, &mut is_present),
            Self::Has { attr, filter } => {
                let name = attr.name().unwrap_or_default();
                attr.find(object, &mut |item| filter.matches_element(item, name))
            }
            Self::Not(filter) => !filter.holds(object, list),
            Self::All(terms) => terms.iter().all(|term| term.holds(object, list)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(object, list)),
        }
    }
}

fn compare(
    object: &Map<String, Value>,
    list: Option<&str>,
    path: &Path,
    op: Op,
    literal: &Literal,
) -> bool {
    let exact = is_case_exact(list, path);
    let mut any = false;
    let fits = path.find(object, &mut |value| {
        // A complex value stands for its `value`.
        let inner = value.as_object().and_then(|it| read::get(it, "value"));
        let value = inner.unwrap_or(value);
        let present = is_present(value);
        any |= present;
        present && *literal != Literal::Null && fits(value, op, literal, exact)
    });
    match literal {
        Literal::Null => any == (op == Op::Ne),
        _ => fits || (!any && op == Op::Ne),
    }
}

fn is_case_exact(list: Option<&str>, path: &Path) -> bool {
    let name = path.attr().name().unwrap_or_default();
    match list {
        Some(list) => schema::is_case_exact(list, Some(name)),
        None => {
            let sub = path.sub().or(schema::is_multi_valued(name).then_some("value"));
            schema::is_case_exact(name, sub)
        }
    }
}

/// RFC 7644 table 3, `pr`: a value that is not empty.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn fits(value: &Value, op: Op, literal: &Literal, exact: bool) -> bool {
    match (value, literal) {
        (Value::String(value), Literal::Text(text)) if exact => text_fits(value, op, text),
        (Value::String(value), Literal::Text(text)) if op == Op::Eq && !is_moment(text) => {
            same(value, text)
        }
        (Value::String(value), Literal::Text(text)) => {
            text_fits(&caseless(value), op, &caseless(text))
        }
        (Value::Number(value), Literal::Number(number)) => {
            order_numbers(value, number).is_some_and(|order| order_fits(order, op))
        }
        (Value::Bool(value), Literal::Bool(truth)) => order_fits(value.cmp(truth), op),
        // `primary eq "True"`: some clients quote.
        (Value::Bool(value), Literal::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => order_fits(value.cmp(&true), op),
            "false" => order_fits(value.cmp(&false), op),
            _ => op == Op::Ne,
        },
        _ => op == Op::Ne,
    }
}

fn text_fits(value: &str, op: Op, text: &str) -> bool {
    match op {
        Op::Co => value.contains(text),
        Op::Sw => value.starts_with(text),
        Op::Ew => value.ends_with(text),
        _ => {
            let order = match (moment(value), moment(text)) {
                (Some(value), Some(text)) => value.cmp(&text),
                _ => value.cmp(text),
            };
            order_fits(order, op)
        }
    }
}

fn is_moment(text: &str) -> bool {
    moment(text).is_some()
}

fn order_numbers(value: &Number, other: &Number) -> Option<Ordering> {
    match (value.as_i64(), other.as_i64()) {
        (Some(value), Some(other)) => Some(value.cmp(&other)),
        _ => value.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

fn order_fits(order: Ordering, op: Op) -> bool {
    match op {
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        // Substrings of numbers and booleans: never built by the parser.
        Op::Co | Op::Sw | Op::Ew => false,
    }
}
