//! What people say about a task: that it is done, that it will not be, or that somebody else does it.

use rollbook_core::explain::printable;
use rollbook_core::id::TaskId;
use rollbook_core::task::{Act, PROOFS_MAX, Proof, State, Task};

use super::{Handed, no_task};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::Writing;

impl Engine {
    /// Somebody says that a task is done, and hands in what shows it. Nothing is done by that: what
    /// reads the instance must see it too, where anything does.
    ///
    /// # Errors
    /// When the task is not theirs or is over, or what it asks for was not handed in.
    pub fn hand_in(&self, id: &TaskId, by: &str, handed: &[Handed]) -> Result<Task> {
        let by = named(by)?;
        let proofs: Vec<Proof> = handed.iter().map(Handed::proof).collect::<Result<_>>()?;
        self.change_task(id, |book, task| {
            check_theirs(task, by)?;
            check_enough(task, &proofs)?;
            for (proof, handed) in proofs.iter().zip(handed) {
                book.put_proof(&task.id, &proof.sha256, handed.bytes())?;
            }
            Ok(Act::HandedIn { by: by.to_owned(), proofs: proofs.clone() })
        })
    }

    /// Somebody says that a task will not be done, and why. Its change ends as refused.
    ///
    /// # Errors
    /// When the task is not theirs or is over, or no reason is given.
    pub fn refuse_task(&self, id: &TaskId, by: &str, reason: &str) -> Result<Task> {
        let (by, reason) = (named(by)?, reasoned(reason)?);
        self.change_task(id, |_, task| {
            check_theirs(task, by)?;
            Ok(Act::Refused { by: by.to_owned(), reason: reason.clone() })
        })
    }

    /// Somebody else does a task from now on, and gets the whole time for it.
    ///
    /// # Errors
    /// When the task is over, they have it already, or no reason is given.
    pub fn hand_over(&self, id: &TaskId, to: &str, by: &str, reason: &str) -> Result<Task> {
        let (by, to, reason) = (named(by)?, named(to)?, reasoned(reason)?);
        self.change_task(id, |_, task| {
            if task.assignee() == to {
                return Err(Error::input(format!("{to} has the task {} already.", task.id)));
            }
            Ok(Act::HandedOver {
                from: task.assignee().to_owned(),
                to: to.to_owned(),
                by: by.to_owned(),
                reason: reason.clone(),
            })
        })
    }

    /// Adds what `act` says to a task that is not over.
    fn change_task(
        &self,
        id: &TaskId,
        act: impl FnOnce(&Writing<'_>, &Task) -> Result<Act>,
    ) -> Result<Task> {
        let at = self.now();
        self.store.write(|book| {
            let mut task = book.reading().task(id)?.ok_or_else(|| no_task(id))?;
            if task.state().is_over() {
                let said = format!("The task {id} is over ({}).", task.state().word());
                return Err(
                    Error::refused(said).hint(format!("`rollbook task show {id}` says how."))
                );
            }
            let act = act(book, &task)?;
            self.put_act(book, &mut task, at, act)?;
            Ok(task)
        })
    }
}

/// A reason on one line.
fn reasoned(reason: &str) -> Result<String> {
    match reason.trim() {
        "" => Err(Error::input("This needs a reason.")
            .hint("Add `--reason \"…\"`: an auditor will read it.")),
        reason => Ok(printable(reason)),
    }
}

fn check_theirs(task: &Task, by: &str) -> Result<()> {
    if task.is_for(by) {
        return Ok(());
    }
    let (id, assignee) = (&task.id, task.assignee());
    Err(Error::refused(format!("The task {id} is {assignee}'s, and not {by}'s.")).hint(format!(
        "Say who you are with `--by`, or take it over: `rollbook task hand-over {id} --to \"{by}\" \
         --reason \"…\"`."
    )))
}

fn check_enough(task: &Task, proofs: &[Proof]) -> Result<()> {
    if task.state() == State::Open && !task.rule.proof.is_empty() {
        let is_wanted = |proof: &Proof| task.rule.proof.contains(&proof.kind);
        if !proofs.iter().any(is_wanted) {
            let wanted: Vec<_> = task.rule.proof.iter().map(|kind| kind.word()).collect();
            let said = format!("The task {} needs a proof: {}.", task.id, wanted.join(" or "));
            return Err(Error::refused(said).hint(
                "Add `--note \"what you did\"`, or `--file PATH` with a file or a screenshot.",
            ));
        }
    }
    match task.proofs().count() + proofs.len() {
        count if count > PROOFS_MAX => Err(Error::refused(format!(
            "{} proofs were handed in for {}; {PROOFS_MAX} are the most that are kept.",
            count, task.id
        ))),
        _ => Ok(()),
    }
}
