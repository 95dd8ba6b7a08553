//! The `file` channel: an app that cannot be reached by a program.
//!
//! Its administrator exports the accounts as a table; we write change requests into a folder, one
//! file each, and see in the next export whether they were carried out. An export that is not newer
//! than a request says nothing about it.

mod account;
mod export;
mod request;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rollbook_core::account::Account;
use rollbook_core::canonical::{fold, same_login};
use rollbook_core::change::{Change, Op, Profile};
use rollbook_core::id::InstanceName;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Found, Outcome, Seen, found};

pub use self::account::AccountRow;
pub(crate) use self::account::is_ours;
pub use self::export::{Export, stream};
pub use self::request::Request;
use self::request::{Place, REFUSED};
use super::{Channel, Observation};
use crate::clock::Clock;
use crate::config::{FileConfig, InstanceConfig};
use crate::error::{Error, Result};
use crate::table;

/// Reads the exports of one instance and writes requests to its administrator.
#[derive(Clone, Debug)]
pub struct FileChannel {
    // Reading blocks, so it runs on another thread, which needs a share of all this.
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    instance: InstanceName,
    owner: String,
    config: FileConfig,
    domains: Vec<String>,
    stale_after_h: u32,
    base: PathBuf,
    zone: TimeZone,
}

impl FileChannel {
    /// The channel of `instance`, with paths relative to `base`. `zone` says which day a moment
    /// belongs to.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] if the instance is not reached over files.
    pub fn new(instance: &InstanceConfig, base: &Path, zone: TimeZone) -> Result<Self> {
        let Some(config) = instance.file.clone() else {
            let said = format!("The instance {} has no `[instance.file]`.", instance.name);
            return Err(Error::setup(said).hint("Add it to rollbook.toml."));
        };
        let shared = Shared {
            instance: instance.name.clone(),
            owner: instance.owner.clone(),
            config,
            domains: instance.employer_domains.clone(),
            stale_after_h: instance.stale_after_h,
            base: base.to_owned(),
            zone,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// [`Outcome::Refused`] if the app's administrator refused the request for `change`. An outbox
    /// that cannot be read says neither yes nor no.
    pub async fn refused(&self, change: &Change) -> Option<Outcome> {
        let request = Request::new(change);
        self.blocking(move |shared| {
            let outbox = shared.config.outbox.as_ref()?;
            match request.place(&shared.base.join(outbox)).ok()?? {
                Place::Refused { why, .. } => Some(shared.said_no(&request, outbox, &why)),
                Place::Asked { .. } => None,
            }
        })
        .await
    }

    /// The account of `change` in an export that is newer than `asked_at`, the moment at which a
    /// person was asked or said that it is done. An older export says nothing about it.
    pub async fn look_after(&self, change: &Change, asked_at: Timestamp) -> Seen {
        let change = change.clone();
        self.blocking(move |shared| shared.see_after(&change, Some(asked_at))).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> T {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || work(&shared))
            .await
            .expect("reading files neither panics nor is it cancelled")
    }
}

impl Channel for FileChannel {
    async fn observe(&self) -> Result<Observation> {
        self.blocking(|shared| export::observe(shared, Clock::System.now())).await
    }

    async fn apply(&self, change: &Change) -> Outcome {
        let change = change.clone();
        self.blocking(move |shared| shared.request(&change)).await
    }

    async fn look(&self, change: &Change) -> Seen {
        let change = change.clone();
        self.blocking(move |shared| shared.see(&change)).await
    }
}

impl Shared {
    /// Writes the request for `change`, unless it lies there or nothing needs to be done.
    fn request(&self, change: &Change) -> Outcome {
        let Some(outbox) = &self.config.outbox else {
            return Outcome::Failed {
                why: format!("Nothing can be asked of {}: it has no outbox.", self.instance),
                retry_at: None,
                hint: "Set `outbox` in `[instance.file]`.".to_owned(),
            };
        };
        let request = Request::new(change);
        let task = self.task(&request, outbox);
        match request.place(&self.base.join(outbox)) {
            Ok(Some(Place::Asked { .. })) => return Outcome::Waiting { task },
            Ok(Some(Place::Refused { why, .. })) => return self.said_no(&request, outbox, &why),
            Ok(None) => {}
            Err(e) => return failed(&e),
        }
        match found(change, &self.find(change)) {
            Found::Fits => match request.write(&self.base.join(outbox)) {
                Ok(()) => Outcome::Waiting { task },
                Err(e) => failed(&e),
            },
            Found::AlreadySo => match self.find(change) {
                Seen::Present { account } => Outcome::AlreadyDone { account: account.key },
                _ => Outcome::AlreadyDone { account: change.account.clone().unwrap_or_default() },
            },
            Found::Differs { why } => Outcome::Refused { why },
            Found::Unobservable { why, retry_at } => Outcome::Failed {
                why: format!("Nothing was asked, because the export could not be read. {why}"),
                retry_at,
                hint: format!("Export the accounts to {} again.", self.config.path.display()),
            },
        }
    }

    /// The outcome of a request that the administrator refused. It is not asked again by itself.
    fn said_no(&self, request: &Request, outbox: &Path, why: &str) -> Outcome {
        let reason = match why {
            "" => "gave no reason.".to_owned(),
            why => format!("says: {why}"),
        };
        let file = outbox.join(REFUSED).join(request.file_name());
        Outcome::Refused {
            why: format!(
                "{} refused to {} and {reason} To ask again, take {} away and plan again.",
                self.who(),
                request.sentence(),
                file.display(),
            ),
        }
    }

    /// Whoever carries requests out, for the middle of a sentence.
    fn who(&self) -> String {
        match self.owner.as_str() {
            "" => format!("the administrator of {}", self.instance),
            owner => format!("{owner} (administrator of {})", self.instance),
        }
    }

    /// What the administrator must do, as a sentence.
    fn task(&self, request: &Request, outbox: &Path) -> String {
        let who = self.who();
        format!(
            "The request lies in {}. Please have {who} {}, and then export the accounts to {} \
             again; the next look compares.",
            outbox.join(request.file_name()).display(),
            request.sentence(),
            self.config.path.display(),
        )
    }

    /// The account of `change` in an export that is newer than the request.
    fn see(&self, change: &Change) -> Seen {
        let request = Request::new(change);
        let outbox = self.config.outbox.as_ref().map(|outbox| self.base.join(outbox));
        let asked_at = match outbox.map(|outbox| request.place(&outbox)).transpose() {
            Ok(place) => place.flatten().map(|place| place.asked_at()),
            Err(e) => return unobservable(e.to_string()),
        };
        self.see_after(change, asked_at)
    }

    /// The account of `change` in an export that is newer than `asked_at`.
    fn see_after(&self, change: &Change, asked_at: Option<Timestamp>) -> Seen {
        match (asked_at, table::written_at(&self.base, &self.config.path)) {
            (_, Err(e)) => unobservable(e.to_string()),
            (Some(asked_at), Ok(exported_at)) if exported_at <= asked_at => unobservable(format!(
                "The newest export {} (of {exported_at:.0}) is older than the request (of \
                 {asked_at:.0}).",
                self.config.path.display(),
            )),
            _ => self.find(change),
        }
    }

    /// The account of `change` in the newest export. What a partial export does not hold is not
    /// known to be absent.
    fn find(&self, change: &Change) -> Seen {
        let observation = match export::observe(self, Clock::System.now()) {
            Ok(observation) => observation,
            Err(e) => return unobservable(e.to_string()),
        };
        let mut accounts = observation.accounts.into_iter();
        let hit = match (&change.op, &change.account) {
            (Op::Create { profile }, _) => same(accounts.collect(), profile),
            (_, Some(key)) => accounts.find(|account| account.key == *key),
            (_, None) => {
                return unobservable("The change does not say which account it is about.".into());
            }
        };
        match (hit, observation.coverage) {
            (Some(account), _) => Seen::Present { account: Box::new(account) },
            (None, Coverage::Complete) => Seen::Absent,
            (None, Coverage::Partial { why }) => unobservable(format!(
                "The account is not in the export, but the export may not be whole. {why}"
            )),
        }
    }
}

/// The account that a create was to make: by our id for it, else by login, else by address.
fn same(accounts: Vec<Account>, profile: &Profile) -> Option<Account> {
    let by_id = |a: &Account| !a.external_id.is_empty() && a.external_id == profile.external_id;
    let by_login = |a: &Account| same_login(&a.login, &profile.login);
    let by_email = |a: &Account| {
        let same = |address: &str| fold(address) == fold(&profile.email);
        !profile.email.is_empty() && a.emails.iter().any(|email| same(&email.address))
    };
    let tests: [&dyn Fn(&Account) -> bool; 3] = [&by_id, &by_login, &by_email];
    tests.into_iter().find_map(|test| accounts.iter().find(|account| test(account))).cloned()
}

fn unobservable(why: String) -> Seen {
    Seen::Unobservable { why, retry_at: None }
}

fn failed(e: &Error) -> Outcome {
    Outcome::Failed { why: e.to_string(), retry_at: None, hint: e.hints.join(" ") }
}
