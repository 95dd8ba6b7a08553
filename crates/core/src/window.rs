//! When an instance may be changed: hours on the wall of some zone, through summer time.

use std::collections::BTreeSet;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::schedule::{Day, on_the_wall};

/// Hours of some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days on which it begins; empty: every day.
    pub days: BTreeSet<Day>,
    /// When it begins.
    pub from: Time,
    /// When it ends; not after `from`: on the next day.
    pub until: Time,
    /// The zone of the wall.
    pub zone: TimeZone,
}

impl Window {
    /// From when to when it is open next, where it is not over at `now`.
    fn next(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = now.to_zoned(self.zone.clone()).date();
        let days = (-2..=8).filter_map(|on| today.checked_add(on.days()).ok());
        let days =
            days.filter(|day| self.days.is_empty() || self.days.contains(&day.weekday().into()));
        let mut spans = days.filter_map(|day| {
            let last = if self.until > self.from { day } else { day.tomorrow().ok()? };
            let from = on_the_wall(day.to_datetime(self.from), &self.zone)?;
            Some((from, on_the_wall(last.to_datetime(self.until), &self.zone)?))
        });
        spans.find(|(from, until)| from < until && *until > now)
    }
}

/// When the first of `windows` is open: `now` where one is, or where there is none at all.
pub fn opens(windows: &[Window], now: Timestamp) -> Timestamp {
    if windows.is_empty() {
        return now;
    }
    let next = windows.iter().filter_map(|window| window.next(now)).map(|(from, _)| from).min();
    next.unwrap_or(Timestamp::MAX).max(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Day], from: &str, until: &str) -> Window {
        let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Window { days: days.iter().copied().collect(), from, until, zone }
    }

    fn opens_at(windows: &[Window], now: &str) -> String {
        opens(windows, now.parse().unwrap()).to_string()
    }

    #[test]
    fn within_a_window_it_is_open_and_outside_it_opens_with_the_next() {
        let night = [window(&[Day::Friday, Day::Saturday], "22:00", "04:00")];
        for (now, at) in [
            ("2026-11-27T20:59:59Z", "2026-11-27T21:00:00Z"),
            ("2026-11-27T21:00:00Z", "2026-11-27T21:00:00Z"),
            ("2026-11-28T02:59:59Z", "2026-11-28T02:59:59Z"),
            ("2026-11-28T03:00:00Z", "2026-11-28T21:00:00Z"),
            ("2026-11-29T03:00:00Z", "2026-12-04T21:00:00Z"),
        ] {
            assert_eq!(opens_at(&night, now), at, "{now}");
        }
        assert_eq!(opens_at(&[], "2026-11-27T20:00:00Z"), "2026-11-27T20:00:00Z");
        let both = [night[0].clone(), window(&[], "12:00", "13:00")];
        assert_eq!(opens_at(&both, "2026-11-28T03:00:00Z"), "2026-11-28T11:00:00Z");
    }

    #[test]
    fn hours_that_clocks_leave_out_are_left_out_and_those_that_come_twice_are_open_twice() {
        let early = [window(&[], "02:30", "03:30")];
        assert_eq!(opens_at(&early, "2027-03-28T00:00:00Z"), "2027-03-28T01:00:00Z");
        assert_eq!(opens_at(&early, "2027-03-28T01:30:00Z"), "2027-03-29T00:30:00Z");
        let gone = [window(&[], "02:00", "02:59")];
        assert_eq!(opens_at(&gone, "2027-03-28T00:00:00Z"), "2027-03-29T00:00:00Z");
        assert_eq!(opens_at(&early, "2027-10-31T00:30:00Z"), "2027-10-31T00:30:00Z");
        assert_eq!(opens_at(&early, "2027-10-31T02:29:00Z"), "2027-10-31T02:29:00Z");
        assert_eq!(opens_at(&early, "2027-10-31T02:30:00Z"), "2027-11-01T01:30:00Z");
    }
}
