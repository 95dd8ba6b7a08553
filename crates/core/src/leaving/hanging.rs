//! What hangs on somebody beside their own accounts and needs a new owner before they are closed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::canonical::fold;
use crate::graph::Graph;
use crate::identity::Identity;
use crate::link::AccountKind;
use crate::policy::Policy;

/// One thing that needs a new owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hanging {
    /// What it is, as people know it.
    pub what: String,
    /// What to do, as a sentence.
    pub to_do: String,
}

/// Everything that hangs on `identity`, ordered.
pub(super) fn of(graph: &Graph, policy: &Policy, identity: &Identity) -> Vec<Hanging> {
    let mut all: BTreeSet<Hanging> = machines(graph, identity).collect();
    all.extend(credentials(graph, identity));
    all.extend(seats_in_policy(graph, policy, identity));
    all.into_iter().collect()
}

/// Whether an account is one that others or a machine use, so that somebody must answer for it.
pub(super) fn needs_owner(kind: AccountKind) -> bool {
    use AccountKind::{Admin, Agent, Mailbox, Personal, Service, Shared, Unknown};
    match kind {
        Service | Shared | Mailbox | Agent => true,
        Personal | Admin | Unknown => false,
    }
}

fn machines(graph: &Graph, identity: &Identity) -> impl Iterator<Item = Hanging> {
    let theirs = graph.accounts_of(&identity.id);
    theirs
        .filter(|(account, link)| {
            needs_owner(link.kind) && account.state != crate::account::State::Gone
        })
        .map(|(account, link)| Hanging {
            what: format!("{} in {}", account.login, account.instance),
            to_do: format!(
                "It is judged to be {}. Name who answers for it from now on with `rollbook links`.",
                match link.kind {
                    AccountKind::Service => "a machine's account",
                    AccountKind::Shared => "used by several people",
                    AccountKind::Mailbox => "a mailbox",
                    _ => "an agent's account",
                }
            ),
        })
}

fn credentials(graph: &Graph, identity: &Identity) -> Vec<Hanging> {
    let views = graph.views().iter();
    let own = views.filter(|(name, view)| {
        let mut theirs = graph.accounts_of(&identity.id);
        theirs.any(|(account, _)| account.instance == **name && view.credential.is_of(account))
    });
    own.map(|(name, _)| Hanging {
        what: format!("the secret with which {name} is reached"),
        to_do: format!(
            "Let somebody who stays make a new one, and name them as `credential_owner` of {name}."
        ),
    })
    .collect()
}

/// Where the policy names them to approve, to decide in somebody's place, or as having agreed.
fn seats_in_policy(graph: &Graph, policy: &Policy, identity: &Identity) -> Vec<Hanging> {
    let names: BTreeSet<String> =
        graph.names_of(identity).map(fold).filter(|name| !name.is_empty()).collect();
    let is_theirs = |name: &String| names.contains(&fold(name));
    let approval = &policy.approval;
    let mut found = Vec::new();
    if approval.approvers.iter().any(is_theirs) {
        found.push("their name among `approvers`".to_owned());
    }
    for rule in &approval.rules {
        if rule.stages.iter().flat_map(|stage| &stage.of).any(is_theirs) {
            found.push(format!("their seat in the rule `{}`", rule.name));
        }
    }
    for one in approval.delegations.iter().filter(|one| is_theirs(&one.to)) {
        found.push(format!("the place of {} that they take", one.from));
    }
    for one in policy.standing.iter().filter(|one| is_theirs(&one.approved_by)) {
        found.push(format!("the standing approval `{}` that they gave", one.name));
    }
    let to_do = "Put somebody who stays in their place in the policy of rollbook.toml.";
    found.into_iter().map(|what| Hanging { what, to_do: to_do.to_owned() }).collect()
}
