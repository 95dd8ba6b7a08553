//! When what of a leaver is due.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `[policy.leaver]`: when what of a leaver is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaverRule {
    /// How many days before the cutoff it is time to name who takes over.
    pub notice_days: u32,
    /// The hour of the last day, by the wall clock where the person works, from which nobody may get in
    /// as them: 0 to 24; 24 is the end of that day.
    pub cutoff_h: u32,
    /// Within how many hours after the cutoff every account should be seen closed; later is late.
    pub within_h: u32,
    /// For how many days after the cutoff what they owned is handed over; then seats are released.
    pub handover_days: u32,
    /// The zone (IANA name, known to exist) of each location or country, as the source writes it.
    /// Whoever works elsewhere is in the workspace's zone.
    pub zones: BTreeMap<String, String>,
}

impl Default for LeaverRule {
    fn default() -> Self {
        Self {
            notice_days: 14,
            cutoff_h: 24,
            within_h: 24,
            handover_days: 30,
            zones: BTreeMap::new(),
        }
    }
}
