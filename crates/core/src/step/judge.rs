//! What was promised against what was seen.

use crate::account::Account;
use crate::canonical::{fold, same_login};
use crate::change::{Change, Expects, Op, Profile};

use super::{Attribute, Field, Found, Recorded, Seen, Verdict, attribute};

/// Whether what was seen is what the change promised.
pub fn judge(change: &Change, seen: &Seen) -> Verdict {
    let promised = match seen {
        Seen::Unobservable { why, .. } => return Verdict::Unobservable { why: why.clone() },
        Seen::Absent => if_absent(&change.op),
        Seen::Present { account } => if_present(&change.op, account),
    };
    match promised {
        Ok(()) => Verdict::Confirmed,
        Err(why) => Verdict::Contradicted { why },
    }
}

/// Whether nothing needs to be sent. An account that is there before we made one is only taken for
/// the one to be made where it carries our external id: a login proves nothing, because somebody
/// else may have made the account, for somebody else.
fn already_so(change: &Change, seen: &Seen) -> bool {
    match (&change.op, seen) {
        (Op::Create { profile }, Seen::Present { account }) => carries_our_id(profile, account),
        _ => judge(change, seen) == Verdict::Confirmed,
    }
}

/// Whether what the change expects still holds; otherwise what was expected and what was seen.
pub fn fits(change: &Change, seen: &Seen) -> Result<(), String> {
    let Expects { login, state } = &change.expects;
    match (&change.op, seen) {
        (_, Seen::Unobservable { why, .. }) => Err(format!("It could not be looked at: {why}")),
        (Op::Create { .. }, Seen::Absent) => Ok(()),
        (Op::Create { profile }, Seen::Present { account }) => Err(in_the_way(profile, account)),
        (_, Seen::Absent) => Err(format!("The account {login} is not there any more.")),
        (_, Seen::Present { account }) => {
            if change.account.as_ref().is_some_and(|key| *key != account.key) {
                return Err(format!("Another account was seen: {}.", account.key));
            }
            if !login.is_empty() && !same_login(login, &account.login) {
                return Err(format!("The login was {login} and is now {}.", account.login));
            }
            match state {
                // A right is taken away from an account that was suspended meanwhile just as well,
                // and one plan may do both.
                _ if matches!(change.op, Op::Revoke { .. }) => Ok(()),
                Some(was) if *was != account.state && was.is_open() != account.state.is_open() => {
                    Err(format!("It was {} and is now {}.", was.word(), account.state.word()))
                }
                _ => Ok(()),
            }
        }
    }
}

/// What a look before sending comes to, for [`super::Recorded::Looked`], when nothing is known of
/// earlier tries.
pub fn found(change: &Change, seen: &Seen) -> Found {
    if let Seen::Unobservable { why, retry_at } = seen {
        return Found::Unobservable { why: why.clone(), retry_at: *retry_at };
    }
    if already_so(change, seen) {
        return Found::AlreadySo;
    }
    match fits(change, seen) {
        Ok(()) => Found::Fits,
        Err(why) => Found::Differs { why },
    }
}

/// What a look before sending comes to after what was `recorded`.
///
/// It differs from [`found`] for a create of which nobody knows whether it happened. The account may
/// then be our own although it carries no external id: if we saw the login free right before we sent
/// the create, and the instance, as far as was ever seen, keeps no external ids at all
/// (`keeps_external_ids` is false). Where it keeps them, ours would carry one, so an account without
/// was made by somebody else in the same moment.
pub fn found_after(
    change: &Change,
    seen: &Seen,
    recorded: &[Recorded],
    keeps_external_ids: bool,
) -> Found {
    if let (Op::Create { profile }, Seen::Present { account }) = (&change.op, seen)
        && !keeps_external_ids
        && account.external_id.is_empty()
        && same_login(&profile.login, &account.login)
        && was_sent_into_a_free_place(recorded)
    {
        return Found::AlreadySo;
    }
    found(change, seen)
}

/// Whether the last look before the first try found nothing in the way.
fn was_sent_into_a_free_place(recorded: &[Recorded]) -> bool {
    let sent = recorded.iter().position(|record| matches!(record, Recorded::Intended { .. }));
    let before = sent.map_or(&[][..], |at| &recorded[..at]);
    matches!(before.last(), Some(Recorded::Looked { found: Found::Fits, .. }))
}

