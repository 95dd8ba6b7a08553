//! From wishes to changes: what is known, what can be done, and what is left alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::account::{Account, State};
use crate::canonical::shown_login_key;
use crate::change::{Change, Expects, Op, Profile, Stage, Verb};
use crate::finding::Subject;
use crate::graph::Graph;
use crate::id::{AccountKey, AccountRef, ChangeId, IdentityId, InstanceName};
use crate::link::{AccountKind, Link, LinkState};
use crate::policy::Policy;
use crate::reach::{HUMAN, Picked, Reach};

use super::settle::{Settled, settle};
use super::wish::{Asked, Want, Wish};
use super::{Content, LeftAlone, Origin, Plan, basis};

/// Makes the plan that fulfils `wishes` as far as that is known to be possible. Whatever it does not
/// touch is in [`Plan::left_alone`] with the reason. The same input gives the same plan.
///
/// It does not judge whether the plan may run; that is [`crate::guard::stops`].
pub fn plan(
    graph: &Graph,
    wishes: &[Wish],
    reach: &BTreeMap<InstanceName, Reach>,
    policy: &Policy,
    requester: &str,
    now: Timestamp,
) -> Plan {
    let _ = policy;
    let mut left_alone = Vec::new();
    let mut aims = Vec::new();
    for wish in wishes {
        match aim(graph, reach, wish) {
            Ok(aim) => aims.push(aim),
            Err(because) => left_alone.push(leave(graph, &wish.subject, because)),
        }
    }
    let Settled { kept, dropped } = settle(aims);
    left_alone.extend(dropped.into_iter().map(|(subject, why)| leave(graph, &subject, why)));
    left_alone.sort();
    left_alone.dedup();
    let mut changes: Vec<Change> = kept.into_iter().map(|aim| change(graph, aim)).collect();
    changes.sort_by(|a, b| order(a).cmp(&order(b)));
    let privileged = changes.iter().filter(|c| is_privileged(graph, c)).map(|c| c.id.clone());
    let found = wishes.iter().any(|w| matches!(w.asked, Asked::Finding { .. }));
    Plan::freeze(Content {
        format: Plan::FORMAT,
        made_at: now,
        requester: requester.to_owned(),
        origin: if found { Origin::Found } else { Origin::Asked },
        privileged: privileged.collect::<BTreeSet<ChangeId>>(),
        basis: basis::basis(graph, &changes),
        changes,
        left_alone,
    })
}

/// A wish that can be fulfilled: where, how, and by which way.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    pub(super) subject: Subject,
    pub(super) instance: InstanceName,
    pub(super) account: Option<AccountKey>,
    pub(super) identity: Option<IdentityId>,
    pub(super) op: Op,
    pub(super) picked: Picked,
    pub(super) because: String,
    pub(super) heir: Option<IdentityId>,
}

/// What a wish comes to, or why it is left alone.
fn aim(graph: &Graph, reach: &BTreeMap<InstanceName, Reach>, wish: &Wish) -> Result<Aim, String> {
    if wish.want == Want::Leave {
        return Err(wish.because.clone());
    }
    match &wish.subject {
        Subject::Account { account } => aim_at_account(graph, reach, wish, account),
        Subject::Assignment { identity, instance } => {
            aim_at_assignment(graph, reach, wish, Some(identity), instance)
        }
        Subject::Resource { instance, .. } => aim_at_assignment(graph, reach, wish, None, instance),
        _ => Err("A wish must be about one account or one missing account.".to_owned()),
    }
}

fn aim_at_account(
    graph: &Graph,
    reach: &BTreeMap<InstanceName, Reach>,
    wish: &Wish,
    at: &AccountRef,
) -> Result<Aim, String> {
    let Some((account, link)) = graph.account(at) else {
        return Err(format!("{} held no such account when it was last read.", at.instance));
    };
    if !matches!(wish.asked, Asked::Person { .. } | Asked::Push { .. }) {
        sure(link)?;
    }
    let reach =
        reach.get(&at.instance).ok_or_else(|| no_route(&at.instance, "change anything", ""))?;
    let (op, picked) = match &wish.want {
        Want::Act { op } => (op.clone(), pick(reach, &at.instance, op)?),
        Want::Close => close(reach, &at.instance)?,
        Want::Leave => return Err(wish.because.clone()),
    };
    not_so_yet(account, &op)?;
    Ok(Aim {
        subject: wish.subject.clone(),
        instance: at.instance.clone(),
        account: Some(at.key.clone()),
        identity: link.owner().cloned(),
        op,
        picked,
        because: wish.because.clone(),
        heir: wish.heir.clone(),
    })
}

