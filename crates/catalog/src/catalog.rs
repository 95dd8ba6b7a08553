//! All apps, by id.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::app::App;
use crate::embedded::FILES;
use crate::error::Error;

/// The app that stands for any app that speaks SCIM 2.0.
pub const GENERIC_SCIM: &str = "generic-scim";

/// The app that stands for any app that can only export a list.
pub const GENERIC_FILE: &str = "generic-file";

/// Every app that is known, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    apps: BTreeMap<String, App>,
}

impl Catalog {
    /// The catalog that this build carries; no file is read.
    pub fn embedded() -> &'static Self {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(|| {
            let texts = FILES.iter().map(|&(file, text)| (file.to_owned(), text.to_owned()));
            Self::parse(texts).expect("a test reads every embedded file")
        })
    }

    /// Reads every `*.toml` of `dir`, in the order of their names.
    ///
    /// # Errors
    /// The folder or a file cannot be read, or a file is not as it must be.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable { path: dir.to_owned(), source };
        let entries = std::fs::read_dir(dir).map_err(unreadable)?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths: Vec<PathBuf> = paths.collect::<Result<_, _>>().map_err(unreadable)?;
        paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
        paths.sort();
        let texts = paths.into_iter().map(|path| match std::fs::read_to_string(&path) {
            Ok(text) => Ok((path.display().to_string(), text)),
            Err(source) => Err(Error::Unreadable { path, source }),
        });
        Self::parse(texts.collect::<Result<Vec<_>, _>>()?)
    }

    /// The app with this id.
    pub fn app(&self, id: &str) -> Option<&App> {
        self.apps.get(id)
    }

    /// All apps, ordered by id.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values()
    }

    fn parse(texts: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let apps = texts.into_iter().map(|(file, text)| {
            let app = App::parse(&file, &text)?;
            Ok((app.id.clone(), app))
        });
        Ok(Self { apps: apps.collect::<Result<_, Error>>()? })
    }
}
