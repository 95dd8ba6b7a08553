//! Tokens of identity providers: made once, shown once, kept as a keyed hash.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ring::hmac;
use rollbook_core::event::Draft;
use rollbook_core::id::hex;
use rollbook_scim::server::Profile;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ALL, MCP};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::reconcile::named;
use crate::secret::Secret;
use crate::store::scim::TokenRow;
use crate::store::{Reading, Writing};

/// What the key that tokens are hashed with is derived for.
pub(super) const PURPOSE: &str = "hash of identity providers' tokens, v1";

/// Tokens of one identity provider at one endpoint that may be live at once.
const SLOTS: i64 = 2;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id, which is part of its text.
    pub id: String,
    /// What it is for: an instance's name, or `all`.
    pub endpoint: String,
    /// The identity provider that uses it.
    pub idp: String,
    /// 1 or 2: two may be live at once.
    pub slot: u8,
    /// How the identity provider speaks.
    pub profile: Profile,
    /// Whether it may change anything; at [`MCP`]: whether it may propose.
    pub may_write: bool,
    /// In whose name a program asks with it, at [`MCP`]; else empty.
    pub acts_for: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it is accepted at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires.is_none_or(|at| now < at)
    }
}

/// What a token is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minting {
    /// An instance's name, or `all`.
    pub endpoint: String,
    /// The identity provider that will use it: lower-case letters, digits and `-`.
    pub idp: String,
    /// How the identity provider speaks.
    pub profile: Profile,
    /// Whether it may change anything; at [`MCP`]: whether it may propose.
    pub may_write: bool,
    /// In whose name a program asks with it, at [`MCP`]; else empty.
    pub acts_for: String,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// Who makes it.
    pub by: String,
}

/// A new token with its secret, which is not kept.
#[derive(Debug)]
pub struct Minted {
    /// The token.
    pub token: Token,
    /// What the identity provider presents. Show it once.
    pub secret: Secret,
}

/// What is stored of a token beside its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    profile: String,
    may_write: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    acts_for: String,
    made_at: Timestamp,
    made_by: String,
    expires: Option<Timestamp>,
}

/// What judging a token needs of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) profile: Profile,
    pub(super) may_write: bool,
    pub(super) acts_for: String,
    pub(super) expires: Option<Timestamp>,
}

impl Settings {
    pub(super) fn unpack(body: &str) -> Result<Self> {
        let stored: Stored = unpack(body)?;
        let profile = profile_of(&stored.profile)?;
        let Stored { may_write, acts_for, expires, .. } = stored;
        Ok(Self { profile, may_write, acts_for, expires })
    }
}

impl Engine {
    /// Makes a token. Its secret is in the result and nowhere else.
    ///
    /// # Errors
    /// When the endpoint is neither an instance nor `all`, the identity provider's name cannot be
    /// one, the expiry lies in the past, or both slots are taken.
    pub fn mint_token(&self, minting: Minting) -> Result<Minted> {
        let now = self.now();
        named(&minting.by)?;
        self.check_minting(&minting, now)?;
        self.mint(&minting, "token_minted", now)
    }

    /// Makes a token like the one with this id, in the other slot. The old one goes on until it is
    /// revoked.
    ///
    /// # Errors
    /// As [`Engine::mint_token`], and when there is no such live token.
    pub fn rotate_token(&self, id: &str, by: &str) -> Result<Minted> {
        let now = self.now();
        let old = self.tokens()?.into_iter().find(|token| token.id == id && token.is_live(now));
        let old = old.ok_or_else(|| no_token(id))?;
        let life = old.expires.map(|at| at.duration_since(old.made_at));
        let expires = life.map(|life| now.checked_add(life)).transpose();
        let minting = Minting {
            endpoint: old.endpoint,
            idp: old.idp,
            profile: old.profile,
            may_write: old.may_write,
            acts_for: old.acts_for,
            expires: expires.map_err(|e| Error::input("The expiry is out of range.").because(e))?,
            by: named(by)?.to_owned(),
        };
        self.check_minting(&minting, now)?;
        self.mint(&minting, "token_rotated", now)
    }

    /// Ends a token. It is refused within a second, by every process.
    ///
    /// # Errors
    /// When there is no such token, or it was revoked before.
    pub fn revoke_token(&self, id: &str, by: &str) -> Result<()> {
        let by = named(by)?;
        let now = self.now();
        self.store().write(|book| match book.end_token(id, now)? {
            false => Err(no_token(id)),
            true => book.record(Draft {
                kind: "token_revoked".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: id.to_owned(),
                concerns: BTreeSet::new(),
                at: now,
                body: json!({}),
            }),
        })?;
        self.checkpoint().map(drop)
    }

