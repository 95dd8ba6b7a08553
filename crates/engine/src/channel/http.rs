//! Outbound HTTP with guard rails. Every request of every channel goes through here.
//!
//! What it never does: follow a redirect, leave the origin of the instance's base URL, connect to
//! an address that the instance may not reach, decompress, hold an answer larger than its limit,
//! wait past its deadline, repeat a request, or put a secret or a query string into an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::Once;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use rollbook_core::id::{InstanceName, hex};
use rollbook_core::step::Receipt;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::address::{Allowed, ForbiddenAddress, GuardedResolver, Place, place};
use super::rate::Rate;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Who we say we are. Some vendors refuse requests without it; none gets a borrowed name.
const USER_AGENT: &str = concat!("Rollbook/", env!("CARGO_PKG_VERSION"));

/// Longer headers than this many bytes are not kept.
const HEADER_BYTES_MAX: usize = 1024;

/// What a form is called that is sent as a body.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// How to reach one instance.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Whose settings these are, for messages.
    pub instance: InstanceName,
    /// Where the API starts, e.g. `https://acme.example.com/scim/v2`. Its path prefix is kept.
    pub base_url: String,
    /// Headers that every request carries, mostly the one with the token. They are never shown.
    pub headers: Vec<(String, Secret)>,
    /// What is blanked where an answer repeats it.
    pub secrets: Vec<Secret>,
    /// Whether the instance may lie on this machine or in a private network.
    pub allow_private: bool,
    /// Media types to ask for, where `headers` say nothing else.
    pub accept: &'static str,
    /// What a JSON body is called, where its request says nothing else.
    pub media: &'static str,
    /// Until a connection must stand, its TLS handshake included.
    pub connect_deadline: Duration,
    /// Until an answer must be there whole.
    pub deadline: Duration,
    /// Longest answer in bytes.
    pub body_bytes_max: usize,
    /// Whether a connection serves several requests. A server may close one at the very moment at which
    /// the next request is sent on it, and whether that one was read nobody knows then.
    pub keeps_connections: bool,
}

/// A client for one instance.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
    secrets: Vec<Secret>,
    /// What bodies are called where nothing else says it.
    media: Option<&'static str>,
    deadline: Duration,
    body_bytes_max: usize,
}

