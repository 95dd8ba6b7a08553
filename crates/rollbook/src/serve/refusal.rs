//! An answer that says no, in the words of whoever asked: a SCIM error body (RFC 7644 §3.12) for
//! identity providers, a problem for programs, an error of JSON-RPC for assistants, a page for people.
//! Whichever layer says it, it is made here.

use std::borrow::Cow;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use rollbook_engine::Error;
use rollbook_scim::ErrorMessage;
use rollbook_scim::message::ScimType;

use super::web;

/// Why a request was not done. In a box, because most requests have none.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Said>);

/// In which words a refusal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tongue {
    /// An error of SCIM.
    Scim,
    /// A problem for programs (RFC 9457).
    Problem,
    /// An error of JSON-RPC that answers no request, as the transport of assistants has it.
    Rpc,
    /// A page for people.
    Page,
}

#[derive(Debug)]
struct Said {
    status: StatusCode,
    message: ErrorMessage,
    header: Option<(HeaderName, Cow<'static, str>)>,
    cause: Option<Error>,
}

impl Refusal {
    /// With a sentence for the caller.
    pub(crate) fn new(status: StatusCode, detail: &str) -> Self {
        let message = ErrorMessage::new(status.as_u16(), None, detail);
        Self(Box::new(Said { status, message, header: None, cause: None }))
    }

    /// 400 with a word of RFC 7644 table 9.
    pub(crate) fn bad(word: ScimType, detail: &str) -> Self {
        ErrorMessage::new(400, Some(word), detail).into()
    }

    /// 401. Says the same for every reason: a caller without a token must not learn what is there.
    pub(crate) fn unauthorized() -> Self {
        let detail = "A bearer token for this address is needed: none was sent, or it is unknown, \
                      expired or revoked.";
        let mut refusal = Self::new(StatusCode::UNAUTHORIZED, detail);
        refusal.0.header = Some((WWW_AUTHENTICATE, Cow::Borrowed("Bearer realm=\"scim\"")));
        refusal
    }

    /// 401 for a program, with what is to be done.
    pub(crate) fn bearer(detail: &str) -> Self {
        let mut refusal = Self::new(StatusCode::UNAUTHORIZED, detail);
        refusal.0.header = Some((WWW_AUTHENTICATE, Cow::Borrowed("Bearer realm=\"rollbook\"")));
        refusal
    }

    /// 404.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing under this address.")
    }

    /// 405 with the methods that do work here.
    pub(crate) fn method(allowed: impl Into<Cow<'static, str>>) -> Self {
        let allowed = allowed.into();
        let detail = format!("This address does not take that method; it takes {allowed}.");
        let mut refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, &detail);
        refusal.0.header = Some((ALLOW, allowed));
        refusal
    }

    /// 429; the client may ask again after `seconds`.
    pub(crate) fn too_many(detail: &str, seconds: u64) -> Self {
        let mut refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, detail);
        refusal.0.header = Some((RETRY_AFTER, Cow::Owned(seconds.to_string())));
        refusal
    }

    /// 500, when it is our fault. `id` is under which the log tells more.
    pub(crate) fn fault(id: &str) -> Self {
        let detail = format!(
            "The server met a fault. Read the resource before you send the request again: what it \
             asked for may or may not have been done. The administrator finds the fault in the log \
             under {id}."
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, &detail)
    }

    /// What the log says besides; never shown to the caller.
    pub(crate) fn take_cause(&mut self) -> Option<Error> {
        self.0.cause.take()
    }

    /// The body.
    pub(crate) fn body(&self) -> Bytes {
        self.0.message.to_json().to_string().into()
    }

    /// The answer, in the words of whoever asked.
    pub(crate) fn into_response(self, tongue: Tongue) -> Response<Full<Bytes>> {
        let mut response = match tongue {
            Tongue::Scim => {
                let mut response = Response::new(Full::new(self.body()));
                *response.status_mut() = self.0.status;
                let scim = HeaderValue::from_static(rollbook_scim::MEDIA_TYPE);
                response.headers_mut().insert(CONTENT_TYPE, scim);
                response
            }
            Tongue::Problem => problem(self.0.status, self.0.message.detail.as_deref()),
            Tongue::Rpc => rpc(self.0.status, self.0.message.detail.as_deref()),
            Tongue::Page => web::refusal_page(
                self.0.status,
                self.0.message.detail.as_deref().unwrap_or_default(),
            ),
        };
        if let Some((name, value)) = self.0.header {
            let value = HeaderValue::from_str(&value).expect("our own words are visible ASCII");
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// A refusal as programs read it.
fn problem(status: StatusCode, detail: Option<&str>) -> Response<Full<Bytes>> {
    let title = status.canonical_reason().unwrap_or("Refused");
    let body = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(),
        "detail": detail.unwrap_or_default(),
    });
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    let problem = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, problem);
    response
}

/// The code of an error that the transport meets, in the range that JSON-RPC 2.0 leaves to servers.
const TRANSPORT: i32 = -32_000;

/// A refusal as assistants read it: the status says what kind it is, and the error has no id, because it
/// answers no request of theirs.
fn rpc(status: StatusCode, detail: Option<&str>) -> Response<Full<Bytes>> {
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": null,
        "error": { "code": TRANSPORT, "message": detail.unwrap_or_default() },
    });
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

impl From<ErrorMessage> for Refusal {
    fn from(message: ErrorMessage) -> Self {
        let status = message.status.and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::BAD_REQUEST);
        Self(Box::new(Said { status, message, header: None, cause: None }))
    }
}

impl From<Error> for Refusal {
    /// What the engine could not do is our fault and not the caller's; the face adds the id.
    fn from(cause: Error) -> Self {
        let mut refusal = Self::fault("its request id");
        refusal.0.cause = Some(cause);
        refusal
    }
}
