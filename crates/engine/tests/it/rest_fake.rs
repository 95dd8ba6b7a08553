//! A vendor with a REST API that says what a test tells it to say, over real HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use rollbook_catalog::App;
use rollbook_catalog::rest::Rest;
use rollbook_engine::channel::rest::{RestChannel, RestSettings};
use rollbook_engine::secret::Secret;
use serde_json::{Value, json};

/// The secret that the channel is given.
pub(crate) const TOKEN: &str = "canary-0123456789";

/// The settings that the channel is given.
pub(crate) const SETTINGS: [(&str, &str); 2] = [("org", "acme"), ("client_id", "rollbook")];

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method, path and query, e.g. `GET /users?page=1`.
    pub(crate) line: String,
    /// By name in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// Which request it is, from 0.
    pub(crate) nth: usize,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// A parameter of the query as a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let (_, query) = self.line.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name)?.1.parse().ok()
    }
}

/// An answer.
pub(crate) struct Say {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

pub(crate) fn say(status: u16, body: Value) -> Say {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Say { status, headers: Vec::new(), body }
}

pub(crate) fn ok(body: Value) -> Say {
    say(200, body)
}

impl Say {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

type Script = Arc<dyn Fn(&Asked) -> Say + Send + Sync>;

/// The vendor.
pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub(crate) async fn start(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let script: Script = Arc::new(script);
        let app = Router::new().fallback(receive).with_state((script, asked.clone()));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Method, path and query of every request so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// Requests other than `GET`.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| !line.starts_with("GET")).collect()
    }

    /// The channel to it, of an app whose file says `text` in `[rest]`.
    pub(crate) fn channel(&self, text: &str) -> RestChannel {
        RestChannel::new(self.settings(text)).unwrap()
    }

    pub(crate) fn settings(&self, text: &str) -> RestSettings {
        let rest = rest(text);
        let settings =
            SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = settings.filter(|(name, _)| rest.settings.contains_key(name)).collect();
        RestSettings {
            base_url: Some(self.url.clone()),
            allow_private: true,
            deadline: Duration::from_millis(500),
            backoff: Duration::from_millis(1),
            patience: Duration::from_millis(200),
            verified_domains: vec!["acme.example".into()],
            requests_per_second_max: Some(100_000),
            ..RestSettings::new("acme".into(), rest, settings, Secret::new(TOKEN))
        }
    }
}

async fn receive(
    State((script, log)): State<(Script, Arc<Mutex<Vec<Asked>>>)>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let asked = {
        let mut log = log.lock().unwrap();
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
    let mut response = Response::builder().status(said.status);
    for (name, value) in said.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(said.body)).unwrap()
}

/// A `[rest]` section: `text` without `[rest]`, `can` and `basis`, which are put in front.
pub(crate) fn rest(text: &str) -> Rest {
    let app = format!(
        "[app]\nid = \"acme\"\nname = \"Acme\"\ncategory = \"wiki\"\nwebsite = \"https://acme.example\"\n\
         checked_on = \"2026-11-21\"\n[rest]\ncan = [\"observe\"]\nbasis = \"recalled\"\n{text}"
    );
    App::parse("apps/acme.toml", &app).unwrap().rest.expect("a route")
}

/// The head of a `[rest]` section whose token is a bearer's, with this paging.
pub(crate) fn head(paging: &str) -> String {
    format!(
        "base_url = \"https://api.acme.example\"\nauth = {{ kind = \"bearer\" }}\n\
         [rest.paging]\n{paging}\n\
         [rest.account]\nkey = \"/id\"\nemail = \"/email\"\ndisplay_name = [\"/name\"]\n\
         state = [\n{{ at = \"/status\", is = [\"on\"], means = \"active\" }},\n\
         {{ at = \"/status\", is = [\"off\"], means = \"suspended\" }},\n]\n"
    )
}

/// One call.
pub(crate) fn call(op: &str, method: &str, path: &str, more: &str) -> String {
    format!("[[rest.call]]\nop = \"{op}\"\nmethod = \"{method}\"\npath = \"{path}\"\n{more}\n")
}

/// The `n`th user.
pub(crate) fn user(n: u64) -> Value {
    json!({"id": n, "email": format!("u{n}@acme.example"), "name": format!("User {n}"), "status": "on"})
}

/// Users from one up to another.
pub(crate) fn users(numbers: std::ops::Range<u64>) -> Vec<Value> {
    numbers.map(user).collect()
}
