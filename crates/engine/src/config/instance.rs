//! `[[instance]]`: our tenant of an app, and the way it is reached.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use rollbook_catalog::Catalog;
use rollbook_core::account::State;
use rollbook_core::change::{Basis, Verb};
use rollbook_core::id::InstanceName;
use rollbook_core::reach::{HUMAN, Way};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::browser::BrowserConfig;
use super::human::HumanConfig;
use super::push::{GroupRule, PushConfig};
use super::read::{Document, Step};
use super::rest::RestConfig;
use super::window::WindowConfig;
use crate::error::Result;
use crate::secret::SecretSource;
use crate::table::TableFormat;

/// One instance. At most one of `scim`, `rest` and `file` says how it is read; beside that way, or
/// alone, `human` says who acts there.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceConfig {
    /// The name that reports and findings use. No `/`, because `instance/key` names an account.
    pub name: InstanceName,
    /// The app in the catalog; empty: none.
    #[serde(default)]
    pub app: String,
    /// Which kinds of worker the instance is for; empty: all.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Roles or groups, by name or id, that make an account an administrator's.
    #[serde(default)]
    pub admin_roles: Vec<String>,
    /// The login of the account there that made the secret with which the instance is reached, where
    /// the secret ends with that account.
    #[serde(default)]
    pub credential_owner: String,
    /// Who answers for the instance, as tasks and reports name them.
    #[serde(default)]
    pub owner: String,
    /// The e-mail domains that the employer owns; those of the workspace where none are said.
    #[serde(default)]
    pub employer_domains: Vec<String>,
    /// After how many hours without a complete snapshot the view is stale.
    #[serde(default = "two_days")]
    pub stale_after_h: u32,
    /// A snapshot that lost more than this share of its accounts, in percent, is taken as partial.
    /// 100: never.
    #[serde(default = "twenty")]
    pub shrink_pct_max: u32,
    /// How long the app may take to show a change that it has accepted, in seconds. Rollbook looks
    /// again for that long before it says that a change did not take.
    #[serde(default = "five_minutes")]
    pub settles_within_s: u32,
    /// The least time between two changes here, in seconds. 0: none.
    #[serde(default)]
    pub spacing_s: u32,
    /// The hours in which it is changed; none: at any time.
    #[serde(default, rename = "window")]
    pub windows: Vec<WindowConfig>,
    /// Operations that wait for no window.
    #[serde(default)]
    pub any_time: Vec<Verb>,
    /// What can be done to the instance, where it differs from what the channel can do.
    #[serde(default)]
    pub reach: ReachConfig,
    /// How the wishes of identity providers are carried out here.
    #[serde(default)]
    pub push: PushConfig,
    /// Which entitlements pushed groups give here.
    #[serde(default, rename = "group")]
    pub groups: Vec<GroupRule>,
    /// Reached over SCIM 2.0.
    #[serde(default)]
    pub scim: Option<ScimConfig>,
    /// Reached over the app's own REST API, as its app file says.
    #[serde(default)]
    pub rest: Option<RestConfig>,
    /// Driven in its pages by a browser, as its app file says.
    #[serde(default)]
    pub browser: Option<BrowserConfig>,
    /// Read from exported tables, acted on by written requests.
    #[serde(default)]
    pub file: Option<FileConfig>,
    /// Acted on by people, who get tasks.
    #[serde(default)]
    pub human: Option<HumanConfig>,
}

fn two_days() -> u32 {
    48
}

fn five_minutes() -> u32 {
    rollbook_core::step::SETTLES_WITHIN_S
}

fn twenty() -> u32 {
    20
}

