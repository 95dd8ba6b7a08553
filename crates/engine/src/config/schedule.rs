//! `[[schedule]]`: what runs by itself, and when.

use std::collections::BTreeSet;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use rollbook_core::schedule::{Control, Day, Rhythm};
use serde::{Deserialize, Serialize};

use super::read::{Document, Step};
use super::{Config, Workspace};
use crate::error::Result;
use crate::nearest::nearest;

/// Longer than this between two runs is a time of day.
const EVERY_MIN_MAX: u32 = 24 * 60;

/// One thing that runs by itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// What it is called; no two have the same name.
    pub name: String,
    /// What runs.
    pub what: Control,
    /// The sources and instances that it is about; empty: all.
    #[serde(default)]
    pub only: Vec<String>,
    /// A time on the wall, `02:30`.
    #[serde(default)]
    pub at: Option<String>,
    /// The days on which it runs; empty: every day.
    #[serde(default)]
    pub days: BTreeSet<Day>,
    /// The zone of the wall (IANA name); `None`: the workspace's.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Every so many minutes, in place of a time.
    #[serde(default)]
    pub every_min: Option<u32>,
}

impl ScheduleConfig {
    /// When it runs.
    pub fn rhythm(&self, workspace: &Workspace) -> Rhythm {
        match (self.every_min, self.time()) {
            (Some(minutes), _) => Rhythm::Every { minutes },
            (None, time) => {
                let zone = self.time_zone.as_deref().map(TimeZone::get);
                let zone = zone.and_then(|zone| zone.ok()).unwrap_or_else(|| workspace.zone());
                let (time, days) = (time.unwrap_or(Time::midnight()), self.days.clone());
                Rhythm::At { time, days, zone }
            }
        }
    }

    /// When it runs, as people say it.
    pub fn when(&self, workspace: &Workspace) -> String {
        if let Some(minutes) = self.every_min {
            return format!("every {minutes} min");
        }
        let day = |day: &Day| format!("{day:?}").to_lowercase();
        let days = match self.days.is_empty() {
            true => "every day".to_owned(),
            false => self.days.iter().map(day).collect::<Vec<_>>().join(", "),
        };
        let zone = self.time_zone.as_deref().unwrap_or(&workspace.time_zone);
        format!("{days} at {} {zone}", self.at.as_deref().unwrap_or_default())
    }

    fn time(&self) -> Option<Time> {
        time_of_day(self.at.as_deref()?)
    }

    /// The key that cannot be meant, why, and what to do.
    fn fault(&self) -> Option<(&'static str, String, &'static str)> {
        let at_or_every = "Write either `at = \"02:30\"` or `every_min = 30`.";
        match (&self.at, self.every_min) {
            (Some(_), Some(_)) => {
                return Some(("every_min", "it has a time as well.".to_owned(), at_or_every));
            }
            (None, None) => return Some(("name", "it never runs.".to_owned(), at_or_every)),
            (Some(at), None) if self.time().is_none() => {
                let hint = "Write hours and minutes with two digits each, for example \"02:30\".";
                return Some(("at", format!("`{at}` is no time of day."), hint));
            }
            (None, Some(minutes)) if minutes == 0 || minutes > EVERY_MIN_MAX => {
                let hint = "Write a number from 1 to 1440, or a time of day with `at`.";
                return Some(("every_min", format!("{minutes} minutes cannot be kept."), hint));
            }
            (None, Some(_)) if !self.days.is_empty() || self.time_zone.is_some() => {
                let said = "days and a zone belong to a time of day.".to_owned();
                return Some(("every_min", said, at_or_every));
            }
            _ => {}
        }
        if let Some(zone) = self.time_zone.as_deref().filter(|zone| TimeZone::get(zone).is_err()) {
            let hint = "Write its IANA name, for example \"Europe/Amsterdam\".";
            return Some(("time_zone", format!("`{zone}` is not a time zone."), hint));
        }
        let is_whole = matches!(self.what, Control::Sync | Control::Canary);
        (!is_whole && !self.only.is_empty()).then(|| {
            let said = format!("`{}` is about the workspace as a whole.", self.what.word());
            ("only", said, "Take `only` out; it is for `sync` and `canary`.")
        })
    }
}

/// A time of day as `02:30`.
pub(super) fn time_of_day(text: &str) -> Option<Time> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let (hour, minute) = text.split_once(':')?;
    let parts = Some((hour, minute)).filter(|(hour, minute)| digits(hour) && digits(minute));
    let (hour, minute) = parts?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// What the types of `[[schedule]]` cannot say.
pub(super) fn check(document: &Document<'_>, config: &Config) -> Result<()> {
    let sources = config.sources.iter().map(|source| source.name.as_str());
    let read: Vec<&str> =
        sources.chain(config.instances.iter().map(|one| one.name.as_str())).collect();
    let driven = config.instances.iter().filter(|one| one.browser.is_some());
    let driven: Vec<&str> = driven.map(|one| one.name.as_str()).collect();
    let mut names = BTreeSet::new();
    for (at, schedule) in config.schedules.iter().enumerate() {
        let here = [Step::from("schedule"), at.into()];
        document.check_name(&[here[0], here[1], "name".into()], &schedule.name, &mut names)?;
        if let Some((key, said, hint)) = schedule.fault() {
            let path = [here[0], here[1], key.into()];
            return Err(document.wrong(&path, &said, Some(hint.to_owned())));
        }
        let known = if schedule.what == Control::Canary { &driven } else { &read };
        let unknown = |(_, name): &(usize, &String)| !known.contains(&name.as_str());
        if let Some((nth, name)) = schedule.only.iter().enumerate().find(unknown) {
            let path = [here[0], here[1], "only".into(), nth.into()];
            let said = match schedule.what {
                Control::Canary => format!("no browser drives an instance named `{name}`."),
                _ => format!("no source or instance is named `{name}`."),
            };
            return Err(document.wrong(&path, &said, nearest(name, known)));
        }
    }
    Ok(())
}
