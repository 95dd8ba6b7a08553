//! Tasks: work for a person, and when to speak of it. Pure: what is so follows from what was recorded
//! and from the moment that is asked for.
//!
//! A task is never completed by silence. Whoever has it hands in that it is done, or refuses with a
//! reason; what reads the instance then looks, and only what it sees closes the task. Where nothing
//! reads the instance, that is said, and a person's word is all there is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::id::{ChangeId, RunId, TaskId};

mod due;
mod judge;
#[cfg(test)]
mod tests;

pub use due::{Due, due};
pub use judge::{Move, judge};

/// More proofs than these are not taken for one task.
pub const PROOFS_MAX: usize = 10;

/// A proof of more bytes than these is not taken.
pub const PROOF_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Work for a person: one change of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Derived from the run and the change.
    pub id: TaskId,
    /// The run that waits for it.
    pub run: RunId,
    /// The change that is to be done.
    pub change: Change,
    /// What is to be done, as a sentence.
    pub title: String,
    /// How it is done, sentence by sentence.
    pub steps: Vec<String>,
    /// Who does it, when it is spoken of, and what must be handed in; as it was when it was assigned.
    pub rule: Rule,
    /// The message to the app's maker, where they are the ones who do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// What happened, oldest first.
    pub acts: Vec<Entry>,
}

/// Who does a task and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Who does it.
    pub assignee: String,
    /// Who hears of it when it is overdue, and may do it too; empty: nobody.
    pub deputy: String,
    /// Who hears of it when it is still overdue after that; empty: nobody.
    pub escalate_to: String,
    /// Within how many hours it is to be done, at least 1.
    pub due_h: u32,
    /// After how many hours it is spoken of again, at least 1.
    pub remind_every_h: u32,
    /// What must be handed in, any one of these; empty: nothing, what is read proves it.
    pub proof: Vec<ProofKind>,
    /// Whether anything reads the instance.
    pub is_read: bool,
}

/// What can be handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKind {
    /// A sentence.
    Text,
    /// A file of any kind.
    File,
    /// A picture of the screen.
    Screenshot,
}

impl ProofKind {
    /// The word for programs and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::File => "file",
            Self::Screenshot => "screenshot",
        }
    }
}

/// Something that was handed in. The bytes are kept beside it, by their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What it is.
    pub kind: ProofKind,
    /// The sentence itself, or the file's name as it was handed in.
    pub says: String,
    /// Its media type, e.g. `image/png`.
    pub media_type: String,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
}

/// A message that somebody sends to the app's maker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// One thing that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: Act,
}

/// What can happen to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum Act {
    /// Somebody was asked.
    Assigned {
        /// Who.
        to: String,
    },
    /// They were asked again.
    Reminded {
        /// Who.
        whom: String,
    },
    /// Somebody else heard that it is overdue.
    Escalated {
        /// Who.
        whom: String,
    },
    /// Somebody else does it from now on.
    HandedOver {
        /// Who did it until now.
        from: String,
        /// Who does it.
        to: String,
        /// Who said so.
        by: String,
        /// Why.
        reason: String,
    },
    /// Somebody says that it is done.
    HandedIn {
        /// Who.
        by: String,
        /// What they handed in.
        proofs: Vec<Proof>,
    },
    /// Somebody says that it will not be done.
    Refused {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// It was said to be done, and a look saw it otherwise.
    Reopened {
        /// What was seen.
        why: String,
    },
    /// It is over.
    Closed {
        /// How it is known, as a sentence.
        why: String,
    },
}

impl Act {
    /// The kind of event that records it.
    pub fn event_kind(&self) -> &'static str {
        match self {
            Self::Assigned { .. } => "task_assigned",
            Self::Reminded { .. } => "task_reminded",
            Self::Escalated { .. } => "task_escalated",
            Self::HandedOver { .. } => "task_handed_over",
            Self::HandedIn { .. } => "task_handed_in",
            Self::Refused { .. } => "task_refused",
            Self::Reopened { .. } => "task_reopened",
            Self::Closed { .. } => "task_closed",
        }
    }

    /// Whoever did it; `None`: Rollbook.
    pub fn by(&self) -> Option<&str> {
        match self {
            Self::HandedOver { by, .. } | Self::HandedIn { by, .. } | Self::Refused { by, .. } => {
                Some(by)
            }
            _ => None,
        }
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody is to do it.
    Open,
    /// Somebody says that it is done, and it was not seen yet.
    HandedIn,
    /// Somebody said no.
    Refused,
    /// It is over.
    Closed,
}

