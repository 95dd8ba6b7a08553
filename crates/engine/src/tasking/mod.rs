//! Tasks: what people are asked, what they say of it, and what becomes of it.
//!
//! A task is made in the transaction that records that its change waits for somebody, and each thing
//! that happens to it is written with its event. Nothing here decides: when somebody is reminded, what
//! a look makes of a task and who may speak about it is [`rollbook_core::task`]'s word.

mod follow;
mod instead;
mod make;
mod notify;
mod proof;
mod speak;
mod tend;

use rollbook_core::canonical;
use rollbook_core::event::{Concern, Draft};
use rollbook_core::id::TaskId;
use rollbook_core::task::{Act, Task};

use jiff::Timestamp;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::Writing;

pub use proof::Handed;

impl Engine {
    /// All tasks, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn tasks(&self) -> Result<Vec<Task>> {
        self.store.read(|book| book.tasks())
    }

    /// The task with this id.
    ///
    /// # Errors
    /// When there is none, or the database refuses.
    pub fn task(&self, id: &TaskId) -> Result<Task> {
        self.store.read(|book| book.task(id))?.ok_or_else(|| no_task(id))
    }

    /// Writes that something happened to a task, with its event and with what people hear of it.
    fn put_act(&self, book: &Writing<'_>, task: &mut Task, at: Timestamp, act: Act) -> Result<()> {
        let event = Draft {
            kind: act.event_kind().to_owned(),
            actor: act.by().unwrap_or("rollbook").to_owned(),
            on_behalf_of: task.run.to_string(),
            subject: task.id.to_string(),
            concerns: [Concern::of_change(&task.change)].into(),
            at,
            body: canonical::value_of(&act),
        };
        task.add(at, act);
        book.put_task(task)?;
        self.note(book, task)?;
        book.record(event)
    }
}

fn no_task(id: &TaskId) -> Error {
    Error::input(format!("There is no task {id}.")).hint("`rollbook task list` lists them.")
}
