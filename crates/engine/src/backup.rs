//! Backups: the book as it was at one moment, taken while others work, and put back in hold.
//!
//! A backup is a folder: the database, the configuration, the public key and the checkpoints, each named
//! with its digest in a manifest that the workspace's key signed. The key itself is not in it, and neither
//! is any secret: whoever finds a backup can read it and act with nothing. What is put back sends nothing
//! before everything was looked at anew; see [`crate::engine::Engine::end_hold`].

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use rollbook_core::canonical;
use rollbook_core::event::{self, Checkpoint, Draft};
use rollbook_core::id::hex;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::config::{APPS, FILE_NAME};
use crate::engine::{self, CHECKPOINTS, Engine, PUBLIC_KEY};
use crate::error::{Error, Kind, Result};
use crate::reconcile::named;
use crate::store;

const MANIFEST: &str = "backup.json";
const SIGNATURE: &str = "backup.sig";
const DOMAIN: &str = "rollbook.backup.v1";
/// The version of the form that this version writes and reads.
const FORMAT: u32 = 1;

/// What a backup holds, signed by the workspace's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The version of the form.
    pub format: u32,
    /// The company, as the configuration names it.
    pub workspace: String,
    /// The signed head of the chain right before the copy was taken.
    pub checkpoint: Checkpoint,
    /// When the copy was taken.
    pub made_at: Timestamp,
    /// Who had it taken.
    pub made_by: String,
    /// The software that wrote it, with its version.
    pub software: String,
    /// SHA-256 of every file, as hex, by its name in the folder.
    pub files: BTreeMap<String, String>,
}

impl Engine {
    /// Copies the workspace as it is at one moment into the new folder `folder`. Others may go on
    /// working meanwhile.
    ///
    /// # Errors
    /// When the book lies in Postgres, whose own tools copy it; when the folder exists or cannot be
    /// written.
    pub fn backup(&self, folder: &Path, by: &str) -> Result<Backup> {
        let by = named(by)?;
        if self.config.store.is_some() {
            return Err(Error::refused(
                "The book lies in Postgres, which is copied with its own tools.",
            )
            .hint("Copy the schema with `pg_dump --schema NAME`, and this folder beside it."));
        }
        if folder.exists() {
            return Err(Error::input(format!("{} exists already.", folder.display()))
                .hint("Name a folder that does not exist yet; a backup is never overwritten."));
        }
        self.store.write(|book| {
            book.record(Draft {
                kind: "backup_made".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: "workspace".to_owned(),
                concerns: std::collections::BTreeSet::new(),
                at: self.now(),
                body: json!({"folder": folder.file_name().map(|name| name.to_string_lossy())}),
            })
        })?;
        let checkpoint = self.checkpoint()?;
        let parent = parent_of(folder);
        fs::create_dir_all(parent).map_err(|e| unwritten(folder, e))?;
        let draft = tempfile::Builder::new().prefix(".backup-").tempdir_in(parent);
        let draft = draft.map_err(|e| unwritten(folder, e))?;
        // The checkpoints first: a book that is newer than they are is whole, one that is older is not.
        for name in self.files_to_keep()? {
            copy(&self.dir.join(&name), &draft.path().join(&name))
                .map_err(|e| unwritten(folder, e))?;
        }
        self.store.copy_into(&draft.path().join(store::FILE))?;
        let backup = Backup {
            format: FORMAT,
            workspace: self.config.workspace.name.clone(),
            checkpoint,
            made_at: self.now(),
            made_by: by.to_owned(),
            software: concat!("rollbook ", env!("CARGO_PKG_VERSION")).to_owned(),
            files: digests(draft.path()).map_err(|e| unwritten(folder, e))?,
        };
        sign(&backup, &self.key, draft.path()).map_err(|e| unwritten(folder, e))?;
        fs::rename(draft.path(), folder).map_err(|e| unwritten(folder, e))?;
        // The folder has its name, so there is nothing left to clean up.
        let _ = draft.keep();
        Ok(backup)
    }

    /// The files beside the database that make the workspace, without its key and its secrets.
    fn files_to_keep(&self) -> Result<Vec<String>> {
        let own = crate::config::Files::read(&self.dir)?;
        let mut names: Vec<String> = own.names().map(str::to_owned).collect();
        names.extend([PUBLIC_KEY, CHECKPOINTS].map(str::to_owned));
        Ok(names)
    }
}

