//! One connection, from the handshake to its end: TLS, HTTP/1.1 or HTTP/2, and its deadlines.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;

use super::face::Face;
use super::framing::{Framed, Torn, TwoLengths};
use super::patient::Patient;
use super::refusal::Refusal;
use super::tls::Tls;

/// What all connections are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signal {
    /// The server ends: finish what is begun and close.
    pub(crate) draining: bool,
    /// Counts up when there is no room for new connections: close if nothing was asked for a while.
    pub(crate) pressure: u64,
}

/// How long a connection may rest when others want in.
const REST: Duration = Duration::from_secs(1);
/// How long what was sent before the end may still be on its way.
const ON_THE_WAY: Duration = Duration::from_millis(200);
/// The most bytes of a request's head, HTTP/1.1 and HTTP/2.
const HEAD_MAX: usize = 64 << 10;
/// The most requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// The most HTTP/2 streams that a client may cancel before we have looked at them.
const RESETS_MAX: usize = 64;

/// A connection that was accepted.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) face: Arc<Face>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) signals: watch::Receiver<Signal>,
}

impl Connection {
    /// Answers what comes until either side ends it. Errors of the other end are nobody's concern
    /// and end the connection quietly.
    pub(crate) async fn serve(self) {
        let _open = Arc::clone(&self.face);
        let _counted = _open.metrics().connections.up();
        let patience = self.face.limits().deadline;
        let Self { stream, peer, face, tls, mut signals } = self;
        // Without it every small answer would wait for the other end's acknowledgement.
        let _ = stream.set_nodelay(true);
        let activity = Arc::new(Activity::default());
        let opened = tokio::select! {
            opened = open(stream, tls, patience) => opened,
            () = closed_by(&mut signals, &activity) => None,
        };
        let Some((stream, is_h2)) = opened else { return };
        let is_tls = matches!(stream, Stream::Tls(_));
        let asked = Asked { face, peer, is_tls, signals, activity };
        match stream {
            Stream::Clear(stream) => asked.serve(stream, is_h2).await,
            Stream::Tls(stream) => asked.serve(*stream, is_h2).await,
        }
    }
}

/// A stream on which HTTP is spoken.
enum Stream {
    Clear(Patient<TcpStream>),
    Tls(Box<TlsStream<Patient<TcpStream>>>),
}

/// Shakes hands where there is TLS, and finds out whether HTTP/2 is spoken. `None`: nothing came in
/// time that can be spoken with.
async fn open(
    stream: TcpStream,
    tls: Option<Arc<Tls>>,
    patience: Duration,
) -> Option<(Stream, bool)> {
    let Some(tls) = tls else {
        let is_h2 = begins_with_h2(&stream, patience).await;
        return Some((Stream::Clear(Patient::new(stream, patience)), is_h2));
    };
    let handshake = tls.acceptor().accept(Patient::new(stream, patience));
    let stream = timeout(patience, handshake).await.ok()?.ok()?;
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Some((Stream::Tls(Box::new(stream)), is_h2))
}

/// Whether a connection in clear begins as HTTP/2 does (RFC 9113 §3.4). No method of HTTP/1.1
/// begins with these letters.
async fn begins_with_h2(stream: &TcpStream, patience: Duration) -> bool {
    let mut start = [0_u8; 3];
    let peeked = timeout(patience, stream.peek(&mut start)).await;
    matches!(peeked, Ok(Ok(3))) && start == *b"PRI"
}

/// A connection that may ask.
struct Asked {
    face: Arc<Face>,
    peer: SocketAddr,
    is_tls: bool,
    signals: watch::Receiver<Signal>,
    activity: Arc<Activity>,
}

impl Asked {
    async fn serve<S>(self, stream: S, is_h2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if is_h2 { self.h2(stream).await } else { self.h1(stream).await }
    }

