//! The audit chain: sealed records, each bound to the one before, and signed heads of it.
//!
//! An [`Event`] holds only a salted commitment to its body, so that erasing a body (which names
//! people), or leaving it out of a pack about somebody else, leaves the chain whole. A chain alone proves neither that its end is there nor that it
//! was not rewritten as a whole; signed [`Checkpoint`]s kept elsewhere do. The format is written
//! down in `docs/evidence.md`.

use std::collections::BTreeSet;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical;
use crate::id::hex;

mod check;
mod concern;
#[cfg(test)]
mod tests;

pub use check::{Broken, Part, Report, check, is_signed, unhex};
pub use concern::Concern;

/// The kind of the event that says that everything about its subject was erased.
pub const ERASED: &str = "erased";

/// Which chain: one for each workspace, given once at random. 32 bytes as lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(String);

impl ChainId {
    /// The id with these (random) bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(hex(&bytes))
    }

    /// The id as stored or written in a pack.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What kind of thing happened, e.g. `plan_made`, `change_intended`, `change_verified`.
    pub kind: String,
    /// Who did it: a person as signed in, or the part of Rollbook that acted by itself.
    pub actor: String,
    /// For whom the actor did it, or empty.
    pub on_behalf_of: String,
    /// The id of what it is about (`chg_…`, `acc_…`, `hr/00123`). Never a person's name: that
    /// belongs in the body, which can be erased.
    pub subject: String,
    /// Everybody of whom the body tells. Empty only if it tells of nobody: such a body is in every
    /// pack and can never be erased.
    pub concerns: BTreeSet<Concern>,
    /// When.
    pub at: Timestamp,
    /// Everything else.
    pub body: Value,
}

/// A sealed record of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its place in the chain, from 1 without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing happened.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// For whom, or empty.
    pub on_behalf_of: String,
    /// What it is about.
    pub subject: String,
    /// Of whom the body tells.
    pub concerns: BTreeSet<Concern>,
    /// Salted commitment to the body.
    pub body_digest: String,
    /// The digest of the event before; of the first one: the chain's id.
    pub prev: String,
    /// Over everything above.
    pub digest: String,
}

/// The body of an event, kept apart from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Which event's.
    pub seq: u64,
    /// 16 random bytes as hex, without which nobody can guess the content from the commitment. Where
    /// the content is not there, the word for why: `erased` or `withheld`.
    pub salt: String,
    /// The content; `null` when erased or withheld.
    pub content: Value,
}

impl Body {
    const ERASED: &str = "erased";
    const WITHHELD: &str = "withheld";

    /// The body without its content, for good. The chain stays whole.
    #[must_use]
    pub fn erased(&self) -> Self {
        self.without(Self::ERASED)
    }

    /// The body as a pack holds it that is about somebody else. What was erased stays so.
    #[must_use]
    pub fn withheld(&self) -> Self {
        if self.is_erased() { self.clone() } else { self.without(Self::WITHHELD) }
    }

    /// Whether it was erased.
    pub fn is_erased(&self) -> bool {
        self.salt == Self::ERASED && self.content.is_null()
    }

    /// Whether it was left out of a pack about somebody else.
    pub fn is_withheld(&self) -> bool {
        self.salt == Self::WITHHELD && self.content.is_null()
    }

    fn without(&self, why: &str) -> Self {
        Self { seq: self.seq, salt: why.to_owned(), content: Value::Null }
    }

    fn digest(&self) -> String {
        canonical::digest("rollbook.body.v1", &json!({"content": self.content, "salt": self.salt}))
    }
}

impl Event {
    /// Whether `body` is what this event was sealed with, and the event itself is as it was sealed.
    pub fn seals(&self, body: &Body) -> bool {
        self.seq == body.seq && self.body_digest == body.digest() && self.digest == self.digest_of()
    }

    fn digest_of(&self) -> String {
        let mut value = canonical::value_of(self);
        value.as_object_mut().expect("an event is an object").remove("digest");
        canonical::digest("rollbook.event.v1", &value)
    }
}

/// A signed head of the chain. Kept in the store and somewhere else as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Which chain.
    pub chain_id: ChainId,
    /// How many events it had.
    pub size: u64,
    /// The digest of the last of them; of an empty chain: its id.
    pub head: String,
    /// When it was signed.
    pub at: Timestamp,
    /// Ed25519 over everything above, as hex.
    pub signature: String,
}

impl Checkpoint {
    /// Whether the key signed it.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        is_signed(&self.signed_bytes(), &self.signature, key)
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut value = canonical::value_of(self);
        value.as_object_mut().expect("a checkpoint is an object").remove("signature");
        signed_bytes("rollbook.checkpoint.v1", &value)
    }
}

/// The bytes that a signature over `value` covers: the domain, a line feed, the canonical bytes.
pub fn signed_bytes(domain: &str, value: &Value) -> Vec<u8> {
    [domain.as_bytes(), b"\n", &canonical::bytes(value)].concat()
}

/// Seals `draft` as the event after `prev` (`None`: as the first of the chain). `salt` must be fresh
/// random bytes. A number with a fraction in the body is written as text.
pub fn seal(
    prev: Option<&Event>,
    draft: Draft,
    salt: [u8; 16],
    chain_id: &ChainId,
) -> (Event, Body) {
    let seq = prev.map_or(1, |event| event.seq + 1);
    let body = Body { seq, salt: hex(&salt), content: canonical::exact(draft.body) };
    let mut event = Event {
        seq,
        at: draft.at,
        kind: draft.kind,
        actor: draft.actor,
        on_behalf_of: draft.on_behalf_of,
        subject: draft.subject,
        concerns: draft.concerns,
        body_digest: body.digest(),
        prev: prev.map_or_else(|| chain_id.as_str().to_owned(), |event| event.digest.clone()),
        digest: String::new(),
    };
    event.digest = event.digest_of();
    (event, body)
}

/// Signs the chain up to `head` (`None`: while it is empty).
pub fn sign(
    key: &SigningKey,
    chain_id: &ChainId,
    head: Option<&Event>,
    at: Timestamp,
) -> Checkpoint {
    let mut checkpoint = Checkpoint {
        chain_id: chain_id.clone(),
        size: head.map_or(0, |event| event.seq),
        head: head.map_or_else(|| chain_id.as_str().to_owned(), |event| event.digest.clone()),
        at,
        signature: String::new(),
    };
    checkpoint.signature = hex(&key.sign(&checkpoint.signed_bytes()).to_bytes());
    checkpoint
}
