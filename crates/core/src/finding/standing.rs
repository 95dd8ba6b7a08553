//! Since when a finding is known, what became of it since the last run, and who put it off.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Finding, Subject};
use crate::graph::{Graph, View};
use crate::id::{AccountRef, FindingId, IdentityId, InstanceName, RecordRef};
use crate::snapshot::Coverage;

/// A finding and what is known about its past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracked {
    /// The finding as it was last seen.
    pub finding: Finding,
    /// Its past.
    pub standing: Standing,
}

/// Since when a finding is known and what happened to it since the last run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Compared with the last run.
    pub change: Since,
    /// A human put it off.
    pub put_off: Option<PutOff>,
    /// Since when it is gone.
    #[serde(default)]
    pub gone_since: Option<Timestamp>,
    /// Why it is only believed to be still there, as a sentence: we could not look. `None`: it was
    /// seen.
    #[serde(default)]
    pub unseen: Option<String>,
}

impl Standing {
    /// Whether a human's word keeps it out of the way on `today`.
    pub fn is_put_off(&self, today: Date) -> bool {
        self.put_off.as_ref().is_some_and(|put_off| put_off.holds_on(today))
    }

    /// Whether somebody should look at it on `today`.
    pub fn is_open(&self, today: Date) -> bool {
        self.change != Since::Gone && !self.is_put_off(today)
    }
}

/// Compared with the last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// Not there before.
    New,
    /// There before and now.
    Still,
    /// There before and not now.
    Gone,
    /// Was gone and came back.
    Resurrected,
}

impl Since {
    /// The word for programs and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Still => "still",
            Self::Gone => "gone",
            Self::Resurrected => "resurrected",
        }
    }
}

/// A human's word that a finding can wait. It ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// Whether the risk is accepted, or it is only not for now.
    pub accepted: bool,
    /// Until which day (half-open).
    pub until: Date,
    /// Who said so.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

impl PutOff {
    /// Whether it holds on `day`.
    pub fn holds_on(&self, day: Date) -> bool {
        day < self.until
    }
}

/// Sets what was found `at` beside what was known `before`.
///
/// - What was not known is `new`; what was known is `still` and keeps its first day and a put-off
///   that has not ended.
/// - What is found no more is `gone`, and stays in the list so that it can be `resurrected`. A
///   put-off goes with it: trouble that comes back is shown again.
/// - What is found no more only because we could not look stays `still`, and says so in words.
///
/// `before` holds no finding twice, as this function returned it. The findings of now come first,
/// in their order, then those that were not found, in the order of `before`.
pub fn compare(
    before: &[Tracked],
    now: &[Finding],
    graph: &Graph,
    at: Timestamp,
    today: Date,
) -> Vec<Tracked> {
    let known: BTreeMap<&FindingId, &Tracked> =
        before.iter().map(|tracked| (&tracked.finding.id, tracked)).collect();
    let mut all: Vec<Tracked> = now
        .iter()
        .map(|finding| Tracked {
            finding: finding.clone(),
            standing: found(known.get(&finding.id).map(|old| &old.standing), at, today),
        })
        .collect();
    let found_now: BTreeSet<_> = now.iter().map(|finding| &finding.id).collect();
    let missed = before.iter().filter(|old| !found_now.contains(&old.finding.id));
    all.extend(missed.map(|old| Tracked {
        finding: old.finding.clone(),
        standing: not_found(old, graph, at, today),
    }));
    all
}

fn found(old: Option<&Standing>, at: Timestamp, today: Date) -> Standing {
    let Some(old) = old else {
        return Standing {
            first_seen: at,
            change: Since::New,
            put_off: None,
            gone_since: None,
            unseen: None,
        };
    };
    let back = old.change == Since::Gone;
    Standing {
        first_seen: old.first_seen,
        change: if back { Since::Resurrected } else { Since::Still },
        put_off: old.put_off.clone().filter(|put_off| put_off.holds_on(today)),
        gone_since: None,
        unseen: None,
    }
}

fn not_found(old: &Tracked, graph: &Graph, at: Timestamp, today: Date) -> Standing {
    let Tracked { finding, standing } = old;
    if standing.change == Since::Gone {
        return standing.clone();
    }
    match unseen(graph, finding) {
        Some(why) => Standing {
            change: Since::Still,
            put_off: standing.put_off.clone().filter(|put_off| put_off.holds_on(today)),
            unseen: Some(why),
            ..standing.clone()
        },
        None => Standing {
            change: Since::Gone,
            put_off: None,
            gone_since: Some(at),
            unseen: None,
            ..standing.clone()
        },
    }
}