impl Http {
    /// Judges the base URL and builds the client; nothing is sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the base URL or token cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self> {
        install_tls();
        let name = &settings.instance;
        let (base, allowed) = judge_base_url(&settings.base_url, settings.allow_private).map_err(
            |(what, hint)| {
                Error::setup(format!("The base URL of instance `{name}` is refused: {what}."))
                    .hint(hint)
            },
        )?;
        let headers = default_headers(settings).ok_or_else(|| {
            Error::setup(format!(
                "The token of instance `{name}`, or a setting that goes into a header, holds \
                 characters that no HTTP header may carry."
            ))
            .hint("Copy it again; it is one line without control characters.")
        })?;
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .https_only(base.scheme() == "https")
            .dns_resolver(GuardedResolver(allowed))
            .pool_max_idle_per_host(if settings.keeps_connections { usize::MAX } else { 0 })
            .connect_timeout(settings.connect_deadline)
            .build()
            .map_err(|cause| {
                Error::setup(format!("No HTTPS client can be made for instance `{name}`."))
                    .hint("Check that the system's certificate authorities are installed.")
                    .because(cause.without_url())
            })?;
        let &HttpSettings { media, deadline, body_bytes_max, .. } = settings;
        let secrets = settings.secrets.clone();
        // What the instance wants every body to be called is a header like any other.
        let is_said =
            settings.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let media = (!is_said).then_some(media);
        Ok(Self { client, base, secrets, media, deadline, body_bytes_max })
    }

    /// Sends one request, once.
    ///
    /// # Errors
    /// [`Lost`] when there is no answer to judge; any HTTP status is an answer.
    pub async fn send(&self, call: &Call) -> Result<Answer, Lost> {
        let url = call.url(&self.base)?;
        let mut request = self.client.request(call.method.clone(), url).timeout(self.deadline);
        if let Some(body) = &call.body {
            if let Some(media) = body.media.or(self.media) {
                request = request.header(header::CONTENT_TYPE, media);
            }
            request = request.body(body.text.clone());
        }
        if let Some(version) = &call.if_match {
            request = request.header(header::IF_MATCH, version);
        }
        if let Some(version) = &call.if_none_match {
            request = request.header(header::IF_NONE_MATCH, version);
        }
        for (name, value) in &call.headers {
            let value = sensitive(value)
                .ok_or_else(|| Lost::not_sent(format!("`{name}` cannot be sent as a header")))?;
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(Lost::from_reqwest)?;
        let mut answer = self.read(response).await?;
        for secret in &call.secrets {
            answer.body = without(answer.body, secret.expose().as_bytes());
        }
        answer.receipt = receipt(call, &answer);
        tracing::debug!(method = %call.method, path = %call.path(), status = answer.status, "sent");
        Ok(answer)
    }

    /// The same request at the address that an answer to it named for what follows (RFC 8288);
    /// `None` where that leaves the origin or the path of the base URL. Credentials go nowhere else.
    pub fn following(&self, call: &Call, link: &str) -> Option<Call> {
        let from = call.url(&self.base).ok()?;
        let url = inside(&self.base, &from, link)?;
        Some(Call { place: Target::Address(url), query: Vec::new(), ..call.clone() })
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Answer, Lost> {
        let text = |name: HeaderName| {
            response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            retry_after: text(header::RETRY_AFTER),
            location: text(header::LOCATION),
            version: text(header::ETAG),
            encoding: text(header::CONTENT_ENCODING),
            headers: texts(response.headers(), &self.secrets),
            link: links(response.headers()),
            rate: Rate::read(&|name| response.headers().get(name)?.to_str().ok()),
            ..Answer::default()
        };
        while let Some(chunk) = response.chunk().await.map_err(Lost::from_reqwest)? {
            if answer.body.len() + chunk.len() > self.body_bytes_max {
                return Err(Lost::unclear(format!(
                    "the answer is longer than {} bytes",
                    self.body_bytes_max
                )));
            }
            answer.body.extend_from_slice(&chunk);
        }
        for secret in &self.secrets {
            answer.body = without(answer.body, secret.expose().as_bytes());
        }
        Ok(answer)
    }
}

/// One request, relative to the base URL.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    place: Target,
    query: Vec<(Cow<'static, str>, String)>,
    body: Option<Payload>,
    if_match: Option<String>,
    if_none_match: Option<String>,
    headers: Vec<(&'static str, Secret)>,
    secrets: Vec<Secret>,
}

/// Where a request goes.
#[derive(Clone, Debug)]
enum Target {
    /// Below the base URL, each encoded as one segment.
    Segments(Vec<String>),
    /// Below the base URL, encoded already.
    Path(String),
    /// An address that [`Http::following`] judged.
    Address(Url),
}

/// A body as it goes out.
#[derive(Clone, Debug)]
struct Payload {
    /// What it is called; `None`: as the settings say.
    media: Option<&'static str>,
    text: String,
}

impl Call {
    /// A request on the path made of `segments`, each encoded as one segment whatever it holds.
    pub fn new(method: Method, segments: &[&str]) -> Self {
        Self::to(method, Target::Segments(segments.iter().map(|&s| s.to_owned()).collect()))
    }

    /// A request on a path in which everything but its slashes was encoded by [`segment`]; empty, or
    /// with a slash in front.
    pub fn encoded(method: Method, path: impl Into<String>) -> Self {
        Self::to(method, Target::Path(path.into()))
    }

    fn to(method: Method, place: Target) -> Self {
        let (headers, secrets) = (Vec::new(), Vec::new());
        Self {
            method,
            place,
            query: Vec::new(),
            body: None,
            if_match: None,
            if_none_match: None,
            headers,
            secrets,
        }
    }

    /// A `GET`.
    pub fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets the body, as JSON.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(Payload { media: None, text: body.to_string() });
        self
    }

    /// Sets the body, called `media`.
    #[must_use]
    pub fn body_as(mut self, media: &'static str, text: impl Into<String>) -> Self {
        self.body = Some(Payload { media: Some(media), text: text.into() });
        self
    }

    /// Asks the vendor to act only if the resource still has this version.
    #[must_use]
    pub fn if_match(mut self, version: Option<String>) -> Self {
        self.if_match = version;
        self
    }

    /// Asks the vendor to answer with the resource only if it has not this version any more.
    #[must_use]
    pub fn if_none_match(mut self, version: Option<String>) -> Self {
        self.if_none_match = version;
        self
    }

    /// Adds a header of which the value is never shown.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: Secret) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Blanks `secret` where the answer repeats it.
    #[must_use]
    pub fn blanking(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path for people and receipts, without the query.
    pub fn path(&self) -> String {
        match &self.place {
            Target::Segments(segments) => {
                segments.iter().map(|s| format!("/{}", s.escape_debug())).collect()
            }
            Target::Path(path) => path.clone(),
            Target::Address(url) => url.path().to_owned(),
        }
    }

    /// The query as it goes out; empty where there is none.
    pub fn query_text(&self) -> String {
        // `%20` is a blank to everybody, `+` only to those who read queries as forms.
        form(self.query.iter().map(|(name, value)| (&**name, &**value))).replace('+', "%20")
    }

    /// The names and values of the query, and of the body if it is a form.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<_> =
            self.query.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let form = self.body.as_ref().filter(|body| body.media == Some(FORM));
        let mut url = Url::parse("https://form.invalid").expect("it is a URL");
        url.set_query(form.map(|body| body.text.as_str()));
        pairs.extend(url.query_pairs().into_owned());
        pairs
    }

    /// The value of a header of its own.
    #[cfg(test)]
    pub(crate) fn header_sent(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(header, _)| *header == name);
        header.map(|(_, value)| value.expose())
    }

    /// The body as it goes out; empty where there is none.
    pub fn body_text(&self) -> &str {
        self.body.as_ref().map_or("", |body| &body.text)
    }

    fn url(&self, base: &Url) -> Result<Url, Lost> {
        let cannot = |bad: &str| {
            Lost::not_sent(format!(
                "the vendor's id `{}` cannot stand in a path",
                bad.escape_debug()
            ))
        };
        let mut url = base.clone();
        match &self.place {
            Target::Segments(segments) => {
                let bad =
                    |s: &&String| s.is_empty() || is_dots(s) || s.chars().any(char::is_control);
                if let Some(bad) = segments.iter().find(bad) {
                    return Err(cannot(bad));
                }
                url.path_segments_mut()
                    .expect("an http URL has path segments")
                    .pop_if_empty()
                    .extend(segments);
            }
            Target::Path(path) => {
                if let Some(bad) = path.split('/').find(|s| is_dots(s)) {
                    return Err(cannot(bad));
                }
                if !path.is_empty() {
                    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
                }
            }
            Target::Address(address) => return Ok(address.clone()),
        }
        if !self.query.is_empty() {
            url.set_query(Some(&self.query_text()));
        }
        Ok(url)
    }
}

