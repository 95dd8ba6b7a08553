//! Checks a pack offline.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use rollbook_core::canonical;
use rollbook_core::event::{self, Body, Checkpoint, Event, Part};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{
    BODIES, CHECKPOINTS, EVENTS, Entry, FORMAT, MANIFEST, MANIFEST_DOMAIN, Manifest, PUBLIC_KEY,
    SIGNATURE, WITH_PICTURES, line_mark, lines, sha256,
};

/// What a whole pack holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The chain in it.
    pub chain: event::Report,
    /// The moment up to which it speaks.
    pub as_of: Timestamp,
    /// How many files it holds beside the manifest, its signature and the key.
    pub files: u64,
    /// Whether the key was compared with one kept elsewhere. If not, the pack vouches for itself:
    /// somebody who made all of it anew with another key would pass.
    pub key_trusted: bool,
    /// How many checkpoints kept elsewhere agreed.
    pub outside: u64,
    /// How many checkpoints kept elsewhere are of a time after the pack and say nothing about it.
    pub outside_later: u64,
}

/// Where a pack is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Which file.
    pub file: String,
    /// Which record of it (its line), from 1; `None`: the file as a whole.
    pub record: Option<u64>,
    /// What is wrong, as a sentence for people.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Some(record) => write!(f, "{} record {record}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl std::error::Error for Broken {}

/// Checks the pack in `folder`. `outside` is a file of checkpoints that was kept elsewhere, and
/// `key` a file with the public key (hex) that is trusted.
///
/// # Errors
/// [`Broken`] names the first file and record that is not as it was written.
pub fn verify_folder(
    folder: &Path,
    outside: Option<&Path>,
    key: Option<&Path>,
) -> Result<Report, Broken> {
    let public_key = public_key(folder, key)?;
    let manifest = manifest(folder, &public_key)?;
    let events: Vec<Event> = rows(folder, EVENTS)?;
    let bodies: Vec<Body> = rows(folder, BODIES)?;
    let inside: Vec<Checkpoint> = rows(folder, CHECKPOINTS)?;
    let kept = match outside {
        Some(path) => rows_of(path, &name_of(path))?,
        None => Vec::new(),
    };
    let witness = Witness::new(outside, kept, &inside, &manifest, events.len());
    let chain = event::check(&events, &bodies, &witness.checkpoints, &public_key, &manifest.about)
        .map_err(|broken| witness.place(broken))?;
    check_head(&manifest, &chain, &events)?;
    for entry in &manifest.files {
        check_file(folder, entry)?;
    }
    check_pictures(&manifest, &events, &bodies)?;
    check_nothing_else(folder, &manifest)?;
    check_counts(&manifest, &chain)?;
    Ok(Report {
        chain,
        as_of: manifest.as_of,
        files: manifest.files.len() as u64,
        key_trusted: key.is_some(),
        outside: witness.outside,
        outside_later: witness.later,
    })
}

/// All checkpoints that say something about the pack, and where each of them stands.
struct Witness {
    checkpoints: Vec<Checkpoint>,
    places: Vec<(String, u64)>,
    outside: u64,
    later: u64,
}

impl Witness {
    /// Those kept elsewhere come first, because nobody who changed the folder could change them.
    fn new(
        path: Option<&Path>,
        kept: Vec<Checkpoint>,
        inside: &[Checkpoint],
        manifest: &Manifest,
        events: usize,
    ) -> Self {
        let mut witness =
            Self { checkpoints: Vec::new(), places: Vec::new(), outside: 0, later: 0 };
        let file = path.map(name_of).unwrap_or_default();
        for (line, checkpoint) in (1..).zip(kept) {
            if checkpoint.at > manifest.as_of && checkpoint.size > events as u64 {
                witness.later += 1;
                continue;
            }
            witness.outside += 1;
            witness.places.push((file.clone(), line));
            witness.checkpoints.push(checkpoint);
        }
        for (line, checkpoint) in (1..).zip(inside) {
            witness.places.push((CHECKPOINTS.to_owned(), line));
            witness.checkpoints.push(checkpoint.clone());
        }
        witness
    }

