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

/// What must be written so that `before` becomes `after`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference<K> {
    /// New or changed rows.
    pub(super) put: Vec<(K, String)>,
    /// Rows that are no more.
    pub(super) drop: Vec<K>,
}

/// Compares two sets of rows by key.
pub(super) fn difference<K: Ord + Clone>(
    before: &BTreeMap<K, String>,
    after: BTreeMap<K, String>,
) -> Difference<K> {
    let drop = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
    let put = after.into_iter().filter(|(key, body)| before.get(key) != Some(body)).collect();
    Difference { put, drop }
}
