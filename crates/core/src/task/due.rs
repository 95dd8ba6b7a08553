//! When a task is spoken of again, and to whom.

use jiff::Timestamp;

use super::{Act, Entry, Task, hours_after};

/// What is to be said about a task now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// Ask whoever has it again.
    Remind {
        /// Who.
        whom: String,
    },
    /// Tell somebody else that it is overdue.
    Escalate {
        /// Who.
        whom: String,
    },
}

impl Due {
    /// What is recorded when it was said.
    pub fn act(self) -> Act {
        match self {
            Self::Remind { whom } => Act::Reminded { whom },
            Self::Escalate { whom } => Act::Escalated { whom },
        }
    }
}

/// What is to be said about `task` now, if anything. However long nobody asked, it is one thing.
///
/// As long as it is not due, whoever has it is reminded. From then on those above hear of it one
/// after the other, each once for each time that it was assigned or reopened, and in between, and
/// after the last of them, whoever has it is reminded again and again.
pub fn due(task: &Task, now: Timestamp) -> Option<Due> {
    if task.state().is_over() {
        return None;
    }
    let next = hours_after(task.spoken_at(), task.rule.remind_every_h);
    let remind = || (now >= next).then(|| Due::Remind { whom: task.assignee().to_owned() });
    if now <= task.due_at() {
        return remind();
    }
    let rung = task.heard_since().count();
    match task.above().nth(rung) {
        // The first one hears at once, the next after everybody had the time to act.
        Some(whom) if rung == 0 || now >= next => Some(Due::Escalate { whom: whom.to_owned() }),
        Some(_) => None,
        None => remind(),
    }
}

impl Task {
    /// When somebody last heard of it.
    fn spoken_at(&self) -> Timestamp {
        self.acts.last().map_or(Timestamp::MIN, |entry| entry.at)
    }

    /// Those who hear when it is overdue, in order, nobody twice and never whoever has it.
    fn above(&self) -> impl Iterator<Item = &str> {
        let (deputy, top) = (self.rule.deputy.as_str(), self.rule.escalate_to.as_str());
        let top = Some(top).filter(|top| *top != deputy);
        let others = move |name: &&str| !name.is_empty() && *name != self.assignee();
        [Some(deputy), top].into_iter().flatten().filter(others)
    }

    /// The escalations since it was last assigned, handed over or reopened.
    fn heard_since(&self) -> impl Iterator<Item = &Entry> {
        let since = self.since();
        let is_one = |entry: &&Entry| matches!(entry.act, Act::Escalated { .. });
        self.acts.iter().filter(move |entry| entry.at >= since).filter(is_one)
    }
}