    fn place(&self, broken: event::Broken) -> Broken {
        let (file, record) = match broken.part {
            Part::Event => (EVENTS.to_owned(), broken.record),
            Part::Body => (BODIES.to_owned(), broken.record),
            Part::Checkpoint => {
                let index =
                    usize::try_from(broken.record - 1).expect("it is the place in our list");
                self.places[index].clone()
            }
        };
        Broken { file, record: Some(record), what: broken.what }
    }
}

fn public_key(folder: &Path, trusted: Option<&Path>) -> Result<VerifyingKey, Broken> {
    let found = read(&folder.join(PUBLIC_KEY), PUBLIC_KEY)?;
    if let Some(path) = trusted {
        let trusted = read(path, &name_of(path))?;
        if trusted.trim_ascii() != found.trim_ascii() {
            return Err(broken(
                PUBLIC_KEY,
                "It is not the trusted key: another key signed this pack.",
            ));
        }
    }
    std::str::from_utf8(found.trim_ascii())
        .ok()
        .and_then(event::unhex::<32>)
        .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
        .ok_or_else(|| broken(PUBLIC_KEY, "It is not an Ed25519 public key in hex."))
}

fn manifest(folder: &Path, key: &VerifyingKey) -> Result<Manifest, Broken> {
    let mut found: Vec<Manifest> =
        rows(folder, MANIFEST).map_err(|error| Broken { record: None, ..error })?;
    let signature = read(&folder.join(SIGNATURE), SIGNATURE)?;
    let (Some(manifest), true) = (found.pop(), found.is_empty()) else {
        return Err(broken(MANIFEST, "It must be exactly one line."));
    };
    let bytes = event::signed_bytes(MANIFEST_DOMAIN, &canonical::value_of(&manifest));
    let signature = std::str::from_utf8(signature.trim_ascii()).unwrap_or("");
    if !event::is_signed(&bytes, signature, key) {
        return Err(broken(
            MANIFEST,
            "It is not what the key signed: it or its signature was changed.",
        ));
    }
    if manifest.format != FORMAT {
        return Err(broken(MANIFEST, "This version reads packs of format 1 only."));
    }
    Ok(manifest)
}

/// The chain must be the one that the manifest was signed for, to its last event.
fn check_head(manifest: &Manifest, chain: &event::Report, events: &[Event]) -> Result<(), Broken> {
    let fault = |record: u64, what: &str| {
        Err(Broken { file: EVENTS.to_owned(), record: Some(record), what: what.to_owned() })
    };
    let size = manifest.size;
    if !events.is_empty() && chain.chain_id != manifest.chain_id {
        return Err(broken(MANIFEST, "It was signed for another chain than that of the events."));
    }
    if chain.events < size {
        return fault(chain.events + 1, "It is missing: the signed manifest counts more events.");
    }
    let last = usize::try_from(size).ok().and_then(|size| size.checked_sub(1));
    let head = last.map_or(manifest.chain_id.as_str(), |last| &events[last].digest);
    if head != manifest.head {
        return fault(
            size,
            "The signed manifest has another digest for it: the chain was made anew.",
        );
    }
    if chain.events > size {
        return fault(size + 1, "It was added: the signed manifest counts fewer events.");
    }
    Ok(())
}

/// The manifest must say how many bodies are not there. It comes last, because whoever took one out
/// after the pack was made is found by the file's digest, which names the line.
fn check_counts(manifest: &Manifest, chain: &event::Report) -> Result<(), Broken> {
    match (chain.erased, chain.withheld) == (manifest.erased, manifest.withheld) {
        true => Ok(()),
        false => Err(broken(
            BODIES,
            "More or fewer bodies are erased or withheld than the signed manifest says.",
        )),
    }
}

fn check_file(folder: &Path, entry: &Entry) -> Result<(), Broken> {
    let Entry { name, rows, sha256: signed, lines: marks } = entry;
    // Only the last part of a name counts, so that no name leads out of the folder.
    let bytes = read(&folder.join(name.rsplit('/').next().unwrap_or("")), name)?;
    let found = lines(&bytes);
    if sha256(&bytes) != *signed {
        let what = "It is not what the signed manifest says.".to_owned();
        return Err(Broken { file: name.clone(), record: changed_line(&found, marks), what });
    }
    if name.ends_with(".jsonl") && found.len() as u64 != *rows {
        return Err(broken(name, "It does not have as many rows as the signed manifest says."));
    }
    Ok(())
}