/// A segment that a URL takes for "here" or "one up".
fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// `text` as one segment of a path, or as a part of one: what has a meaning in a URL is encoded.
pub fn segment(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(byte);
    let byte = |byte: &u8| match plain(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.as_bytes().iter().map(byte).collect()
}

/// Names and values as `application/x-www-form-urlencoded`.
pub fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = Url::parse("https://form.invalid").expect("it is a URL");
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

/// The address that `link` names on the page `from`, if it is within `base`.
fn inside(base: &Url, from: &Url, link: &str) -> Option<Url> {
    let mut url = from.join(link.trim()).ok()?;
    url.set_fragment(None);
    let root = base.path().trim_end_matches('/');
    let below = url.path().strip_prefix(root)?;
    let is_below = below.is_empty() || below.starts_with('/');
    let path = url.path().to_ascii_lowercase();
    let climbs = ["..%2f", "%2f..", "%5c"].iter().any(|way| path.contains(way));
    let is_named = url.username().is_empty() && url.password().is_none();
    (url.origin() == base.origin() && is_below && !climbs && is_named).then_some(url)
}

/// All `Link` headers as one, as HTTP lets them be joined (RFC 9110 §5.3).
fn links(headers: &HeaderMap) -> Option<String> {
    let links: Vec<_> =
        headers.get_all(header::LINK).iter().filter_map(|v| v.to_str().ok()).collect();
    (!links.is_empty()).then(|| links.join(", "))
}

/// What a vendor answered, whatever it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` as sent.
    pub retry_after: Option<String>,
    /// `Location` as sent. Never followed.
    pub location: Option<String>,
    /// `ETag` as sent.
    pub version: Option<String>,
    /// `Content-Encoding` as sent.
    pub encoding: Option<String>,
    /// Every header that is text, names in lower case; of several with one name the last.
    pub headers: BTreeMap<String, String>,
    /// `Link` as sent (RFC 8288), several joined by commas.
    pub link: Option<String>,
    /// What the headers say of the vendor's limit.
    pub rate: Rate,
    /// The body, at most as long as the settings allow.
    pub body: Vec<u8>,
    /// For the evidence.
    pub receipt: Receipt,
}

