//! What a rule may look at: the graph, the policy and the day, with what every rule needs of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::presence::Presence;
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::account::Account;
use crate::graph::{Graph, View};
use crate::id::{AccountKey, InstanceName, RecordRef};
use crate::identity::{self, Identity};
use crate::link::{AccountKind, Link};
use crate::policy::Policy;
use crate::worker::{Appointment, WorkerRecord};

/// One day's question: what is wrong in this graph, by this policy?
pub(super) struct Case<'a> {
    pub(super) graph: &'a Graph,
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    pub(super) today: Date,
    /// Members of the groups that count as administrators.
    admins: BTreeMap<&'a InstanceName, BTreeSet<&'a AccountKey>>,
    appointments: BTreeMap<&'a RecordRef, Vec<&'a Appointment>>,
}

impl<'a> Case<'a> {
    pub(super) fn new(graph: &'a Graph, policy: &'a Policy, now: Timestamp, today: Date) -> Self {
        let admins = graph.views().iter().map(|(name, view)| (name, group_admins(view))).collect();
        let mut appointments: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for appointment in graph.appointments() {
            appointments.entry(&appointment.worker).or_default().push(appointment);
        }
        Self { graph, policy, now, today, admins, appointments }
    }

    /// How well `instance` is seen; `None` if it is not configured.
    pub(super) fn view(&self, instance: &InstanceName) -> Option<&'a View> {
        self.graph.views().get(instance)
    }

    /// The kinds of worker that `instance` is for; empty: all.
    pub(super) fn covers(&self, instance: &InstanceName) -> &'a [String] {
        self.view(instance).map_or(&[], |view| &view.covers)
    }

    /// Whether the account has administrator's rights, by its kind, a role or a group, or because
    /// Rollbook acts with it.
    pub(super) fn is_privileged(&self, account: &Account, link: &Link) -> bool {
        let by_role = || {
            let roles = self.view(&account.instance).map_or(&[][..], |view| &view.admin_roles);
            !roles.is_empty() && account.roles.iter().any(|role| roles.contains(role))
        };
        let by_group =
            || self.admins.get(&account.instance).is_some_and(|keys| keys.contains(&account.key));
        // With that account Rollbook can do there whatever it can do.
        let is_ours = || {
            let view = self.view(&account.instance);
            view.is_some_and(|view| view.credential.is_robot && view.credential.is_of(account))
        };
        link.kind == AccountKind::Admin || by_role() || by_group() || is_ours()
    }

    /// Whether the entitlement itself is an administrator's in that instance.
    pub(super) fn is_admin_entitlement(&self, instance: &InstanceName, entitlement: &str) -> bool {
        self.view(instance).is_some_and(|view| view.is_admin_right(entitlement))
    }

    /// A finding about an account, with what was read of the account as the last evidence.
    pub(super) fn on_account(&self, draft: Draft, account: &Account, link: &Link) -> Finding {
        let mut evidence = draft.evidence;
        evidence.extend(self.facts_of(account, link));
        let severity = draft.severity.weighed(self.is_privileged(account, link));
        finding(Draft { severity, evidence, ..draft })
    }

    /// What was read of the account, as evidence.
    pub(super) fn facts_of(&self, account: &Account, link: &Link) -> Vec<Evidence> {
        let at = account.account_ref();
        let mut evidence = vec![Evidence::new("state", account.state.word(), &at)];
        if let Some(created) = account.created {
            evidence.push(Evidence::new("created", created.to_string(), &at));
        }
        let link = format!("{}: {}", link.state.word(), link.because);
        evidence.push(Evidence::new("link", link, &at));
        evidence.extend(self.read(&account.instance));
        evidence
    }

    /// Whether a source was never read, so that somebody who is here may be unknown.
    pub(super) fn is_blind(&self) -> bool {
        self.graph.feeds().values().any(|feed| feed.taken_at.is_none())
    }

    /// The kinds of worker that the instance is for, as evidence, if not for all.
    pub(super) fn is_for(&self, instance: &InstanceName) -> Option<Evidence> {
        let covers = self.covers(instance);
        (!covers.is_empty()).then(|| Evidence::new("is for", covers.join(", "), instance))
    }

    /// When the instance was read, as evidence.
    pub(super) fn read(&self, instance: &InstanceName) -> Option<Evidence> {
        let taken_at = self.view(instance)?.taken_at?;
        Some(Evidence::new("read", taken_at.to_string(), instance))
    }
}

fn group_admins(view: &View) -> BTreeSet<&AccountKey> {
    let is_admin = |name: &String| view.admin_roles.contains(name);
    let groups = view.groups.iter().filter(|group| is_admin(&group.key) || is_admin(&group.name));
    groups.flat_map(|group| &group.members).collect()
}

/// A finding without its id.
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) subject: Subject,
    pub(super) identity: Option<crate::id::IdentityId>,
    pub(super) severity: Severity,
    pub(super) because: String,
    pub(super) evidence: Vec<Evidence>,
}

/// The finding with the id that follows from its kind and subject.
pub(super) fn finding(draft: Draft) -> Finding {
    let Draft { kind, subject, identity, severity, because, evidence } = draft;
    let id = Finding::id_of(kind, &subject);
    Finding { id, kind, subject, identity, severity, because, evidence }
}

/// An identity with its records at hand.
pub(super) struct Person<'a> {
    pub(super) identity: &'a Identity,
    pub(super) records: Vec<&'a WorkerRecord>,
}

impl<'a> Person<'a> {
    pub(super) fn new(case: &Case<'a>, identity: &'a Identity) -> Self {
        Self { identity, records: case.graph.records_of(&identity.id).collect() }
    }

    pub(super) fn name(&self) -> &'a str {
        &self.identity.name
    }

    /// Whether this is a human, and not a machine that got an identity of its own.
    pub(super) fn is_human(&self) -> bool {
        self.identity.kind == identity::Kind::Person
    }

    /// Whether they are here, as far as an instance that is for `covers` is concerned.
    pub(super) fn presence(&self, covers: &[String], today: Date) -> Presence<'a> {
        Presence::of(&self.records, covers, today)
    }

    /// The appointments of any of their records.
    pub(super) fn appointments(&self, case: &Case<'a>) -> impl Iterator<Item = &'a Appointment> {
        let of = |record| case.appointments.get(record).into_iter().flatten().copied();
        self.identity.records.iter().flat_map(of)
    }
}

/// The first and last day of a record as evidence.
pub(super) fn days_of(record: &WorkerRecord) -> Vec<Evidence> {
    let at = record.record_ref();
    let first = record.starts.map(|day| Evidence::new("first day", day.to_string(), &at));
    let last =
        record.ends.map(|day| Evidence::new("last day", words::last_day(day).to_string(), &at));
    let kind = Evidence::new("kind", record.kind.clone(), &at);
    [Some(kind), first, last].into_iter().flatten().collect()
}