/// Every picture that an event about a change names must be in the pack, to the byte.
fn check_pictures(manifest: &Manifest, events: &[Event], bodies: &[Body]) -> Result<(), Broken> {
    let files: BTreeSet<&str> = manifest.files.iter().map(|entry| entry.sha256.as_str()).collect();
    for (event, body) in events.iter().zip(bodies).filter(|(event, _)| event.kind == WITH_PICTURES)
    {
        let mut named = crate::store::digests(&body.content).into_iter();
        if let Some(digest) = named.find(|digest| !files.contains(digest)) {
            let what = format!("It names the picture {digest}, and no file of the pack is that.");
            return Err(Broken { file: BODIES.to_owned(), record: Some(event.seq), what });
        }
    }
    Ok(())
}

/// The first line whose mark is not the signed one; `None` if the marks do not tell.
fn changed_line(found: &[&[u8]], marks: &str) -> Option<u64> {
    let marks: Vec<&[u8]> = marks.as_bytes().chunks(8).collect();
    if marks.is_empty() {
        return None;
    }
    let most = found.len().max(marks.len());
    let differs = |&at: &usize| {
        found.get(at).map(|line| line_mark(line).into_bytes()).as_deref() != marks.get(at).copied()
    };
    (0..most).find(differs).map(|at| at as u64 + 1)
}

fn check_nothing_else(folder: &Path, manifest: &Manifest) -> Result<(), Broken> {
    let mut known: BTreeSet<&str> =
        manifest.files.iter().map(|entry| entry.name.as_str()).collect();
    known.extend([MANIFEST, SIGNATURE, PUBLIC_KEY]);
    let listing = fs::read_dir(folder).map_err(|error| unreadable(".", &error))?;
    let mut names = Vec::new();
    for found in listing {
        let found = found.map_err(|error| unreadable(".", &error))?;
        names.push(found.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    match names.into_iter().find(|name| !known.contains(name.as_str())) {
        Some(name) => Err(broken(&name, "The signed manifest does not name it. Take it out.")),
        None => Ok(()),
    }
}

fn rows<T: DeserializeOwned + Serialize>(folder: &Path, name: &str) -> Result<Vec<T>, Broken> {
    rows_of(&folder.join(name), name)
}

/// Reads a file of one canonical JSON object in each line. What is not written in exactly the one
/// canonical way is refused, so that no two readers can understand it differently.
fn rows_of<T: DeserializeOwned + Serialize>(path: &Path, name: &str) -> Result<Vec<T>, Broken> {
    let bytes = read(path, name)?;
    let found = lines(&bytes);
    let fault = |at: usize, what: String| Broken {
        file: name.to_owned(),
        record: Some(at as u64 + 1),
        what,
    };
    let mut rows = Vec::with_capacity(found.len());
    for (at, line) in found.iter().enumerate() {
        let row: T = serde_json::from_slice(line)
            .map_err(|error| fault(at, format!("It is not a record of this file: {error}.")))?;
        if canonical::bytes(&canonical::value_of(&row)) != *line {
            return Err(fault(at, "It is not written in the canonical form.".to_owned()));
        }
        rows.push(row);
    }
    match bytes.last() {
        Some(b'\n') | None => Ok(rows),
        Some(_) => {
            Err(fault(found.len() - 1, "The file is cut: its last line has no end.".to_owned()))
        }
    }
}

fn read(path: &Path, name: &str) -> Result<Vec<u8>, Broken> {
    fs::read(path).map_err(|error| unreadable(name, &error))
}

fn unreadable(name: &str, error: &std::io::Error) -> Broken {
    broken(name, &format!("It cannot be read: {error}."))
}

fn broken(file: &str, what: &str) -> Broken {
    Broken { file: file.to_owned(), record: None, what: what.to_owned() }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
