//! Findings: one difference worth saying, with evidence and a sentence that a manager understands.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{AccountRef, FindingId, IdentityId, InstanceName, RecordRef, SourceName};

/// One difference between what is and what should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Derived from kind and subject: the same trouble has the same id in every run.
    pub id: FindingId,
    /// What kind of trouble.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// Who is concerned, where known.
    pub identity: Option<IdentityId>,
    /// How bad.
    pub severity: Severity,
    /// One sentence that a manager understands.
    pub because: String,
    /// The facts it rests on, in order.
    pub evidence: Vec<Evidence>,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum Subject {
    /// One account.
    Account {
        /// Which.
        account: AccountRef,
    },
    /// One grant of one account.
    Grant {
        /// Which account.
        account: AccountRef,
        /// Which entitlement.
        entitlement: String,
    },
    /// Two accounts of one instance that are one human's.
    Accounts {
        /// The first by key.
        left: AccountRef,
        /// The second.
        right: AccountRef,
    },
    /// Two worker records that are one human, delivered as two.
    Records {
        /// The first.
        left: RecordRef,
        /// The second.
        right: RecordRef,
    },
    /// An identity that should have an account in an instance (`*`: in any).
    Assignment {
        /// Who.
        identity: IdentityId,
        /// Where.
        instance: InstanceName,
    },
    /// An instance as a whole.
    Instance {
        /// Which.
        instance: InstanceName,
    },
    /// A source as a whole.
    Source {
        /// Which.
        source: SourceName,
    },
}

/// Kinds of finding; the words of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No owner is known.
    Orphan,
    /// Its owner has left.
    Leftover,
    /// Several people may be the owner.
    AmbiguousOwner,
    /// One human was delivered as two.
    DuplicateIdentity,
    /// One human has two everyday accounts in one instance.
    DuplicateAccount,
    /// Several people use one account.
    SharedAccount,
    /// A machine account that no human answers for.
    UnownedMachine,
    /// It should exist and does not.
    Missing,
    /// A grant that lives on after its account ended.
    OutlivedGrant,
    /// A grant that nothing explains: of a unit that its owner has left.
    ExtraGrant,
    /// Not used for long.
    Dormant,
    /// We could not look, or not lately.
    StaleView,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Should be settled in the ordinary course.
    Medium,
    /// Somebody who should not can get in.
    High,
    /// The same with administrator's rights.
    Critical,
}

/// One fact under a finding: what was seen, where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What the fact says, e.g. `last day`.
    pub what: String,
    /// Its value, e.g. `2026-10-31`.
    pub value: String,
    /// Where it was read: `hr/E100`, `mindtickle/u-17`, a snapshot id.
    pub source: String,
}

/// Since when a finding is known and what happened to it since the last run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Compared with the last run.
    pub change: Since,
    /// A human put it off.
    pub put_off: Option<PutOff>,
}

/// Compared with the last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// Not there before.
    New,
    /// There before and now.
    Still,
    /// There before and not now.
    Gone,
    /// Was gone and came back.
    Resurrected,
}

/// A human's word that a finding can wait. It ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// Whether the risk is accepted, or it is only not for now.
    pub accepted: bool,
    /// Until which day (half-open).
    pub until: Date,
    /// Who said so.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}
