//! Several wishes about one account: equal ones become one, contradicting ones are refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::canonical::shown_login_key;
use crate::change::{Op, Verb};
use crate::finding::Subject;
use crate::id::InstanceName;

use super::make::Aim;

/// What is left of the wishes.
pub(super) struct Settled {
    pub(super) kept: Vec<Aim>,
    /// What was dropped and why. An aim that says the same as another is not named here.
    pub(super) dropped: Vec<(Subject, String)>,
}

/// Settles all aims, account by account.
pub(super) fn settle(aims: Vec<Aim>) -> Settled {
    let mut settled = Settled { kept: Vec::new(), dropped: Vec::new() };
    let mut groups: BTreeMap<(InstanceName, String), Vec<Aim>> = BTreeMap::new();
    for aim in aims {
        groups.entry((aim.instance.clone(), about(&aim))).or_default().push(aim);
    }
    for group in groups.into_values() {
        settle_one(group, &mut settled);
    }
    refuse_shared_logins(&mut settled);
    settled
}

/// What an aim is about: an account, or the person or resource that has none.
fn about(aim: &Aim) -> String {
    match (&aim.account, &aim.identity) {
        (Some(key), _) => format!("account {key}"),
        (None, Some(identity)) => format!("identity {identity}"),
        (None, None) => format!("resource {}", aim.subject),
    }
}

fn settle_one(mut aims: Vec<Aim>, settled: &mut Settled) {
    // The order in which wishes were made decides nothing.
    aims.sort_by(|a, b| a.because.cmp(&b.because));
    let (unique, mut dropped) = merge(aims);
    let mut ops: Vec<Op> = unique.iter().map(|aim| aim.op.clone()).collect();
    // The strongest reason to drop something is that the account is removed.
    ops.sort_by_key(|op| (op.word() != Verb::Remove, op.word()));
    for aim in unique {
        match ops.iter().find_map(|other| against(&aim.op, other)) {
            Some(why) => dropped.push((aim.subject, why)),
            None => settled.kept.push(aim),
        }
    }
    settled.dropped.append(&mut dropped);
}

/// Makes equal wishes one and joins updates of different attributes. The reason of the first stays,
/// and others are added to it.
fn merge(aims: Vec<Aim>) -> (Vec<Aim>, Vec<(Subject, String)>) {
    let mut unique: Vec<Aim> = Vec::new();
    let torn = torn_attributes(&aims);
    let mut dropped = Vec::new();
    for mut aim in aims {
        if let Op::Update { set } = &mut aim.op {
            let before = set.len();
            set.retain(|attribute, _| !torn.contains(attribute));
            if set.len() < before {
                dropped.push((
                    aim.subject.clone(),
                    "Two wishes set one attribute to different \
                    values, so it is not set. Ask for one of them."
                        .to_owned(),
                ));
            }
            if set.is_empty() {
                continue;
            }
        }
        match unique.iter().position(|kept| same_kind(&kept.op, &aim.op)) {
            Some(at) => join(&mut unique[at], aim),
            None => unique.push(aim),
        }
    }
    (unique, dropped)
}

/// The attributes that two wishes set differently.
fn torn_attributes(aims: &[Aim]) -> BTreeSet<String> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for aim in aims {
        if let Op::Update { set } = &aim.op {
            for (attribute, value) in set {
                wanted.entry(attribute).or_default().insert(value);
            }
        }
    }
    wanted.into_iter().filter(|(_, values)| values.len() > 1).map(|(a, _)| a.to_owned()).collect()
}

/// Whether the two can be one change: the same operation, or updates.
fn same_kind(kept: &Op, other: &Op) -> bool {
    kept == other || matches!((kept, other), (Op::Update { .. }, Op::Update { .. }))
}

/// Takes over the reason of `aim`, and its attributes where it is an update.
fn join(kept: &mut Aim, aim: Aim) {
    if !kept.because.contains(&aim.because) {
        kept.because = format!("{} {}", kept.because, aim.because);
    }
    if let (Op::Update { set }, Op::Update { set: more }) = (&mut kept.op, aim.op) {
        set.extend(more);
    }
}

/// Why `op` cannot stand beside `other`, if it cannot.
fn against(op: &Op, other: &Op) -> Option<String> {
    let torn = || {
        Some(format!(
            "One wish is to {} it and another to {} it. Ask for one.",
            op.verb(),
            other.verb()
        ))
    };
    match (op, other) {
        (Op::Create { profile }, Op::Create { profile: asked }) if profile != asked => Some(
            "Two wishes make this account with different facts. Ask for one of them.".to_owned(),
        ),
        (Op::Grant { entitlement: a }, Op::Revoke { entitlement: b })
        | (Op::Revoke { entitlement: a }, Op::Grant { entitlement: b })
            if a == b =>
        {
            Some(format!("One wish grants {a} and another revokes it. Ask for one of them."))
        }
        (Op::Suspend, Op::Remove) => Some("It is removed, which another wish asks for.".to_owned()),
        (Op::Update { .. } | Op::Grant { .. } | Op::Revoke { .. }, Op::Remove) => {
            Some("The account is removed by another wish, and this goes with it.".to_owned())
        }
        (Op::Grant { .. }, Op::Suspend) => {
            Some("The account is suspended by another wish and gets no new rights.".to_owned())
        }
        (a, b) => match (a.word(), b.word()) {
            (Verb::Reactivate, Verb::Suspend | Verb::Remove)
            | (Verb::Suspend | Verb::Remove, Verb::Reactivate) => torn(),
            _ => None,
        },
    }
}

/// Two people cannot both get the same login in one instance.
fn refuse_shared_logins(settled: &mut Settled) {
    let login = |aim: &Aim| match &aim.op {
        Op::Create { profile } => Some((aim.instance.clone(), shown_login_key(&profile.login))),
        _ => None,
    };
    let mut uses: BTreeMap<(InstanceName, String), u32> = BTreeMap::new();
    for key in settled.kept.iter().filter_map(login) {
        *uses.entry(key).or_default() += 1;
    }
    let (kept, refused) = std::mem::take(&mut settled.kept)
        .into_iter()
        .partition(|aim| login(aim).is_none_or(|key| uses[&key] == 1));
    settled.kept = kept;
    settled.dropped.extend(Vec::into_iter(refused).map(|aim| {
        (
            aim.subject,
            "Two people would get the same login there. Give one of them another work \
            e-mail address at the source."
                .to_owned(),
        )
    }));
}
