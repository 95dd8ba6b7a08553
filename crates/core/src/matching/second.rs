//! A second account of somebody in one instance: a copy of the first, with a number behind its
//! login.
//!
//! The model shares people out among the accounts of an instance, so that a second account finds its
//! owner taken. A copy is a different matter: where everything that is shown is the same, it is not
//! a namesake who competes, but the same human once more.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::id::IdentityId;
use crate::link::{AccountKind, Candidate, Link, LinkState};

/// How sure a copy's owner is, at most.
const COPY_SCORE: f64 = 0.995;

/// At most this many digits behind a login are a number; more are part of a name or an id.
const DIGITS_MAX: usize = 2;

/// Gives each copy the owner of its original, or the other way round, where one of them is sure and
/// nobody else may own the other. `is_free` says whether humans left the account to the rules.
pub(crate) fn adopt(
    accounts: &[&Account],
    links: &mut [Link],
    is_free: impl Fn(usize, &IdentityId) -> bool,
) {
    let mut by_login: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (at, account) in accounts.iter().enumerate() {
        if is_everyday(&links[at]) && !account.login.trim().is_empty() {
            let key = (account.instance.as_str(), login_key(&account.login));
            by_login.entry(key).or_default().push(at);
        }
    }
    let pairs: Vec<(usize, usize)> = by_login
        .iter()
        .flat_map(|((instance, login), copies)| {
            originals(login)
                .filter_map(|login| by_login.get(&(*instance, login)))
                .flatten()
                .flat_map(|original| copies.iter().map(move |copy| (*original, *copy)))
        })
        .filter(|(original, copy)| is_copy(accounts[*original], accounts[*copy]))
        .collect();
    for (original, copy) in pairs {
        for (known, open) in [(original, copy), (copy, original)] {
            let Some(owner) = sure_owner(&links[known]).cloned() else { continue };
            if may_be(&links[open], &owner.identity) && is_free(open, &owner.identity) {
                links[open] = adopted(&links[open], accounts[known], owner);
            }
        }
    }
}

fn is_everyday(link: &Link) -> bool {
    matches!(link.kind, AccountKind::Personal | AccountKind::Unknown)
}

fn login_key(login: &str) -> String {
    login.trim().to_lowercase()
}

/// The login without the one or two digits at the end of its local part.
fn originals(login: &str) -> impl Iterator<Item = String> {
    let (local, domain) = login.split_at(login.find('@').unwrap_or(login.len()));
    let digits = local.len() - local.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    (1..=digits.min(DIGITS_MAX))
        .map(move |cut| &local[..local.len() - cut])
        .filter(|rest| !rest.is_empty())
        .map(move |rest| format!("{rest}{domain}"))
}

/// Whether everything that is shown is the same: the name, and either an address, or the unit and
/// the day on which it was made.
fn is_copy(original: &Account, copy: &Account) -> bool {
    let same_mail = || {
        copy.emails.iter().any(|mail| {
            original.emails.iter().any(|other| other.address.eq_ignore_ascii_case(&mail.address))
        })
    };
    let same_making = || original.created.is_some() && original.created == copy.created;
    original.display_name == copy.display_name
        && original.unit == copy.unit
        && (same_making() || (!copy.display_name.is_empty() && same_mail()))
}

fn sure_owner(link: &Link) -> Option<&Candidate> {
    match &link.state {
        LinkState::Auto { owner } | LinkState::Confirmed { owner } => Some(owner),
        LinkState::Suggested { .. } | LinkState::None => None,
    }
}

/// Whether the account has no sure owner, and no candidate but `owner`.
fn may_be(link: &Link, owner: &IdentityId) -> bool {
    match &link.state {
        LinkState::None => true,
        LinkState::Suggested { candidates } => candidates.iter().all(|c| c.identity == *owner),
        LinkState::Auto { .. } | LinkState::Confirmed { .. } => false,
    }
}

