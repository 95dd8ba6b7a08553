//! What every request goes through, whatever it is for: an id, a deadline, a net for faults, one
//! line in the log, the numbers for `/metrics`. What is inside answers with a response or a
//! [`Refusal`]; nothing else writes an answer.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response, StatusCode, Version};
use rollbook_engine::push::Intake;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::Address;
use super::api;
use super::framing::TwoLengths;
use super::guess::Guesses;
use super::log::Log;
use super::metrics::Metrics;
use super::peer::{Network, Peer};
use super::refusal::{Refusal, Tongue};
use super::web::{self, Console};
use super::{mcp, scim};

/// What the server allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a request's head, its body, and each write of an answer may take.
    pub(crate) deadline: Duration,
    /// How long making the answer may take. Identity providers give up after a minute.
    pub(crate) answer: Duration,
    /// The most bytes of a body.
    pub(crate) body_bytes: usize,
    /// The most connections.
    pub(crate) connections: usize,
    /// How long what is begun may take when the server ends.
    pub(crate) drain: Duration,
}

/// What the administrator says about where the server stands.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The address that identity providers use, such as `https://scim.example.com`, without a slash
    /// at the end. `None`: whatever they call us by.
    pub(crate) public_url: Option<String>,
    /// Whose `X-Forwarded-*` counts.
    pub(crate) proxies: Vec<Network>,
    /// What is allowed.
    pub(crate) limits: Limits,
}

/// The server's inside, shared by all connections.
pub(crate) struct Face {
    pub(super) intake: Intake,
    console: Arc<Console>,
    settings: Settings,
    metrics: Metrics,
    log: Log,
    guesses: Mutex<Guesses>,
    /// Turns of assistants, who may read all of the book.
    turns: Arc<Semaphore>,
    /// The server ends and takes no new work.
    draining: AtomicBool,
    ids: Ids,
}

/// What the log says about a request beyond what everybody sees.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// The token's id, never the token.
    pub(super) token: Option<String>,
    /// The identity provider that the token was made for.
    pub(super) idp: Option<String>,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How many questions of assistants are answered at once: each may read all of the book.
const ASSISTANTS_AT_ONCE_MAX: usize = 2;
/// The longest path, and the longest query.
const TARGET_MAX: usize = 16 << 10;
/// How much of a path the log shows.
const LOGGED_MAX: usize = 200;

impl Face {
    /// Around an intake.
    pub(crate) fn new(intake: Intake, settings: Settings, log: Log) -> Self {
        Self {
            console: Arc::new(Console::new(intake.engine().clone())),
            intake,
            settings,
            metrics: Metrics::default(),
            log,
            guesses: Mutex::default(),
            turns: Arc::new(Semaphore::new(ASSISTANTS_AT_ONCE_MAX)),
            draining: AtomicBool::new(false),
            ids: Ids::new(),
        }
    }

    /// What is allowed.
    pub(crate) fn limits(&self) -> Limits {
        self.settings.limits
    }

    /// The pages for people.
    pub(super) fn console(&self) -> Arc<Console> {
        Arc::clone(&self.console)
    }

    /// Counts a wrong secret. `Some`: it is one too many, and how many seconds are left until the
    /// next one is looked at.
    pub(super) fn guessed(&self, peer: &Peer) -> Option<u64> {
        self.metrics.tokens_refused.fetch_add(1, Relaxed);
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.wrong(peer.address, Instant::now())
    }

