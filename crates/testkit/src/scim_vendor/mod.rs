//! A SCIM vendor with its own ways, faults and memory, over real HTTP.
//!
//! ```
//! use rollbook_testkit::{Fault, Profile, ScimVendor, Twist};
//! use serde_json::json;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let vendor = ScimVendor::start(Profile::mindtickle()).await?;
//! let ana = vendor.seed_user(json!({"userName": "ana@example.com", "active": true}));
//! vendor.fault(Fault::on("GET", "/Users", Twist::EmptyList).times(1));
//! // … the client at vendor.url() with vendor.token() does its work …
//! assert_eq!(vendor.user(&ana).expect("it is there")["active"], true);
//! assert_eq!((vendor.unfired().len(), vendor.ledger().effects().len()), (1, 0));
//! vendor.shutdown().await;
//! # std::io::Result::Ok(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod of_app;
mod profile;
mod site;
mod views;
mod writes;
mod wrong_types;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Router, serve};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use crate::fault::{Fault, Route, Twist};
pub use profile::{
    DeleteMeans, DuplicateBody, Filters, MembersShown, PatchForm, PatchSupport, Profile,
    PutWithoutActive,
};

use crate::fault::Schedule;
use crate::ledger::{Cause, Ledger};
use crate::origin::Origin;
pub use crate::origin::Stray;
use crate::outgoing::{self, Media, Outgoing, Reply};
use crate::query::{decoded, pairs};
use crate::wire::{Hold, Wires};
use site::{Ask, Kind, Site};

/// The largest request body that is read, in bytes.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// A running fake vendor. It ends with this value, or with [`ScimVendor::shutdown`].
#[derive(Debug)]
pub struct ScimVendor {
    shared: Arc<Shared>,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Where a vendor listens and what it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// A file to which each effect is appended as a JSON line.
    pub ledger: Option<PathBuf>,
}

/// A request that the vendor got, in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// The status of the answer, also where the connection broke before the client saw it.
    pub status: u16,
}

struct Shared {
    site: Mutex<Site>,
    schedule: Mutex<Schedule>,
    asked: Mutex<Vec<Asked>>,
    ledger: Ledger,
    elsewhere: Origin,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Shared").field("schedule", &self.schedule).finish_non_exhaustive()
    }
}

impl ScimVendor {
    /// Starts a vendor on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(profile: Profile) -> io::Result<Self> {
        Self::start_with(profile, Setup::default()).await
    }

    /// The same, with a port and a ledger file.
    ///
    /// # Errors
    /// When the port is taken or the ledger's file cannot be opened.
    pub async fn start_with(profile: Profile, setup: Setup) -> io::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], setup.port));
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}{}", listener.local_addr()?, profile.base_path);
        let ledger = match &setup.ledger {
            Some(file) => Ledger::with_file(file)?,
            None => Ledger::default(),
        };
        let shared = Arc::new(Shared {
            site: Mutex::new(Site::new(profile, &url)),
            schedule: Mutex::default(),
            asked: Mutex::default(),
            ledger,
            elsewhere: Origin::start().await?,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let app = Router::new().fallback(receive).with_state(shared.clone());
        let app = app.into_make_service_with_connect_info::<Hold>();
        let task = tokio::spawn(async move {
            let until = async { drop(stopped.await) };
            let serving = serve(Wires(listener), app).with_graceful_shutdown(until);
            // Axum's server only ends when it is told to.
            drop(serving.await);
        });
        Ok(Self { shared, url, stop: Some(stop), task })
    }

    /// The base URL, without a slash at its end: what a client is configured with.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bearer token that is accepted.
    pub fn token(&self) -> String {
        self.site().profile.token.clone()
    }

    /// Exchanges the token, as when an administrator makes a new one.
    pub fn set_token(&self, token: &str) {
        self.site().profile.token = token.to_owned();
    }

    /// Puts a user in, as if it had always been there, and gives its id. An `id` in the JSON is
    /// kept, and a user with that id replaced.
    pub fn seed_user(&self, user: Value) -> String {
        self.site().seed(Kind::User, user)
    }

    /// The same with a group.
    pub fn seed_group(&self, group: Value) -> String {
        self.site().seed(Kind::Group, group)
    }

    /// Takes a user out behind the client's back.
    pub fn take_out_user(&self, id: &str) -> bool {
        self.site().take_out(Kind::User, id)
    }

    /// All users as they really are.
    pub fn users(&self) -> Vec<Value> {
        self.site().all(Kind::User).to_vec()
    }

    /// All groups as they really are.
    pub fn groups(&self) -> Vec<Value> {
        self.site().all(Kind::Group).to_vec()
    }

    /// A user as it really is.
    pub fn user(&self, id: &str) -> Option<Value> {
        self.site().find(Kind::User, id).cloned()
    }

    /// A group as it really is.
    pub fn group(&self, id: &str) -> Option<Value> {
        self.site().find(Kind::Group, id).cloned()
    }

    /// Adds a fault. Of several that are due, the first added wins.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.schedule).push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        lock(&self.shared.schedule).clear();
    }

    /// Sentences about faults that fired less often than they must; empty at the end of a test.
    pub fn unfired(&self) -> Vec<String> {
        lock(&self.shared.schedule).unfired()
    }

    /// What changed here.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Every request so far, those that were refused too.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// What came to the other origin after a redirect.
    pub fn strays(&self) -> Vec<Stray> {
        self.shared.elsewhere.seen()
    }

    /// Stops listening and ends when the last answer is out.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        // Only a panic in the server could make this fail, and it would have been seen by the client.
        drop((&mut self.task).await);
    }

    /// Waits until the vendor is stopped from elsewhere, which for a process means for ever.
    pub async fn wait(&mut self) {
        drop((&mut self.task).await);
    }

    fn site(&self) -> MutexGuard<'_, Site> {
        lock(&self.shared.site)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(hold): ConnectInfo<Hold>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let method = parts.method.to_string();
    let body = to_bytes(body, BODY_MAX).await.unwrap_or_default().to_vec();
    let out = shared.answer(&method, &target, &parts.headers, body);
    lock(&shared.asked).push(Asked { method, target, status: out.status });
    out.send(&hold).await
}

