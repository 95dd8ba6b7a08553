//! Any vendor of which an app file says how its REST API is driven, over real HTTP.
//!
//! It is made from the file's `[rest]` section and its `[[example]]`s alone. It holds accounts after
//! the item of the list example, hands out lists with the route's paging, and when a request is an
//! example's but for the ids, it does what the example's `op` says and answers as the example does.
//! Anything else is answered 400 and told by [`RestVendor::unexpected`]: a channel must not send what
//! the app does not document. The traps of the file act in it.
//!
//! ```
//! use rollbook_catalog::Catalog;
//! use rollbook_testkit::{Fault, RestVendor, Twist};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = Catalog::embedded().app("pagerduty").expect("it is in apps/");
//! let vendor = RestVendor::start(app).await?;
//! vendor.fault(Fault::on("GET", "/users", Twist::EmptyList).times(1));
//! // … the client at vendor.url() with vendor.secret() and vendor.settings() does its work …
//! assert_eq!(vendor.unexpected(), [""; 0]);
//! assert!(vendor.accounts().len() > 100 && vendor.ledger().effects().is_empty());
//! # Ok::<(), rollbook_testkit::rest_vendor::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod auth;
mod compare;
mod exchange;
mod list;
mod paging;
mod reads;
mod record;
mod sent;
mod site;
mod state;
mod writes;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State as Shares};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Router, serve};
use rollbook_catalog::App;
use rollbook_catalog::rest::{Blank, Send};
use rollbook_core::account::State;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::fault::{Fault, Schedule, Twist};
use crate::ledger::{Cause, Ledger};
use crate::origin::{Origin, Stray};
use crate::outgoing::{self, Media, Outgoing, Reply};
use crate::query::{decoded, pairs};
use crate::scim_vendor::Asked;
use crate::wire::{Hold, Wires};
use auth::Gate;
use sent::Sent;
use site::Site;

/// The largest request body that is read, in bytes.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// Where tokens are made, below the host.
const TOKEN_PATH: &str = "/made/tokens";

/// Why there is no vendor.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port is free.
    #[error("The fake vendor cannot listen")]
    Port(#[from] io::Error),
    /// The file contradicts itself, or does not show what it says; a sentence each.
    #[error("{}", .0.join("\n"))]
    File(Vec<String>),
}

/// A running fake vendor. It ends with this value.
#[derive(Debug)]
pub struct RestVendor {
    shared: Arc<Shared>,
    url: String,
    host: String,
    _stop: oneshot::Sender<()>,
}

/// An account as it really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The vendor's key.
    pub key: String,
    /// The sign-in name; the address where there is none.
    pub login: String,
    /// The address, or empty.
    pub email: String,
    /// Whether it lets anybody in.
    pub state: State,
    /// The groups that it is in, by key.
    pub groups: Vec<String>,
    /// Its roles.
    pub roles: Vec<String>,
    /// Whether any list shows it.
    pub is_listed: bool,
}

struct Shared {
    site: Mutex<Site>,
    gate: Mutex<Gate>,
    schedule: Mutex<Schedule>,
    asked: Mutex<Vec<Asked>>,
    unexpected: Mutex<Vec<String>>,
    ledger: Ledger,
    elsewhere: Origin,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Shared").field("schedule", &self.schedule).finish_non_exhaustive()
    }
}

