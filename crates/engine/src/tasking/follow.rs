//! From a task back to its change: what is said to be done is looked at, and only that moves the run.

use rollbook_core::canonical;
use rollbook_core::change::Change;
use rollbook_core::step::{self, Outcome, Recorded, Seen};
use rollbook_core::task::{self, Act, Move, State, Task};
use serde_json::json;

use crate::channels::Open;
use crate::driving::{draft, remember};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::{RunRow, Writing};

impl Engine {
    /// The task of a change that waits for somebody.
    pub(crate) fn task_for(&self, run: &RunRow, change: &Change) -> Result<Option<Task>> {
        let id = Task::id_of(&run.id, &change.id);
        self.store.read(|book| book.task(&id))
    }

    /// Brings a change that a person was asked for as far as what they said and what a look sees.
    /// Whether something was recorded, so that the change may go on.
    pub(crate) async fn follow_task(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        task: &Task,
    ) -> Result<bool> {
        let state = task.state();
        if state == State::Open && !task.rule.proof.is_empty() {
            return Ok(false);
        }
        let seen = match state {
            State::Refused => Seen::Unobservable { why: String::new(), retry_at: None },
            _ => {
                let said_at = task.handed_in().map_or(task.since(), |(at, _)| at);
                channel.look_after(change, said_at).await
            }
        };
        let (now, verdict) = (self.now(), step::judge(change, &seen));
        // A file that was written after somebody's word shows what was so then.
        let is_file = self.instance(&change.instance).is_ok_and(|one| one.file.is_some());
        let settles_within_s = if is_file { 0 } else { self.settles_within_s(change) };
        let moved = task::judge(task, &verdict, settles_within_s, now);
        self.store.write(|book| {
            // Somebody may have said something else while it was looked at.
            match book.reading().task(&task.id)? {
                Some(mut now_so) if now_so.acts == task.acts => {
                    self.put_move(book, run, &mut now_so, moved, &seen)
                }
                _ => Ok(true),
            }
        })
    }

    fn put_move(
        &self,
        book: &Writing<'_>,
        run: &RunRow,
        task: &mut Task,
        moved: Move,
        seen: &Seen,
    ) -> Result<bool> {
        let (at, change) = (self.now(), task.change.clone());
        match moved {
            Move::Wait => return Ok(false),
            Move::Reopen { why } => {
                remember(book, &change, seen)?;
                self.put_act(book, task, at, Act::Reopened { why })?;
                return Ok(false);
            }
            Move::Close { why } => {
                remember(book, &change, seen)?;
                self.add_step(book, run, &change, at, &Recorded::Proven { at })?;
                let body = json!({"seen": canonical::value_of(seen), "task": task.id});
                book.record(draft("task_proven", run, &change, at, body))?;
                self.put_act(book, task, at, Act::Closed { why })?;
            }
            Move::GiveUp { why } => {
                let outcome = Outcome::Refused { why };
                let body = canonical::value_of(&outcome);
                self.add_step(book, run, &change, at, &Recorded::Acted { at, outcome })?;
                book.record(draft("change_answered", run, &change, at, body))?;
            }
        }
        Ok(true)
    }

    /// Closes the task of a change that was settled by other means than what people said: by its
    /// request in the outbox.
    pub(crate) fn close_task(
        &self,
        book: &Writing<'_>,
        run: &RunRow,
        change: &Change,
        why: &str,
    ) -> Result<()> {
        let id = Task::id_of(&run.id, &change.id);
        match book.reading().task(&id)? {
            Some(mut task) if !task.state().is_over() => {
                self.put_act(book, &mut task, self.now(), Act::Closed { why: why.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// What a look that could not see anything comes to where a person was asked: whose word it is
    /// that stands behind the change.
    pub(crate) fn vouched(&self, run: &RunRow, change: &Change, seen: Seen) -> Result<Seen> {
        let Seen::Unobservable { why, retry_at: None } = &seen else { return Ok(seen) };
        let task = self.task_for(run, change)?.filter(|task| !task.rule.is_read);
        let Some(task) = task.filter(|task| task.last_word().is_some()) else { return Ok(seen) };
        Ok(Seen::Unobservable { why: format!("{}. {why}", task.word()), retry_at: None })
    }
}
