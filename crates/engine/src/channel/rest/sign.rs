//! Requests that are signed with the secret. Pure.

use reqwest::Url;
use ring::hmac;
use rollbook_core::id::hex;

use super::auth::basic;
use crate::channel::http::{Call, segment};
use crate::secret::Secret;

/// Who signs requests to a Duo Admin API, and where they go.
#[derive(Debug)]
pub(super) struct DuoSigner {
    key_id: String,
    secret: Secret,
    host: String,
    /// What the base URL puts in front of every path.
    root: String,
}

impl DuoSigner {
    pub(super) fn new(key_id: String, secret: Secret, base: &Url) -> Self {
        let host = base.host_str().unwrap_or_default().to_ascii_lowercase();
        Self { key_id, secret, host, root: base.path().trim_end_matches('/').to_owned() }
    }

    /// The request with its date and with the signature over date, method, host, path and parameters
    /// (Duo Admin API, "Authentication"; signature version 2 with HMAC-SHA512).
    pub(super) fn sign(&self, call: &Call, date: &str) -> Call {
        let path = format!("{}{}", self.root, call.path());
        let method = call.method().as_str();
        let canonical =
            [date, method, &self.host, &path, &parameters(call.parameters())].join("\n");
        let key = hmac::Key::new(hmac::HMAC_SHA512, self.secret.expose().as_bytes());
        let signature = hex(hmac::sign(&key, canonical.as_bytes()).as_ref());
        let (_, header) = basic(&self.key_id, &signature);
        call.clone().header("date", Secret::new(date)).header("authorization", header)
    }
}

/// Names and values as they are signed: sorted, and encoded but for what never needs it.
fn parameters(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    let encoded = |text: &str| segment(text).replace('@', "%40");
    let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use reqwest::Method;

    use super::*;
    use crate::channel::http::{FORM, form};

    #[test]
    fn the_signature_is_the_one_that_duos_own_client_makes() {
        let pairs = [
            (
                "\u{469a}\u{287b}\u{35d0}\u{8ef3}\u{6727}\u{502a}\u{0810}\u{d091}\u{c8}\u{c170}",
                "\u{0f45}\u{1a76}\u{341a}\u{654c}\u{c23f}\u{9b09}\u{abe2}\u{8343}\u{1b27}\u{60d0}",
            ),
            (
                "\u{c2c5}\u{2c1d}\u{2620}\u{3617}\u{96b3}F\u{8605}\u{20e8}\u{ac21}\u{5934}",
                "\u{fba9}\u{41aa}\u{bd83}\u{840b}\u{2615}\u{3e6e}\u{652d}\u{a8b5}\u{d56b}U",
            ),
            (
                "\u{7449}\u{7e4b}\u{ccfb}\u{59ff}\u{fe5f}\u{83b7}\u{adcc}\u{900c}\u{cfd1}\u{7813}",
                "\u{8db7}\u{5022}\u{92d3}\u{42ef}\u{207d}\u{8730}\u{acfe}\u{5617}\u{0946}\u{4e30}",
            ),
            (
                "\u{7470}\u{9314}\u{901c}\u{9eae}\u{40d8}\u{4201}\u{82d8}\u{8c70}\u{1d31}\u{a042}",
                "\u{17d9}\u{0ba8}\u{9358}\u{aadf}\u{a42a}\u{48be}\u{fb96}\u{6fe9}\u{b7ff}\u{32f3}",
            ),
        ];
        let base = Url::parse("https://foO.BAr52.cOm").unwrap();
        let secret = Secret::new("gtdfxv9YgVBYcF6dl2Eq17KUQJN2PLM2ODVTkvoT");
        let signer = DuoSigner::new("test_ikey".into(), secret, &base);
        let call = Call::encoded(Method::POST, "/Foo/BaR2/qux").body_as(FORM, form(pairs));
        let signed = signer.sign(&call, "Fri, 07 Dec 2012 17:18:00 -0000");
        let signature = "0508065035a03b2a1de2f453e629e791d180329e157f65df6b3e0f08299d4321e1c5c7a7c7ee6b\
                         9e5fc80d1fb6fbf3ad5eb7c44dd3b3985a02c37aca53ec3698";
        let expected = format!("Basic {}", STANDARD.encode(format!("test_ikey:{signature}")));
        assert_eq!(signed.header_sent("authorization"), Some(expected.as_str()));
    }
}