fn aim_at_assignment(
    graph: &Graph,
    reach: &BTreeMap<InstanceName, Reach>,
    wish: &Wish,
    identity: Option<&IdentityId>,
    instance: &InstanceName,
) -> Result<Aim, String> {
    if identity.is_some_and(|identity| graph.identity(identity).is_none()) {
        return Err("The person is no longer known.".to_owned());
    }
    if wish.want == Want::Close && graph.views().get(instance).is_some_and(|view| !view.is_read) {
        return aim_unseen(reach, wish, identity, instance);
    }
    let Want::Act { op: Op::Create { profile } } = &wish.want else {
        return Err("The person has no account there that could be changed.".to_owned());
    };
    free(graph, identity, instance, profile)?;
    let op = Op::Create { profile: profile.clone() };
    let reach = reach.get(instance).ok_or_else(|| no_route(instance, "create", ""))?;
    let picked = pick(reach, instance, &op)?;
    Ok(Aim {
        subject: wish.subject.clone(),
        instance: instance.clone(),
        account: None,
        identity: identity.cloned(),
        op,
        picked,
        because: wish.because.clone(),
        heir: None,
    })
}

/// To close whatever somebody has where nothing is read. Only a person can look whether there is
/// anything, so no other way will do.
fn aim_unseen(
    reach: &BTreeMap<InstanceName, Reach>,
    wish: &Wish,
    identity: Option<&IdentityId>,
    instance: &InstanceName,
) -> Result<Aim, String> {
    let ways = reach.get(instance).map(|reach| &reach.routes[..]).unwrap_or_default();
    let routes = ways.iter().filter(|way| way.channel == HUMAN).cloned().collect();
    let (op, picked) = close(&Reach { routes }, instance)?;
    Ok(Aim {
        subject: wish.subject.clone(),
        instance: instance.clone(),
        account: None,
        identity: identity.cloned(),
        op,
        picked,
        because: wish.because.clone(),
        heir: wish.heir.clone(),
    })
}

/// Whether it is sure enough whose account it is to touch it without a person naming it.
fn sure(link: &Link) -> Result<(), String> {
    match &link.state {
        LinkState::Suggested { candidates } if candidates.len() > 1 => {
            return Err("It is not sure whose account it is: several people may own it. Confirm \
                        the owner first."
                .to_owned());
        }
        LinkState::Suggested { .. } => {
            return Err(
                "It is only suggested whose account it is. Confirm the owner first.".to_owned()
            );
        }
        LinkState::None => {
            return Err(
                "Nobody is known to own it. Name the account itself to change it.".to_owned()
            );
        }
        LinkState::Auto { .. } | LinkState::Confirmed { .. } => {}
    }
    let what = match link.kind {
        AccountKind::Personal | AccountKind::Admin | AccountKind::Unknown => return Ok(()),
        AccountKind::Service => "a machine's",
        AccountKind::Shared => "shared by several people",
        AccountKind::Mailbox => "a mailbox",
        AccountKind::Agent => "an agent's",
    };
    Err(format!(
        "The account is {what}; others may depend on it. Give it a new owner, or name the account \
         itself to change it."
    ))
}

/// What can be taken back where anything can, and suspending before removing: an app may delete whom it
/// is told to suspend.
fn close(reach: &Reach, instance: &InstanceName) -> Result<(Op, Picked), String> {
    let ways = [Op::Suspend, Op::Remove];
    let found = ways.into_iter().filter_map(|op| reach.route_for(&op).map(|p| (op, p)));
    let best = found.min_by_key(|(_, picked)| !picked.ability.reversible);
    let why = || reach.why_not(&[Verb::Suspend, Verb::Remove]);
    best.ok_or_else(|| no_route(instance, "suspend or remove", &why()))
}

