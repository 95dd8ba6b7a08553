//! `[[source]]`: an authority about who works here, delivered as a table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rollbook_core::id::SourceName;
use serde::Deserialize;

use super::read::{Document, Step};
use crate::error::Result;
use crate::table::TableFormat;

/// One source of worker records.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// The name that reports and findings use.
    pub name: SourceName,
    /// The CSV or XLSX file, relative to the workspace folder.
    pub path: PathBuf,
    /// How the file is written.
    #[serde(default)]
    pub format: TableFormat,
    /// Which of its columns is which of our fields.
    pub columns: SourceColumns,
    /// Our attribute to their column, for whatever has no field of its own.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// The kind of every record where no column says it.
    #[serde(default = "employment")]
    pub default_kind: String,
    /// A file that lost more than this share of its rows, in percent, is kept out until a human
    /// has looked. 100: never.
    #[serde(default = "twenty")]
    pub shrink_pct_max: u32,
    /// After how many hours without a good delivery the source is stale.
    #[serde(default = "two_days")]
    pub stale_after_h: u32,
    /// Dated rights to act in other units, where the source delivers them.
    #[serde(default)]
    pub appointments: Option<AppointmentsConfig>,
}

fn employment() -> String {
    "employment".to_owned()
}

fn twenty() -> u32 {
    20
}

fn two_days() -> u32 {
    48
}

/// Our field to their column. A column may serve several fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceColumns {
    /// The worker number. The only one that every source must have.
    pub number: String,
    /// The kind of engagement.
    pub kind: Option<String>,
    /// First day.
    pub starts: Option<String>,
    /// Last day, or the first day gone, as `format.ends` says.
    pub ends: Option<String>,
    /// Given names.
    pub given: Option<String>,
    /// Initials.
    pub initials: Option<String>,
    /// The name used day to day.
    pub used: Option<String>,
    /// Particle before the family name.
    pub prefix: Option<String>,
    /// Family name.
    pub family: Option<String>,
    /// Second surname.
    pub second_family: Option<String>,
    /// Partner's surname.
    pub partner: Option<String>,
    /// Which surname is used.
    pub usage: Option<String>,
    /// The surname as used now.
    pub family_in_use: Option<String>,
    /// The whole name as shown.
    pub display: Option<String>,
    /// Titles before the name.
    pub title_before: Option<String>,
    /// Titles after the name.
    pub title_after: Option<String>,
    /// Birth date.
    pub birth_date: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Addresses that the employer gave; several in one cell by `format.list_separator`.
    pub work_email: Option<String>,
    /// Addresses of the worker's own; several as above.
    pub private_email: Option<String>,
    /// Login names that the source knows; several as above.
    pub login: Option<String>,
    /// Organisational unit.
    pub unit: Option<String>,
    /// The manager's worker number.
    pub manager: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Family of jobs.
    pub job_family: Option<String>,
    /// Town or office.
    pub location: Option<String>,
    /// Site within the location.
    pub site: Option<String>,
    /// The legal entity that employs.
    pub legal_entity: Option<String>,
    /// Cost centre.
    pub cost_centre: Option<String>,
    /// The firm that supplies an external worker.
    pub supplying_firm: Option<String>,
}

/// A second table of the source: who may act in which unit, and when.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppointmentsConfig {
    /// The CSV or XLSX file, relative to the workspace folder.
    pub path: PathBuf,
    /// How the file is written; that of the source where it is not said.
    #[serde(default)]
    pub format: Option<TableFormat>,
    /// Which of its columns is which of our fields.
    pub columns: AppointmentColumns,
}

/// Our field to their column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppointmentColumns {
    /// The worker number.
    pub worker: String,
    /// The unit.
    pub unit: String,
    /// First day.
    pub starts: Option<String>,
    /// Last day, or the first day gone, as `format.ends` says.
    pub ends: Option<String>,
    /// What it gives: `access`, `approval`, `both`.
    pub confers: Option<String>,
}

impl SourceConfig {
    /// What the types cannot say.
    pub(super) fn check(&self, document: &Document<'_>, at: usize) -> Result<()> {
        let here = [Step::from("source"), Step::from(at)];
        document.check_path(&here, "path", &self.path)?;
        document
            .check_percent(&[here[0], here[1], "shrink_pct_max".into()], self.shrink_pct_max)?;
        let columns = [here[0], here[1], "columns".into()];
        document.check_said(&columns, "number", &self.columns.number)?;
        if let Some(appointments) = &self.appointments {
            let here = [here[0], here[1], "appointments".into()];
            document.check_path(&here, "path", &appointments.path)?;
        }
        Ok(())
    }
}
