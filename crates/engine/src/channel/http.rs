//! Outbound HTTP with guard rails. Every request of every channel goes through here.
//!
//! What it never does: follow a redirect, leave the origin of the instance's base URL, connect to
//! an address that the instance may not reach, decompress, hold an answer larger than its limit,
//! wait past its deadline, repeat a request, or put a secret or a query string into an error.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::Once;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use rollbook_core::id::{InstanceName, hex};
use rollbook_core::step::Receipt;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::address::{Allowed, ForbiddenAddress, GuardedResolver, Place, place};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Who we say we are. Some vendors refuse requests without it; none gets a borrowed name.
const USER_AGENT: &str = concat!("Rollbook/", env!("CARGO_PKG_VERSION"));

/// Longer headers than this many bytes are not kept.
const HEADER_BYTES_MAX: usize = 1024;

/// How to reach one instance.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Whose settings these are, for messages.
    pub instance: InstanceName,
    /// Where the API starts, e.g. `https://acme.example.com/scim/v2`. Its path prefix is kept.
    pub base_url: String,
    /// The bearer token.
    pub token: Secret,
    /// Whether the instance may lie on this machine or in a private network.
    pub allow_private: bool,
    /// Media types to ask for.
    pub accept: &'static str,
    /// Until a connection must stand, its TLS handshake included.
    pub connect_deadline: Duration,
    /// Until an answer must be there whole.
    pub deadline: Duration,
    /// Longest answer in bytes.
    pub body_bytes_max: usize,
}

/// A client for one instance.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
    token: Secret,
    deadline: Duration,
    body_bytes_max: usize,
}

impl Http {
    /// Judges the base URL and builds the client; nothing is sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the base URL or token cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self> {
        Self::made(settings, true)
    }

    /// The same, but its requests carry no token.
    ///
    /// # Errors
    /// As [`Http::new`].
    pub fn without_token(settings: &HttpSettings) -> Result<Self> {
        Self::made(settings, false)
    }

    fn made(settings: &HttpSettings, with_token: bool) -> Result<Self> {
        install_tls();
        let name = &settings.instance;
        let (base, allowed) = judge_base_url(&settings.base_url, settings.allow_private).map_err(
            |(what, hint)| {
                Error::setup(format!("The base URL of instance `{name}` is refused: {what}."))
                    .hint(hint)
            },
        )?;
        let headers = default_headers(settings, with_token).ok_or_else(|| {
            Error::setup(format!(
                "The token of instance `{name}` holds characters that no HTTP header may carry."
            ))
            .hint("Copy the token again; it is one line without blanks or control characters.")
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
            .connect_timeout(settings.connect_deadline)
            .build()
            .map_err(|cause| {
                Error::setup(format!("No HTTPS client can be made for instance `{name}`."))
                    .hint("Check that the system's certificate authorities are installed.")
                    .because(cause.without_url())
            })?;
        let &HttpSettings { deadline, body_bytes_max, .. } = settings;
        Ok(Self { client, base, token: settings.token.clone(), deadline, body_bytes_max })
    }

    /// Sends one request, once.
    ///
    /// # Errors
    /// [`Lost`] when there is no answer to judge; any HTTP status is an answer.
    pub async fn send(&self, call: &Call) -> Result<Answer, Lost> {
        let url = call.url(&self.base)?;
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut request = self.client.request(call.method.clone(), url).timeout(self.deadline);
        if call.body.is_some() {
            request =
                request.header(header::CONTENT_TYPE, "application/scim+json").body(body.clone());
        }
        if let Some(version) = &call.if_match {
            request = request.header(header::IF_MATCH, version);
        }
        if let Some(version) = &call.if_none_match {
            request = request.header(header::IF_NONE_MATCH, version);
        }
        let response = request.send().await.map_err(Lost::from_reqwest)?;
        let answer = self.read(response).await?;
        tracing::debug!(method = %call.method, path = %call.path(), status = answer.status, "sent");
        Ok(Answer { receipt: receipt(call, &body, &answer), ..answer })
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
            headers: texts(response.headers(), self.token.expose()),
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
        answer.body = without(answer.body, self.token.expose().as_bytes());
        Ok(answer)
    }
}

/// One request, relative to the base URL.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl Call {
    /// A request on the path made of `segments`, each encoded as one segment whatever it holds.
    pub fn new(method: Method, segments: &[&str]) -> Self {
        let segments = segments.iter().map(|&s| s.to_owned()).collect();
        Self {
            method,
            segments,
            query: Vec::new(),
            body: None,
            if_match: None,
            if_none_match: None,
        }
    }

    /// A `GET`.
    pub fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
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

    /// The path for people and receipts, without the query.
    pub fn path(&self) -> String {
        self.segments.iter().map(|s| format!("/{}", s.escape_debug())).collect()
    }

    fn url(&self, base: &Url) -> Result<Url, Lost> {
        let unsendable =
            |s: &String| s.is_empty() || s == "." || s == ".." || s.chars().any(char::is_control);
        if let Some(bad) = self.segments.iter().find(|s| unsendable(s)) {
            return Err(Lost::not_sent(format!(
                "the vendor's id `{}` cannot stand in a path",
                bad.escape_debug()
            )));
        }
        let mut url = base.clone();
        url.path_segments_mut()
            .expect("an http URL has path segments")
            .pop_if_empty()
            .extend(&self.segments);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
            // `%20` is a blank to everybody, `+` only to those who read queries as forms.
            let spaced = url.query().unwrap_or_default().replace('+', "%20");
            url.set_query(Some(&spaced));
        }
        Ok(url)
    }
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

