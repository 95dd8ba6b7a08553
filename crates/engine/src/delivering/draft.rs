//! What one resource comes to: which account it means and what is wanted of it, as things are now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::change::{Op, Verb};
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountKey, AccountRef, InstanceName, PlanId};
use rollbook_core::plan::push::{Index, Meant, Rules, wishes, wishes_everywhere};
use rollbook_core::plan::{Want, Wish};
use rollbook_core::policy::Policy;

use super::scope::Scope;
use crate::config::Config;
use crate::error::Result;
use crate::store::Reading;

/// What a scope comes to.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) scope: Scope,
    /// What it means at its instance; empty for one that is about all instances.
    pub(super) meant: Meant,
    pub(super) wanted: Wanted,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// This. Nothing: it is so already, as far as is known.
    Wishes(Vec<Wish>),
    /// It is not sure what is meant; a person must settle it.
    Unsure(String),
    /// No rule maps the groups that the wishes are about.
    NoRule,
    /// Another change of the same account is on its way and must end first.
    Behind,
    /// A right for an account that nobody is to get into.
    Shut,
}

/// A change that is on its way and cannot be dropped any more.
#[derive(Clone, Debug)]
pub(super) struct Busy {
    pub(super) plan: PlanId,
    pub(super) instance: InstanceName,
    /// `None`: it is being made.
    pub(super) account: Option<AccountKey>,
    pub(super) verb: Verb,
}

/// Everything that drafts are made from.
#[derive(Debug)]
pub(super) struct Board<'a> {
    pub(super) graph: &'a Graph,
    pub(super) index: Index<'a>,
    pub(super) config: &'a Config,
    pub(super) rules: BTreeMap<InstanceName, Rules>,
    pub(super) busy: &'a [Busy],
    pub(super) now: Timestamp,
    pub(super) today: Date,
}

impl<'a> Board<'a> {
    pub(super) fn new(
        graph: &'a Graph,
        config: &'a Config,
        busy: &'a [Busy],
        now: Timestamp,
        today: Date,
    ) -> Self {
        let rules = config.instances.iter().map(|instance| {
            let rules = Rules { on_delete: instance.push.on_delete, settable: instance.settable() };
            (instance.name.clone(), rules)
        });
        Self {
            graph,
            index: Index::new(graph, &config.workspace.employer_domains),
            config,
            rules: rules.collect(),
            busy,
            now,
            today,
        }
    }

