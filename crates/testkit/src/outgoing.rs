//! From a reply to bytes on the wire, with whatever a fault does to them.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use rollbook_scim::ErrorMessage;
use serde_json::{Value, json};

use crate::fault::Twist;
use crate::gzip;
use crate::wire::{Hold, Manner};

/// An answer before it is bytes.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }
}

/// The media type that a vendor's answers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// SCIM's own (RFC 7644 §8.1).
    Scim,
    /// Plain JSON.
    Json,
    /// A page for people.
    Page,
}

impl Media {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scim => "application/scim+json",
            Self::Json => "application/json",
            Self::Page => "text/html; charset=utf-8",
        }
    }

    fn error_body(self, status: u16) -> Vec<u8> {
        let detail = "The request could not be done.";
        let body = match self {
            Self::Scim => ErrorMessage::new(status, None, detail).to_json(),
            Self::Json => json!({"error": {"code": status, "message": detail}}),
            Self::Page => {
                let page = format!("<!doctype html><title>{status}</title><h1>{detail}</h1>");
                return page.into_bytes();
            }
        };
        body.to_string().into_bytes()
    }
}

/// An answer as it leaves.
pub(crate) struct Outgoing {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) manner: Manner,
    pub(crate) delay: Duration,
}

impl Outgoing {
    /// Sends it, in the manner that it asks for.
    pub(crate) async fn send(self, hold: &Hold) -> Response {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        hold.set(self.manner);
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = Body::from(self.body);
        response.body(body).expect("status and headers come from the fault's author")
    }
}

/// The answer to a request that a fault keeps from being done at all.
pub(crate) fn instead(twist: &Twist, elsewhere: &str, media: Media) -> Option<Outgoing> {
    let mut out = match twist {
        Twist::Status { status, retry_after, body } => {
            let mut out = plain(*status, media.name(), Vec::new());
            out.headers.extend(retry_after.clone().map(|text| ("retry-after", text)));
            out.body = body.clone().map_or_else(|| media.error_body(*status), String::into_bytes);
            out
        }
        Twist::Html => plain(200, "text/html", LOGIN_PAGE.into()),
        Twist::Redirect { status } => {
            let mut out = plain(*status, "text/plain", Vec::new());
            out.headers.push(("location", elsewhere.to_owned()));
            out
        }
        Twist::ResetBefore => plain(200, "text/plain", Vec::new()),
        _ => return None,
    };
    if *twist == Twist::ResetBefore {
        out.manner = Manner::Cut { bytes: 0, reset: true };
    }
    Some(out)
}

/// The reply, bent as the fault says.
pub(crate) fn bent(reply: Reply, twist: Option<&Twist>, media: Media) -> Outgoing {
    let Reply { status, headers, body } = reply;
    let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    let mut out = plain(status, media.name(), bytes);
    out.headers.extend(headers);
    twisted(out, twist, media)
}

/// An answer that is bytes already, bent as the fault says.
pub(crate) fn twisted(mut out: Outgoing, twist: Option<&Twist>, media: Media) -> Outgoing {
    match twist {
        Some(Twist::DoneButStatus { status }) => {
            out.status = *status;
            out.body = media.error_body(*status);
        }
        Some(Twist::Delay { ms }) => out.delay = Duration::from_millis(*ms),
        Some(Twist::ResetAfter) => out.manner = Manner::Cut { bytes: 0, reset: true },
        Some(Twist::SlowBytes { pause_ms }) => {
            out.manner = Manner::Dribble { pause: Duration::from_millis(*pause_ms) };
        }
        Some(Twist::Truncated) => out.manner = Manner::CutBody { keep: out.body.len() / 2 },
        Some(Twist::EmptyBody) => out.body.clear(),
        Some(Twist::ErrorInOk) => {
            out.status = 200;
            out.body = json!({"ok": false, "error": "internal_error"}).to_string().into_bytes();
        }
        Some(Twist::Huge { mib }) => out.body = vec![b' '; mib * MIB],
        Some(Twist::GzipBomb { mib }) => {
            out.body = gzip::bomb(mib * MIB);
            out.headers.push(("content-encoding", "gzip".to_owned()));
        }
        _ => {}
    }
    out
}

const MIB: usize = 1024 * 1024;
const LOGIN_PAGE: &str = "<!doctype html><title>Sign in</title><form>Please sign in.</form>";

pub(crate) fn plain(status: u16, media_type: &str, body: Vec<u8>) -> Outgoing {
    Outgoing {
        status,
        headers: vec![("content-type", media_type.to_owned())],
        body,
        manner: Manner::Plain,
        delay: Duration::ZERO,
    }
}
