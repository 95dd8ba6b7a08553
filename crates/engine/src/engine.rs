//! The engine: one open workspace. Each operation has its own file; this one opens and closes.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::id::hex;

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::error::{Error, Result};
use crate::store::{Sealing, Store};

/// The configuration's file name in a workspace folder.
pub const CONFIG: &str = config::FILE_NAME;
/// The file that holds the private key which signs checkpoints, 32 bytes as hex, mode 0600.
pub const KEY: &str = "rollbook.key";
/// The file that holds the public key, 32 bytes as hex.
pub const PUBLIC_KEY: &str = "rollbook.pub";
/// Signed heads of the chain, kept outside the database.
pub const CHECKPOINTS: &str = "checkpoints.jsonl";

/// One open workspace.
#[derive(Debug)]
pub struct Engine {
    pub(crate) dir: PathBuf,
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) key: SigningKey,
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
        fs::create_dir_all(dir).map_err(|e| {
            Error::setup(format!("The folder {} cannot be made.", dir.display())).because(e)
        })?;
        let mut files = Vec::new();
        for (file, text, private) in [
            (CONFIG, config::template(name), false),
            (KEY, String::new(), true),
            (PUBLIC_KEY, String::new(), false),
        ] {
            let path = dir.join(file);
            if path.exists() {
                return Err(Error::input(format!(
                    "There is a workspace in {} already ({file} exists).",
                    dir.display()
                ))
                .hint("Choose another folder. Nothing was overwritten."));
            }
            files.push((path, text, private));
        }
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed).map_err(|e| {
            Error::setup("The system gave no random bytes for the signing key.").because(e)
        })?;
        let key = SigningKey::from_bytes(&seed);
        files[1].1 = format!("{}\n", hex(&seed));
        files[2].1 = format!("{}\n", hex(key.verifying_key().as_bytes()));
        for (path, text, private) in &files {
            write_new(path, text, *private)?;
        }
        let store = Store::open(dir)?;
        Sealing::new(&key).begin(&store)?;
        let files = files.into_iter().map(|(path, ..)| path).chain([dir.join(crate::store::FILE)]);
        Ok(Made { files: files.collect() })
    }

    /// Opens the workspace in `dir`.
    ///
    /// # Errors
    /// When there is none, when another process works in it, or when a file of it is damaged.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self> {
        if !dir.join(CONFIG).exists() {
            return Err(Error::input(format!("There is no workspace in {}.", dir.display()))
                .hint("Make one with `rollbook init DIR`, or name yours with `--workspace DIR`."));
        }
        let config = Config::load(dir)?;
        let key = read_key(&dir.join(KEY))?;
        let store = Store::open(dir)?;
        Ok(Self { dir: dir.to_owned(), config, store, clock, key })
    }

    /// The same workspace as if it were now the start of `day`.
    ///
    /// # Errors
    /// When the day does not exist in the workspace's zone.
    pub fn as_of(mut self, day: Date) -> Result<Self> {
        self.clock = Clock::starting_on(day, &self.config.workspace.zone()).map_err(|e| {
            Error::input(format!("The book cannot be looked at as of {day}.")).because(e)
        })?;
        Ok(self)
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

    /// The day it is in the workspace's zone.
    pub fn today(&self) -> Date {
        self.config.workspace.day_of(self.now())
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
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

fn read_key(path: &Path) -> Result<SigningKey> {
    let broken = |what: &str| {
        Error::setup(format!("The signing key {} cannot be used: {what}.", path.display())).hint(
            "Without it nothing can be recorded, so nothing is done. Restore it from your backup.",
        )
    };
    let text = fs::read_to_string(path).map_err(|e| broken("it cannot be read").because(e))?;
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return Err(broken("it is not 64 hexadecimal digits"));
    }
    let mut seed = [0_u8; 32];
    for (byte, at) in seed.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16)
            .map_err(|e| broken("it is not 64 hexadecimal digits").because(e))?;
    }
    Ok(SigningKey::from_bytes(&seed))
}
