//! Which channel reaches an instance, and what can be done there.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rollbook_catalog::{App, Catalog, GENERIC_FILE, GENERIC_HUMAN, GENERIC_SCIM};
use rollbook_core::change::Change;
use rollbook_core::id::InstanceName;
use rollbook_core::reach::{HUMAN, Reach, Way};
use rollbook_core::step::{Outcome, Seen};

use crate::channel::browser::{BrowserChannel, BrowserSettings, Exhibit, Report};
use crate::channel::file::FileChannel;
use crate::channel::human::HumanChannel;
use crate::channel::rest::{RestChannel, RestSettings};
use crate::channel::scim::{ScimChannel, ScimQuirks, ScimSettings};
use crate::channel::{Channel, Observation};
use crate::config::{BrowserConfig, InstanceConfig, ReachConfig, RestConfig, ScimConfig};
use crate::engine::Engine;
use crate::error::{Error, Result};

/// The ways to one instance: at most one that reads it and acts, and a person who acts.
///
/// The change says which way carries it out; what reads the instance also looks again.
#[derive(Debug)]
pub(crate) struct Open {
    instance: InstanceName,
    reader: Option<Reader>,
    human: Option<HumanChannel>,
}

/// The way that reads an instance.
#[derive(Debug)]
enum Reader {
    Scim(Box<ScimChannel>),
    Rest(Box<RestChannel>),
    Browser(Box<BrowserChannel>),
    File(FileChannel),
}

impl Open {
    pub(crate) async fn observe(&self) -> Result<Observation> {
        match (&self.reader, &self.human) {
            (Some(Reader::Scim(channel)), _) => channel.observe().await,
            (Some(Reader::Rest(channel)), _) => channel.observe().await,
            (Some(Reader::Browser(channel)), _) => channel.observe().await,
            (Some(Reader::File(channel)), _) => channel.observe().await,
            (None, Some(channel)) => channel.observe().await,
            (None, None) => Err(no_way(&self.instance)),
        }
    }

    pub(crate) async fn apply(&self, change: &Change) -> Outcome {
        match (&self.reader, &self.human) {
            (_, Some(channel)) if is_for_people(change) => channel.apply(change).await,
            _ if is_for_people(change) => self.lost(change),
            (Some(Reader::Scim(channel)), _) => channel.apply(change).await,
            (Some(Reader::Rest(channel)), _) => channel.apply(change).await,
            (Some(Reader::Browser(channel)), _) => channel.apply(change).await,
            (Some(Reader::File(channel)), _) => channel.apply(change).await,
            (None, _) => self.lost(change),
        }
    }

    /// The way of the change is not set up any more, so nothing was sent.
    fn lost(&self, change: &Change) -> Outcome {
        let channel = &change.route.channel;
        Outcome::Failed {
            why: format!("{} is not reached by {channel} any more.", self.instance),
            retry_at: None,
            hint: "Plan again, so that another way is picked.".to_owned(),
        }
    }

    pub(crate) async fn look(&self, change: &Change) -> Seen {
        match (&self.reader, &self.human) {
            (Some(Reader::Scim(channel)), _) => channel.look(change).await,
            (Some(Reader::Rest(channel)), _) => channel.look(change).await,
            (Some(Reader::Browser(channel)), _) => channel.look(change).await,
            (Some(Reader::File(channel)), _) => channel.look(change).await,
            (None, Some(channel)) => channel.look(change).await,
            (None, None) => {
                Seen::Unobservable { why: no_way(&self.instance).to_string(), retry_at: None }
            }
        }
    }

    /// What a browser did and saw since the last time that somebody asked; nothing elsewhere.
    pub(crate) async fn report(&self) -> Report {
        match &self.reader {
            Some(Reader::Browser(channel)) => channel.report().await,
            _ => Report::default(),
        }
    }

    /// A picture of the page that a browser has open now, with everybody covered.
    pub(crate) async fn picture(&self, shows: &str) -> Option<Exhibit> {
        match &self.reader {
            Some(Reader::Browser(channel)) => channel.picture(shows).await,
            _ => None,
        }
    }

    /// Looks at what a person was to do. What was read before `said_at`, the moment at which they
    /// were asked or said that it is done, tells nothing.
    pub(crate) async fn look_after(&self, change: &Change, said_at: Timestamp) -> Seen {
        match &self.reader {
            Some(Reader::File(channel)) => channel.look_after(change, said_at).await,
            _ => self.look(change).await,
        }
    }

