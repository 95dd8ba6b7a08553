//! The requests that the REST channel sends.

use rollbook_core::account::State;
use serde::Deserialize;

use super::account::{AccountShape, Condition};
use super::paging::Paging;
use super::pointer::Pointer;
use super::template::{Blank, Body, Template};
use crate::request::{Method, RequestOp};

/// One request with its blanks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What it is for. Several calls for one purpose are several lists to read, or several steps to
    /// take, in the order of the file.
    pub op: RequestOp,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL, beginning with `/`; may be empty.
    #[serde(default)]
    pub path: Template,
    /// The query without `?`: `name=value` joined by `&`, not yet encoded.
    #[serde(default)]
    pub query: Template,
    /// What is sent.
    pub body: Option<Body>,
    /// How it is sent.
    #[serde(default)]
    pub send: Send,
    /// Where the answer holds the items of a list, or the one account. Default: it is the answer.
    #[serde(default)]
    pub items: Pointer,
    /// For a list: how it is handed out, if not as the route says.
    pub paging: Option<Paging>,
    /// For a list: where its items say what, if not as the route says.
    pub account: Option<AccountShape>,
    /// For a list: everything in it is in this state, whatever the rules say.
    pub state: Option<State>,
    /// What must be so in the answer for the request to have worked, beyond a status of 2xx: some
    /// apps answer 200 and put the refusal into the body.
    #[serde(default)]
    pub fine: Vec<Condition>,
    /// What an answer says when everything was so already, whatever its status.
    #[serde(default)]
    pub already: Vec<Condition>,
    /// How to learn what became of a write that the app does later.
    pub later: Option<Later>,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Send {
    /// As `application/json`.
    #[default]
    Json,
    /// As `application/vnd.api+json` (JSON:API 1.1 §4).
    JsonApi,
    /// As `application/x-www-form-urlencoded`; the body is one flat object.
    Form,
    /// As `application/json`, merged into what the `get` call shows now, because the app takes whole
    /// accounts only.
    Merged,
}

/// A write that is accepted and done later.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// Where the answer names the operation, which then stands for `{operation}`.
    pub operation: Pointer,
    /// The path to ask at.
    pub path: Template,
    /// What is so when it was done.
    pub done: Condition,
    /// What is so when it failed.
    pub failed: Option<Condition>,
}

impl Call {
    /// The blanks of path, query and body.
    pub fn blanks(&self) -> Vec<Blank> {
        let lines = [&self.path, &self.query].into_iter();
        let lines = lines.chain(self.later.iter().map(|later| &later.path));
        let mut blanks: Vec<Blank> = lines.flat_map(Template::blanks).cloned().collect();
        blanks.extend(self.body.iter().flat_map(Body::blanks));
        blanks
    }
}

/// How fast an app may be asked, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// So many requests …
    pub requests: u32,
    /// … in so many seconds.
    pub seconds: u32,
    /// Requests that may run at once.
    pub at_once: Option<u32>,
}

/// An exchange as the app documents it: what is asked, what is answered. The fake vendor of the tests
/// answers with it, and the channel must come through.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub op: RequestOp,
    /// Method, path below the base URL and query, as sent, e.g. `PUT /users/U1/status`.
    pub request: String,
    /// The body as sent, or empty.
    #[serde(default)]
    pub body: String,
    /// The status of the answer.
    #[serde(default = "ok")]
    pub status: u16,
    /// The body of the answer, or empty.
    #[serde(default)]
    pub answer: String,
    /// Who shows it; without it: put together by us from what is known of the request.
    pub source: Option<String>,
}

fn ok() -> u16 {
    200
}
