//! What is wanted of everything that a person has, where the identity provider pushes to the endpoint
//! for all instances.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::account::State;
use crate::change::Op;
use crate::finding::{self, Subject};
use crate::graph::Graph;
use crate::id::{IdentityId, InstanceName};
use crate::plan::wish::{Want, Wish, birthright, offboard};
use crate::policy::Policy;

use super::meant::is_own;
use super::{Membership, OnDelete, Pushed, Rules, name_of, right};

/// The wishes for a person of whom the resource speaks.
///
/// Who is not active any more is offboarded: everything that they have is closed, as by
/// [`offboard`]. Who is active gets what the birthright policy gives and is not there; an account of
/// theirs in such an instance that is suspended is let in again. Attributes are not set: what a person
/// is called in all apps is the sources' to say. Groups give rights wherever a rule maps them.
pub fn wishes_everywhere(
    graph: &Graph,
    push: &Pushed,
    person: &IdentityId,
    rules: &BTreeMap<InstanceName, Rules>,
    memberships: &[Membership],
    policy: &Policy,
    (now, today): (Timestamp, Date),
) -> Vec<Wish> {
    let mut wishes = match push.is_wanted() {
        true => due(graph, push, person, policy, now, today),
        false => closing(graph, push, person, rules, policy),
    };
    for membership in memberships {
        let here = graph.accounts_of(person).filter(|(account, link)| {
            account.instance == membership.instance && account.state != State::Gone && is_own(link)
        });
        wishes.extend(here.filter_map(|(account, _)| right(push, account, membership)));
    }
    wishes
}

fn closing(
    graph: &Graph,
    push: &Pushed,
    person: &IdentityId,
    rules: &BTreeMap<InstanceName, Rules>,
    policy: &Policy,
) -> Vec<Wish> {
    let because = format!("{} {} leaves.", push.why_closed(), name_of(graph, person));
    let reworded = offboard(graph, person, None, policy).into_iter().filter_map(|wish| {
        let (account, _) = graph.account(wish.subject.account()?)?;
        let want = match wish.want {
            Want::Close => {
                let rules = rules.get(&account.instance);
                push.close(account, rules.map_or(OnDelete::Suspend, |rules| rules.on_delete))?
            }
            other => other,
        };
        Some(Wish { want, because: because.clone(), ..wish })
    });
    reworded.collect()
}

fn due(
    graph: &Graph,
    push: &Pushed,
    person: &IdentityId,
    policy: &Policy,
    now: Timestamp,
    today: Date,
) -> Vec<Wish> {
    let missing = finding::missing_of(graph, person, policy, now, today);
    let because = format!("{} says that {} is active.", push.idp, push.login);
    let mut wishes: Vec<_> = birthright(graph, &missing, policy)
        .into_iter()
        .map(|wish| Wish { asked: push.asked(), ..wish })
        .collect();
    if push.active != Some(true) {
        return wishes;
    }
    let given = |name: &InstanceName| policy.birthright.iter().any(|one| one.instance == *name);
    let shut = graph.accounts_of(person).filter(|(account, link)| {
        account.state == State::Suspended && given(&account.instance) && is_own(link)
    });
    wishes.extend(shut.map(|(account, _)| {
        let subject = Subject::Account { account: account.account_ref() };
        push.wish(subject, Want::Act { op: Op::Reactivate }, because.clone())
    }));
    wishes
}
