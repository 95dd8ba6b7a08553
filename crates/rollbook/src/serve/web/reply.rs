//! What the console answers with, and the headers that keep a browser from doing more with it than is
//! meant.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY, VARY,
};
use hyper::{Response, StatusCode};

/// An answer before its headers.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A page.
    Html(StatusCode, String),
    /// A file to keep.
    File {
        /// Its name: letters, digits, `.`, `-` and `_` only.
        name: String,
        /// What it is.
        media_type: &'static str,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// A part of the console itself, which never changes under its name.
    Asset {
        /// What it is.
        media_type: &'static str,
        /// It.
        text: &'static str,
    },
    /// Go there, and ask with GET.
    See(String),
    /// The book moved: its newest record has this number.
    Event {
        /// The number.
        id: u64,
    },
    /// Nothing happened yet; somebody waits for it.
    NoEventYet,
    /// Nothing will happen any more.
    NoMoreEvents,
}

/// No script and no style but our own files, no frame around us, no form that leads elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Server-sent events (WHATWG HTML, "server-sent events").
const EVENTS: &str = "text/event-stream; charset=utf-8";

impl Reply {
    /// The whole answer, with a cookie where one is to be set.
    pub(crate) fn into_response(self, cookie: Option<String>) -> Response<Full<Bytes>> {
        let mut response = match self {
            Self::Html(status, html) => {
                let mut response = made(html, "text/html; charset=utf-8");
                *response.status_mut() = status;
                response
            }
            Self::File { name, media_type, bytes } => {
                let mut response = made(bytes, media_type);
                let attached = format!("attachment; filename=\"{name}\"");
                set(&mut response, CONTENT_DISPOSITION, &attached);
                response
            }
            Self::Asset { media_type, text } => {
                let mut response = made(text.to_owned(), media_type);
                let kept = "public, max-age=31536000, immutable";
                set(&mut response, CACHE_CONTROL, kept);
                response
            }
            Self::Event { id } => {
                made(format!("retry: 500\nid: {id}\nevent: moved\ndata: {id}\n\n"), EVENTS)
            }
            Self::NoEventYet => made("retry: 500\n: nothing yet\n\n".to_owned(), EVENTS),
            Self::NoMoreEvents => {
                // A browser that is told so asks no more.
                let mut response = made(String::new(), EVENTS);
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
            Self::See(place) => {
                let mut response = made(String::new(), "text/plain; charset=utf-8");
                *response.status_mut() = StatusCode::SEE_OTHER;
                set(&mut response, LOCATION, &place);
                response
            }
        };
        if let Some(cookie) = cookie {
            set(&mut response, SET_COOKIE, &cookie);
        }
        response
    }
}

/// Sets what every answer of the console bears.
pub(crate) fn guard(response: &mut Response<Full<Bytes>>, is_tls: bool) {
    let fixed = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (VARY, "Cookie"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if is_tls {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    }
    // What a page says is for whoever is signed in, and not for a disk.
    let kept = HeaderValue::from_static("no-store");
    response.headers_mut().entry(CACHE_CONTROL).or_insert(kept);
}

fn made(body: impl Into<Bytes>, media_type: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Sets a header. What cannot stand in one is left out: no text from outside comes this far without
/// its encoding.
fn set(response: &mut Response<Full<Bytes>>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
