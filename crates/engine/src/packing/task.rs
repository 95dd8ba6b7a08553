//! What people were asked, as a row of a pack, and what they handed in, as files of it.

use rollbook_core::task::{Act, Proof, Task};
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evidence::DataFile;
use crate::pack_page;

/// One task.
#[derive(Clone, Debug)]
pub(super) struct TaskRow(Task);

impl TaskRow {
    /// The names of [`TaskRow::values`].
    pub(super) const FIELDS: [&'static str; 13] = [
        "task", "run", "change", "instance", "account", "what", "who", "asked_at", "due_at",
        "state", "said_by", "said_at", "proofs",
    ];

    pub(super) fn new(task: Task) -> Self {
        Self(task)
    }

    pub(super) fn values(&self) -> [Value; 13] {
        let task = &self.0;
        let word = task.last_word();
        let proofs: Vec<_> = task.proofs().map(|proof| self.proof_line(proof)).collect();
        [
            json!(task.id),
            json!(task.run),
            json!(task.change.id),
            json!(task.change.instance),
            json!(task.change.account),
            json!(task.title),
            json!(task.assignee()),
            json!(task.acts.first().map(|entry| entry.at)),
            json!(task.due_at()),
            json!(task.state().word()),
            json!(word.map_or("", |(_, by)| by)),
            json!(word.map(|(at, _)| at)),
            json!(proofs.join("; ")),
        ]
    }

    /// What was handed in: its name in the pack, or the sentence itself.
    fn proof_line(&self, proof: &Proof) -> String {
        match proof.media_type.as_str() {
            "text/plain" => proof.says.clone(),
            _ => format!("{} ({})", file_name(&self.0, proof), proof.says),
        }
    }

    /// The row as the page shows it.
    pub(super) fn shown(&self) -> pack_page::TaskRow {
        let task = &self.0;
        let how = task.acts.iter().rev().find_map(|entry| match &entry.act {
            Act::Closed { why } | Act::Reopened { why } => Some(why.clone()),
            Act::Refused { by, reason } => Some(format!("{by} refused it: {reason}")),
            _ => None,
        });
        pack_page::TaskRow {
            what: task.title.clone(),
            who: task.assignee().to_owned(),
            due_at: task.due_at(),
            state: task.state().word().replace('_', " "),
            said_at: task.last_word().map(|(at, _)| at),
            how: how.unwrap_or_default(),
            proofs: task.proofs().map(|proof| self.proof_line(proof)).collect(),
        }
    }

    /// The bytes that were handed in. Sentences stand in the rows already.
    pub(super) fn files(&self, engine: &Engine) -> Result<Vec<DataFile>> {
        let task = &self.0;
        let mut files: Vec<DataFile> = Vec::new();
        for proof in task.proofs().filter(|proof| proof.media_type != "text/plain") {
            let name = file_name(task, proof);
            if files.iter().any(|file| file.name == name) {
                continue;
            }
            let bytes = engine.store.read(|book| book.proof(&task.id, &proof.sha256))?;
            let bytes = bytes.ok_or_else(|| {
                let what = &proof.says;
                Error::setup(format!("What was handed in for {} ({what}) is lost.", task.id))
                    .hint("Restore the newest backup of the workspace folder.")
            })?;
            files.push(DataFile { name, rows: 1, bytes });
        }
        Ok(files)
    }
}

/// The name of a proof in the pack: never the one that somebody gave it.
fn file_name(task: &Task, proof: &Proof) -> String {
    let end = match proof.media_type.as_str() {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        _ => "bin",
    };
    let digest = proof.sha256.get(..16).unwrap_or(&proof.sha256);
    format!("proof-{}-{digest}.{end}", task.id)
}
