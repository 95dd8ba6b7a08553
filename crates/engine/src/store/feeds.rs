//! Sources as last read: deliveries, worker records, appointments.

use jiff::Timestamp;
use rollbook_core::id::SourceName;
use rollbook_core::worker::{Appointment, WorkerRecord};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::row::{all, pack, unpack};
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
        let body: Option<String> = self
            .db
            .prepare_cached("SELECT body FROM feed WHERE source = $1")?
            .query_row([source.as_str()], |row| row.get(0))
            .optional()?;
        body.map(|body| unpack("feed", &body)).transpose()
    }

    /// The worker records of the last good delivery of every source, in file order.
    pub fn worker_records(&self) -> Result<Vec<WorkerRecord>> {
        all(
            self.db,
            "worker_record",
            "SELECT body FROM worker_record ORDER BY source, position",
            [],
        )
    }

    /// The numbers of the last good delivery of `source`.
    pub fn worker_numbers(&self, source: &SourceName) -> Result<Vec<String>> {
        let mut query =
            self.db.prepare_cached("SELECT number FROM worker_record WHERE source = $1")?;
        let numbers = query.query_map([source.as_str()], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    /// The appointments of the last good delivery of every source.
    pub fn appointments(&self) -> Result<Vec<Appointment>> {
        all(self.db, "appointment", "SELECT body FROM appointment ORDER BY source, position", [])
    }
}

impl Writing<'_> {
    /// Sets the state of a source.
    pub fn put_feed(&self, source: &SourceName, state: &FeedState) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO feed (source, taken_at, kept_out, body) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (source) DO UPDATE SET taken_at = excluded.taken_at,
                     kept_out = excluded.kept_out, body = excluded.body",
            )?
            .execute(params![
                source.as_str(),
                state.taken_at.map(|at| at.to_string()),
                state.kept_out,
                pack(state)?
            ])?;
        Ok(())
    }

    /// Replaces the worker records and appointments of a source.
    pub fn put_delivery(
        &self,
        source: &SourceName,
        records: &[WorkerRecord],
        appointments: &[Appointment],
    ) -> Result<()> {
        self.tx.execute("DELETE FROM worker_record WHERE source = $1", [source.as_str()])?;
        self.tx.execute("DELETE FROM appointment WHERE source = $1", [source.as_str()])?;
        let mut put = self.tx.prepare_cached(
            "INSERT INTO worker_record (source, position, number, body) VALUES ($1, $2, $3, $4)",
        )?;
        for (position, record) in (0_i64..).zip(records) {
            put.execute(params![source.as_str(), position, record.number.as_str(), pack(record)?])?;
        }
        let mut put = self.tx.prepare_cached(
            "INSERT INTO appointment (source, position, body) VALUES ($1, $2, $3)",
        )?;
        for (position, appointment) in (0_i64..).zip(appointments) {
            put.execute(params![source.as_str(), position, pack(appointment)?])?;
        }
        Ok(())
    }
}