/// Puts a backup back as the new workspace folder `into`, in hold: nothing is sent before everything was
/// read anew and somebody has ended the hold. What was queued and agreed to when it was taken is void.
///
/// # Errors
/// When the backup is cut, changed or of another workspace than `key`, when `into` exists, when the
/// database is damaged or newer than this binary. Then nothing is at `into`.
pub fn restore(from: &Path, key: &Path, into: &Path, by: &str, reason: &str) -> Result<Backup> {
    let by = named(by)?;
    if reason.trim().is_empty() {
        return Err(Error::input("A backup is put back only with a reason.")
            .hint("Add `--reason \"…\"`: an auditor will read it."));
    }
    if into.exists() {
        return Err(Error::input(format!("{} exists already.", into.display()))
            .hint("Name a folder that does not exist yet; a workspace is never overwritten."));
    }
    let signing = engine::read_key(key)?;
    let backup = checked(from, &signing)?;
    let parent = parent_of(into);
    fs::create_dir_all(parent).map_err(|e| unwritten(into, e))?;
    let draft = tempfile::Builder::new().prefix(".restore-").tempdir_in(parent);
    let draft = draft.map_err(|e| unwritten(into, e))?;
    for name in backup.files.keys() {
        copy(&from.join(name), &draft.path().join(name)).map_err(|e| unwritten(into, e))?;
    }
    engine::write_key(draft.path(), &signing)?;
    {
        let engine = Engine::open(draft.path(), crate::clock::Clock::System)?;
        engine.verify()?;
        engine.begin_hold(&backup, by, reason)?;
    }
    fs::rename(draft.path(), into).map_err(|e| unwritten(into, e))?;
    // The folder has its name, so there is nothing left to clean up.
    let _ = draft.keep();
    Ok(backup)
}

/// The manifest of the backup in `from`, once its signature and every file were checked.
fn checked(from: &Path, key: &SigningKey) -> Result<Backup> {
    let broken = |what: &str| {
        Error::new(Kind::Contradicted, format!("{} is not a whole backup: {what}", from.display()))
            .hint("Nothing was put back. Use another backup.")
    };
    let read = |name: &str| {
        fs::read_to_string(from.join(name))
            .map_err(|e| broken(&format!("{name} cannot be read.")).because(e))
    };
    let (text, signature) = (read(MANIFEST)?, read(SIGNATURE)?);
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| broken("backup.json is no JSON.").because(e))?;
    let signed = event::signed_bytes(DOMAIN, &value);
    if !event::is_signed(&signed, signature.trim(), &key.verifying_key()) {
        return Err(broken("its manifest is not what the key signed that was named.")
            .hint("The key must be that of the workspace that the backup was taken of."));
    }
    let backup: Backup = serde_json::from_value(value)
        .map_err(|e| broken("backup.json does not say what it must.").because(e))?;
    if backup.format != FORMAT {
        return Err(broken("it has a form that this version of Rollbook does not know."));
    }
    if let Some(name) = backup.files.keys().find(|name| !is_plain(name)) {
        return Err(broken(&format!("it names the file {name}, which no backup holds.")));
    }
    let found = digests(from).map_err(|e| broken("a file cannot be read.").because(e))?;
    let names = backup.files.keys().chain(found.keys());
    match names.into_iter().find(|name| backup.files.get(*name) != found.get(*name)) {
        None => Ok(backup),
        Some(name) => Err(broken(&format!("{name} is not as it was written."))),
    }
}

/// Whether a backup may hold a file of this name: nothing that leads out of its folder.
fn is_plain(name: &str) -> bool {
    let own = [store::FILE, FILE_NAME, PUBLIC_KEY, CHECKPOINTS];
    let app = name.strip_prefix(APPS).and_then(|rest| rest.strip_prefix('/'));
    let is_app = app.is_some_and(|app| app.ends_with(".toml") && !app.contains(['/', '\\']));
    own.contains(&name) || is_app
}

/// The digests of all files in a folder and in its folder of apps, but for the manifest.
fn digests(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (prefix, dir) in
        [(String::new(), folder.to_owned()), (format!("{APPS}/"), folder.join(APPS))]
    {
        if !dir.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() && name == APPS
                || [MANIFEST, SIGNATURE].contains(&name.as_str())
            {
                continue;
            }
            found.insert(name, digest_of(&entry.path())?);
        }
    }
    Ok(found)
}

/// SHA-256 of a file that may be too large to be held in memory.
fn digest_of(path: &Path) -> io::Result<String> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    let mut part = vec![0_u8; 64 << 10];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex(&digest.finalize())),
            bytes => digest.update(&part[..bytes]),
        }
    }
}

fn sign(backup: &Backup, key: &SigningKey, folder: &Path) -> io::Result<()> {
    let value = canonical::value_of(backup);
    let signature = key.sign(&event::signed_bytes(DOMAIN, &value)).to_bytes();
    put(&folder.join(MANIFEST), &canonical::bytes(&value))?;
    put(&folder.join(SIGNATURE), hex(&signature).as_bytes())
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = store::private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Copies a file that may not be there, readable by its owner alone.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = match File::open(from) {
        Ok(source) => source,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    fs::create_dir_all(parent_of(to))?;
    let mut file = store::private(OpenOptions::new().write(true).create_new(true)).open(to)?;
    io::copy(&mut source, &mut file)?;
    file.sync_all()
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn unwritten(path: &Path, error: io::Error) -> Error {
    Error::setup(format!("{} cannot be written: {error}.", path.display()))
        .hint("Check that the disk has room and that you may write there.")
        .because(error)
}