    /// The numbers.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// From now on `/readyz` says no.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Whether the server ends and takes no new work.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Answers one request.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        connected: IpAddr,
        is_tls: bool,
    ) -> Response<Full<Bytes>> {
        let began = Instant::now();
        let _busy = self.metrics.in_flight.up();
        let authority = request.uri().authority().map(hyper::http::uri::Authority::as_str);
        let headers = request.headers();
        let peer = Peer::of(connected, is_tls, authority, headers, &self.settings.proxies);
        let given = headers.get(REQUEST_ID).filter(|_| peer.is_forwarded);
        let id = given.filter(|id| is_request_id(id)).cloned().unwrap_or_else(|| self.ids.next());
        let address = Address::read(request.uri().path());
        let (method, path) = (request.method().clone(), logged(request.uri().path()));
        let (from, route, tongue) = (peer.address, address.route(), address.tongue());

        let mut trail = Trail::default();
        let work = unpanicked(self.respond(request, address, &peer, &mut trail));
        let mut cause = None;
        let done = match timeout(self.settings.limits.answer, work).await {
            Ok(Some(done)) => done,
            Ok(None) => {
                self.metrics.panics.fetch_add(1, Relaxed);
                Err(Refusal::fault(id.to_str().unwrap_or_default()))
            }
            Err(_) => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, LATE)),
        };
        let mut response = done.unwrap_or_else(|mut refusal| {
            cause = refusal.take_cause();
            match &cause {
                Some(_) => Refusal::fault(id.to_str().unwrap_or_default()).into_response(tongue),
                None => refusal.into_response(tongue),
            }
        });
        if tongue == Tongue::Page {
            web::guard(&mut response, &peer);
        }
        decorate(&mut response, &id);
        let (status, took) = (response.status(), began.elapsed());
        self.metrics.answered(route, &method, status, took);
        let cause = cause.map(|cause| told(&cause));
        tracing::info!(
            id = id.to_str().unwrap_or_default(),
            peer = %from,
            method = method.as_str(),
            path,
            status = status.as_u16(),
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            token = trail.token,
            idp = trail.idp,
            cause,
            "answered"
        );
        response
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
        address: Address,
        peer: &Peer,
        trail: &mut Trail,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let target = request.uri();
        if target.path().len().max(target.query().map_or(0, str::len)) > TARGET_MAX {
            return Err(Refusal::new(StatusCode::URI_TOO_LONG, "The address is too long."));
        }
        let hosts = request.headers().get_all(HOST).iter().count();
        if request.version() == Version::HTTP_11 && hosts != 1 {
            // RFC 9112 §3.2: whoever stands in front of us may have taken another one.
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "Send one Host header."));
        }
        if request.extensions().get::<TwoLengths>().is_some() {
            let said = "State the length of a body once: Content-Length or Transfer-Encoding.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, said));
        }
        match address {
            Address::Scim { .. } => {
                scim::respond(self, request, address, peer.clone(), trail).await
            }
            Address::Api => api::respond(self, request, peer, trail).await,
            Address::Console => web::respond(self, request, peer, trail).await,
            _ if !address.takes(request.method()) => {
                Err(Refusal::method(address.methods().unwrap_or("GET, HEAD")))
            }
            Address::Mcp => mcp::respond(self, request, peer.clone(), trail).await,
            Address::McpMetadata => Ok(mcp::metadata(self, peer)),
            Address::Health => Ok(text("alive\n".to_owned())),
            Address::Ready => self.ready(),
            Address::Metrics => Ok(text(self.metrics.page(self.log.dropped()))),
        }
    }

    /// Whether the book can be read and the server goes on.
    fn ready(&self) -> Result<Response<Full<Bytes>>, Refusal> {
        let unready = |said| Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, said));
        if self.draining.load(Relaxed) {
            return unready("The server is ending.");
        }
        match self.intake.engine().store().read(|book| book.chain_id()) {
            Ok(_) if self.intake.engine().config_trouble().is_some() => {
                Ok(text(format!("ready\n{LAST_GOOD}\n")))
            }
            Ok(_) => Ok(text("ready\n".to_owned())),
            Err(e) => {
                tracing::warn!(cause = told(&e), "the book cannot be read");
                unready("The book cannot be read.")
            }
        }
    }

    /// The address of an endpoint as the caller knows it, without a slash at the end.
    pub(super) fn base(&self, peer: &Peer, endpoint: &str) -> String {
        format!("{}/scim/{}/v2", self.origin(peer), super::encoded(endpoint))
    }

    /// The scheme and host by which the caller knows us.
    pub(super) fn origin<'a>(&'a self, peer: &'a Peer) -> &'a str {
        self.public_url().unwrap_or(&peer.origin)
    }

    /// The address that the administrator says is ours.
    pub(super) fn public_url(&self) -> Option<&str> {
        self.settings.public_url.as_deref()
    }

    /// The turns of assistants.
    pub(super) fn turns(&self) -> Arc<Semaphore> {
        Arc::clone(&self.turns)
    }

    /// Counts a refused token, and says 429 rather than 401 where it is one too many.
    pub(super) fn refused_token(&self, peer: &Peer) -> Refusal {
        match self.guessed(peer) {
            None => Refusal::unauthorized(),
            Some(seconds) => Refusal::too_many(
                "Too many wrong tokens came from your address. Wait, and send a right one.",
                seconds,
            ),
        }
    }
}

const LAST_GOOD: &str = "rollbook.toml cannot be used as it is now; the last good one is, and the log \
                         says why.";

const LATE: &str = "The answer was not ready in time. Read the resource before you send the request \
                    again: what it asked for may have been done.";

/// Runs `work`; `None` if it panicked. The log is told where it happens.
async fn unpanicked<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|cx| {
        // What `work` shares with others is guarded by locks that survive a panic.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

fn decorate(response: &mut Response<Full<Bytes>>, id: &HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.clone());
    let kept = HeaderValue::from_static("private, no-cache");
    headers.entry(CACHE_CONTROL).or_insert(kept);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn text(text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// An error with all its causes, for the log.
fn told(error: &rollbook_engine::Error) -> String {
    let mut told = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        told += &format!(" {cause}.");
        next = cause.source();
    }
    told
}

fn logged(path: &str) -> String {
    path.chars().take(LOGGED_MAX).collect()
}

/// Whether a proxy's request id can be taken over.
fn is_request_id(value: &HeaderValue) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    !value.is_empty() && value.len() <= 64 && value.as_bytes().iter().all(fits)
}

/// Makes request ids: a random start for each process, then counting.
#[derive(Debug)]
struct Ids {
    process: u32,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        let mut start = [0_u8; 4];
        // Without randomness ids of two processes may be the same; requests go on all the same.
        let _ = getrandom::fill(&mut start);
        Self { process: u32::from_be_bytes(start), next: AtomicU64::new(1) }
    }

    fn next(&self) -> HeaderValue {
        let id = format!("req-{:08x}-{:x}", self.process, self.next.fetch_add(1, Relaxed));
        HeaderValue::from_str(&id).expect("digits and dashes are visible ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fault_in_the_work_is_caught() {
        assert_eq!(unpanicked(async { 7 }).await, Some(7));
        let broken = async { [0][std::hint::black_box(1)] };
        assert_eq!(unpanicked(broken).await, None::<i32>);
    }

    #[test]
    fn a_proxys_id_is_taken_over_where_it_cannot_do_harm() {
        for (id, good) in [("a-1_b.C", true), ("", false), ("a b", false), ("a\"", false)] {
            assert_eq!(is_request_id(&HeaderValue::from_str(id).expect("visible")), good, "{id}");
        }
        assert!(!is_request_id(&HeaderValue::from_str(&"a".repeat(65)).expect("visible")));
    }
}
