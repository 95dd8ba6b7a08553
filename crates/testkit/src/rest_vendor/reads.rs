//! What the vendor answers to reads.

use std::collections::BTreeMap;

use rollbook_catalog::Hurt;
use rollbook_catalog::RequestOp;
use rollbook_catalog::rest::{Blank, Call, Pointer};
use serde_json::{Value, json};

use super::compare::{Filled, Fit};
use super::exchange::{Exchange, paging, same_requests};
use super::list::{self, items, shape};
use super::paging::{Page, Window, is_by_place, target, window};
use super::record::Record;
use super::sent::Sent;
use super::site::{No, Site};
use super::{state, writing};
use crate::fault::Twist;
use crate::outgoing::Reply;

impl Site {
    /// A page of a list, whatever it lists.
    pub(super) fn page(
        &mut self,
        exchange: &Exchange,
        (sent, fit, turn): (&Sent, &Fit, Option<usize>),
        twist: Option<&Twist>,
    ) -> Result<Reply, No> {
        let mut all = match exchange.op {
            RequestOp::ListGroups => self.groups_shown(exchange),
            RequestOp::ListMembers => self.members_shown(exchange, &fit.filled)?,
            _ => self.accounts_shown(exchange.call),
        };
        let mut exchange = exchange.clone();
        self.put_other_lists(&mut exchange);
        let exchange = &exchange;
        let call = self.rest.calls[exchange.call].clone();
        let how = paging(&self.rest, &call).expect("only lists come here").clone();
        let place = fit.filled.get(&Blank::Page).map(String::as_str);
        let after = |at: &Pointer, text: &str| {
            all.iter().position(|item| at.text(item).as_deref() == Some(text))
        };
        let mut window = window(&how, sent, place, turn, &after).map_err(No::Unexpected)?;
        if self.page_max.is_some_and(|max| window.size != usize::MAX && window.size > max) {
            let text = format!("asks for {} items at once, more than the app gives", window.size);
            return Err(No::Unexpected(text));
        }
        match twist {
            Some(Twist::EmptyList) => all.clear(),
            Some(Twist::HalfList) => all.truncate(all.len() / 2),
            Some(Twist::RepeatPage | Twist::StartIndexIgnored) => window.start = 0,
            Some(Twist::Overlap { by }) => window.start = window.start.saturating_sub(*by),
            _ => {}
        }
        let repeats = self.hurts.contains(&Hurt::LastPageRepeats) && is_by_place(&how);
        if repeats && window.start >= all.len() && !all.is_empty() {
            window.start = (all.len() - 1) / window.size * window.size;
        }
        Ok(self.page_of(exchange, &call, &how, all, window, sent, twist))
    }

    #[expect(clippy::too_many_arguments, reason = "a page is made of all of them")]
    fn page_of(
        &self,
        exchange: &Exchange,
        call: &Call,
        how: &rollbook_catalog::rest::Paging,
        all: Vec<Value>,
        window: Window,
        sent: &Sent,
        twist: Option<&Twist>,
    ) -> Reply {
        let total = all.len();
        let items: Vec<Value> = all.into_iter().skip(window.start).take(window.size).collect();
        let page = Page { paging: how, total, window, len: items.len(), twist };
        let mut answer = exchange.answer.clone();
        let key = shape(&self.rest, call).key.clone();
        writing::put_list(&mut answer, &call.items, items, &|item| {
            key.text(item).unwrap_or_default()
        });
        let address = |next: usize, like: Option<&Value>| {
            let target = target(sent, next);
            match like.and_then(Value::as_str) {
                _ if twist == Some(&Twist::ForeignNext) => format!("{}{target}", self.foreign),
                Some(like) if like.starts_with('/') && like.starts_with(&self.base_path) => {
                    format!("{}{target}", self.base_path)
                }
                Some(like) if like.starts_with('/') => target,
                _ => format!("{}{target}", self.url),
            }
        };
        let link = page.say(&mut answer, &address);
        let mut reply = Reply::json(exchange.status, answer);
        reply.headers.extend(link.map(|link| ("link", link)));
        reply
    }

