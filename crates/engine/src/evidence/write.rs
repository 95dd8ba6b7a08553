//! Writes a pack.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use rollbook_core::canonical;
use rollbook_core::event::{self, Body, ChainId, Checkpoint, Event};
use rollbook_core::id::hex;
use serde::Serialize;
use serde_json::Value;

use super::{
    BODIES, CHECKPOINTS, EVENTS, Entry, FORMAT, LINES_MAX, MANIFEST, MANIFEST_DOMAIN, Manifest,
    PUBLIC_KEY, SIGNATURE, line_mark, lines, sha256,
};
use crate::error::{Error, Result};

/// What a pack is made from.
#[derive(Clone, Debug)]
pub struct Pack<'a> {
    /// Which chain.
    pub chain_id: &'a ChainId,
    /// The whole chain.
    pub events: &'a [Event],
    /// One body for each event.
    pub bodies: &'a [Body],
    /// The checkpoints kept in the store.
    pub checkpoints: &'a [Checkpoint],
    /// The checkpoints kept elsewhere. The chain must agree with them, or no pack is made.
    pub outside: &'a [Checkpoint],
    /// The ids that the pack is about; empty: everything. Bodies of other people's events are
    /// withheld.
    pub about: &'a BTreeSet<String>,
    /// The files for people and programs.
    pub files: &'a [DataFile],
    /// What the pack covers; see [`Manifest::population`].
    pub population: Value,
    /// The moment up to which the pack speaks.
    pub as_of: Timestamp,
    /// Who has it made.
    pub made_by: &'a str,
}

/// One file for people or programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Its name: letters, digits, `.`, `-` and `_` only.
    pub name: String,
    /// How many records it holds, not counting a header.
    pub rows: u64,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The table of contents.
    pub manifest: Manifest,
    /// The checkpoint made for the pack, if its head was not signed before: to be kept in the store
    /// and elsewhere.
    pub checkpoint: Option<Checkpoint>,
}

/// Writes a pack into the new folder `folder`. Either the whole folder is there afterwards, or none.
///
/// # Errors
/// The chain is broken (then nothing may be signed over it), a file has a name that a pack cannot
/// hold, the folder exists, or it cannot be written.
pub fn write_folder(folder: &Path, pack: &Pack<'_>, key: &SigningKey) -> Result<Written> {
    let (checkpoints, fresh) = checked_checkpoints(pack, key)?;
    let bodies = shown(pack);
    let mut files =
        vec![jsonl(EVENTS, pack.events), jsonl(BODIES, &bodies), jsonl(CHECKPOINTS, &checkpoints)];
    files.extend(pack.files.iter().cloned());
    files.sort_by(|a, b| a.name.cmp(&b.name));
    check_names(&files)?;
    let manifest = Manifest {
        format: FORMAT,
        chain_id: pack.chain_id.clone(),
        size: pack.events.len() as u64,
        head: pack.events.last().map_or(pack.chain_id.as_str(), |event| &event.digest).to_owned(),
        as_of: pack.as_of,
        software: concat!("rollbook ", env!("CARGO_PKG_VERSION")).to_owned(),
        made_by: pack.made_by.to_owned(),
        about: pack.about.clone(),
        erased: bodies.iter().filter(|body| body.is_erased()).count() as u64,
        withheld: bodies.iter().filter(|body| body.is_withheld()).count() as u64,
        population: canonical::exact(pack.population.clone()),
        files: files.iter().map(entry).collect(),
    };
    let value = canonical::value_of(&manifest);
    let signature = key.sign(&event::signed_bytes(MANIFEST_DOMAIN, &value)).to_bytes();
    for (name, bytes) in [
        (MANIFEST, line(canonical::bytes(&value))),
        (SIGNATURE, line(hex(&signature).into_bytes())),
        (PUBLIC_KEY, line(hex(key.verifying_key().as_bytes()).into_bytes())),
    ] {
        files.push(DataFile { name: name.to_owned(), rows: 1, bytes });
    }
    put(folder, &files)?;
    Ok(Written { manifest, checkpoint: fresh })
}

