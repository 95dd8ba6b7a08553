//! Stops about single accounts: protected ones, the last administrator, routes nobody has proven, what
//! nobody took over, the account that Rollbook itself acts with.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::Account;
use crate::canonical::fold;
use crate::change::{Basis, Change, Op};
use crate::explain::counted;
use crate::harm::Harm;
use crate::id::AccountKey;
use crate::plan::admin_rights;

use super::{Blocks, Case, Kind, Stop};

pub(super) fn judge(case: &Case<'_>, stops: &mut Vec<Stop>) {
    protected(case, stops);
    last_admin(case, stops);
    unproven_route(case, stops);
    content_at_risk(case, stops);
    own_credential(case, stops);
    legal_hold(case, stops);
}

fn stop(change: &Change, kind: Kind, sentence: String) -> Stop {
    let blocks = Blocks::Change { change: change.id.clone() };
    Stop { blocks, kind, subject: format!("{}: {}", change.instance, change.label), sentence }
}

fn protected(case: &Case<'_>, stops: &mut Vec<Stop>) {
    let protected: BTreeSet<String> = case.policy.protected.iter().map(|p| fold(p)).collect();
    for change in case.plan.changes() {
        let known = change.account_ref().and_then(|account| case.graph.account(&account));
        let mut names = names_of(change);
        names.extend(known.into_iter().flat_map(|(account, _)| claims(account)));
        if let Some(name) = names.iter().find(|name| protected.contains(&fold(name))) {
            let sentence = format!(
                "The policy protects {name}, and the plan would {} it in {}. No plan touches a \
                 protected account; take it off the list first if that is really meant.",
                change.op.verb(),
                change.instance,
            );
            stops.push(stop(change, Kind::Protected, sentence));
        }
    }
}

/// The names of an account that a change itself carries.
fn names_of(change: &Change) -> Vec<String> {
    let mut names = vec![change.expects.login.clone()];
    names.extend(change.account_ref().map(|account| account.to_string()));
    match &change.op {
        Op::Create { profile } => names.extend([profile.login.clone(), profile.email.clone()]),
        Op::Update { set } => names.extend(set.values().cloned()),
        _ => {}
    }
    names.retain(|name| !name.trim().is_empty());
    names
}

fn claims(account: &Account) -> impl Iterator<Item = String> {
    let emails = account.emails.iter().map(|email| email.address.clone());
    emails.chain([account.login.clone()]).filter(|name| !name.trim().is_empty())
}

/// The administrators' rights of each account that can get in.
type Admins<'a> = BTreeMap<&'a AccountKey, BTreeSet<&'a str>>;

fn last_admin(case: &Case<'_>, stops: &mut Vec<Stop>) {
    for instance in case.instances() {
        let accounts = case.graph.accounts().map(|(account, _)| account);
        let open = accounts.filter(|a| a.instance == *instance && a.state.is_open());
        let mut admins: Admins<'_> = open
            .map(|account| (&account.key, admin_rights(case.graph, account).collect()))
            .filter(|(_, rights): &(_, BTreeSet<_>)| !rights.is_empty())
            .collect();
        let before = admins.len();
        let here = case.plan.changes().iter().filter(|c| c.instance == *instance);
        let guilty: Vec<_> = here.filter(|change| takes_admin(change, &mut admins)).collect();
        if before == 0 || !admins.is_empty() {
            continue;
        }
        let sentence = format!(
            "{instance} has {} with an administrator's rights, and the plan \
             would leave none. Nobody could undo it there. Give the rights to somebody who stays, \
             sync, and plan again.",
            counted(before, "open account")
        );
        stops.extend(guilty.into_iter().map(|c| stop(c, Kind::LastAdmin, sentence.clone())));
    }
}

