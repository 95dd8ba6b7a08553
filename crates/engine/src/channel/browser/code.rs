//! One-time codes (RFC 6238).

use totp_rs::{Algorithm, Builder, Secret as Seed};

use crate::secret::Secret;

/// The code for the moment `at`, in seconds since 1970: six digits, SHA-1 and half a minute, as every
/// authenticator app takes them unless told otherwise.
///
/// # Errors
/// The secret is no base32 (RFC 4648 §6).
pub(super) fn code(secret: &Secret, at: u64) -> Result<Secret, String> {
    let text: String =
        secret.expose().chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let text = text.trim_end_matches('=').to_ascii_uppercase();
    let seed = Seed::try_from_base32(text);
    let seed = seed.map_err(|_| "the secret for one-time codes is no base32".to_owned())?;
    // Vendors hand out 80 bits as well as the 128 that the RFC asks for.
    let codes =
        Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30);
    Ok(Secret::new(codes.with_secret(seed).build_noncompliant().generate(at).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B: eight digits there, of which these are the last six.
        let secret = Secret::new("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let at = |moment| code(&secret, moment).map(|code| code.expose().to_owned());
        assert_eq!(at(59).as_deref(), Ok("287082"));
        assert_eq!(at(1_111_111_109).as_deref(), Ok("081804"));
        assert_eq!(at(20_000_000_000).as_deref(), Ok("353130"));
    }

    #[test]
    fn a_secret_that_is_none_is_said_without_repeating_it() {
        let error = code(&Secret::new("not-base32-0189"), 0).unwrap_err();
        assert!(!error.contains("0189"), "{error}");
    }
}
