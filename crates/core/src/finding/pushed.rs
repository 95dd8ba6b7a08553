//! What the identity providers that push do not know: accounts that were there before them or were
//! made by hand, logins that look alike, what was changed in the app since, and tokens that end soon.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::alike::{PushedUser, alike};
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
    /// The Users that are not deleted. Those whose logins look like nobody else's may be left out.
    pub users: Vec<PushedUser>,
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
    found.extend(alike(graph, pushes));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, at};

    const COMPANY: &str = "
        person ana hr email=ana@x.com
        account wiki/u1 ana@x.com owner=ana name=Ana
        account wiki/u2 ben@x.com state=suspended
        account wiki/u3 cleo@x.com
        account wiki/bot deploy kind=service
        account chat/7 ana owner=ana
    ";

    fn pushed(key: &str, active: Option<bool>) -> PushedAccount {
        PushedAccount {
            instance: "wiki".into(),
            account: key.into(),
            idp: "okta".to_owned(),
            active,
            verified_at: Some(at("2026-11-20T08:00:00Z")),
            ..PushedAccount::default()
        }
    }

    fn token(id: &str, expires: Option<&str>, followed: bool) -> Token {
        let (endpoint, idp) = ("wiki".to_owned(), "okta".to_owned());
        Token { id: id.to_owned(), endpoint, idp, expires: expires.map(at), followed }
    }

    fn said(accounts: Vec<PushedAccount>, tokens: Vec<Token>) -> String {
        let graph = World::read(COMPANY).graph();
        let instances = BTreeSet::from(["wiki".into()]);
        let pushes = Pushes { instances, accounts, tokens, ..Pushes::default() };
        let found = find_pushed(&graph, &pushes, at("2026-11-21T09:00:00Z"));
        let line = |f: &Finding| format!("{} {} {}\n", f.severity.word(), f.kind, f.because);
        found.iter().map(line).collect()
    }

    #[test]
    fn an_open_account_that_no_resource_names_is_unmanaged_and_a_machine_is_not() {
        let known = vec![pushed("u1", Some(true))];
        insta::assert_snapshot!(said(known, Vec::new()), @"medium unmanaged The account cleo@x.com in wiki is known to no identity provider that pushes there, so it stays open when its owner is deactivated.");
    }

    #[test]
    fn what_was_as_wanted_and_is_not_any_more_has_drifted() {
        let mut ana = pushed("u1", Some(true));
        ana.attributes.insert("displayName".to_owned(), "Ana Alder".to_owned());
        let ben = pushed("u2", Some(true));
        let cleo = pushed("u3", Some(false));
        insta::assert_snapshot!(said(vec![ana, ben, cleo], Vec::new()), @r"
        low drifted_attribute The account ana@x.com in wiki was as okta wants it, and was changed there since.
        low drifted_attribute The account ben@x.com in wiki was as okta wants it, and was changed there since.
        high drifted_attribute The account cleo@x.com in wiki was as okta wants it, and lets somebody in again since.
        ");
    }

    #[test]
    fn what_is_under_way_or_not_said_has_not_drifted() {
        let under_way = PushedAccount { verified_at: None, ..pushed("u3", Some(false)) };
        let not_said = pushed("u2", None);
        assert_eq!(said(vec![pushed("u1", None), not_said, under_way], Vec::new()), "");
    }

    #[test]
    fn a_token_that_ends_soon_is_told_of_unless_another_follows() {
        let known = vec![pushed("u1", None), pushed("u3", None)];
        let tokens = vec![
            token("t1", Some("2026-12-05T09:00:00Z"), false),
            token("t2", Some("2026-12-05T09:00:01Z"), false),
            token("t3", Some("2026-11-22T09:00:00Z"), true),
            token("t4", None, false),
            token("t5", Some("2026-11-21T09:00:00Z"), false),
        ];
        insta::assert_snapshot!(said(known, tokens), @r"
        medium credential_expiring The token of okta for the endpoint wiki ends soon; then nothing that okta pushes arrives.
        high credential_expiring The token of okta for the endpoint wiki has ended, so nothing that okta pushes arrives.
        ");
    }
}
