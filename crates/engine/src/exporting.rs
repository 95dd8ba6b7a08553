//! Reading that is recorded: a list that was taken out of the workspace as a file, and what somebody
//! handed in for a task.

use std::collections::BTreeSet;

use rollbook_core::event::{Concern, Draft};
use rollbook_core::id::TaskId;
use rollbook_core::task::Proof;
use serde_json::json;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;

impl Engine {
    /// Records that `by` took `rows` rows of a list out as a file, narrowed by filters of these names.
    /// What they were narrowed to may name people, and so is not recorded.
    ///
    /// # Errors
    /// When nobody says who, or the database refuses; then nothing may be handed out.
    pub fn note_export(&self, list: &str, filters: &[&str], rows: usize, by: &str) -> Result<()> {
        let by = named(by)?;
        self.store.write(|book| {
            book.record(Draft {
                kind: "list_exported".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: list.to_owned(),
                concerns: BTreeSet::new(),
                at: self.now(),
                body: json!({"filters": filters, "rows": rows}),
            })
        })?;
        self.checkpoint().map(drop)
    }

    /// What was handed in for a task under this digest, with its record. That `by` read it is recorded.
    ///
    /// # Errors
    /// When there is no such task, nothing of that digest was handed in for it, nobody says who, or the
    /// database refuses.
    pub fn read_proof(&self, task: &TaskId, sha256: &str, by: &str) -> Result<(Proof, Vec<u8>)> {
        let by = named(by)?;
        let kept = self.task(task)?;
        let proof = kept.proofs().find(|proof| proof.sha256 == sha256).cloned();
        let bytes = self.store.read(|book| book.proof(task, sha256))?;
        let (proof, bytes) = proof.zip(bytes).ok_or_else(|| {
            Error::input(format!("Nothing of that digest was handed in for {task}."))
        })?;
        self.store.write(|book| {
            book.record(Draft {
                kind: "evidence_read".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: task.to_string(),
                concerns: [Concern::of_change(&kept.change)].into(),
                at: self.now(),
                body: json!({"sha256": sha256}),
            })
        })?;
        self.checkpoint()?;
        Ok((proof, bytes))
    }
}
