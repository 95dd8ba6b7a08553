//! Whether a caller shows the secret as the app wants it shown.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rollbook_catalog::rest::{Auth, Blank, ClientPlace, Half, Rest, Template};
use serde_json::json;

use crate::outgoing::Reply;
use crate::query::pairs;

/// The secret and the tokens made with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    pub(super) secret: String,
    pub(super) settings: BTreeMap<String, String>,
    tokens: BTreeSet<String>,
    made: usize,
}

impl Gate {
    pub(super) fn new(secret: &str, settings: BTreeMap<String, String>) -> Self {
        Self { secret: secret.to_owned(), settings, ..Self::default() }
    }

    pub(super) fn fill(&self, template: &Template) -> String {
        let value = |blank: &Blank| match blank {
            Blank::Setting(name) => self.settings.get(name).cloned(),
            _ => None,
        };
        template.fill(&value, &str::to_owned).unwrap_or_default()
    }

    /// Whether the request may come in.
    pub(super) fn lets_in(&self, auth: &Auth, headers: &HeaderMap) -> bool {
        let shown = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is = |name: &str, wanted: String| shown(name) == Some(wanted.as_str());
        match auth {
            Auth::Bearer {} => is("authorization", format!("Bearer {}", self.secret)),
            Auth::Header { name, prefix, suffix } => {
                is(name, format!("{}{}{suffix}", self.fill(prefix), self.secret))
            }
            Auth::Basic { secret, other } => {
                let other = self.fill(other);
                let pair = match secret {
                    Half::User => format!("{}:{other}", self.secret),
                    Half::Password => format!("{other}:{}", self.secret),
                };
                is("authorization", format!("Basic {}", STANDARD.encode(pair)))
            }
            Auth::Oauth2 { .. } => {
                let token = shown("authorization").and_then(|value| value.strip_prefix("Bearer "));
                token.is_some_and(|token| self.tokens.contains(token))
            }
            Auth::Signed { key_id, .. } => {
                let pair = shown("authorization").and_then(|value| value.strip_prefix("Basic "));
                let pair = pair.and_then(|pair| STANDARD.decode(pair).ok()).unwrap_or_default();
                let pair = String::from_utf8_lossy(&pair).into_owned();
                let (user, signature) = pair.split_once(':').unwrap_or_default();
                // HMAC-SHA1 or HMAC-SHA512 in hexadecimal; the signature itself is the channel's test.
                let is_signature = matches!(signature.len(), 40 | 128)
                    && signature.bytes().all(|byte| byte.is_ascii_hexdigit());
                user == self.fill(key_id) && is_signature && shown("date").is_some()
            }
        }
    }

    /// The headers that every request must carry and this one does not, a phrase each.
    pub(super) fn missing(&self, rest: &Rest, headers: &HeaderMap) -> Vec<String> {
        let mut missing = Vec::new();
        for (name, template) in &rest.headers {
            let wanted = self.fill(template);
            let found = headers.get(name).and_then(|value| value.to_str().ok());
            if found != Some(wanted.as_str()) {
                missing.push(format!("the header {name} is {found:?} and not `{wanted}`"));
            }
        }
        missing
    }

    /// Answers at the address where tokens are made (RFC 6749 §4.4 and §5).
    pub(super) fn token(&mut self, auth: &Auth, headers: &HeaderMap, body: &str) -> Reply {
        let Auth::Oauth2 { client_id, client, params, .. } = auth else {
            return Reply::json(404, json!({"error": "There are no tokens here."}));
        };
        let said: BTreeMap<String, String> = pairs(body).into_iter().collect();
        let id = self.fill(client_id);
        let is_client = match client {
            ClientPlace::Body => {
                said.get("client_id") == Some(&id)
                    && said.get("client_secret") == Some(&self.secret)
            }
            ClientPlace::Basic => {
                let wanted = format!("Basic {}", STANDARD.encode(format!("{id}:{}", self.secret)));
                headers.get("authorization").and_then(|value| value.to_str().ok())
                    == Some(wanted.as_str())
            }
        };
        if !is_client {
            return Reply::json(401, json!({"error": "invalid_client"}));
        }
        let grant = params.get("grant_type").map(|grant| self.fill(grant));
        let grant = grant.unwrap_or_else(|| "client_credentials".to_owned());
        let has = |name: &str, text: &str| said.get(name).map(String::as_str) == Some(text);
        if !has("grant_type", &grant) {
            return Reply::json(400, json!({"error": "unsupported_grant_type"}));
        }
        if params.iter().any(|(name, text)| !has(name, &self.fill(text))) {
            return Reply::json(400, json!({"error": "invalid_request"}));
        }
        self.made += 1;
        let token = format!("made-{}-0123456789abcdef", self.made);
        self.tokens.insert(token.clone());
        let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
        Reply::json(200, body)
    }

    /// Ends all tokens that were made.
    pub(super) fn end_tokens(&mut self) {
        self.tokens.clear();
    }

    /// How many tokens were made.
    pub(super) fn made(&self) -> usize {
        self.made
    }
}