    /// All tokens that were ever made, by endpoint and identity provider.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        self.store().read(tokens)
    }

    fn check_minting(&self, minting: &Minting, now: Timestamp) -> Result<()> {
        let is_program = minting.endpoint == MCP;
        if is_program == minting.acts_for.trim().is_empty() {
            let said = match is_program {
                true => "It is not said in whose name a program asks with this token.",
                false => "An identity provider asks in its own name.",
            };
            return Err(Error::input(said)
                .hint(format!("A person is named for a token at {MCP}, with `--as NAME`.")));
        }
        if !is_program && !self.has_endpoint(&minting.endpoint) {
            let known = self.config().instances.iter().map(|instance| instance.name.as_str());
            let known: Vec<&str> = known.chain([ALL, MCP]).collect();
            let said = format!("There is no instance named `{}`.", minting.endpoint);
            let hint = format!("A token is for one of these: {}.", known.join(", "));
            let near = nearest(&minting.endpoint, &known);
            return Err(near.into_iter().fold(Error::input(said).hint(hint), Error::hint));
        }
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let idp = &minting.idp;
        if idp.is_empty() || idp.len() > 64 || !idp.chars().all(fits) {
            return Err(Error::input(format!(
                "`{idp}` cannot be the name of an identity provider."
            ))
            .hint("Use up to 64 lower-case letters, digits and `-`, such as `okta`."));
        }
        if minting.expires.is_some_and(|at| at <= now) {
            return Err(Error::input("The token would have expired before it is made.")
                .hint("Choose a day that is still to come."));
        }
        Ok(())
    }

    fn mint(&self, minting: &Minting, kind: &str, now: Timestamp) -> Result<Minted> {
        let id = hex(&random::<6>()?);
        let secret = format!("rbk_{id}_{}", base64url(&random::<32>()?));
        let hash = hmac::sign(&self.derived_key(PURPOSE), secret.as_bytes());
        let stored = Stored {
            profile: minting.profile.word().to_owned(),
            may_write: minting.may_write,
            acts_for: minting.acts_for.trim().to_owned(),
            made_at: now,
            made_by: minting.by.clone(),
            expires: minting.expires,
        };
        let body = serde_json::to_string(&stored)
            .map_err(|e| Error::bug("A token could not be written as JSON.").because(e))?;
        let token = self.store().write(|book| {
            let slot = free_slot(book, minting, now)?;
            let row = TokenRow {
                id: id.clone(),
                endpoint: minting.endpoint.clone(),
                idp: minting.idp.clone(),
                slot,
                hash: hex(hash.as_ref()),
                used_at: None,
                revoked_at: None,
                body: body.clone(),
            };
            book.add_token(&row)?;
            book.record(Draft {
                kind: kind.to_owned(),
                actor: minting.by.clone(),
                on_behalf_of: String::new(),
                subject: id.clone(),
                concerns: BTreeSet::new(),
                at: now,
                body: json!({
                    "endpoint": minting.endpoint, "idp": minting.idp, "slot": slot,
                    "settings": stored,
                }),
            })?;
            token_of(row)
        })?;
        self.checkpoint()?;
        Ok(Minted { token, secret: Secret::new(secret) })
    }

    /// Whether identity providers can be connected to `endpoint`.
    pub(crate) fn has_endpoint(&self, endpoint: &str) -> bool {
        let config = self.newest_config();
        let mut instances = config.instances.iter();
        endpoint == ALL || instances.any(|instance| instance.name.as_str() == endpoint)
    }
}

/// The slot that no live token holds. An expired token makes room, and is revoked for it.
fn free_slot(book: &Writing<'_>, minting: &Minting, now: Timestamp) -> Result<i64> {
    let mut taken = Vec::new();
    for token in tokens(&book.reading())? {
        let rival = token.endpoint == minting.endpoint && token.idp == minting.idp;
        if !rival || token.revoked_at.is_some() {
            continue;
        }
        if token.is_live(now) {
            taken.push(token);
        } else {
            book.end_token(&token.id, now)?;
        }
    }
    let free = (1..=SLOTS).find(|slot| taken.iter().all(|token| i64::from(token.slot) != *slot));
    free.ok_or_else(|| {
        taken.sort_by_key(|token| token.slot);
        let ids: Vec<&str> = taken.iter().map(|token| token.id.as_str()).collect();
        Error::refused(format!(
            "{} has two live tokens for {} already ({}).",
            minting.idp,
            minting.endpoint,
            ids.join(", ")
        ))
        .hint("Revoke the one that is no longer in use with `rollbook token revoke`.")
    })
}

/// All tokens of the book.
pub(crate) fn tokens(book: &Reading<'_>) -> Result<Vec<Token>> {
    book.token_rows()?.into_iter().map(token_of).collect()
}

fn token_of(row: TokenRow) -> Result<Token> {
    let stored: Stored = unpack(&row.body)?;
    Ok(Token {
        id: row.id,
        endpoint: row.endpoint,
        idp: row.idp,
        slot: if row.slot == 1 { 1 } else { 2 },
        profile: profile_of(&stored.profile)?,
        may_write: stored.may_write,
        acts_for: stored.acts_for,
        made_at: stored.made_at,
        made_by: stored.made_by,
        expires: stored.expires,
        used_at: row.used_at,
        revoked_at: row.revoked_at,
    })
}

/// The id in the text of a token, if it has the form of one.
pub(super) fn id_of(presented: &str) -> Option<&str> {
    let (id, secret) = presented.strip_prefix("rbk_")?.split_once('_')?;
    (id.len() == 12 && secret.len() == 43).then_some(id)
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::setup("The system gave no random bytes, so no token was made.").because(e)
    })?;
    Ok(bytes)
}

fn unpack(body: &str) -> Result<Stored> {
    serde_json::from_str(body).map_err(|e| damaged().because(e))
}

fn profile_of(word: &str) -> Result<Profile> {
    word.parse().map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::setup("A token in the database cannot be read; it was changed by hand.")
        .hint("Restore the newest backup of the workspace folder.")
}

fn no_token(id: &str) -> Error {
    Error::input(format!("There is no live token `{id}`."))
        .hint("List the tokens with `rollbook token list`.")
}
