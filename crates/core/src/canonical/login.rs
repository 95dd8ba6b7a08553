//! When two logins are one: the key under which a name to sign in with is unique.
//!
//! The rule is written down for people, with a table of pairs, in `docs/identity-keys.md`; the table
//! is what the test reads. In short: case and the way an accent is stored do not count, everything
//! else does, and what cannot be seen or told apart on a screen is no login at all.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest login, in bytes; it fits into an index of any database.
pub const LOGIN_MAX: usize = 1024;

/// Why a text is no login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing but blanks.
    #[error("A login cannot be empty.")]
    Empty,
    /// More than [`LOGIN_MAX`] bytes.
    #[error("The login has {0} bytes; at most {LOGIN_MAX} are taken.")]
    TooLong(usize),
    /// A blank at the beginning or the end.
    #[error("The login begins or ends with a blank, which nobody would see. Send it without.")]
    Blank,
    /// A character that cannot be seen, or that passes for another one.
    #[error("The login contains U+{code:04X} ({why}). Send it without.", code = u32::from(*.character))]
    Character {
        /// The character.
        character: char,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// The key of a login: normal form C, each letter in lower case, the final sigma as any other. Two
/// logins are the same if and only if their keys are.
///
/// # Errors
/// When the text is no login: empty, too long, with a blank at an end, or with a character that is
/// invisible, a control, a compatibility form of another one, private, or no character.
pub fn login_key(login: &str) -> Result<String, Refused> {
    if login.trim().is_empty() {
        return Err(Refused::Empty);
    }
    if login.len() > LOGIN_MAX {
        return Err(Refused::TooLong(login.len()));
    }
    if login.starts_with(' ') || login.ends_with(' ') {
        return Err(Refused::Blank);
    }
    let plain = |byte: u8| matches!(byte, b' '..=b'~');
    if login.bytes().all(plain) {
        return Ok(login.to_ascii_lowercase());
    }
    if let Some((character, why)) = login.chars().find_map(|c| Some((c, fault(c)?))) {
        return Err(Refused::Character { character, why });
    }
    if login.starts_with(is_combining_mark) {
        let character = login.chars().next().unwrap_or_default();
        return Err(Refused::Character { character, why: "an accent without a letter" });
    }
    let composed: String = login.nfc().collect();
    let lower: String = composed.chars().flat_map(char::to_lowercase).collect();
    // Lower case can undo the normal form: `İ` becomes two characters.
    Ok(lower.nfc().map(|c| if c == 'ς' { 'σ' } else { c }).collect())
}

/// The key of a login that an app shows. What is no login by our rule is there all the same, and is
/// the same as itself only.
pub fn shown_login_key(login: &str) -> String {
    login_key(login).unwrap_or_else(|_| login.to_owned())
}

/// Whether two logins that apps or sources show are the same. An empty one is the same as nothing.
pub fn same_login(one: &str, other: &str) -> bool {
    !one.trim().is_empty() && shown_login_key(one) == shown_login_key(other)
}

/// What is wrong with a character.
fn fault(c: char) -> Option<&'static str> {
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
        Some("a control character")
    } else if is_invisible(c) {
        Some("an invisible character")
    } else if c.is_whitespace() && c != ' ' {
        Some("a blank that is not the usual one")
    } else if is_private(c) {
        Some("not a character that everybody has")
    } else if is_compatibility(c) {
        Some("another way to write a character that there is already")
    } else {
        None
    }
}

/// Characters without a picture: joiners, soft hyphens, direction marks, fillers, variation
/// selectors, tags (the Default_Ignorable_Code_Point of Unicode), and marks around other text.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn is_private(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xf_0000..)
        || code & 0xfffe == 0xfffe
        || c == char::REPLACEMENT_CHARACTER
}

/// `＠`, `①`, `ﬀ`: characters that Unicode has for old encodings only. A canonical twin such as the
/// Kelvin sign is none of them: normal form C makes it the letter that it is.
fn is_compatibility(c: char) -> bool {
    let one = std::iter::once(c);
    !c.is_ascii() && !one.clone().nfkc().eq(one.nfc())
}