/// Whether an account has a right, as a role or as a grant, directly or through another one.
pub fn holds(account: &Account, entitlement: &str) -> bool {
    account.roles.iter().any(|role| role == entitlement)
        || account.grants.iter().any(|grant| grant.entitlement == entitlement)
}

fn if_absent(op: &Op) -> Result<(), String> {
    match op {
        Op::Suspend | Op::Remove | Op::Revoke { .. } => Ok(()),
        Op::Create { profile } => Err(format!("The account {} is not there.", profile.login)),
        Op::Update { .. } | Op::Reactivate | Op::Grant { .. } => {
            Err("The account is not there any more.".to_owned())
        }
    }
}

fn if_present(op: &Op, account: &Account) -> Result<(), String> {
    let state = account.state;
    match op {
        Op::Create { profile } => created(profile, account),
        Op::Update { set } => {
            set.iter().try_for_each(|(name, value)| updated(account, name, value))
        }
        Op::Suspend if state.is_open() => Err(format!("It is still {}.", state.word())),
        Op::Remove if state.is_open() => Err(format!("It is still there and {}.", state.word())),
        Op::Remove if state != crate::account::State::Gone => {
            Err("It is only suspended: nobody gets in, but the account and perhaps its seat are \
                 still there."
                .to_owned())
        }
        Op::Reactivate if !state.is_open() => Err(format!("It is still {}.", state.word())),
        Op::Suspend | Op::Remove | Op::Reactivate => Ok(()),
        Op::Grant { entitlement } if !holds(account, entitlement) => {
            Err(format!("It does not have {entitlement}."))
        }
        Op::Revoke { entitlement } if holds(account, entitlement) => {
            let grant = account.grants.iter().find(|g| g.entitlement == *entitlement);
            match grant.map(|g| g.via.as_str()).filter(|via| !via.is_empty()) {
                Some(via) => Err(format!("It still has {entitlement}, through {via}.")),
                None => Err(format!("It still has {entitlement}.")),
            }
        }
        Op::Grant { .. } | Op::Revoke { .. } => Ok(()),
    }
}

/// After our own create a vendor that keeps no external ids is believed by the login.
fn created(profile: &Profile, account: &Account) -> Result<(), String> {
    let is_named_so = same(&profile.login, &account.login);
    if carries_our_id(profile, account) || (account.external_id.is_empty() && is_named_so) {
        return Ok(());
    }
    match is_named_so {
        true => Err(format!(
            "The account {} has the login {} and carries the external id {}, not ours.",
            account.key, account.login, account.external_id
        )),
        false => Err(format!("The account seen is {}, not {}.", account.login, profile.login)),
    }
}

fn carries_our_id(profile: &Profile, account: &Account) -> bool {
    !profile.external_id.is_empty() && account.external_id == profile.external_id
}

/// Why nothing is made beside `account`, and what a human is to do.
fn in_the_way(profile: &Profile, account: &Account) -> String {
    let carries = match account.external_id.as_str() {
        "" => "carries no external id".to_owned(),
        id => format!("carries the external id {id}"),
    };
    format!(
        "The login {} was to be free, and the account {} ({}) is there already, is {} and \
         {carries}, so nothing proves whose it is. If it is this person's, link it to them by hand; \
         if not, give one of the two another login. Then plan again.",
        profile.login,
        account.account_ref(),
        account.login,
        account.state.word(),
    )
}

fn same(left: &str, right: &str) -> bool {
    !left.trim().is_empty() && fold(left) == fold(right)
}

/// Whether the account shows this value of an attribute, as a look after setting it would judge.
pub fn shows(account: &Account, name: &str, value: &str) -> bool {
    updated(account, name, value).is_ok()
}

/// Logins and addresses are compared as such; all else byte for byte.
fn updated(account: &Account, name: &str, value: &str) -> Result<(), String> {
    let seen = attribute(account, name);
    let is_so = match Attribute::named(name).map(|row| row.field) {
        Some(Field::Address) => {
            seen == value || account.emails.iter().any(|e| same(&e.address, value))
        }
        Some(Field::Login) => same_login(&seen, value),
        _ => seen == value,
    };
    if is_so {
        return Ok(());
    }
    Err(format!("{name} was to be \"{value}\" and is \"{seen}\"."))
}
