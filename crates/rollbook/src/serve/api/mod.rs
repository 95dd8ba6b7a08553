//! The API: what the console lists, as JSON for programs, under `/api/v1`, and what a program may ask for.
//!
//! Every collection is one of the console's lists, so both answer the same question in the same way.
//! [`propose`] is the closed list of what can be asked for. [`document`] describes both from the same
//! tables; there is no address here that it does not name.

mod document;
mod once;
mod propose;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use hyper::{Method, Request, Response, StatusCode};
use rollbook_core::canonical::digest_bytes;
use rollbook_core::role::Right;
use rollbook_engine::member::ApiCaller;
use serde_json::{Map, Value, json};

use super::body;
use super::face::{Face, Trail};
use super::peer::Peer;
use super::refusal::Refusal;
use super::web::{Console, List, Moment, Place, Query, list_of, told};
use propose::{DEEDS, Deed};

/// Where the collections are.
const BASE: &str = "/api/v1";
/// How many items an answer holds where nobody says, and at most.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 500;
/// The most bytes of a body.
const BODY_BYTES: usize = 64 << 10;

/// Answers a request of a program.
pub(super) async fn respond(
    face: &Face,
    request: Request<Incoming>,
    peer: &Peer,
    trail: &mut Trail,
) -> Result<Response<Full<Bytes>>, Refusal> {
    Place::of(peer, face.public_url())?;
    let path = request.uri().path().to_owned();
    let deed = deed_at(&path);
    let allowed = methods(&path, deed);
    if !allowed.split(", ").any(|method| method == request.method().as_str()) {
        return Err(Refusal::method(allowed));
    }
    if let Some(deed) = deed.filter(|_| *request.method() == Method::POST) {
        return perform(face, request, peer, trail, deed).await;
    }
    if path == "/openapi.json" {
        return Ok(answer(&document::document(), request.headers()));
    }
    let caller = caller(face, peer, request.headers())?;
    trail.token = Some(caller.token.clone());
    let query = Query::read(request.uri().query().unwrap_or_default())
        .ok_or_else(|| misasked("The address holds what is no text, or too much."))?;
    let (list, id) = found(&path)?;
    if !caller.role.may_by_program(list.right) {
        return Err(lacks(&caller, list.right));
    }
    let console = face.console();
    // Reading the book takes its time, and others are to be answered meanwhile.
    let asked = tokio::task::spawn_blocking(move || match id {
        None => all(&console, list, &query),
        Some(id) => one(&console, list, &id),
    });
    let value = asked.await.map_err(|e| {
        Refusal::from(rollbook_engine::Error::bug("An answer was not finished.").because(e))
    })??;
    Ok(answer(&value, request.headers()))
}

/// What a path lets a program do.
fn deed_at(path: &str) -> Option<Deed> {
    let key = path.strip_prefix(BASE)?.strip_prefix('/')?;
    DEEDS.iter().find(|deed| deed.key == key).copied()
}

/// The methods that a path takes, as the header `Allow` lists them.
fn methods(path: &str, deed: Option<Deed>) -> &'static str {
    match deed {
        None => "GET, HEAD",
        Some(deed) if list_of(deed.key).is_some() && found(path).is_ok() => "GET, HEAD, POST",
        Some(_) => "POST",
    }
}

/// Does what a program asks for.
async fn perform(
    face: &Face,
    request: Request<Incoming>,
    peer: &Peer,
    trail: &mut Trail,
    deed: Deed,
) -> Result<Response<Full<Bytes>>, Refusal> {
    let (head, body) = request.into_parts();
    let caller = caller(face, peer, &head.headers)?;
    trail.token = Some(caller.token.clone());
    if !caller.role.may_by_program(deed.right) {
        return Err(lacks(&caller, deed.right));
    }
    if head.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(misasked(
            "This address knows no parameters; /openapi.json says what it takes.",
        ));
    }
    let key = once::key(&head.headers)?;
    let deadline = face.limits().deadline;
    let body = body::json(&head.headers, body, BODY_BYTES, deadline).await?;
    let console = face.console();
    let done = tokio::task::spawn_blocking(move || {
        let act = |body| {
            let moment = console.moment().map_err(told)?;
            propose::perform(deed, &moment, &caller, body)
        };
        match key {
            Some(key) => once::perform(&console, &caller, deed, &key, body, act),
            None => Ok(act(body)?.into_response()),
        }
    });
    done.await.map_err(|e| {
        Refusal::from(rollbook_engine::Error::bug("A request was not finished.").because(e))
    })?
}

