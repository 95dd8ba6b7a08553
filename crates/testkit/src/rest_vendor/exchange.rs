//! The file's examples, each with the call that it shows.

use rollbook_catalog::rest::{Call, Paging, Rest};
use rollbook_catalog::{App, RequestOp};
use serde_json::Value;

use super::compare::{Filled, compare};
use super::sent::Sent;
use super::state;

/// An example and the call that it shows.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) op: RequestOp,
    /// Which of the route's calls.
    pub(super) call: usize,
    pub(super) request: Sent,
    /// What stands in the call's blanks here.
    pub(super) filled: Filled,
    pub(super) status: u16,
    /// `null` where there is none.
    pub(super) answer: Value,
}

/// Whether it reads many items page by page.
pub(super) fn is_list(op: RequestOp) -> bool {
    matches!(op, RequestOp::List | RequestOp::ListGroups | RequestOp::ListMembers)
}

/// How a call's list is handed out; `None` for what is no list.
pub(super) fn paging<'a>(rest: &'a Rest, call: &'a Call) -> Option<&'a Paging> {
    is_list(call.op).then(|| call.paging.as_ref().unwrap_or(&rest.paging))
}

/// The calls that send the same request as this one, itself among them: one answer holds all their
/// lists.
pub(super) fn same_requests(rest: &Rest, call: usize) -> Vec<usize> {
    let own = &rest.calls[call];
    let is_same = |other: &Call| {
        other.op == own.op
            && (other.method, &other.path, &other.query) == (own.method, &own.path, &own.query)
            && other.body == own.body
    };
    let all = rest.calls.iter().enumerate();
    all.filter(|(n, other)| *n == call || is_list(own.op) && is_same(other))
        .map(|(n, _)| n)
        .collect()
}

impl Exchange {
    /// The examples of an app that show something going well.
    ///
    /// # Errors
    /// What is wrong with them, a sentence each.
    pub(super) fn all(app: &App, rest: &Rest) -> Result<Vec<Self>, Vec<String>> {
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for example in app.examples.iter().filter(|example| example.status < 400) {
            match Self::of(example, rest) {
                Ok(exchange) => {
                    let same = same_requests(rest, exchange.call);
                    found.extend(same.into_iter().map(|call| Self { call, ..exchange.clone() }));
                }
                Err(why) => wrong.push(format!("The example `{}`: {why}.", example.request)),
            }
        }
        for (n, call) in rest.calls.iter().enumerate() {
            if !found.iter().any(|exchange: &Self| exchange.call == n) {
                let what = format!("{} {}", call.method, call.path);
                wrong.push(format!("No example shows `{what}` ({}).", call.op.title()));
            }
        }
        for exchange in &found {
            wrong.extend(exchange.contradictions(rest));
        }
        if wrong.is_empty() { Ok(found) } else { Err(wrong) }
    }

    fn of(example: &rollbook_catalog::rest::Example, rest: &Rest) -> Result<Self, String> {
        let answer = match example.answer.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).map_err(|cause| format!("its answer: {cause}"))?,
        };
        let mut nearest: Option<Vec<String>> = None;
        let mut found: Option<(usize, Self)> = None;
        for (n, call) in rest.calls.iter().enumerate().filter(|(_, call)| call.op == example.op) {
            let request = Sent::of(example, call.send)?;
            match compare(call, paging(rest, call), &request, &request) {
                Ok(fit) => {
                    // A path that stops earlier reads the rest as a part of its last blank.
                    let slashes = fit.filled.values().map(|text| text.matches('/').count()).sum();
                    let (op, status, answer) = (example.op, example.status, answer.clone());
                    let own = Self { op, call: n, request, filled: fit.filled, status, answer };
                    if found.as_ref().is_none_or(|(best, _)| slashes < *best) {
                        found = Some((slashes, own));
                    }
                }
                Err(why) if nearest.as_ref().is_none_or(|best| why.len() < best.len()) => {
                    nearest = Some(why);
                }
                Err(_) => {}
            }
        }
        let none =
            || nearest.map_or_else(|| "no call has this purpose".into(), |why| why.join("; "));
        found.map(|(_, exchange)| exchange).ok_or_else(none)
    }

    /// Where the file's rules read something else out of the answer than the operation does.
    fn contradictions(&self, rest: &Rest) -> Vec<String> {
        let call = &rest.calls[self.call];
        let what = format!("`{} {}`", self.request.method, self.request.path);
        let mut wrong = Vec::new();
        for condition in call.fine.iter().filter(|fine| !fine.holds(&self.answer)) {
            wrong.push(format!("The answer of {what} is not `fine`: {} is not so.", condition.at));
        }
        if is_list(self.op) || call.later.is_some() {
            return wrong;
        }
        let item = call.items.first(&self.answer);
        let said = item.and_then(|item| state::said_by(&rest.account, item));
        let fits = |open: bool| said.is_none_or(|state| state.is_open() == open);
        let is_right = match self.op {
            RequestOp::Suspend => fits(false),
            RequestOp::Reactivate | RequestOp::Create | RequestOp::Invite => fits(true),
            _ => true,
        };
        if !is_right {
            let state = said.map(rollbook_core::account::State::word).unwrap_or_default();
            wrong.push(format!(
                "After {what} ({}) its answer shows the account {state} by the rules of \
                 [rest.account].",
                self.op.title()
            ));
        }
        wrong
    }
}
