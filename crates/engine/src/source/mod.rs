//! Sources: who works here, by the word of an authority that delivers tables.
//!
//! A delivery is taken as a whole or not at all. What is wrong in itself is refused while it is
//! read; what is only suspicious beside the last good one is kept out by [`stop`].

mod bind;
mod stop;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use jiff::Timestamp;
use rollbook_core::id::{RecordRef, SourceName, WorkerNumber};
use rollbook_core::worker::{Appointment, WorkerRecord};

use self::bind::Bound;
pub use self::bind::Outline;
pub use self::stop::{KeptOut, LastGood, Numbers, stop};
use crate::config::{AppointmentsConfig, SourceConfig};
use crate::error::Result;
use crate::table::{self, Digest, Facts, Header, Row, TableFormat, Visit};

/// What a source delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who delivered.
    pub source: SourceName,
    /// The file, as `rollbook.toml` names it.
    pub file: String,
    /// SHA-256 of the file's bytes as lower-case hex.
    pub sha256: String,
    /// The file's length in bytes.
    pub bytes: u64,
    /// When the file was last written, by the file system's word.
    pub written_at: Option<Timestamp>,
    /// Records handed on: rows below the header without those that repeat another.
    pub rows: u64,
    /// Rows that repeat another one cell by cell. They were left out.
    pub repeated: u64,
    /// Columns that nothing is mapped to.
    pub unused: Vec<String>,
    /// The worker numbers, for the comparison with the next delivery.
    pub numbers: Numbers,
}

/// Reads the delivery of a source and hands every record to `sink`, in the order of the file.
///
/// # Errors
/// [`crate::error::Kind::Input`] if the file is wrong in itself, with file, line and column, and
/// whatever `sink` refuses. Then nothing of the delivery may be used, also not what was handed on.
pub fn read(
    config: &SourceConfig,
    base: &Path,
    sink: &mut dyn FnMut(WorkerRecord) -> Result<()>,
) -> Result<Delivery> {
    let mut reading = Reading {
        config,
        sink,
        bound: None,
        unused: Vec::new(),
        seen: HashSet::new(),
        keys: [RandomState::new(), RandomState::new()],
        repeated: 0,
        numbers: Vec::new(),
    };
    let facts = table::read(base, &config.path, &config.format, Digest::Wanted, &mut reading)?;
    let Facts { rows, bytes, sha256, written_at } = facts;
    Ok(Delivery {
        source: config.name.clone(),
        file: config.path.display().to_string(),
        sha256,
        bytes,
        written_at,
        rows: rows - reading.repeated,
        repeated: reading.repeated,
        unused: reading.unused,
        numbers: Numbers::new(reading.numbers),
    })
}

/// Hands keys and days of every record to `sink`, in the order of the file, at the cost of what the
/// sink looks at. Nothing is kept, so a row that repeats another comes again.
///
/// # Errors
/// As [`read`].
pub fn stream(
    config: &SourceConfig,
    base: &Path,
    sink: &mut dyn FnMut(&Outline<'_>) -> Result<()>,
) -> Result<Facts> {
    let mut streaming = Streaming { config, sink, bound: None };
    table::read(base, &config.path, &config.format, Digest::Skipped, &mut streaming)
}

struct Streaming<'a> {
    config: &'a SourceConfig,
    sink: &'a mut dyn FnMut(&Outline<'_>) -> Result<()>,
    bound: Option<Bound>,
}

impl Visit for Streaming<'_> {
    fn header(&mut self, header: &Header) -> Result<()> {
        self.bound = Some(Bound::new(self.config, header)?);
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        let bound = self.bound.as_ref().expect("the header comes before the rows");
        (self.sink)(&bound.outline(self.config, row)?)
    }
}

struct Reading<'a> {
    config: &'a SourceConfig,
    sink: &'a mut dyn FnMut(WorkerRecord) -> Result<()>,
    bound: Option<Bound>,
    unused: Vec<String>,
    /// 128 bits of every row: two rows are told apart also among billions.
    seen: HashSet<u128>,
    keys: [RandomState; 2],
    repeated: u64,
    numbers: Vec<u64>,
}

impl Visit for Reading<'_> {
    fn header(&mut self, header: &Header) -> Result<()> {
        let bound = Bound::new(self.config, header)?;
        self.unused = bound.unused(header);
        self.bound = Some(bound);
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        let [left, right] = self.keys.each_ref().map(|key| key.hash_one(row));
        if !self.seen.insert(u128::from(left) << 64 | u128::from(right)) {
            self.repeated += 1;
            return Ok(());
        }
        let bound = self.bound.as_ref().expect("the header comes before the rows");
        let record = bound.record(self.config, row)?;
        self.numbers.push(Numbers::print(record.number.as_str()));
        (self.sink)(record)
    }
}

/// Reads the appointments that a source delivers, in the order of the file. None are configured:
/// there are none. Here a table without rows is no error: nobody stands in for anybody.
///
/// # Errors
/// [`crate::error::Kind::Input`] if the file is wrong in itself, with file, line and column.
pub fn read_appointments(config: &SourceConfig, base: &Path) -> Result<Vec<Appointment>> {
    let Some(appointments) = &config.appointments else { return Ok(Vec::new()) };
    let format = appointments.format.as_ref().unwrap_or(&config.format);
    let mut standing =
        Standing { source: &config.name, config: appointments, format, places: None, all: vec![] };
    table::read_any(base, &appointments.path, format, Digest::Skipped, &mut standing)?;
    Ok(standing.all)
}

struct Standing<'a> {
    source: &'a SourceName,
    config: &'a AppointmentsConfig,
    format: &'a TableFormat,
    places: Option<Places>,
    all: Vec<Appointment>,
}

/// Where the columns of appointments lie.
#[derive(Clone, Copy)]
struct Places {
    worker: usize,
    unit: usize,
    starts: Option<usize>,
    ends: Option<usize>,
    confers: Option<usize>,
}

impl Visit for Standing<'_> {
    fn header(&mut self, header: &Header) -> Result<()> {
        let columns = &self.config.columns;
        self.places = Some(Places {
            worker: header.place("worker", &columns.worker)?,
            unit: header.place("unit", &columns.unit)?,
            starts: header.place_if("starts", columns.starts.as_ref())?,
            ends: header.place_if("ends", columns.ends.as_ref())?,
            confers: header.place_if("confers", columns.confers.as_ref())?,
        });
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        let places = self.places.expect("the header comes before the rows");
        let number = row.cell(places.worker).trim();
        if number.is_empty() {
            return Err(row.wrong(places.worker, "the worker number is empty."));
        }
        let (starts, ends) = row.period(places.starts, places.ends, self.format)?;
        self.all.push(Appointment {
            worker: RecordRef { source: self.source.clone(), number: WorkerNumber::from(number) },
            unit: row.cell(places.unit).to_owned(),
            starts,
            ends,
            confers: row.cell_if(places.confers).to_owned(),
        });
        Ok(())
    }
}
