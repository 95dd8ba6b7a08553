//! The address of assistants: from where they may ask, who they are, and how much they may send.
//!
//! What they ask is [`crate::mcp`]'s. A page in somebody's browser must not reach a server on their
//! machine through a name that was turned to point there (DNS rebinding), so the name under which we
//! are called, and the page that calls, must be ours or this machine's own.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode, Uri};
use rollbook_engine::push::MCP;
use serde_json::{Value, json};

use super::body;
use super::face::{Face, Trail};
use super::peer::Peer;
use super::refusal::{Refusal, Tongue};
use super::scim::presented;
use crate::mcp::{self, Book, Desk};

/// Where the metadata of the address lies (RFC 9728 §3.1).
const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

/// Says how clients identify themselves at the address.
pub(super) fn metadata(face: &Face, peer: &Peer) -> Response<Full<Bytes>> {
    let origin = face.origin(peer);
    json_response(StatusCode::OK, &mcp::metadata(&format!("{origin}{MCP}")))
}

/// Answers one request of an assistant.
///
/// # Errors
/// Whatever is not done, as the answer that says so.
pub(super) async fn respond(
    face: &Face,
    request: Request<Incoming>,
    peer: Peer,
    trail: &mut Trail,
) -> Result<Response<Full<Bytes>>, Refusal> {
    let (head, incoming) = request.into_parts();
    if let Err(said) = check_place(&head.headers, &peer, face.public_url()) {
        return Ok(json_response(StatusCode::FORBIDDEN, &json!({ "error": said })));
    }
    let token = presented(&head.headers);
    let caller = match token {
        Some(token) => face.intake.authenticate_program(token)?,
        None => None,
    };
    let Some(caller) = caller else {
        return Ok(unauthorized(face, &peer, token.is_some()));
    };
    trail.token = Some(caller.token);
    trail.idp = Some(caller.idp);
    let limits = face.limits();
    let body = body::read(incoming, limits.body_bytes, limits.deadline).await?;
    let book = Book::Open(Box::new(face.intake.engine().as_ref().clone()));
    let desk = Desk::new(book, caller.acts_for, caller.may_write, face.turns());
    Ok(mcp::answer(desk, head, body).await)
}

/// 401 with the way to learn more (RFC 9728 §5.1), or 429 for an address that guesses.
fn unauthorized(face: &Face, peer: &Peer, is_wrong: bool) -> Response<Full<Bytes>> {
    let refusal = if is_wrong { face.refused_token(peer) } else { Refusal::unauthorized() };
    let mut response = refusal.into_response(Tongue::Rpc);
    if response.status() != StatusCode::UNAUTHORIZED {
        return response;
    }
    let said = json!({
        "error": "invalid_token",
        "error_description": "A bearer token for this address is needed: none was sent, or it is \
                              unknown, expired or revoked.",
    });
    *response.body_mut() = Full::new(said.to_string().into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    let way =
        format!("Bearer realm=\"mcp\", resource_metadata=\"{}{METADATA}\"", face.origin(peer));
    // The origin is a host that was checked; an odd one leaves the header as it was.
    if let Ok(way) = HeaderValue::from_str(&way) {
        response.headers_mut().insert(WWW_AUTHENTICATE, way);
    }
    response
}

/// Whether the host that was called and the page that calls are ours.
fn check_place(
    headers: &HeaderMap,
    peer: &Peer,
    public_url: Option<&str>,
) -> Result<(), &'static str> {
    let is_ours = |origin: &str| {
        is_this_machine(origin) || public_url.is_some_and(|own| same_origin(origin, own))
    };
    if !is_ours(&peer.origin) {
        return Err(
            "The server does not know itself under this host. Set [serve] public_url to the \
                    address that clients use.",
        );
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    match origins.all(|origin| origin.to_str().is_ok_and(is_ours)) {
        true => Ok(()),
        false => Err("Pages of another origin may not ask here."),
    }
}

/// Whether both have the same scheme, host and port.
fn same_origin(one: &str, other: &str) -> bool {
    let parts = |text: &str| {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?.to_owned();
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        Some((scheme, uri.host()?.to_ascii_lowercase(), port))
    };
    parts(one).is_some_and(|one| Some(one) == parts(other))
}

/// Whether an origin names this very machine.
fn is_this_machine(origin: &str) -> bool {
    let uri: Option<Uri> = origin.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).map(str::to_ascii_lowercase);
    matches!(host.as_deref(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn json_response(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(value.to_string().into()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, origin: Option<&str>, public_url: Option<&str>) -> bool {
        let peer =
            Peer { address: [127, 0, 0, 1].into(), origin: host.to_owned(), is_forwarded: false };
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().expect("visible"));
        }
        check_place(&headers, &peer, public_url).is_ok()
    }

    #[test]
    fn only_our_own_name_and_this_machine_are_a_place_to_ask_from() {
        let own = Some("https://book.example.com");
        assert!(check("http://127.0.0.1:8470", None, None));
        assert!(check("http://localhost:8470", Some("http://localhost:3000"), None));
        assert!(check("http://[::1]:8470", None, None));
        assert!(check("https://book.example.com", Some("https://BOOK.example.com:443"), own));
        assert!(!check("http://evil.example:8470", None, None), "a name that was turned to us");
        assert!(!check("http://127.0.0.1.evil.example", None, own));
        assert!(!check("http://127.0.0.1:8470", Some("https://evil.example"), own));
        assert!(!check("https://book.example.com", Some("http://book.example.com"), own));
        assert!(!check("https://book.example.com", Some("https://book.example.com:8443"), own));
        assert!(!check("http://127.0.0.1:8470", Some("null"), own));
        assert!(!check("http://127.0.0.1:8470", Some("http://localhost@evil.example"), own));
    }
}
