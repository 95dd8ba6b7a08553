//! The identity graph as last computed, and what humans decided about it.

use std::collections::BTreeMap;

use rollbook_core::id::{AccountKey, AccountRef, IdentityId, InstanceName, RecordRef};
use rollbook_core::identity::{Identity, Known, Lookalike, Resolution};
use rollbook_core::link::{Decision, Link};
use rusqlite::params;

use super::row::{Difference, all, difference, pack};
use super::{Reading, Writing};
use crate::error::Result;

impl Reading<'_> {
    /// Which identity each record was in after the last sync.
    pub fn known(&self) -> Result<Known> {
        let mut query =
            self.db.prepare_cached("SELECT source, number, identity FROM known_record")?;
        let rows = query.query_map([], |row| {
            let (source, number): (String, String) = (row.get(0)?, row.get(1)?);
            let record =
                RecordRef { source: source.as_str().into(), number: number.as_str().into() };
            Ok((record, IdentityId::new(row.get::<_, String>(2)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All identities, by id.
    pub fn identities(&self) -> Result<Vec<Identity>> {
        all(self.db, "identity", "SELECT body FROM identity ORDER BY id", [])
    }

    /// Pairs of records that a human should look at.
    pub fn lookalikes(&self) -> Result<Vec<Lookalike>> {
        all(self.db, "lookalike", "SELECT body FROM lookalike ORDER BY position", [])
    }

    /// The links of all accounts, ordered as [`Reading::accounts`].
    pub fn links(&self) -> Result<Vec<Link>> {
        all(self.db, "link", "SELECT body FROM link ORDER BY instance, key", [])
    }

    /// What humans decided, oldest first.
    pub fn decisions(&self) -> Result<Vec<Decision>> {
        all(self.db, "decision", "SELECT body FROM decision ORDER BY position", [])
    }

    fn link_rows(&self) -> Result<BTreeMap<AccountRef, String>> {
        let mut query = self.db.prepare_cached("SELECT instance, key, body FROM link")?;
        let rows = query.query_map([], |row| {
            let (instance, key): (String, String) = (row.get(0)?, row.get(1)?);
            let account =
                AccountRef { instance: InstanceName::new(instance), key: AccountKey::new(key) };
            Ok((account, row.get(2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Replaces identities and look-alikes. Records keep the identity they were known under even
    /// when their source no longer delivers them.
    pub fn put_resolution(&self, resolution: &Resolution) -> Result<()> {
        self.tx.execute("DELETE FROM identity", [])?;
        self.tx.execute("DELETE FROM lookalike", [])?;
        let mut put = self.tx.prepare_cached("INSERT INTO identity (id, body) VALUES ($1, $2)")?;
        let mut know = self.tx.prepare_cached(
            "INSERT INTO known_record (source, number, identity) VALUES ($1, $2, $3)
             ON CONFLICT (source, number) DO UPDATE SET identity = excluded.identity",
        )?;
        for identity in &resolution.identities {
            put.execute(params![identity.id.as_str(), pack(identity)?])?;
            for record in &identity.records {
                know.execute(params![
                    record.source.as_str(),
                    record.number.as_str(),
                    identity.id.as_str()
                ])?;
            }
        }
        let mut put =
            self.tx.prepare_cached("INSERT INTO lookalike (position, body) VALUES ($1, $2)")?;
        for (position, lookalike) in (0_i64..).zip(&resolution.lookalikes) {
            put.execute(params![position, pack(lookalike)?])?;
        }
        Ok(())
    }

    /// Replaces the links.
    pub fn put_links(&self, links: &[Link]) -> Result<()> {
        let mut after = BTreeMap::new();
        let mut owners = BTreeMap::new();
        for link in links {
            after.insert(link.account.clone(), pack(link)?);
            owners.insert(link.account.clone(), link.owner().map(IdentityId::as_str));
        }
        let Difference { put, drop } = difference(&self.reading().link_rows()?, after);
        let mut upsert = self.tx.prepare_cached(
            "INSERT INTO link (instance, key, identity, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (instance, key) DO UPDATE SET identity = excluded.identity,
                 body = excluded.body",
        )?;
        for (account, body) in put {
            let owner = owners.get(&account).copied().flatten();
            upsert.execute(params![
                account.instance.as_str(),
                account.key.as_str(),
                owner,
                body
            ])?;
        }
        let mut delete =
            self.tx.prepare_cached("DELETE FROM link WHERE instance = $1 AND key = $2")?;
        for account in drop {
            delete.execute(params![account.instance.as_str(), account.key.as_str()])?;
        }
        Ok(())
    }

    /// Remembers what a human decided.
    pub fn add_decision(&self, decision: &Decision) -> Result<()> {
        self.tx.execute(
            "INSERT INTO decision (position, body)
             SELECT COALESCE(MAX(position), 0) + 1, $1 FROM decision",
            [pack(decision)?],
        )?;
        Ok(())
    }
}
