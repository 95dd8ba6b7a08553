//! A list of accounts: which of them it shows, and how.

use std::collections::BTreeSet;

use rollbook_catalog::RequestOp;
use rollbook_catalog::rest::{AccountShape, Call, Rest};
use rollbook_core::account::State;
use serde_json::Value;

use super::exchange::Exchange;
use super::record::Record;
use super::state::{self, STATES};
use super::writing;

/// A list of accounts.
#[derive(Clone, Debug)]
pub(super) struct List {
    /// Which of the route's calls.
    pub(super) call: usize,
    /// Accounts in these states are in it.
    pub(super) states: BTreeSet<State>,
    /// The items of its examples that are accounts.
    pub(super) items: Vec<Value>,
    /// Those that are none, which it shows as they are.
    pub(super) noise: Vec<Value>,
}

/// Where the items of a call say what.
pub(super) fn shape<'a>(rest: &'a Rest, call: &'a Call) -> &'a AccountShape {
    call.account.as_ref().unwrap_or(&rest.account)
}

/// The items of a list's answer.
pub(super) fn items(call: &Call, answer: &Value) -> Vec<Value> {
    let found = call.items.all(answer);
    let each = found.into_iter().flat_map(|found| match found {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        item => vec![item.clone()],
    });
    each.collect()
}

impl List {
    /// All lists of accounts.
    ///
    /// # Errors
    /// A list whose examples show no account, and a state that no list shows.
    pub(super) fn all(rest: &Rest, exchanges: &[Exchange]) -> Result<Vec<Self>, Vec<String>> {
        let is_list = |(_, call): &(usize, &Call)| call.op == RequestOp::List;
        let numbered = rest.calls.iter().enumerate().filter(is_list);
        let mut lists: Vec<Self> =
            numbered.map(|(n, call)| Self::of(n, call, rest, exchanges)).collect();
        let wrong = lists.iter().filter(|list| list.items.is_empty()).map(|list| {
            let call = &rest.calls[list.call];
            format!(
                "The examples of `{} {}` show no account with a key at {}.",
                call.method,
                call.path,
                shape(rest, call).key
            )
        });
        let wrong: Vec<String> = wrong.collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let shown = examples_of_items(rest, exchanges);
        let mut taken: BTreeSet<State> =
            lists.iter().filter_map(|list| rest.calls[list.call].state).collect();
        for list in &mut lists {
            let call = &rest.calls[list.call];
            let own = list.items.iter().filter_map(|item| shape(rest, call).state_of(item));
            list.states = match call.state {
                Some(state) => [state].into(),
                None => own.filter(|state| !taken.contains(state)).collect(),
            };
            taken.extend(list.states.iter().copied());
        }
        // What no example shows and the rules know is in the first list that can say it.
        for list in lists.iter_mut().filter(|list| rest.calls[list.call].state.is_none()) {
            let shape = shape(rest, &rest.calls[list.call]);
            let can_say = |state: &State| {
                let mut item = list.items[0].clone();
                let by_rule = shape.state.iter().any(|rule| rule.means == *state);
                (*state != State::Gone || by_rule) && state::put(shape, &mut item, *state, &shown)
            };
            let more: Vec<State> =
                STATES.into_iter().filter(|state| !taken.contains(state)).filter(can_say).collect();
            taken.extend(&more);
            list.states.extend(more);
        }
        Ok(lists)
    }

    fn of(n: usize, call: &Call, rest: &Rest, exchanges: &[Exchange]) -> Self {
        let shape = shape(rest, call);
        let own = exchanges.iter().filter(|exchange| exchange.call == n);
        let all = own.flat_map(|exchange| items(call, &exchange.answer));
        let (noise, mut items): (Vec<Value>, Vec<Value>) =
            all.partition(|item| shape.skip.iter().any(|skip| skip.holds(item)));
        items.retain(|item| Record::read(shape, item).is_some());
        // People first: the other accounts are made after the first item.
        items.sort_by_key(|item| {
            shape.machine.iter().chain(&shape.admin).any(|condition| condition.holds(item))
        });
        Self { call: n, states: BTreeSet::new(), items, noise }
    }

    /// The account as this list shows it; `None` if it does not.
    pub(super) fn show(&self, rest: &Rest, record: &Record, shown: &[Value]) -> Option<Value> {
        if !self.states.contains(&record.state) {
            return None;
        }
        let call = &rest.calls[self.call];
        let shape = shape(rest, call);
        let item = shown_as(shape, &self.items, record)?;
        match call.state {
            Some(_) => Some(item),
            None => with_state(shape, item, record.state, shown),
        }
    }
}

/// The account in the form of the one of `items` that fits best.
pub(super) fn shown_as(shape: &AccountShape, items: &[Value], record: &Record) -> Option<Value> {
    let is_own = |item: &&Value| shape.key.text(item).as_deref() == Some(record.key.as_str());
    let base = items.iter().find(is_own).or_else(|| items.first())?;
    let mut item = base.clone();
    if let Some(was) = Record::read(shape, base) {
        writing::exchange_words(&mut item, &record.words_from(&was));
    }
    record.write(shape, &mut item, true);
    Some(item)
}

/// The same item with the state written into it; `None` if nothing says that state.
pub(super) fn with_state(
    shape: &AccountShape,
    mut item: Value,
    state: State,
    shown: &[Value],
) -> Option<Value> {
    state::put(shape, &mut item, state, shown).then_some(item)
}

/// Whatever the file shows of an account's state: items of lists and answers, and what requests set.
pub(super) fn examples_of_items(rest: &Rest, exchanges: &[Exchange]) -> Vec<Value> {
    let mut shown = Vec::new();
    for exchange in exchanges {
        let call = &rest.calls[exchange.call];
        shown.extend(items(call, &exchange.answer));
        let body = exchange.request.body.iter();
        shown.extend(body.flat_map(|body| [Some(body), call.items.first(body)]).flatten().cloned());
    }
    // What says nothing by itself must not be taken for a word about the state.
    shown.retain(|item| state::said_by(&rest.account, item).is_some());
    shown
}
