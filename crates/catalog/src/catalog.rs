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

/// Every app that is known, by id. What this build carries is read when it is first asked for, one
/// file at a time: most commands need one or two of them.
#[derive(Debug, Default)]
pub struct Catalog {
    apps: BTreeMap<String, Entry>,
}

/// An app file, read at the latest when somebody asks for the app.
#[derive(Debug)]
struct Entry {
    text: &'static str,
    app: OnceLock<App>,
}

impl Entry {
    fn app(&self, id: &str) -> &App {
        self.app.get_or_init(|| {
            App::parse(&format!("apps/{id}.toml"), self.text).expect("a test reads every file")
        })
    }
}

impl Catalog {
    /// The catalog that this build carries; no file is read.
    pub fn embedded() -> &'static Self {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(|| {
            let entry = |&(id, text): &(&str, &'static str)| {
                (id.to_owned(), Entry { text, app: OnceLock::new() })
            };
            Self { apps: FILES.iter().map(entry).collect() }
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
        let mut apps = BTreeMap::new();
        for path in paths {
            let text = std::fs::read_to_string(&path)
                .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
            let app = App::parse(&path.display().to_string(), &text)?;
            apps.insert(app.id.clone(), Entry { text: "", app: OnceLock::from(app) });
        }
        Ok(Self { apps })
    }

    /// The app with this id.
    pub fn app(&self, id: &str) -> Option<&App> {
        self.apps.get_key_value(id).map(|(id, entry)| entry.app(id))
    }

    /// The ids of all apps, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.apps.keys().map(String::as_str)
    }

    /// All apps, ordered by id. Reads those that were not read before.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.iter().map(|(id, entry)| entry.app(id))
    }
}
