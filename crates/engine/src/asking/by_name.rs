//! References as one text, `instance/key` or `source/number`, so that what an answer shows can be asked
//! about as it stands there.

use std::fmt::Display;

use serde::Serializer;

/// As its text.
pub(super) fn one<S: Serializer>(reference: &impl Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(reference)
}

/// As its text, or nothing.
pub(super) fn maybe<S: Serializer>(
    reference: &Option<impl Display>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match reference {
        Some(reference) => to.collect_str(reference),
        None => to.serialize_none(),
    }
}
