//! Apps that have an admin page and nothing else: a browser does there what an administrator does.
//!
//! The steps come from the app's file; see [`rollbook_catalog::browser`]. Each channel has a browser of
//! its own, with a fresh profile, one instance's credential and nothing in reach but that instance's
//! origins. What it reads is believed only if the page's own count agrees. It presses in no row but the
//! one that says the account's key and address in that very moment, agrees to no dialog but the one
//! that says what it must, and whatever it pressed without seeing what came of it is uncertain.

mod apply;
mod code;
mod download;
mod facts;
mod network;
mod process;
mod reading;
mod recorded;
mod recorder;
mod report;
mod row;
mod session;
mod shape;
mod state;
mod stored;
mod trouble;
mod veil;
mod walk;
mod webdriver;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rollbook_catalog::browser::{Browser, Purpose};
use rollbook_core::account::Account;
use rollbook_core::canonical::same_login;
use rollbook_core::change::Change;
use rollbook_core::id::InstanceName;
use rollbook_core::step::{Outcome, Seen};
use tokio::sync::Mutex;

use self::facts::Facts;
use self::reading::Listed;
use self::session::Session;
use self::state::State;
use self::stored::Stored;
use self::trouble::Trouble;
use self::veil::Veil;
use self::walk::{Ground, Walk};
use super::http::judge_base_url;
use super::{Channel, Observation};
use crate::error::{Error, Result};
use crate::secret::Secret;

pub use recorded::{Recorded, Sample};
pub use recorder::Recorder;
pub use report::{Exhibit, Report};
pub use session::Sight;
pub use shape::drift;

/// How often the list is read before it is taken as it is.
const READS_MAX: usize = 3;

/// What a channel goes by.
#[derive(Clone, Debug)]
pub struct BrowserSettings {
    /// The instance's name.
    pub instance: InstanceName,
    /// How its app is driven.
    pub app: Browser,
    /// What the app's file asks of each instance.
    pub settings: BTreeMap<String, String>,
    /// Where its pages are, if not as the app's file says.
    pub base_url: Option<String>,
    /// Further hosts without which its pages do not work.
    pub origins: Vec<String>,
    /// The name that the browser signs in with.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// What its one-time codes are made of; `None`: it has none.
    pub totp: Option<Secret>,
    /// The file in which its session outlives the browser; `None`: it signs in each time.
    pub session: Option<PathBuf>,
    /// Whether its hosts may be on this machine or in a private network.
    pub allow_private: bool,
    /// Domains whose addresses belong to the employer.
    pub verified_domains: Vec<String>,
    /// How long one step may take.
    pub deadline: Duration,
    /// A WebDriver server that has browsers; `None`: a driver is started here.
    pub webdriver: Option<String>,
    /// What the list of members was made of when the recipe was last accepted; empty: never.
    pub shape: Vec<String>,
    /// Who was seen there before, so that pictures of a page that cannot be read show nobody.
    pub known: Vec<Account>,
}

/// A browser in one instance.
#[derive(Debug)]
pub struct BrowserChannel {
    settings: BrowserSettings,
    base: String,
    origin: String,
    state: Mutex<State>,
}

impl BrowserChannel {
    /// Judges the addresses; no browser is started before it is needed.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the address cannot be used or a setting is missing.
    pub fn new(settings: BrowserSettings) -> Result<Self> {
        let name = &settings.instance;
        let facts = Facts::of_instance(&settings.settings, &settings.user);
        let base = match &settings.base_url {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => facts.fill(&settings.app.base_url).map_err(|unknown| {
                Error::setup(format!("The instance {name} does not say its {}.", unknown.0)).hint(
                    "Add it to `[instance.browser.settings]`; `rollbook guide` says what it is.",
                )
            })?,
        };
        let missing =
            settings.app.settings.iter().find(|(key, _)| !settings.settings.contains_key(*key));
        if let Some((key, what)) = missing {
            return Err(Error::setup(format!("The instance {name} does not say `{key}`: {what}."))
                .hint("Add it to `[instance.browser.settings]`."));
        }
        let (url, _) = judge_base_url(&base, settings.allow_private).map_err(|(what, hint)| {
            Error::setup(format!("The address of instance `{name}` is refused: {what}.")).hint(hint)
        })?;
        let origin = url.origin().ascii_serialization();
        let state = State::beginning(&settings.shape);
        Ok(Self { settings, base, origin, state: Mutex::new(state) })
    }

