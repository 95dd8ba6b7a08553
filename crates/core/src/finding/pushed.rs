//! What the identity providers that push do not know: accounts that were there before them or were
//! made by hand, what was changed in the app since, and tokens that end soon.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::case::{Draft, finding};
use super::{Evidence, Finding, Kind, Severity, Subject};
use crate::account::{Account, State};
use crate::graph::Graph;
use crate::id::{AccountKey, InstanceName};
use crate::link::{AccountKind, Link};
use crate::step;

/// How long before its end a token is spoken of.
const EXPIRES_SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What identity providers pushed and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushes {
    /// The instances that have an endpoint of their own in use.
    pub instances: BTreeSet<InstanceName>,
    /// The resources that are not deleted, where the account that they mean is known.
    pub accounts: Vec<PushedAccount>,
    /// The tokens that open an endpoint now.
    pub tokens: Vec<Token>,
}

/// One account as an identity provider wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushedAccount {
    /// Where.
    pub instance: InstanceName,
    /// Which account.
    pub account: AccountKey,
    /// The identity provider.
    pub idp: String,
    /// The resource.
    pub resource: String,
    /// Whether it may sign in; `None`: it is not said.
    pub active: Option<bool>,
    /// What else was wanted of the account, as far as it is set there.
    pub attributes: BTreeMap<String, String>,
    /// When the newest wish was seen to be fulfilled; `None`: it is under way, or failed.
    pub verified_at: Option<Timestamp>,
}

/// A token of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id, which is no secret.
    pub id: String,
    /// The endpoint that it opens.
    pub endpoint: String,
    /// The identity provider.
    pub idp: String,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether another token of the same provider opens the endpoint for longer.
    pub followed: bool,
}

/// What is wrong between the identity providers that push and the instances, at `now`.
pub fn find_pushed(graph: &Graph, pushes: &Pushes, now: Timestamp) -> Vec<Finding> {
    let mut found: Vec<_> = pushes.tokens.iter().filter_map(|token| expiring(token, now)).collect();
    let known: BTreeSet<_> = pushes.accounts.iter().map(|p| (&p.instance, &p.account)).collect();
    for (account, link) in graph.accounts() {
        let is_known = known.contains(&(&account.instance, &account.key));
        if pushes.instances.contains(&account.instance) && !is_known {
            found.extend(unmanaged(account, link));
        }
    }
    found.extend(pushes.accounts.iter().filter_map(|pushed| drifted(graph, pushed)));
    found
}

/// An account that lets somebody in and that no resource names. Machines are not the provider's.
fn unmanaged(account: &Account, link: &Link) -> Option<Finding> {
    let is_own =
        matches!(link.kind, AccountKind::Personal | AccountKind::Admin | AccountKind::Unknown);
    if !account.state.is_open() || !is_own {
        return None;
    }
    let at = account.account_ref();
    let Account { login, instance, .. } = account;
    Some(finding(Draft {
        kind: Kind::Unmanaged,
        subject: Subject::Account { account: at.clone() },
        identity: link.owner().cloned(),
        severity: Severity::Medium,
        because: format!(
            "The account {login} in {instance} is known to no identity provider that pushes there, \
             so it stays open when its owner is deactivated."
        ),
        evidence: vec![
            Evidence::new("state", account.state.word(), &at),
            Evidence::new("link", link.state.word(), &at),
        ],
    }))
}

/// What was seen to be as wished, and is so no more.
fn drifted(graph: &Graph, pushed: &PushedAccount) -> Option<Finding> {
    let verified_at = pushed.verified_at?;
    let at =
        crate::id::AccountRef { instance: pushed.instance.clone(), key: pushed.account.clone() };
    let (account, link) = graph.account(&at)?;
    if account.state == State::Gone {
        return None;
    }
    let reopened = pushed.active == Some(false) && account.state.is_open();
    let mut evidence = Vec::new();
    if reopened || (pushed.active == Some(true) && !account.state.is_open()) {
        evidence.push(Evidence::new("state", account.state.word(), &at));
        let wanted = if reopened { "not active" } else { "active" };
        evidence.push(Evidence::new("state wanted", wanted, &pushed.idp));
    }
    let is_closed = pushed.active == Some(false);
    for (name, wanted) in pushed.attributes.iter().filter(|_| !is_closed) {
        if !step::shows(account, name, wanted) {
            evidence.push(Evidence::new(name, step::attribute(account, name), &at));
            evidence.push(Evidence::new(&format!("{name} wanted"), wanted, &pushed.idp));
        }
    }
    if evidence.is_empty() {
        return None;
    }
    let what = match reopened {
        true => "lets somebody in again",
        false => "was changed there",
    };
    evidence.push(Evidence::new("seen as wanted", verified_at.to_string(), &at));
    Some(finding(Draft {
        kind: Kind::DriftedAttribute,
        subject: Subject::Account { account: at.clone() },
        identity: link.owner().cloned(),
        severity: if reopened { Severity::High } else { Severity::Low },
        because: format!(
            "The account {} in {} was as {} wants it, and {what} since.",
            account.login, account.instance, pushed.idp
        ),
        evidence,
    }))
}

fn expiring(token: &Token, now: Timestamp) -> Option<Finding> {
    let expires = token.expires?;
    if token.followed || expires > now.checked_add(EXPIRES_SOON).unwrap_or(Timestamp::MAX) {
        return None;
    }
    let Token { id, endpoint, idp, .. } = token;
    let over = expires <= now;
    let because = match over {
        true => format!(
            "The token of {idp} for the endpoint {endpoint} has ended, so nothing that {idp} \
             pushes arrives."
        ),
        false => format!(
            "The token of {idp} for the endpoint {endpoint} ends soon; then nothing that {idp} \
             pushes arrives."
        ),
    };
    Some(finding(Draft {
        kind: Kind::CredentialExpiring,
        subject: Subject::Token { endpoint: endpoint.clone(), token: id.clone() },
        identity: None,
        severity: if over { Severity::High } else { Severity::Medium },
        because,
        evidence: vec![Evidence::new("ends", expires.to_string(), id)],
    }))
}
