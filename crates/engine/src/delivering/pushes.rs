//! What identity providers pushed, as the findings about them need it.

use std::collections::BTreeMap;

use rollbook_core::finding::{PushedAccount, Pushes, Token};
use rollbook_core::id::AccountKey;
use rollbook_scim::server::ResourceType;

use super::scope::pushed;
use crate::engine::Engine;
use crate::error::Result;
use crate::push;
use crate::store::Reading;
use crate::store::scim::DeliveryState;

impl Engine {
    /// The accounts that pushed resources are known to mean, and the tokens that were not revoked.
    pub(crate) fn pushes(&self, book: &Reading<'_>) -> Result<Pushes> {
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
        Ok(pushes)
    }
}

fn tokens(book: &Reading<'_>) -> Result<Vec<Token>> {
    let all = push::tokens(book)?;
    let valid: Vec<_> = all.iter().filter(|token| token.revoked_at.is_none()).collect();
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
