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
mod looking;
mod moment;
mod pages;
mod query;
mod reply;
mod route;
mod scenery;
mod upload;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::{Method, Request, Response, StatusCode};
use rollbook_core::task::PROOF_BYTES_MAX;
use rollbook_engine::error::Kind;
use rollbook_engine::{Engine, Error};

use super::body;
use super::face::{Face, Trail};
use super::peer::Peer;
use super::refusal::Refusal;
use door::{Asked, Opened};
use looking::Looks;
use moment::Moments;
use reply::Reply;
use route::{Found, Page};
use upload::Upload;

pub(super) use door::Place;
pub(super) use list::List;
pub(super) use lists::{LISTS, account_page, list as list_of};
pub(super) use moment::Moment;
pub(super) use query::Query;

/// The most bytes of a form.
const FORM_BYTES: usize = 64 << 10;
/// The most bytes of a form with files.
const UPLOAD_BYTES: usize = PROOF_BYTES_MAX + FORM_BYTES;

/// How long somebody who watches waits for one answer.
const WATCH: Duration = Duration::from_secs(20);
/// How often it is looked whether something happened.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What all pages share.
pub(crate) struct Console {
    engine: Arc<Engine>,
    moments: Moments,
    looks: Arc<Looks>,
    /// Held while a program's request is done that must not be done twice.
    requests: Mutex<()>,
}

impl Console {
    /// On this workspace.
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            moments: Moments::default(),
            looks: Arc::default(),
            requests: Mutex::default(),
        }
    }

    /// The workspace.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Until it is dropped, no other request that must not be done twice is done.
    pub(super) fn one_request(&self) -> MutexGuard<'_, ()> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
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
    let mut asked = Asked::new(route, named, path, query, &parts.headers, place);
    let console = face.console();
    if parts.method == Method::POST {
        let sent = form(&console, &asked, &parts.headers, body, face.limits().deadline).await?;
        asked = asked.with(sent);
    }
    let opened = watched(face, console, Arc::new(asked)).await?;
    trail.token = opened.session;
    if let Some(wrong) = opened.wrong_secret
        && wrong
        && let Some(seconds) = face.guessed(peer)
    {
        return Err(Refusal::too_many("Too many wrong links came from your address.", seconds));
    }
    Ok(opened.reply.into_response(opened.cookie))
}

/// Lets a request in. One that watches for what happens is answered when it does, or after a while: a
/// stream carries one event and ends, and the browser asks for the next one by itself.
async fn watched(face: &Face, console: Arc<Console>, asked: Arc<Asked>) -> Result<Opened, Refusal> {
    let until = Instant::now() + WATCH;
    let mut cookie = None;
    loop {
        // Reading the book takes its time, and others are to be answered meanwhile.
        let (console, asked) = (Arc::clone(&console), Arc::clone(&asked));
        let done = tokio::task::spawn_blocking(move || door::open(&console, &asked)).await;
        let mut opened = done.map_err(|e| Error::bug("A page was not finished.").because(e))??;
        cookie = opened.cookie.take().or(cookie);
        let waits = matches!(opened.reply, Reply::NoEventYet);
        if !waits || Instant::now() >= until || face.is_draining() {
            return Ok(Opened { cookie, ..opened });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What was sent: fields, and files where the address takes them and somebody is signed in.
async fn form(
    console: &Console,
    asked: &Asked,
    headers: &HeaderMap,
    body: Incoming,
    deadline: Duration,
) -> Result<(Query, Vec<Upload>), Refusal> {
    let unreadable = || misasked("The form holds what is no text, or too much.");
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if asked.route.page == Page::TaskDone
        && let Some(boundary) = upload::boundary(kind)
    {
        let is_known = asked.is_signed_in(&console.engine)?;
        let bytes_max = if is_known { UPLOAD_BYTES } else { FORM_BYTES };
        let bytes = body::read(body, bytes_max, deadline).await?;
        return upload::read(&boundary, &bytes).ok_or_else(unreadable);
    }
    let text = body::form(headers, body, FORM_BYTES, deadline).await?;
    Ok((Query::read(&text).ok_or_else(unreadable)?, Vec::new()))
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
