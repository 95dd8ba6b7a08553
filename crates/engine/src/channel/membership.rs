//! Who is in which group, said by the accounts, by the groups, or by both. Pure.

use std::collections::BTreeMap;

use rollbook_core::account::{Account, Grant, Group};
use rollbook_core::id::AccountKey;

/// Puts what the accounts say about their groups into the groups; `accounts` by key. Whether any
/// account says anything: then the vendor shows membership there.
pub fn add_to_groups(accounts: &BTreeMap<AccountKey, Account>, groups: &mut [Group]) -> bool {
    let mut told = false;
    for group in groups {
        let says_so = |account: &&Account| {
            account.grants.iter().any(|g| g.via.is_empty() && g.entitlement == group.key)
        };
        let before = group.members.len();
        group.members.extend(accounts.values().filter(says_so).map(|a| a.key.clone()));
        told |= group.members.len() > before;
        group.members.sort_unstable();
        group.members.dedup();
    }
    told
}

/// Puts what the groups say about membership into the accounts' grants. `accounts` by key.
pub fn add_members(accounts: &mut BTreeMap<AccountKey, Account>, groups: &[Group]) {
    for group in groups {
        for member in &group.members {
            if let Some(account) = accounts.get_mut(member) {
                add_grant(&mut account.grants, &group.key, "");
            }
        }
    }
}

/// Adds a grant; one that is held directly is not held through something else as well.
pub fn add_grant(grants: &mut Vec<Grant>, entitlement: &str, via: &str) {
    let grant = Grant { entitlement: entitlement.into(), via: via.into(), ..Grant::default() };
    match grants.iter_mut().find(|g| g.entitlement == entitlement) {
        Some(held) if via.is_empty() => *held = grant,
        Some(_) => {}
        None => {
            grants.push(grant);
            grants.sort_unstable();
        }
    }
}