    /// The outcome of a change that waits for somebody, if they said no; see
    /// [`FileChannel::refused`].
    pub(crate) async fn refused(&self, change: &Change) -> Option<Outcome> {
        match &self.reader {
            Some(Reader::File(channel)) if !is_for_people(change) => channel.refused(change).await,
            _ => None,
        }
    }
}

/// Whether a person is to carry the change out.
pub(crate) fn is_for_people(change: &Change) -> bool {
    change.route.channel == HUMAN
}

fn no_way(instance: &InstanceName) -> Error {
    Error::setup(format!("The instance {instance} does not say how it is reached.")).hint(
        "Add `[instance.scim]`, `[instance.rest]`, `[instance.browser]`, `[instance.file]` or \
         `[instance.human]` to rollbook.toml.",
    )
}

impl Engine {
    /// Opens the ways to an instance; reads its secret.
    pub(crate) fn open_channel(&self, instance: &InstanceConfig) -> Result<Open> {
        Ok(Open {
            instance: instance.name.clone(),
            reader: self.open_reader(instance)?,
            human: HumanChannel::new(instance),
        })
    }

    fn open_reader(&self, instance: &InstanceConfig) -> Result<Option<Reader>> {
        Ok(match (&instance.scim, &instance.rest, &instance.browser, &instance.file) {
            (Some(scim), ..) => {
                let mut settings = settings(instance, scim, &self.dir)?;
                let seen = self.store.read(|book| book.newest_snapshot(&instance.name))?;
                settings.shows_members = seen
                    .is_some_and(|head| head.groups.iter().any(|group| !group.members.is_empty()));
                settings.pace = Some(self.pace(&instance.name, settings.limit())?);
                Some(Reader::Scim(Box::new(ScimChannel::new(settings)?)))
            }
            (None, Some(rest), ..) => {
                let mut settings = rest_settings(&self.config.catalog, instance, rest, &self.dir)?;
                settings.pace = Some(self.pace(&instance.name, settings.limit())?);
                Some(Reader::Rest(Box::new(RestChannel::new(settings)?)))
            }
            (None, None, Some(browser), _) => {
                Some(Reader::Browser(Box::new(self.open_browser(instance, browser)?)))
            }
            (None, None, None, Some(_)) => {
                let zone = self.config.workspace.zone();
                Some(Reader::File(FileChannel::new(instance, &self.dir, zone)?))
            }
            (None, None, None, None) => None,
        })
    }

    /// A browser for an instance; none is started before it is needed.
    pub(crate) fn open_browser(
        &self,
        instance: &InstanceConfig,
        config: &BrowserConfig,
    ) -> Result<BrowserChannel> {
        let app = self.config.catalog.app(&instance.app).and_then(|app| app.browser.clone());
        let app = app.ok_or_else(|| {
            Error::setup(format!("The app file of {} has no steps for a browser.", instance.name))
                .hint("Use another way, or add `[browser]` to the app file.")
        })?;
        let (known, recipe) = self
            .store
            .read(|book| Ok((book.accounts_of(&instance.name)?, book.recipe(&instance.name)?)))?;
        BrowserChannel::new(BrowserSettings {
            instance: instance.name.clone(),
            app,
            settings: config.settings.clone(),
            base_url: config.base_url.clone(),
            origins: config.origins.clone(),
            user: config.user.clone(),
            password: config.password.load(&self.dir)?,
            totp: config.totp.as_ref().map(|totp| totp.load(&self.dir)).transpose()?,
            session: config.session.as_ref().map(|file| self.dir.join(file)),
            allow_private: config.allow_private,
            verified_domains: instance.employer_domains.clone(),
            deadline: Duration::from_secs(config.deadline_s.unwrap_or(15).into()),
            webdriver: std::env::var("ROLLBOOK_WEBDRIVER_URL").ok().filter(|url| !url.is_empty()),
            shape: recipe.shape,
            known,
        })
    }

    /// The configuration of an instance.
    pub(crate) fn instance(&self, name: &InstanceName) -> Result<&InstanceConfig> {
        self.config.instances.iter().find(|i| i.name == *name).ok_or_else(|| {
            Error::input(format!("There is no instance {name} in rollbook.toml."))
                .hint("The plan may be older than the configuration. Make it again.")
        })
    }

