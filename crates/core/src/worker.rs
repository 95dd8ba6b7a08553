//! Worker records: what a source says about one employment, contract or registration.
//!
//! A human may have several records, in one source and across sources, at once and one after the
//! other. [`crate::identity`] decides which records are one human.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{RecordRef, SourceName, WorkerNumber};

/// One dated fact set from a source about one employment, contract or registration.
///
/// Two records may carry the same number: a mover's two spells share it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkerRecord {
    /// The source that delivered the record.
    pub source: SourceName,
    /// The number of the engagement in that source.
    pub number: WorkerNumber,
    /// What kind of engagement, in the source's own word: `employment`, `registration`, ….
    pub kind: String,
    /// The first day. `None`: the source does not say.
    pub starts: Option<Date>,
    /// The first day on which the worker is no longer here (half-open). `None`: open-ended.
    pub ends: Option<Date>,
    /// The parts of the name as the source holds them.
    pub name: PersonName,
    /// Birth date, used only to tell namesakes apart. `None`: not delivered.
    pub birth_date: Option<Date>,
    /// ISO 3166 country of the worker, where delivered.
    pub country: String,
    /// Addresses that the employer gave.
    pub work_emails: Vec<String>,
    /// Addresses of the worker's own.
    pub private_emails: Vec<String>,
    /// Login names that the source knows.
    pub logins: Vec<String>,
    /// Where in the organisation, and as what.
    pub placement: Placement,
    /// Mapped columns that have no field of their own.
    pub attributes: BTreeMap<String, String>,
}

impl WorkerRecord {
    /// Source and number.
    pub fn record_ref(&self) -> RecordRef {
        RecordRef { source: self.source.clone(), number: self.number.clone() }
    }

    /// Whether the record holds on `day`. A record without a start has always held.
    pub fn holds_on(&self, day: Date) -> bool {
        self.starts.is_none_or(|s| s <= day) && self.ends.is_none_or(|e| day < e)
    }

    /// Whether the record has ended on or before `day`.
    pub fn ended_by(&self, day: Date) -> bool {
        self.ends.is_some_and(|e| e <= day)
    }
}

/// The parts of a person's name. Empty text: the source does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonName {
    /// All given names, e.g. `Zofia Magdalena`.
    pub given: String,
    /// Initials, e.g. `Z.M.`.
    pub initials: String,
    /// The name used day to day, which may be a nickname.
    pub used: String,
    /// Particle before the family name, e.g. `van de`.
    pub prefix: String,
    /// Family name without the particle.
    pub family: String,
    /// Second surname, as in Spain and Portugal.
    pub second_family: String,
    /// The partner's surname, which the person may use.
    pub partner: String,
    /// Which surname is used and in which order, in the source's word (`lastname`, `partner`, …).
    pub usage: String,
    /// The surname as used now, ready made by the source.
    pub family_in_use: String,
    /// The whole name as shown.
    pub display: String,
    /// Titles before the name.
    pub title_before: String,
    /// Titles after the name.
    pub title_after: String,
}

/// Where in the organisation somebody works, and as what. Empty text: not delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Placement {
    /// Organisational unit.
    pub unit: String,
    /// Job title.
    pub job_title: String,
    /// Family of jobs.
    pub job_family: String,
    /// Town or office.
    pub location: String,
    /// Site within the location.
    pub site: String,
    /// The legal entity that employs.
    pub legal_entity: String,
    /// Cost centre.
    pub cost_centre: String,
    /// The firm that supplies an external worker.
    pub supplying_firm: String,
    /// The manager's worker number in the same source.
    pub manager: Option<WorkerNumber>,
}

/// A dated right of a worker to stand in for, or act in, another unit (a deputy, an appointment).
/// It explains grants of that unit which the worker's own placement does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Whose appointment.
    pub worker: RecordRef,
    /// For which unit.
    pub unit: String,
    /// First day. `None`: not delivered.
    pub starts: Option<Date>,
    /// First day after it. `None`: open-ended.
    pub ends: Option<Date>,
    /// What it gives, in the source's word: `access`, `approval`, `both`.
    pub confers: String,
}