    async fn h1<S>(mut self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.face.limits().deadline);
        builder.max_buf_size(HEAD_MAX).max_headers(100);
        let (face, peer, is_tls) = (Arc::clone(&self.face), self.peer, self.is_tls);
        let activity = Arc::clone(&self.activity);
        let torn = Torn::default();
        let stream = Framed::new(stream, torn.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            let (face, activity) = (Arc::clone(&face), Arc::clone(&activity));
            if torn.is_so() {
                request.extensions_mut().insert(TwoLengths);
            }
            async move {
                let _busy = activity.begin();
                Ok::<_, Infallible>(face.answer(request, peer.ip(), is_tls).await)
            }
        });
        let mut connection = builder.serve_connection(TokioIo::new(stream), service);
        let ended = loop {
            tokio::select! {
                ended = &mut connection => break ended,
                () = closed_by(&mut self.signals, &self.activity) => {
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        if !ended.is_err_and(|e| e.is_timeout()) {
            return;
        }
        // A head that was begun and not finished is told so; a connection at rest just ends.
        let parts = connection.into_parts();
        if !parts.read_buf.is_empty() {
            let mut stream = parts.io.into_inner().into_inner();
            let _ = stream.write_all(&late_head()).await;
            let _ = stream.shutdown().await;
        }
    }

    async fn h2<S>(mut self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let deadline = self.face.limits().deadline;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
        builder.max_header_list_size(HEAD_MAX as u32);
        builder.max_pending_accept_reset_streams(RESETS_MAX);
        builder.max_local_error_reset_streams(RESETS_MAX);
        builder.keep_alive_interval(deadline).keep_alive_timeout(deadline);
        let (face, peer, is_tls) = (Arc::clone(&self.face), self.peer, self.is_tls);
        let activity = Arc::clone(&self.activity);
        let service = service_fn(move |request: Request<Incoming>| {
            let (face, activity) = (Arc::clone(&face), Arc::clone(&activity));
            async move {
                let _busy = activity.begin();
                Ok::<_, Infallible>(face.answer(request, peer.ip(), is_tls).await)
            }
        });
        let mut connection =
            std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = closed_by(&mut self.signals, &self.activity) => {
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Waits for a signal that means this connection. What was sent before the signal is still read.
async fn closed_by(signals: &mut watch::Receiver<Signal>, activity: &Activity) {
    while !signals.borrow_and_update().draining {
        if signals.changed().await.is_err() {
            // The listener is gone, and so is whatever it could have said.
            std::future::pending::<()>().await;
        }
        if !signals.borrow().draining && activity.rests() {
            return;
        }
    }
    sleep(ON_THE_WAY).await;
}

/// The whole answer to a head that did not come in time.
fn late_head() -> Vec<u8> {
    let said = "The head of the request did not come in time, so nothing was done.";
    let body = Refusal::new(StatusCode::REQUEST_TIMEOUT, said).body();
    let mut answer = format!(
        "HTTP/1.1 408 Request Timeout\r\ncontent-type: {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        rollbook_scim::MEDIA_TYPE,
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    answer
}

/// When a connection was busy last.
#[derive(Debug)]
struct Activity {
    born: Instant,
    /// Requests in flight.
    busy: AtomicU64,
    /// Milliseconds from `born` to the end of the newest request.
    ended_ms: AtomicU64,
}

impl Default for Activity {
    fn default() -> Self {
        Self { born: Instant::now(), busy: AtomicU64::new(0), ended_ms: AtomicU64::new(0) }
    }
}

impl Activity {
    fn begin(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self)
    }

    fn rests(&self) -> bool {
        let ended = Duration::from_millis(self.ended_ms.load(Ordering::Relaxed));
        self.busy.load(Ordering::Relaxed) == 0 && self.born.elapsed().saturating_sub(ended) > REST
    }
}

struct Busy<'a>(&'a Activity);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let ended = u64::try_from(self.0.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.ended_ms.store(ended, Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether an error of accepting means that this process has no room for more connections.
pub(crate) fn is_out_of_room(kind: ErrorKind, code: Option<i32>) -> bool {
    const EMFILE: i32 = 24;
    const ENFILE: i32 = 23;
    kind == ErrorKind::OutOfMemory || matches!(code, Some(EMFILE | ENFILE))
}
