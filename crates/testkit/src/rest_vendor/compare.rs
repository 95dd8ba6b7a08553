//! Whether a request is the one that an example shows, but for what the call's blanks stand for.

use std::collections::BTreeMap;

use rollbook_catalog::rest::{Blank, Call, Paging, Send, Spot, Template, scalar};
use serde_json::Value;

use super::sent::Sent;
use super::writing;
use crate::query::decoded;

/// What stands in the blanks of a request.
pub(super) type Filled = BTreeMap<Blank, String>;

/// A request that fits an example.
#[derive(Debug, Default)]
pub(super) struct Fit {
    /// What its blanks hold.
    pub(super) filled: Filled,
    /// Where members are that a merged body took over from what was shown: pointer and value.
    pub(super) merged: Vec<(String, Value)>,
    differs: Vec<String>,
}

/// Holds `sent` against `example`, with the blanks of `call`. Of a list, paging is left aside.
///
/// # Errors
/// What differs, a sentence each.
pub(super) fn compare(
    call: &Call,
    paging: Option<&Paging>,
    example: &Sent,
    sent: &Sent,
) -> Result<Fit, Vec<String>> {
    let (mut example, mut sent) = (example.clone(), sent.clone());
    let mut template = call.body.as_ref().map(|body| body.as_written().clone());
    if let Some(paging) = paging {
        example.take_out_paging(paging);
        sent.take_out_paging(paging);
        for spot in spots(paging) {
            if let (Spot::Body(at), Some(body)) = (spot, &mut template) {
                writing::take_away(body, at);
            }
        }
    }
    let mut fit = Fit::default();
    for wanted in [&example.method, &call.method.to_string()] {
        if sent.method != *wanted {
            fit.differs.push(format!("the method is {} and not {wanted}", sent.method));
        }
    }
    // The last blank of a path may hold a slash, but not more of them than the example has.
    if sent.path.matches('/').count() != example.path.matches('/').count() {
        fit.differs.push(format!("the path is not like {}", example.path));
    }
    let kind = |send: Send| if send == Send::Merged { Send::Json } else { send };
    if sent.body.is_some() && kind(sent.send) != kind(call.send) {
        fit.differs.push(format!("the body comes as {:?} and not as {:?}", sent.send, call.send));
    }
    fit.path(&call.path, &sent.path);
    fit.query(&call.query.to_string(), &example.query, &sent.query);
    match (&template, &example.body, &sent.body) {
        (_, None, None) => {}
        (Some(template), Some(example), Some(sent)) => {
            let body = Body { send: call.send };
            body.value(&mut fit, "", Some(template), Some(example), sent);
        }
        (None, Some(_), _) => fit.differs.push("the call has no body, the example has one".into()),
        (_, None, Some(_)) => fit.differs.push("it has a body, the example has none".into()),
        (_, Some(_), None) => fit.differs.push("it has no body".into()),
    }
    if fit.differs.is_empty() { Ok(fit) } else { Err(fit.differs) }
}

fn spots(paging: &Paging) -> Vec<&Spot> {
    use rollbook_catalog::rest::Turn;
    let at = match &paging.turn {
        Turn::Page { at, .. }
        | Turn::Offset { at, .. }
        | Turn::Cursor { at, .. }
        | Turn::After { at, .. } => Some(at),
        Turn::Single | Turn::Link { .. } => None,
    };
    at.into_iter().chain(paging.size.iter().map(|(at, _)| at)).collect()
}

impl Fit {
    fn path(&mut self, template: &Template, path: &str) {
        let whole = || template.read(&decoded(path, false));
        match template.read(path).or_else(whole) {
            Some(found) => {
                for (blank, text) in found {
                    self.fill(blank, decoded(&text, false));
                }
            }
            None => self.differs.push(format!("the path is not {template}")),
        }
    }

    fn query(&mut self, template: &str, example: &[(String, String)], sent: &[(String, String)]) {
        let parts = template.split('&').filter(|part| !part.is_empty());
        let template: Vec<_> =
            parts.map(|part| part.split_once('=').unwrap_or((part, ""))).collect();
        let mut names: Vec<&str> = example.iter().chain(sent).map(|(n, _)| n.as_str()).collect();
        names.extend(template.iter().map(|(name, _)| *name));
        names.sort_unstable();
        names.dedup();
        for name in names {
            let of = |all: &[(String, String)]| -> Vec<String> {
                all.iter().filter(|(own, _)| own == name).map(|(_, value)| value.clone()).collect()
            };
            let (shown, found) = (of(example), of(sent));
            let said = template.iter().filter(|(own, _)| *own == name).map(|(_, value)| *value);
            let said: Vec<Template> = said.map(|value| Template::from(value.to_owned())).collect();
            if found.is_empty() && said.iter().all(|one| is_optional(&one.to_string())) {
                continue;
            }
            if shown.len() != found.len() || said.len() != found.len() {
                self.differs.push(format!(
                    "the query says `{name}` {} times; the example {}, the call {}",
                    found.len(),
                    shown.len(),
                    said.len()
                ));
                continue;
            }
            for ((template, shown), found) in said.iter().zip(&shown).zip(&found) {
                self.text(&format!("`{name}` of the query"), template, shown, found);
            }
        }
    }

