//! Who comes in: where from, signed in as whom, with which right, by a form of ours.
//!
//! The console is served over TLS, or in clear to this machine itself, called by a name of this
//! machine: so no other site can make a browser speak to it under a name of its own. A form counts
//! only if the browser says that it comes from here and the form bears a text that only its session
//! knows.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{COOKIE, HeaderMap, ORIGIN};
use rollbook_core::role::Right;
use rollbook_engine::Engine;
use rollbook_engine::member::Signed;
use rollbook_engine::secret::Secret;

use super::looking::Looks;
use super::moment::Moment;
use super::query::Query;
use super::reply::Reply;
use super::route::{Needs, Page, Route};
use super::upload::Upload;
use super::{Console, pages, told};
use crate::serve::peer::Peer;
use crate::serve::refusal::Refusal;

/// Under which address the console is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    origin: String,
    is_tls: bool,
}

impl Place {
    /// Where a request came to.
    ///
    /// # Errors
    /// When others could listen, or the name is not one of this machine.
    pub(crate) fn of(peer: &Peer, public_url: Option<&str>) -> Result<Self, Refusal> {
        let origin = public_url.unwrap_or(&peer.origin).to_owned();
        let is_tls = peer.origin.starts_with("https://");
        let host = peer.origin.strip_prefix("http://").unwrap_or_default();
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let name = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(n, _)| n);
        let is_own = ["localhost", "127.0.0.1", "[::1]"].contains(&name);
        if is_tls {
            return Ok(Self { origin, is_tls });
        }
        if peer.address.to_canonical().is_loopback() && is_own {
            return Ok(Self { origin: peer.origin.clone(), is_tls });
        }
        let detail = "The console is served over TLS, or to a browser on this machine itself, as \
                      http://localhost. Give the server a certificate with --tls-cert and --tls-key, \
                      or put a proxy with TLS in front of it and name it with --trusted-proxy.";
        Err(Refusal::new(StatusCode::FORBIDDEN, detail))
    }

    /// The name of the cookie that holds a session. With TLS, no other host can set it.
    fn cookie(&self) -> &'static str {
        if self.is_tls { "__Host-rollbook" } else { "rollbook" }
    }

    /// What makes a browser keep a session.
    fn keep(&self, secret: &Secret) -> String {
        let (name, secret) = (self.cookie(), secret.expose());
        match self.is_tls {
            true => format!("{name}={secret}; Path=/; HttpOnly; Secure; SameSite=Lax"),
            false => format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict"),
        }
    }

    /// What makes a browser forget it.
    fn forget(&self) -> String {
        let secure = if self.is_tls { " Secure;" } else { "" };
        format!("{}=; Path=/; HttpOnly;{secure} SameSite=Strict; Max-Age=0", self.cookie())
    }
}

/// One request, taken apart.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) route: &'static Route,
    /// What stands for each `{}` of the path.
    pub(crate) named: Vec<String>,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) form: Query,
    /// The files that came with the form.
    pub(crate) files: Vec<Upload>,
    /// The last event that a browser which watches was told.
    pub(crate) last_event: Option<String>,
    secret: Option<String>,
    /// Whether the browser says that the request comes from a page of ours.
    is_from_here: bool,
    place: Place,
}

impl Asked {
    /// From a request's parts.
    pub(crate) fn new(
        route: &'static Route,
        named: Vec<String>,
        path: String,
        query: Query,
        headers: &HeaderMap,
        place: Place,
    ) -> Self {
        let is_from_here = is_from_here(headers, &place.origin);
        let secret = cookie(headers, place.cookie());
        let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let last_event = last_event.map(str::to_owned);
        let (form, files) = (Query::default(), Vec::new());
        Self { route, named, path, query, form, files, last_event, secret, is_from_here, place }
    }

    /// The address by which the browser knows the console, without a slash at the end.
    pub(crate) fn origin(&self) -> &str {
        &self.place.origin
    }

    /// With what was sent.
    pub(crate) fn with(self, (form, files): (Query, Vec<Upload>)) -> Self {
        Self { form, files, ..self }
    }

