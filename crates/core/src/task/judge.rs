//! What a look makes of a task.

use jiff::{SignedDuration, Timestamp};

use super::{State, Task};
use crate::step::Verdict;

/// What follows from a look at what a person was to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Nothing yet.
    Wait,
    /// It is over, and this is how it is known.
    Close {
        /// As a sentence.
        why: String,
    },
    /// It was said to be done and is not.
    Reopen {
        /// What was seen, as a sentence.
        why: String,
    },
    /// Whoever had it said no.
    GiveUp {
        /// Who and why, as a sentence.
        why: String,
    },
}

/// What follows for `task` from `verdict`, the look at its change, `now`. The look counts only if it
/// saw the instance as it was after the task was assigned or handed in.
///
/// Nothing is closed because it shows alone, unless no proof is asked for; and nothing because
/// somebody said so alone, unless nothing reads the instance. An instance that is read may take
/// `settles_within_s` seconds to show what was done.
pub fn judge(task: &Task, verdict: &Verdict, settles_within_s: u32, now: Timestamp) -> Move {
    let handed_in = task.handed_in();
    match (task.state(), verdict) {
        (State::Refused, _) => Move::GiveUp { why: task.refusal() },
        (State::Closed, _) => Move::Wait,
        (State::Open, Verdict::Confirmed) if task.rule.proof.is_empty() => {
            Move::Close { why: "It shows where the instance is read.".to_owned() }
        }
        (State::Open, _) => Move::Wait,
        (State::HandedIn, Verdict::Confirmed) => Move::Close {
            why: format!("{}, and it shows where the instance is read.", task.word()),
        },
        (State::HandedIn, _) if !task.rule.is_read => Move::Close {
            why: format!(
                "{}. Nothing reads the instance, so only their word stands behind it.",
                task.word()
            ),
        },
        (State::HandedIn, Verdict::Unobservable { .. }) => Move::Wait,
        (State::HandedIn, Verdict::Contradicted { why }) => {
            let at = handed_in.map_or(Timestamp::MIN, |(at, _)| at);
            let settled = SignedDuration::from_secs(settles_within_s.into());
            match now.duration_since(at) >= settled {
                true => {
                    Move::Reopen { why: format!("{}, and it does not show. {why}", task.word()) }
                }
                false => Move::Wait,
            }
        }
    }
}

impl Task {
    /// Who says that it is done and what they handed in: a sentence without its full stop.
    pub fn word(&self) -> String {
        let by = self.last_word().map_or(self.assignee(), |(_, by)| by);
        let proofs = match self.proofs().count() {
            0 => String::new(),
            count => format!(" and handed in {}", crate::explain::counted(count, "proof")),
        };
        format!("{by} says that it is done{proofs}")
    }

    /// Who refused it and why, as a sentence.
    fn refusal(&self) -> String {
        let last = self.acts.iter().rev().find_map(|entry| match &entry.act {
            super::Act::Refused { by, reason } => Some((by, reason)),
            _ => None,
        });
        last.map_or_else(String::new, |(by, reason)| format!("{by} refused it: {reason}"))
    }
}
