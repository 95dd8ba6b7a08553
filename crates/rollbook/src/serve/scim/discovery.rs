//! What the server can do (RFC 7643 §5 to §7). Open without a token, and the same for everybody.

use hyper::StatusCode;
use hyper::http::request::Parts;
use rollbook_scim::ListResponse;
use rollbook_scim::server::discovery::{Offer, resource_types, schemas, service_provider_config};
use rollbook_scim::server::{Query, Rules, query};
use serde_json::Value;

use super::{Answer, PAGE, answer, bulk};
use crate::serve::address::Target;
use crate::serve::refusal::Refusal;

/// For how long a cursor can be used. Cursors hold their own position, so it is the token that ends
/// first.
const CURSOR_TIMEOUT_S: u64 = 86_400;

/// Answers a `GET` of one of the three.
pub(super) fn answer(target: &Target, head: &Parts, base: &str, body_bytes: usize) -> Answer {
    let pairs = query::pairs(head.uri.query().unwrap_or_default())?;
    if pairs.iter().any(|(name, _)| name.eq_ignore_ascii_case("filter")) {
        // RFC 7644 §4 wants exactly this status.
        let detail = "These resources cannot be filtered; read them all.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, detail));
    }
    let projection = Query::projection(&pairs, &Rules::LENIENT)?;
    let named = !projection.is_plain() && projection.wants("securityEvents");
    let mut found = match target {
        Target::Config => Some(service_provider_config(&offer(base, body_bytes, named))),
        Target::Types(None) => Some(listed(resource_types(base))),
        Target::Types(Some(id)) => one(resource_types(base), id),
        Target::Schemas(None) => Some(listed(schemas(base))),
        Target::Schemas(Some(urn)) => one(schemas(base), urn),
        _ => None,
    };
    if let (Some(Value::Object(found)), Target::Config) = (&mut found, target) {
        projection.apply(found);
    }
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(answer::json(&head.headers, StatusCode::OK, found.to_string()))
}

fn offer(base: &str, body_bytes: usize, security_events: bool) -> Offer<'_> {
    Offer {
        base,
        bulk: bulk::limits(body_bytes),
        pages: PAGE,
        cursor_timeout_s: CURSOR_TIMEOUT_S,
        security_events,
        documentation: None,
    }
}

/// All of them: there are so few that pages make no sense.
fn listed(all: Vec<Value>) -> Value {
    let total = Some(all.len() as u64);
    let page = ListResponse { total_results: total, start_index: Some(1), ..Default::default() };
    ListResponse { resources: Some(all), ..page }.to_json()
}

/// The one with this id; URNs are case-insensitive.
fn one(all: Vec<Value>, id: &str) -> Option<Value> {
    let is_it =
        |value: &Value| value["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id));
    all.into_iter().find(is_it)
}
