//! Requests that are sent again because an answer was lost: done once, answered alike.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderMap;
use hyper::{Response, StatusCode};
use rollbook_core::canonical::digest_bytes;
use rollbook_engine::Repeat;
use rollbook_engine::member::ApiCaller;
use serde_json::Value;

use super::propose::{Deed, Done};
use crate::serve::refusal::Refusal;
use crate::serve::web::{Console, told};

/// The header in which a program names a request.
pub(super) const HEADER: &str = "idempotency-key";
/// The longest name.
pub(super) const KEY_MAX: usize = 200;

/// Under which name a program makes a request; `None`: under none.
///
/// # Errors
/// When the name is empty, too long or no visible ASCII, or there are several.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut said = headers.get_all(HEADER).iter();
    let (Some(key), more) = (said.next(), said.next()) else { return Ok(None) };
    let is_one = |text: &str| more.is_none() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let fits = |text: &&str| (1..=KEY_MAX).contains(&text.len()) && is_one(text);
    let key = key.to_str().ok().filter(fits).ok_or_else(|| {
        let detail =
            format!("An Idempotency-Key is one text of 1 to {KEY_MAX} visible characters.");
        Refusal::new(StatusCode::BAD_REQUEST, &detail)
    })?;
    Ok(Some(key.to_owned()))
}

/// Does `act` unless it was done under this key already. A refusal is not remembered: nothing was done.
pub(super) fn perform(
    console: &Console,
    caller: &ApiCaller,
    deed: Deed,
    key: &str,
    body: Value,
    act: impl FnOnce(Value) -> Result<Done, Refusal>,
) -> Result<Response<Full<Bytes>>, Refusal> {
    let asked = format!("{}\n{body}", deed.key);
    let digest = digest_bytes("rollbook.request.v1", asked.as_bytes());
    // Requests that come together are done one after the other, so that none is done twice.
    let _one = console.one_request();
    let engine = console.engine();
    match engine.begin_request(&caller.token, key, &digest).map_err(told)? {
        Repeat::New => {}
        Repeat::Answered(status, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED);
            return Ok(super::propose::made(status, body));
        }
        Repeat::Other => {
            let detail = "Something else was asked under this Idempotency-Key. Nothing was done.";
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        Repeat::Unfinished => {
            let detail = "A request under this Idempotency-Key was begun, and the server ended before \
                          it could say what came of it. Look at the plans, and use another key.";
            return Err(Refusal::new(StatusCode::CONFLICT, detail));
        }
    }
    match act(body) {
        Ok(Done::Made(value)) => {
            let text = value.to_string();
            let created = StatusCode::CREATED;
            engine.end_request(&caller.token, key, created.as_u16(), &text).map_err(told)?;
            Ok(super::propose::made(created, text))
        }
        other => {
            engine.forget_request(&caller.token, key).map_err(told)?;
            other.map(Done::into_response)
        }
    }
}
