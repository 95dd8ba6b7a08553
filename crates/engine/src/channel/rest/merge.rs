//! One account out of what several lists say of it. Pure.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rollbook_core::account::{Account, State};
use rollbook_core::id::AccountKey;

use super::account::{Read, Told};
use crate::channel::membership::add_grant;

/// Accounts by key, put together from any number of lists.
#[derive(Debug, Default)]
pub struct Merged {
    reads: BTreeMap<AccountKey, Read>,
    /// Whether an account was in more than one list.
    pub overlapped: bool,
}

impl Merged {
    /// Puts in what a list says. Where two lists know the same account, the earlier one is believed,
    /// the later one fills in what the earlier one leaves open, and the state is the one that a rule
    /// says; where two rules disagree, it is the one that lets in more.
    pub fn add(&mut self, read: Read) {
        match self.reads.entry(read.account.key.clone()) {
            Entry::Vacant(place) => {
                place.insert(read);
            }
            Entry::Occupied(mut place) => {
                self.overlapped = true;
                merge(place.get_mut(), read);
            }
        }
    }

    /// The account with this key.
    pub fn get(&self, key: &AccountKey) -> Option<&Read> {
        self.reads.get(key)
    }

    /// All of them, by key.
    pub fn reads(&self) -> impl Iterator<Item = &Read> {
        self.reads.values()
    }

    /// The accounts by key.
    pub fn into_accounts(self) -> BTreeMap<AccountKey, Account> {
        self.reads.into_iter().map(|(key, read)| (key, read.account)).collect()
    }
}

fn merge(kept: &mut Read, other: Read) {
    if (other.told, openness(other.account.state)) > (kept.told, openness(kept.account.state)) {
        kept.account.state = other.account.state;
        kept.told = other.told;
    }
    let Account { login, display_name, given_name, family_name, emails, .. } = other.account;
    let account = &mut kept.account;
    let texts = [
        (&mut account.login, login),
        (&mut account.display_name, display_name),
        (&mut account.given_name, given_name),
        (&mut account.family_name, family_name),
        (&mut account.worker_number, other.account.worker_number),
        (&mut account.external_id, other.account.external_id),
        (&mut account.type_hint, other.account.type_hint),
        (&mut account.seat, other.account.seat),
    ];
    for (ours, theirs) in texts {
        if ours.is_empty() {
            *ours = theirs;
        }
    }
    for email in emails {
        if !account.emails.iter().any(|known| known.address == email.address) {
            account.emails.push(email);
        }
    }
    for role in other.account.roles {
        if !account.roles.contains(&role) {
            account.roles.push(role);
        }
    }
    for grant in other.account.grants {
        add_grant(&mut account.grants, &grant.entitlement, &grant.via);
    }
    account.created = account.created.or(other.account.created);
    account.last_seen = account.last_seen.max(other.account.last_seen);
}

/// How much an account in this state must be feared.
fn openness(state: State) -> u8 {
    match state {
        State::Active => 3,
        State::Invited => 2,
        State::Suspended => 1,
        State::Gone => 0,
    }
}

/// Why a list with such accounts is not whole, if it has any.
pub fn doubt(reads: &Merged) -> Option<String> {
    let unread: Vec<_> = reads.reads().filter(|read| read.told == Told::Nothing).collect();
    let first = unread.first()?;
    let others = match unread.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if unread.len() == 1 { "is" } else { "are" };
    Some(format!(
        "What the instance says of the state of {}{others} is not understood; it {verb} taken for \
         active.",
        first.account.key
    ))
}
