//! How a caller of a REST API proves who it is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::template::Template;

/// How the instance's secret is shown to the app. The secret itself is never in an app file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// `Authorization: Bearer SECRET` (RFC 6750 §2.1).
    Bearer {},
    /// A header of the app's own.
    Header {
        /// Its name, e.g. `Authorization`.
        name: String,
        /// What stands before the secret, e.g. `Token token=`, with its blank if there is one.
        #[serde(default)]
        prefix: Template,
        /// What stands after it.
        #[serde(default)]
        suffix: String,
    },
    /// `Authorization: Basic` (RFC 7617).
    Basic {
        /// Which half the secret is.
        secret: Half,
        /// The other half, e.g. `{admin}/token`; may be empty.
        #[serde(default)]
        other: Template,
    },
    /// OAuth 2.0 without a person (RFC 6749 §4.4): a token is fetched with the client's secret, kept
    /// until shortly before it ends, and fetched anew when it is refused.
    Oauth2 {
        /// Where tokens are made; a whole URL, because it is often another host.
        token_url: Template,
        /// The client's id, mostly `{client_id}`.
        client_id: Template,
        /// Where id and secret of the client are shown.
        client: ClientPlace,
        /// Further parameters of the request, `grant_type` if it is not `client_credentials`.
        #[serde(default)]
        params: BTreeMap<String, Template>,
    },
    /// Each request is signed with the secret.
    Signed {
        /// How.
        method: Signature,
        /// Who signs, mostly `{key_id}`.
        key_id: Template,
    },
}

/// A half of what basic authentication sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// Before the colon.
    User,
    /// After it.
    Password,
}

/// Where a client shows its id and secret (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientPlace {
    /// In the `Authorization` header.
    Basic,
    /// In the body, as `client_id` and `client_secret`.
    Body,
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// Duo's: HMAC-SHA512 over date, method, host, path and parameters, sent as basic authentication
    /// (Duo Admin API, "Authentication").
    Duo,
}

impl Auth {
    /// The templates in it, for the settings that an instance must give.
    pub(super) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Bearer {} => Vec::new(),
            Self::Header { prefix, .. } => vec![prefix],
            Self::Basic { other, .. } => vec![other],
            Self::Oauth2 { token_url, client_id, params, .. } => {
                [token_url, client_id].into_iter().chain(params.values()).collect()
            }
            Self::Signed { key_id, .. } => vec![key_id],
        }
    }
}