fn pick(reach: &Reach, instance: &InstanceName, op: &Op) -> Result<Picked, String> {
    let why = || reach.why_not(&[op.word()]);
    reach.route_for(op).ok_or_else(|| no_route(instance, op.verb(), &why()))
}

/// `why`: what is known of the reason, or nothing.
fn no_route(instance: &InstanceName, what: &str, why: &str) -> String {
    let told = format!("No channel to {instance} can {what}; it must be done there by hand. {why}");
    told.trim_end().to_owned()
}

/// Refuses a wish that is fulfilled already or that cannot make sense on this account.
fn not_so_yet(account: &Account, op: &Op) -> Result<(), String> {
    let state = account.state;
    match op {
        Op::Create { .. } => Err("The account is there already.".to_owned()),
        _ if state == State::Gone => Err("The account is gone already.".to_owned()),
        Op::Suspend if state == State::Suspended => Err("It is suspended already.".to_owned()),
        Op::Reactivate if state.is_open() => Err("It is open already.".to_owned()),
        Op::Update { set } if set.iter().all(|(k, v)| crate::step::attribute(account, k) == *v) => {
            Err("Its attributes are so already.".to_owned())
        }
        Op::Grant { entitlement } if crate::step::holds(account, entitlement) => {
            Err(format!("It has {entitlement} already."))
        }
        Op::Revoke { entitlement } => revocable(account, entitlement),
        _ => Ok(()),
    }
}

/// A right that came through another one can only be taken away there.
fn revocable(account: &Account, entitlement: &str) -> Result<(), String> {
    if !crate::step::holds(account, entitlement) {
        return Err(format!("It does not have {entitlement} any more."));
    }
    let own: Vec<_> = account.grants.iter().filter(|g| g.entitlement == entitlement).collect();
    match own.first() {
        Some(first) if own.iter().all(|grant| !grant.via.is_empty()) => {
            Err(format!("It has {entitlement} through {}; revoke that.", first.via))
        }
        _ => Ok(()),
    }
}

/// Whether an account can be made, for this identity where one is known, without doubling one.
fn free(
    graph: &Graph,
    identity: Option<&IdentityId>,
    instance: &InstanceName,
    profile: &Profile,
) -> Result<(), String> {
    if profile.login.trim().is_empty() {
        return Err("No login is known for the new account, and none is guessed.".to_owned());
    }
    let here = |a: &Account| a.instance == *instance && a.state != State::Gone;
    let theirs = identity.into_iter().flat_map(|identity| graph.accounts_of(identity));
    if let Some((account, _)) = theirs.into_iter().find(|(a, _)| here(a)) {
        let (login, state) = (&account.login, account.state.word());
        return Err(format!("The person has the {state} account {login} there already."));
    }
    let login = shown_login_key(&profile.login);
    let taken = |a: &Account| here(a) && shown_login_key(&a.login) == login;
    match graph.accounts().any(|(account, _)| taken(account)) {
        true => Err(format!("The login {} is taken there by another account.", profile.login)),
        false => Ok(()),
    }
}

fn change(graph: &Graph, aim: Aim) -> Change {
    let account = aim.account.as_ref().and_then(|key| {
        graph.account(&AccountRef { instance: aim.instance.clone(), key: key.clone() })
    });
    let expects = account.map_or_else(Expects::default, |(account, _)| Expects {
        login: account.login.clone(),
        state: Some(account.state),
    });
    let label = match (&aim.op, account) {
        (_, Some((account, _))) => label(&account.login, &account.display_name),
        (Op::Create { profile }, None) => label(&profile.login, &profile.display_name),
        (_, None) => subject_label(graph, &aim.subject),
    };
    let ability = aim.picked.ability;
    let inherits = ability.hands_over && aim.op.takes_away();
    let heir =
        aim.heir.filter(|_| inherits).and_then(|heir| heirs_account(graph, &heir, &aim.instance));
    Change {
        id: ChangeId::default(),
        stage: stage(&aim.op, ability.reversible),
        instance: aim.instance,
        account: aim.account,
        identity: aim.identity,
        label,
        op: aim.op,
        expects,
        route: aim.picked.route,
        reversible: ability.reversible,
        because: aim.because,
        heir,
        harms: ability.harms,
    }
    .identified()
}

