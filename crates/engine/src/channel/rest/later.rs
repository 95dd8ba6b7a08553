//! Writes that an app accepts and does later.

use std::time::Duration;

use rollbook_catalog::rest::{self, Blank, Later, Pointer, Send, Template};
use rollbook_catalog::{Method, RequestOp};
use serde_json::Value;

use super::RestChannel;
use super::call::{Facts, compose};
use super::pages::Ask;
use crate::channel::answer::{Said, told};

/// The longest wait between two looks.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// The app says that it is done.
    Done,
    /// The app says that it failed.
    Failed(String),
    /// Nobody knows yet. The app accepted it, and the look after every change has its own patience.
    Open,
}

impl RestChannel {
    /// Asks until it is known, as long as there is patience.
    pub(super) async fn settle(&self, later: &Later, answer: &Value, facts: &Facts) -> Settled {
        let Some(operation) = later.operation.text(answer) else {
            // Nothing to ask for: it was done at once.
            return read(later, answer).unwrap_or(Settled::Done);
        };
        let call = question(later);
        let facts = facts.clone().with(Blank::Operation, operation);
        let Ok(request) = compose(&call, &facts, &Ask::default(), None) else {
            return Settled::Open;
        };
        let mut patience = self.line.patience();
        let mut wait = self.settings.backoff;
        while patience.spend(wait) {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(WAIT_MAX);
            match self.read(&call, &request, &mut patience).await.0 {
                Said::Fine(Some(body)) => {
                    if let Some(settled) = read(later, &body) {
                        return settled;
                    }
                }
                Said::Fine(None) => {}
                _ => return Settled::Open,
            }
        }
        Settled::Open
    }
}

fn read(later: &Later, body: &Value) -> Option<Settled> {
    if later.done.holds(body) {
        return Some(Settled::Done);
    }
    let failed = later.failed.as_ref().is_some_and(|condition| condition.holds(body));
    failed.then(|| Settled::Failed(told(body)))
}

/// The request that asks what became of it.
fn question(later: &Later) -> rest::Call {
    rest::Call {
        op: RequestOp::Get,
        method: Method::Get,
        path: later.path.clone(),
        query: Template::default(),
        body: None,
        send: Send::default(),
        items: Pointer::default(),
        paging: None,
        account: None,
        state: None,
        // That an operation failed is an answer, whatever words it uses.
        fine: Vec::new(),
        already: Vec::new(),
        later: None,
    }
}
