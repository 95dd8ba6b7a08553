//! Streamable HTTP: each request is answered by itself, in JSON; no session is kept between two of
//! them (revision 2026-07-28 has none, and the ones before allow it).
//!
//! Who asks, from where and how much is settled before, in `serve`.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};

use super::desk::Desk;

/// Answers one request whose body was read.
pub(crate) async fn answer(desk: Desk, head: Parts, body: Bytes) -> Response<Full<Bytes>> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        .with_max_request_body_bytes(body.len())
        // The server has judged host and origin, knowing of proxies what this cannot.
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(desk.clone()), sessions, config);
    let answered = service.handle(Request::from_parts(head, Full::new(body))).await;
    let (parts, body) = answered.into_parts();
    // It cannot fail: the other end of it is this process.
    let collected = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Response::from_parts(parts, Full::new(collected))
}

/// What a client reads to learn how it identifies itself (RFC 9728 §2). Tokens are given by whoever
/// runs the server, so no authorization server is named.
pub(crate) fn metadata(resource: &str) -> Value {
    json!({
        "resource": resource,
        "resource_name": "Rollbook",
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["read", "propose"],
    })
}
