//! The configuration while a server runs: read again when its file changed.
//!
//! A changed configuration makes another engine on the same book, so that whatever was begun ends
//! under the policy that it began with. One that cannot be used is said, and the last good one stays.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rollbook_core::event::Draft;
use serde_json::json;

use crate::config::{Config, Files};
use crate::engine::Engine;
use crate::error::{Error, Result};

/// The newest configuration that can be used, shared by all engines of one workspace.
#[derive(Debug)]
pub(crate) struct Newest {
    config: Arc<Config>,
    /// What the files said.
    files: Files,
    /// What they say now, where that was seen once only: one may be half written.
    candidate: Option<Files>,
    /// What they say now, where that cannot be used, and why. `None`: they could not be read.
    refused: Option<(Option<Files>, String)>,
}

/// What reading the file again came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reread {
    /// There is nothing new.
    Same,
    /// [`Engine::newest`] is another one now.
    Taken,
}

impl Newest {
    /// Reads the configuration in the folder `dir`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub(crate) fn load(dir: &Path) -> Result<Self> {
        let files = Files::read(dir)?;
        let config = Arc::new(files.config(dir)?);
        Ok(Self { config, files, candidate: None, refused: None })
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config)
    }

    /// Takes note of what the files say. `Some`: it is something else, and was so twice.
    fn settle(&mut self, files: Files) -> Option<Files> {
        if files == self.files {
            (self.candidate, self.refused) = (None, None);
            return None;
        }
        let refused = self.refused.as_ref().and_then(|(refused, _)| refused.as_ref());
        let is_known = refused == Some(&files);
        let is_settled = self.candidate.as_ref() == Some(&files);
        if is_known || !is_settled {
            self.candidate = Some(files);
            return None;
        }
        Some(files)
    }
}

impl Engine {
    /// The newest configuration that can be used. The engine itself keeps the one that it began with.
    pub fn newest_config(&self) -> Arc<Config> {
        lock(&self.newest).config()
    }

    /// Why what `rollbook.toml` says now is not in use; `None`: it is.
    pub fn config_trouble(&self) -> Option<String> {
        lock(&self.newest).refused.as_ref().map(|(_, why)| why.clone())
    }

    /// The same workspace with the newest configuration.
    pub fn newest(&self) -> Self {
        Self { config: self.newest_config(), ..self.clone() }
    }

    /// Reads the configuration again. What it says is taken when two readings in a row found it: an
    /// editor may be writing it. That it was taken is recorded.
    ///
    /// # Errors
    /// When it cannot be used, once for each text; the old one stays. When the database refuses.
    pub(crate) fn reread(&self) -> Result<Reread> {
        let settled = match Files::read(&self.dir) {
            Ok(files) => lock(&self.newest).settle(files),
            // It is about to be put in its place again, or it is missed at the next start.
            Err(error) => return self.refuse(None, error),
        };
        let Some(files) = settled else { return Ok(Reread::Same) };
        let config = match self.usable(&files) {
            Ok(config) => config,
            Err(error) => return self.refuse(Some(files), error),
        };
        let changed = lock(&self.newest).files.differences(&files).into_iter();
        let changed = changed
            .map(|(file, [before, now])| json!({"file": file, "before": before, "now": now}));
        let changed: Vec<_> = changed.collect();
        self.store.write(|book| {
            book.record(Draft {
                kind: "configuration_changed".to_owned(),
                actor: "rollbook".to_owned(),
                on_behalf_of: String::new(),
                subject: "workspace".to_owned(),
                concerns: std::collections::BTreeSet::new(),
                at: self.now(),
                body: json!({"files": changed}),
            })
        })?;
        let mut newest = lock(&self.newest);
        *newest = Newest { config: Arc::new(config), files, candidate: None, refused: None };
        Ok(Reread::Taken)
    }

    fn usable(&self, files: &Files) -> Result<Config> {
        let config = files.config(&self.dir)?;
        match config.store == self.newest_config().store {
            true => Ok(config),
            false => Err(Error::setup("[store] says that the book lies elsewhere.")
                .hint("Restart the server to use another database.")),
        }
    }

    /// Says once of each state of the files why it is not used.
    fn refuse(&self, files: Option<Files>, error: Error) -> Result<Reread> {
        let mut newest = lock(&self.newest);
        let is_known = newest.refused.as_ref().is_some_and(|(refused, _)| *refused == files);
        newest.refused = Some((files, error.to_string()));
        if is_known { Ok(Reread::Same) } else { Err(error) }
    }
}

/// What is behind it is changed as a whole, so a panic elsewhere does not damage it.
fn lock(newest: &Mutex<Newest>) -> MutexGuard<'_, Newest> {
    newest.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FILE_NAME;

    #[test]
    fn what_is_said_counts_when_it_was_seen_twice_and_what_was_refused_is_not_tried_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let says = |name: &str| {
            let text = format!("[workspace]\nname = \"{name}\"\ntime_zone = \"UTC\"\n");
            std::fs::write(dir.path().join(FILE_NAME), text).expect("written");
            Files::read(dir.path()).expect("it is there")
        };
        let (half, whole, first) = (says("half"), says("half and half"), says("A"));
        let mut newest = Newest::load(dir.path()).expect("it is read");
        assert_eq!(newest.settle(half), None);
        assert_eq!(newest.settle(whole.clone()), None);
        let settled = newest.settle(whole.clone());
        assert_eq!(settled.as_ref(), Some(&whole));
        newest.refused = Some((settled, "why".to_owned()));
        assert_eq!(newest.settle(whole), None);
        assert_eq!((newest.settle(first), newest.refused), (None, None));
    }
}