    fn text(&mut self, place: &str, template: &Template, shown: &str, found: &str) {
        let has_blanks = template.blanks().next().is_some();
        match template.read(found) {
            Some(filled) if has_blanks => {
                filled.into_iter().for_each(|(blank, text)| self.fill(blank, text));
            }
            _ if has_blanks => {
                self.differs.push(format!("{place} is `{found}`, which is no `{template}`"));
            }
            _ if found != shown => {
                self.differs.push(format!("{place} is `{found}` and not `{shown}`"));
            }
            None => self.differs.push(format!("{place} is `{found}`, the call says `{template}`")),
            Some(_) => {}
        }
    }

    fn fill(&mut self, blank: Blank, text: String) {
        match self.filled.get(&blank) {
            Some(before) if *before != text => {
                self.differs.push(format!("{blank} is `{before}` and `{text}` in one request"));
            }
            _ => drop(self.filled.insert(blank, text)),
        }
    }
}

struct Body {
    send: Send,
}

impl Body {
    /// Compares what is at `at`. `None`: the template, or the example, has nothing there.
    fn value(
        &self,
        fit: &mut Fit,
        at: &str,
        template: Option<&Value>,
        example: Option<&Value>,
        sent: &Value,
    ) {
        let (Some(template), Some(example)) = (template, example) else {
            match self.send {
                Send::Merged => fit.merged.push((at.to_owned(), sent.clone())),
                _ if template.is_none() => {
                    fit.differs.push(format!("{at} of the body is not in the call"));
                }
                _ => fit.differs.push(format!("{at} of the body is not in the example")),
            }
            return;
        };
        let template = match (self.send, template) {
            // In a form a list of one is that one.
            (Send::Form, Value::Array(items)) if items.len() == 1 => &items[0],
            _ => template,
        };
        match (template, example, sent) {
            (Value::Object(template), Value::Object(example), Value::Object(sent)) => {
                self.members(fit, at, (template, example, sent));
            }
            (Value::Array(template), Value::Array(example), Value::Array(sent)) => {
                self.items(fit, at, (template, example, sent));
            }
            (Value::String(text), example, sent) => {
                let place = format!("{at} of the body");
                if std::mem::discriminant(example) != std::mem::discriminant(sent) {
                    fit.differs.push(format!("{place} is {sent}, the example shows {example}"));
                    return;
                }
                let word = |value: &Value| scalar(value).unwrap_or_default();
                let template = Template::from(text.clone());
                fit.text(&place, &template, &word(example), &word(sent));
            }
            (template, example, sent) => {
                let is_same = |other: &Value| match self.send {
                    Send::Form => scalar(other) == scalar(sent),
                    _ => other == sent,
                };
                let mut others = [("the example", example), ("the call", template)].into_iter();
                if let Some((whose, other)) = others.find(|(_, other)| !is_same(other)) {
                    fit.differs.push(format!("{at} of the body is {sent}, {whose} has {other}"));
                }
            }
        }
    }

    fn members(
        &self,
        fit: &mut Fit,
        at: &str,
        (template, example, sent): (&Members, &Members, &Members),
    ) {
        for (name, sent) in sent {
            let (template, example) = (template.get(name), example.get(name));
            self.value(fit, &format!("{at}/{name}"), template, example, sent);
        }
        let missing = example.keys().filter(|name| !sent.contains_key(*name));
        let is_needed = |name: &&String| match template.get(*name) {
            Some(Value::String(text)) => !is_optional(text),
            Some(_) => true,
            None => self.send != Send::Merged,
        };
        for name in missing.filter(is_needed) {
            fit.differs.push(format!("{at}/{name} of the body is missing"));
        }
    }

    fn items(
        &self,
        fit: &mut Fit,
        at: &str,
        (template, example, sent): (&[Value], &[Value], &[Value]),
    ) {
        if sent.is_empty() && template.iter().all(|it| it.as_str().is_some_and(is_optional)) {
            return;
        }
        if sent.len() != example.len() || sent.len() != template.len() {
            let (has, shown) = (sent.len(), example.len());
            fit.differs.push(format!("{at} of the body has {has} items and not {shown}"));
            return;
        }
        for (n, sent) in sent.iter().enumerate() {
            self.value(fit, &format!("{at}/{n}"), template.get(n), example.get(n), sent);
        }
    }
}

type Members = serde_json::Map<String, Value>;

/// A text that is nothing but a blank that may be left out.
fn is_optional(text: &str) -> bool {
    text.starts_with('{') && text.ends_with("?}") && text.matches('{').count() == 1
}
