//! From a resource that an identity provider pushed to wishes.
//!
//! Two questions, answered apart. *Which account is meant* ([`Index::meant`]): the one that the
//! resource meant before, else the one that carries its external id, else the one that surely belongs
//! to its person, else the one with its login where that proves something. Whatever is not sure waits
//! for a person. *What is wanted of it* ([`wishes`], [`wishes_everywhere`]): only what differs from
//! what is known. An absent `active` never lets anybody in or out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::account::{Account, State};
use crate::change::{Op, Profile};
use crate::finding::Subject;
use crate::graph::Graph;
use crate::id::{AccountKey, AccountRef, IdentityId, InstanceName};
use crate::step;

use super::wish::{Asked, Want, Wish};

mod everywhere;
mod meant;
#[cfg(test)]
mod tests;

pub use everywhere::wishes_everywhere;
pub use meant::{Index, Meant, Unsure};

/// The attributes that a push can set, by their names in [`step::ATTRIBUTES`]. Not among them are
/// ids (`externalId`), what the app itself says an account is (`userType`), and `manager`, whose
/// value is a key of the identity provider and not of the app.
pub const SETTABLE: [&str; 12] = [
    "userName",
    "displayName",
    "name.givenName",
    "name.familyName",
    "emails",
    "title",
    "nickName",
    "employeeNumber",
    "department",
    "costCenter",
    "organization",
    "division",
];

/// A user resource as an identity provider says it now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// The identity provider, by the name of its token.
    pub idp: String,
    /// The resource's id here.
    pub resource: String,
    /// Its id at the identity provider; may be empty.
    pub external_id: String,
    /// `userName`.
    pub login: String,
    /// All addresses, as pushed.
    pub emails: Vec<String>,
    /// `employeeNumber`; may be empty.
    pub worker_number: String,
    /// Whether it may sign in; `None`: it is not said, which changes nothing.
    pub active: Option<bool>,
    /// Whether the resource was deleted.
    pub deleted: bool,
    /// What else it says, by the names in [`step::ATTRIBUTES`]. What is empty or not there is never
    /// cleared: the identity provider may not know it.
    pub attributes: BTreeMap<String, String>,
}

/// That a pushed group, by a rule on its id, gives an entitlement in an instance, and whether the
/// resource is in the group now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub instance: InstanceName,
    /// The group, as the identity provider's administrator would find it.
    pub group: String,
    /// The entitlement's key there.
    pub entitlement: String,
    /// Whether it is in the group.
    pub is_in: bool,
}

/// What becomes of an account when its resource is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// It is suspended where a route can do that, and removed only where no route can suspend.
    #[default]
    Suspend,
    /// It is removed.
    Remove,
}

/// How the pushes to one instance are carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What a deletion means.
    pub on_delete: OnDelete,
    /// The attributes that are set; a part of [`SETTABLE`].
    pub settable: BTreeSet<&'static str>,
}

impl Pushed {
    /// Whether somebody should get in, as far as this resource goes.
    pub fn is_wanted(&self) -> bool {
        !self.deleted && self.active != Some(false)
    }

    /// The facts of the account to make.
    pub fn profile(&self) -> Profile {
        let attribute = |name: &str| self.attributes.get(name).cloned().unwrap_or_default();
        let own_id = [&self.external_id, &self.resource].into_iter().find(|id| !id.is_empty());
        Profile {
            login: self.login.clone(),
            display_name: attribute("displayName"),
            given_name: attribute("name.givenName"),
            family_name: attribute("name.familyName"),
            email: attribute("emails"),
            external_id: own_id.cloned().unwrap_or_default(),
            worker_number: self.worker_number.clone(),
        }
    }

    fn asked(&self) -> Asked {
        Asked::Push { idp: self.idp.clone(), resource: self.resource.clone() }
    }

    fn wish(&self, subject: Subject, want: Want, because: String) -> Wish {
        Wish { subject, want, asked: self.asked(), because, heir: None }
    }

    /// Why nobody should get in any more.
    fn why_closed(&self) -> String {
        match self.deleted {
            true => format!("{} deleted {}.", self.idp, self.login),
            false => format!("{} says that {} is not active.", self.idp, self.login),
        }
    }

