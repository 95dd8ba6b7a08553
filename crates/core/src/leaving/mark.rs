//! What people said about a leaver, and no source can know.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::IdentityId;

/// A named person's word about somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// About whom.
    pub identity: IdentityId,
    /// What holds.
    pub kind: MarkKind,
    /// From when on.
    pub from: Timestamp,
    /// From this day on it no longer holds (half-open). `None`: until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Who said so.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

impl Mark {
    /// Whether it holds at `now`, which is on the day `today` in the workspace's zone.
    pub fn holds(&self, now: Timestamp, today: Date) -> bool {
        self.from <= now && self.until.is_none_or(|until| today < until)
    }
}

/// What can be said about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// They leave at once, whatever the source says of their last day.
    Immediate,
    /// Nothing of theirs may be removed or handed over: a court or an inquiry may ask for it.
    LegalHold,
    /// They are away for a time and come back: closed meanwhile, and nothing is taken.
    Leave,
}

impl MarkKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Immediate, Self::LegalHold, Self::Leave];

    /// The word as stored, shown and typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::LegalHold => "legal_hold",
            Self::Leave => "leave",
        }
    }
}
