//! What the vendor does when it is asked to change something.

use rollbook_catalog::rest::{Blank, Call, scalar};
use rollbook_catalog::{Hurt, RequestOp};
use rollbook_core::account::State;
use serde_json::{Value, json};

use super::compare::{Filled, Fit};
use super::exchange::Exchange;
use super::record::{Record, variation};
use super::site::{No, Operation, Site};
use super::{list, state, writing};
use crate::ledger::Done;
use crate::outgoing::Reply;

impl Site {
    /// Does what the example's purpose says, and answers as it shows.
    pub(super) fn write(
        &mut self,
        exchange: &Exchange,
        fit: &Fit,
        done: &mut Vec<Done>,
    ) -> Result<Reply, No> {
        if matches!(exchange.op, RequestOp::Create | RequestOp::Invite)
            && !fit.filled.contains_key(&Blank::Account)
        {
            return self.create(exchange, &fit.filled, done);
        }
        let at = self.find(&fit.filled, &exchange.filled)?.ok_or_else(|| {
            No::Answer(Reply::json(404, json!({"error": "There is no such account."})))
        })?;
        self.check_merged(fit, at)?;
        self.check_known(&fit.filled)?;
        self.in_order(exchange, &self.records[at].key.clone())?;
        if exchange.op == RequestOp::Remove {
            self.hand_over(exchange, &fit.filled, at)?;
        }
        let is_effective = self.effective_step(exchange.op) == Some(exchange.call);
        let before = self.records[at].clone();
        let call = self.rest.calls[exchange.call].clone();
        if is_effective && call.later.is_none() {
            done.extend(self.take_effect(exchange.op, at, &fit.filled));
        }
        let shown = self.records.iter().find(|record| record.key == before.key).cloned();
        let mut answer = self.answer_about(exchange, &call, &shown.unwrap_or(before), &fit.filled);
        if let Some(later) = &call.later {
            let id = self.new_operation(exchange, at, &fit.filled, &call);
            writing::put_text(&mut answer, &later.operation, &id);
        }
        Ok(reply(exchange, answer))
    }

    /// The calls for one purpose, which are steps.
    fn calls_for(&self, op: RequestOp) -> Vec<usize> {
        let all = self.rest.calls.iter().enumerate();
        all.filter(|(_, call)| call.op == op).map(|(n, _)| n).collect()
    }

    /// The step that changes the account: the first one that says a state, otherwise the last.
    fn effective_step(&self, op: RequestOp) -> Option<usize> {
        let says_state = |exchange: &&Exchange| {
            let body = exchange.request.body.as_ref();
            let item =
                body.map(|body| self.rest.calls[exchange.call].items.first(body).unwrap_or(body));
            exchange.op == op
                && item.is_some_and(|it| state::said_by(&self.rest.account, it).is_some())
        };
        let changes_state = matches!(op, RequestOp::Suspend | RequestOp::Reactivate);
        let step = self.exchanges.iter().find(says_state).filter(|_| changes_state);
        step.map(|exchange| exchange.call).or_else(|| self.calls_for(op).last().copied())
    }

    /// Of several steps each must come after the one before it.
    fn in_order(&mut self, exchange: &Exchange, key: &str) -> Result<(), No> {
        let calls = self.calls_for(exchange.op);
        let step = calls.iter().position(|call| *call == exchange.call).unwrap_or(0);
        let steps = self.steps.entry((exchange.op, key.to_owned())).or_default();
        if step > *steps {
            let text = format!("comes as step {} without the step before it", step + 1);
            return Err(No::Unexpected(text));
        }
        *steps = if step + 1 == calls.len() { 0 } else { step + 1 };
        Ok(())
    }

    /// What a merged body took over must be what the account shows.
    pub(super) fn check_merged(&self, fit: &Fit, at: usize) -> Result<(), No> {
        if fit.merged.is_empty() {
            return Ok(());
        }
        let get = self.exchanges.iter().find(|exchange| exchange.op == RequestOp::Get);
        let shown = get.and_then(|get| {
            let item = self.shown_alone(get, &self.records[at])?;
            let mut answer = get.answer.clone();
            self.rest.calls[get.call].items.put(&mut answer, &item);
            Some((item, answer))
        });
        let Some((item, answer)) = shown else {
            return Err(No::Unexpected("merges into what nothing shows".to_owned()));
        };
        for (place, sent) in &fit.merged {
            let found = [&item, &answer].map(|value| value.pointer(place));
            if !found.contains(&Some(sent)) {
                return Err(No::Unexpected(format!(
                    "{place} of the body is {sent}, which is not shown"
                )));
            }
        }
        Ok(())
    }