    /// What can be done to each instance, by the way that reads it first and by people after: what
    /// the app's profile says of its channels, narrowed by what the configuration says of this
    /// instance and by what probes saw there.
    pub fn reach(&self) -> Result<BTreeMap<InstanceName, Reach>> {
        self.store.read(|book| {
            let mut reach = BTreeMap::new();
            for instance in &self.config.instances {
                let tried = self.tried_in(book, instance)?;
                let reads = self.read_ways(instance).into_iter();
                let reads = reads.map(|way| instance.reach.narrow(way));
                let human = self.human_way(instance);
                let ways = reads.chain(human).map(|way| tried.way(way));
                let routes = ways.map(|way| self.quarantined_way(book, instance, way));
                let routes = routes.collect::<Result<_>>()?;
                reach.insert(instance.name.clone(), Reach { routes });
            }
            Ok(reach)
        })
    }

    /// What the channel that reads an instance can do there.
    fn read_ways(&self, instance: &InstanceConfig) -> Vec<Way> {
        let channel = instance.channel();
        let can_act = instance.file.as_ref().is_none_or(|file| file.outbox.is_some());
        if !instance.is_read() || !can_act {
            return Vec::new();
        }
        let ways = self.profile(instance).into_iter().flat_map(|app| app.reach().routes);
        ways.filter(|way| way.channel == channel).collect()
    }

    /// What people can do in an instance, where somebody gets tasks.
    pub(crate) fn human_way(&self, instance: &InstanceConfig) -> Option<Way> {
        instance.human.as_ref()?;
        let catalog = &self.config.catalog;
        let app = catalog.app(&instance.app).or_else(|| catalog.app(GENERIC_HUMAN));
        // What a program may not try is what people are there for.
        let asked = ReachConfig { can: None, ..instance.reach.clone() };
        app.map(|app| asked.narrow(app.human_way()))
    }

    /// What is known of an instance's app: its own file, where that speaks of its channel, or that of
    /// any app on that channel.
    pub(crate) fn profile(&self, instance: &InstanceConfig) -> Option<&App> {
        let (catalog, channel) = (&self.config.catalog, instance.channel());
        let own = catalog.app(&instance.app).filter(|app| speaks(app, channel));
        own.or_else(|| catalog.app(generic(channel)))
    }
}

fn speaks(app: &App, channel: &str) -> bool {
    app.reach().routes.iter().any(|way| way.channel == channel)
}

/// The profile of any app that is reached by this channel and by nothing better known.
fn generic(channel: &str) -> &'static str {
    match channel {
        "scim" => GENERIC_SCIM,
        HUMAN => GENERIC_HUMAN,
        _ => GENERIC_FILE,
    }
}

fn rest_settings(
    catalog: &Catalog,
    instance: &InstanceConfig,
    config: &RestConfig,
    dir: &Path,
) -> Result<RestSettings> {
    let app = catalog.app(&instance.app).and_then(|app| app.rest.clone());
    let app = app.ok_or_else(|| {
        Error::setup(format!("The app file of instance {} has no REST route.", instance.name))
            .hint("Use `[instance.scim]` or `[instance.file]`.")
    })?;
    let token = config.token.load(dir)?;
    let mut settings =
        RestSettings::new(instance.name.clone(), app, config.settings.clone(), token);
    settings.base_url.clone_from(&config.base_url);
    settings.token_url.clone_from(&config.token_url);
    settings.allow_private = config.allow_private;
    settings.verified_domains.clone_from(&instance.employer_domains);
    let seconds = |s: u32| Duration::from_secs(s.into());
    settings.resources_max = config.resources_max.unwrap_or(settings.resources_max);
    settings.connect_deadline =
        config.connect_deadline_s.map_or(settings.connect_deadline, seconds);
    settings.deadline = config.deadline_s.map_or(settings.deadline, seconds);
    settings.requests_per_second_max = config.requests_per_second_max;
    Ok(settings)
}

pub(crate) fn settings(
    instance: &InstanceConfig,
    scim: &ScimConfig,
    dir: &Path,
) -> Result<ScimSettings> {
    let token = scim.token.load(dir)?;
    let mut settings = ScimSettings::new(instance.name.clone(), &scim.base_url, token);
    settings.allow_private = scim.allow_private;
    settings.verified_domains.clone_from(&instance.employer_domains);
    let seconds = |s: u32| Duration::from_secs(s.into());
    settings.page_size = scim.page_size.unwrap_or(settings.page_size);
    settings.resources_max = scim.resources_max.unwrap_or(settings.resources_max);
    settings.connect_deadline = scim.connect_deadline_s.map_or(settings.connect_deadline, seconds);
    settings.deadline = scim.deadline_s.map_or(settings.deadline, seconds);
    settings.requests_per_second_max = scim.requests_per_second_max;
    settings.quirks = ScimQuirks {
        no_groups: scim.no_groups,
        totals_unusable: scim.totals_unusable,
        members_whole: scim.members_whole,
    };
    Ok(settings)
}
