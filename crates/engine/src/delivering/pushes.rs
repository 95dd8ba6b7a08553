//! What identity providers pushed, as the findings about them need it.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_core::account::Account;
use rollbook_core::canonical::looks;
use rollbook_core::finding::{PushedAccount, PushedUser, Pushes, Token};
use rollbook_core::id::{AccountKey, InstanceName};
use rollbook_scim::server::ResourceType;

use super::scope::pushed;
use crate::config::ALL;
use crate::engine::Engine;
use crate::error::Result;
use crate::push::{self, MCP};
use crate::store::Reading;
use crate::store::scim::DeliveryState;

impl Engine {
    /// The accounts that pushed resources are known to mean, the pushed logins that may look like
    /// others, and the tokens that were not revoked.
    pub(crate) fn pushes(&self, book: &Reading<'_>, accounts: &[Account]) -> Result<Pushes> {
        let mut pushes = Pushes { tokens: tokens(book)?, ..Pushes::default() };
        for instance in &self.config.instances {
            let claims = book.claims(instance.name.as_str())?;
            if claims.is_empty() {
                continue;
            }
            let settable = instance.settable();
            let mut claims: BTreeMap<_, _> =
                claims.into_iter().map(|row| (row.resource.clone(), row)).collect();
            book.live_resources(instance.name.as_str(), ResourceType::User, |resource| {
                let Some(claim) = claims.remove(&resource.id) else { return Ok(()) };
                let Some(key) = claim.account else { return Ok(()) };
                let said = pushed(&resource, &claim.by)?;
                let attributes = said.attributes.into_iter();
                let verified = claim.state == DeliveryState::Verified;
                pushes.accounts.push(PushedAccount {
                    instance: instance.name.clone(),
                    account: AccountKey::new(key),
                    idp: claim.by,
                    resource: resource.id,
                    active: said.active,
                    attributes: attributes
                        .filter(|(name, _)| settable.contains(name.as_str()))
                        .collect(),
                    verified_at: verified.then_some(claim.state_at),
                });
                Ok(())
            })?;
            pushes.instances.insert(instance.name.clone());
        }
        let names = self.config.instances.iter().map(|instance| instance.name.clone());
        for endpoint in names.chain([InstanceName::from(ALL)]) {
            pushes.users.extend(misleading(book, &endpoint, accounts)?);
        }
        Ok(pushes)
    }
}

/// The Users of an endpoint with a login that is not of plain letters, or that looks like such a
/// one; the others, nearly all, are not held.
fn misleading(
    book: &Reading<'_>,
    endpoint: &InstanceName,
    accounts: &[Account],
) -> Result<Vec<PushedUser>> {
    let here = accounts.iter().filter(|account| account.instance == *endpoint);
    let odd = here.map(|account| account.login.as_str()).filter(|login| !login.is_ascii());
    let mut odd: BTreeSet<String> = odd.flat_map(looks).collect();
    book.live_logins(endpoint.as_str(), |_, login| {
        if !login.is_ascii() {
            odd.extend(looks(login));
        }
        Ok(())
    })?;
    let mut users = Vec::new();
    if odd.is_empty() {
        return Ok(users);
    }
    book.live_logins(endpoint.as_str(), |id, login| {
        if !looks(login).is_disjoint(&odd) {
            let (resource, login) = (id.to_owned(), login.to_owned());
            users.push(PushedUser { endpoint: endpoint.clone(), resource, login });
        }
        Ok(())
    })?;
    Ok(users)
}

fn tokens(book: &Reading<'_>) -> Result<Vec<Token>> {
    let all = push::tokens(book)?;
    // A program whose token ended hears it when it asks, and nothing that was pushed is missed.
    let valid = all.iter().filter(|token| token.revoked_at.is_none() && token.endpoint != MCP);
    let valid: Vec<_> = valid.collect();
    let longer = |one: &push::Token| {
        valid.iter().any(|other| {
            let same = other.endpoint == one.endpoint && other.idp == one.idp;
            let later = match (other.expires, one.expires) {
                (None, Some(_)) => true,
                (Some(other), Some(one)) => other > one,
                (_, None) => false,
            };
            same && later
        })
    };
    let tokens = valid.iter().map(|token| Token {
        id: token.id.clone(),
        endpoint: token.endpoint.clone(),
        idp: token.idp.clone(),
        expires: token.expires,
        followed: longer(token),
    });
    Ok(tokens.collect())
}
