//! One account as an answer shows it: what it is, whose it is and how sure that is, and what is wrong
//! with it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::account::{Account, State};
use rollbook_core::finding::{Severity, Tracked};
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, IdentityId};
use rollbook_core::link::{AccountKind, Link, LinkState};
use serde::Serialize;

use super::by_name;
use crate::packing;

/// How many roles, candidates or findings of one account are shown.
const SHOWN_MAX: usize = 10;

/// One account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Holding {
    /// `instance/key`, as every other question takes it.
    #[serde(serialize_with = "by_name::one")]
    pub account: AccountRef,
    /// The name to sign in with.
    pub login: String,
    /// The name as shown there.
    pub name: String,
    /// Whether it lets anybody in.
    pub state: State,
    /// What kind of account it is judged to be.
    pub kind: AccountKind,
    /// Whether it administers the instance.
    pub privileged: bool,
    /// Its roles, the first ten.
    pub roles: Vec<String>,
    /// The seat that is billed for it, or empty.
    pub seat: String,
    /// Last use. `None`: the app does not tell, which is not the same as never.
    pub last_seen: Option<Timestamp>,
    /// `auto`, `confirmed`, `suggested` or `none`.
    pub link: &'static str,
    /// How sure the link is, 0 to 1.
    pub score: f64,
    /// Whose it surely is, or, where `link` is `suggested`, who it may be: the first ten.
    pub owners: Vec<Owner>,
    /// What is wrong with it and open, the first ten.
    pub findings: Vec<FindingNamed>,
}

/// Somebody whose an account is or may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Who.
    pub identity: IdentityId,
    /// The name people know them by.
    pub name: String,
    /// Whether a record of theirs holds on the day as of which was asked. `None`: they have no record.
    pub is_here: Option<bool>,
    /// Their last day, where all of their records end.
    pub last_day: Option<Date>,
}

/// A finding by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingNamed {
    /// Its id.
    pub id: String,
    /// What kind of trouble.
    pub kind: &'static str,
    /// How bad.
    pub severity: Severity,
}

/// The findings that are open, by account.
pub(super) type ByAccount = BTreeMap<AccountRef, Vec<FindingNamed>>;

/// What is open on `today`, by the account that it is about.
pub(super) fn by_account(findings: &[Tracked], today: Date) -> ByAccount {
    let mut all = ByAccount::new();
    for tracked in findings.iter().filter(|tracked| tracked.standing.is_open(today)) {
        if let Some(account) = tracked.finding.subject.account() {
            all.entry(account.clone()).or_default().push(FindingNamed::of(tracked));
        }
    }
    all
}

impl FindingNamed {
    pub(super) fn of(tracked: &Tracked) -> Self {
        let finding = &tracked.finding;
        Self { id: finding.id.to_string(), kind: finding.kind.word(), severity: finding.severity }
    }
}

impl Holding {
    pub(super) fn of(
        graph: &Graph,
        (account, link): (&Account, &Link),
        findings: &ByAccount,
        today: Date,
    ) -> Self {
        let at = account.account_ref();
        let owners = match &link.state {
            LinkState::Auto { owner } | LinkState::Confirmed { owner } => {
                std::slice::from_ref(owner)
            }
            LinkState::Suggested { candidates } => candidates,
            LinkState::None => &[],
        };
        let owners = owners.iter().take(SHOWN_MAX);
        let findings = findings.get(&at).into_iter().flatten().take(SHOWN_MAX);
        Self {
            login: account.login.clone(),
            name: account.display_name.clone(),
            state: account.state,
            kind: link.kind,
            privileged: packing::is_privileged(graph, account, link),
            roles: account.roles.iter().take(SHOWN_MAX).cloned().collect(),
            seat: account.seat.clone(),
            last_seen: account.last_seen,
            link: link.state.word(),
            score: link.score,
            owners: owners.map(|owner| Owner::of(graph, &owner.identity, today)).collect(),
            findings: findings.cloned().collect(),
            account: at,
        }
    }
}

impl Owner {
    pub(super) fn of(graph: &Graph, id: &IdentityId, today: Date) -> Self {
        let name = graph.identity(id).map_or(id.as_str(), |identity| &identity.name);
        let has_records = graph.records_of(id).next().is_some();
        let holds = || graph.records_of(id).any(|record| record.holds_on(today));
        Self {
            identity: id.clone(),
            name: name.to_owned(),
            is_here: has_records.then(holds),
            last_day: has_records.then(|| packing::last_day(graph, id)).flatten(),
        }
    }
}