    /// Whether somebody is signed in, and so may send more than a few fields.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn is_signed_in(&self, engine: &Engine) -> Result<bool, Refusal> {
        let Some(secret) = self.secret.as_deref() else { return Ok(false) };
        engine.has_session(secret).map_err(told)
    }
}

/// Whether a request comes from a page of ours: by `Origin`, and where a browser sends none, by what
/// it says of the site.
fn is_from_here(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get(ORIGIN) {
        Some(said) => said.as_bytes().eq_ignore_ascii_case(origin.as_bytes()),
        None => headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"same-origin"),
    }
}

/// The secret in the cookie of this name.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(own, _)| own.trim() == name)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let value = value.trim();
    (value.len() == 43 && value.bytes().all(fits)).then(|| value.to_owned())
}

/// What came of a request.
pub(crate) struct Opened {
    pub(crate) reply: Reply,
    /// A cookie to set.
    pub(crate) cookie: Option<String>,
    /// The session, for the log.
    pub(crate) session: Option<String>,
    /// A sign-in link was presented, and whether it was no good.
    pub(crate) wrong_secret: Option<bool>,
}

impl Opened {
    fn with(reply: Reply) -> Self {
        Self { reply, cookie: None, session: None, wrong_secret: None }
    }
}

/// Somebody who is in, and what they look at.
pub(crate) struct Visit<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) moment: Moment,
    /// The apps that are being read because somebody asked for it.
    pub(crate) looks: &'a Arc<Looks>,
    pub(crate) signed: Signed,
    /// What a form of this session bears.
    pub(crate) form_token: String,
}

impl Visit<'_> {
    /// Whether whoever looks may do this.
    pub(crate) fn may(&self, right: Right) -> bool {
        self.signed.member.role.may(right)
    }

    /// What stands for the `{}` at this place of the path.
    pub(crate) fn named(&self, at: usize) -> &str {
        self.asked.named.get(at).map_or("", String::as_str)
    }
}

/// Lets a request in, or says why not.
pub(crate) fn open(console: &Console, asked: &Asked) -> Result<Opened, Refusal> {
    let engine = &console.engine;
    match asked.route.page {
        Page::Asset => return pages::asset(&asked.named[0]).map(Opened::with),
        Page::SignIn => return sign_in_page(engine, asked),
        Page::SignInNow => return sign_in(engine, asked),
        _ => {}
    }
    let secret = asked.secret.as_deref();
    let signed = secret.map(|secret| engine.session(secret)).transpose().map_err(told)?.flatten();
    let Some(signed) = signed else { return strangers(asked) };
    let cookie = signed.turned.as_ref().map(|secret| asked.place.keep(secret));
    if let Needs::Right(right) = asked.route.needs
        && !signed.member.role.may(right)
    {
        return Err(Refusal::new(StatusCode::FORBIDDEN, &lacks(&signed, right)));
    }
    let form_token = engine.form_token(&signed.session);
    if asked.route.method == "POST" {
        check_form(asked, &form_token)?;
    }
    let session = Some(signed.session.clone());
    if asked.route.page == Page::SignOut {
        engine.sign_out(&signed).map_err(told)?;
        let cookie = Some(asked.place.forget());
        let reply = Reply::See("/sign-in".to_owned());
        return Ok(Opened { reply, cookie, session, wrong_secret: None });
    }
    let moment = console.moment().map_err(told)?;
    let reply = pages::show(&Visit { asked, moment, looks: &console.looks, signed, form_token })?;
    Ok(Opened { reply, cookie, session, wrong_secret: None })
}

/// Nobody is signed in: a page leads to the door, and comes back to where it was asked for.
fn strangers(asked: &Asked) -> Result<Opened, Refusal> {
    if asked.route.method != "GET" {
        let detail = "Nobody is signed in any more, so nothing was done. Sign in and try again.";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, detail));
    }
    let next = format!("{}{}", asked.path, asked.query.suffix());
    let next = if next == "/" { None } else { Some(next) };
    let place = Query::default().with("next", next.as_deref()).suffix();
    Ok(Opened::with(Reply::See(format!("/sign-in{place}"))))
}

