//! Which account, and which person, a pushed resource means.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{Account, State};
use crate::canonical::{fold, shown_login_key};
use crate::graph::Graph;
use crate::id::{AccountKey, AccountRef, IdentityId, InstanceName};
use crate::link::{AccountKind, Link, LinkState};

use super::{Pushed, name_of};

/// What a resource means in one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meant {
    /// The account; `None`: there is none.
    pub account: Option<AccountKey>,
    /// Whose it is, where that is sure.
    pub person: Option<IdentityId>,
}

/// Why it is not sure what a resource means: what was seen, and what a person must do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsure(pub String);

/// Everything that resources are looked up by. Made once for many of them.
#[derive(Debug)]
pub struct Index<'a> {
    graph: &'a Graph,
    domains: BTreeSet<String>,
    by_number: BTreeMap<&'a str, BTreeSet<&'a IdentityId>>,
    by_address: BTreeMap<String, BTreeSet<&'a IdentityId>>,
    by_external_id: BTreeMap<&'a str, Vec<(&'a Account, &'a Link)>>,
    by_login: BTreeMap<(&'a InstanceName, String), Vec<(&'a Account, &'a Link)>>,
}

impl<'a> Index<'a> {
    /// Indexes the graph. Only addresses in `employer_domains` say anything about who somebody is:
    /// any other address is a claim that anybody can make.
    pub fn new(graph: &'a Graph, employer_domains: &[String]) -> Self {
        let mut index = Self {
            graph,
            domains: employer_domains.iter().map(|domain| fold(domain)).collect(),
            by_number: BTreeMap::new(),
            by_address: BTreeMap::new(),
            by_external_id: BTreeMap::new(),
            by_login: BTreeMap::new(),
        };
        for record in graph.records() {
            let Some(identity) = graph.identity_of(&record.record_ref()) else { continue };
            let Some(identity) = graph.identity(&identity.id) else { continue };
            let number = record.number.as_str();
            index.by_number.entry(number).or_default().insert(&identity.id);
            for address in &record.work_emails {
                index.by_address.entry(fold(address)).or_default().insert(&identity.id);
            }
        }
        for (account, link) in graph.accounts().filter(|(a, _)| a.state != State::Gone) {
            if !account.external_id.is_empty() {
                let carries = index.by_external_id.entry(&account.external_id).or_default();
                carries.push((account, link));
            }
            let login = (&account.instance, shown_login_key(&account.login));
            index.by_login.entry(login).or_default().push((account, link));
        }
        index
    }

    /// Which person the resource surely speaks of: its worker number, its external id where an
    /// account that is surely theirs carries it, and its addresses at the employer's own domains
    /// must all say the same. `None`: nothing says anything.
    ///
    /// # Errors
    /// When they do not agree, or one of them fits several people.
    pub fn person(&self, push: &Pushed) -> Result<Option<IdentityId>, Unsure> {
        let number = push.worker_number.trim();
        let by_number = self.by_number.get(number).filter(|_| !number.is_empty());
        let carriers = self.by_external_id.get(push.external_id.as_str());
        let by_id = carriers.into_iter().flatten().filter_map(|(_, link)| link.owner());
        let addresses = push.emails.iter().chain([&push.login]).map(|address| fold(address));
        let own = addresses.filter(|address| {
            address.rsplit_once('@').is_some_and(|(_, domain)| self.domains.contains(domain))
        });
        let by_address = own.filter_map(|address| self.by_address.get(&address)).flatten().copied();
        let people: BTreeSet<&IdentityId> =
            by_number.into_iter().flatten().copied().chain(by_id).chain(by_address).collect();
        if people.len() > 1 {
            let names: Vec<_> = people.iter().map(|one| name_of(self.graph, one)).collect();
            return Err(Unsure(format!(
                "Worker number, external id and addresses of {} fit several people: {}. Correct \
                 them at {}, or at the source.",
                push.login,
                names.join(", "),
                push.idp
            )));
        }
        Ok(people.into_iter().next().cloned())
    }

    /// Which account of `instance` the resource means; `before` is the one that it meant before.
    ///
    /// # Errors
    /// When that is not sure. Nothing is done then until a person has settled it.
    pub fn meant(
        &self,
        instance: &InstanceName,
        push: &Pushed,
        before: Option<&AccountKey>,
    ) -> Result<Meant, Unsure> {
        let person = self.person(push);
        let sure = person.as_ref().ok().and_then(Option::as_ref);
        let found = match self.by_key(instance, before) {
            Some(known) => Some(known),
            // What it meant before it goes on meaning; anything else needs a person who is sure.
            None => {
                person.as_ref().map_err(Clone::clone)?;
                self.anew(instance, push, sure)?
            }
        };
        let Some((account, link)) = found else {
            return Ok(Meant { account: None, person: sure.cloned() });
        };
        if let (Some(owner), Some(person)) = (link.owner(), sure)
            && owner != person
        {
            return Err(Unsure(format!(
                "The account {} ({}) belongs to {}, and the resource speaks of {}. Correct the \
                 link, or the resource at {}.",
                account.account_ref(),
                account.login,
                name_of(self.graph, owner),
                name_of(self.graph, person),
                push.idp
            )));
        }
        let person = link.owner().or(sure).cloned();
        Ok(Meant { account: Some(account.key.clone()), person })
    }

