//! Packs: what an auditor takes away about one leaver or one run.
//!
//! Everything in a pack is read from the book; nothing is looked up at a vendor. The page for people
//! and the files for programs are made from the same rows.

mod gather;
mod page;
mod row;
pub(crate) mod table;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use rollbook_core::event::Draft;
use rollbook_core::id::{IdentityId, RunId};
use serde_json::json;

use crate::engine::Engine;
use crate::error::Result;
use crate::evidence::{self, DataFile, Manifest, Pack};
use crate::reconcile::named;

use gather::Gathered;

/// What a pack is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Somebody who leaves, with everything that they have or had.
    Person(IdentityId),
    /// One run, with everything that it changed.
    Run(RunId),
}

impl Engine {
    /// Writes the pack of `subject` into the new folder `folder` and says what it holds.
    ///
    /// # Errors
    /// When the subject is unknown, the chain is broken, or the folder exists or cannot be written.
    pub fn pack(&self, subject: &Subject, folder: &Path, by: &str) -> Result<Manifest> {
        let by = named(by)?;
        let now = self.now();
        let gathered = self.gather(subject)?;
        // Reading evidence is itself an event, and the pack shows it.
        self.store.write(|book| {
            book.record(Draft {
                kind: "pack_made".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: gathered.subject_id.clone(),
                concerns: BTreeSet::new(),
                at: now,
                body: json!({"accounts": gathered.accounts.len(), "exceptions": gathered.exceptions.len()}),
            })
        })?;
        let checkpoint = self.checkpoint()?;
        let (chain_id, events, bodies, checkpoints) = self.store.read(|book| {
            Ok((book.chain_id()?, book.events()?, book.bodies()?, book.checkpoints()?))
        })?;
        let files = self.files(&gathered, by, now, &checkpoint)?;
        let pack = Pack {
            chain_id: &chain_id,
            events: &events,
            bodies: &bodies,
            checkpoints: &checkpoints,
            outside: &self.outside()?,
            about: &gathered.about(),
            files: &files,
            population: rollbook_core::canonical::value_of(&gathered.population),
            as_of: now,
            made_by: by,
        };
        Ok(evidence::write_folder(folder, &pack, &self.key)?.manifest)
    }

    fn files(
        &self,
        gathered: &Gathered,
        by: &str,
        now: Timestamp,
        checkpoint: &rollbook_core::event::Checkpoint,
    ) -> Result<Vec<DataFile>> {
        let mut files = Vec::new();
        for table in gathered.tables() {
            files.push(table.jsonl());
            files.push(table.csv()?);
        }
        let page = page::page(self, gathered, &files, by, now, checkpoint);
        let html = crate::pack_page::render(&page).into_bytes();
        files.push(DataFile { name: "index.html".to_owned(), rows: 1, bytes: html });
        Ok(files)
    }
}
