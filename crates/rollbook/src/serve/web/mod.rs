//! The console: pages for people, drawn by the server.
//!
//! [`route`] is the one table of addresses, [`door`] decides who comes in, [`lists`] and [`pages`] say
//! what is to be seen of a [`moment`], [`scenery`] draws it, and [`reply`] bears the headers. Every page
//! works without a script; `assets/console.js` makes some of them quicker to use.

mod cell;
mod door;
mod draw;
mod frame;
mod list;
mod lists;
mod moment;
mod pages;
mod query;
mod reply;
mod route;
mod scenery;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use rollbook_engine::error::Kind;
use rollbook_engine::{Engine, Error};

use super::body;
use super::face::{Face, Trail};
use super::peer::Peer;
use super::refusal::Refusal;
use door::Asked;
use moment::Moments;
use reply::Reply;
use route::Found;

pub(super) use door::Place;
pub(super) use list::List;
pub(super) use lists::{LISTS, list as list_of};
pub(super) use moment::Moment;
pub(super) use query::Query;

/// The most bytes of a form.
const FORM_BYTES: usize = 64 << 10;

/// What all pages share.
pub(crate) struct Console {
    engine: Arc<Engine>,
    moments: Moments,
}

impl Console {
    /// On this workspace.
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, moments: Moments::default() }
    }

    /// The book as it is now.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) fn moment(&self) -> Result<Moment, Error> {
        self.moments.now(&self.engine)
    }
}

/// Answers a request for the console.
pub(super) async fn respond(
    face: &Face,
    request: Request<Incoming>,
    peer: &Peer,
    trail: &mut Trail,
) -> Result<Response<Full<Bytes>>, Refusal> {
    let place = Place::of(peer, face.public_url())?;
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let (route, named) = match route::find(&parts.method, &path) {
        Found::Route(route, named) => (route, named),
        Found::Otherwise(methods) => return Err(Refusal::method(methods)),
        Found::Nothing => return Err(Refusal::not_found()),
    };
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let query = query.ok_or_else(|| misasked("The address holds what is no text, or too much."))?;
    let form = if parts.method == Method::POST {
        let text = body::form(&parts.headers, body, FORM_BYTES, face.limits().deadline).await?;
        Query::read(&text)
            .ok_or_else(|| misasked("The form holds what is no text, or too much."))?
    } else {
        Query::default()
    };
    let asked = Asked::new(route, named, path, query, form, &parts.headers, place);
    let console = face.console();
    // Reading the book takes its time, and others are to be answered meanwhile.
    let done = tokio::task::spawn_blocking(move || door::open(&console, &asked)).await;
    let opened = done.map_err(|e| Error::bug("A page was not finished.").because(e))??;
    trail.token = opened.session;
    if let Some(wrong) = opened.wrong_secret
        && wrong
        && let Some(seconds) = face.guessed(peer)
    {
        return Err(Refusal::too_many("Too many wrong links came from your address.", seconds));
    }
    Ok(opened.reply.into_response(opened.cookie))
}

/// Sets what every answer of the console bears, refusals too.
pub(super) fn guard(response: &mut Response<Full<Bytes>>, peer: &Peer) {
    reply::guard(response, peer.origin.starts_with("https:"));
}

/// A refusal as a page.
pub(super) fn refusal_page(status: StatusCode, detail: &str) -> Response<Full<Bytes>> {
    let html = pages::refusal(status, detail);
    Reply::Html(status, html).into_response(None)
}

fn misasked(detail: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, detail)
}

/// What the engine would not do, as an answer: whose turn it is decides the status.
pub(super) fn told(error: Error) -> Refusal {
    let status = match error.kind {
        Kind::Input => StatusCode::BAD_REQUEST,
        Kind::Refused | Kind::Contradicted => StatusCode::CONFLICT,
        Kind::Setup | Kind::Vendor { .. } | Kind::Uncertain => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Bug => return Refusal::from(error),
    };
    let hints: String = error.hints.iter().map(|hint| format!(" {hint}")).collect();
    Refusal::new(status, &format!("{}{hints}", error.message))
}
