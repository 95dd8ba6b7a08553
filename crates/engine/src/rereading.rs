//! The configuration while a server runs: read again when its file changed.
//!
//! A changed configuration makes another engine on the same book, so that whatever was begun ends
//! under the policy that it began with. One that cannot be used is said, and the last good one stays.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rollbook_core::canonical::digest_bytes;
use rollbook_core::event::Draft;
use serde_json::json;

use crate::config::{Config, FILE_NAME};
use crate::engine::Engine;
use crate::error::{Error, Result};

/// The newest configuration that can be used, shared by all engines of one workspace.
#[derive(Debug)]
pub(crate) struct Newest {
    config: Arc<Config>,
    /// What the file said.
    text: String,
    /// What the file says now, where that was seen once only: it may be half written.
    candidate: Option<String>,
    /// What the file says now, where that cannot be used, and why.
    refused: Option<(String, String)>,
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
        let text = Config::text(dir)?;
        let config = Arc::new(Config::parse(&text, &name_of(dir))?);
        Ok(Self { config, text, candidate: None, refused: None })
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config)
    }

    /// Takes note of what the file says. `Some`: it is another text, and was so twice.
    fn settle(&mut self, text: String) -> Option<String> {
        if text == self.text {
            (self.candidate, self.refused) = (None, None);
            return None;
        }
        let is_known = self.refused.as_ref().is_some_and(|(refused, _)| *refused == text);
        let is_settled = self.candidate.as_ref() == Some(&text);
        if is_known || !is_settled {
            self.candidate = Some(text);
            return None;
        }
        Some(text)
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
    pub(crate) fn newest(&self) -> Self {
        Self { config: self.newest_config(), ..self.clone() }
    }

    /// Reads the configuration again. A text is taken when two readings in a row found it: an editor
    /// may be writing it. That it was taken is recorded.
    ///
    /// # Errors
    /// When it cannot be used, once for each text; the old one stays. When the database refuses.
    pub(crate) fn reread(&self) -> Result<Reread> {
        let text = Config::text(&self.dir);
        let settled = match text {
            Ok(text) => lock(&self.newest).settle(text),
            // It is about to be put in its place again, or it is missed at the next start.
            Err(error) => return self.refuse(String::new(), error),
        };
        let Some(text) = settled else { return Ok(Reread::Same) };
        let config = match self.usable(&text) {
            Ok(config) => config,
            Err(error) => return self.refuse(text, error),
        };
        let digest = |text: &str| digest_bytes("rollbook.configuration.v1", text.as_bytes());
        let before = digest(&lock(&self.newest).text);
        self.store.write(|book| {
            book.record(Draft {
                kind: "configuration_changed".to_owned(),
                actor: "rollbook".to_owned(),
                on_behalf_of: String::new(),
                subject: "workspace".to_owned(),
                concerns: std::collections::BTreeSet::new(),
                at: self.now(),
                body: json!({"file": FILE_NAME, "before": before, "now": digest(&text)}),
            })
        })?;
        let mut newest = lock(&self.newest);
        *newest = Newest { config: Arc::new(config), text, candidate: None, refused: None };
        Ok(Reread::Taken)
    }

    fn usable(&self, text: &str) -> Result<Config> {
        let config = Config::parse(text, &name_of(&self.dir))?;
        match config.store == self.newest_config().store {
            true => Ok(config),
            false => Err(Error::setup("[store] says that the book lies elsewhere.")
                .hint("Restart the server to use another database.")),
        }
    }

    /// Says once of each text why it is not used.
    fn refuse(&self, text: String, error: Error) -> Result<Reread> {
        let mut newest = lock(&self.newest);
        let is_known = newest.refused.as_ref().is_some_and(|(refused, _)| *refused == text);
        newest.refused = Some((text, error.to_string()));
        if is_known { Ok(Reread::Same) } else { Err(error) }
    }
}

fn name_of(dir: &Path) -> String {
    dir.join(FILE_NAME).display().to_string()
}

/// What is behind it is changed as a whole, so a panic elsewhere does not damage it.
fn lock(newest: &Mutex<Newest>) -> MutexGuard<'_, Newest> {
    newest.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_when_it_was_seen_twice_and_what_was_refused_is_not_tried_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(FILE_NAME);
        std::fs::write(&path, "[workspace]\nname = \"A\"\ntime_zone = \"UTC\"\n").expect("written");
        let mut newest = Newest::load(dir.path()).expect("it is read");
        let text = newest.text.clone();
        assert_eq!(newest.settle("half".to_owned()), None);
        assert_eq!(newest.settle("half and half".to_owned()), None);
        let whole = newest.settle("half and half".to_owned());
        assert_eq!(whole.as_deref(), Some("half and half"));
        newest.refused = whole.map(|text| (text, "why".to_owned()));
        assert_eq!(newest.settle("half and half".to_owned()), None);
        assert_eq!((newest.settle(text), newest.refused), (None, None));
    }
}