/// There is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Whether the request surely never reached the vendor.
    pub never_sent: bool,
    /// Whether only an administrator can help: the address is forbidden.
    pub forbidden: bool,
    /// What happened, as part of a sentence.
    pub why: String,
}

impl Lost {
    fn not_sent(why: impl Into<String>) -> Self {
        Self { never_sent: true, forbidden: false, why: why.into() }
    }

    fn unclear(why: impl Into<String>) -> Self {
        Self { never_sent: false, forbidden: false, why: why.into() }
    }

    /// A request was surely not sent when no connection stood; everything later is unclear.
    fn from_reqwest(cause: reqwest::Error) -> Self {
        let cause = cause.without_url();
        let never_sent = cause.is_connect() || cause.is_builder();
        let forbidden = chain(&cause).iter().any(|c| c.is::<ForbiddenAddress>());
        let why = match (cause.is_timeout(), never_sent) {
            (true, true) => "no connection came about in time".to_owned(),
            (true, false) => "the answer did not come in time".to_owned(),
            (false, _) => chain(&cause)[chain(&cause).len() - 1].to_string(),
        };
        Self { never_sent, forbidden, why }
    }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut chain: Vec<&'a (dyn StdError + 'static)> = vec![error];
    while let Some(cause) = chain[chain.len() - 1].source() {
        chain.push(cause);
    }
    chain
}

/// `body` with every echo of `secret` blanked, so that a vendor that repeats what it was sent does
/// not put it into our messages. Secrets too short to be one are left.
fn without(mut body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if secret.len() < 8 {
        return body;
    }
    let mut at = 0;
    while let Some(found) = body[at..].windows(secret.len()).position(|w| w == secret) {
        let start = at + found;
        at = start + secret.len();
        body[start..at].fill(b'*');
    }
    body
}

