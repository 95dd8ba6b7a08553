//! A vendor that says what a test tells it to say, request by request, over real HTTP.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A body longer than this many bytes is not read.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method, path and query, e.g. `GET /users?page=1`.
    pub line: String,
    /// By name in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
    /// Which request it is, from 0.
    pub nth: usize,
}

impl Asked {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A parameter of the query as a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        let (_, query) = self.line.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name)?.1.parse().ok()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Say {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Say {
    /// A status with a JSON body; `null` is no body.
    pub fn new(status: u16, body: Value) -> Self {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Self { status, headers: Vec::new(), body }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

type Log = Arc<Mutex<Vec<Asked>>>;
type Script = Arc<dyn Fn(&Asked) -> Say + Send + Sync>;

/// The vendor; it ends with this value.
pub struct Scripted {
    /// Where it is.
    pub url: String,
    asked: Log,
    _stop: oneshot::Sender<()>,
}

impl Scripted {
    /// Starts a vendor that answers as `script` says.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let asked = Log::default();
        let script: Script = Arc::new(script);
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().fallback(receive).with_state((script, asked.clone()));
        tokio::spawn(async move {
            let until = async { drop(stopped.await) };
            axum::serve(listener, app).with_graceful_shutdown(until).await
        });
        Ok(Self { url, asked, _stop: stop })
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Method, path and query of every request so far.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// The same of those other than `GET`.
    pub fn writes(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| !line.starts_with("GET")).collect()
    }
}

async fn receive(State((script, log)): State<(Script, Log)>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let asked = {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = Asked {
            line: format!("{} {}", head.method, head.uri),
            headers: head.headers.iter().map(header).collect(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            nth: log.len(),
        };
        log.push(asked.clone());
        asked
    };
    let said = script(&asked);
    let mut response = Response::new(Body::from(said.body));
    *response.status_mut() =
        StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in said.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}
