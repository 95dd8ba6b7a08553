//! `[notify]`: where people hear of their tasks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::read::{Document, Step};
use crate::error::Result;
use crate::secret::SecretSource;

/// `[notify]`: where people hear of their tasks. What is sent shows and links; it decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// The addresses that are posted to, in the order of the file.
    pub webhook: Vec<WebhookConfig>,
    /// The server that takes our mail.
    pub email: Option<EmailConfig>,
}

/// What notices by e-mail are kept under; no webhook is called so.
pub(crate) const EMAIL: &str = "email";

/// `[notify.email]`: the server that takes our mail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Its name; the one in its certificate.
    pub host: String,
    /// Its port; not said: 587, or 465 where TLS comes first.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the conversation is encrypted.
    #[serde(default)]
    pub tls: EmailTls,
    /// Who sends, e.g. `Rollbook <rollbook@example.com>`.
    pub from: String,
    /// Whom we sign in as; empty: we do not.
    #[serde(default)]
    pub user: String,
    /// Where the password of `user` lies.
    #[serde(default)]
    pub password: Option<SecretSource>,
    /// Whether the server may be on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
    /// The address of each person, by the name under which they get tasks.
    pub people: BTreeMap<String, String>,
}

/// How a conversation with a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailTls {
    /// It begins in clear and is encrypted before anything is said (RFC 3207).
    #[default]
    Starttls,
    /// It is encrypted from the start (RFC 8314 §3.3).
    Implicit,
    /// Not at all: only for a server in a private network.
    None,
}

impl EmailConfig {
    /// The port that is connected to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls == EmailTls::Implicit { 465 } else { 587 })
    }

    fn check(&self, document: &Document<'_>) -> Result<()> {
        let wrong = [
            (
                self.tls == EmailTls::None && !self.allow_private,
                "tls",
                "the mail, and the password with it, would travel in clear.",
                "Use \"starttls\", or set `allow_private = true` for a server of your own.",
            ),
            (
                self.user.is_empty() != self.password.is_none(),
                "user",
                "a user and a password belong together.",
                "Write both `user` and `password = { env = \"NAME\" }`, or neither.",
            ),
            (
                self.host.trim().is_empty(),
                "host",
                "it is empty.",
                "Write the server's name, for example \"smtp.example.com\".",
            ),
        ];
        let path = |key| [Step::from("notify"), "email".into(), Step::from(key)];
        match wrong.into_iter().find(|(is_wrong, ..)| *is_wrong) {
            Some((_, key, said, hint)) => {
                Err(document.wrong(&path(key), said, Some(hint.to_owned())))
            }
            None => Ok(()),
        }
    }
}

/// `[[notify.webhook]]`: one address that is posted to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// What it is called; no two have the same name.
    pub name: String,
    /// What it understands.
    pub kind: WebhookKind,
    /// Where its address lies. Whoever knows the address of a chat's webhook can write there, so it is
    /// kept like a token.
    pub url: SecretSource,
    /// Where the key lies with which messages are signed, as `whsec_` and base64.
    #[serde(default)]
    pub secret: Option<SecretSource>,
    /// Whether the host may be on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
}

/// What a webhook understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookKind {
    /// Our own JSON, signed as Standard Webhooks says.
    Signed,
    /// An incoming webhook of Slack.
    Slack,
    /// A workflow of Microsoft Teams that takes an adaptive card.
    Teams,
}

impl Notify {
    pub(super) fn check(&self, document: &Document<'_>) -> Result<()> {
        if let Some(email) = &self.email {
            email.check(document)?;
        }
        let mut seen = BTreeSet::from([EMAIL]);
        for (at, webhook) in self.webhook.iter().enumerate() {
            let here: [Step<'_>; 3] = ["notify".into(), "webhook".into(), at.into()];
            let name = [here[0], here[1], here[2], "name".into()];
            document.check_name(&name, &webhook.name, &mut seen)?;
            let (said, hint) = match (webhook.kind, &webhook.secret) {
                (WebhookKind::Signed, None) => (
                    "nobody could tell by whom its messages were sent.",
                    "Add `secret = { env = \"NAME\" }` with a key like `whsec_…`.",
                ),
                (WebhookKind::Slack | WebhookKind::Teams, Some(_)) => {
                    ("a chat checks no signature; its address is the secret.", "Take `secret` out.")
                }
                _ => continue,
            };
            return Err(document.wrong(&here, said, Some(hint.to_owned())));
        }
        Ok(())
    }
}
