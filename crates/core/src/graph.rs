//! The identity graph: identities, records, accounts, links and grants as one value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::account::{Account, Group};
use crate::canonical::fold;
use crate::id::{AccountRef, IdentityId, InstanceName, RecordRef, SourceName};
use crate::identity::{Identity, Lookalike};
use crate::link::{Link, LinkState};
use crate::snapshot::Coverage;
use crate::worker::{Appointment, WorkerRecord};

/// Everything that is known at one moment. Built once by [`Graph::new`], never mutated.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    identities: Vec<Identity>,
    records: Vec<WorkerRecord>,
    appointments: Vec<Appointment>,
    accounts: Vec<Account>,
    links: Vec<Link>,
    lookalikes: Vec<Lookalike>,
    views: BTreeMap<InstanceName, View>,
    feeds: BTreeMap<SourceName, Feed>,
    by_identity: BTreeMap<IdentityId, usize>,
    by_account: BTreeMap<AccountRef, usize>,
    records_of: BTreeMap<IdentityId, Vec<usize>>,
    accounts_of: BTreeMap<IdentityId, Vec<usize>>,
    suggested_to: BTreeMap<IdentityId, Vec<usize>>,
    identity_of_record: BTreeMap<RecordRef, usize>,
}

/// How well one instance is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Whether Rollbook reads the instance at all. `false`: only people work there, and what they
    /// say is all that is known of it.
    pub is_read: bool,
    /// When the snapshot was taken. `None`: never read.
    pub taken_at: Option<Timestamp>,
    /// Whether the snapshot is whole.
    pub coverage: Coverage,
    /// Groups of the instance.
    pub groups: Vec<Group>,
    /// Which kinds of worker the instance is for; empty: all kinds.
    pub covers: Vec<String>,
    /// Roles, by name or id, that count as administrator in this instance.
    pub admin_roles: Vec<String>,
    /// After how many hours without a complete snapshot the view is stale.
    pub stale_after_h: u32,
    /// Whose secret Rollbook reaches the instance with.
    pub credential: Credential,
    /// Where what was probed there and what is written about the app cannot both be right.
    pub contradictions: Vec<Contradiction>,
}

/// One thing that was seen on an instance otherwise than it is written about the app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contradiction {
    /// What it is about, e.g. `scim.delete`.
    pub fact: String,
    /// What is written.
    pub stated: String,
    /// Who says so, e.g. the title of a manual, or `recalled`.
    pub source: String,
    /// What was seen, as a sentence.
    pub seen: String,
    /// The day on which a probe saw it.
    pub probed_on: Date,
    /// Whether it is about how an account is closed: then what is believed to be gone may be there.
    pub is_about_closing: bool,
}

/// Whose the secret is with which Rollbook reaches an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credential {
    /// The login or address of the account that made it, or empty: nobody has said.
    pub owner: String,
    /// Whether it ends when its maker's account does.
    pub is_personal: bool,
    /// Whether Rollbook itself signs in with that account, which is nobody's own.
    pub is_robot: bool,
    /// Who is said to answer for that account, as rollbook.toml names them; or empty.
    pub answers: String,
}

impl Credential {
    /// Whether `account`, one of the instance that the secret is for, made it.
    pub fn is_of(&self, account: &Account) -> bool {
        let names = account.emails.iter().map(|email| &email.address).chain([&account.login]);
        !self.owner.trim().is_empty()
            && names.into_iter().any(|name| fold(name) == fold(&self.owner))
    }
}

impl View {
    /// Whether a role or entitlement makes whoever has it an administrator there. The policy names
    /// roles and groups as people do; a group's right is known by the group's key as well.
    pub fn is_admin_right(&self, right: &str) -> bool {
        let named = |name: &str| self.admin_roles.iter().any(|role| fold(role) == fold(name));
        let group = || self.groups.iter().find(|group| group.key.as_str() == right);
        named(right) || group().is_some_and(|group| named(&group.name))
    }
}

/// How well one source is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// When the last good file was read. `None`: never.
    pub taken_at: Option<Timestamp>,
    /// Why the newest delivery was kept out, if it was.
    pub kept_out: Option<String>,
    /// After how many hours without a good delivery the feed is stale.
    pub stale_after_h: u32,
}

/// What a graph is built from.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// All identities.
    pub identities: Vec<Identity>,
    /// All worker records.
    pub records: Vec<WorkerRecord>,
    /// All appointments.
    pub appointments: Vec<Appointment>,
    /// The accounts of the newest snapshot of every instance.
    pub accounts: Vec<Account>,
    /// One link for each account, in the same order.
    pub links: Vec<Link>,
    /// Pairs of records that a human should look at.
    pub lookalikes: Vec<Lookalike>,
    /// How well each instance is seen.
    pub views: BTreeMap<InstanceName, View>,
    /// How well each source is seen.
    pub feeds: BTreeMap<SourceName, Feed>,
}

