//! The engine: one open workspace. Each operation has its own file; this one opens and closes.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use jiff::civil::Date;
use ring::{hkdf, hmac};
use rollbook_core::event;
use rollbook_core::id::hex;

use crate::clock::Clock;
use crate::config::{self, BookConfig, Config};
use crate::error::{Error, Result};
use crate::lanes::Lanes;
use crate::pacing::Paces;
use crate::rereading::Newest;
use crate::secret;
use crate::store::{self, Presence, Sealing, Store};
use crate::turns::Grip;

/// The configuration's file name in a workspace folder.
pub const CONFIG: &str = config::FILE_NAME;
/// The file that holds the private key which signs checkpoints, 32 bytes as hex, mode 0600.
pub const KEY: &str = "rollbook.key";
/// The file that holds the public key, 32 bytes as hex.
pub const PUBLIC_KEY: &str = "rollbook.pub";
/// Signed heads of the chain, kept outside the database.
pub const CHECKPOINTS: &str = "checkpoints.jsonl";

/// One open workspace. Clones share the book.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) dir: PathBuf,
    pub(crate) config: Arc<Config>,
    pub(crate) newest: Arc<Mutex<Newest>>,
    pub(crate) store: Arc<Store>,
    /// How fast each instance may be asked; all engines of one workspace keep to it together.
    pub(crate) paces: Arc<Paces>,
    /// Which instances are being read, and where something changes.
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) clock: Clock,
    /// As of when the book is looked at, where that is not now.
    pub(crate) as_of: Option<Clock>,
    pub(crate) key: SigningKey,
    /// The name of this process among the nodes of the workspace, where it was given one.
    pub(crate) node: Option<String>,
    /// The turn in which it acts, where nodes take turns.
    pub(crate) grip: Option<Arc<Grip>>,
    /// The program through which somebody works here, where it is not a person at a command.
    pub(crate) through: Option<String>,
}

/// What [`Engine::init`] made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The files, in the order in which they were made.
    pub files: Vec<PathBuf>,
}

impl Engine {
    /// Makes a workspace in `dir`: a commented configuration, a signing key and an empty book.
    ///
    /// # Errors
    /// When there is a workspace already; nothing is overwritten.
    pub fn init(dir: &Path, name: &str) -> Result<Made> {
        Self::init_in(dir, name, None)
    }