    /// How an account that nobody should get into any more is closed.
    fn close(&self, account: &Account, on_delete: OnDelete) -> Option<Want> {
        if self.deleted && on_delete == OnDelete::Remove {
            return Some(Want::Act { op: Op::Remove });
        }
        account.state.is_open().then_some(Want::Close)
    }
}

/// What is wanted of the account in one instance that the resource means. Nothing: it is so already,
/// as far as is known.
pub fn wishes(
    graph: &Graph,
    instance: &InstanceName,
    push: &Pushed,
    meant: &Meant,
    rules: &Rules,
    memberships: &[Membership],
) -> Vec<Wish> {
    let at = |key: &AccountKey| AccountRef { instance: instance.clone(), key: key.clone() };
    let known = meant.account.as_ref().and_then(|key| graph.account(&at(key)));
    let Some((account, _)) = known else {
        return if push.is_wanted() { vec![create(instance, push, meant)] } else { Vec::new() };
    };
    let subject = || Subject::Account { account: account.account_ref() };
    let mut wishes = Vec::new();
    if !push.is_wanted() {
        let close = push.close(account, rules.on_delete);
        wishes.extend(close.map(|want| push.wish(subject(), want, push.why_closed())));
    } else {
        let reactivate = push.active == Some(true) && !account.state.is_open();
        if reactivate {
            let because = format!("{} says that {} is active.", push.idp, push.login);
            wishes.push(push.wish(subject(), Want::Act { op: Op::Reactivate }, because));
        }
        let set = differing(account, push, rules);
        if !set.is_empty() && (reactivate || account.state.is_open()) {
            let because = format!("{} says so.", push.idp);
            wishes.push(push.wish(subject(), Want::Act { op: Op::Update { set } }, because));
        }
    }
    let here = memberships.iter().filter(|membership| membership.instance == *instance);
    wishes.extend(here.filter_map(|membership| right(push, account, membership)));
    wishes
}

fn create(instance: &InstanceName, push: &Pushed, meant: &Meant) -> Wish {
    let subject = match &meant.person {
        Some(identity) => {
            Subject::Assignment { identity: identity.clone(), instance: instance.clone() }
        }
        None => Subject::Resource { instance: instance.clone(), resource: push.resource.clone() },
    };
    let because = format!("{} says that {} should have an account.", push.idp, push.login);
    push.wish(subject, Want::Act { op: Op::Create { profile: push.profile() } }, because)
}

/// The attributes that the resource says otherwise than the account shows.
pub fn differing(account: &Account, push: &Pushed, rules: &Rules) -> BTreeMap<String, String> {
    let differs = |name: &&'static str| {
        let value = push.attributes.get(*name).filter(|value| !value.trim().is_empty())?;
        (!step::shows(account, name, value)).then(|| ((*name).to_owned(), value.clone()))
    };
    rules.settable.iter().filter_map(differs).collect()
}

/// A right is given to an account that lets somebody in, and taken away from any.
fn right(push: &Pushed, account: &Account, membership: &Membership) -> Option<Wish> {
    let Membership { group, entitlement, is_in, .. } = membership;
    let holds = step::holds(account, entitlement);
    let entitlement = entitlement.clone();
    let (op, because) = match (is_in, holds) {
        (true, false) if push.is_wanted() && account.state != State::Suspended => {
            let because = format!("{} put {} into the group {group}.", push.idp, push.login);
            (Op::Grant { entitlement }, because)
        }
        (false, true) => {
            let because = format!("{} took {} out of the group {group}.", push.idp, push.login);
            (Op::Revoke { entitlement }, because)
        }
        _ => return None,
    };
    let subject = Subject::Account { account: account.account_ref() };
    Some(push.wish(subject, Want::Act { op }, because))
}

/// The identity as people call it.
fn name_of<'a>(graph: &'a Graph, identity: &'a IdentityId) -> &'a str {
    graph.identity(identity).map_or(identity.as_str(), |known| known.name.as_str())
}
