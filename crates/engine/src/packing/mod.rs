//! Packs: what an auditor takes away about one leaver or one run.
//!
//! Everything in a pack is read from the book; nothing is looked up at a vendor. The page for people
//! and the files for programs are made from the same rows.

mod archive;
mod gather;
mod page;
mod period;
mod row;
pub(crate) mod table;
mod task;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::event::{Body, Draft, Event};
use rollbook_core::id::{IdentityId, RunId};
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evidence::{self, DataFile, Manifest, Pack};
use crate::pack_page::PictureRow;
use crate::reconcile::named;

pub use period::Period;

use gather::Gathered;
pub(crate) use gather::{is_privileged, last_day};

/// What a pack is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Somebody who leaves, with everything that they have or had.
    Person(IdentityId),
    /// One run, with everything that it changed.
    Run(RunId),
}

/// What a pack would say of a subject, for those who only look.
pub(crate) struct Evidence {
    /// The id of the person or the run.
    pub(crate) subject: String,
    /// As people know it.
    pub(crate) title: String,
    /// The person's last day.
    pub(crate) last_day: Option<Date>,
    /// What did not go as wished: what, and why.
    pub(crate) exceptions: Vec<[String; 2]>,
    /// The rows of the table `leaver`, by column.
    pub(crate) rows: Vec<BTreeMap<&'static str, Value>>,
    /// The subjects of the events that seal it.
    pub(crate) sealed_under: BTreeSet<String>,
}

impl Engine {
    /// What a pack of `subject` would say.
    ///
    /// # Errors
    /// When the subject is unknown, or the database refuses.
    pub(crate) fn evidence_rows(&self, subject: &Subject) -> Result<Evidence> {
        let gathered = self.gather(subject)?;
        let plans = gathered.plans.iter().flat_map(|proposal| {
            let run = proposal.run.as_ref().map(|run| run.id.to_string());
            std::iter::once(proposal.plan.id().to_string()).chain(run)
        });
        let mut sealed_under: BTreeSet<String> = plans.collect();
        sealed_under.insert(gathered.subject_id.clone());
        let exceptions = gathered.exceptions.into_iter().map(|row| [row.what, row.because]);
        let by_column =
            |row: &row::AccountRow| row::AccountRow::FIELDS.into_iter().zip(row.values()).collect();
        Ok(Evidence {
            exceptions: exceptions.collect(),
            rows: gathered.accounts.iter().map(by_column).collect(),
            subject: gathered.subject_id,
            title: gathered.title,
            last_day: gathered.last_day,
            sealed_under,
        })
    }

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
        let about = gathered.about();
        let pictures = self.pictures(&gathered, &events, &bodies, &about)?;
        let files = self.files(&gathered, pictures, by, now, &checkpoint)?;
        let pack = Pack {
            chain_id: &chain_id,
            events: &events,
            bodies: &bodies,
            checkpoints: &checkpoints,
            outside: &self.outside()?,
            about: &about,
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
        pictures: Vec<(PictureRow, DataFile)>,
        by: &str,
        now: Timestamp,
        checkpoint: &rollbook_core::event::Checkpoint,
    ) -> Result<Vec<DataFile>> {
        let mut files = Vec::new();
        for table in gathered.tables() {
            files.push(table.jsonl());
            files.push(table.csv()?);
        }
        for task in &gathered.tasks {
            files.extend(task.files(self)?);
        }
        let (shown, pictures): (Vec<_>, Vec<_>) = pictures.into_iter().unzip();
        let mut page = page::page(self, gathered, &files, by, now, checkpoint);
        page.pictures = shown;
        files.extend(pictures);
        let html = crate::pack_page::render(&page).into_bytes();
        files.push(DataFile { name: "index.html".to_owned(), rows: 1, bytes: html });
        Ok(files)
    }

    /// The pictures of changes that the pack may show, in the order in which they were taken.
    fn pictures(
        &self,
        gathered: &Gathered,
        events: &[Event],
        bodies: &[Body],
        about: &BTreeSet<String>,
    ) -> Result<Vec<(PictureRow, DataFile)>> {
        let mut pictures: Vec<(PictureRow, DataFile)> = Vec::new();
        let shown = events.iter().zip(bodies).filter(|(event, _)| !event.is_of_others(about));
        for (event, body) in shown.filter(|(event, _)| event.kind == evidence::WITH_PICTURES) {
            for exhibit in body.content["exhibits"].as_array().into_iter().flatten() {
                let text = |key: &str| exhibit[key].as_str().unwrap_or_default();
                let digest = text("digest");
                let bytes = self.store.read(|book| book.exhibit(&event.subject, digest))?;
                let bytes = bytes.ok_or_else(|| {
                    let seq = event.seq;
                    Error::refused(format!(
                        "The picture {digest} of event {seq} is not in the store."
                    ))
                    .hint("Somebody took it out. Keep the workspace as it is and find out who.")
                })?;
                let name = format!("picture-{}.png", &digest[..digest.len().min(16)]);
                if pictures.iter().any(|(_, file)| file.name == name) {
                    continue;
                }
                let row = PictureRow {
                    file: name.clone(),
                    app: gathered.app_of(&event.subject),
                    shows: text("shows").to_owned(),
                    taken_at: event.at,
                    event: event.seq,
                };
                pictures.push((row, DataFile { name, rows: 1, bytes }));
            }
        }
        Ok(pictures)
    }
}
