//! Findings: one difference worth saying, with evidence and a sentence that a manager understands.
//!
//! [`find`] looks at one graph and says everything that is wrong on one day; [`compare`] sets that
//! beside what was known before. Both are pure. One rule holds for all kinds: **missing facts never
//! become a claim**. No end date means nobody has left; an instance that was not read wholly means
//! nothing is `missing` there; an owner who is only suggested is never called by name as the owner.
//!
//! Each kind is one function in one of the modules below. It gets the [`Case`] and what it judges,
//! and answers with a finding or with nothing. `docs/findings.md` says how to add one.

mod alike;
mod case;
mod contradicted;
mod credential;
mod dormant;
mod duplicate;
mod grant;
mod kind;
mod leftover;
mod missing;
mod overdue;
mod owner;
mod presence;
mod pushed;
mod standing;
mod subject;
mod view;
mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::graph::Graph;
use crate::id::{FindingId, IdentityId};
use crate::link::Link;
use crate::policy::Policy;

pub use alike::PushedUser;
use case::{Case, Person};
pub use kind::Kind;
pub use overdue::find_overdue;
pub use pushed::{PushedAccount, Pushes, Token, find_pushed};
pub use standing::{PutOff, Since, Standing, Tracked, compare};
pub use subject::Subject;

/// One difference between what is and what should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Derived from kind and subject: the same trouble has the same id in every run.
    pub id: FindingId,
    /// What kind of trouble.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// Who is concerned, where known.
    pub identity: Option<IdentityId>,
    /// How bad.
    pub severity: Severity,
    /// One sentence that a manager understands.
    pub because: String,
    /// The facts it rests on, in order.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// The id of the finding of this kind about this subject.
    pub fn id_of(kind: Kind, subject: &Subject) -> FindingId {
        let mut parts = vec![kind.word()];
        parts.extend(subject.parts());
        FindingId::derive(&parts)
    }
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Should be settled in the ordinary course.
    Medium,
    /// Somebody who should not can get in.
    High,
    /// The same with administrator's rights.
    Critical,
}

impl Severity {
    /// The word for programs and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The next worse one.
    fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    /// One step worse if `privileged`: the same trouble weighs more on an administrator's account.
    fn weighed(self, privileged: bool) -> Self {
        if privileged { self.raised() } else { self }
    }
}

/// One fact under a finding: what was seen, where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What the fact says, e.g. `last day`.
    pub what: String,
    /// Its value, e.g. `2026-10-31`.
    pub value: String,
    /// Where it was read: `hr/E100`, `mindtickle/u-17`, a snapshot id.
    pub source: String,
}

impl Evidence {
    fn new(what: &str, value: impl Into<String>, source: impl ToString) -> Self {
        Self { what: what.to_owned(), value: value.into(), source: source.to_string() }
    }
}

/// Everything that is wrong in `graph` on `today`, the worst first, then by kind and subject. No
/// finding comes twice.
///
/// `now` judges how old a view is; `today` is the day in the workspace's own time zone by which
/// people come and go.
pub fn find(graph: &Graph, policy: &Policy, now: Timestamp, today: Date) -> Vec<Finding> {
    let case = Case::new(graph, policy, now, today);
    let mut found = view::stale(&case);
    found.extend(credential::personal(&case));
    found.extend(contradicted::contradicted(&case));
    for identity in graph.identities() {
        let person = Person::new(&case, identity);
        found.extend(duplicate::records(&case, &person));
        found.extend(duplicate::accounts(&case, &person));
        found.extend(missing::missing(&case, &person));
        for (account, link) in graph.accounts_of(&identity.id) {
            found.extend(leftover::of_owner(&case, &person, account, link));
            found.extend(owner::of_owned(&case, &person, account, link));
            found.extend(grant::outlived(&case, Some(&person), account));
            found.extend(grant::extra(&case, &person, account, link));
            found.extend(dormant::dormant(&case, Some(&person), account, link));
        }
    }
    for (account, link) in unowned(graph) {
        found.extend(owner::of_unowned(&case, account, link));
        found.extend(grant::outlived(&case, None, account));
        found.extend(dormant::dormant(&case, None, account, link));
    }
    found.extend(duplicate::lookalikes(&case));
    ordered(found)
}

/// What the birthright policy gives one person and no instance shows; see `missing`.
pub fn missing_of(
    graph: &Graph,
    identity: &IdentityId,
    policy: &Policy,
    now: Timestamp,
    today: Date,
) -> Vec<Finding> {
    let case = Case::new(graph, policy, now, today);
    let known = graph.identity(identity);
    known.map(|known| missing::missing(&case, &Person::new(&case, known))).unwrap_or_default()
}

/// Findings from several looks at one moment as one list, in the order of [`find`].
pub fn together(parts: impl IntoIterator<Item = Vec<Finding>>) -> Vec<Finding> {
    ordered(parts.into_iter().flatten().collect())
}

/// Accounts without a sure owner, or with one of whom nothing is known any more.
fn unowned(graph: &Graph) -> impl Iterator<Item = (&Account, &Link)> {
    graph
        .accounts()
        .filter(|(_, link)| link.owner().and_then(|owner| graph.identity(owner)).is_none())
}

fn ordered(mut found: Vec<Finding>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    found.retain(|finding| seen.insert(finding.id.clone()));
    found.sort_by(|a, b| (b.severity, a.kind, &a.subject).cmp(&(a.severity, b.kind, &b.subject)));
    found
}