    fn policy(&self) -> &'a Policy {
        &self.config.policy
    }

    /// Drafts one scope. `claimed` holds the accounts that others of the same round mean.
    pub(super) fn draft(
        &self,
        book: &Reading<'_>,
        scope: Scope,
        claimed: &mut BTreeMap<AccountRef, String>,
    ) -> Result<Draft> {
        let only_groups = scope.rows.iter().all(|row| super::scope::group_of(row).is_some());
        if only_groups && scope.memberships.is_empty() {
            return Ok(Draft { scope, meant: Meant::default(), wanted: Wanted::NoRule });
        }
        let given = scope.memberships.iter().any(|membership| membership.is_in);
        if only_groups && given && !scope.push.is_wanted() {
            return Ok(Draft { scope, meant: Meant::default(), wanted: Wanted::Shut });
        }
        let (meant, wanted) = match scope.is_everywhere() {
            true => (Meant::default(), self.everywhere(&scope)),
            false => self.here(book, &scope, only_groups, claimed)?,
        };
        let wanted = match wanted {
            Wanted::Wishes(wishes) => self.beside(&scope, wishes),
            other => other,
        };
        Ok(Draft { scope, meant, wanted })
    }

    fn everywhere(&self, scope: &Scope) -> Wanted {
        let push = &scope.push;
        let person = match self.index.person(push) {
            Ok(Some(person)) => person,
            Ok(None) => {
                return Wanted::Unsure(format!(
                    "Nobody in the book is surely {}: no worker number, no external id and no \
                     address of the company's own fits. Push the worker number, or correct the \
                     source.",
                    push.login
                ));
            }
            Err(unsure) => return Wanted::Unsure(unsure.0),
        };
        Wanted::Wishes(wishes_everywhere(
            self.graph,
            push,
            &person,
            &self.rules,
            &scope.memberships,
            self.policy(),
            (self.now, self.today),
        ))
    }

    fn here(
        &self,
        book: &Reading<'_>,
        scope: &Scope,
        only_groups: bool,
        claimed: &mut BTreeMap<AccountRef, String>,
    ) -> Result<(Meant, Wanted)> {
        let (push, instance) = (&scope.push, InstanceName::new(scope.place.as_str()));
        let meant = match self.index.meant(&instance, push, scope.account.as_ref()) {
            Ok(meant) => meant,
            Err(unsure) => return Ok((Meant::default(), Wanted::Unsure(unsure.0))),
        };
        if let Some(key) = &meant.account {
            let at = AccountRef { instance: instance.clone(), key: key.clone() };
            let other = match claimed.get(&at) {
                Some(other) => Some(other.clone()),
                None => {
                    book.claimed_by(instance.as_str(), key.as_str(), &scope.resource.endpoint)?
                }
            };
            // Whoever meant it first goes on meaning it.
            if let Some(other) = other.filter(|other| *other != scope.resource.id) {
                let said = format!(
                    "The account {at} is meant by another resource already, {other}. Delete one of \
                     the two at {}, or correct what they say.",
                    push.idp
                );
                return Ok((Meant::default(), Wanted::Unsure(said)));
            }
            claimed.insert(at, scope.resource.id.clone());
        }
        let no_rules = Rules::default();
        let rules = self.rules.get(&instance).unwrap_or(&no_rules);
        let mut wanted = wishes(self.graph, &instance, push, &meant, rules, &scope.memberships);
        if only_groups {
            // What else differs is the business of the wish about the account.
            wanted.retain(|wish| {
                matches!(wish.want, Want::Act { op: Op::Grant { .. } | Op::Revoke { .. } })
            });
            if meant.account.is_none() && scope.memberships.iter().any(|m| m.is_in) {
                return Ok((meant, Wanted::Behind));
            }
        }
        Ok((meant, Wanted::Wishes(wanted)))
    }

    /// The wishes beside what is on its way: one that is being fulfilled is not made again, one that
    /// is against it waits for its end. So does everything while an older wish of the same resource
    /// is being carried out that nobody has any more: what the book says is not what will be.
    fn beside(&self, scope: &Scope, wishes: Vec<Wish>) -> Wanted {
        let plans: BTreeSet<_> = scope.rows.iter().filter_map(|row| row.plan.as_deref()).collect();
        let is_own = |busy: &Busy| plans.contains(busy.plan.as_str());
        let is_about = |busy: &Busy, wish: &Wish| match (wish.subject.account(), &busy.account) {
            (Some(at), Some(key)) => busy.instance == at.instance && *key == at.key,
            (None, None) => wish.subject.instance() == Some(&busy.instance) && is_own(busy),
            _ => false,
        };
        let is_wanted = |busy: &&Busy| {
            let mut about = wishes.iter().filter(|wish| is_about(busy, wish));
            about.any(|wish| is_same(&wish.want, busy.verb))
        };
        if !self.busy.iter().filter(|busy| is_own(busy)).all(|busy| is_wanted(&busy)) {
            return Wanted::Behind;
        }
        let mut left = Vec::new();
        for wish in wishes.iter() {
            match self.busy.iter().find(|busy| is_about(busy, wish)) {
                None => left.push(wish.clone()),
                Some(busy) if is_same(&wish.want, busy.verb) => {}
                Some(_) => return Wanted::Behind,
            }
        }
        Wanted::Wishes(left)
    }

    /// The plans that already do what a scope wants, by instance.
    pub(super) fn on_its_way(&self, scope: &Scope) -> BTreeMap<InstanceName, PlanId> {
        let own: BTreeSet<_> = scope.rows.iter().filter_map(|row| row.plan.as_deref()).collect();
        let own = self.busy.iter().filter(|busy| own.contains(busy.plan.as_str()));
        own.map(|busy| (busy.instance.clone(), busy.plan.clone())).collect()
    }
}

/// Whether a change that is on its way does what is wanted. Only what has no particulars can be the
/// same: two updates may set different values.
fn is_same(want: &Want, verb: Verb) -> bool {
    match want {
        Want::Close => matches!(verb, Verb::Suspend | Verb::Remove),
        Want::Act { op } => {
            op.word() == verb && matches!(op, Op::Suspend | Op::Remove | Op::Reactivate)
        }
        Want::Leave => false,
    }
}
