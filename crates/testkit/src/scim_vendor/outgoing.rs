//! From a reply to bytes on the wire, with whatever a fault does to them.

use std::time::Duration;

use rollbook_scim::ErrorMessage;
use serde_json::{Map, Value, json};

use super::fault::Twist;
use super::gzip;
use super::site::Reply;
use crate::wire::Manner;

/// An answer as it leaves.
pub(crate) struct Outgoing {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) manner: Manner,
    pub(crate) delay: Duration,
}

/// The answer to a request that a fault keeps from being done at all.
pub(crate) fn instead(twist: &Twist, elsewhere: &str) -> Option<Outgoing> {
    let mut out = match twist {
        Twist::Status { status, retry_after, body } => {
            let mut out = plain(*status, "application/scim+json", Vec::new());
            out.headers.extend(retry_after.clone().map(|text| ("retry-after", text)));
            out.body = body.clone().map_or_else(|| error_body(*status), String::into_bytes);
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
pub(crate) fn bent(reply: Reply, twist: Option<&Twist>) -> Outgoing {
    let Reply { status, headers, body } = reply;
    let body = match twist {
        Some(Twist::TotalResults { is }) => body.map(|mut body| {
            body["totalResults"] = is.clone();
            body
        }),
        Some(Twist::WrongTypes) => body.map(|body| wrong_types(&body)),
        _ => body,
    };
    let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    let mut out = plain(status, "application/scim+json", bytes);
    out.headers.extend(headers);
    match twist {
        Some(Twist::DoneButStatus { status }) => {
            out.status = *status;
            out.body = error_body(*status);
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

fn plain(status: u16, media_type: &str, body: Vec<u8>) -> Outgoing {
    Outgoing {
        status,
        headers: vec![("content-type", media_type.to_owned())],
        body,
        manner: Manner::Plain,
        delay: Duration::ZERO,
    }
}

fn error_body(status: u16) -> Vec<u8> {
    let message = ErrorMessage::new(status, None, "The request could not be done.");
    message.to_json().to_string().into_bytes()
}

/// The same content as some vendors would write it.
fn wrong_types(value: &Value) -> Value {
    let Some(object) = value.as_object() else { return value.clone() };
    let mut wrong = Map::new();
    for (name, value) in object {
        let (name, value) = match (name.as_str(), value) {
            ("Resources", Value::Array(items)) => {
                (name.clone(), items.iter().map(wrong_types).collect())
            }
            ("totalResults" | "startIndex" | "itemsPerPage", value) => {
                (name.clone(), json!(value.to_string()))
            }
            ("active", Value::Bool(active)) => {
                (name.clone(), json!(if *active { "True" } else { "False" }))
            }
            ("schemas", Value::Array(urns)) => {
                (name.clone(), urns.first().cloned().unwrap_or(Value::Null))
            }
            ("emails", Value::Array(emails)) => {
                (name.clone(), emails.iter().map(|email| email["value"].clone()).collect())
            }
            ("id", Value::String(id)) => {
                (name.clone(), id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number)))
            }
            ("displayName", value) => ("DisplayName".to_owned(), value.clone()),
            (_, value) => (name.clone(), value.clone()),
        };
        wrong.insert(name, value);
    }
    Value::Object(wrong)
}