/// Why we could not see whether the finding still stands, or `None` if we could.
fn unseen(graph: &Graph, finding: &Finding) -> Option<String> {
    unseen_subject(graph, &finding.subject, finding.identity.as_ref())
}

fn unseen_subject(graph: &Graph, subject: &Subject, owner: Option<&IdentityId>) -> Option<String> {
    match subject {
        Subject::Account { account } | Subject::Grant { account, .. } => {
            unseen_account(graph, account, owner)
        }
        Subject::Accounts { left, right } => {
            unseen_account(graph, left, owner).or_else(|| unseen_account(graph, right, owner))
        }
        Subject::Alike { left, right } => {
            // A resource is in our own book, which is always seen.
            let accounts = [left, right].into_iter().filter_map(|one| one.account());
            accounts.into_iter().find_map(|account| unseen_account(graph, account, None))
        }
        Subject::Records { left, right } => {
            unseen_record(graph, left).or_else(|| unseen_record(graph, right))
        }
        Subject::Assignment { identity, instance } => unseen_assignment(graph, identity, instance),
        Subject::Resource { instance, .. } => {
            let view = graph.views().get(instance);
            view.and_then(|view| blind(instance, view)).map(still_open)
        }
        // How well something is seen is always seen, and so is what is in our own book: a token of our
        // own, a task, what a probe found.
        Subject::Token { .. }
        | Subject::Task { .. }
        | Subject::Instance { .. }
        | Subject::Source { .. } => None,
    }
}

/// An account that the newest snapshot shows was looked at, even if the rest was not. One that it
/// does not show is only gone if the snapshot is whole.
fn unseen_account(
    graph: &Graph,
    account: &AccountRef,
    owner: Option<&IdentityId>,
) -> Option<String> {
    let instance = &account.instance;
    let why = match graph.views().get(instance) {
        None => Some(format!("{instance} is no longer one of the instances that are read")),
        Some(view) => blind(instance, view),
    };
    match graph.account(account) {
        None => why.map(still_open),
        Some((seen, _)) if seen.state.is_open() => unseen_person(graph, owner).map(still_open),
        Some(_) => None,
    }
}

fn blind(instance: &InstanceName, view: &View) -> Option<String> {
    match (view.taken_at, &view.coverage) {
        (None, _) => Some(format!("{instance} was not read")),
        (Some(_), Coverage::Partial { why }) => {
            let why = why.trim_end_matches('.');
            Some(format!("{instance} was read only in part ({why})"))
        }
        (Some(_), Coverage::Complete) => None,
    }
}

/// Whoever is not known, or of whom no record is left, is unseen while a source has never been
/// read: it may be the one that knows them.
fn unseen_person(graph: &Graph, owner: Option<&IdentityId>) -> Option<String> {
    if owner.is_some_and(|owner| graph.records_of(owner).next().is_some()) {
        return None;
    }
    let (source, _) = graph.feeds().iter().find(|(_, feed)| feed.taken_at.is_none())?;
    Some(format!("{source} was not read"))
}

fn unseen_record(graph: &Graph, record: &RecordRef) -> Option<String> {
    let source = &record.source;
    let why = match graph.feeds().get(source) {
        None => format!("{source} is no longer one of the sources that are read"),
        Some(feed) if feed.taken_at.is_none() => format!("{source} was not read"),
        Some(_) => return None,
    };
    graph.identity_of(record).is_none().then(|| still_open(why))
}

/// `missing` is solved if an account is there now; otherwise every instance that might hold it must
/// have been read wholly.
fn unseen_assignment(
    graph: &Graph,
    identity: &IdentityId,
    instance: &InstanceName,
) -> Option<String> {
    let is_at = |name: &InstanceName| instance.as_str() == "*" || name == instance;
    if graph.accounts_of(identity).any(|(account, _)| is_at(&account.instance)) {
        return None;
    }
    let blind_view = graph
        .views()
        .iter()
        .filter(|(name, _)| is_at(name))
        .find_map(|(name, view)| blind(name, view));
    blind_view.or_else(|| unseen_person(graph, Some(identity))).map(still_open)
}

fn still_open(why: String) -> String {
    format!("{why}, so it is taken to be still there.")
}
