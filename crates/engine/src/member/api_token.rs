//! Tokens of programs: a role, a name and an end. They read and propose, and never approve
//! ([`Role::may_by_program`]).

use jiff::Timestamp;
use ring::hmac;
use rollbook_core::event::unhex;
use rollbook_core::id::hex;
use rollbook_core::role::Role;
use serde_json::json;

use super::{PURPOSE, base64url, checked_name, draft, random};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::secret::Secret;
use crate::store::members::ApiTokenRow;

/// How often a use of a token is written down.
const NOTED_EVERY_S: i64 = 60;

/// A token of a program, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id, which is part of its text.
    pub id: String,
    /// What it is for, as people call it.
    pub name: String,
    /// Whose rights it has, as far as programs have them.
    pub role: Role,
    /// Who made it.
    pub made_by: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A new token with its secret, which is not kept.
#[derive(Debug)]
pub struct MintedApiToken {
    /// The token.
    pub token: ApiToken,
    /// What the program presents. Show it once.
    pub secret: Secret,
}

/// The program that presents a good token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiCaller {
    /// The token's id.
    pub token: String,
    /// What it is called.
    pub name: String,
    /// Whose rights it has, as far as programs have them.
    pub role: Role,
}

impl ApiCaller {
    /// The name under which what it asks for is recorded. No person can have it.
    pub fn actor(&self) -> String {
        format!("token:{}", self.name)
    }
}

impl From<ApiTokenRow> for ApiToken {
    fn from(row: ApiTokenRow) -> Self {
        let ApiTokenRow { id, name, role, made_by, made_at, expires, used_at, revoked_at, .. } =
            row;
        Self { id, name, role, made_by, made_at, expires, used_at, revoked_at }
    }
}

impl Engine {
    /// Makes a token for a program. Its secret is in the result and nowhere else. `as_role` is the
    /// role of whoever makes it; `None`: somebody at the machine itself.
    ///
    /// # Errors
    /// When the name cannot be one, the expiry lies in the past, or that role may not.
    pub fn mint_api_token(
        &self,
        name: &str,
        role: Role,
        expires: Option<Timestamp>,
        by: &str,
        as_role: Option<Role>,
    ) -> Result<MintedApiToken> {
        super::check_admits(as_role, role)?;
        let (name, by, now) = (checked_name(name)?, named(by)?, self.now());
        if expires.is_some_and(|at| at <= now) {
            return Err(Error::input("The token would have expired before it is made.")
                .hint("Choose a day that is still to come."));
        }
        let id = hex(&random::<6>()?);
        let secret = format!("rba_{id}_{}", base64url(&random::<32>()?));
        let row = ApiTokenRow {
            id: id.clone(),
            name: name.clone(),
            role,
            hash: self.hashed(&secret),
            made_by: by.to_owned(),
            made_at: now,
            expires,
            used_at: None,
            revoked_at: None,
        };
        self.store.write(|book| {
            book.add_api_token(&row)?;
            let body = json!({"name": name, "role": role, "expires": expires});
            book.record(draft("api_token_minted", by, &id, now, body))
        })?;
        self.checkpoint()?;
        Ok(MintedApiToken { token: row.into(), secret: Secret::new(secret) })
    }

    /// All tokens of programs that were ever made, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn api_tokens(&self) -> Result<Vec<ApiToken>> {
        let rows = self.store.read(|book| book.api_token_rows())?;
        Ok(rows.into_iter().map(ApiToken::from).collect())
    }

    /// Ends a token. It is refused from the next request on.
    ///
    /// # Errors
    /// When there is no such live token.
    pub fn revoke_api_token(&self, id: &str, by: &str) -> Result<()> {
        let (by, now) = (named(by)?, self.now());
        self.store.write(|book| match book.end_api_token(id, now)? {
            true => book.record(draft("api_token_revoked", by, id, now, json!({}))),
            false => Err(Error::input(format!("There is no live token `{id}`."))
                .hint("List the tokens with `rollbook token list`.")),
        })?;
        self.checkpoint().map(drop)
    }

    /// The program that presents `presented`; `None` where it is no live token. Takes as long for an
    /// unknown one as for a wrong one of a known id.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn api_caller(&self, presented: &str) -> Result<Option<ApiCaller>> {
        let (id, now) = (id_of(presented).unwrap_or_default(), self.now());
        let row = self.store.read(|book| book.api_token_row(id))?;
        let hash = row.as_ref().and_then(|row| unhex::<32>(&row.hash)).unwrap_or_default();
        let fits = hmac::verify(&self.derived_key(PURPOSE), presented.as_bytes(), &hash).is_ok();
        let live = |row: &ApiTokenRow| {
            fits && row.revoked_at.is_none() && row.expires.is_none_or(|at| now < at)
        };
        let Some(row) = row.filter(live) else { return Ok(None) };
        if row.used_at.is_none_or(|at| now.as_second() - at.as_second() >= NOTED_EVERY_S) {
            self.store.write(|book| book.touch_api_token(id, now))?;
        }
        Ok(Some(ApiCaller { token: row.id, name: row.name, role: row.role }))
    }
}

/// The id in the text of a token, if it has the form of one.
fn id_of(presented: &str) -> Option<&str> {
    let (id, secret) = presented.strip_prefix("rba_")?.split_once('_')?;
    (id.len() == 12 && secret.len() == 43).then_some(id)
}
