//! Creating, replacing, changing and deleting resources.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use rollbook_engine::push::{Done, PushOp, Rendered, View};
use rollbook_scim::server::{ResourceType, resource};

use super::{Answer, Ask, answer, params};

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const SET_TXN: HeaderName = HeaderName::from_static("set-txn");

/// `POST` to `/Users` or `/Groups`.
pub(super) async fn create(ask: &Ask<'_>, kind: ResourceType, body: Incoming) -> Answer {
    let body = ask.json(body).await?;
    let body = resource::create(kind, body, &ask.rules)?;
    push(ask, PushOp::Create { kind, body }, true).await
}

/// `PUT`.
pub(super) async fn replace(
    ask: &Ask<'_>,
    kind: ResourceType,
    id: String,
    body: Incoming,
) -> Answer {
    let body = ask.json(body).await?;
    let only_if = params::only_if(ask)?;
    push(ask, PushOp::Replace { kind, id, body, only_if }, true).await
}

/// `PATCH`.
pub(super) async fn patch(ask: &Ask<'_>, kind: ResourceType, id: String, body: Incoming) -> Answer {
    let body = ask.json(body).await?;
    let patch = ask.caller.profile.patch(&body)?;
    let only_if = params::only_if(ask)?;
    let shown = !ask.caller.profile.answers_empty(kind) || !params::projection(ask)?.is_plain();
    push(ask, PushOp::Patch { kind, id, patch, only_if }, shown).await
}

/// `DELETE`.
pub(super) async fn delete(ask: &Ask<'_>, kind: ResourceType, id: String) -> Answer {
    let only_if = params::only_if(ask)?;
    push(ask, PushOp::Delete { kind, id, only_if }, false).await
}

/// Does it. `shown`: the answer has the resource in it.
async fn push(ask: &Ask<'_>, op: PushOp, shown: bool) -> Answer {
    let projection = params::projection(ask)?;
    let soon = params::wants_no_wait(ask);
    let view = View { base: &ask.base, projection: &projection };
    let view = (shown && !soon).then_some(&view);
    let kind = op.kind();
    let headers = &ask.head.headers;
    Ok(match ask.face.intake.push(&ask.caller, op, view).await?? {
        Done::Created(rendered) | Done::Changed(rendered) | Done::Unchanged(rendered) if soon => {
            accepted(&rendered, &format!("{}/{}/{}", ask.base, kind.plural(), rendered.id))
        }
        Done::Created(rendered) => answer::resource(headers, StatusCode::CREATED, rendered),
        Done::Changed(rendered) | Done::Unchanged(rendered) => {
            answer::resource(headers, StatusCode::OK, rendered)
        }
        Done::Deleted => answer::empty(StatusCode::NO_CONTENT),
    })
}

/// The answer to those who asked not to wait (RFC 9967): the wish is in the book, and the resource
/// under `Location` tells how far its delivery is.
fn accepted(rendered: &Rendered, location: &str) -> Response<Full<Bytes>> {
    let mut response = answer::empty(StatusCode::ACCEPTED);
    answer::label(&mut response, &rendered.etag, location);
    let headers = response.headers_mut();
    headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static("respond-async"));
    let txn = transaction(rendered);
    if let Ok(txn) = HeaderValue::from_str(&txn) {
        headers.insert(SET_TXN, txn);
    }
    response
}

/// Names this change of this resource: its id and version are what a later event would name too.
fn transaction(rendered: &Rendered) -> String {
    let version = rendered.etag.trim_start_matches("W/").trim_matches('"');
    let revision = version.split('-').next().unwrap_or(version);
    format!("{}.{revision}", rendered.id)
}