/// How long a vendor asks us to wait, from a `Retry-After` in seconds or as an HTTP date, clamped
/// to 1 s … 1 h. `None` when there is none or it says nothing.
pub fn retry_after(text: Option<&str>, now: Timestamp) -> Option<Duration> {
    let text = text?.trim();
    let seconds = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => seconds,
        Ok(_) => return None,
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            date.duration_since(now).as_secs_f64()
        }
    };
    Some(Duration::from_secs_f64(seconds.clamp(1.0, 3600.0)))
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

/// The headers that are text and not too long, without an echo of `secret`.
fn texts(headers: &HeaderMap, secret: &str) -> BTreeMap<String, String> {
    let text = |value: &HeaderValue| {
        let text = value.to_str().ok().filter(|text| text.len() <= HEADER_BYTES_MAX)?;
        let bytes = without(text.as_bytes().to_vec(), secret.as_bytes());
        String::from_utf8(bytes).ok()
    };
    let named = headers.iter().filter_map(|(name, value)| Some((name.as_str(), text(value)?)));
    named.map(|(name, text)| (name.to_owned(), text)).collect()
}

fn receipt(call: &Call, body: &str, answer: &Answer) -> Receipt {
    let digest = |bytes: &[u8]| hex(&Sha256::digest(bytes));
    Receipt {
        request: format!("{} {}", call.method, call.path()),
        request_digest: digest(body.as_bytes()),
        status: answer.status,
        answer_digest: digest(&answer.body),
    }
}

fn default_headers(settings: &HttpSettings, with_token: bool) -> Option<HeaderMap> {
    let mut token = HeaderValue::from_str(&format!("Bearer {}", settings.token.expose())).ok()?;
    token.set_sensitive(true);
    let token = with_token.then_some((header::AUTHORIZATION, token));
    let others = [
        (header::ACCEPT, HeaderValue::from_static(settings.accept)),
        (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ];
    Some(token.into_iter().chain(others).collect())
}

/// The URL and where its connections may go, or what is wrong and what helps.
fn judge_base_url(text: &str, private: bool) -> Result<(Url, Allowed), (String, &'static str)> {
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
fn install_tls() {
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