/// The headers that are text and not too long, without an echo of one of `secrets`.
fn texts(headers: &HeaderMap, secrets: &[Secret]) -> BTreeMap<String, String> {
    let text = |value: &HeaderValue| {
        let text = value.to_str().ok().filter(|text| text.len() <= HEADER_BYTES_MAX)?;
        let blanked = |bytes, secret: &Secret| without(bytes, secret.expose().as_bytes());
        let bytes = secrets.iter().fold(text.as_bytes().to_vec(), blanked);
        String::from_utf8(bytes).ok()
    };
    let named = headers.iter().filter_map(|(name, value)| Some((name.as_str(), text(value)?)));
    named.map(|(name, text)| (name.to_owned(), text)).collect()
}

fn receipt(call: &Call, answer: &Answer) -> Receipt {
    let digest = |bytes: &[u8]| hex(&Sha256::digest(bytes));
    Receipt {
        request: format!("{} {}", call.method, call.path()),
        request_digest: digest(call.body_text().as_bytes()),
        status: answer.status,
        answer_digest: digest(&answer.body),
    }
}

/// The header that shows a bearer token (RFC 6750 §2.1).
pub fn bearer(token: &Secret) -> (String, Secret) {
    ("authorization".to_owned(), Secret::new(format!("Bearer {}", token.expose())))
}