/// The program that asks.
fn caller(face: &Face, peer: &Peer, headers: &HeaderMap) -> Result<ApiCaller, Refusal> {
    let presented = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let presented = presented.and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let engine = face.intake.engine();
    let caller = presented.map(|text| engine.api_caller(text)).transpose().map_err(told)?.flatten();
    caller.ok_or_else(|| match face.guessed(peer) {
        Some(seconds) => {
            Refusal::too_many("Too many wrong tokens came from your address.", seconds)
        }
        None => Refusal::bearer(
            "A token for the API is needed: none was sent, or it is unknown, expired or revoked. \
             Make one with `rollbook token issue`.",
        ),
    })
}

fn lacks(caller: &ApiCaller, right: Right) -> Refusal {
    let detail = format!(
        "The token {} has the role {}, which a program may not use for this: it takes the right to \
         {}.",
        caller.name,
        caller.role,
        right.word()
    );
    Refusal::new(StatusCode::FORBIDDEN, &detail)
}

/// Which collection a path names, and which item of it.
fn found(path: &str) -> Result<(&'static List, Option<String>), Refusal> {
    let rest = path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('/'));
    let rest = rest.ok_or_else(Refusal::not_found)?;
    let (key, id) = rest.split_once('/').map_or((rest, None), |(key, id)| (key, Some(id)));
    let list = list_of(key).ok_or_else(Refusal::not_found)?;
    let id = match id {
        None => None,
        // An account's id holds a slash of its own.
        Some(id) => Some(super::address::decoded(id).ok_or_else(Refusal::not_found)?),
    };
    Ok((list, id.filter(|id| !id.is_empty())))
}

fn moment(console: &Console, list: &List) -> Result<Moment, Refusal> {
    let moment = console.moment().map_err(told)?;
    if list.key == "audit" {
        moment.read_events().map_err(told)?;
    }
    Ok(moment)
}

/// A page of a collection.
fn all(console: &Console, list: &'static List, query: &Query) -> Result<Value, Refusal> {
    let known = |name: &str| {
        matches!(name, "q" | "sort" | "limit" | "cursor")
            || list.facets.iter().any(|facet| facet.key == name)
    };
    if let Some(name) = query.names().find(|name| !known(name)) {
        let detail =
            format!("This collection knows no parameter `{name}`; /openapi.json lists them.");
        return Err(misasked(&detail));
    }
    let limit = match query.get("limit").map(str::parse::<usize>) {
        None => LIMIT,
        Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
        Some(_) => return Err(misasked(&format!("A limit is from 1 to {LIMIT_MAX}."))),
    };
    let moment = moment(console, list)?;
    let asked = list.asked(query).map_err(|why| misasked(&why))?;
    let items = list.pick(&moment, &asked);
    let begin = match query.get("cursor") {
        None => 0,
        Some(cursor) => {
            let at = items.iter().position(|item| (list.id)(&moment, *item) == cursor);
            at.ok_or_else(|| misasked("The cursor leads nowhere any more; begin without one."))? + 1
        }
    };
    let end = items.len().min(begin + limit);
    let shown = &items[begin..end];
    let next = shown.last().filter(|_| end < items.len()).map(|item| (list.id)(&moment, *item));
    Ok(json!({
        "data": shown.iter().map(|item| object(list, &moment, *item)).collect::<Vec<_>>(),
        "total": items.len(),
        "next": next,
    }))
}

/// One item of a collection.
fn one(console: &Console, list: &'static List, id: &str) -> Result<Value, Refusal> {
    let moment = moment(console, list)?;
    let mut items = 0..(list.count)(&moment);
    let item = items.find(|item| (list.id)(&moment, *item) == id).ok_or_else(|| {
        let detail = format!("There is no {} of that id in this workspace.", list.noun[0]);
        Refusal::new(StatusCode::NOT_FOUND, &detail)
    })?;
    Ok(object(list, &moment, item))
}

fn object(list: &List, moment: &Moment, item: usize) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), json!((list.id)(moment, item)));
    for column in list.columns {
        object.insert(column.key.to_owned(), (column.cell)(moment, item).value.json());
    }
    Value::Object(object)
}

/// JSON with a tag that changes with it (RFC 9110 §8.8.3).
fn answer(value: &Value, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let text = value.to_string();
    let digest = digest_bytes("rollbook.answer.v1", text.as_bytes());
    let tag = format!("\"{}\"", digest.get(..32).unwrap_or(&digest));
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let is_known = known.flat_map(|line| line.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    });
    let mut response = match is_known {
        true => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        false => Response::new(Full::new(text.into())),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers
        .insert(ETAG, HeaderValue::from_str(&tag).expect("hexadecimal digits are visible ASCII"));
    response
}

fn misasked(detail: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, detail)
}
