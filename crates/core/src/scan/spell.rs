//! When somebody is here, at sixteen bytes a worker record.

use jiff::civil::Date;

/// A day as a number that orders as days do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(i32);

impl Day {
    /// Before all days: no first day was delivered.
    pub(super) const ALWAYS: Self = Self(i32::MIN);
    /// After all days: open-ended.
    pub(super) const NEVER: Self = Self(i32::MAX);

    /// From the calendar and back.
    pub(super) fn date(self) -> Option<Date> {
        let (month, day) = (self.0.rem_euclid(512) / 32, self.0.rem_euclid(32));
        let year = i16::try_from(self.0.div_euclid(512)).ok()?;
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(i32::from(date.year()) * 512 + i32::from(date.month()) * 32 + i32::from(date.day()))
    }
}

/// One worker record of a human.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    pub(super) human: u32,
    pub(super) kind: u16,
    pub(super) starts: Day,
    pub(super) ends: Day,
}

impl Spell {
    pub(super) fn holds_on(&self, day: Day) -> bool {
        self.starts <= day && day < self.ends
    }

    pub(super) fn ended_by(&self, day: Day) -> bool {
        self.ends <= day
    }
}

/// Whether somebody is here, as far as one instance is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// A record of a covered kind holds, or none has ended yet.
    Expected,
    /// Every record of a covered kind has ended.
    Left,
    /// The same, and another begins later.
    DueBack,
    /// They are here as something that the instance is not for.
    Elsewhere,
}

impl Presence {
    /// Judges all spells of one human. `covered` says which kinds the instance is for.
    pub(super) fn of(spells: &[Spell], covered: &[bool], today: Day) -> Self {
        let is_covered = |spell: &&Spell| covered[usize::from(spell.kind)];
        let covering = || spells.iter().filter(is_covered);
        if covering().any(|spell| spell.holds_on(today)) {
            return Self::Expected;
        }
        let is_due = covering().any(|spell| spell.starts > today);
        if covering().any(|spell| spell.ended_by(today)) {
            return if is_due { Self::DueBack } else { Self::Left };
        }
        if is_due {
            return Self::Expected;
        }
        if spells.iter().any(|spell| spell.holds_on(today)) {
            return Self::Elsewhere;
        }
        if spells.iter().any(|spell| spell.ended_by(today)) { Self::Left } else { Self::Expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_keep_their_order_and_come_back() {
        let days = [date(-9999, 1, 1), date(-1, 12, 31), date(0, 1, 1), date(2026, 2, 28)];
        let days = [&days[..], &[date(2026, 3, 1), date(2027, 1, 1), date(9999, 12, 31)]].concat();
        assert!(days.windows(2).all(|two| Day::from(two[0]) < Day::from(two[1])));
        assert!(days.iter().all(|&day| Day::from(day).date() == Some(day)));
        assert!(Day::ALWAYS < Day::from(days[0]) && Day::from(days[6]) < Day::NEVER);
        assert_eq!(Day::NEVER.date(), None);
    }
}
