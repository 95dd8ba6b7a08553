//! The files that make the configuration: `rollbook.toml`, and the workspace's own app files beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use rollbook_catalog::Catalog;
use rollbook_core::canonical::digest_bytes;

use super::{Config, FILE_NAME};
use crate::error::{Error, Result};

/// The folder in a workspace for app files of its own.
pub const APPS: &str = "apps";

/// What the files of the configuration say, word for word, by their names in the workspace folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, String>);

impl Files {
    /// Reads `rollbook.toml` and every `apps/*.toml` in the workspace folder `dir`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] where one is missing, cannot be read or is not UTF-8.
    pub fn read(dir: &Path) -> Result<Self> {
        let hint = "Make a workspace with `rollbook init DIR`, or name one with `--workspace DIR`.";
        let config = text(&dir.join(FILE_NAME)).map_err(|error| error.hint(hint))?;
        let mut files = Self::apps(dir)?;
        files.0.insert(FILE_NAME.to_owned(), config);
        Ok(files)
    }

    /// Reads every `apps/*.toml` in the workspace folder `dir`; most have no such folder.
    ///
    /// # Errors
    /// As [`Files::read`].
    pub fn apps(dir: &Path) -> Result<Self> {
        let folder = dir.join(APPS);
        let unreadable = |e| {
            Error::setup(format!("The folder {} cannot be read.", folder.display()))
                .hint("It holds the workspace's own app files. Make it readable, or take it away.")
                .because(e)
        };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(unreadable(e)),
        };
        let mut files = BTreeMap::new();
        for entry in entries {
            let name = entry.map_err(unreadable)?.file_name();
            if Path::new(&name).extension().is_some_and(|end| end == "toml") {
                let said = text(&folder.join(&name))?;
                files.insert(format!("{APPS}/{}", name.to_string_lossy()), said);
            }
        }
        Ok(Self(files))
    }

    /// Their names in the workspace folder.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The configuration that they make in the workspace folder `dir`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn config(&self, dir: &Path) -> Result<Config> {
        let file = dir.join(FILE_NAME).display().to_string();
        let text = self.0.get(FILE_NAME).map_or("", String::as_str);
        Config::parse_with(text, &file, self.catalog(dir)?)
    }

    /// The same files with what `file` says in the place of `rollbook.toml`, to see what it would make.
    ///
    /// # Errors
    /// When it cannot be read or used, as [`Config::load`].
    pub fn config_with(&self, dir: &Path, file: &Path) -> Result<Config> {
        Config::parse_with(&text(file)?, &file.display().to_string(), self.catalog(dir)?)
    }

    /// What is known of apps in the workspace folder `dir`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] where an app file is wrong; the message names file and line.
    pub fn catalog(&self, dir: &Path) -> Result<Arc<Catalog>> {
        let own = self.0.iter().filter(|(name, _)| *name != FILE_NAME);
        let own: Vec<_> =
            own.map(|(name, text)| (dir.join(name).display().to_string(), text)).collect();
        let own = own.iter().map(|(file, text)| (file.as_str(), text.as_str()));
        Catalog::with_own(own).map_err(|e| Error::setup(e.to_string()).because(e))
    }

    /// The names of the files in which this and `other` differ, each with the digests of what they say
    /// here and there; `None`: it is not there.
    pub(crate) fn differences(&self, other: &Self) -> Vec<(String, [Option<String>; 2])> {
        let digest = |files: &Self, name: &str| {
            let text = files.0.get(name)?;
            Some(digest_bytes("rollbook.configuration.v1", text.as_bytes()))
        };
        let mut names: Vec<&String> = self.0.keys().chain(other.0.keys()).collect();
        names.sort();
        names.dedup();
        let both =
            names.into_iter().map(|name| (name.clone(), [digest(self, name), digest(other, name)]));
        both.filter(|(_, [here, there])| here != there).collect()
    }
}

fn text(path: &Path) -> Result<String> {
    let bytes = fs::read(path)
        .map_err(|e| Error::setup(format!("{} cannot be read: {e}.", path.display())).because(e))?;
    String::from_utf8(bytes).map_err(|_| {
        Error::setup(format!("{} is not UTF-8 text. TOML is always UTF-8.", path.display()))
            .hint("Save the file again as UTF-8.")
    })
}
