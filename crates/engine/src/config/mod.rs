//! `rollbook.toml`: the sources, the instances and the policy of one workspace.
//!
//! Unknown keys are errors, with the nearest known key as a suggestion; a secret in clear is an
//! error that does not repeat the secret. Nothing here reads a secret or a delivered file.

mod agreement;
mod book;
mod browser;
mod files;
mod human;
mod instance;
mod leaver;
mod notify;
mod push;
mod read;
mod rest;
mod schedule;
mod serve;
mod source;
mod window;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rollbook_catalog::Catalog;
use rollbook_core::policy::Policy;
use serde::Deserialize;

pub use self::book::BookConfig;
pub use self::browser::BrowserConfig;
pub use self::files::{APPS, Files};
pub use self::human::HumanConfig;
pub use self::instance::{
    AccountColumns, FileConfig, GrantColumns, GrantsConfig, InstanceConfig, ReachConfig, Rest,
    ScimConfig, StateWords,
};
pub(crate) use self::notify::EMAIL;
pub use self::notify::{EmailConfig, EmailTls, Notify, WebhookConfig, WebhookKind};
pub use self::push::{ALL, GroupRule, PushConfig};
pub use self::rest::RestConfig;
pub use self::schedule::ScheduleConfig;
pub use self::serve::Serve;
pub use self::source::{AppointmentColumns, AppointmentsConfig, SourceColumns, SourceConfig};
pub use self::window::WindowConfig;
use crate::error::Result;
use crate::nearest::nearest;
use crate::store::Place;

/// The file that every workspace has.
pub const FILE_NAME: &str = "rollbook.toml";

/// All of `rollbook.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The workspace as a whole.
    pub workspace: Workspace,
    /// Where the book lies. `None`: in a file in the workspace folder.
    pub store: Option<BookConfig>,
    /// The authorities about who works here, in the order of the file.
    #[serde(default, rename = "source")]
    pub sources: Vec<SourceConfig>,
    /// The tenants of apps that are looked after, in the order of the file.
    #[serde(default, rename = "instance")]
    pub instances: Vec<InstanceConfig>,
    /// What should be, what may be done, and who must agree.
    #[serde(default)]
    pub policy: Policy,
    /// Where identity providers reach the server.
    #[serde(default)]
    pub serve: Serve,
    /// Where people hear of their tasks.
    #[serde(default)]
    pub notify: Notify,
    /// What runs by itself, in the order of the file.
    #[serde(default, rename = "schedule")]
    pub schedules: Vec<ScheduleConfig>,
    /// What is known of apps: what this build carries, and the workspace's own app files.
    #[serde(skip, default = "embedded")]
    pub catalog: Arc<Catalog>,
}

fn embedded() -> Arc<Catalog> {
    Arc::clone(Catalog::embedded())
}

impl Config {
    /// Where the book of the workspace in the folder `dir` lies.
    ///
    /// # Errors
    /// When its address is a secret that is not there or cannot be read.
    pub fn place(&self, dir: &Path) -> Result<Place> {
        match &self.store {
            Some(store) => store.place(dir),
            None => Ok(Place::Folder(dir.to_owned())),
        }
    }

    /// Reads the configuration in the workspace folder `dir`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] where a file is missing or wrong; the message names the file,
    /// the line and the key.
    pub fn load(dir: &Path) -> Result<Self> {
        Files::read(dir)?.config(dir)
    }

