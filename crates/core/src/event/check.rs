//! Checks a chain from its records alone, and names the record at which it is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::{Body, ChainId, Checkpoint, ERASED, Event};
use crate::explain::counted;

/// What a whole chain holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which chain.
    pub chain_id: ChainId,
    /// How many events.
    pub events: u64,
    /// The digest of the last one; of an empty chain: its id.
    pub head: String,
    /// How many bodies were erased.
    pub erased: u64,
    /// How many bodies were left out because they tell of others than the pack is about.
    pub withheld: u64,
    /// How many checkpoints were checked.
    pub checkpoints: u64,
    /// Up to which event a signature covers the chain. Later ones are bound to each other, but
    /// nothing signed says that they are all there.
    pub covered: u64,
}

/// Where a chain is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{part} {record} is broken: {what}")]
pub struct Broken {
    /// Among which records.
    pub part: Part,
    /// Which one, from 1: for events and bodies the sequence number that was due, for checkpoints the
    /// place in the list.
    pub record: u64,
    /// What is wrong with it, as a sentence for people.
    pub what: String,
}

/// The kinds of record in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Events.
    Event,
    /// Bodies.
    Body,
    /// Checkpoints.
    Checkpoint,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => "Event",
            Self::Body => "Body",
            Self::Checkpoint => "Checkpoint",
        })
    }
}

/// Checks a whole chain: `events` from the first one on, one body for each, and every checkpoint
/// there is, those kept elsewhere first, under `key`.
///
/// A body is allowed to be missing, and counted, in two cases that the sealed events decide:
/// *erased*, if later events of the kind [`ERASED`] say of everybody of whom it tells that they were
/// erased; *withheld*, if it [is of others](Event::is_of_others) than `about`, where the chain is
/// shown for certain ids only (empty: for all). Without a checkpoint the chain is only known to be
/// consistent in itself; [`Report::covered`] says so.
///
/// # Errors
/// [`Broken`] names the first record that is not as it was sealed or signed.
pub fn check(
    events: &[Event],
    bodies: &[Body],
    checkpoints: &[Checkpoint],
    key: &VerifyingKey,
    about: &BTreeSet<String>,
) -> Result<Report, Broken> {
    let chain_id = match (events.first(), checkpoints.first()) {
        (Some(event), _) => ChainId::stored(event.prev.clone()),
        (None, Some(checkpoint)) => checkpoint.chain_id.clone(),
        (None, None) => ChainId::stored(""),
    };
    let absent = check_records(events, bodies, &chain_id, about)?;
    for (at, checkpoint) in checkpoints.iter().enumerate() {
        check_checkpoint(place(at), checkpoint, events, &chain_id, key)?;
    }
    Ok(Report {
        events: count(events.len()),
        head: events.last().map_or_else(|| chain_id.as_str().to_owned(), |e| e.digest.clone()),
        erased: absent.erased,
        withheld: absent.withheld,
        checkpoints: count(checkpoints.len()),
        covered: checkpoints.iter().map(|c| c.size).max().unwrap_or(0),
        chain_id,
    })
}

/// How many bodies are not there, by why.
#[derive(Default)]
struct Absent {
    erased: u64,
    withheld: u64,
}

/// Checks every event against the one before and against its body.
fn check_records(
    events: &[Event],
    bodies: &[Body],
    chain_id: &ChainId,
    about: &BTreeSet<String>,
) -> Result<Absent, Broken> {
    let erasures = Erasures::of(events);
    let mut prev = chain_id.as_str();
    let mut absent = Absent::default();
    for (at, event) in events.iter().enumerate() {
        check_event(place(at), event, prev)?;
        let body = bodies.get(at);
        check_body(place(at), event, body, &erasures, about)?;
        absent.erased += u64::from(body.is_some_and(Body::is_erased));
        absent.withheld += u64::from(body.is_some_and(Body::is_withheld));
        prev = &event.digest;
    }
    match bodies.len() > events.len() {
        true => Err(broken(Part::Body, place(events.len()), "It belongs to no event.")),
        false => Ok(absent),
    }
}

/// Who was erased, and by which event last.
struct Erasures<'a>(BTreeMap<&'a str, u64>);

