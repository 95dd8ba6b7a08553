//! What a plan rests on: how everything was seen, and digests of the facts it was decided from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::account::{Account, State};
use crate::canonical;
use crate::change::Change;
use crate::graph::Graph;
use crate::id::{AccountRef, IdentityId, InstanceName, SnapshotId, SourceName};

use super::{Basis, SeenFeed, SeenView};

/// What is known about the account and the person of one change, as digests: a plan keeps those of
/// the moment when it was made, and [`facts`] gives those of now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Of the account and of whose it is; `None`: not there.
    pub account: Option<String>,
    /// Of the person's worker records; `None`: not known.
    pub identity: Option<String>,
}

/// The facts under one change as the graph holds them now. When somebody last used an account is no
/// such fact: it moves all the time and decides nothing here.
pub fn facts(graph: &Graph, change: &Change) -> Facts {
    Facts {
        account: change.account_ref().and_then(|account| account_digest(graph, &account)),
        identity: change.identity.as_ref().and_then(|identity| identity_digest(graph, identity)),
    }
}

/// What a plan with these changes rests on.
pub(super) fn basis(graph: &Graph, changes: &[Change]) -> Basis {
    let mut accounts = BTreeMap::<&InstanceName, u64>::new();
    for (account, _) in graph.accounts().filter(|(a, _)| a.state != State::Gone) {
        *accounts.entry(&account.instance).or_default() += 1;
    }
    let mut records = BTreeMap::<&SourceName, u64>::new();
    for record in graph.records() {
        *records.entry(&record.source).or_default() += 1;
    }
    let views = graph.views().iter().map(|(name, view)| {
        let seen = SeenView {
            snapshot: view.taken_at.map(|at| SnapshotId::derive(&[name.as_str(), &at.to_string()])),
            taken_at: view.taken_at,
            coverage: view.coverage.clone(),
            accounts: accounts.get(name).copied().unwrap_or(0),
        };
        (name.clone(), seen)
    });
    let feeds = graph.feeds().iter().map(|(name, feed)| {
        let seen = SeenFeed {
            taken_at: feed.taken_at,
            kept_out: feed.kept_out.clone(),
            records: records.get(name).copied().unwrap_or(0),
        };
        (name.clone(), seen)
    });
    Basis {
        views: views.collect(),
        feeds: feeds.collect(),
        facts: changes.iter().map(|c| (c.id.clone(), facts(graph, c))).collect(),
    }
}

fn account_digest(graph: &Graph, account: &AccountRef) -> Option<String> {
    let (account, link) = graph.account(account)?;
    let lasting = Account { last_seen: None, ..account.clone() };
    let value = json!({"account": canonical::value_of(&lasting), "owner": link.owner()});
    Some(canonical::digest("rollbook.facts.v1", &value))
}

fn identity_digest(graph: &Graph, identity: &IdentityId) -> Option<String> {
    graph.identity(identity)?;
    let records: Vec<_> = graph.records_of(identity).map(canonical::value_of).collect();
    Some(canonical::digest("rollbook.facts.v1", &json!({"records": records})))
}
