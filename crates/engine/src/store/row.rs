//! Bodies as JSON text, and writing only what changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::db::{Arg, Db};
use crate::error::{Error, Result};

/// The JSON text of `value`.
pub(super) fn pack<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| Error::bug("A record could not be written as JSON.").because(e))
}

/// The value of the JSON text `body`, which lies in `table`.
pub(super) fn unpack<T: DeserializeOwned>(table: &str, body: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|e| {
        Error::setup(format!(
            "A row of the table `{table}` cannot be read ({e}); the database was changed by hand \
             or by another version."
        ))
        .hint("Restore the newest backup of the workspace folder.")
        .because(e)
    })
}

/// The moment as text that sorts as time: always nine digits of the second.
pub(super) fn sortable(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// All bodies that `sql` selects (its first column), unpacked.
pub(super) fn all<T: DeserializeOwned>(
    db: &Db,
    table: &str,
    sql: &str,
    args: &[Arg<'_>],
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    db.each(sql, args, |row| {
        found.push(unpack(table, row.text(0)?)?);
        Ok(())
    })?;
    Ok(found)
}

/// The first body that `sql` selects (its first column), unpacked.
pub(super) fn body_of<T: DeserializeOwned>(
    db: &Db,
    table: &str,
    sql: &str,
    args: &[Arg<'_>],
) -> Result<Option<T>> {
    db.one(sql, args, |row| unpack(table, row.text(0)?))
}

/// Rows as they lie in the database. New ones are held against them one by one, so that only what
/// changed is written and never a second copy of everything lies in memory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Before(BTreeMap<String, String>);

impl Before {
    /// The rows that `sql` selects: the key in its first column, the body in its second.
    pub(super) fn read(db: &Db, sql: &str, args: &[Arg<'_>]) -> Result<Self> {
        let mut rows = BTreeMap::new();
        db.each(sql, args, |row| {
            rows.insert(row.text(0)?.to_owned(), row.text(1)?.to_owned());
            Ok(())
        })?;
        Ok(Self(rows))
    }

    /// The body as it must be written; `None`: it lies there already. Asked once for each key.
    pub(super) fn changed(&mut self, key: &str, body: String) -> Option<String> {
        (self.0.remove(key).as_ref() != Some(&body)).then_some(body)
    }

    /// The keys that were not asked for: rows that are no more.
    pub(super) fn gone(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
