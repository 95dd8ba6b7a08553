//! `[store]`: where the book lies, where that is not a file in the workspace folder.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::read;
use crate::error::Result;
use crate::secret::SecretSource;
use crate::store::{Place, check_schema};

/// A schema of a Postgres database, instead of the file in the workspace folder.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookConfig {
    /// Where the address lies, `postgres://user:password@host/database`.
    pub url: SecretSource,
    /// The schema that is this workspace.
    pub schema: String,
    /// The certificate, in PEM form, of the authority that the server's certificate is from.
    /// `None`: an authority that the system trusts.
    pub ca_file: Option<PathBuf>,
}

impl BookConfig {
    /// The place itself, with its secret.
    ///
    /// # Errors
    /// When the secret is not there or cannot be read.
    pub fn place(&self, dir: &Path) -> Result<Place> {
        Ok(Place::Postgres {
            address: self.url.load(dir)?,
            schema: self.schema.clone(),
            ca_file: self.ca_file.as_ref().map(|path| dir.join(path)),
        })
    }

    pub(super) fn check(&self, document: &read::Document<'_>) -> Result<()> {
        match check_schema(&self.schema) {
            None => Ok(()),
            Some(wrong) => {
                let path = ["store".into(), "schema".into()];
                Err(document.wrong(&path, &format!("{wrong}."), None))
            }
        }
    }

    /// The lines of `rollbook.toml` that say this.
    pub(super) fn lines(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let url = match &self.url {
            SecretSource::Env { env } => format!("env = {}", quoted(env)),
            SecretSource::File { file } => format!("file = {}", quoted(&file.to_string_lossy())),
        };
        let ca_file = self.ca_file.as_ref().map_or_else(String::new, |path| {
            format!("ca_file = {}\n", quoted(&path.to_string_lossy()))
        });
        let schema = quoted(&self.schema);
        format!("[store]\nurl = {{ {url} }}\nschema = {schema}\n{ca_file}")
    }
}
