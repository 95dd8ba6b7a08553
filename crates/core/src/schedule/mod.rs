//! What runs by itself, and at which moments: a rhythm makes slots, and each slot is kept once.
//!
//! A slot of a day is a time on the wall of some zone. Where clocks are put forward that time may not
//! exist: then the slot is the first moment after the gap. Where they are put back it exists twice:
//! then the slot is the first of the two. Either way its key is the time on the wall, so it is one
//! slot. Slots that nobody kept are not made up for one by one: only the newest of them is due.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Slots further back are not counted one by one.
const DAYS_COUNTED_MAX: i32 = 3700;

/// How long after its moment a slot that nobody keeps is overdue, in minutes.
pub const OVERDUE_AFTER_MIN: i64 = 15;

/// What can run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Read sources and instances, and reconcile.
    Sync,
    /// Compute identities, links and findings from what was read.
    Reconcile,
    /// Try the recipes of instances that a browser drives, without pressing anything.
    Canary,
    /// Sign the chain and keep the signed head outside.
    Checkpoint,
    /// Check database and chain against the signed heads outside.
    Verify,
}

impl Control {
    /// The word for it in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Reconcile => "reconcile",
            Self::Canary => "canary",
            Self::Checkpoint => "checkpoint",
            Self::Verify => "verify",
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "nothing can be said of them that their names do not say")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// When something runs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// At this time on the wall, on these days.
    At {
        /// The time.
        time: Time,
        /// The days; empty: every day.
        days: BTreeSet<Day>,
        /// The zone of the wall.
        zone: TimeZone,
    },
    /// Every so many minutes, counted from 1970-01-01T00:00Z, so that every node counts alike.
    Every {
        /// At least 1.
        minutes: u32,
    },
}

/// One of the moments at which something is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it is called; no other slot of the same rhythm is called so.
    pub key: String,
    /// The moment.
    pub at: Timestamp,
}

/// A slot that is to be kept now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The slot.
    pub slot: Slot,
    /// How many slots before it nobody kept.
    pub missed: u64,
}

impl Rhythm {
    /// The newest slot at or before `now`.
    pub fn newest(&self, now: Timestamp) -> Option<Slot> {
        match self {
            Self::Every { minutes } => every(*minutes, now, 0),
            Self::At { zone, .. } => {
                let today = now.to_zoned(zone.clone()).date();
                // From tomorrow, which may have begun already where clocks were put back at midnight;
                // to a week ago and a day, where a slot in a gap lies on the day after.
                let days = (-1..=8).filter_map(|back| today.checked_sub(back.days()).ok());
                days.filter_map(|day| self.on(day)).find(|slot| slot.at <= now)
            }
        }
    }

    /// The first slot after `after`.
    pub fn next(&self, after: Timestamp) -> Option<Slot> {
        match self {
            Self::Every { minutes } => every(*minutes, after, 1),
            Self::At { zone, .. } => {
                let today = after.to_zoned(zone.clone()).date();
                let days = (-1..=8).filter_map(|on| today.checked_add(on.days()).ok());
                days.filter_map(|day| self.on(day)).find(|slot| slot.at > after)
            }
        }
    }

    /// The slot that is due at `now`, where this rhythm is followed since `since` and the newest slot
    /// that was kept lies at `kept`. However many were missed, it is one.
    pub fn due(&self, since: Timestamp, kept: Option<Timestamp>, now: Timestamp) -> Option<Due> {
        let from = kept.map_or(since, |kept| kept.max(since));
        let slot = self.newest(now).filter(|slot| slot.at > from)?;
        let missed = self.count(from, slot.at).saturating_sub(1);
        Some(Due { slot, missed })
    }

    /// How many slots lie after `from` and not after `to`, as far back as ten years.
    fn count(&self, from: Timestamp, to: Timestamp) -> u64 {
        match self {
            Self::Every { minutes } => {
                let length = seconds(*minutes);
                let slots = to.as_second().div_euclid(length) - from.as_second().div_euclid(length);
                u64::try_from(slots).unwrap_or(0)
            }
            Self::At { zone, .. } => {
                let last = to.to_zoned(zone.clone()).date();
                let days = -1..DAYS_COUNTED_MAX;
                let days = days.map_while(|back| last.checked_sub(back.days()).ok());
                let slots = days.filter_map(|day| self.on(day));
                let slots = slots.skip_while(|slot| slot.at > to);
                slots.take_while(|slot| slot.at > from).count() as u64
            }
        }
    }

    /// The slot of a day on the wall, if it has one.
    fn on(&self, day: Date) -> Option<Slot> {
        let Self::At { time, days, zone } = self else { return None };
        if !days.is_empty() && !days.contains(&Day::from(day.weekday())) {
            return None;
        }
        let wall = day.to_datetime(*time);
        let at = on_the_wall(wall, zone)?;
        Some(Slot { key: wall.strftime("%Y-%m-%d %H:%M").to_string(), at })
    }
}

/// The moment at which the wall shows this: the first of two, or the first after a gap.
pub(crate) fn on_the_wall(wall: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let meant = zone.to_ambiguous_timestamp(wall);
    match meant.offset() {
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
            meant.compatible().ok()
        }
        AmbiguousOffset::Gap { .. } => {
            let before = meant.earlier().ok()?;
            Some(zone.following(before).next()?.timestamp())
        }
    }
}

/// The slot `on` slots after the one in which `now` lies.
fn every(minutes: u32, now: Timestamp, on: i64) -> Option<Slot> {
    let length = seconds(minutes);
    let at = Timestamp::from_second((now.as_second().div_euclid(length) + on) * length).ok()?;
    Some(Slot { key: at.to_string(), at })
}

fn seconds(minutes: u32) -> i64 {
    i64::from(minutes.max(1)) * 60
}

/// How a control is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Its first slot is still to come.
    New,
    /// The newest slot was kept, and what ran went well.
    Well,
    /// It runs, or is about to.
    Busy,
    /// What ran last did not go well.
    Failed,
    /// It should have run and did not.
    Overdue(Due),
}

/// How the newest attempt of a control ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes on.
    Running,
    /// It went well.
    Done,
    /// It did not.
    Failed,
    /// The process that ran it ended before.
    CutOff,
}

impl Outcome {
    /// The word for tables and programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::CutOff => "cut_off",
        }
    }
}

/// How often a slot is begun at most, where the process ends each time.
pub const TRIES_MAX: i64 = 3;

/// How a control is doing of which `due` says what is to be kept now, and `newest` how the newest
/// attempt ended.
pub fn health(due: Option<Due>, newest: Option<Outcome>, now: Timestamp) -> Health {
    let patience = SignedDuration::from_mins(OVERDUE_AFTER_MIN);
    match (due, newest) {
        (Some(due), _) if now.duration_since(due.slot.at) > patience => Health::Overdue(due),
        (Some(_), _) | (None, Some(Outcome::Running)) => Health::Busy,
        (None, None) => Health::New,
        (None, Some(Outcome::Done)) => Health::Well,
        (None, Some(Outcome::Failed | Outcome::CutOff)) => Health::Failed,
    }
}