    /// A group and a successor must be there.
    fn check_known(&self, filled: &Filled) -> Result<(), No> {
        if let Some(group) = filled.get(&Blank::Group)
            && !self.groups.contains_key(group)
        {
            return Err(No::Answer(Reply::json(404, json!({"error": "There is no such group."}))));
        }
        let successor = filled.get(&Blank::Successor);
        match successor.filter(|key| !self.records.iter().any(|record| record.key == **key)) {
            Some(key) => Err(No::Unexpected(format!("names the successor {key}, who is not here"))),
            None => Ok(()),
        }
    }

    /// What an account owns goes to a successor, or is in the way.
    fn hand_over(&mut self, exchange: &Exchange, filled: &Filled, at: usize) -> Result<(), No> {
        let record = &mut self.records[at];
        record.owns &= !filled.contains_key(&Blank::Successor);
        let is_last = self.calls_for(exchange.op).last() == Some(&exchange.call);
        if self.records[at].owns && self.hurts.contains(&Hurt::RemoveNeedsEmpty) && is_last {
            let body = json!({"error": "The account still owns something. Hand it over first."});
            return Err(No::Answer(Reply::json(409, body)));
        }
        Ok(())
    }

    /// Changes the account at `at` as an operation does. `None`: it was so already.
    pub(super) fn take_effect(
        &mut self,
        op: RequestOp,
        at: usize,
        filled: &Filled,
    ) -> Option<Done> {
        let hurts = |hurt: Hurt| self.hurts.contains(&hurt);
        let before = self.records[at].clone();
        let mut new = before.clone();
        let text = |blank: Blank| filled.get(&blank).cloned().unwrap_or_default();
        let what = match op {
            RequestOp::Suspend if hurts(Hurt::SuspendDeletes) => {
                new.state = State::Gone;
                "suspended, which deleted it".to_owned()
            }
            RequestOp::Suspend => {
                new.state = State::Suspended;
                let wipes = hurts(Hurt::SuspendWipes) && std::mem::take(&mut new.owns);
                if wipes { "suspended, which wiped what it owned" } else { "suspended" }.to_owned()
            }
            RequestOp::Reactivate => {
                new.state = State::Active;
                "reactivated".to_owned()
            }
            RequestOp::Remove if hurts(Hurt::RemoveOnlySuspends) => {
                new.state = State::Suspended;
                "removed, which only suspended it".to_owned()
            }
            RequestOp::Remove => {
                new.state = State::Gone;
                let destroys = new.owns && hurts(Hurt::RemoveDestroysContent);
                if destroys { "removed with what it owned" } else { "removed" }.to_owned()
            }
            RequestOp::Grant => {
                new.groups.insert(text(Blank::Group));
                format!("put into {}", text(Blank::Group))
            }
            RequestOp::Revoke => {
                new.groups.remove(&text(Blank::Group));
                format!("taken out of {}", text(Blank::Group))
            }
            RequestOp::SetRole => {
                new.roles = vec![text(Blank::Role)];
                format!("made {}", text(Blank::Role))
            }
            _ => {
                new.take(filled);
                "changed".to_owned()
            }
        };
        if new == before {
            return None;
        }
        self.records[at] = new;
        Some(Done { subject: before.key, what })
    }

    fn create(
        &mut self,
        exchange: &Exchange,
        filled: &Filled,
        done: &mut Vec<Done>,
    ) -> Result<Reply, No> {
        let call = self.rest.calls[exchange.call].clone();
        let same =
            |own: &str, new: Option<&String>| new.is_some_and(|new| own.eq_ignore_ascii_case(new));
        let (login, email) = (filled.get(&Blank::Login), filled.get(&Blank::Email));
        let is_taken = self
            .records
            .iter()
            .filter(|record| record.state != State::Gone)
            .any(|record| same(record.login_or_email(), login) || same(&record.email, email));
        if is_taken {
            let body = json!({"error": "There is an account with this address."});
            return Err(No::Answer(Reply::json(409, body)));
        }
        let mut record = self.blank_record();
        record.take(filled);
        match (login, email) {
            (None, Some(email)) if record.login.contains('@') => record.login.clone_from(email),
            (Some(login), None) if login.contains('@') => record.email.clone_from(login),
            _ => {}
        }
        if record.key.contains('@') {
            record.key.clone_from(&record.email);
        }
        if let Some(item) = call.items.first(&exchange.answer)
            && let Some(shown) = Record::read(&self.rest.account, item)
            && record.roles.is_empty()
        {
            record.roles = shown.roles;
        }
        record.state = self.first_state(exchange, &call);
        done.push(Done {
            subject: record.key.clone(),
            what: format!("created {}", record.login_or_email()),
        });
        let mut answer = self.answer_about(exchange, &call, &record, filled);
        self.records.push(record);
        if let Some(later) = &call.later {
            let id = self.new_operation(exchange, self.records.len() - 1, filled, &call);
            writing::put_text(&mut answer, &later.operation, &id);
        }
        Ok(reply(exchange, answer))
    }

