//! What the types cannot say about when what of a leaver is due.

use jiff::tz::TimeZone;
use rollbook_core::policy::LeaverRule;

use super::read::Document;
use crate::error::Result;

/// Checks `[policy.leaver]`.
pub(super) fn check(document: &Document<'_>, rule: &LeaverRule) -> Result<()> {
    let path = |key| ["policy".into(), "leaver".into(), key];
    if rule.cutoff_h > 24 {
        let said = format!("{} is no hour of a day.", rule.cutoff_h);
        let hint = "Write 0 to 24; 24 is the end of the last day.";
        return Err(document.wrong(&path("cutoff_h".into()), &said, Some(hint.to_owned())));
    }
    let unknown = rule.zones.iter().find(|(_, zone)| TimeZone::get(zone).is_err());
    match unknown {
        None => Ok(()),
        Some((place, zone)) => {
            let path = ["policy".into(), "leaver".into(), "zones".into(), place.as_str().into()];
            let hint = "Write its IANA name, for example \"Europe/Amsterdam\".";
            let said = format!("`{zone}` is not a time zone.");
            Err(document.wrong(&path, &said, Some(hint.to_owned())))
        }
    }
}