    /// Makes a workspace in `dir` whose book lies where `store` says.
    ///
    /// # Errors
    /// As [`Engine::init`], and when the database of `store` cannot be reached or refuses.
    pub fn init_in(dir: &Path, name: &str, store: Option<&BookConfig>) -> Result<Made> {
        fs::create_dir_all(dir).map_err(|e| {
            Error::setup(format!("The folder {} cannot be made.", dir.display())).because(e)
        })?;
        let traces = [CONFIG, KEY, PUBLIC_KEY, store::FILE, CHECKPOINTS];
        if let Some(file) = traces.into_iter().find(|file| dir.join(file).exists()) {
            return Err(Error::input(format!(
                "There is a workspace in {} already ({file} exists).",
                dir.display()
            ))
            .hint("Choose another folder. Nothing was overwritten."));
        }
        let config = config::template(name, store);
        let place = Config::parse(&config, CONFIG)?.place(dir)?;
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed).map_err(|e| {
            Error::setup("The system gave no random bytes for the signing key.").because(e)
        })?;
        let key = SigningKey::from_bytes(&seed);
        let store = Store::make(&place, "init")?;
        Sealing::new(&key).begin(&store, Clock::System.now())?;
        write_new(&dir.join(KEY), &format!("{}\n", hex(&seed)), true)?;
        let public = hex(key.verifying_key().as_bytes());
        write_new(&dir.join(PUBLIC_KEY), &format!("{public}\n"), false)?;
        // The configuration comes last: where it lies, there is a workspace.
        write_new(&dir.join(CONFIG), &config, false)?;
        let mut files: Vec<_> = [CONFIG, KEY, PUBLIC_KEY, store::FILE].map(|f| dir.join(f)).into();
        files.retain(|file| file.exists());
        Ok(Made { files })
    }

    /// Opens the workspace in `dir` for a process that works in it alone.
    ///
    /// # Errors
    /// As [`Engine::open_as`].
    pub fn open(dir: &Path, clock: Clock) -> Result<Self> {
        Self::open_as(dir, clock, Presence::Alone, "")
    }

    /// Opens the workspace in `dir` for the command `command`, which means to be there as
    /// `presence`. Those that find it taken hear the command's name.
    ///
    /// # Errors
    /// When there is none, when another process works in it that this one cannot be beside, when a
    /// file of it is missing or damaged, or when the signing key is not the one that this workspace
    /// was made with.
    pub fn open_as(dir: &Path, clock: Clock, presence: Presence, command: &str) -> Result<Self> {
        if !dir.join(CONFIG).exists() {
            return Err(Error::input(format!("There is no workspace in {}.", dir.display()))
                .hint("Make one with `rollbook init DIR`, or name yours with `--workspace DIR`."));
        }
        let newest = Newest::load(dir)?;
        let config = newest.config();
        let key = read_key(&dir.join(KEY))?;
        check_pair(&key, &dir.join(PUBLIC_KEY))?;
        let store = Store::open(&config.place(dir)?, presence, command)?;
        check_signed(&store, &key)?;
        // Several nodes go by one clock: what one of them writes as due now is due now for all.
        let shared = match presence {
            Presence::Node => store.read(|book| book.server_now())?,
            Presence::Alone | Presence::Host | Presence::Guest => None,
        };
        let clock = shared.map_or(clock, |now| clock.set_to(now));
        let (newest, store) = (Arc::new(Mutex::new(newest)), Arc::new(store));
        let (dir, paces, lanes) = (dir.to_owned(), Arc::default(), Arc::default());
        Ok(Self {
            dir,
            config,
            newest,
            store,
            paces,
            lanes,
            clock,
            as_of: None,
            key,
            node: None,
            grip: None,
            through: None,
        })
    }

    /// The same workspace, looked at as of the start of `day`: who works here, what is wrong, how
    /// old a view is. Whatever is recorded, approved or done bears the true time all the same, so
    /// that no day can be chosen on which something seems to have happened.
    ///
    /// # Errors
    /// When the day does not exist in the workspace's zone.
    pub fn as_of(mut self, day: Date) -> Result<Self> {
        let clock = Clock::starting_on(day, &self.config.workspace.zone()).map_err(|e| {
            Error::input(format!("The book cannot be looked at as of {day}.")).because(e)
        })?;
        self.as_of = Some(clock);
        Ok(self)
    }

    /// The same workspace, worked in by a program for somebody: what is proposed bears both names in
    /// the chain, the program's as who did it.
    #[must_use]
    pub fn through(mut self, program: &str) -> Self {
        self.through = Some(program.to_owned());
        self
    }

    /// Who is named in the chain for what `by` does here, and on whose behalf.
    pub(crate) fn actor_for(&self, by: &str) -> (String, String) {
        match &self.through {
            Some(program) => (program.clone(), by.to_owned()),
            None => (by.to_owned(), String::new()),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The workspace folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The moment as of which the book is looked at: now, or what [`Engine::as_of`] set.
    pub(crate) fn looked_at(&self) -> Timestamp {
        self.as_of.unwrap_or(self.clock).now()
    }

    /// The day as of which the book is looked at, in the workspace's zone.
    pub fn today(&self) -> Date {
        self.config.workspace.day_of(self.looked_at())
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A key for one purpose, derived from the workspace's own (RFC 5869). Whoever learns it learns
    /// neither the signing key nor the key of another purpose.
    pub(crate) fn derived_key(&self, purpose: &str) -> hmac::Key {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"rollbook");
        let seed = salt.extract(&self.key.to_bytes());
        let purpose = [purpose.as_bytes()];
        let derived = seed.expand(&purpose, hmac::HMAC_SHA256);
        derived.expect("a key of 32 bytes is within what can be derived").into()
    }

    pub(crate) fn sealing(&self) -> Sealing<'_> {
        Sealing::new(&self.key)
    }
}

fn write_new(path: &Path, text: &str, private: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|e| {
        Error::setup(format!("The file {} cannot be written.", path.display())).because(e)
    })
}

/// Writes the key of a workspace that is put back into its folder.
pub(crate) fn write_key(dir: &Path, key: &SigningKey) -> Result<()> {
    write_new(&dir.join(KEY), &format!("{}\n", hex(&key.to_bytes())), true)
}

pub(crate) fn read_key(path: &Path) -> Result<SigningKey> {
    let broken = |what: &str| {
        Error::setup(format!("The signing key {} cannot be used: {what}.", path.display())).hint(
            "Without it nothing can be recorded, so nothing is done. Restore it from your backup.",
        )
    };
    let text = secret::read_file(path).map_err(|e| {
        let hints = e.hints.clone();
        hints.into_iter().fold(broken("it cannot be read").because(e), Error::hint)
    })?;
    let seed = event::unhex(text.trim());
    let seed = seed.ok_or_else(|| broken("it is not 64 hexadecimal digits"))?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Whether the public key beside the signing key is its own.
fn check_pair(key: &SigningKey, public: &Path) -> Result<()> {
    let text = fs::read_to_string(public).map_err(|e| {
        Error::setup(format!("The public key {} cannot be read.", public.display()))
            .hint("Restore it from your backup, or from whoever checks your packs with it.")
            .because(e)
    })?;
    match text.trim() == hex(key.verifying_key().as_bytes()) {
        true => Ok(()),
        false => Err(Error::setup(format!(
            "The signing key is not the one that belongs to {}.",
            public.display()
        ))
        .hint("Restore both from one backup. Nothing was read or signed.")),
    }
}

/// Whether the key is the one that signed this workspace's chain so far.
fn check_signed(store: &Store, key: &SigningKey) -> Result<()> {
    let (_, newest) = store.read(|book| Ok((book.chain_id()?, book.newest_checkpoint()?)))?;
    match newest.is_none_or(|newest| newest.is_signed_by(&key.verifying_key())) {
        true => Ok(()),
        false => Err(Error::setup(
            "The newest checkpoint in the database is not what this workspace's key signed.",
        )
        .hint(
            "The key or the database is from elsewhere, or was changed. Restore both from one \
             backup.",
        )),
    }
}
