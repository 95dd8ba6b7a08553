//! When two logins look alike and are not the same: `ana` with a Latin and with a Cyrillic `а`.
//!
//! By the confusable characters of Unicode Technical Standard 39. Nothing is ever linked, merged or
//! refused by it: it makes a finding, which a person reads.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use super::shown_login_key;

/// What a login looks like, in small letters and in capitals. Two logins that have one of these
/// texts in common look alike.
pub fn looks(login: &str) -> BTreeSet<String> {
    let small = shown_login_key(login);
    let capital: String = small.nfc().map(capital).collect();
    [&small, &capital].map(|text| skeleton(text).collect()).into()
}

/// Whether two logins look alike and are not the same. Logins of plain ASCII never do: everybody
/// has those letters and can tell them apart.
pub fn look_alike(one: &str, other: &str) -> bool {
    may_mislead(one, other)
        && shown_login_key(one) != shown_login_key(other)
        && !looks(one).is_disjoint(&looks(other))
}

/// Whether one of two logins has a character that may stand for another one.
pub(crate) fn may_mislead(one: &str, other: &str) -> bool {
    !one.is_ascii() || !other.is_ascii()
}

/// The capital of a letter, where that is one letter: `ß` is not shown as `SS`.
fn capital(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}
