//! What identity providers pushed about somebody who is to be erased: Users, also deleted ones.

use std::collections::BTreeSet;

use rollbook_core::canonical::{fold, shown_login_key};
use rollbook_core::change::{Change, Op};
use rollbook_core::event::Concern;
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, IdentityId, PlanId};
use rollbook_core::plan::push::{Index, Pushed};

use crate::concern;
use crate::config::Config;
use crate::delivering;
use crate::error::Result;
use crate::store::Reading;
use crate::store::scim::ResourceRow;

/// How somebody is known, beyond what the graph still says.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The accounts that are or were theirs.
    pub(super) accounts: BTreeSet<AccountRef>,
    /// Worker numbers that are theirs and nobody else's.
    pub(super) numbers: BTreeSet<String>,
    /// The plans that changed something of theirs.
    plans: BTreeSet<PlanId>,
    /// Logins and addresses of theirs, as they compare.
    names: BTreeSet<String>,
}

impl Known {
    /// What the book knows of `person`, whose accounts are or were `accounts`.
    pub(super) fn of(
        book: &Reading<'_>,
        graph: &Graph,
        person: &IdentityId,
        accounts: BTreeSet<AccountRef>,
    ) -> Result<Self> {
        let known = book.known()?;
        let mut numbers = BTreeSet::new();
        let mut others = BTreeSet::new();
        for (record, id) in known.iter() {
            let of = if id == person { &mut numbers } else { &mut others };
            of.insert(record.number.to_string());
        }
        numbers.retain(|number| !others.contains(number));
        let plans = book.plans()?;
        let theirs = |change: &&Change| change.identity.as_ref() == Some(person);
        let mut names: BTreeSet<String> = plans
            .iter()
            .flat_map(|plan| plan.changes().iter().filter(theirs).flat_map(named))
            .collect();
        names.extend(graph.accounts_of(person).map(|(account, _)| key(&account.login)));
        names.extend(graph.records_of(person).flat_map(|r| &r.work_emails).map(|m| key(m)));
        names.remove("");
        let plans = plans.iter().filter(|plan| plan.changes().iter().any(|c| theirs(&c)));
        Ok(Self { accounts, numbers, plans: plans.map(|plan| plan.id()).collect(), names })
    }
}

/// The Users that were pushed about `person`: those that were found to mean an account of theirs or
/// led to a plan about them, those that surely speak of them, and of those that let nobody in also
/// the ones that have their login or address and speak of nobody else.
pub(super) fn of_person(
    book: &Reading<'_>,
    config: &Config,
    graph: &Graph,
    person: &IdentityId,
    known: &Known,
) -> Result<Vec<ResourceRow>> {
    let mut claimed = BTreeSet::new();
    for account in &known.accounts {
        claimed.extend(book.claimants(account.instance.as_str(), account.key.as_str())?);
    }
    for plan in &known.plans {
        let rows = book.intents_of_plan(plan.as_str())?;
        claimed.extend(rows.into_iter().map(|row| row.resource));
    }
    let index = Index::new(graph, &config.workspace.employer_domains);
    let mut found = Vec::new();
    book.every_user(|row| {
        if claimed.contains(&row.id) || speaks_of(&index, person, known, &row)? {
            found.push(row);
        }
        Ok(())
    })?;
    Ok(found)
}

fn speaks_of(
    index: &Index<'_>,
    person: &IdentityId,
    known: &Known,
    row: &ResourceRow,
) -> Result<bool> {
    let pushed = delivering::pushed(row, "")?;
    Ok(match index.person(&pushed) {
        Ok(Some(one)) => one == *person,
        Ok(None) => {
            known.numbers.contains(pushed.worker_number.trim())
                || (!lets_in(row) && is_called(known, &pushed))
        }
        Err(_) => false,
    })
}

fn is_called(known: &Known, pushed: &Pushed) -> bool {
    let mut names = pushed.emails.iter().chain([&pushed.login]).map(|name| key(name));
    names.any(|name| known.names.contains(&name))
}

/// Those of the Users that the identity provider still wants to let in, each as a sentence.
pub(super) fn still_wanted(users: &[ResourceRow]) -> Vec<String> {
    let wanted = users.iter().filter(|row| lets_in(row));
    let said = wanted.map(|row| {
        format!(
            "An identity provider pushes {} to {} and has not deactivated them.",
            row.name, row.endpoint
        )
    });
    said.collect()
}

/// Of whom the records tell that were made of these Users and of the plans they led to.
pub(super) fn concerns(book: &Reading<'_>, users: &[ResourceRow]) -> Result<BTreeSet<Concern>> {
    let mut told = BTreeSet::new();
    for row in users {
        told.insert(Concern::stored(row.id.as_str()));
        for wish in book.intents_of(&row.endpoint, &row.id)? {
            if let Some(plan) = wish.plan {
                told.extend(concern::of_recorded_plan(book, &PlanId::new(plan))?);
            }
        }
    }
    Ok(told)
}

fn lets_in(row: &ResourceRow) -> bool {
    row.deleted_at.is_none() && row.active != Some(false)
}

fn named(change: &Change) -> Vec<String> {
    let mut names = vec![key(&change.expects.login)];
    if let Op::Create { profile } = &change.op {
        names.extend([key(&profile.login), key(&profile.email)]);
    }
    names
}

/// A login or an address as it compares.
fn key(name: &str) -> String {
    shown_login_key(&fold(name))
}
