//! The `rest` channel: an app's own REST API, driven by what its app file says and by nothing else.
//!
//! The file says which requests there are and where answers say what. Everything that keeps people
//! safe is here and in no file: a list is whole only where that is proven ([`pages`]), what may have
//! had an effect is never sent again, credentials go to the configured host and nowhere else.

pub mod account;
mod apply;
mod auth;
pub mod call;
mod exchange;
mod later;
mod look;
pub mod merge;
mod observe;
pub mod pages;
mod sign;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rollbook_catalog::rest::{Blank, Rest, Template};
use rollbook_core::change::Change;
use rollbook_core::id::InstanceName;
use rollbook_core::step::{Outcome, Seen};

use self::auth::Prover;
use self::call::Facts;
use super::http::{Http, HttpSettings};
use super::line::Line;
use super::pace::{Limit, Pace};
use super::{Channel, Observation};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// What bodies are called where their call says nothing else, and what is asked for.
const MEDIA: &str = "application/json";

/// How to reach one instance over its REST API.
#[derive(Clone, Debug)]
pub struct RestSettings {
    /// The instance's name, put into every account.
    pub instance: InstanceName,
    /// What the app file says.
    pub rest: Arc<Rest>,
    /// What the app file asks of each instance, by its words.
    pub settings: BTreeMap<String, String>,
    /// Where the API starts, in place of what the app file says, e.g. a sandbox.
    pub base_url: Option<String>,
    /// Where tokens are made, in place of what the app file says. Where only `base_url` is given, it
    /// is the file's path on that host, so that a sandbox never sends its secret elsewhere.
    pub token_url: Option<String>,
    /// The secret: token, key or password, as the app file's `auth` says.
    pub token: Secret,
    /// Whether it may lie on this machine or in a private network. Default false.
    pub allow_private: bool,
    /// More accounts or groups than this end the reading, as partial.
    pub resources_max: usize,
    /// Until a connection must stand.
    pub connect_deadline: Duration,
    /// Until an answer must be there whole.
    pub deadline: Duration,
    /// Longest answer in bytes.
    pub body_bytes_max: usize,
    /// First wait before a read is tried again, and between looks at a write that is done later;
    /// doubles each time.
    pub backoff: Duration,
    /// How long the waits and failed tries of one reading may take together.
    pub patience: Duration,
    /// E-mail domains that the employer owns: addresses there count as verified.
    pub verified_domains: Vec<String>,
    /// How many requests may be sent in any second; `None`: what the app says, else it is learned.
    pub requests_per_second_max: Option<u32>,
    /// The pace that everybody who reaches the instance keeps to; `None`: one of its own.
    pub pace: Option<Arc<Pace>>,
}

impl RestSettings {
    /// Settings with careful defaults for everything that need not be said.
    pub fn new(
        instance: InstanceName,
        rest: impl Into<Arc<Rest>>,
        settings: BTreeMap<String, String>,
        token: Secret,
    ) -> Self {
        Self {
            instance,
            rest: rest.into(),
            settings,
            base_url: None,
            token_url: None,
            token,
            allow_private: false,
            resources_max: 2_000_000,
            connect_deadline: Duration::from_secs(10),
            deadline: Duration::from_secs(60),
            body_bytes_max: 16 * 1024 * 1024,
            backoff: Duration::from_secs(1),
            patience: Duration::from_secs(180),
            verified_domains: Vec::new(),
            requests_per_second_max: None,
            pace: None,
        }
    }

