//! Joiners, movers and leavers: what the dated records of one human say happens on which day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::worker::{Placement, WorkerRecord};

/// Who is away for no longer than this between two records has not left.
const AWAY_DAYS_MAX: i64 = 31;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first day, or the first one after somebody had left.
    Joiner,
    /// The first day in another place.
    Mover,
    /// The last day.
    Leaver,
}

impl Kind {
    /// Every kind, in the order in which they happen.
    pub const ALL: [Self; 3] = [Self::Joiner, Self::Mover, Self::Leaver];

    /// The word for programs and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Joiner => "joiner",
            Self::Mover => "mover",
            Self::Leaver => "leaver",
        }
    }
}

/// Something that happens to one human on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// What.
    pub kind: Kind,
    /// When: the first day of a joiner and of a mover, the last one of a leaver.
    pub on: Date,
    /// Where they were until then. `None`: nowhere.
    pub from: Option<Placement>,
    /// Where they are from then on. `None`: nowhere.
    pub to: Option<Placement>,
}

/// What the records of one human say happens, in order. A record without a first day has always held,
/// so that nobody joined by it; a second engagement beside one that goes on is no move.
pub fn movements<'a>(records: impl IntoIterator<Item = &'a WorkerRecord>) -> Vec<Movement> {
    let mut records: Vec<&WorkerRecord> = records.into_iter().collect();
    records.sort_by_key(|record| (record.starts, record.ends.is_none(), record.ends));
    let mut found = Vec::new();
    let mut last: Option<&WorkerRecord> = None;
    for record in records {
        match (last, record.starts) {
            (None, Some(start)) => found.push(joined(start, record)),
            (Some(before), Some(start)) => between(before, record, start, &mut found),
            (_, None) => {}
        }
        let lasts_longer = last.is_none_or(|before| match (before.ends, record.ends) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(end)) => before <= end,
        });
        if lasts_longer {
            last = Some(record);
        }
    }
    found.extend(last.and_then(left));
    found
}

/// What happens between the record that lasted longest and the next one.
fn between(before: &WorkerRecord, next: &WorkerRecord, start: Date, found: &mut Vec<Movement>) {
    let Some(end) = before.ends else { return };
    let days = |from: Date, to: Date| from.duration_until(to).as_hours() / 24;
    if days(end, start) > AWAY_DAYS_MAX {
        found.extend(left(before));
        found.push(joined(start, next));
    } else if days(start, end) <= AWAY_DAYS_MAX && before.placement != next.placement {
        let (from, to) = (Some(before.placement.clone()), Some(next.placement.clone()));
        found.push(Movement { kind: Kind::Mover, on: start, from, to });
    }
}

fn joined(on: Date, record: &WorkerRecord) -> Movement {
    Movement { kind: Kind::Joiner, on, from: None, to: Some(record.placement.clone()) }
}

fn left(record: &WorkerRecord) -> Option<Movement> {
    let on = record.ends?.yesterday().ok()?;
    Some(Movement { kind: Kind::Leaver, on, from: Some(record.placement.clone()), to: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records as `first day, first day after it, unit`; a dash: open.
    fn told(records: &[(&str, &str, &str)]) -> String {
        let day = |text: &str| (text != "-").then(|| text.parse().expect("a day"));
        let record = |(starts, ends, unit): &(&str, &str, &str)| {
            let placement = Placement { unit: (*unit).to_owned(), ..Placement::default() };
            WorkerRecord {
                starts: day(starts),
                ends: day(ends),
                placement,
                ..WorkerRecord::default()
            }
        };
        let records: Vec<WorkerRecord> = records.iter().map(record).collect();
        let unit = |at: &Option<Placement>| at.as_ref().map_or("-".to_owned(), |p| p.unit.clone());
        let line = |one: Movement| {
            format!("{} {}: {} to {}\n", one.on, one.kind.word(), unit(&one.from), unit(&one.to))
        };
        movements(&records).into_iter().map(line).collect()
    }

    #[test]
    fn one_spell_begins_and_ends() {
        let one = told(&[("2020-03-01", "2026-11-01", "Sales")]);
        assert_eq!(one, "2020-03-01 joiner: - to Sales\n2026-10-31 leaver: Sales to -\n");
        assert_eq!(told(&[("2020-03-01", "-", "Sales")]), "2020-03-01 joiner: - to Sales\n");
        assert_eq!(told(&[("-", "-", "Sales")]), "");
    }

    #[test]
    fn who_goes_on_elsewhere_moves_and_who_was_away_for_long_joins_anew() {
        let moved = told(&[("2020-03-01", "2024-01-01", "Sales"), ("2024-01-01", "-", "Finance")]);
        insta::assert_snapshot!(moved, @r"
        2020-03-01 joiner: - to Sales
        2024-01-01 mover: Sales to Finance
        ");
        let again = told(&[("2020-03-01", "2024-01-01", "Sales"), ("2025-01-01", "-", "Sales")]);
        insta::assert_snapshot!(again, @r"
        2020-03-01 joiner: - to Sales
        2023-12-31 leaver: Sales to -
        2025-01-01 joiner: - to Sales
        ");
    }

    #[test]
    fn the_same_place_anew_and_a_second_job_are_no_move() {
        let renewed = told(&[("2020-03-01", "2024-01-01", "Sales"), ("2024-01-08", "-", "Sales")]);
        assert_eq!(renewed, "2020-03-01 joiner: - to Sales\n");
        let beside =
            told(&[("2020-03-01", "2027-01-01", "Sales"), ("2024-01-01", "2025-01-01", "Canteen")]);
        assert_eq!(beside, "2020-03-01 joiner: - to Sales\n2026-12-31 leaver: Sales to -\n");
    }
}
