//! What goes into a statement and what comes out of it: whole numbers, text and nothing else.

use std::borrow::Cow;

use tokio_postgres::types::Type;

use crate::error::{Error, Result};

/// A value for a numbered parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Arg<'a> {
    /// NULL.
    Null,
    /// For a BIGINT.
    Int(i64),
    /// For a TEXT.
    Text(Cow<'a, str>),
}

/// The values of a statement's parameters, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::store::db::Arg::from($value)),*] };
}
pub(in crate::store) use args;

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<String> for Arg<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'a, T: Into<Arg<'a>>> From<Option<T>> for Arg<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row while it is handed out. Columns are counted from 0.
#[derive(Debug)]
pub(in crate::store) enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of Postgres.
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// The text of a column that is never empty of a value.
    pub(in crate::store) fn text(&self, column: usize) -> Result<&str> {
        self.maybe_text(column)?.ok_or_else(|| misread(column, "it holds nothing"))
    }

    /// The number of a column that is never empty of a value.
    pub(in crate::store) fn int(&self, column: usize) -> Result<i64> {
        self.maybe_int(column)?.ok_or_else(|| misread(column, "it holds nothing"))
    }

    /// The text of a column, if it holds one.
    pub(in crate::store) fn maybe_text(&self, column: usize) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => {
                let value = row.get_ref(column).map_err(|e| misread(column, e))?;
                value.as_str_or_null().map_err(|e| misread(column, e))
            }
            Self::Postgres(row) => row.try_get(column).map_err(|e| misread(column, e)),
        }
    }

    /// The number of a column, if it holds one.
    pub(in crate::store) fn maybe_int(&self, column: usize) -> Result<Option<i64>> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(|e| misread(column, e)),
            Self::Postgres(row) => {
                // A number that a statement itself writes down is of the shorter type.
                let is_short = row.columns().get(column).is_some_and(|c| *c.type_() == Type::INT4);
                let read = match is_short {
                    true => row.try_get::<_, Option<i32>>(column).map(|n| n.map(i64::from)),
                    false => row.try_get(column),
                };
                read.map_err(|e| misread(column, e))
            }
        }
    }
}

fn misread(column: usize, why: impl ToString) -> Error {
    Error::setup(format!(
        "Column {column} of a row cannot be read ({}); the database was changed by hand or by \
         another version.",
        why.to_string()
    ))
    .hint("Restore the newest backup of the workspace folder.")
}
