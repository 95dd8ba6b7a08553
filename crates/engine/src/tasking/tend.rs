//! Reminders and escalations: nothing that somebody was asked to do is forgotten.

use rollbook_core::task::{self, Task};

use crate::engine::Engine;
use crate::error::Result;

impl Engine {
    /// Reminds and escalates what is due now, each with its event. Gives the tasks that were spoken
    /// of.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn tend(&self) -> Result<Vec<Task>> {
        let now = self.now();
        let open = self.store.read(|book| book.open_tasks())?;
        let mut told = Vec::new();
        for task in open.iter().filter(|task| task::due(task, now).is_some()) {
            // Somebody may have said something about it meanwhile.
            let spoken = self.store.write(|book| {
                let Some(mut task) = book.reading().task(&task.id)? else { return Ok(None) };
                let Some(due) = task::due(&task, now) else { return Ok(None) };
                self.put_act(book, &mut task, now, due.act())?;
                Ok(Some(task))
            })?;
            told.extend(spoken);
        }
        Ok(told)
    }
}
