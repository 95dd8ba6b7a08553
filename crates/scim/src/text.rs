//! Text that may be stored, and the form under which it is compared.
//!
//! Characters that nobody sees, that end a line, or that turn the reading direction around make two
//! different values look the same to the person who approves, and one value look like two in a log.
//! They are refused where they come in.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::{IsNormalized, is_nfc_quick};

/// The longest text of an attribute, in bytes.
pub const TEXT_MAX: usize = 16 * 1024;
/// The longest text of an attribute that is looked up, in bytes: ids, `userName`, `externalId`,
/// e-mail addresses, names of groups. It fits into an index of any database.
pub const KEY_MAX: usize = 1024;

/// The first character of `text` that may not be stored. With `lines`, line feeds are allowed, and
/// carriage returns before them.
pub fn refused(text: &str, lines: bool) -> Option<char> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~');
    if text.bytes().all(plain) {
        return None;
    }
    let is_line = |c: char| lines && matches!(c, '\n' | '\r');
    text.chars().find(|&c| is_refused(c) && !is_line(c))
}

/// Controls, line and paragraph separators, direction overrides and isolates, invisible operators,
/// tags, the byte order mark, and code points that are no characters.
fn is_refused(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{200b}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    ) || (c as u32) & 0xfffe == 0xfffe
}

/// The form under which texts that differ in case only are the same: normal form C, each letter in
/// lower case, and the final sigma as any other. Letters that only look alike, and those that a
/// language writes in two ways (`ß`, `ss`), stay different.
pub fn caseless(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let lower = |text: &str| -> String { text.chars().flat_map(char::to_lowercase).collect() };
    let lower = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => lower(text),
        _ => lower(&text.nfc().collect::<String>()),
    };
    Cow::Owned(lower.nfc().map(|c| if c == 'ς' { 'σ' } else { c }).collect())
}

/// Whether two texts differ in case at most.
pub fn same(one: &str, other: &str) -> bool {
    one == other
        || match one.is_ascii() && other.is_ascii() {
            true => one.eq_ignore_ascii_case(other),
            false => caseless(one) == caseless(other),
        }
}