/// All checkpoints of the pack, the last of which covers its head, and that one if it is new.
fn checked_checkpoints(
    pack: &Pack<'_>,
    key: &SigningKey,
) -> Result<(Vec<Checkpoint>, Option<Checkpoint>)> {
    let mut checkpoints = pack.checkpoints.to_vec();
    let head = pack.events.last();
    let size = head.map_or(0, |event| event.seq);
    let fresh = (!checkpoints.iter().any(|c| c.size == size))
        .then(|| event::sign(key, pack.chain_id, head, pack.as_of));
    checkpoints.extend(fresh.clone());
    check(pack, &checkpoints, &key.verifying_key())?;
    Ok((checkpoints, fresh))
}

/// The bodies without those that tell of others only.
fn shown(pack: &Pack<'_>) -> Vec<Body> {
    let pairs = pack.events.iter().zip(pack.bodies);
    let shown = pairs.map(|(event, body)| match event.is_of_others(pack.about) {
        true => body.withheld(),
        false => body.clone(),
    });
    shown.collect()
}

fn check(pack: &Pack<'_>, checkpoints: &[Checkpoint], key: &VerifyingKey) -> Result<()> {
    let all: Vec<_> = pack.outside.iter().chain(checkpoints).cloned().collect();
    let everything = BTreeSet::new();
    let report =
        event::check(pack.events, pack.bodies, &all, key, &everything).map_err(|broken| {
            Error::refused(format!(
                "The audit chain of this workspace is broken, so no pack is made of it. {broken}"
            ))
            .hint("Keep the workspace as it is and find out who changed its database.")
            .because(broken)
        })?;
    if report.chain_id != *pack.chain_id {
        return Err(Error::refused(
            "The checkpoints are of another workspace's audit chain, so no pack is made.",
        ));
    }
    Ok(())
}

fn check_names(files: &[DataFile]) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut seen = BTreeSet::from([MANIFEST, SIGNATURE, PUBLIC_KEY]);
    for file in files {
        let name = file.name.as_str();
        if name.is_empty()
            || name.starts_with('.')
            || !name.chars().all(plain)
            || !seen.insert(name)
        {
            return Err(Error::bug(format!("A pack cannot hold a file named \"{name}\".")));
        }
    }
    Ok(())
}

fn jsonl<T: Serialize>(name: &str, rows: &[T]) -> DataFile {
    let bytes = rows.iter().flat_map(|row| line(canonical::bytes(&canonical::value_of(row))));
    DataFile { name: name.to_owned(), rows: rows.len() as u64, bytes: bytes.collect() }
}

fn entry(file: &DataFile) -> Entry {
    let lines = lines(&file.bytes);
    let listed = if lines.len() <= LINES_MAX { lines.as_slice() } else { &[] };
    Entry {
        name: file.name.clone(),
        rows: file.rows,
        sha256: sha256(&file.bytes),
        lines: listed.iter().map(|line| line_mark(line)).collect(),
    }
}

fn line(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(b'\n');
    bytes
}

/// Writes all files into a folder beside `folder` and then gives it its name, so that nobody ever
/// finds half a pack.
fn put(folder: &Path, files: &[DataFile]) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::setup(format!("The pack {} cannot be written: {error}.", folder.display()))
            .hint("Check that the disk has room and that you may write there.")
            .because(error)
    };
    if folder.exists() {
        return Err(Error::input(format!("{} exists already.", folder.display()))
            .hint("Name a folder that does not exist yet; a pack is never overwritten."));
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed)?;
    let draft = tempfile::Builder::new().prefix(".pack-").tempdir_in(parent).map_err(failed)?;
    for file in files {
        put_file(&draft.path().join(&file.name), &file.bytes).map_err(failed)?;
    }
    fs::rename(draft.path(), folder).map_err(failed)?;
    // The folder has its name, so there is nothing left to clean up.
    let _ = draft.keep();
    fs::File::open(parent).and_then(|dir| dir.sync_all()).map_err(failed)
}

fn put_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