impl InstanceConfig {
    /// The word for the channel that reads it: `scim`, `rest`, `browser` or `file`. `human` where
    /// nothing does.
    pub fn channel(&self) -> &'static str {
        match (&self.scim, &self.rest, &self.browser, &self.file) {
            (Some(_), ..) => "scim",
            (None, Some(_), ..) => "rest",
            (None, None, Some(_), _) => "browser",
            (None, None, None, Some(_)) => "file",
            (None, None, None, None) => HUMAN,
        }
    }

    /// The login of the account there with which the instance is reached and without which nobody
    /// could, or empty: the one that made the secret, or that a browser signs in with.
    pub fn credential_owner(&self) -> &str {
        match (&self.browser, self.credential_owner.as_str()) {
            (Some(browser), "") => &browser.user,
            (_, said) => said,
        }
    }

    /// Whether anything reads it.
    pub fn is_read(&self) -> bool {
        self.channel() != HUMAN
    }

    /// What the types cannot say.
    pub(super) fn check(
        &self,
        document: &Document<'_>,
        at: usize,
        catalog: &Catalog,
    ) -> Result<()> {
        let here = [Step::from("instance"), Step::from(at)];
        document
            .check_percent(&[here[0], here[1], "shrink_pct_max".into()], self.shrink_pct_max)?;
        self.check_push(document, at)?;
        self.check_windows(document, at)?;
        if let Some(human) = &self.human {
            human.check(document, &here, &self.owner, self.is_read())?;
        }
        match (&self.scim, &self.rest, &self.browser, &self.file) {
            (Some(scim), None, None, None) => scim.check(document, &here),
            (None, Some(rest), None, None) => rest.check(document, &here, catalog, &self.app),
            (None, None, Some(browser), None) => browser.check(document, &here, catalog, &self.app),
            (None, None, None, Some(file)) => file.check(document, &here),
            (None, None, None, None) if self.human.is_some() => Ok(()),
            (None, None, None, None) => {
                let said = format!("instance `{}` does not say how it is reached.", self.name);
                let hint = "Add `[instance.scim]`, `[instance.rest]`, `[instance.browser]`, \
                            `[instance.file]` or `[instance.human]` below it.";
                Err(document.wrong(&here, &said, Some(hint.to_owned())))
            }
            _ => {
                let said = format!("instance `{}` is read in two ways.", self.name);
                let hint = "Keep one of `[instance.scim]`, `[instance.rest]`, `[instance.browser]` \
                            and `[instance.file]`; only `[instance.human]` may stand beside it.";
                Err(document.wrong(&here, &said, Some(hint.to_owned())))
            }
        }
    }
}

/// `[instance.reach]`: what can be done to this instance, and how well that is known, where it
/// differs from what the app's profile says of the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReachConfig {
    /// The only operations that the channel which reads may try; not said: all that it can do. People
    /// can be asked for the others.
    pub can: Option<Vec<Verb>>,
    /// Operations that can be taken back here.
    pub reversible: Vec<Verb>,
    /// Operations that cannot be taken back here.
    pub irreversible: Vec<Verb>,
    /// Operations that somebody has tried on this very instance.
    pub probed: Vec<Verb>,
}

impl ReachConfig {
    /// What `way` is on this instance. Nothing is added that the channel cannot do.
    #[must_use]
    pub fn narrow(&self, mut way: Way) -> Way {
        if let Some(can) = &self.can {
            way.can.retain(|verb, _| can.contains(verb));
        }
        for (verb, ability) in &mut way.can {
            if self.probed.contains(verb) {
                ability.basis = Basis::Probed;
            }
            if self.reversible.contains(verb) {
                ability.reversible = true;
            }
            if self.irreversible.contains(verb) {
                ability.reversible = false;
            }
        }
        way
    }
}

/// `[instance.scim]`: reached over SCIM 2.0 (RFC 7644).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScimConfig {
    /// The base URL, without `/Users`.
    pub base_url: String,
    /// Where the bearer token lies.
    pub token: SecretSource,
    /// Accounts per page; not said: what the vendor likes.
    #[serde(default)]
    pub page_size: Option<u32>,
    /// Whether the host may be on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
    /// The vendor has no groups, or they are not to be read.
    #[serde(default)]
    pub no_groups: bool,
    /// The vendor's `totalResults` counts the page only; two readings that agree prove the list.
    #[serde(default)]
    pub totals_unusable: bool,
    /// The vendor shows all members of a group in one answer, however many.
    #[serde(default)]
    pub members_whole: bool,
    /// How many requests may be sent in any second, at least 1; not said: it is learned.
    #[serde(default)]
    pub requests_per_second_max: Option<u32>,
    /// More accounts or groups than this end the reading, as partial; not said: 2,000,000.
    #[serde(default)]
    pub resources_max: Option<usize>,
    /// Until a connection must stand, in seconds; not said: 10.
    #[serde(default)]
    pub connect_deadline_s: Option<u32>,
    /// Until an answer must be there whole, in seconds; not said: 60.
    #[serde(default)]
    pub deadline_s: Option<u32>,
}

