//! The evidence pack: one folder that an auditor can check without this product.
//!
//! [`write_folder`] makes it and [`verify_folder`] checks it, offline, from the folder alone and,
//! where somebody kept them, from checkpoints and the public key that lie elsewhere. The format is
//! written down in `docs/evidence.md`; `examples/verify_pack.py` is made from that text alone and
//! comes to the same verdicts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollbook_core::event::ChainId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

mod verify;
mod write;

pub use verify::{Broken, Report, verify_folder};
pub use write::{DataFile, Pack, Written, write_folder};

/// The signed table of contents of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the pack's format.
    pub format: u32,
    /// Which chain the events are of.
    pub chain_id: ChainId,
    /// How many events the chain has.
    pub size: u64,
    /// The digest of the last of them; of an empty chain: its id.
    pub head: String,
    /// The moment up to which the pack speaks.
    pub as_of: Timestamp,
    /// The software that wrote it, with its version.
    pub software: String,
    /// Who had it made.
    pub made_by: String,
    /// The ids that the pack is about; empty: everything. Bodies that tell of others only are
    /// withheld.
    pub about: BTreeSet<String>,
    /// How many bodies were erased.
    pub erased: u64,
    /// How many bodies are withheld.
    pub withheld: u64,
    /// What the pack covers: how many people, and for each instance how many accounts were read, how
    /// many it said there were, from which snapshot, and how complete.
    pub population: Value,
    /// Every other file of the pack, ordered by name.
    pub files: Vec<Entry>,
}

/// One file of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// How many records it holds, not counting a header.
    pub rows: u64,
    /// SHA-256 of its bytes, as hex.
    pub sha256: String,
    /// The first eight hex digits of the SHA-256 of each line, one after the other: so that a changed
    /// line can be named. Empty for a file of more than [`LINES_MAX`] lines.
    pub lines: String,
}

/// Up to how many lines a file's lines are listed one by one.
pub const LINES_MAX: usize = 20_000;

/// The version of the format that this version writes and reads.
pub const FORMAT: u32 = 1;

/// The kind of event of which every picture that it names lies in the pack.
pub const WITH_PICTURES: &str = "change_answered";

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.sig";
const PUBLIC_KEY: &str = "public_key";
const EVENTS: &str = "events.jsonl";
const BODIES: &str = "bodies.jsonl";
const CHECKPOINTS: &str = "checkpoints.jsonl";
const MANIFEST_DOMAIN: &str = "rollbook.manifest.v1";

/// SHA-256 of `bytes`, as hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    rollbook_core::id::hex(&Sha256::digest(bytes))
}

/// The lines of a file without their line feeds. A last line without one counts.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
}

/// The mark of one line in [`Entry::lines`].
fn line_mark(line: &[u8]) -> String {
    sha256(line)[..8].to_owned()
}
