//! What bites whoever works with an app, and what of it plans and guards obey.

use rollbook_core::change::Verb;
use rollbook_core::harm::Harm;
use serde::Deserialize;

use crate::app::Remark;

/// Something that bites, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// What is so and what to do about it, as a sentence.
    pub remark: Remark,
    /// How it hurts, where plans and guards must know.
    pub hurts: Option<Hurt>,
    /// The channel on which it does; `None`: on all.
    pub channel: Option<String>,
}

impl Trap {
    /// Whether it bites on this channel.
    pub fn is_on(&self, channel: &str) -> bool {
        self.channel.as_deref().is_none_or(|one| one == channel)
    }
}

/// How a trap hurts. The list is closed, because each member is obeyed by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hurt {
    /// Suspending deletes the account, or nothing brings the same account back.
    SuspendDeletes,
    /// Suspending wipes devices or data of the person.
    SuspendWipes,
    /// A suspended account goes on being billed.
    SuspendedIsBilled,
    /// Removing destroys what the account owns, unless it is handed over before.
    RemoveDestroysContent,
    /// Removing fails as long as the account owns something.
    RemoveNeedsEmpty,
    /// Removing only takes the account out of the company; the person keeps it and gets in elsewhere.
    RemoveOnlyDetaches,
    /// What is called removing only suspends; the account goes on being listed.
    RemoveOnlySuspends,
    /// A page past the end shows the last page once more.
    LastPageRepeats,
    /// The list leaves out accounts unless asked for them: suspended, invited, guests.
    ListLeavesOut,
    /// The secret belongs to a person, and ends when that person's account does.
    TokenIsPersonal,
}

impl Hurt {
    /// All of them, in the order in which they are named.
    pub const ALL: [Self; 10] = [
        Self::SuspendDeletes,
        Self::SuspendWipes,
        Self::SuspendedIsBilled,
        Self::RemoveDestroysContent,
        Self::RemoveNeedsEmpty,
        Self::RemoveOnlyDetaches,
        Self::RemoveOnlySuspends,
        Self::LastPageRepeats,
        Self::ListLeavesOut,
        Self::TokenIsPersonal,
    ];

    /// What it makes of an operation, and of which.
    pub fn harm(self) -> Option<(Verb, Harm)> {
        Some(match self {
            Self::SuspendDeletes => (Verb::Suspend, Harm::Deletes),
            Self::SuspendWipes => (Verb::Suspend, Harm::Wipes),
            Self::SuspendedIsBilled => (Verb::Suspend, Harm::StillBilled),
            Self::RemoveDestroysContent => (Verb::Remove, Harm::DestroysContent),
            Self::RemoveNeedsEmpty => (Verb::Remove, Harm::NeedsEmpty),
            Self::RemoveOnlyDetaches => (Verb::Remove, Harm::OnlyDetaches),
            Self::RemoveOnlySuspends
            | Self::LastPageRepeats
            | Self::ListLeavesOut
            | Self::TokenIsPersonal => return None,
        })
    }
}
