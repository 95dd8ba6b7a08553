//! Answers with a resource or a list in them.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use rollbook_engine::push::Rendered;

/// A body of JSON.
pub(super) fn json(headers: &HeaderMap, status: StatusCode, json: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(json.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type(headers)));
    response
}

/// A status without a body.
pub(super) fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// A resource, with the headers that every answer with one has (RFC 7644 §3.3, §3.14).
pub(super) fn resource(
    headers: &HeaderMap,
    status: StatusCode,
    rendered: Rendered,
) -> Response<Full<Bytes>> {
    let Rendered { etag, location, json: body, .. } = rendered;
    let mut response =
        if body.is_empty() { empty(StatusCode::NO_CONTENT) } else { json(headers, status, body) };
    label(&mut response, &etag, &location);
    response
}

/// Says which version of which resource it is.
pub(super) fn label(response: &mut Response<Full<Bytes>>, etag: &str, location: &str) {
    for (name, value) in [(ETAG, etag), (LOCATION, location)] {
        // Both are made of our own ids and of a host that was checked; an odd one is left out.
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// The type of RFC 7644 §3.1, unless the caller says that it understands plain JSON only.
fn media_type(headers: &HeaderMap) -> &'static str {
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let accepted = accepted.to_ascii_lowercase();
    let plain_only = accepted.contains("application/json")
        && !accepted.contains("scim+json")
        && !accepted.contains("*/*")
        && !accepted.contains("application/*");
    if plain_only { "application/json" } else { rollbook_scim::MEDIA_TYPE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_is_answered_to_those_who_ask_for_nothing_else() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().expect("visible"));
            media_type(&headers)
        };
        assert_eq!(of("application/json"), "application/json");
        assert_eq!(of("application/scim+json, application/json"), "application/scim+json");
        assert_eq!(of("application/json, */*"), "application/scim+json");
        assert_eq!(of("text/html"), "application/scim+json");
        assert_eq!(media_type(&HeaderMap::new()), "application/scim+json");
    }
}