impl Shared {
    fn answer(&self, method: &str, target: &str, headers: &HeaderMap, body: Vec<u8>) -> Outgoing {
        let text =
            |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let mut site = lock(&self.site);
        if text("authorization") != Some(format!("Bearer {}", site.profile.token)) {
            let mut reply = Reply::error(401, None, "The token is missing or not valid.");
            reply.headers.push(("www-authenticate", "Bearer".to_owned()));
            return outgoing::bent(reply, None, Media::Scim);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Some(below) = path.strip_prefix(site.profile.base_path.as_str()) else {
            return outgoing::bent(Reply::error(404, None, "Nothing is here."), None, Media::Scim);
        };
        let segments = below.split('/').filter(|it| !it.is_empty());
        let ask = Ask {
            method: method.to_owned(),
            segments: segments.map(|segment| decoded(segment, false)).collect(),
            query: pairs(query),
            if_match: text("if-match"),
            content_type: text("content-type").unwrap_or_default(),
            body,
        };
        let twist = lock(&self.schedule).next(method, &ask.path(), &decoded(query, true));
        let elsewhere = format!("http://{}{target}", self.elsewhere.address);
        if let Some(out) =
            twist.as_ref().and_then(|it| outgoing::instead(it, &elsewhere, Media::Scim))
        {
            return out;
        }
        if twist == Some(Twist::Ignored) {
            let (reply, _) = site.clone().answer(&ask, None);
            return outgoing::bent(reply, None, Media::Scim);
        }
        let (reply, done) = site.answer(&ask, twist.as_ref());
        let op_id = text("idempotency-key");
        let cause = Cause { method, path: &ask.path(), body: &ask.body, op_id };
        for effect in done {
            self.ledger.enter(&cause, &effect.subject, effect.what);
        }
        outgoing::bent(twisted(reply, twist.as_ref()), twist.as_ref(), Media::Scim)
    }
}

/// What a fault does to the content of a reply.
fn twisted(mut reply: Reply, twist: Option<&Twist>) -> Reply {
    reply.body = match twist {
        Some(Twist::TotalResults { is }) => reply.body.map(|mut body| {
            body["totalResults"] = is.clone();
            body
        }),
        Some(Twist::WrongTypes) => reply.body.map(|body| wrong_types::wrong_types(&body)),
        _ => reply.body,
    };
    reply
}
