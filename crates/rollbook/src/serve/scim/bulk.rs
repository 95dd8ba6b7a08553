//! `/Bulk` (RFC 7644 §3.7).

use hyper::StatusCode;
use hyper::body::Incoming;
use rollbook_engine::push::BulkAnswer;
use rollbook_scim::server::{BulkLimits, BulkRequest};
use serde_json::{Value, json};

use super::{Answer, Ask, answer};

/// The most operations of one request.
const OPERATIONS_MAX: u64 = 1_000;

const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What is taken, as `/ServiceProviderConfig` says it.
pub(super) fn limits(body_bytes: usize) -> BulkLimits {
    BulkLimits { operations_max: OPERATIONS_MAX, payload_max: body_bytes as u64 }
}

/// `POST` to `/Bulk`.
pub(super) async fn run(ask: &Ask<'_>, body: Incoming) -> Answer {
    let body = ask.json(body).await?;
    let limits = limits(ask.face.limits().body_bytes);
    let request = BulkRequest::read(body, &limits, !ask.rules.lenient)?;
    let answers = ask.face.intake.bulk(&ask.caller, request, &ask.base).await??;
    let operations: Vec<Value> = answers.iter().map(BulkAnswer::to_json).collect();
    let body = json!({ "schemas": [RESPONSE], "Operations": operations });
    Ok(answer::json(&ask.head.headers, StatusCode::OK, body.to_string()))
}
