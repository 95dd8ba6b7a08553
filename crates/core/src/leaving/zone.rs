//! In which zone somebody's day ends.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::canonical::fold;
use crate::worker::WorkerRecord;

/// Zones by where people work. Looking names up is the caller's: the core reads no zone files.
#[derive(Clone, Debug)]
pub struct Zones {
    workspace: TimeZone,
    places: BTreeMap<String, TimeZone>,
}

impl Zones {
    /// `workspace` holds for everybody who works at none of `places` (a location or a country, as the
    /// source writes it).
    pub fn new(workspace: TimeZone, places: impl IntoIterator<Item = (String, TimeZone)>) -> Self {
        let places = places.into_iter().map(|(place, zone)| (fold(&place), zone)).collect();
        Self { workspace, places }
    }

    /// The zone of whoever the record is about: that of their location, else that of their country,
    /// else the workspace's.
    pub fn of(&self, record: &WorkerRecord) -> &TimeZone {
        let places = [record.placement.location.as_str(), record.country.as_str()];
        let known = places.iter().find_map(|place| self.places.get(&fold(place)));
        known.unwrap_or(&self.workspace)
    }

    /// The workspace's own.
    pub fn workspace(&self) -> &TimeZone {
        &self.workspace
    }
}

/// The moment `hours` after the beginning of `day` by the wall clock of `zone`. Where that hour does not
/// exist or comes twice, the moment that follows from the offset before the change.
pub(super) fn hour_of(day: Date, hours: u32, zone: &TimeZone) -> Option<Timestamp> {
    let wall = day.at(0, 0, 0, 0).checked_add(i64::from(hours).hours()).ok()?;
    zone.to_ambiguous_zoned(wall).compatible().ok().map(|zoned| zoned.timestamp())
}
