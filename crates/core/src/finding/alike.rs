//! `looks_like`: two logins that look alike and are not the same, where identity providers push.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Draft, finding};
use super::{Evidence, Finding, Kind, Pushes, Severity, Subject};
use crate::account::State;
use crate::canonical::{looks, may_mislead, shown_login_key};
use crate::graph::Graph;
use crate::id::InstanceName;

/// A User that an identity provider pushed and did not delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedUser {
    /// The endpoint: an instance, or `all`.
    pub endpoint: InstanceName,
    /// The resource's id here.
    pub resource: String,
    /// Its `userName`, as it was sent.
    pub login: String,
}

/// A login and what has it.
struct Bearer {
    login: String,
    subject: Subject,
}

/// Every two logins of one instance, or of one endpoint, that look alike.
pub(super) fn alike(graph: &Graph, pushes: &Pushes) -> Vec<Finding> {
    let mut places: BTreeMap<&InstanceName, BTreeMap<String, Bearer>> = BTreeMap::new();
    let accounts = graph.accounts().map(|(account, _)| account);
    for account in accounts.filter(|a| a.state != State::Gone && !a.login.trim().is_empty()) {
        let subject = Subject::Account { account: account.account_ref() };
        let here = places.entry(&account.instance).or_default();
        let bearer = Bearer { login: account.login.clone(), subject };
        here.entry(shown_login_key(&account.login)).or_insert(bearer);
    }
    for user in &pushes.users {
        let (instance, resource) = (user.endpoint.clone(), user.resource.clone());
        let bearer =
            Bearer { login: user.login.clone(), subject: Subject::Resource { instance, resource } };
        // Where there is an account with the same login, the account speaks for both.
        places
            .entry(&user.endpoint)
            .or_default()
            .entry(shown_login_key(&user.login))
            .or_insert(bearer);
    }
    places.into_iter().flat_map(|(place, logins)| here(place, &logins)).collect()
}

/// What looks alike among the logins of one place, by their keys.
fn here(place: &InstanceName, logins: &BTreeMap<String, Bearer>) -> Vec<Finding> {
    if logins.keys().all(|key| key.is_ascii()) {
        return Vec::new();
    }
    let mut groups: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for key in logins.keys() {
        for look in looks(key) {
            groups.entry(look).or_default().push(key);
        }
    }
    let mut pairs = BTreeSet::new();
    for group in groups.values() {
        // The keys are in order, so that plain letters come first and the others are set beside them.
        let (first, others) = (group[0], &group[1..]);
        pairs.extend(others.iter().filter(|o| may_mislead(first, o)).map(|other| (first, *other)));
    }
    pairs.into_iter().map(|(one, other)| pair(place, &logins[one], &logins[other])).collect()
}

fn pair(place: &InstanceName, one: &Bearer, other: &Bearer) -> Finding {
    let told = |bearer: &Bearer| {
        let odd: BTreeSet<char> = bearer.login.chars().filter(|c| !c.is_ascii()).collect();
        let odd: Vec<String> = odd.into_iter().map(|c| format!("U+{:04X}", u32::from(c))).collect();
        let value = match odd.is_empty() {
            true => format!("{}, in plain letters", bearer.login),
            false => format!("{}, with {}", bearer.login, odd.join(" ")),
        };
        Evidence::new("login", value, &bearer.subject)
    };
    finding(Draft {
        kind: Kind::LooksLike,
        subject: Subject::Alike {
            left: Box::new(one.subject.clone()),
            right: Box::new(other.subject.clone()),
        },
        identity: None,
        severity: Severity::Medium,
        because: format!(
            "Two logins of {place} look alike and are not the same, {} and {}; one may have been \
             made to be taken for the other.",
            one.login, other.login
        ),
        evidence: vec![told(one), told(other)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    fn said(company: &str, users: &[(&str, &str, &str)]) -> String {
        let user = |(endpoint, resource, login): &(&str, &str, &str)| PushedUser {
            endpoint: (*endpoint).into(),
            resource: (*resource).to_owned(),
            login: (*login).to_owned(),
        };
        let pushes = Pushes { users: users.iter().map(user).collect(), ..Pushes::default() };
        let found = alike(&World::read(company).graph(), &pushes);
        let line = |f: &Finding| {
            let evidence: Vec<_> =
                f.evidence.iter().map(|e| format!("{} ({})", e.value, e.source)).collect();
            format!("{}: {}\n", f.subject, evidence.join("; "))
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn a_pushed_login_that_looks_like_an_account_is_set_beside_it() {
        let company = "
            account wiki/u1 ana@x.com
            account wiki/u2 bob@x.com
            account chat/7 cleo@x.com
        ";
        let users = [
            ("wiki", "r1", "\u{430}na@x.com"),
            ("wiki", "r2", "ana@x.com"),
            ("wiki", "r3", "cle\u{43e}@x.com"),
            ("all", "r4", "b\u{43e}b@x.com"),
        ];
        insta::assert_snapshot!(said(company, &users), @"wiki/u1 and r1 in wiki: ana@x.com, in plain letters (wiki/u1); аna@x.com, with U+0430 (r1 in wiki)");
    }

    #[test]
    fn accounts_look_alike_among_themselves_also_in_capitals_only() {
        // In small letters the Cyrillic one is no `b`.
        let company = "
            account wiki/u1 Bob@x.com
            account wiki/u2 \u{412}ob@x.com
            account wiki/u3 \u{412}ob@x.com state=gone
            account wiki/u4 rnona@x.com
            account wiki/u5 mona@x.com
        ";
        insta::assert_snapshot!(said(company, &[]), @"wiki/u1 and wiki/u2: Bob@x.com, in plain letters (wiki/u1); Вob@x.com, with U+0412 (wiki/u2)");
    }

    #[test]
    fn three_that_look_alike_are_two_pairs_with_the_plain_one() {
        let company = "account wiki/u1 ana@x.com";
        let users = [("wiki", "r1", "\u{430}na@x.com"), ("wiki", "r2", "an\u{430}@x.com")];
        insta::assert_snapshot!(said(company, &users), @r"
        wiki/u1 and r2 in wiki: ana@x.com, in plain letters (wiki/u1); anа@x.com, with U+0430 (r2 in wiki)
        wiki/u1 and r1 in wiki: ana@x.com, in plain letters (wiki/u1); аna@x.com, with U+0430 (r1 in wiki)
        ");
    }
}
