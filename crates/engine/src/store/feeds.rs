//! Sources as last read: deliveries, worker records, appointments.

use jiff::Timestamp;
use rollbook_core::id::SourceName;
use rollbook_core::worker::{Appointment, WorkerRecord};
use serde::{Deserialize, Serialize};

use super::db::args;
use super::row::{all, body_of, pack};
use super::{Reading, Writing};
use crate::error::Result;

/// The last good delivery of a source, and why the newest one was kept out, if it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedState {
    /// When the last good delivery was read. `None`: never.
    pub taken_at: Option<Timestamp>,
    /// SHA-256 of its bytes, hex.
    pub digest: String,
    /// Its rows.
    pub rows: u64,
    /// Why the newest delivery was kept out.
    pub kept_out: Option<String>,
}

impl Reading<'_> {
    /// The state of a source, if it was ever read.
    pub fn feed(&self, source: &SourceName) -> Result<Option<FeedState>> {
        let sql = "SELECT body FROM feed WHERE source = $1";
        body_of(self.db, "feed", sql, args![source.as_str()])
    }

    /// The worker records of the last good delivery of every source, in file order.
    pub fn worker_records(&self) -> Result<Vec<WorkerRecord>> {
        all(
            self.db,
            "worker_record",
            "SELECT body FROM worker_record ORDER BY source, position",
            &[],
        )
    }

    /// The numbers of the last good delivery of `source`.
    pub fn worker_numbers(&self, source: &SourceName) -> Result<Vec<String>> {
        let mut numbers = Vec::new();
        let sql = "SELECT number FROM worker_record WHERE source = $1";
        self.db.each(sql, args![source.as_str()], |row| {
            numbers.push(row.text(0)?.to_owned());
            Ok(())
        })?;
        Ok(numbers)
    }

    /// The appointments of the last good delivery of every source.
    pub fn appointments(&self) -> Result<Vec<Appointment>> {
        all(self.db, "appointment", "SELECT body FROM appointment ORDER BY source, position", &[])
    }
}

impl Writing<'_> {
    /// Sets the state of a source.
    pub fn put_feed(&self, source: &SourceName, state: &FeedState) -> Result<()> {
        self.move_basis()?;
        self.db.execute(
            "INSERT INTO feed (source, taken_at, kept_out, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (source) DO UPDATE SET taken_at = excluded.taken_at,
                 kept_out = excluded.kept_out, body = excluded.body",
            args![
                source.as_str(),
                state.taken_at.map(|at| at.to_string()),
                state.kept_out.as_deref(),
                pack(state)?,
            ],
        )?;
        Ok(())
    }

    /// Replaces the worker records and appointments of a source.
    pub fn put_delivery(
        &self,
        source: &SourceName,
        records: &[WorkerRecord],
        appointments: &[Appointment],
    ) -> Result<()> {
        self.move_basis()?;
        let name = source.as_str();
        self.db.execute("DELETE FROM worker_record WHERE source = $1", args![name])?;
        self.db.execute("DELETE FROM appointment WHERE source = $1", args![name])?;
        let rows = (0_i64..).zip(records).map(|(position, record)| {
            Ok([name.into(), position.into(), record.number.as_str().into(), pack(record)?.into()])
        });
        self.db.execute_each(
            "INSERT INTO worker_record (source, position, number, body) VALUES ($1, $2, $3, $4)",
            rows,
        )?;
        let rows = (0_i64..).zip(appointments).map(|(position, appointment)| {
            Ok([name.into(), position.into(), pack(appointment)?.into()])
        });
        self.db.execute_each(
            "INSERT INTO appointment (source, position, body) VALUES ($1, $2, $3)",
            rows,
        )?;
        Ok(())
    }
}