/// Takes out of `admins` what the change takes away, and says whether it did. What the plan gives is
/// not put in: it may fail.
fn takes_admin<'a>(change: &'a Change, admins: &mut Admins<'a>) -> bool {
    let Some(key) = &change.account else { return false };
    match &change.op {
        Op::Suspend | Op::Remove => admins.remove(key).is_some(),
        Op::Revoke { entitlement } => {
            let Some(rights) = admins.get_mut(key) else { return false };
            let taken = rights.remove(entitlement.as_str());
            if rights.is_empty() {
                admins.remove(key);
            }
            taken
        }
        _ => false,
    }
}

fn unproven_route(case: &Case<'_>, stops: &mut Vec<Stop>) {
    let unproven = |c: &&Change| !c.reversible && c.route.basis == Basis::Recalled;
    for change in case.plan.changes().iter().filter(unproven) {
        let sentence = format!(
            "To {} an account in {} by {} cannot be taken back, and how it works there is known \
             from memory only. Find the vendor's document or try it on a test account, and write \
             the source into the app file.",
            change.op.verb(),
            change.instance,
            change.route.channel,
        );
        stops.push(stop(change, Kind::UnprovenRoute, sentence));
    }
}

fn content_at_risk(case: &Case<'_>, stops: &mut Vec<Stop>) {
    let destroys = |c: &&Change| c.harms.contains(&Harm::DestroysContent) && c.heir.is_none();
    for change in case.plan.changes().iter().filter(destroys) {
        if case.policy.content_may_go.contains(&change.instance) {
            continue;
        }
        let sentence = format!(
            "To {} an account in {instance} destroys what it owns, and nobody is to take that over. \
             Name somebody who has one active account there with --heir, if the app can hand over; or \
             hand it over there by hand, and then add {instance} to `content_may_go` in the policy.",
            change.op.verb(),
            instance = change.instance,
        );
        stops.push(stop(change, Kind::ContentAtRisk, sentence));
    }
}

fn own_credential(case: &Case<'_>, stops: &mut Vec<Stop>) {
    for change in case.plan.changes() {
        let Some(view) = case.graph.views().get(&change.instance) else { continue };
        let known = change.account_ref().and_then(|account| case.graph.account(&account));
        if !view.credential.is_personal || !known.is_some_and(|(a, _)| view.credential.is_of(a)) {
            continue;
        }
        if view.credential.is_robot {
            let sentence = format!(
                "Rollbook signs in to {} with this very account, and no plan of its own touches it. \
                 Let a person change it there by hand, or let another account be `user` first.",
                change.instance,
            );
            stops.push(stop(change, Kind::OwnCredential, sentence));
            continue;
        }
        if !closes(&change.op) {
            continue;
        }
        let sentence = format!(
            "The secret with which Rollbook reaches {instance} was made by this very account and ends \
             with it. Nothing could be done or seen there afterwards. Let somebody who stays make a \
             new one, put it into rollbook.toml with its `credential_owner`, sync, and plan again.",
            instance = change.instance,
        );
        stops.push(stop(change, Kind::OwnCredential, sentence));
    }
}

/// What a court or an inquiry may ask for stays where it is. Cutting access takes nothing away.
fn legal_hold(case: &Case<'_>, stops: &mut Vec<Stop>) {
    let takes = |change: &&Change| change.op == Op::Remove || change.heir.is_some();
    for change in case.plan.changes().iter().filter(takes) {
        let held = change.identity.as_ref().filter(|who| case.history.on_hold.contains(*who));
        let Some(identity) = held else { continue };
        let name = case.graph.identity(identity).map_or(identity.as_str(), |one| &one.name);
        let sentence = format!(
            "A legal hold is on {name}: nothing of theirs may be removed or handed over, and the plan \
             would in {}. Suspend the account instead; whoever set the hold ends it with `rollbook \
             lifecycle end`.",
            change.instance,
        );
        stops.push(stop(change, Kind::LegalHold, sentence));
    }
}

fn closes(op: &Op) -> bool {
    matches!(op, Op::Suspend | Op::Remove)
}
