//! The `scim` channel: SCIM 2.0 as a client of vendors whose servers deviate in every way known.
//!
//! Reading is proven, not trusted ([`pages`]). A write is a ladder of forms, each looked at until
//! one works; what may have happened is never repeated.

pub mod account;
mod apply;
mod create;
mod ladder;
mod look;
mod observe;
pub mod pages;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rollbook_core::change::Change;
use rollbook_core::id::InstanceName;
use rollbook_core::step::{Outcome, Receipt, Seen};

use super::answer::Said;
use super::http::{Answer, Call, Http, HttpSettings, bearer};
use super::line::{Line, Patience, now};
use super::pace::{Limit, Pace};
use super::{Channel, Observation};
use crate::error::Result;
use crate::secret::Secret;

/// Both media types: some vendors insist on the one, some only know the other.
pub(super) const ACCEPT: &str = "application/scim+json, application/json;q=0.9";

/// What bodies are called (RFC 7644 §3.1).
pub(super) const MEDIA: &str = "application/scim+json";

/// How to reach one instance over SCIM, and what is known of its ways.
#[derive(Clone, Debug)]
pub struct ScimSettings {
    /// The instance's name, put into every account.
    pub instance: InstanceName,
    /// Where its SCIM API starts, without `/Users`.
    pub base_url: String,
    /// The bearer token.
    pub token: Secret,
    /// Whether it may lie on this machine or in a private network. Default false.
    pub allow_private: bool,
    /// How many resources to ask for at once, 1 to 1,000. The vendor may give fewer.
    pub page_size: u32,
    /// More accounts or groups than this end the reading, as partial.
    pub resources_max: usize,
    /// Until a connection must stand.
    pub connect_deadline: Duration,
    /// Until an answer must be there whole.
    pub deadline: Duration,
    /// Longest answer in bytes.
    pub body_bytes_max: usize,
    /// First wait before a read is tried again; doubles each time.
    pub backoff: Duration,
    /// How long the waits and failed tries of one reading may take together.
    pub patience: Duration,
    /// E-mail domains that the employer owns: addresses there count as verified.
    pub verified_domains: Vec<String>,
    /// How many requests may be sent in any second, at least 1; `None`: it is learned.
    pub requests_per_second_max: Option<u32>,
    /// The pace that everybody who reaches the instance keeps to; `None`: one of its own.
    pub pace: Option<Arc<Pace>>,
    /// Whether the instance was seen to show who is in a group. A group that then shows nobody is
    /// empty. Default false: it is found out.
    pub shows_members: bool,
    /// The vendor's peculiarities that cannot be found out by trying.
    pub quirks: ScimQuirks,
}

/// Peculiarities that an administrator states because they cannot be found out by trying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScimQuirks {
    /// The vendor has no groups, or they are not to be read.
    pub no_groups: bool,
    /// `totalResults` counts the page only. Two readings that agree then prove the list instead.
    pub totals_unusable: bool,
    /// Groups show all their members in one answer, however many. Otherwise a round number of
    /// members that nothing else proves counts as cut off.
    pub members_whole: bool,
}

impl ScimSettings {
    /// Settings with careful defaults for everything that need not be said.
    pub fn new(instance: InstanceName, base_url: impl Into<String>, token: Secret) -> Self {
        Self {
            instance,
            base_url: base_url.into(),
            token,
            allow_private: false,
            page_size: 100,
            resources_max: 2_000_000,
            connect_deadline: Duration::from_secs(10),
            deadline: Duration::from_secs(60),
            body_bytes_max: 16 * 1024 * 1024,
            backoff: Duration::from_secs(1),
            patience: Duration::from_secs(180),
            verified_domains: Vec::new(),
            requests_per_second_max: None,
            pace: None,
            shows_members: false,
            quirks: ScimQuirks::default(),
        }
    }
}

impl ScimSettings {
    /// How fast it may be asked, where that is said.
    pub fn limit(&self) -> Option<Limit> {
        self.requests_per_second_max.map(Limit::each_second)
    }

    /// The pace that everybody keeps to, or one of its own.
    pub(super) fn shared_pace(&self) -> Arc<Pace> {
        let own = || Arc::new(Pace::with_backoff(self.limit(), self.backoff));
        self.pace.clone().unwrap_or_else(own)
    }
}

/// SCIM 2.0 as a client.
#[derive(Debug)]
pub struct ScimChannel {
    settings: ScimSettings,
    line: Line,
    /// Forms of writing that this instance broke on or does not have, learned while it runs.
    avoided: Mutex<BTreeSet<&'static str>>,
    /// Whether a group was seen that shows members, or says that it has none.
    shows_members: AtomicBool,
}

impl ScimChannel {
    /// Judges the settings; nothing is sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the base URL or the token cannot be used.
    pub fn new(settings: ScimSettings) -> Result<Self> {
        let http = Http::new(&HttpSettings {
            instance: settings.instance.clone(),
            base_url: settings.base_url.clone(),
            headers: vec![bearer(&settings.token)],
            secrets: vec![settings.token.clone()],
            allow_private: settings.allow_private,
            accept: ACCEPT,
            media: MEDIA,
            connect_deadline: settings.connect_deadline,
            deadline: settings.deadline,
            body_bytes_max: settings.body_bytes_max,
            keeps_connections: true,
        })?;
        let pace = settings.shared_pace();
        let shows_members = AtomicBool::new(settings.shows_members);
        let line = Line::new(http, pace, usize::MAX, settings.patience, settings.backoff);
        Ok(Self { settings, line, avoided: Mutex::default(), shows_members })
    }

    /// The turns that its requests take.
    pub fn pace(&self) -> &Pace {
        self.line.pace()
    }

    /// The patience of one operation.
    fn patience(&self) -> Patience {
        self.line.patience()
    }

    /// Reads; tries again what may pass, as long as `patience` lasts.
    async fn read(&self, call: &Call, patience: &mut Patience) -> Said {
        self.line.read(call, &judge, patience).await
    }

    /// Writes, once; not at all while the instance wants to be left alone for long.
    async fn write(&self, call: &Call) -> (Said, Receipt) {
        let (said, answer) = self.line.send(call, &judge).await;
        (said, answer.receipt)
    }
}

fn judge(answer: &Answer) -> Said {
    Said::judge(answer, now())
}

impl Channel for ScimChannel {
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
