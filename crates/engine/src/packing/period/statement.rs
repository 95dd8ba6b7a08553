//! What a file of the pack covers, and how that was checked: the last record of every file.

use jiff::Timestamp;
use rollbook_core::canonical;
use serde::Serialize;
use serde_json::{Value, json};

use super::book::Seen;
use crate::error::Result;
use crate::evidence::{DataFile, sha256};
use crate::packing::table::Table;

/// A table of the pack with what was checked about it.
pub(super) struct Sheet {
    pub(super) table: Table,
    /// Which rows it holds, as a sentence with the period in it where it depends on one.
    pub(super) query: String,
    /// What is counted elsewhere, beside what is here.
    pub(super) checks: Vec<Check>,
    /// What must be known to read it, and what the book cannot say.
    pub(super) notes: Vec<String>,
}

/// A count of the source beside ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// The place that counts: an instance, the audit chain, the configuration.
    pub(super) source: String,
    /// How many rows of this file are of it.
    pub(super) rows: u64,
    /// How many the source itself says. `None`: it gives no count.
    pub(super) counted: Option<u64>,
    /// Why they differ, or how far equality goes, as a sentence.
    pub(super) explained: String,
}

impl Check {
    /// Ours beside a count of `source`, with the same sentence whether they differ or not.
    pub(super) fn of(source: &str, rows: usize, counted: usize, explained: &str) -> Self {
        Self {
            source: source.to_owned(),
            rows: rows as u64,
            counted: Some(counted as u64),
            explained: explained.to_owned(),
        }
    }

    /// Whether both counts are there and differ.
    pub(super) fn differs(&self) -> bool {
        self.counted.is_some_and(|counted| counted != self.rows)
    }
}

/// The statement as written: as the last line of the JSON lines, and in the last rows of the CSV.
#[derive(Serialize)]
struct Statement<'a> {
    workspace: &'a str,
    file: &'a str,
    query: &'a str,
    from: jiff::civil::Date,
    to: jiff::civil::Date,
    as_of: Timestamp,
    as_of_local: String,
    software: &'static str,
    made_by: &'a str,
    rows: u64,
    rows_sha256: String,
    checks: &'a [Check],
    snapshots: Value,
    chain: Value,
    notes: &'a [String],
}

impl Sheet {
    pub(super) fn new(table: Table, query: impl Into<String>) -> Self {
        Self { table, query: query.into(), checks: Vec::new(), notes: Vec::new() }
    }

    pub(super) fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    pub(super) fn checked(mut self, checks: impl IntoIterator<Item = Check>) -> Self {
        self.checks.extend(checks);
        self
    }

    pub(super) fn note(mut self, note: &str) -> Self {
        self.notes.push(note.to_owned());
        self
    }

    /// As JSON lines and as CSV.
    pub(super) fn files(&self, seen: &Seen<'_>, by: &str) -> Result<[DataFile; 2]> {
        let mut lines = self.table.jsonl();
        let value = canonical::value_of(&self.statement(seen, by, sha256(&lines.bytes)));
        lines.bytes.extend(canonical::bytes(&json!({"statement": value})));
        lines.bytes.push(b'\n');
        lines.rows += 1;
        let mut sheet = self.table.csv()?;
        sheet.bytes.extend(self.table.csv_end(&said(&value))?);
        Ok([lines, sheet])
    }

    fn statement<'a>(&'a self, seen: &'a Seen<'_>, by: &'a str, digest: String) -> Statement<'a> {
        Statement {
            workspace: &seen.engine.config.workspace.name,
            file: self.table.name,
            query: &self.query,
            from: seen.period.from,
            to: seen.period.to,
            as_of: seen.as_of,
            as_of_local: seen.as_of.to_zoned(seen.engine.config.workspace.zone()).to_string(),
            software: concat!("rollbook ", env!("CARGO_PKG_VERSION")),
            made_by: by,
            rows: self.table.rows.len() as u64,
            rows_sha256: digest,
            checks: &self.checks,
            snapshots: seen.snapshots_said(),
            chain: json!({
                "chain_id": seen.chain_id, "size": seen.head.seq, "head": seen.head.digest,
            }),
            notes: &self.notes,
        }
    }
}

/// The statement for people: what is said, and the value as they read it.
fn said(statement: &Value) -> Vec<[String; 2]> {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let Value::Object(fields) = statement else { return Vec::new() };
    let one = |(name, value): (&String, &Value)| match value {
        Value::Array(all) => all.iter().map(|one| [name.clone(), plain(one)]).collect::<Vec<_>>(),
        other => vec![[name.clone(), plain(other)]],
    };
    fields.iter().flat_map(one).collect()
}
