//! Whether somebody is here, as far as one instance is concerned.

use jiff::civil::Date;

use crate::worker::WorkerRecord;

/// Whether somebody is here on one day, judged by the kinds of record that an instance is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Presence<'a> {
    /// A record of a covered kind holds.
    Here,
    /// No such record holds yet, and none has ended.
    NotYet,
    /// Every such record has ended. `last` is the one that ended last.
    Left {
        last: &'a WorkerRecord,
        /// The first day of the next record of a covered kind, if one is announced.
        back: Option<Date>,
        /// A record of another kind that holds: they are still around, as something else.
        still: Option<&'a WorkerRecord>,
    },
    /// They never had a record of a covered kind, and are here as something else.
    Elsewhere { as_what: &'a WorkerRecord },
    /// There is no record to judge by.
    Unknown,
}

impl<'a> Presence<'a> {
    /// Judges `records` on `today`. Empty `covers` means that every kind counts.
    pub(super) fn of(records: &[&'a WorkerRecord], covers: &[String], today: Date) -> Self {
        let covered = |record: &&&WorkerRecord| covers.is_empty() || covers.contains(&record.kind);
        let holds = |record: &&&WorkerRecord| record.holds_on(today);
        let covering = || records.iter().filter(covered);
        if covering().any(|record| record.holds_on(today)) {
            return Self::Here;
        }
        let still = records.iter().find(holds).copied();
        let back = covering().filter_map(|r| r.starts).filter(|&starts| starts > today).min();
        if let Some(last) = last_ended(covering(), today) {
            return Self::Left { last, back, still };
        }
        if back.is_some() {
            return Self::NotYet;
        }
        if let Some(as_what) = still {
            return Self::Elsewhere { as_what };
        }
        match last_ended(records.iter(), today) {
            Some(last) => Self::Left { last, back: None, still: None },
            None if records.is_empty() => Self::Unknown,
            None => Self::NotYet,
        }
    }
}

fn last_ended<'a, 'b>(
    records: impl Iterator<Item = &'b &'a WorkerRecord>,
    today: Date,
) -> Option<&'a WorkerRecord>
where
    'a: 'b,
{
    records.copied().filter(|record| record.ended_by(today)).max_by_key(|record| record.ends)
}