impl RestVendor {
    /// Starts the vendor of an app on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free, and when the file contradicts itself or does not show all its calls.
    pub async fn start(app: &App) -> Result<Self, Error> {
        let mut site = Site::new(app).map_err(Error::File)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let elsewhere = Origin::start().await?;
        let host = format!("http://{}", listener.local_addr()?);
        let url = format!("{host}{}", site.base_path);
        site.url.clone_from(&url);
        site.foreign = format!("http://{}", elsewhere.address);
        let gate = Gate::new("vendor-secret-0123456789abcdef", site.settings.clone());
        let shared = Arc::new(Shared {
            site: Mutex::new(site),
            gate: Mutex::new(gate),
            schedule: Mutex::default(),
            asked: Mutex::default(),
            unexpected: Mutex::default(),
            ledger: Ledger::default(),
            elsewhere,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().fallback(receive).with_state(shared.clone());
        let router = router.into_make_service_with_connect_info::<Hold>();
        tokio::spawn(async move {
            let until = async { drop(stopped.await) };
            // Axum's server only ends when it is told to.
            drop(serve(Wires(listener), router).with_graceful_shutdown(until).await);
        });
        Ok(Self { shared, url, host, _stop: stop })
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where tokens are made, for apps that want them.
    pub fn token_url(&self) -> String {
        format!("{}{TOKEN_PATH}", self.host)
    }

    /// The secret that is accepted.
    pub fn secret(&self) -> String {
        lock(&self.shared.gate).secret.clone()
    }

    /// What an instance must be given beside the secret.
    pub fn settings(&self) -> BTreeMap<String, String> {
        lock(&self.shared.gate).settings.clone()
    }

    /// Ends all tokens that were made, as when their time is over.
    pub fn end_tokens(&self) {
        lock(&self.shared.gate).end_tokens();
    }

    /// How many tokens were made.
    pub fn tokens_made(&self) -> usize {
        lock(&self.shared.gate).made()
    }

    /// All accounts as they really are.
    pub fn accounts(&self) -> Vec<Held> {
        let site = lock(&self.shared.site);
        let held = site.records.iter().map(|record| Held {
            key: record.key.clone(),
            login: record.login_or_email().to_owned(),
            email: record.email.clone(),
            state: record.state,
            groups: record.groups.iter().cloned().collect(),
            roles: record.roles.clone(),
            is_listed: site.lists.iter().any(|list| list.states.contains(&record.state)),
        });
        held.collect()
    }

    /// An account as it really is.
    pub fn account(&self, key: &str) -> Option<Held> {
        self.accounts().into_iter().find(|held| held.key == key)
    }

    /// The keys of all groups.
    pub fn groups(&self) -> Vec<String> {
        lock(&self.shared.site).groups.keys().cloned().collect()
    }

    /// All roles that the file's examples show, and the lowest.
    pub fn roles(&self) -> Vec<String> {
        let site = lock(&self.shared.site);
        let set = site.exchanges.iter().filter_map(|it| it.filled.get(&Blank::Role).cloned());
        let held = site.records.iter().flat_map(|record| record.roles.iter().cloned());
        let roles: BTreeSet<String> =
            set.chain(held).chain(site.rest.lowest_role.clone()).collect();
        roles.into_iter().collect()
    }

    /// Lets an account own something, as if it always had.
    pub fn let_own(&self, key: &str) {
        let mut site = lock(&self.shared.site);
        site.records.iter_mut().filter(|record| record.key == key).for_each(|it| it.owns = true);
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

    /// Requests that the app does not document, and what is odd about each.
    pub fn unexpected(&self) -> Vec<String> {
        lock(&self.shared.unexpected).clone()
    }

    /// Every request so far, those that were refused too.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// What came to the other origin, after a redirect or by the address of a next page.
    pub fn strays(&self) -> Vec<Stray> {
        self.shared.elsewhere.seen()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(hold): ConnectInfo<Hold>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let method = parts.method.to_string();
    let body = to_bytes(body, BODY_MAX).await.unwrap_or_default().to_vec();
    let out = shared.answer(&method, &target, &parts.headers, &body);
    lock(&shared.asked).push(Asked { method, target, status: out.status });
    out.send(&hold).await
}

impl Shared {
    fn answer(&self, method: &str, target: &str, headers: &HeaderMap, body: &[u8]) -> Outgoing {
        let plain = |reply: Reply| outgoing::bent(reply, None, Media::Json);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut site = lock(&self.site);
        let mut gate = lock(&self.gate);
        if (method, path) == ("POST", TOKEN_PATH) {
            let text = String::from_utf8_lossy(body);
            return plain(gate.token(&site.rest.auth, headers, &text));
        }
        if !gate.lets_in(&site.rest.auth, headers) {
            return plain(Reply::json(
                401,
                json!({"error": "The secret is missing or not valid."}),
            ));
        }
        let Some(below) = path.strip_prefix(site.base_path.as_str()) else {
            self.note(method, target, "is not below the base URL");
            return plain(Reply::json(404, json!({"error": "Nothing is here."})));
        };
        let twist = lock(&self.schedule).next(method, below, &decoded(query, true));
        let elsewhere = format!("http://{}{target}", self.elsewhere.address);
        if let Some(it) = &twist
            && let Some(out) = outgoing::instead(it, &elsewhere, Media::Json)
        {
            return out;
        }
        let read = self.read(method, below, query, headers, body);
        let odd = gate.missing(&site.rest, headers);
        let sent = match read {
            Ok(sent) if odd.is_empty() => sent,
            Ok(_) => return self.refuse(method, target, &odd.join("; ")),
            Err(why) => return self.refuse(method, target, &why),
        };
        if twist == Some(Twist::Ignored) {
            let (reply, ..) = site.clone().answer(&sent, None);
            return plain(reply);
        }
        let (reply, done, unexpected) = site.answer(&sent, twist.as_ref());
        if let Some(why) = unexpected {
            self.note(method, target, &why);
        }
        let op_id = headers.get("idempotency-key").and_then(|it| it.to_str().ok());
        let cause = Cause { method, path: below, body, op_id: op_id.map(str::to_owned) };
        for effect in done {
            self.ledger.enter(&cause, &effect.subject, effect.what);
        }
        outgoing::bent(reply, twist.as_ref(), Media::Json)
    }

    /// Takes a request apart.
    fn read(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Sent, String> {
        let media = headers.get("content-type").and_then(|it| it.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let send = match media {
            "application/x-www-form-urlencoded" => Send::Form,
            "application/vnd.api+json" => Send::JsonApi,
            _ => Send::Json,
        };
        let is_json = media == "application/json" || media.ends_with("+json");
        if !body.is_empty() && send == Send::Json && !is_json {
            return Err(format!("the body is said to be `{media}`"));
        }
        let body = sent::body(&String::from_utf8_lossy(body), send)?;
        let path = if path == "/" { String::new() } else { path.to_owned() };
        Ok(Sent { method: method.to_owned(), path, query: pairs(query), body, send })
    }

    fn refuse(&self, method: &str, target: &str, why: &str) -> Outgoing {
        self.note(method, target, why);
        let body = json!({"error": "The app does not document this.", "detail": why});
        outgoing::bent(Reply::json(400, body), None, Media::Json)
    }

    fn note(&self, method: &str, target: &str, why: &str) {
        lock(&self.unexpected).push(format!("{method} {target}: {why}."));
    }
}