    /// Lists that stand beside this one in the same answer come whole.
    fn put_other_lists(&mut self, exchange: &mut Exchange) {
        if exchange.op != RequestOp::List {
            return;
        }
        for other in same_requests(&self.rest, exchange.call) {
            if other != exchange.call {
                let items = self.accounts_shown(other);
                let call = &self.rest.calls[other];
                writing::put_list(&mut exchange.answer, &call.items, items, &|_| String::new());
            }
        }
    }

    fn accounts_shown(&mut self, call: usize) -> Vec<Value> {
        let seen = self.seen();
        let Some(list) = self.lists.iter().find(|list| list.call == call) else {
            return Vec::new();
        };
        let mut all = list.noise.clone();
        all.extend(seen.iter().filter_map(|record| list.show(&self.rest, record, &self.shown)));
        all
    }

    fn groups_shown(&mut self, exchange: &Exchange) -> Vec<Value> {
        let Some(shape) = self.rest.group.clone() else { return Vec::new() };
        let call = &self.rest.calls[exchange.call];
        let base = items(call, &exchange.answer).into_iter().next().unwrap_or_default();
        let was = (shape.key.text(&base), shape.name.text(&base));
        let groups: BTreeMap<String, String> = self.groups.clone();
        let mut all = Vec::new();
        for (key, name) in groups {
            let mut item = base.clone();
            let words = [(was.0.clone(), key.clone()), (was.1.clone(), name.clone())];
            let words = words.into_iter().filter_map(|(was, new)| Some((was?, new)));
            writing::exchange_words(&mut item, &words.collect::<Vec<_>>());
            // Where the name is the key, it is written as the key.
            writing::put_text(&mut item, &shape.name, &name);
            writing::put_text(&mut item, &shape.key, &key);
            if let Some(members) = &shape.members {
                let inside = self.records.iter().filter(|record| record.groups.contains(&key));
                let keys: Vec<String> = inside.map(|record| record.key.clone()).collect();
                writing::put_texts(&mut item, members, &keys);
            }
            all.push(item);
        }
        all
    }

    fn members_shown(&mut self, exchange: &Exchange, filled: &Filled) -> Result<Vec<Value>, No> {
        let group = filled.get(&Blank::Group).cloned().unwrap_or_default();
        if !self.groups.contains_key(&group) {
            return Err(No::Answer(Reply::json(404, json!({"error": "There is no such group."}))));
        }
        let seen = self.seen();
        let call = &self.rest.calls[exchange.call];
        let shape = shape(&self.rest, call);
        let bases = items(call, &exchange.answer);
        let inside = seen.iter().filter(|record| record.groups.contains(&group));
        Ok(inside.filter_map(|record| list::shown_as(shape, &bases, record)).collect())
    }

    /// One account.
    pub(super) fn one(&mut self, exchange: &Exchange, filled: &Filled) -> Result<Reply, No> {
        let found = self.find(filled, &exchange.filled)?;
        let shown = match found {
            Some(at) => self.read_late(at).and_then(|record| self.shown_alone(exchange, &record)),
            None => None,
        };
        let call = &self.rest.calls[exchange.call];
        let in_list = call.items.first(&exchange.answer).is_some_and(Value::is_array);
        let mut answer = exchange.answer.clone();
        match shown {
            Some(item) if in_list => call.items.put(&mut answer, &json!([item])),
            Some(item) => call.items.put(&mut answer, &item),
            None if in_list => call.items.put(&mut answer, &json!([])),
            None => {
                let body = json!({"error": "There is no such account."});
                return Err(No::Answer(Reply::json(404, body)));
            }
        }
        Ok(Reply::json(exchange.status, answer))
    }

    /// The account as `get` shows it; `None` where it cannot say the account's state.
    pub(super) fn shown_alone(&self, exchange: &Exchange, record: &Record) -> Option<Value> {
        let call = &self.rest.calls[exchange.call];
        let shape = &self.rest.account;
        let bases = items(call, &exchange.answer);
        let item = list::shown_as(shape, &bases, record)?;
        let by_rule = shape.state.iter().any(|rule| rule.means == record.state);
        if record.state == rollbook_core::account::State::Gone && !by_rule {
            return None;
        }
        let mut item = item;
        state::put(shape, &mut item, record.state, &self.shown).then_some(item)
    }
}