/// The one account that the heir can use there; `None` if there is none, or more than one.
fn heirs_account(graph: &Graph, heir: &IdentityId, instance: &InstanceName) -> Option<AccountKey> {
    let theirs = graph.accounts_of(heir);
    let mut here = theirs.filter(|(account, link)| {
        account.instance == *instance && account.state == State::Active && sure(link).is_ok()
    });
    let (account, _) = here.next()?;
    here.next().is_none().then(|| account.key.clone())
}

/// Giving comes first, what cannot be taken back comes last.
fn stage(op: &Op, reversible: bool) -> Stage {
    match op.word() {
        _ if op.takes_away() && !reversible => Stage::Remove,
        Verb::Create | Verb::Update | Verb::Reactivate | Verb::Grant => Stage::Give,
        Verb::Suspend => Stage::Cut,
        Verb::Revoke => Stage::Tidy,
        Verb::Remove => Stage::Remove,
    }
}

fn order(change: &Change) -> (Stage, &InstanceName, &Option<AccountKey>, Verb, &ChangeId) {
    (change.stage, &change.instance, &change.account, change.op.word(), &change.id)
}

fn is_privileged(graph: &Graph, change: &Change) -> bool {
    let admin = |right: &str| is_admin_right(graph, &change.instance, right);
    if let Op::Grant { entitlement } | Op::Revoke { entitlement } = &change.op {
        return admin(entitlement);
    }
    let account = change.account_ref().and_then(|account| graph.account(&account));
    account.is_some_and(|(account, _)| admin_rights(graph, account).next().is_some())
}

/// Whether a role or entitlement counts as administrator in an instance.
pub(crate) fn is_admin_right(graph: &Graph, instance: &InstanceName, right: &str) -> bool {
    graph.views().get(instance).is_some_and(|view| view.is_admin_right(right))
}

/// The rights of an account that make it an administrator's, by name as the instance gives them.
pub(crate) fn admin_rights<'a>(
    graph: &'a Graph,
    account: &'a Account,
) -> impl Iterator<Item = &'a str> {
    let roles = account.roles.iter().map(String::as_str);
    let grants = account.grants.iter().map(|grant| grant.entitlement.as_str());
    roles.chain(grants).filter(|right| is_admin_right(graph, &account.instance, right))
}

fn leave(graph: &Graph, subject: &Subject, because: String) -> LeftAlone {
    LeftAlone { label: subject_label(graph, subject), subject: subject.clone(), because }
}

fn subject_label(graph: &Graph, subject: &Subject) -> String {
    let of_account = |at: &AccountRef| match graph.account(at) {
        Some((account, _)) => label(&account.login, &account.display_name),
        None => at.key.to_string(),
    };
    match subject {
        Subject::Account { account } => of_account(account),
        Subject::Grant { account, entitlement } => {
            format!("{entitlement} of {}", of_account(account))
        }
        Subject::Accounts { left, right } => {
            format!("{} and {}", of_account(left), of_account(right))
        }
        Subject::Alike { .. } => subject.to_string(),
        Subject::Records { left, right } => format!("{left} and {right}"),
        Subject::Assignment { identity, .. } => {
            graph.identity(identity).map_or_else(|| identity.to_string(), |i| i.name.clone())
        }
        Subject::Resource { resource, .. } => resource.clone(),
        Subject::Token { token, .. } => token.clone(),
        Subject::Task { task, .. } => task.to_string(),
        Subject::Instance { instance } => instance.to_string(),
        Subject::Source { source } => source.to_string(),
    }
}

/// The account as people know it: login and shown name.
fn label(login: &str, name: &str) -> String {
    match (login.trim(), name.trim()) {
        (login, "") => login.to_owned(),
        ("", name) => name.to_owned(),
        (login, name) => format!("{login} ({name})"),
    }
}