fn lacks(signed: &Signed, right: Right) -> String {
    let roles = rollbook_core::role::Role::ALL.into_iter().filter(|role| role.may(right));
    let roles: Vec<&str> = roles.map(rollbook_core::role::Role::word).collect();
    format!(
        "You are signed in as {} with the role {}, which may not do this. It takes one of these \
         roles: {}. An owner can give you another one.",
        signed.member.name,
        signed.member.role,
        roles.join(", ")
    )
}

fn check_form(asked: &Asked, form_token: &str) -> Result<(), Refusal> {
    if asked.is_from_here && asked.form.get("form") == Some(form_token) {
        return Ok(());
    }
    let detail = "The form did not come from a page of this session, so nothing was done. Open the \
                  page again and send its form from there.";
    Err(Refusal::new(StatusCode::FORBIDDEN, detail))
}

fn sign_in_page(engine: &Engine, asked: &Asked) -> Result<Opened, Refusal> {
    let code = asked.query.get("code");
    let invited = code.map(|code| engine.invited(code)).transpose().map_err(told)?.flatten();
    let wrong = code.map(|_| invited.is_none());
    let next = asked.query.get("next").unwrap_or_default();
    let html = pages::sign_in(code, invited.as_ref(), next);
    Ok(Opened { wrong_secret: wrong, ..Opened::with(Reply::Html(StatusCode::OK, html)) })
}

fn sign_in(engine: &Engine, asked: &Asked) -> Result<Opened, Refusal> {
    if !asked.is_from_here {
        let detail = "The form did not come from the sign-in page, so nobody was signed in.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, detail));
    }
    let (code, name) = (asked.form.get("code"), asked.form.get("name").unwrap_or_default());
    let opened = engine.sign_in(code.unwrap_or_default(), name).map_err(told)?;
    let Some(opened) = opened else {
        let html = pages::sign_in(code, None, "");
        let reply = Reply::Html(StatusCode::UNAUTHORIZED, html);
        return Ok(Opened { wrong_secret: Some(true), ..Opened::with(reply) });
    };
    let next = asked.form.get("next").filter(|next| is_own(next)).unwrap_or("/");
    let cookie = Some(asked.place.keep(&opened.secret));
    Ok(Opened { cookie, ..Opened::with(Reply::See(next.to_owned())) })
}

/// Whether an address leads to this console and nowhere else.
fn is_own(next: &str) -> bool {
    let rest = next.strip_prefix('/');
    rest.is_some_and(|rest| !rest.starts_with(['/', '\\']))
        && next.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(connected: &str, host: &str, is_tls: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().expect("a value"));
        let connected = connected.parse().expect("an address");
        Place::of(&Peer::of(connected, is_tls, None, &headers, &[]), None).is_ok()
    }

    #[test]
    fn in_clear_only_this_machine_is_served_under_its_own_name() {
        assert!(place("127.0.0.1", "localhost:8470", false));
        assert!(place("127.0.0.1", "127.0.0.1", false));
        assert!(place("::1", "[::1]:8470", false));
        assert!(!place("127.0.0.1", "evil.example:8470", false), "a name that leads here by DNS");
        assert!(!place("192.0.2.7", "localhost", false));
        assert!(place("192.0.2.7", "rollbook.example.com", true));
    }

    #[test]
    fn after_signing_in_nobody_is_led_elsewhere() {
        for (next, own) in [
            ("/people?q=a", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("/a\r\nSet-Cookie: x", false),
            ("", false),
        ] {
            assert_eq!(is_own(next), own, "{next:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        let secret = "A".repeat(43);
        let line = format!("a=b; rollbook={secret}; __Host-rollbook=x");
        headers.insert(COOKIE, line.parse().expect("a value"));
        assert_eq!(cookie(&headers, "rollbook"), Some(secret));
        assert_eq!(cookie(&headers, "__Host-rollbook"), None, "no secret has one letter");
    }
}