fn default_headers(settings: &HttpSettings) -> Option<HeaderMap> {
    let mut headers = HeaderMap::from_iter([
        (header::ACCEPT, HeaderValue::from_static(settings.accept)),
        (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ]);
    for (name, value) in &settings.headers {
        headers.insert(HeaderName::try_from(name).ok()?, sensitive(value)?);
    }
    Some(headers)
}

fn sensitive(value: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The URL and where its connections may go, or what is wrong and what helps.
pub(super) fn judge_base_url(
    text: &str,
    private: bool,
) -> Result<(Url, Allowed), (String, &'static str)> {
    const EXAMPLE: &str = "It looks like `https://acme.example.com/scim/v2`.";
    const PRIVATE: &str = "If the vendor runs in your own network, set `allow_private = true`.";
    let url = Url::parse(text.trim()).map_err(|e| (format!("it is not a URL ({e})"), EXAMPLE))?;
    let allowed = match url.scheme() {
        "https" => Allowed { private, public: true },
        "http" if private => Allowed { private, public: false },
        "http" => return Err(("plain http would send the token readable".into(), PRIVATE)),
        other => return Err((format!("`{other}` is not https"), EXAMPLE)),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(("it holds a user name or password".into(), "Use `token` for credentials."));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(("it holds a query or a fragment".into(), EXAMPLE));
    }
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let address = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let is_local = host == "localhost" || host.ends_with(".localhost");
    let reachable = match address {
        Some(address) => allowed.permits(address),
        None => private || !is_local,
    };
    if !reachable {
        let never = address.is_some_and(|a| place(a) == Place::Never);
        let hint = if never { "No vendor can be reached there." } else { PRIVATE };
        return Err(("this instance may not reach that address".into(), hint));
    }
    Ok((url, allowed))
}

/// Sets the process-wide TLS provider; a second call finds it set and changes nothing.
pub(super) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let already_there = rustls::crypto::ring::default_provider().install_default().is_err();
        tracing::trace!(already_there, "TLS provider");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(url: &str) -> String {
        judge_base_url(url, false).map(|(url, _)| url).unwrap_err().0
    }

    #[test]
    fn a_base_url_that_leads_inside_is_refused_in_every_spelling() {
        for url in [
            "https://127.0.0.1:8080",
            "https://0.0.0.0",
            "https://[::1]",
            "https://[::ffff:127.0.0.1]",
            "https://169.254.169.254/latest",
            "https://100.64.0.1",
            "https://10.0.0.1",
            "https://[fd00::1]",
            "https://0x7f000001",
            "https://2130706433",
            "https://0177.0.0.1",
            "https://127.1",
            "https://localhost",
            "https://localhost.",
            "https://api.localhost",
        ] {
            assert_eq!(check_refused(url), "this instance may not reach that address", "{url}");
        }
    }

    #[test]
    fn a_base_url_is_https_and_nothing_but_a_place() {
        for (url, why) in [
            ("http://acme.example/scim", "plain http would send the token readable"),
            ("file:///etc/passwd", "`file` is not https"),
            ("gopher://acme.example", "`gopher` is not https"),
            ("https://ok@127.0.0.1", "it holds a user name or password"),
            ("https://acme.example/#ok", "it holds a query or a fragment"),
            ("https://acme.example/?key=canary", "it holds a query or a fragment"),
        ] {
            assert_eq!(check_refused(url), why, "{url}");
        }
        assert!(check_refused("acme.example/scim").starts_with("it is not a URL"));
        assert!(check_refused("https://[fe80::1%lo]").starts_with("it is not a URL"));
    }

    #[test]
    fn a_vendor_in_our_own_network_is_allowed_by_name_only() {
        let allowed = |url| judge_base_url(url, true).map(|(_, allowed)| allowed);
        let plain = allowed("http://127.0.0.1:9").unwrap();
        assert!(!plain.public, "plain http stays at home");
        assert!(allowed("https://10.0.0.1").unwrap().public);
        assert_eq!(
            allowed("http://169.254.169.254").unwrap_err().1,
            "No vendor can be reached there."
        );
        assert!(allowed("http://8.8.8.8").is_err());
    }

    fn check_url(call: &Call) -> String {
        let base = Url::parse("https://acme.example/api/scim/v2/").unwrap();
        call.url(&base).unwrap().to_string()
    }

    #[test]
    fn whatever_an_id_holds_it_is_one_segment() {
        for (id, encoded) in [
            ("2819c223", "2819c223"),
            ("../../admin/1", "..%2F..%2Fadmin%2F1"),
            ("a/b", "a%2Fb"),
            ("a?x=1", "a%3Fx=1"),
            ("a#b", "a%23b"),
            ("%2e%2e%2f", "%252e%252e%252f"),
            ("a\\b", "a%5Cb"),
            ("ana@acme.example", "ana@acme.example"),
        ] {
            let url = check_url(&Call::get(&["Users", id]));
            assert_eq!(url, format!("https://acme.example/api/scim/v2/Users/{encoded}"));
        }
    }

    #[test]
    fn an_id_that_would_change_the_path_is_never_sent() {
        let base = Url::parse("https://acme.example").unwrap();
        for id in ["", ".", "..", "a\0", "a\r\nX: 1"] {
            let lost = Call::get(&["Users", id]).url(&base).unwrap_err();
            assert!(lost.never_sent && lost.why.contains("cannot stand in a path"), "{lost:?}");
        }
    }

    #[test]
    fn a_query_says_blank_and_plus_so_that_everybody_understands() {
        let call = Call::get(&["Users"]).query("filter", r#"userName eq "a+b&c""#);
        assert_eq!(
            check_url(&call),
            "https://acme.example/api/scim/v2/Users?filter=userName%20eq%20%22a%2Bb%26c%22"
        );
        assert_eq!(call.path(), "/Users", "the query is not for messages");
    }

    #[tokio::test]
    async fn a_name_that_turns_out_to_be_at_home_is_not_connected_to() {
        install_tls();
        let guard = GuardedResolver(Allowed { private: false, public: true });
        let client = reqwest::Client::builder().no_proxy().dns_resolver(guard).build().unwrap();
        let cause = client.get("http://localhost:9/?key=canary").send().await.unwrap_err();
        let lost = Lost::from_reqwest(cause);
        assert!(lost.never_sent && lost.forbidden, "{lost:?}");
        assert_eq!(lost.why, ForbiddenAddress.to_string());
    }

    #[test]
    fn an_echo_of_the_token_is_blanked() {
        let echoed = b"bad token s3cr3t-t0ken: s3cr3t-t0ken".to_vec();
        assert_eq!(without(echoed, b"s3cr3t-t0ken"), b"bad token ************: ************");
    }
}
