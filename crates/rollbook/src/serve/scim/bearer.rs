//! Who asks: the bearer token of RFC 6750 §2.1, from the header and from nowhere else.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use rollbook_engine::push::Caller;

use crate::serve::face::Face;
use crate::serve::peer::Peer;
use crate::serve::refusal::Refusal;

/// The caller behind a request to `endpoint`.
///
/// # Errors
/// 401, the same whatever is missing or wrong; 429 for an address that guesses.
pub(super) fn caller(
    face: &Face,
    endpoint: &str,
    headers: &HeaderMap,
    peer: &Peer,
) -> Result<Caller, Refusal> {
    let token = presented(headers).ok_or_else(Refusal::unauthorized)?;
    match face.intake.authenticate(endpoint, token)? {
        Some(caller) => Ok(caller),
        None => Err(face.refused_token(peer)),
    }
}

/// The token that was sent; `None` where there is none, or two.
pub(in crate::serve) fn presented(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (sent.next()?, sent.next());
    if second.is_some() {
        return None;
    }
    let (scheme, token) = first.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, line.parse().expect("visible"));
        }
        presented(&headers).map(str::to_owned)
    }

    #[test]
    fn only_one_bearer_token_counts() {
        assert_eq!(sent(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(sent(&["bearer  abc "]).as_deref(), Some("abc"));
        for none in [&[][..], &["Bearer"], &["Bearer "], &["Basic YTpi"], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(sent(none), None, "{none:?}");
        }
    }
}
