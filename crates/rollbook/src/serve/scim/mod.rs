//! SCIM over HTTP: who asks, what for, and in which words the answer goes back.
//!
//! Nothing is decided here. The protocol is `rollbook_scim::server`, the book is
//! `rollbook_engine::push`; this module reads headers and bodies for them and writes statuses and
//! headers from what they say.

mod answer;
mod bearer;
mod bulk;
mod discovery;
mod params;
mod reading;
mod writing;

pub(super) use bearer::presented;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::USER_AGENT;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use rollbook_engine::push::Caller;
use rollbook_scim::server::{Limits, Rules};
use serde_json::Value;

use super::address::{Address, Target};
use super::body;
use super::face::{Face, Trail};
use super::peer::Peer;
use super::refusal::Refusal;

/// How many resources a page has where nothing is asked, and at most.
const PAGE: Limits = Limits { count_default: 100, count_max: 1_000 };

/// What a request comes to.
type Answer = Result<Response<Full<Bytes>>, Refusal>;

/// One request of a caller with a token, without its body.
struct Ask<'a> {
    face: &'a Face,
    caller: Caller,
    rules: Rules,
    head: Parts,
    /// The endpoint's address, without a slash at the end.
    base: String,
}

impl Ask<'_> {
    /// What stands after the question mark.
    fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// A header as text; one that is no text is as good as absent.
    fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    async fn json(&self, body: Incoming) -> Result<Value, Refusal> {
        let limits = self.face.limits();
        body::json(&self.head.headers, body, limits.body_bytes, limits.deadline).await
    }
}

/// Answers a request below `/scim`.
///
/// # Errors
/// Whatever is not done, as the answer that says so.
pub(super) async fn respond(
    face: &Face,
    request: Request<Incoming>,
    address: Address,
    peer: Peer,
    trail: &mut Trail,
) -> Answer {
    let is_taken = address.takes(request.method());
    let methods = address.methods();
    let Address::Scim { endpoint, target } = address else { return Err(Refusal::not_found()) };
    let (head, body) = request.into_parts();
    let base = face.base(&peer, &endpoint);
    if matches!(target, Target::Config | Target::Types(_) | Target::Schemas(_)) {
        return match is_taken {
            true => discovery::answer(&target, &head, &base, face.limits().body_bytes),
            false => Err(Refusal::method(methods.unwrap_or_default())),
        };
    }
    let mut caller = bearer::caller(face, &endpoint, &head.headers, &peer)?;
    trail.token = Some(caller.token.clone());
    trail.idp = Some(caller.idp.clone());
    match methods {
        None => return Err(Refusal::not_found()),
        Some(methods) if !is_taken => return Err(Refusal::method(methods)),
        Some(_) => {}
    }
    let agent = head.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let query = head.uri.query().unwrap_or_default();
    let has_header = |name: &str| head.headers.contains_key(name);
    caller.profile = caller.profile.seen(agent.unwrap_or_default(), has_header, query);
    let rules = caller.profile.rules();
    serve(Ask { face, caller, rules, head, base }, target, body).await
}

async fn serve(ask: Ask<'_>, target: Target, body: Incoming) -> Answer {
    match (target, ask.head.method.clone()) {
        (Target::Root, _) => reading::list(&ask, None).await,
        (Target::Search(kind), _) => reading::search(&ask, kind, body).await,
        (Target::List(kind), Method::POST) => writing::create(&ask, kind, body).await,
        (Target::List(kind), _) => reading::list(&ask, Some(kind)).await,
        (Target::One(kind, id), Method::PUT) => writing::replace(&ask, kind, id, body).await,
        (Target::One(kind, id), Method::PATCH) => writing::patch(&ask, kind, id, body).await,
        (Target::One(kind, id), Method::DELETE) => writing::delete(&ask, kind, id).await,
        (Target::One(kind, id), _) => reading::one(&ask, kind, &id).await,
        (Target::Bulk, _) => bulk::run(&ask, body).await,
        (Target::Me, _) => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "A token stands for an identity provider and not for a user, so there is no /Me.",
        )),
        (Target::Config | Target::Types(_) | Target::Schemas(_) | Target::Unknown, _) => {
            Err(Refusal::not_found())
        }
    }
}