    /// Reads the text of a `rollbook.toml`; `file` is the name that errors give. The workspace has no
    /// app files of its own.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        Self::parse_with(text, file, embedded())
    }

    fn parse_with(text: &str, file: &str, catalog: Arc<Catalog>) -> Result<Self> {
        let document = read::document(text, file)?;
        document.refuse_secrets()?;
        let mut config: Self = document.typed()?;
        config.catalog = catalog;
        config.check(&document)?;
        for instance in &mut config.instances {
            if instance.employer_domains.is_empty() {
                instance.employer_domains.clone_from(&config.workspace.employer_domains);
            }
        }
        Ok(config)
    }

    /// What the types cannot say: names are unique and known, shares are percentages.
    fn check(&self, document: &read::Document<'_>) -> Result<()> {
        self.serve.check(document)?;
        self.notify.check(document)?;
        if let Some(store) = &self.store {
            store.check(document)?;
        }
        let mut seen = BTreeSet::new();
        for (at, source) in self.sources.iter().enumerate() {
            let name = source.name.as_str();
            document.check_name(&["source".into(), at.into(), "name".into()], name, &mut seen)?;
            source.check(document, at)?;
        }
        let mut seen = BTreeSet::new();
        for (at, instance) in self.instances.iter().enumerate() {
            let name = instance.name.as_str();
            document.check_name(&["instance".into(), at.into(), "name".into()], name, &mut seen)?;
            instance.check(document, at, &self.catalog)?;
        }
        schedule::check(document, self)?;
        self.check_policy(document, &seen)
    }

    fn check_policy(&self, document: &read::Document<'_>, known: &BTreeSet<&str>) -> Result<()> {
        for (at, right) in self.policy.birthright.iter().enumerate() {
            let name = right.instance.as_str();
            if name != "*" && !known.contains(name) {
                let path = ["policy".into(), "birthright".into(), at.into(), "instance".into()];
                let known: Vec<&str> = known.iter().copied().collect();
                let said = format!("no instance is named `{name}`.");
                return Err(document.wrong(&path, &said, nearest(name, &known)));
            }
        }
        let path = ["policy".into(), "limits".into(), "removed_pct_max".into()];
        document.check_percent(&path, self.policy.limits.removed_pct_max)?;
        agreement::check(document, &self.policy, known)?;
        leaver::check(document, &self.policy.leaver)?;
        push::check_standing(document, &self.policy, known)
    }
}

/// The workspace as a whole.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// The company's name, as reports show it.
    pub name: String,
    /// The zone (IANA name, known to exist) that says when a last day is over: an end date is the
    /// whole day there.
    #[serde(deserialize_with = "read::time_zone")]
    pub time_zone: String,
    /// The e-mail domains that the employer owns. An address there is taken as verified.
    #[serde(default)]
    pub employer_domains: Vec<String>,
}

impl Workspace {
    /// The time zone itself.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).expect("the name was looked up when the file was read")
    }

    /// Which day it is at `now` in the workspace's zone.
    pub fn day_of(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone()).date()
    }

    /// The moment from which a record with this (half-open) end no longer holds: the first moment
    /// of the day `ends` in the workspace's zone, also where that day does not begin at midnight.
    /// `None` only for days that lie outside the range of [`Timestamp`].
    pub fn end_of(&self, ends: Date) -> Option<Zoned> {
        self.zone().to_ambiguous_zoned(ends.at(0, 0, 0, 0)).compatible().ok()
    }
}

/// The commented `rollbook.toml` that `rollbook init` writes for a company called `name`, whose book
/// lies where `store` says. It loads as it is: a workspace without sources and instances.
pub fn template(name: &str, store: Option<&BookConfig>) -> String {
    let quoted = toml::Value::String(name.to_owned()).to_string();
    let text = include_str!("template.toml").replace("\"COMPANY\"", &quoted);
    match store {
        Some(store) => text.replacen(STORE_EXAMPLE, &store.lines(), 1),
        None => text,
    }
}

/// What stands in the template where the book may lie elsewhere.
const STORE_EXAMPLE: &str = "\
# [store]
# url = { env = \"ROLLBOOK_DATABASE_URL\" }  # or { file = \"secrets/database\" }; never in clear
# schema = \"acme\"                    # the schema that is this workspace, and nothing else
# ca_file = \"ca.pem\"                 # left out: an authority that the system trusts
";
