//! What the tests of the REST channel have in common: an app file made of parts, and the channel to a
//! vendor that says what a test tells it to say.

use std::time::Duration;

use rollbook_catalog::App;
use rollbook_catalog::rest::Rest;
use rollbook_engine::channel::rest::{RestChannel, RestSettings};
use rollbook_engine::secret::Secret;
pub(crate) use rollbook_testkit::scripted::{Asked, Say, Scripted};
use serde_json::{Value, json};

/// The secret that the channel is given.
pub(crate) const TOKEN: &str = "canary-0123456789";

/// The settings that the channel is given.
pub(crate) const SETTINGS: [(&str, &str); 2] = [("org", "acme"), ("client_id", "rollbook")];

pub(crate) async fn fake(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Scripted {
    Scripted::start(script).await.unwrap()
}

pub(crate) fn say(status: u16, body: Value) -> Say {
    Say::new(status, body)
}

pub(crate) fn ok(body: Value) -> Say {
    Say::new(200, body)
}

/// The channel to it, of an app whose file says `text` in `[rest]`.
pub(crate) fn channel(fake: &Scripted, text: &str) -> RestChannel {
    RestChannel::new(settings(fake, text)).unwrap()
}

pub(crate) fn settings(fake: &Scripted, text: &str) -> RestSettings {
    let rest = rest(text);
    let settings = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let settings = settings.filter(|(name, _)| rest.settings.contains_key(name)).collect();
    RestSettings {
        base_url: Some(fake.url.clone()),
        allow_private: true,
        deadline: Duration::from_millis(500),
        backoff: Duration::from_millis(1),
        patience: Duration::from_millis(200),
        verified_domains: vec!["acme.example".into()],
        requests_per_second_max: Some(100_000),
        ..RestSettings::new("acme".into(), rest, settings, Secret::new(TOKEN))
    }
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
