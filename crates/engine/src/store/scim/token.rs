//! Credentials of identity providers. Never the secret: only a keyed hash of it.

use jiff::Timestamp;

use super::{micros, moment};
use crate::error::Result;
use crate::store::db::{Row, args};
use crate::store::{Reading, Writing};

/// A credential as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenRow {
    pub(crate) id: String,
    pub(crate) endpoint: String,
    pub(crate) idp: String,
    pub(crate) slot: i64,
    pub(crate) hash: String,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) body: String,
}

impl TokenRow {
    fn read(row: &Row<'_>) -> Result<Self> {
        let text = |at| row.text(at).map(str::to_owned);
        Ok(Self {
            id: text(0)?,
            endpoint: text(1)?,
            idp: text(2)?,
            slot: row.int(3)?,
            hash: text(4)?,
            used_at: row.maybe_int(5)?.map(moment).transpose()?,
            revoked_at: row.maybe_int(6)?.map(moment).transpose()?,
            body: text(7)?,
        })
    }
}

impl Reading<'_> {
    /// All credentials that were ever made, by endpoint, identity provider and time.
    pub(crate) fn token_rows(&self) -> Result<Vec<TokenRow>> {
        let mut found = Vec::new();
        self.db.each(
            "SELECT id, endpoint, idp, slot, hash, used_us, revoked_us, body FROM scim_token
             ORDER BY endpoint, idp, id",
            args![],
            |row| TokenRow::read(row).map(|row| found.push(row)),
        )?;
        Ok(found)
    }
}

impl Writing<'_> {
    /// Stores a new credential.
    ///
    /// # Errors
    /// [`crate::Error::is_duplicate`] when its slot is taken.
    pub(crate) fn add_token(&self, row: &TokenRow) -> Result<()> {
        self.db.execute(
            "INSERT INTO scim_token (id, endpoint, idp, slot, hash, body)
             VALUES ($1, $2, $3, $4, $5, $6)",
            args![&row.id, &row.endpoint, &row.idp, row.slot, &row.hash, &row.body],
        )?;
        Ok(())
    }

    /// Ends a credential. Returns whether it was live.
    pub(crate) fn end_token(&self, id: &str, at: Timestamp) -> Result<bool> {
        let ended = self.db.execute(
            "UPDATE scim_token SET revoked_us = $2 WHERE id = $1 AND revoked_us IS NULL",
            args![id, micros(at)],
        )?;
        Ok(ended > 0)
    }

    /// Notes that a credential was used.
    pub(crate) fn touch_token(&self, id: &str, at: Timestamp) -> Result<()> {
        self.db
            .execute("UPDATE scim_token SET used_us = $2 WHERE id = $1", args![id, micros(at)])?;
        Ok(())
    }
}
