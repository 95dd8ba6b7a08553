//! Links: this account belongs to this identity, by which rule, how sure, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountRef, IdentityId, RecordRef};
use crate::identity::Kind;

/// What is known about the owner of one account. Every account has exactly one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The account.
    pub account: AccountRef,
    /// Who owns it, as far as known.
    pub state: LinkState,
    /// What kind of account it is judged to be: a person's own, a machine's, shared by several.
    pub kind: AccountKind,
    /// The rule that decided, e.g. `worker_number`, `verified_email`, `model`.
    pub rule: String,
    /// How sure the state is, 0 to 1.
    pub score: f64,
    /// Why, as a sentence for people.
    pub because: String,
}

impl Link {
    /// The identity of a link that may be acted on (`auto` or `confirmed`).
    pub fn owner(&self) -> Option<&IdentityId> {
        match &self.state {
            LinkState::Auto { owner } | LinkState::Confirmed { owner } => Some(&owner.identity),
            LinkState::Suggested { .. } | LinkState::None => None,
        }
    }
}

/// Whether the owner of an account is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LinkState {
    /// Safe without a human.
    Auto {
        /// The owner.
        owner: Candidate,
    },
    /// A human said so.
    Confirmed {
        /// The owner.
        owner: Candidate,
    },
    /// A human should choose; best first, never empty.
    Suggested {
        /// The candidates.
        candidates: Vec<Candidate>,
    },
    /// No candidate worth showing.
    None,
}

impl LinkState {
    /// The word for programs: `auto`, `confirmed`, `suggested`, `none`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Auto { .. } => "auto",
            Self::Confirmed { .. } => "confirmed",
            Self::Suggested { .. } => "suggested",
            Self::None => "none",
        }
    }
}

/// One identity that may own an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub identity: IdentityId,
    /// The record of theirs that fits best; `None` for machines.
    pub record: Option<RecordRef>,
    /// How sure, 0 to 1.
    pub score: f64,
    /// The evidence for and against, in words, strongest first.
    pub because: String,
}

/// What kind of account it is, apart from who owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// One person's everyday account.
    Personal,
    /// One person's second, privileged account.
    Admin,
    /// A machine or integration.
    Service,
    /// Used by several people.
    Shared,
    /// A room, a mailbox, a resource that nobody signs in to.
    Mailbox,
    /// An AI agent or robot.
    Agent,
    /// It cannot be told.
    Unknown,
}

/// What a human decided about an account or a pair of records. Remembered, and stronger than any
/// rule; the newest decision about the same subject wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub verdict: LinkVerdict,
    /// By whom (a named person).
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: String,
}

/// The content of a [`Decision`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum LinkVerdict {
    /// This account belongs to the human of this record. Kept by record, so that it survives a new
    /// identity id.
    Confirm {
        /// The account.
        account: AccountRef,
        /// A record of the owner.
        record: RecordRef,
    },
    /// This account does not belong to the human of this record.
    Reject {
        /// The account.
        account: AccountRef,
        /// A record of the one it does not belong to.
        record: RecordRef,
    },
    /// This account is a machine's, shared, or an agent's. `owner` answers for it.
    Type {
        /// The account.
        account: AccountRef,
        /// What it is; `Person` takes an earlier typing back.
        kind: Kind,
        /// The human who answers for it, where named.
        owner: Option<RecordRef>,
    },
    /// These two records are one human.
    Same {
        /// One record.
        left: RecordRef,
        /// The other.
        right: RecordRef,
    },
    /// These two records are two humans.
    Apart {
        /// One record.
        left: RecordRef,
        /// The other.
        right: RecordRef,
    },
}