    /// The state that a new account is in: as the answer shows it, otherwise invited or active.
    fn first_state(&self, exchange: &Exchange, call: &Call) -> State {
        let item = call.items.first(&exchange.answer);
        let said = item.and_then(|item| state::said_by(&self.rest.account, item));
        let is_shown = |state: State| self.lists.iter().any(|list| list.states.contains(&state));
        match said {
            Some(state) => state,
            None if exchange.op == RequestOp::Invite && is_shown(State::Invited) => State::Invited,
            None if is_shown(State::Active) => State::Active,
            None => State::Invited,
        }
    }

    /// The example's answer, about another account.
    fn answer_about(
        &self,
        exchange: &Exchange,
        call: &Call,
        record: &Record,
        filled: &Filled,
    ) -> Value {
        let mut answer = exchange.answer.clone();
        let pairs = exchange.filled.iter().filter_map(|(blank, text)| {
            Some((text.clone(), filled.get(blank)?.clone())).filter(|(was, new)| was != new)
        });
        let mut words: Vec<(String, String)> = pairs.collect();
        let item = call.items.first(&answer).filter(|item| item.is_object()).cloned();
        let shapes = self.rest.calls.iter().map(|call| list::shape(&self.rest, call));
        let mut shapes = std::iter::once(&self.rest.account).chain(shapes);
        let shape =
            item.as_ref().and_then(|item| shapes.find(|shape| shape.key.text(item).is_some()));
        if let (Some(shape), Some(item)) = (shape, &item)
            && let Some(was) = Record::read(shape, item)
        {
            words.extend(record.words_from(&was));
        }
        writing::exchange_words(&mut answer, &words);
        if let (Some(shape), Some(mut item)) = (shape, call.items.first(&answer).cloned()) {
            record.write(shape, &mut item, false);
            if state::said_by(shape, &item).is_some() {
                // An answer that cannot say the state leaves it as the example has it.
                state::put(shape, &mut item, record.state, &self.shown);
            }
            call.items.put(&mut answer, &item);
        }
        answer
    }

    fn new_operation(
        &mut self,
        exchange: &Exchange,
        at: usize,
        filled: &Filled,
        call: &Call,
    ) -> String {
        let later = call.later.as_ref().expect("asked only where it is later");
        let like = later.operation.first(&exchange.answer).and_then(scalar);
        let id =
            variation(&like.unwrap_or_else(|| "operation".to_owned()), self.operations.len() + 1);
        let operation = Operation {
            call: exchange.call,
            op: exchange.op,
            key: self.records[at].key.clone(),
            filled: filled.clone(),
            asked: 0,
        };
        self.operations.insert(id.clone(), operation);
        id
    }

    /// What became of a write that is done later: nothing when first asked, then it is done.
    pub(super) fn poll(&mut self, id: &str, done: &mut Vec<Done>) -> Option<Reply> {
        let operation = self.operations.get_mut(id)?;
        operation.asked += 1;
        let Operation { call, op, key, filled, asked } = operation.clone();
        let later = self.rest.calls[call].later.clone()?;
        let mut answer = Value::Null;
        if asked < 2 {
            later.done.at.put(&mut answer, &json!("working"));
            return Some(Reply::json(200, answer));
        }
        if asked == 2
            && let Some(at) = self.records.iter().position(|record| record.key == key)
        {
            done.extend(self.take_effect(op, at, &filled));
        }
        let word = later.done.is.first().cloned().unwrap_or_default();
        let word = word.parse::<bool>().map_or_else(|_| json!(word), |flag| json!(flag));
        later.done.at.put(&mut answer, &word);
        Some(Reply::json(200, answer))
    }
}

/// An answer without a body stays one.
fn reply(exchange: &Exchange, answer: Value) -> Reply {
    if exchange.answer.is_null() || exchange.status == 204 {
        return Reply::empty(exchange.status);
    }
    Reply::json(exchange.status, answer)
}