    /// That the instance says what the app asks for, and nothing else.
    fn check(&self) -> Result<()> {
        let asked = &self.rest.settings;
        let said = |name: &String| self.settings.get(name).is_some_and(|v| !v.trim().is_empty());
        let missing: Vec<_> = asked.iter().filter(|(name, _)| !said(name)).collect();
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!(
                "The instance {} does not say {}, which this app needs.",
                self.instance,
                names.join(", ")
            );
            let hint = |(name, what): &(&String, &String)| {
                format!("Set `{name}` in `settings` of `[instance.rest]`: {what}.")
            };
            return Err(missing.iter().map(hint).fold(Error::setup(message), Error::hint));
        }
        match self.settings.keys().find(|name| !asked.contains_key(*name)) {
            None => Ok(()),
            Some(stray) => Err(Error::setup(format!(
                "The instance {} sets `{stray}`, and this app has no such setting.",
                self.instance
            ))
            .hint(match asked.is_empty() {
                true => "It needs none: take `settings` out.".to_owned(),
                false => {
                    let names: Vec<_> = asked.keys().map(|name| format!("`{name}`")).collect();
                    format!("Its settings are {}.", names.join(", "))
                }
            })),
        }
    }

    /// A template that only settings fill.
    fn filled(&self, template: &Template) -> Result<String> {
        let facts = Facts::new(&self.settings);
        template.fill(&|blank| facts.get(blank), &str::to_owned).map_err(|unfilled| {
            Error::setup(format!(
                "The app file of instance {} cannot be used: {unfilled}.",
                self.instance
            ))
        })
    }

    /// Where the API starts. A setting that is a part of an address is nothing but a name.
    fn address(&self, template: &Template) -> Result<String> {
        let starts_so = template.to_string().starts_with('{');
        for (at, blank) in template.blanks().enumerate() {
            let Blank::Setting(name) = blank else { continue };
            let value = self.settings.get(name).map_or("", String::as_str);
            let is_name = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c));
            let is_whole = starts_so && at == 0;
            if !is_whole && (!is_name || value.contains("..")) {
                return Err(Error::setup(format!(
                    "The setting `{name}` of instance {} is a part of an address and holds more \
                     than letters, digits, `-`, `_`, `.` and `~`.",
                    self.instance
                ))
                .hint("Write only the part that the app file asks for, not a whole address."));
            }
        }
        Ok(self.filled(template)?.trim_end_matches('/').to_owned())
    }

    /// How fast it may be asked: what the instance says, else what the app says.
    pub fn limit(&self) -> Option<Limit> {
        let said = self.rest.limits.map(|limits| Limit {
            requests: limits.requests.max(1),
            window: Duration::from_secs(limits.seconds.max(1).into()),
        });
        self.requests_per_second_max.map(Limit::each_second).or(said)
    }
}

/// An app's REST API as a client.
#[derive(Debug)]
pub struct RestChannel {
    settings: RestSettings,
    line: Line,
    prover: Prover,
}

impl RestChannel {
    /// Judges the settings; nothing is sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when a setting of the app is missing or cannot be used, or the
    /// base URL or the secret cannot.
    pub fn new(settings: RestSettings) -> Result<Self> {
        settings.check()?;
        let base_url = match &settings.base_url {
            Some(url) => url.trim().trim_end_matches('/').to_owned(),
            None => settings.address(&settings.rest.base_url)?,
        };
        let mut headers = Vec::new();
        for (name, template) in &settings.rest.headers {
            headers.push((name.clone(), Secret::new(settings.filled(template)?)));
        }
        let prover = Prover::new(&settings, &base_url, &mut headers)?;
        let http = Http::new(&settings.http(base_url, headers))?;
        let at_once = settings.rest.limits.and_then(|limits| limits.at_once);
        let at_once = at_once.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let own = || Arc::new(Pace::with_backoff(settings.limit(), settings.backoff));
        let pace = settings.pace.clone().unwrap_or_else(own);
        let line = Line::new(http, pace, at_once, settings.patience, settings.backoff);
        Ok(Self { settings, line, prover })
    }

    /// The turns that its requests take.
    pub fn pace(&self) -> &Pace {
        self.line.pace()
    }

    fn rest(&self) -> &Rest {
        &self.settings.rest
    }

    /// What fills the blanks of every request.
    fn facts(&self) -> Facts {
        Facts::new(&self.settings.settings)
    }
}

impl RestSettings {
    /// A client for `base_url` under the same guards.
    fn http(&self, base_url: String, headers: Vec<(String, Secret)>) -> HttpSettings {
        HttpSettings {
            instance: self.instance.clone(),
            base_url,
            headers,
            secrets: vec![self.token.clone()],
            allow_private: self.allow_private,
            accept: MEDIA,
            media: MEDIA,
            connect_deadline: self.connect_deadline,
            deadline: self.deadline,
            body_bytes_max: self.body_bytes_max,
            keeps_connections: true,
        }
    }
}

impl Channel for RestChannel {
    async fn observe(&self) -> Result<Observation> {
        self.read_all().await
    }

    async fn apply(&self, change: &Change) -> Outcome {
        self.carry_out(change).await
    }

    async fn look(&self, change: &Change) -> Seen {
        self.see(change).await
    }
}
