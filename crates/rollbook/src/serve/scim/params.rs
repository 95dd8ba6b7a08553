//! What a request asks of its answer: which attributes, and when at all.

use hyper::header::{IF_MATCH, IF_NONE_MATCH};
use rollbook_scim::server::{Projection, Query, Tags, query};

use super::Ask;
use crate::serve::refusal::Refusal;

/// Which attributes the answer shall have (RFC 7644 §3.9).
///
/// # Errors
/// 400 for a parameter that cannot be read.
pub(super) fn projection(ask: &Ask<'_>) -> Result<Projection, Refusal> {
    if ask.query().is_empty() {
        return Ok(Projection::default());
    }
    let pairs = query::pairs(ask.query())?;
    Ok(Query::projection(&pairs, &ask.rules)?)
}

/// The versions of which one must be the newest for the request to be done.
///
/// # Errors
/// 400 for a condition that cannot be read.
pub(super) fn only_if(ask: &Ask<'_>) -> Result<Option<Tags>, Refusal> {
    Ok(ask.header(IF_MATCH.as_str()).map(Tags::read).transpose()?)
}

/// Whether the caller has the version `etag` already.
pub(super) fn is_known(ask: &Ask<'_>, etag: &str) -> bool {
    let own = etag.trim_start_matches("W/").trim_matches('"');
    ask.header(IF_NONE_MATCH.as_str())
        .and_then(|header| Tags::read(header).ok())
        .is_some_and(|tags| tags.fits(|tag| tag == own))
}

/// Whether the caller would rather not wait (RFC 7240 §4.1, RFC 9967).
pub(super) fn wants_no_wait(ask: &Ask<'_>) -> bool {
    let said = ask.head.headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
    said.flat_map(|line| line.split(',')).any(|preference| {
        let word = preference.split([';', '=']).next().unwrap_or_default();
        word.trim().eq_ignore_ascii_case("respond-async")
    })
}
