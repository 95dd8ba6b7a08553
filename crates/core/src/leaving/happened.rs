//! Who came, moved and went in a period, by their worker records.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::graph::Graph;
use crate::id::{IdentityId, RecordRef};
use crate::identity::{Identity, Kind};
use crate::worker::{Placement, WorkerRecord};

/// One thing that happened to one person's work here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Happening {
    /// To whom.
    pub identity: IdentityId,
    /// The day: the first one here or in the new place, or the last one.
    pub on: Date,
    /// What.
    pub what: What,
    /// The record that says so.
    pub record: RecordRef,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum What {
    /// They came.
    Joined {
        /// The last day of when they were here before. `None`: they never were, as far as known.
        left_before: Option<Date>,
    },
    /// They are somewhere else in the organisation.
    Moved {
        /// Where they were.
        before: Box<Placement>,
        /// Where they are.
        after: Box<Placement>,
    },
    /// They went.
    Left,
}

/// What happened to people from `from` on, before `until` (half-open), ordered by person and day. A record
/// without a start tells of no coming, and one without an end of no going.
pub fn happened(graph: &Graph, from: Date, until: Date) -> Vec<Happening> {
    let people = graph.identities().iter().filter(|identity| identity.kind == Kind::Person);
    let mut all: Vec<Happening> = people
        .flat_map(|identity| {
            let mut records: Vec<_> = graph.records_of(&identity.id).collect();
            records.sort_by_key(|record| (record.starts, record.ends));
            let of_each = records.iter().flat_map(|record| of_record(&records, record));
            of_each
                .map(|(on, what, record)| Happening {
                    identity: identity.id.clone(),
                    on,
                    what,
                    record,
                })
                .collect::<Vec<_>>()
        })
        .filter(|one| (from..until).contains(&one.on))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Everybody all of whose records have ended by `today`, in the order of the graph.
pub fn gone(graph: &Graph, today: Date) -> impl Iterator<Item = &Identity> {
    let people = graph.identities().iter().filter(|identity| identity.kind == Kind::Person);
    people.filter(move |identity| {
        let mut records = graph.records_of(&identity.id).peekable();
        records.peek().is_some() && records.all(|record| record.ended_by(today))
    })
}

fn of_record(all: &[&WorkerRecord], record: &WorkerRecord) -> Vec<(Date, What, RecordRef)> {
    let mut found = Vec::new();
    if let Some(start) = record.starts {
        let eve = start.checked_sub(1.day()).unwrap_or(start);
        let before = all.iter().find(|other| other.holds_on(eve));
        match before {
            None => {
                let left_before = all.iter().filter_map(|other| other.ends).filter(|e| *e <= start);
                let left_before = left_before.max().and_then(|gone| gone.checked_sub(1.day()).ok());
                found.push((start, What::Joined { left_before }, record.record_ref()));
            }
            Some(before) if !is_same_place(&before.placement, &record.placement) => {
                let (before, after) = (&before.placement, &record.placement);
                let (before, after) = (Box::new(before.clone()), Box::new(after.clone()));
                found.push((start, What::Moved { before, after }, record.record_ref()));
            }
            Some(_) => {}
        }
    }
    if let Some(gone) = record.ends
        && !all.iter().any(|other| other.holds_on(gone))
        && let Ok(last) = gone.checked_sub(1.day())
    {
        found.push((last, What::Left, record.record_ref()));
    }
    found
}

/// Whether two placements give reason to the same access: who manages somebody does not count.
fn is_same_place(a: &Placement, b: &Placement) -> bool {
    let reasons = |p: &Placement| {
        [&p.unit, &p.job_title, &p.job_family, &p.location, &p.legal_entity].map(Clone::clone)
    };
    reasons(a) == reasons(b)
}