impl Graph {
    /// Indexes `parts`. `parts.links[i]` must be the link of `parts.accounts[i]`.
    pub fn new(parts: Parts) -> Self {
        let Parts { identities, records, appointments, accounts, links, lookalikes, views, feeds } =
            parts;
        assert_eq!(accounts.len(), links.len(), "every account has exactly one link");
        let mut graph = Self {
            by_identity: index(identities.iter().map(|i| i.id.clone())),
            by_account: index(accounts.iter().map(Account::account_ref)),
            ..Self::default()
        };
        for (at, identity) in identities.iter().enumerate() {
            for record in &identity.records {
                graph.identity_of_record.insert(record.clone(), at);
            }
        }
        for (at, record) in records.iter().enumerate() {
            if let Some(&owner) = graph.identity_of_record.get(&record.record_ref()) {
                graph.records_of.entry(identities[owner].id.clone()).or_default().push(at);
            }
        }
        for (at, link) in links.iter().enumerate() {
            if let Some(owner) = link.owner() {
                graph.accounts_of.entry(owner.clone()).or_default().push(at);
            }
            if let LinkState::Suggested { candidates } = &link.state {
                for candidate in candidates {
                    graph.suggested_to.entry(candidate.identity.clone()).or_default().push(at);
                }
            }
        }
        Self {
            identities,
            records,
            appointments,
            accounts,
            links,
            lookalikes,
            views,
            feeds,
            ..graph
        }
    }

    /// All identities.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// All worker records.
    pub fn records(&self) -> &[WorkerRecord] {
        &self.records
    }

    /// All appointments.
    pub fn appointments(&self) -> &[Appointment] {
        &self.appointments
    }

    /// Every account with its link.
    pub fn accounts(&self) -> impl Iterator<Item = (&Account, &Link)> {
        self.accounts.iter().zip(&self.links)
    }

    /// The account at this place of [`Graph::links`], with its link.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn account_at(&self, at: usize) -> (&Account, &Link) {
        (&self.accounts[at], &self.links[at])
    }

    /// The links, in the order of [`Graph::accounts`].
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Pairs of records that a human should look at.
    pub fn lookalikes(&self) -> &[Lookalike] {
        &self.lookalikes
    }

    /// How well each instance is seen.
    pub fn views(&self) -> &BTreeMap<InstanceName, View> {
        &self.views
    }

    /// How well each source is seen.
    pub fn feeds(&self) -> &BTreeMap<SourceName, Feed> {
        &self.feeds
    }

    /// The identity with this id.
    pub fn identity(&self, id: &IdentityId) -> Option<&Identity> {
        self.by_identity.get(id).map(|&at| &self.identities[at])
    }

    /// The identity that a record belongs to.
    pub fn identity_of(&self, record: &RecordRef) -> Option<&Identity> {
        self.identity_of_record.get(record).map(|&at| &self.identities[at])
    }

    /// The account with this reference, and its link.
    pub fn account(&self, account: &AccountRef) -> Option<(&Account, &Link)> {
        self.by_account.get(account).map(|&at| (&self.accounts[at], &self.links[at]))
    }

    /// The records of an identity, in the order of [`Graph::records`].
    pub fn records_of(&self, id: &IdentityId) -> impl Iterator<Item = &WorkerRecord> {
        self.records_of.get(id).into_iter().flatten().map(|&at| &self.records[at])
    }

    /// The accounts that surely belong to an identity (`auto` or `confirmed`), with their links.
    pub fn accounts_of(&self, id: &IdentityId) -> impl Iterator<Item = (&Account, &Link)> {
        self.at(self.accounts_of.get(id))
    }

    /// The accounts that may belong to an identity and wait for a human to say so.
    pub fn suggested_to(&self, id: &IdentityId) -> impl Iterator<Item = (&Account, &Link)> {
        self.at(self.suggested_to.get(id))
    }

    /// Everything that an identity is called: its id, its name, and the names, numbers, addresses and
    /// logins of its records and accounts. As written; some are there several times.
    pub fn names_of<'a>(&'a self, identity: &'a Identity) -> impl Iterator<Item = &'a str> {
        let of_record = |record: &'a WorkerRecord| {
            let addresses = record.work_emails.iter().chain(&record.private_emails);
            let own = [record.number.as_str(), record.name.display.as_str()];
            own.into_iter().chain(addresses.chain(&record.logins).map(String::as_str))
        };
        let of_account = |(account, _): (&'a Account, _)| {
            let emails = account.emails.iter().map(|email| email.address.as_str());
            emails.chain([account.login.as_str()])
        };
        [identity.id.as_str(), identity.name.as_str()]
            .into_iter()
            .chain(self.records_of(&identity.id).flat_map(of_record))
            .chain(self.accounts_of(&identity.id).flat_map(of_account))
    }

    fn at<'a>(
        &'a self,
        at: Option<&'a Vec<usize>>,
    ) -> impl Iterator<Item = (&'a Account, &'a Link)> + use<'a> {
        at.into_iter().flatten().map(|&at| (&self.accounts[at], &self.links[at]))
    }
}

fn index<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    keys.enumerate().map(|(at, key)| (key, at)).collect()
}
