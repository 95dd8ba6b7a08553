//! Plans: a plan is a value, not a procedure. It is decided once, frozen under a digest, shown to
//! people, and executed with no choices left.
//!
//! [`plan`] makes it from wishes; [`crate::guard`] says why it may not run; [`crate::approval`]
//! binds people's agreement to its digest. A stored plan that was tampered with does not load.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::change::{Change, Stage};
use crate::finding::Subject;
use crate::id::{ChangeId, InstanceName, PlanId, SnapshotId, SourceName};
use crate::snapshot::Coverage;

mod basis;
mod make;
pub mod push;
mod settle;
#[cfg(test)]
mod tests;
mod wish;

pub use basis::{Facts, facts};
pub(crate) use make::admin_rights;
pub use make::plan;
pub use wish::{Asked, Want, Wish, from_findings, offboard, profile_for};

/// An immutable set of fully resolved changes with a digest. Made by [`plan`] alone; loading one
/// checks the digest again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Plan {
    content: Content,
    digest: String,
}

/// Everything of a plan that the digest covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    made_at: Timestamp,
    requester: String,
    origin: Origin,
    changes: Vec<Change>,
    privileged: BTreeSet<ChangeId>,
    left_alone: Vec<LeftAlone>,
    basis: Basis,
}

/// The form in which a plan is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    plan: Content,
    digest: String,
}

/// Whether a plan rests on what people asked for or on what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A named person, or an identity provider, asked for each of its wishes.
    Asked,
    /// At least one wish follows from a finding, and so from a source.
    Found,
}

/// What a plan knowingly does not touch, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftAlone {
    /// What it is about.
    pub subject: Subject,
    /// The account or person as people know it.
    pub label: String,
    /// Why it is left alone, as a sentence for people.
    pub because: String,
}

/// What a plan rests on. It is part of the digest, so that an approval covers it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// How each instance was seen.
    pub views: BTreeMap<InstanceName, SeenView>,
    /// How each source was seen.
    pub feeds: BTreeMap<SourceName, SeenFeed>,
    /// What was known about the account and the person of each change; see [`facts`].
    pub facts: BTreeMap<ChangeId, Facts>,
}

/// How one instance was seen when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenView {
    /// The snapshot; `None`: never read.
    pub snapshot: Option<SnapshotId>,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
    /// Whether it was whole.
    pub coverage: Coverage,
    /// How many accounts it held that are not gone.
    pub accounts: u64,
}

/// How one source was seen when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenFeed {
    /// When the last good delivery was read.
    pub taken_at: Option<Timestamp>,
    /// Why the newest delivery was kept out, if it was.
    pub kept_out: Option<String>,
    /// How many worker records it held.
    pub records: u64,
}

/// Why a stored plan does not load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It was changed after it was made.
    #[error(
        "The stored plan was changed after it was made: its content has the digest {found}, and \
         {stated} is written beside it. Make the plan again."
    )]
    Tampered {
        /// The digest stored with the plan.
        stated: String,
        /// The digest of what is stored.
        found: String,
    },
    /// A version of the format that this version of Rollbook does not know.
    #[error("The stored plan has format {format}, and this version of Rollbook reads format 1.")]
    Format {
        /// The version found.
        format: u32,
    },
}

impl Plan {
    /// The version of the plan's format.
    pub const FORMAT: u32 = 1;

    fn freeze(content: Content) -> Self {
        let digest = digest_of(&content);
        Self { content, digest }
    }

    /// The id that follows from the digest.
    pub fn id(&self) -> PlanId {
        PlanId::derive(&[&self.digest])
    }

    /// SHA-256 over the canonical bytes of everything in the plan, as lower-case hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// When it was made.
    pub fn made_at(&self) -> Timestamp {
        self.content.made_at
    }

    /// Who asked for it. They cannot approve it.
    pub fn requester(&self) -> &str {
        &self.content.requester
    }

    /// Whether it rests on what people asked for or on findings.
    pub fn origin(&self) -> Origin {
        self.content.origin
    }

    /// All changes in the order in which they run.
    pub fn changes(&self) -> &[Change] {
        &self.content.changes
    }

    /// The change with this id.
    pub fn change(&self, id: &ChangeId) -> Option<&Change> {
        self.content.changes.iter().find(|c| c.id == *id)
    }

    /// The changes by stage, in the order in which the stages run.
    pub fn stages(&self) -> impl Iterator<Item = (Stage, &[Change])> {
        self.content.changes.chunk_by(|a, b| a.stage == b.stage).map(|part| (part[0].stage, part))
    }

    /// Whether a change concerns an account with an administrator's rights, or such a right.
    pub fn is_privileged(&self, change: &Change) -> bool {
        self.content.privileged.contains(&change.id)
    }

    /// What is knowingly not touched, and why.
    pub fn left_alone(&self) -> &[LeftAlone] {
        &self.content.left_alone
    }

    /// What it rests on.
    pub fn basis(&self) -> &Basis {
        &self.content.basis
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.content.changes.is_empty()
    }

    /// The canonical value under the digest, for the evidence: an auditor computes the digest from it.
    pub fn canonical(&self) -> Value {
        canonical::value_of(&self.content)
    }
}

impl From<Plan> for Stored {
    fn from(plan: Plan) -> Self {
        Self { plan: plan.content, digest: plan.digest }
    }
}

impl TryFrom<Stored> for Plan {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let Stored { plan: content, digest: stated } = stored;
        if content.format != Self::FORMAT {
            return Err(Error::Format { format: content.format });
        }
        let found = digest_of(&content);
        if found != stated {
            return Err(Error::Tampered { stated, found });
        }
        Ok(Self { content, digest: stated })
    }
}

fn digest_of(content: &Content) -> String {
    canonical::digest("rollbook.plan.v1", &canonical::value_of(content))
}