impl ScimConfig {
    fn check(&self, document: &Document<'_>, here: &[Step<'_>; 2]) -> Result<()> {
        let here = [here[0], here[1], "scim".into()];
        document.check_address(&here, "base_url", &self.base_url, self.allow_private)?;
        document.check_at_least_1(
            &here,
            "page_size",
            self.page_size,
            "a page holds at least 1 account.",
        )?;
        check_limits(
            document,
            &here,
            self.requests_per_second_max,
            self.resources_max,
            [self.connect_deadline_s, self.deadline_s],
        )
    }
}

/// What every channel over HTTP bounds.
pub(super) fn check_limits(
    document: &Document<'_>,
    here: &[Step<'_>; 3],
    requests_per_second_max: Option<u32>,
    resources_max: Option<usize>,
    [connect_deadline_s, deadline_s]: [Option<u32>; 2],
) -> Result<()> {
    let resources_max = resources_max.map(|max| u32::try_from(max).unwrap_or(u32::MAX));
    let limits = [
        (
            "requests_per_second_max",
            requests_per_second_max,
            "without a request in a second nothing could ever be read.",
        ),
        ("resources_max", resources_max, "nothing could ever be read whole."),
        ("connect_deadline_s", connect_deadline_s, "nobody answers in no time."),
        ("deadline_s", deadline_s, "nobody answers in no time."),
    ];
    let mut limits = limits.into_iter();
    limits.try_for_each(|(key, value, said)| document.check_at_least_1(here, key, value, said))
}

/// `[instance.file]`: read from a table that the app's administrator exports, acted on by requests
/// that are written into a folder.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// The CSV or XLSX file, relative to the workspace folder. A new export replaces it.
    pub path: PathBuf,
    /// How the file is written.
    #[serde(default)]
    pub format: TableFormat,
    /// Which of its columns is which of our fields.
    pub columns: AccountColumns,
    /// What the words in the state column mean.
    #[serde(default)]
    pub state_words: StateWords,
    /// Further columns to keep.
    #[serde(default)]
    pub attributes: Rest,
    /// Rights that lie in a table of their own.
    #[serde(default)]
    pub grants: Option<GrantsConfig>,
    /// The folder for change requests, relative to the workspace folder. Not said: nothing can be
    /// done to the instance.
    #[serde(default)]
    pub outbox: Option<PathBuf>,
}

impl FileConfig {
    fn check(&self, document: &Document<'_>, here: &[Step<'_>; 2]) -> Result<()> {
        let here = [here[0], here[1], "file".into()];
        document.check_path(&here, "path", &self.path)?;
        let columns = [here[0], here[1], here[2], "columns".into()];
        document.check_said(&columns, "key", &self.columns.key)?;
        if let Some(outbox) = &self.outbox {
            document.check_path(&here, "outbox", outbox)?;
        }
        if let Some(grants) = &self.grants {
            let here = [here[0], here[1], here[2], "grants".into()];
            document.check_path(&here, "path", &grants.path)?;
        }
        if let Some(word) = self.state_words.said_twice() {
            let path = [here[0], here[1], here[2], "state_words".into()];
            let said = format!("the word `{word}` has two meanings.");
            return Err(document.wrong(&path, &said, None));
        }
        Ok(())
    }
}

