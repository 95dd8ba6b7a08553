//! Notices: what people hear of their tasks, posted to webhooks. What is sent shows and links; it
//! decides nothing, and what comes back is not read beyond its status.
//!
//! A signed message is one of the Standard Webhooks (version 1): the headers `webhook-id`,
//! `webhook-timestamp` and `webhook-signature`, the latter HMAC-SHA256 over `ID.TIMESTAMP.BODY`. The id
//! of a notice stays the same however often it is sent, so that whoever gets it can drop a repetition.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::{Method, Url};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::http::{Call, Http, HttpSettings};
use crate::config::{WebhookConfig, WebhookKind};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// How long a webhook may take.
const DEADLINE: Duration = Duration::from_secs(15);

/// A longer answer than this many bytes is not waited for.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Stays the same however often it is sent.
    pub id: String,
    /// What happened, e.g. `task.reminded`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Whom it is for, by name.
    pub whom: String,
    /// The same for people, in a sentence or two.
    pub text: String,
    /// The task.
    pub task: String,
    /// The instance.
    pub instance: String,
    /// What is to be done.
    pub title: String,
    /// Until when.
    pub due_at: Timestamp,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was taken.
    Taken,
    /// It was not, and may be taken later.
    NotYet {
        /// What was said, as part of a sentence.
        why: String,
    },
    /// It never will be.
    Never {
        /// What was said, as part of a sentence.
        why: String,
    },
}

/// One address that is posted to.
#[derive(Debug)]
pub struct Webhook {
    http: Http,
    kind: WebhookKind,
    query: Vec<(String, String)>,
    key: Option<hmac::Key>,
}

impl Webhook {
    /// The webhook at `url`, which signs with `secret` where it has one.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the address or the key cannot be used; neither is repeated.
    pub fn new(config: &WebhookConfig, url: &Secret, secret: Option<&Secret>) -> Result<Self> {
        let refused = |what: &str| {
            Error::setup(format!("The webhook `{}` cannot be used: {what}.", config.name))
        };
        let mut address =
            Url::parse(url.expose().trim()).map_err(|_| refused("its address is no URL"))?;
        let query = address.query_pairs().into_owned().collect();
        address.set_query(None);
        let key = secret
            .map(|secret| key(secret).ok_or_else(|| refused("its key is not `whsec_` and base64")));
        let http = Http::new(&HttpSettings {
            instance: config.name.as_str().into(),
            base_url: address.to_string(),
            headers: Vec::new(),
            secrets: vec![url.clone()],
            allow_private: config.allow_private,
            accept: "application/json",
            media: "application/json",
            connect_deadline: DEADLINE,
            deadline: DEADLINE,
            body_bytes_max: ANSWER_BYTES_MAX,
            keeps_connections: false,
        })?;
        Ok(Self { http, kind: config.kind, query, key: key.transpose()? })
    }

    /// Sends a notice once, at `now`.
    pub async fn send(&self, notice: &Notice, now: Timestamp) -> Sent {
        let body = body(self.kind, notice).to_string();
        let mut call = Call::encoded(Method::POST, "");
        for (name, value) in &self.query {
            call = call.query(name.clone(), value.clone());
        }
        if let Some(key) = &self.key {
            let at = now.as_second().to_string();
            let signed = hmac::sign(key, format!("{}.{at}.{body}", notice.id).as_bytes());
            let signature = format!("v1,{}", STANDARD.encode(signed));
            call = call
                .header("webhook-id", Secret::new(notice.id.clone()))
                .header("webhook-timestamp", Secret::new(at))
                .header("webhook-signature", Secret::new(signature));
        }
        match self.http.send(&call.body_as("application/json", body)).await {
            Ok(answer) if (200..300).contains(&answer.status) => Sent::Taken,
            Ok(answer) if [404, 410].contains(&answer.status) => {
                Sent::Never { why: format!("it is not there any more ({})", answer.status) }
            }
            Ok(answer) => Sent::NotYet { why: format!("it answered {}", answer.status) },
            Err(lost) if lost.forbidden => Sent::Never { why: lost.why },
            Err(lost) => Sent::NotYet { why: lost.why },
        }
    }
}

/// The key of a Standard Webhooks secret.
fn key(secret: &Secret) -> Option<hmac::Key> {
    let text = secret.expose().trim().strip_prefix("whsec_")?;
    let bytes = STANDARD.decode(text).ok().filter(|bytes| (24..=64).contains(&bytes.len()))?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// What is posted.
fn body(kind: WebhookKind, notice: &Notice) -> Value {
    match kind {
        WebhookKind::Signed => json!({
            "type": notice.kind,
            "timestamp": notice.at,
            "data": {
                "task": notice.task,
                "whom": notice.whom,
                "instance": notice.instance,
                "title": notice.title,
                "due_at": notice.due_at,
                "text": notice.text,
            },
        }),
        WebhookKind::Slack => json!({"text": for_slack(&notice.text)}),
        WebhookKind::Teams => json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [{"type": "TextBlock", "wrap": true, "text": for_teams(&notice.text)}],
                },
            }],
        }),
    }
}

/// Text in which no name can call anybody or become a link.
fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text in which no name becomes markup.
fn for_teams(text: &str) -> String {
    let is_markup = |c: char| "\\`*_{}[]()#+!|<>~".contains(c);
    text.chars().flat_map(|c| is_markup(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup_or_call_anybody() {
        assert_eq!(for_slack("<!channel> & co"), "&lt;!channel&gt; &amp; co");
        assert_eq!(for_teams("[x](http://y) *z*"), "\\[x\\]\\(http://y\\) \\*z\\*");
    }

    #[test]
    fn a_key_is_taken_as_the_standard_writes_it_and_in_no_other_way() {
        let secret = |text: &str| key(&Secret::new(text)).is_some();
        assert!(secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        for bad in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_%%"] {
            assert!(!secret(bad), "{bad}");
        }
    }
}
