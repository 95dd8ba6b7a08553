//! Where a workspace's book lies.

use std::path::PathBuf;

use crate::secret::Secret;

/// Where a workspace's book lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// In one SQLite file in the workspace folder.
    Folder(PathBuf),
    /// In one schema of a Postgres database.
    Postgres {
        /// `postgres://user:password@host/database`.
        address: Secret,
        /// The schema, as [`check_schema`] lets it pass.
        schema: String,
        /// The certificate of the authority that the server's certificate is from, in PEM form.
        /// `None`: an authority that the system trusts.
        ca_file: Option<PathBuf>,
    },
}

/// Says what is wrong with the name of a schema, if anything is: it must be one that needs no quotes
/// anywhere and that is not the server's own.
pub fn check_schema(name: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(plain) {
        return Some("a schema's name is lower-case letters, digits and `_`, a letter first");
    }
    if name.len() > 63 {
        return Some("a schema's name is at most 63 letters long");
    }
    if name == "public" || name.starts_with("pg_") || name == "information_schema" {
        return Some("this schema is not a workspace's own; name another one");
    }
    None
}