/// Our field to their column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountColumns {
    /// The app's stable id of the account. The only one that every instance must have.
    pub key: String,
    /// The name to sign in with.
    pub login: Option<String>,
    /// The whole name as shown.
    pub display_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// E-mail addresses; several in one cell by `format.list_separator`.
    pub email: Option<String>,
    /// Worker number.
    pub worker_number: Option<String>,
    /// The id that an IdP gave.
    pub external_id: Option<String>,
    /// Whether it lets anybody in; the words are in `state_words`.
    pub state: Option<String>,
    /// What the app says it is: `admin`, `service`, `mailbox`, ….
    pub type_hint: Option<String>,
    /// The day it was made. A time of day is dropped.
    pub created: Option<String>,
    /// The day it ends, as `format.ends` says.
    pub ends: Option<String>,
    /// Organisational unit.
    pub unit: Option<String>,
    /// Roles; several as above.
    pub roles: Option<String>,
    /// Groups or other rights; several as above. They become grants.
    pub groups: Option<String>,
    /// The seat that is billed.
    pub seat: Option<String>,
    /// Last use: a moment (RFC 3339) or a day, which counts from its first moment in UTC.
    pub last_seen: Option<String>,
}

/// `[instance.file.state_words]`: the words in the state column, capitals or not. A word that is
/// in none of the lists makes the snapshot partial; it never counts as suspended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StateWords {
    /// It lets in.
    pub active: Vec<String>,
    /// It exists and lets nobody in.
    pub suspended: Vec<String>,
    /// An invitation is out.
    pub invited: Vec<String>,
    /// It was there and is there no more.
    pub gone: Vec<String>,
}

impl Default for StateWords {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect();
        Self {
            active: words(&["active", "enabled", "true"]),
            suspended: words(&["suspended", "disabled", "deactivated", "inactive", "false"]),
            invited: words(&["invited", "pending"]),
            gone: words(&["deleted", "removed"]),
        }
    }
}

impl StateWords {
    /// Every word with its meaning, in lower case and trimmed.
    pub fn meanings(&self) -> BTreeMap<String, State> {
        self.each().map(|(word, state)| (word.trim().to_lowercase(), state)).collect()
    }

    fn each(&self) -> impl Iterator<Item = (&String, State)> {
        let lists = [
            (&self.active, State::Active),
            (&self.suspended, State::Suspended),
            (&self.invited, State::Invited),
            (&self.gone, State::Gone),
        ];
        lists.into_iter().flat_map(|(words, state)| words.iter().map(move |word| (word, state)))
    }

    fn said_twice(&self) -> Option<&str> {
        let meanings = self.meanings();
        let other = |(word, state): &(&String, State)| {
            meanings.get(&word.trim().to_lowercase()) != Some(state)
        };
        self.each().find(other).map(|(word, _)| word.as_str())
    }
}

/// Which further columns become attributes: none, some by name, or all that are left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    /// None.
    #[default]
    None,
    /// Our attribute to their column.
    Named(BTreeMap<String, String>),
    /// `"rest"`: every column that nothing else uses, under its own name.
    All,
}

impl<'de> Deserialize<'de> for Rest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct RestVisitor;

        impl<'de> Visitor<'de> for RestVisitor {
            type Value = Rest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"rest\", or a table of our attributes to their columns")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Rest, E> {
                match text {
                    "rest" => Ok(Rest::All),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rest, A::Error> {
                let mut named = BTreeMap::new();
                while let Some((ours, theirs)) = map.next_entry()? {
                    named.insert(ours, theirs);
                }
                Ok(Rest::Named(named))
            }
        }

        from.deserialize_any(RestVisitor)
    }
}

/// `[instance.file.grants]`: a table with one right of one account in each row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantsConfig {
    /// The CSV or XLSX file, relative to the workspace folder.
    pub path: PathBuf,
    /// How the file is written; that of the accounts where it is not said.
    #[serde(default)]
    pub format: Option<TableFormat>,
    /// Which of its columns is which of our fields.
    pub columns: GrantColumns,
    /// Whether the file also speaks of other instances. If not, a row of an account that the
    /// instance does not hold makes the snapshot partial.
    #[serde(default)]
    pub shared: bool,
}

/// Our field to their column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantColumns {
    /// The account's key.
    pub account: String,
    /// The entitlement.
    pub entitlement: String,
    /// The unit that the entitlement belongs to.
    pub unit: Option<String>,
    /// First day.
    pub starts: Option<String>,
    /// Last day, or the first day gone, as `format.ends` says.
    pub ends: Option<String>,
    /// The entitlement through which it came.
    pub via: Option<String>,
}
