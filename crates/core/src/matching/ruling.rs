//! What humans decided about accounts, the newest about each subject.

use std::collections::BTreeMap;

use crate::id::{AccountRef, RecordRef};
use crate::identity::Kind;
use crate::link::{AccountKind, Decision, LinkVerdict};
use crate::worker::WorkerRecord;

use super::roster::Roster;

/// What humans decided about one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ruling {
    /// Whose it is, or who answers for it.
    pub confirmed: Option<u32>,
    /// Whose it is not.
    pub rejected: Vec<u32>,
    /// What it is.
    pub kind: Option<AccountKind>,
    /// Who decided last.
    pub by: String,
}

/// All rulings.
pub(crate) struct Rulings {
    rows: BTreeMap<AccountRef, Ruling>,
    none: Ruling,
}

impl Rulings {
    /// Replays the decisions, oldest first. A decision about a record that is no longer delivered
    /// has no effect until the record is back.
    pub(crate) fn new(decisions: &[Decision], roster: &Roster, records: &[WorkerRecord]) -> Self {
        let mut rows: BTreeMap<AccountRef, Ruling> = BTreeMap::new();
        if decisions.is_empty() {
            return Self { rows, none: Ruling::default() };
        }
        let persons: BTreeMap<RecordRef, u32> = (0_u32..)
            .zip(&roster.persons)
            .flat_map(|(number, p)| {
                p.spells.iter().map(move |s| (records[s.record as usize].record_ref(), number))
            })
            .collect();
        for decision in decisions {
            let Some(account) = subject(&decision.verdict) else { continue };
            let ruling = rows.entry(account.clone()).or_default();
            if ruling.apply(&decision.verdict, &persons) {
                ruling.by.clone_from(&decision.by);
            }
        }
        Self { rows, none: Ruling::default() }
    }

    /// The ruling about an account; an empty one if there is none.
    pub(crate) fn of(&self, account: &AccountRef) -> &Ruling {
        self.rows.get(account).unwrap_or(&self.none)
    }
}

fn subject(verdict: &LinkVerdict) -> Option<&AccountRef> {
    match verdict {
        LinkVerdict::Confirm { account, .. }
        | LinkVerdict::Reject { account, .. }
        | LinkVerdict::Type { account, .. } => Some(account),
        LinkVerdict::Same { .. } | LinkVerdict::Apart { .. } => None,
    }
}

impl Ruling {
    /// Applies a newer verdict; whether it had an effect.
    fn apply(&mut self, verdict: &LinkVerdict, persons: &BTreeMap<RecordRef, u32>) -> bool {
        match verdict {
            LinkVerdict::Confirm { record, .. } => {
                let Some(person) = persons.get(record) else { return false };
                self.confirmed = Some(*person);
                self.rejected.retain(|p| p != person);
            }
            LinkVerdict::Reject { record, .. } => {
                let Some(person) = persons.get(record) else { return false };
                self.confirmed = self.confirmed.filter(|p| p != person);
                if !self.rejected.contains(person) {
                    self.rejected.push(*person);
                }
            }
            LinkVerdict::Type { kind, owner, .. } => {
                self.kind = match kind {
                    Kind::Person => None,
                    Kind::Service => Some(AccountKind::Service),
                    Kind::Shared => Some(AccountKind::Shared),
                    Kind::Agent => Some(AccountKind::Agent),
                };
                if *kind != Kind::Person {
                    self.confirmed = owner.as_ref().and_then(|r| persons.get(r)).copied();
                }
            }
            LinkVerdict::Same { .. } | LinkVerdict::Apart { .. } => return false,
        }
        true
    }
}
