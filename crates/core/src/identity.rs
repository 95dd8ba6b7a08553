//! Identities: worker records of one human become one identity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{IdentityId, RecordRef};
use crate::worker::WorkerRecord;

/// Someone or something that owns accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Stable over syncs: an identity keeps the id under which one of its records was known before.
    pub id: IdentityId,
    /// What it is.
    pub kind: Kind,
    /// The worker records that are this human, ordered. Empty for machines.
    pub records: Vec<RecordRef>,
    /// The name people know it by.
    pub name: String,
    /// Why these records are one, in words; empty when there is only one record.
    pub because: String,
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A human.
    Person,
    /// A machine or integration.
    Service,
    /// One account that several people use.
    Shared,
    /// An AI agent or robot.
    Agent,
}

/// Two records that may be one human, but not surely: for a human to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookalike {
    /// One record.
    pub left: RecordRef,
    /// The other.
    pub right: RecordRef,
    /// How sure, 0 to 1.
    pub score: f64,
    /// Why, in words.
    pub because: String,
}

/// What [`resolve`] finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// Every record is in exactly one identity. Ordered by id.
    pub identities: Vec<Identity>,
    /// Pairs left apart that a human should look at. Ordered.
    pub lookalikes: Vec<Lookalike>,
}

/// Which identity a record was in after the last sync.
pub type Known = BTreeMap<RecordRef, IdentityId>;

/// Makes identities of worker records: those of one source and number are one human.
pub fn resolve(
    records: &[WorkerRecord],
    known: &Known,
    _decisions: &[crate::link::Decision],
) -> Resolution {
    let mut identities: BTreeMap<RecordRef, Identity> = BTreeMap::new();
    for record in records {
        let at = record.record_ref();
        let id = known.get(&at).cloned().unwrap_or_else(|| {
            IdentityId::derive(&[at.source.as_str(), at.number.as_str()])
        });
        identities.entry(at.clone()).or_insert_with(|| Identity {
            id,
            kind: Kind::Person,
            records: vec![at],
            name: record.name.display.clone(),
            because: String::new(),
        });
    }
    Resolution { identities: identities.into_values().collect(), lookalikes: Vec::new() }
}
