//! Request bodies: two media types, a limit, a deadline, and JSON that means one thing only.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use rollbook_scim::message::ScimType;
use serde_json::Value;
use tokio::time::timeout;

use super::refusal::Refusal;

/// Reads the body as JSON.
///
/// # Errors
/// 415 for other media types and encodings, 413 above `bytes_max`, 408 after `deadline`, 400 for
/// what is no JSON or has a key twice.
pub(crate) async fn json(
    headers: &HeaderMap,
    body: Incoming,
    bytes_max: usize,
    deadline: Duration,
) -> Result<Value, Refusal> {
    if body.is_end_stream() {
        return Err(Refusal::bad(ScimType::InvalidSyntax, "A JSON body is needed and none came."));
    }
    check_type(headers)?;
    let bytes = read(body, bytes_max, deadline).await?;
    rollbook_scim::json::read(&bytes).map_err(|e| {
        let detail = format!("The body cannot be read: {}.", e.detail());
        Refusal::bad(ScimType::InvalidSyntax, &detail)
    })
}

/// Reads the body as the text of a form.
///
/// # Errors
/// 415 for other media types, 413 above `bytes_max`, 408 after `deadline`, 400 for what is no text.
pub(crate) async fn form(
    headers: &HeaderMap,
    body: Incoming,
    bytes_max: usize,
    deadline: Duration,
) -> Result<String, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let said = "Send the form as browsers do: application/x-www-form-urlencoded.";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, said));
    }
    let bytes = read(body, bytes_max, deadline).await?;
    String::from_utf8(bytes.into())
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "The form is not written in UTF-8."))
}

/// `application/scim+json` or `application/json`, in UTF-8, as it is.
fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let unsupported = |detail: &str| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
    let said = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let mut parts = said(CONTENT_TYPE).unwrap_or_default().split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let is_json = ["application/scim+json", "application/json"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known));
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    if !is_json || !charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8")) {
        return Err(unsupported("Send application/scim+json or application/json, in UTF-8."));
    }
    match said(CONTENT_ENCODING) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            Err(unsupported("Send the body as it is, without a content encoding."))
        }
        _ => Ok(()),
    }
}

/// Reads the body as it is.
///
/// # Errors
/// 413 above `bytes_max`, 408 after `deadline`, 400 where it breaks off.
pub(crate) async fn read(
    body: Incoming,
    bytes_max: usize,
    deadline: Duration,
) -> Result<Bytes, Refusal> {
    let too_large = || {
        let detail = format!("The body is larger than the {bytes_max} bytes that are taken.");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, &detail)
    };
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    match timeout(deadline, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(e)) if e.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => {
            Err(Refusal::bad(ScimType::InvalidSyntax, "The body broke off before its end."))
        }
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "The body did not come in time, so nothing was done.",
        )),
    }
}