    /// What was done and seen since the last time that somebody asked.
    pub async fn report(&self) -> Report {
        std::mem::take(&mut self.state.lock().await.report)
    }

    /// A picture of the page that is open now, with everybody covered; `None`: no page is, or not
    /// everybody could be.
    pub async fn picture(&self, shows: &str) -> Option<Exhibit> {
        let state = self.state.lock().await;
        let veil = Veil::over(&state.seen, None).and(&self.settings.user);
        veil.picture(state.session.as_ref()?, None, shows).await.ok()
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            app: &self.settings.app,
            base: &self.base,
            origin: &self.origin,
            password: &self.settings.password,
            totp: self.settings.totp.as_ref(),
            deadline: self.settings.deadline,
        }
    }

    /// Sees to it that there is a browser, and that it is signed in.
    async fn prepare(&self, state: &mut State) -> Result<(), Trouble> {
        if let Some(why) = &state.refused {
            return Err(Trouble::SignIn(why.clone()));
        }
        if state.session.is_none() {
            let mut session = self.start(Sight::Hidden).await.map_err(Trouble::Gone)?;
            state.is_signed_in = self.restore(&mut session, &mut state.report).await;
            state.session = Some(session);
        }
        if state.is_signed_in {
            return Ok(());
        }
        let ground = self.ground();
        let steps = self.settings.app.steps(Purpose::SignIn);
        let mut walk = self.walk(&ground, state, Purpose::SignIn)?;
        match walk.go(steps).await {
            Ok(()) => {
                state.is_signed_in = true;
                self.keep(state).await;
            }
            Err(Trouble::Gone(why)) => return Err(Trouble::Gone(why)),
            Err(trouble) => {
                walk.picture("what signing in came to").await;
                let why = trouble.sentence();
                // Only the last step waits for the app to let in; before it, the page is at fault.
                let last = steps.last().map(ToString::to_string);
                let is_before =
                    matches!(&trouble, Trouble::Stuck { step, .. } if Some(step) != last.as_ref());
                if is_before && trouble.is_of_the_page() && !state.shape.is_empty() {
                    state.report.drift = Some(why.clone());
                }
                state.refused = Some(why.clone());
                return Err(Trouble::SignIn(why));
            }
        }
        Ok(())
    }

    /// A browser that reaches the instance's origins and nothing else.
    async fn start(&self, sight: Sight) -> Result<Session, String> {
        let own = std::iter::once(&self.origin);
        let origins = own.chain(&self.settings.app.origins).chain(&self.settings.origins);
        let origins: Vec<String> = origins.cloned().collect();
        let rules = network::rules(&origins, self.settings.allow_private).await?;
        Session::start(&rules, self.settings.webdriver.as_deref(), sight).await
    }

    fn stored(&self) -> Option<Stored> {
        let file = self.settings.session.clone()?;
        Some(Stored { file, user: self.settings.user.clone(), origin: self.origin.clone() })
    }

    /// Takes up the session that was kept, if there is one. Whether it still holds, the first page
    /// shows that needs it.
    async fn restore(&self, session: &mut Session, report: &mut Report) -> bool {
        let Some(stored) = self.stored() else { return false };
        match stored.read() {
            Ok(cookies) if cookies.is_empty() => false,
            Ok(cookies) => session.take_up(&self.base, cookies).await.is_ok(),
            Err(why) => {
                report.say(format!("The session that was kept is not used. {why}"));
                false
            }
        }
    }

    /// Keeps the session for the next browser, where that is wanted.
    async fn keep(&self, state: &mut State) {
        let (Some(stored), Some(session)) = (self.stored(), &state.session) else { return };
        let kept = match session.cookies().await {
            Ok(cookies) => stored.write(cookies),
            Err(_) => Err("The browser does not give its session.".to_owned()),
        };
        if let Err(why) = kept {
            state.report.say(why);
        }
    }

    /// Opens a browser in which an administrator shows what is to be done, and notes it.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when no browser starts, or the app cannot be reached.
    pub async fn record(&self, sight: Sight) -> Result<Recorder> {
        let begun = match self.start(sight).await {
            Ok(session) => {
                let user = &self.settings.user;
                Recorder::begin(session, &self.settings.app, user, &self.base).await
            }
            Err(why) => Err(why),
        };
        begun.map_err(|why| {
            Error::setup(format!("Nothing can be recorded: {why}.")).hint(
                "Check that chromium and chromedriver are installed, and that this terminal has a screen.",
            )
        })
    }

    /// A walk in the browser that is there.
    fn walk<'w>(
        &self,
        ground: &'w Ground<'w>,
        state: &'w mut State,
        purpose: Purpose,
    ) -> Result<Walk<'w>, Trouble> {
        let State { session: Some(session), report, .. } = state else {
            return Err(Trouble::Gone("it did not start".to_owned()));
        };
        let facts = Facts::of_instance(&self.settings.settings, &self.settings.user);
        let veil = Veil::over(&self.settings.known, None).and(&self.settings.user);
        Ok(Walk { ground, session, report, purpose, facts, guard: None, veil, touched: false })
    }

    /// Reads the list; again where it cannot be whole, and once more in a new browser where that of
    /// before is gone.
    async fn list(&self, state: &mut State) -> Result<Listed, Trouble> {
        let ground = self.ground();
        let mut reads = 0;
        loop {
            reads += 1;
            let may_retry = reads < READS_MAX;
            match self.prepare(state).await {
                Err(Trouble::Gone(_)) if may_retry && state.session.is_some() => {
                    state.session = None;
                    continue;
                }
                ready => ready?,
            }
            let is_known = !state.shape.is_empty();
            let mut walk = self.walk(&ground, state, Purpose::Members)?;
            match walk.list().await {
                Ok(listed) if listed.coverage.is_complete() || !may_retry => {
                    self.note(state, &listed).await;
                    return Ok(listed);
                }
                Ok(_) => {}
                Err(Trouble::SignedOut) if may_retry => state.is_signed_in = false,
                Err(Trouble::Gone(_)) if may_retry => state.session = None,
                Err(trouble) => {
                    if trouble.is_of_the_page() && is_known {
                        walk.picture("the page that is not as it was").await;
                        state.report.drift = Some(trouble.sentence());
                    }
                    state.begin_anew(&trouble).await;
                    return Err(trouble);
                }
            }
        }
    }

    /// Keeps what a list told, and holds what the page is made of against what it was.
    async fn note(&self, state: &mut State, listed: &Listed) {
        state.went_well();
        state.seen = self.accounts(listed);
        state.report.shape.clone_from(&listed.shape);
        state.report.drift = None;
        if listed.table.is_none() {
            return;
        }
        state.report.drift = drift(&state.shape, &listed.shape);
        let shows = match (&state.report.drift, state.shape.is_empty()) {
            (Some(_), _) => "the list of members, which is not as it was",
            (None, true) => "the list of members as it was accepted",
            (None, false) => return,
        };
        let veil = Veil::over(&state.seen, None).and(&self.settings.user);
        if let Some(session) = &state.session {
            state.report.exhibits.extend(veil.picture(session, None, shows).await.ok());
        }
        if state.shape.is_empty() {
            state.shape.clone_from(&listed.shape);
        }
    }

    /// The accounts of a list, ordered by key, no key twice.
    fn accounts(&self, listed: &Listed) -> Vec<Account> {
        let members = &self.settings.app.members;
        let read = listed.rows.iter().map(|(row, _)| {
            let domains = &self.settings.verified_domains;
            let (account, _) = row.account(&self.settings.instance, members, domains);
            // The account that does all this is a robot's, whatever its role is called.
            match same_login(&account.login, &self.settings.user) {
                true => Account { type_hint: "agent".to_owned(), ..account },
                false => account,
            }
        });
        let mut accounts: Vec<Account> = read.collect();
        accounts.sort_by(|one, other| one.key.cmp(&other.key));
        accounts.dedup_by(|one, other| one.key == other.key);
        accounts
    }
}

impl Channel for BrowserChannel {
    async fn observe(&self) -> Result<Observation> {
        let mut state = self.state.lock().await;
        let listed = self.list(&mut state).await.map_err(|trouble| {
            let name = &self.settings.instance;
            Error::setup(format!("The members of {name} could not be read. {}", trouble.sentence()))
                .hint(trouble.hint(&self.settings.user))
        })?;
        Ok(Observation {
            accounts: self
                .accounts(&listed)
                .into_iter()
                .filter(|it| !it.key.as_str().trim().is_empty())
                .collect(),
            groups: Vec::new(),
            reported: listed.told,
            coverage: listed.coverage,
        })
    }

    async fn apply(&self, change: &Change) -> Outcome {
        let mut state = self.state.lock().await;
        self.carry_out(change, &mut state).await
    }

    async fn look(&self, change: &Change) -> Seen {
        let mut state = self.state.lock().await;
        self.look_at(change, &mut state).await
    }
}
