//! One-time codes by time (RFC 6238 with the defaults that authenticator apps have: SHA-1, six digits,
//! thirty seconds).

use std::time::SystemTime;

use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

/// How long a code stands, in seconds.
const STEP_S: u64 = 30;

/// The code of `secret`, which is text in base 32 (RFC 4648 §6), at `unix_s` seconds of Unix time.
/// `None` where the secret is no base 32.
///
/// ```
/// use rollbook_testkit::console::totp::code;
///
/// // RFC 6238, appendix B, with the six digits of RFC 4226.
/// let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// assert_eq!(code(secret, 59).as_deref(), Some("287082"));
/// assert_eq!(code(secret, 1_111_111_109).as_deref(), Some("081804"));
/// assert_eq!(code("0189 is no base 32", 59), None);
/// ```
pub fn code(secret: &str, unix_s: u64) -> Option<String> {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret)?);
    let tag = sign(&key, &(unix_s / STEP_S).to_be_bytes());
    let tag = tag.as_ref();
    // RFC 4226 §5.3: the last four bits say where the four bytes lie.
    let at = usize::from(tag[tag.len() - 1] & 0xf);
    let bytes: [u8; 4] = tag[at..at + 4].try_into().expect("four bytes of twenty");
    Some(format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000))
}

/// Whether `typed` is the code of now, or of the step before or after.
pub(super) fn fits(secret: &str, typed: &str) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now_s = now.map_or(0, |since| since.as_secs());
    let near = [now_s.saturating_sub(STEP_S), now_s, now_s + STEP_S];
    near.iter().any(|at_s| code(secret, *at_s).is_some_and(|code| code == typed.trim()))
}

fn base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u64);
    for letter in text.bytes().filter(|byte| *byte != b' ' && *byte != b'=') {
        let five = match letter.to_ascii_uppercase() {
            upper @ b'A'..=b'Z' => upper - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u64::from(five);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).expect("one byte was cut out"));
        }
    }
    Some(bytes)
}