impl<'a> Erasures<'a> {
    fn of(events: &'a [Event]) -> Self {
        let erasing = events.iter().filter(|event| event.kind == ERASED);
        Self(erasing.map(|event| (event.subject.as_str(), event.seq)).collect())
    }

    /// Whether everybody of whom the body of `event` tells was erased after it.
    fn cover(&self, event: &Event) -> bool {
        let after = |id: &str| self.0.get(id).is_some_and(|&seq| seq > event.seq);
        !event.concerns.is_empty() && event.concerns.iter().all(|one| after(one.as_str()))
    }
}

fn check_event(due: u64, event: &Event, prev: &str) -> Result<(), Broken> {
    let found = event.seq;
    let fault = |what: String| Err(broken(Part::Event, due, what));
    if found > due {
        return fault(format!("It is missing: event {found} stands in its place."));
    }
    if found < due {
        return fault(format!("Event {found} stands in its place; events were put in or moved."));
    }
    if event.digest_of() != event.digest {
        return fault(
            "Its content does not have its digest: it was changed after it was sealed.".to_owned(),
        );
    }
    if event.prev != prev {
        return fault(
            "It is not bound to the record before it: one of the two was put in, taken out \
                      or made anew, or it belongs to another chain."
                .to_owned(),
        );
    }
    Ok(())
}

fn check_body(
    due: u64,
    event: &Event,
    body: Option<&Body>,
    erasures: &Erasures<'_>,
    about: &BTreeSet<String>,
) -> Result<(), Broken> {
    let fault = |what: &str| Err(broken(Part::Body, due, what));
    match body {
        None => fault("It is missing. An erased or withheld body leaves a record behind."),
        Some(body) if body.seq != due => fault("Another event's body stands in its place."),
        Some(body) if body.is_erased() && !erasures.cover(event) => fault(
            "It was taken out as if erased, and no event says that everybody of whom it tells was \
             erased.",
        ),
        Some(body) if body.is_withheld() && !event.is_of_others(about) => fault(
            "It was taken out as if it told only of others, and its event says that it must be here.",
        ),
        Some(body) if body.is_erased() || body.is_withheld() => Ok(()),
        Some(body) if body.digest() != event.body_digest => {
            fault("It is not the one that its event was sealed with.")
        }
        Some(_) => Ok(()),
    }
}

fn check_checkpoint(
    at: u64,
    checkpoint: &Checkpoint,
    events: &[Event],
    chain_id: &ChainId,
    key: &VerifyingKey,
) -> Result<(), Broken> {
    let fault = |what: &str| Err(broken(Part::Checkpoint, at, what));
    if !checkpoint.is_signed_by(key) {
        return fault("Its signature is not the key's: it was changed, or another key signed it.");
    }
    if checkpoint.chain_id != *chain_id {
        return fault("It was signed for another chain.");
    }
    let size = checkpoint.size;
    let head = match usize::try_from(size).ok().and_then(|size| size.checked_sub(1)) {
        None => Some(chain_id.as_str()),
        Some(last) => events.get(last).map(|event| event.digest.as_str()),
    };
    match head {
        None => Err(broken(
            Part::Event,
            count(events.len()) + 1,
            format!(
                "It is missing: a signed checkpoint covers {}, and there are {}.",
                counted(size, "event"),
                events.len()
            ),
        )),
        Some(head) if head != checkpoint.head => Err(broken(
            Part::Event,
            size,
            "A signed checkpoint has another digest for it: the chain was made anew up to here, or \
             is another one.",
        )),
        Some(_) => Ok(()),
    }
}

/// Whether `signature` (hex) is the key's over `bytes`, checked strictly: one signature, one form.
pub fn is_signed(bytes: &[u8], signature: &str, key: &VerifyingKey) -> bool {
    let Some(signature) = unhex::<64>(signature) else { return false };
    key.verify_strict(bytes, &Signature::from_bytes(&signature)).is_ok()
}

/// Reads exactly `N` bytes of lower-case hex.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

fn broken(part: Part, record: u64, what: impl Into<String>) -> Broken {
    Broken { part, record, what: what.into() }
}

/// The place of the record at `index`, from 1.
fn place(index: usize) -> u64 {
    count(index) + 1
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
