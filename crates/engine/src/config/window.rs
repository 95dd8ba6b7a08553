//! `[[instance.window]]` and `spacing_s`: when, and how soon one after the other, an instance is changed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use rollbook_core::change::Verb;
use rollbook_core::schedule::Day;
use rollbook_core::window::{Window, opens};
use serde::Deserialize;

use super::Workspace;
use super::instance::InstanceConfig;
use super::read::{Document, Step};
use super::schedule::time_of_day;
use crate::error::Result;

/// Hours in which an instance may be changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowConfig {
    /// When it begins, `22:00`.
    pub from: String,
    /// When it ends; not after `from`: on the next day.
    pub until: String,
    /// The days on which it begins; empty: every day.
    #[serde(default)]
    pub days: BTreeSet<Day>,
    /// The zone (IANA name); `None`: the workspace's.
    #[serde(default)]
    pub time_zone: Option<String>,
}

impl WindowConfig {
    fn window(&self, workspace: &Workspace) -> Window {
        let zone = self.time_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
        let time = |text: &str| time_of_day(text).unwrap_or(Time::midnight());
        Window {
            days: self.days.clone(),
            from: time(&self.from),
            until: time(&self.until),
            zone: zone.unwrap_or_else(|| workspace.zone()),
        }
    }
}

impl InstanceConfig {
    /// When an operation may be sent here: `now`, or when the next window opens.
    pub(crate) fn opens(&self, verb: Verb, workspace: &Workspace, now: Timestamp) -> Timestamp {
        if self.any_time.contains(&verb) {
            return now;
        }
        let windows: Vec<_> = self.windows.iter().map(|one| one.window(workspace)).collect();
        opens(&windows, now)
    }

    /// What the types of windows cannot say.
    pub(super) fn check_windows(&self, document: &Document<'_>, at: usize) -> Result<()> {
        let here = [Step::from("instance"), at.into()];
        if self.windows.is_empty() && !self.any_time.is_empty() {
            let path = [here[0], here[1], "any_time".into()];
            let hint = "Add `[[instance.window]]`, or take `any_time` out.".to_owned();
            return Err(document.wrong(&path, "it is changed at any time anyway.", Some(hint)));
        }
        for (nth, window) in self.windows.iter().enumerate() {
            let path = |key| [here[0], here[1], Step::from("window"), nth.into(), Step::from(key)];
            for (key, text) in [("from", &window.from), ("until", &window.until)] {
                if time_of_day(text).is_none() {
                    let said = format!("`{text}` is no time of day.");
                    let hint = "Write hours and minutes, for example \"22:00\".".to_owned();
                    return Err(document.wrong(&path(key), &said, Some(hint)));
                }
            }
            if let Some(zone) = &window.time_zone
                && TimeZone::get(zone).is_err()
            {
                let said = format!("`{zone}` is not a time zone.");
                let hint = "Write its IANA name, for example \"Europe/Amsterdam\".".to_owned();
                return Err(document.wrong(&path("time_zone"), &said, Some(hint)));
            }
        }
        Ok(())
    }
}
