//! Guards: why a plan may not run as it is. All of it is judged before the first effect.
//!
//! A stop is never overridden by an approval. Whoever disagrees changes the policy, the view or the
//! plan, and that leaves its own trace.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::change::{Change, Verb};
use crate::graph::Graph;
use crate::id::{AccountKey, ChangeId, IdentityId, InstanceName};
use crate::plan::Plan;
use crate::policy::{Policy, Raise};

mod amount;
mod subject;
#[cfg(test)]
mod tests;
mod view;

/// Why a plan, or a part of it, may not run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stop {
    /// How much of the plan it holds back.
    pub blocks: Blocks,
    /// What kind of stop.
    pub kind: Kind,
    /// What it is about: an instance, a source, an account as people know it.
    pub subject: String,
    /// What happened, what it means and what to do, for people.
    pub sentence: String,
}

/// How much of a plan a stop holds back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "blocks")]
pub enum Blocks {
    /// All of it.
    Plan,
    /// Everything in one instance.
    Instance {
        /// Which.
        instance: InstanceName,
    },
    /// One change.
    Change {
        /// Which.
        change: ChangeId,
    },
}

impl Blocks {
    /// Whether this change is held back.
    pub fn holds(&self, change: &Change) -> bool {
        match self {
            Self::Plan => true,
            Self::Instance { instance } => *instance == change.instance,
            Self::Change { change: id } => *id == change.id,
        }
    }
}

/// Kinds of stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// More would change than the policy allows.
    TooMany,
    /// The policy protects the account.
    Protected,
    /// The instance would be left without an administrator who can get in.
    LastAdmin,
    /// The instance was not seen whole.
    PartialView,
    /// What the plan rests on is old or no longer so.
    StaleBasis,
    /// It cannot be taken back, and nobody has a source for that it works as thought.
    UnprovenRoute,
    /// It would destroy what nobody took over.
    ContentAtRisk,
    /// It would close the account whose secret Rollbook acts with.
    OwnCredential,
    /// The source behind it is kept out or old.
    SourceKeptOut,
    /// The first look at an instance is for reading only.
    FirstRun,
    /// Nothing of theirs may be removed or handed over.
    LegalHold,
    /// The book was put back to an earlier moment, and was not looked at anew yet.
    InHold,
}

impl Kind {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::Protected => "protected",
            Self::LastAdmin => "last_admin",
            Self::PartialView => "partial_view",
            Self::StaleBasis => "stale_basis",
            Self::UnprovenRoute => "unproven_route",
            Self::ContentAtRisk => "content_at_risk",
            Self::OwnCredential => "own_credential",
            Self::SourceKeptOut => "source_kept_out",
            Self::FirstRun => "first_run",
            Self::LegalHold => "legal_hold",
            Self::InHold => "in_hold",
        }
    }
}

/// What was changed lately and how well the instances are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Changes that were sent, may have been or are about to be, from all plans: at least those
    /// inside the longest window and those of the last 24 hours.
    pub effects: Vec<PastEffect>,
    /// How many complete snapshots of each instance were ever taken. An instance that is not named
    /// has had none.
    pub complete_snapshots: BTreeMap<InstanceName, u32>,
    /// Of whom nothing may be removed or handed over now.
    pub on_hold: BTreeSet<IdentityId>,
    /// Limits that are higher for a time, or were to be.
    pub raises: Vec<Raise>,
    /// The instances whose first whole view a named person has accepted.
    pub accepted: BTreeSet<InstanceName>,
    /// Why nothing at all may be sent, as a sentence for people. `None`: nothing keeps it.
    pub in_hold: Option<String>,
}

/// One change that was sent, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEffect {
    /// When.
    pub at: Timestamp,
    /// Which change. One that is in the judged plan too is not counted twice.
    pub change: ChangeId,
    /// Where.
    pub instance: InstanceName,
    /// Which account; `None`: it was made.
    pub account: Option<AccountKey>,
    /// Whose.
    pub identity: Option<IdentityId>,
    /// What was done.
    pub verb: Verb,
    /// The name of the standing approval that permitted it; empty: people agreed to the plan.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub standing: String,
    /// Who asked for the plan that it was part of; empty: it was done before that was kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub requester: String,
}

impl PastEffect {
    /// What remains of a change once it was sent.
    pub fn of(change: &Change, at: Timestamp) -> Self {
        Self {
            at,
            change: change.id.clone(),
            instance: change.instance.clone(),
            account: change.account.clone(),
            identity: change.identity.clone(),
            verb: change.op.word(),
            standing: String::new(),
            requester: String::new(),
        }
    }
}

/// Everything that keeps `plan`, or a part of it, from running now. Ordered, the widest first; empty
/// means that nothing does. The whole plan is judged, also what ran already.
pub fn stops(
    plan: &Plan,
    graph: &Graph,
    policy: &Policy,
    history: &History,
    now: Timestamp,
) -> Vec<Stop> {
    let case = Case { plan, graph, policy, history, now };
    let mut stops: Vec<Stop> = in_hold(history).into_iter().collect();
    amount::judge(&case, &mut stops);
    view::judge(&case, &mut stops);
    subject::judge(&case, &mut stops);
    stops.sort();
    stops.dedup();
    stops
}

/// Nothing is sent from a book that was put back and not looked at anew.
fn in_hold(history: &History) -> Option<Stop> {
    let sentence = history.in_hold.clone()?;
    let subject = "workspace".to_owned();
    Some(Stop { blocks: Blocks::Plan, kind: Kind::InHold, subject, sentence })
}

/// What is judged.
struct Case<'a> {
    plan: &'a Plan,
    graph: &'a Graph,
    policy: &'a Policy,
    history: &'a History,
    now: Timestamp,
}

impl Case<'_> {
    /// `hours` before now, or the beginning of time.
    fn hours_ago(&self, hours: u32) -> Timestamp {
        self.now.checked_sub(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MIN)
    }

    /// The instances in which the plan changes something.
    fn instances(&self) -> Vec<&InstanceName> {
        let mut names: Vec<_> = self.plan.changes().iter().map(|c| &c.instance).collect();
        names.sort();
        names.dedup();
        names
    }
}