    /// The account that a resource means that meant none before.
    fn anew(
        &self,
        instance: &InstanceName,
        push: &Pushed,
        sure: Option<&IdentityId>,
    ) -> Result<Option<(&'a Account, &'a Link)>, Unsure> {
        if let Some(found) = self.by_external_id(instance, push)? {
            return Ok(Some(found));
        }
        let found = self.by_person_or_login(instance, push, sure)?;
        if let Some((account, link)) = found {
            proves(self.graph, account, link, sure, push)?;
        }
        Ok(found)
    }

    fn by_key(
        &self,
        instance: &InstanceName,
        before: Option<&AccountKey>,
    ) -> Option<(&'a Account, &'a Link)> {
        let at = AccountRef { instance: instance.clone(), key: before?.clone() };
        self.graph.account(&at).filter(|(account, _)| account.state != State::Gone)
    }

    /// An account that we made for a resource without an external id carries the resource's own.
    fn by_external_id(
        &self,
        instance: &InstanceName,
        push: &Pushed,
    ) -> Result<Option<(&'a Account, &'a Link)>, Unsure> {
        for id in [&push.external_id, &push.resource].into_iter().filter(|id| !id.is_empty()) {
            let carriers = self.by_external_id.get(id.as_str()).into_iter().flatten();
            let here: Vec<_> = carriers.filter(|(a, _)| a.instance == *instance).collect();
            match here.as_slice() {
                [] => {}
                [one] => return Ok(Some(**one)),
                many => {
                    return Err(Unsure(format!(
                        "Several accounts in {instance} carry the external id {id}: {}. Take it \
                         from those that are not meant, and sync.",
                        logins(many.iter().map(|(account, _)| *account))
                    )));
                }
            }
        }
        Ok(None)
    }

    fn by_person_or_login(
        &self,
        instance: &InstanceName,
        push: &Pushed,
        sure: Option<&IdentityId>,
    ) -> Result<Option<(&'a Account, &'a Link)>, Unsure> {
        let theirs: Vec<_> = sure
            .into_iter()
            .flat_map(|person| self.graph.accounts_of(person))
            .filter(|(a, link)| a.instance == *instance && a.state != State::Gone && is_own(link))
            .collect();
        let login = shown_login_key(&push.login);
        let named = self.by_login.get(&(instance, login)).map(Vec::as_slice).unwrap_or_default();
        match (theirs.as_slice(), named) {
            ([], []) => Ok(None),
            ([], [one]) | ([one], []) => Ok(Some(*one)),
            (_, [one]) if theirs.iter().any(|(a, _)| a.key == one.0.key) => Ok(Some(*one)),
            _ => {
                let all = theirs.iter().chain(named).map(|(account, _)| *account);
                Err(Unsure(format!(
                    "Several accounts in {instance} may be meant: {}. Confirm or reject their \
                     links, or give all but one another login, and sync.",
                    logins(all)
                )))
            }
        }
    }
}

/// Whether nothing speaks against an account that was found by a person or a login.
fn proves(
    graph: &Graph,
    account: &Account,
    link: &Link,
    sure: Option<&IdentityId>,
    push: &Pushed,
) -> Result<(), Unsure> {
    let at = account.account_ref();
    let Account { login, external_id, .. } = account;
    if !external_id.is_empty() && !push.external_id.is_empty() {
        return Err(Unsure(format!(
            "The account {at} ({login}) carries the external id {external_id}, and the resource \
             {}, so it may be somebody else's. Correct the one or the other, and sync.",
            push.external_id
        )));
    }
    if !is_own(link) {
        return Err(Unsure(format!(
            "The account {at} ({login}) is not one person's own; others may depend on it. Change \
             its login or its link, and sync."
        )));
    }
    let may_be = match &link.state {
        LinkState::Auto { owner } | LinkState::Confirmed { owner } => vec![&owner.identity],
        LinkState::Suggested { candidates } => candidates.iter().map(|c| &c.identity).collect(),
        LinkState::None => return Ok(()),
    };
    if sure.is_some_and(|person| may_be.contains(&person)) {
        return Ok(());
    }
    let names: Vec<_> = may_be.into_iter().map(|one| name_of(graph, one)).collect();
    Err(Unsure(format!(
        "The account {at} ({login}) is or may be the account of {}, and nothing in the resource \
         proves that it speaks of the same person. Push the worker number too, or confirm whose \
         account it is.",
        names.join(" or ")
    )))
}

/// Whether the account is one person's own, as far as is known.
pub(super) fn is_own(link: &Link) -> bool {
    matches!(link.kind, AccountKind::Personal | AccountKind::Admin | AccountKind::Unknown)
}

fn logins<'a>(accounts: impl Iterator<Item = &'a Account>) -> String {
    let one = |account: &Account| format!("{} ({})", account.key, account.login);
    accounts.map(one).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}
