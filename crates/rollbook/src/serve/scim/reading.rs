//! Reading resources: one, a page, a search.

use hyper::StatusCode;
use hyper::body::Incoming;
use rollbook_engine::push::View;
use rollbook_scim::server::{Query, ResourceType, query};

use super::{Answer, Ask, PAGE, answer, params};
use crate::serve::refusal::Refusal;

/// `GET` of one resource.
pub(super) async fn one(ask: &Ask<'_>, kind: ResourceType, id: &str) -> Answer {
    let projection = params::projection(ask)?;
    let view = View { base: &ask.base, projection: &projection };
    let found = ask.face.intake.get(&ask.caller, kind, id, &view).await?;
    let rendered = found.ok_or_else(Refusal::not_found)?;
    if params::is_known(ask, &rendered.etag) {
        let mut unchanged = answer::empty(StatusCode::NOT_MODIFIED);
        answer::label(&mut unchanged, &rendered.etag, &rendered.location);
        return Ok(unchanged);
    }
    Ok(answer::resource(&ask.head.headers, StatusCode::OK, rendered))
}

/// `GET` of a page. `kind` is `None` at the endpoint itself.
pub(super) async fn list(ask: &Ask<'_>, kind: Option<ResourceType>) -> Answer {
    let pairs = query::pairs(ask.query())?;
    let query = Query::from_params(&pairs, &PAGE, &ask.rules)?;
    page(ask, kind, &query).await
}

/// `POST` to `.search` (RFC 7644 §3.4.3).
pub(super) async fn search(ask: &Ask<'_>, kind: Option<ResourceType>, body: Incoming) -> Answer {
    let body = ask.json(body).await?;
    let query = Query::from_search(&body, &PAGE, &ask.rules)?;
    page(ask, kind, &query).await
}

async fn page(ask: &Ask<'_>, kind: Option<ResourceType>, query: &Query) -> Answer {
    let one = kind.map(|kind| [kind]);
    let kinds = one.as_ref().map_or(&ResourceType::ALL[..], |kind| &kind[..]);
    let page = ask.face.intake.page(&ask.caller, kinds, query, &ask.base).await??;
    Ok(answer::json(&ask.head.headers, StatusCode::OK, page))
}