fn adopted(link: &Link, known: &Account, owner: Candidate) -> Link {
    let because = format!(
        "It shows the same as {}, which has the same owner: the login differs by a number only.",
        known.login,
    );
    let score = owner.score.min(COPY_SCORE);
    let owner = Candidate { score, because: because.clone(), ..owner };
    let state = LinkState::Auto { owner };
    Link { state, rule: "second_account".to_owned(), score, because, ..link.clone() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::account::Email;

    fn account(login: &str, shown: &str, mail: &str, day: i8) -> Account {
        let mails = [mail].into_iter().filter(|mail| !mail.is_empty());
        Account {
            instance: "dir".into(),
            key: login.into(),
            login: login.to_owned(),
            display_name: shown.to_owned(),
            emails: mails.map(|m| Email { address: m.to_owned(), verified: false }).collect(),
            created: Some(date(2024, 5, day)),
            unit: "Sales".to_owned(),
            ..Account::default()
        }
    }

    fn candidate(name: &str) -> Candidate {
        let because = "the name".to_owned();
        Candidate { identity: name.into(), record: None, score: 0.999, because }
    }

    fn link(account: &Account, state: LinkState) -> Link {
        Link {
            account: account.account_ref(),
            state,
            kind: AccountKind::Personal,
            rule: "model".to_owned(),
            score: 0.9,
            because: String::new(),
        }
    }

    /// Whose the second account is found to be, when the first is surely Nina's.
    fn owner_of_second(first: &Account, second: &Account, state: LinkState) -> String {
        let mut links =
            [link(first, LinkState::Auto { owner: candidate("nina") }), link(second, state)];
        adopt(&[first, second], &mut links, |_, _| true);
        links[1].owner().map_or("nobody", IdentityId::as_str).to_owned()
    }

    #[test]
    fn a_copy_with_a_number_has_the_owner_of_its_original() {
        let first = account("n.kuiper", "Nina Kuiper", "n.kuiper@x.org", 1);
        let same_day = account("n.kuiper2", "Nina Kuiper", "", 1);
        let same_mail = account("N.Kuiper12", "Nina Kuiper", "N.Kuiper@x.org", 9);
        let suggested = LinkState::Suggested { candidates: vec![candidate("nina")] };
        assert_eq!(owner_of_second(&first, &same_day, LinkState::None), "nina");
        assert_eq!(owner_of_second(&first, &same_mail, LinkState::None), "nina");
        assert_eq!(owner_of_second(&first, &same_day, suggested), "nina");
    }

    #[test]
    fn a_namesake_with_a_number_is_no_copy() {
        let first = account("n.kuiper", "Nina Kuiper", "n.kuiper@x.org", 1);
        let other_day = account("n.kuiper2", "Nina Kuiper", "n.kuiper2@x.org", 9);
        let other_name = account("n.kuiper2", "Noor Kuiper", "", 1);
        let other_login = account("n.kuipers", "Nina Kuiper", "", 1);
        for second in [&other_day, &other_name, &other_login] {
            assert_eq!(owner_of_second(&first, second, LinkState::None), "nobody");
        }
        let rival = LinkState::Suggested { candidates: vec![candidate("nina"), candidate("noor")] };
        let copy = account("n.kuiper2", "Nina Kuiper", "", 1);
        assert_eq!(owner_of_second(&first, &copy, rival), "nobody");
    }

    #[test]
    fn what_a_human_rejected_is_not_adopted() {
        let first = account("n.kuiper", "Nina Kuiper", "", 1);
        let copy = account("n.kuiper2", "Nina Kuiper", "", 1);
        let owner = LinkState::Auto { owner: candidate("nina") };
        let mut links = [link(&first, owner), link(&copy, LinkState::None)];
        adopt(&[&first, &copy], &mut links, |at, _| at != 1);
        assert_eq!(links[1].owner(), None);
    }
}
