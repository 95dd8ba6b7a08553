//! All apps, by id.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::app::App;
use crate::embedded::FILES;
use crate::error::Error;

/// The app that stands for any app that speaks SCIM 2.0.
pub const GENERIC_SCIM: &str = "generic-scim";

/// The app that stands for any app that can only export a list.
pub const GENERIC_FILE: &str = "generic-file";

/// The app that stands for any app in which only a person can act.
pub const GENERIC_HUMAN: &str = "generic-human";

/// Every app that is known, by id. What this build carries is read when it is first asked for, one
/// file at a time: most commands need one or two of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    apps: BTreeMap<String, Arc<Entry>>,
}

/// An app file, read at the latest when somebody asks for the app.
#[derive(Debug)]
struct Entry {
    text: Cow<'static, str>,
    app: OnceLock<App>,
    is_own: bool,
}

impl PartialEq for Entry {
    /// Whether both say the same, read already or not.
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.is_own) == (&other.text, other.is_own)
    }
}

impl Entry {
    fn embedded(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), app: OnceLock::new(), is_own: false }
    }

    /// A file that somebody wrote, read and checked here and now.
    fn written(file: &str, text: String) -> Result<(String, Arc<Self>), Error> {
        let app = App::parse(file, &text)?;
        let (id, app) = (app.id.clone(), OnceLock::from(app));
        Ok((id, Arc::new(Self { text: Cow::Owned(text), app, is_own: true })))
    }

    fn app(&self, id: &str) -> &App {
        self.app.get_or_init(|| {
            App::parse(&format!("apps/{id}.toml"), &self.text).expect("a test reads every file")
        })
    }
}

impl Catalog {
    /// The catalog that this build carries; no file is read.
    pub fn embedded() -> &'static Arc<Self> {
        static CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();
        CATALOG.get_or_init(|| {
            let entry = |&(id, text): &(&str, &'static str)| {
                (id.to_owned(), Arc::new(Entry::embedded(text)))
            };
            Arc::new(Self { apps: FILES.iter().map(entry).collect() })
        })
    }

    /// The catalog that this build carries with `own` app files besides: each by its file name, with
    /// its text. One with the id of an app that is known takes its place as a whole.
    ///
    /// # Errors
    /// The first thing in one of them that is not as it must be.
    pub fn with_own<'a>(
        own: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Arc<Self>, Error> {
        let mut own = own.into_iter().peekable();
        if own.peek().is_none() {
            return Ok(Arc::clone(Self::embedded()));
        }
        let mut catalog = Self::clone(Self::embedded());
        for (file, text) in own {
            let (id, entry) = Entry::written(file, text.to_owned())?;
            catalog.apps.insert(id, entry);
        }
        Ok(Arc::new(catalog))
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
            let (id, entry) = Entry::written(&path.display().to_string(), text)?;
            apps.insert(id, entry);
        }
        Ok(Self { apps })
    }

    /// The app with this id.
    pub fn app(&self, id: &str) -> Option<&App> {
        self.apps.get_key_value(id).map(|(id, entry)| entry.app(id))
    }

    /// Whether what is known of the app comes from a file of one's own, and not from this build.
    pub fn is_own(&self, id: &str) -> bool {
        self.apps.get(id).is_some_and(|entry| entry.is_own)
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

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "[app]\nid = \"slack\"\nname = \"Our Slack\"\ncategory = \"chat\"\n\
        website = \"\"\nchecked_on = \"2026-11-01\"\n";

    #[test]
    fn an_own_file_takes_the_place_of_what_the_build_carries() {
        let catalog = Catalog::with_own([("apps/slack.toml", OWN)]).expect("it is good");
        assert_eq!(catalog.app("slack").map(|app| app.name.as_str()), Some("Our Slack"));
        assert_eq!((catalog.is_own("slack"), catalog.is_own("box")), (true, false));
        assert_eq!(catalog.ids().count(), Catalog::embedded().ids().count());
        assert_ne!(&catalog, Catalog::embedded());
        assert_eq!(&Catalog::with_own([]).expect("nothing is wrong"), Catalog::embedded());
    }

    #[test]
    fn an_own_file_that_is_wrong_is_named_with_its_line() {
        let text = OWN.replace("category", "categorie");
        let error = Catalog::with_own([("apps/slack.toml", &*text)]).expect_err("it is wrong");
        assert!(error.to_string().starts_with("apps/slack.toml:"), "{error}");
    }
}