impl State {
    /// The word for programs and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HandedIn => "handed_in",
            Self::Refused => "refused",
            Self::Closed => "closed",
        }
    }

    /// Whether anybody still has to do something about it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Refused | Self::Closed)
    }
}

impl Task {
    /// The id of the task of one change of a run.
    pub fn id_of(run: &RunId, change: &ChangeId) -> TaskId {
        TaskId::derive(&[run.as_str(), change.as_str()])
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.acts.iter().fold(State::Open, |state, entry| match &entry.act {
            Act::HandedIn { .. } => State::HandedIn,
            Act::Reopened { .. } => State::Open,
            Act::Refused { .. } => State::Refused,
            Act::Closed { .. } => State::Closed,
            Act::Assigned { .. }
            | Act::Reminded { .. }
            | Act::Escalated { .. }
            | Act::HandedOver { .. } => state,
        })
    }

    /// Who has it now.
    pub fn assignee(&self) -> &str {
        let last = self.acts.iter().rev().find_map(|entry| match &entry.act {
            Act::HandedOver { to, .. } => Some(to.as_str()),
            _ => None,
        });
        last.unwrap_or(&self.rule.assignee)
    }

    /// Since when whoever has it is to act: it was assigned, handed over or reopened then.
    pub fn since(&self) -> Timestamp {
        let last = self.acts.iter().rev().find(|entry| {
            matches!(
                entry.act,
                Act::Assigned { .. } | Act::HandedOver { .. } | Act::Reopened { .. }
            )
        });
        last.map_or(Timestamp::MIN, |entry| entry.at)
    }

    /// The last time at which it was said to be done, and by whom, as long as that stands.
    pub fn handed_in(&self) -> Option<(Timestamp, &str)> {
        if self.state() != State::HandedIn {
            return None;
        }
        self.last_word()
    }

    /// The last time at which it was said to be done, and by whom.
    pub fn last_word(&self) -> Option<(Timestamp, &str)> {
        self.acts.iter().rev().find_map(|entry| match &entry.act {
            Act::HandedIn { by, .. } => Some((entry.at, by.as_str())),
            _ => None,
        })
    }

    /// Until when it is to be done: counted from the first day on, also when it was reopened, because
    /// the account was to be closed then. Whoever it was handed over to gets the whole time.
    pub fn due_at(&self) -> Timestamp {
        let begins = self
            .acts
            .iter()
            .rev()
            .find(|entry| matches!(entry.act, Act::Assigned { .. } | Act::HandedOver { .. }));
        let begins = begins.map_or(Timestamp::MIN, |entry| entry.at);
        hours_after(begins, self.rule.due_h)
    }

    /// Whether it should have been done by now, and is not seen to be.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.state().is_over() && now > self.due_at()
    }

    /// What was handed in, oldest first.
    pub fn proofs(&self) -> impl Iterator<Item = &Proof> {
        self.acts.iter().flat_map(|entry| match &entry.act {
            Act::HandedIn { proofs, .. } => proofs.as_slice(),
            _ => &[],
        })
    }

    /// Whether `by` may say that it is done or refuse it: whoever has it, and whoever stands in.
    pub fn is_for(&self, by: &str) -> bool {
        let same = |name: &str| {
            !name.is_empty() && crate::canonical::fold(name) == crate::canonical::fold(by)
        };
        [self.assignee(), &self.rule.deputy, &self.rule.escalate_to].into_iter().any(same)
    }

    /// Adds what happened.
    pub fn add(&mut self, at: Timestamp, act: Act) {
        self.acts.push(Entry { at, act });
    }
}

/// `hours` after `moment`, or the end of time.
fn hours_after(moment: Timestamp, hours: u32) -> Timestamp {
    moment.checked_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
}
