//! What was promised against what was seen.

use crate::account::Account;
use crate::canonical::fold;
use crate::change::{Change, Expects, Op, Profile};

use super::{Found, Seen, Verdict};

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

/// Whether nothing needs to be sent any more.
pub fn already_so(change: &Change, seen: &Seen) -> bool {
    match (&change.op, seen) {
        // Another person's account with the login that ours was to get is not ours.
        (Op::Create { profile }, Seen::Present { account }) => is_ours(profile, account),
        _ => judge(change, seen) == Verdict::Confirmed,
    }
}

/// Whether what the change expects still holds; otherwise what was expected and what was seen.
pub fn fits(change: &Change, seen: &Seen) -> Result<(), String> {
    let Expects { login, state } = &change.expects;
    match (&change.op, seen) {
        (_, Seen::Unobservable { why, .. }) => Err(format!("It could not be looked at: {why}")),
        (Op::Create { .. }, Seen::Absent) => Ok(()),
        (Op::Create { profile }, Seen::Present { account }) => Err(format!(
            "The login {} was to be free, and the account {} of somebody else has it.",
            profile.login, account.key
        )),
        (_, Seen::Absent) => Err(format!("The account {login} is not there any more.")),
        (_, Seen::Present { account }) => {
            if change.account.as_ref().is_some_and(|key| *key != account.key) {
                return Err(format!("Another account was seen: {}.", account.key));
            }
            if !login.is_empty() && fold(login) != fold(&account.login) {
                return Err(format!("The login was {login} and is now {}.", account.login));
            }
            match state {
                Some(was) if *was != account.state && was.is_open() != account.state.is_open() => {
                    Err(format!("It was {} and is now {}.", was.word(), account.state.word()))
                }
                _ => Ok(()),
            }
        }
    }
}

/// What a look before sending comes to, for [`super::Recorded::Looked`].
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

/// The attribute of an account under its SCIM core name, or empty text. Names that SCIM does not
/// know are looked up in [`Account::attributes`].
pub fn attribute(account: &Account, name: &str) -> String {
    let text: &str = match name {
        "userName" => &account.login,
        "displayName" => &account.display_name,
        "name.givenName" => &account.given_name,
        "name.familyName" => &account.family_name,
        "externalId" => &account.external_id,
        "employeeNumber" => &account.worker_number,
        "department" => &account.unit,
        "emails" => account.emails.first().map_or("", |e| &e.address),
        "title" => account.attribute("job_title"),
        other => account.attribute(other),
    };
    text.to_owned()
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

fn created(profile: &Profile, account: &Account) -> Result<(), String> {
    if is_ours(profile, account) || same(&profile.login, &account.login) {
        return Ok(());
    }
    Err(format!("The account seen is {}, not {}.", account.login, profile.login))
}

/// The same external id; where the vendor keeps none, the same login.
fn is_ours(profile: &Profile, account: &Account) -> bool {
    match account.external_id.as_str() {
        "" => same(&profile.login, &account.login),
        id => id == profile.external_id,
    }
}

fn same(left: &str, right: &str) -> bool {
    !left.trim().is_empty() && fold(left) == fold(right)
}

/// Logins and addresses are compared as such; all else byte for byte.
fn updated(account: &Account, name: &str, value: &str) -> Result<(), String> {
    let seen = match name {
        "emails" if account.emails.iter().any(|e| same(&e.address, value)) => return Ok(()),
        "userName" if same(&account.login, value) => return Ok(()),
        _ => attribute(account, name),
    };
    if seen == value {
        return Ok(());
    }
    Err(format!("{name} was to be \"{value}\" and is \"{seen}\"."))
}
