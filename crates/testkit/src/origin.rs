//! Another origin, to which a vendor may redirect. It answers everything with an empty list and
//! remembers who came, and whether they brought a secret along.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A request that the other origin got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// HTTP method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Whether an `Authorization` header came with it.
    pub with_secret: bool,
}

type Seen = Arc<Mutex<Vec<Stray>>>;

/// The other origin; ends with this value.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    seen: Seen,
    _stop: oneshot::Sender<()>,
}

impl Origin {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let seen = Seen::default();
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().fallback(receive).with_state(seen.clone());
        tokio::spawn(async move {
            let until = async { drop(stopped.await) };
            axum::serve(listener, app).with_graceful_shutdown(until).await
        });
        Ok(Self { address, seen, _stop: stop })
    }

    pub(crate) fn seen(&self) -> Vec<Stray> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn receive(State(seen): State<Seen>, request: Request) -> String {
    let stray = Stray {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        with_secret: request.headers().contains_key(AUTHORIZATION),
    };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(stray);
    json!({"totalResults": 0, "Resources": []}).to_string()
}
