//! The identity graph as last computed, and what humans decided about it.

use std::collections::BTreeMap;

use rollbook_core::id::{AccountKey, AccountRef, IdentityId, InstanceName, RecordRef};
use rollbook_core::identity::{Identity, Known, Lookalike, Resolution};
use rollbook_core::link::{Decision, Link};

use super::db::args;
use super::row::{Difference, all, difference, pack};
use super::{Reading, Writing};
use crate::error::Result;

impl Reading<'_> {
    /// Which identity each record was in after the last sync.
    pub fn known(&self) -> Result<Known> {
        let mut known = Known::new();
        let sql = "SELECT source, number, identity FROM known_record";
        self.db.each(sql, &[], |row| {
            let record = RecordRef { source: row.text(0)?.into(), number: row.text(1)?.into() };
            known.insert(record, IdentityId::new(row.text(2)?));
            Ok(())
        })?;
        Ok(known)
    }

    /// All identities, by id.
    pub fn identities(&self) -> Result<Vec<Identity>> {
        all(self.db, "identity", "SELECT body FROM identity ORDER BY id", &[])
    }

    /// Pairs of records that a human should look at.
    pub fn lookalikes(&self) -> Result<Vec<Lookalike>> {
        all(self.db, "lookalike", "SELECT body FROM lookalike ORDER BY position", &[])
    }

    /// The links of all accounts, ordered as [`Reading::accounts`].
    pub fn links(&self) -> Result<Vec<Link>> {
        all(self.db, "link", "SELECT body FROM link ORDER BY instance, key", &[])
    }

    /// What humans decided, oldest first.
    pub fn decisions(&self) -> Result<Vec<Decision>> {
        all(self.db, "decision", "SELECT body FROM decision ORDER BY position", &[])
    }

    fn link_rows(&self) -> Result<BTreeMap<AccountRef, String>> {
        let mut rows = BTreeMap::new();
        self.db.each("SELECT instance, key, body FROM link", &[], |row| {
            let instance = InstanceName::new(row.text(0)?);
            let account = AccountRef { instance, key: AccountKey::new(row.text(1)?) };
            rows.insert(account, row.text(2)?.to_owned());
            Ok(())
        })?;
        Ok(rows)
    }
}

impl Writing<'_> {
    /// Replaces identities and look-alikes. Records keep the identity they were known under even
    /// when their source no longer delivers them.
    pub fn put_resolution(&self, resolution: &Resolution) -> Result<()> {
        self.move_basis()?;
        self.db.execute("DELETE FROM identity", &[])?;
        self.db.execute("DELETE FROM lookalike", &[])?;
        let identities = resolution.identities.iter();
        self.db.execute_each(
            "INSERT INTO identity (id, body) VALUES ($1, $2)",
            identities.clone().map(|one| Ok([one.id.as_str().into(), pack(one)?.into()])),
        )?;
        let records = identities.flat_map(|one| {
            let known = one.records.iter().map(|record| (record, one.id.as_str()));
            known.map(|(record, id)| {
                Ok([record.source.as_str().into(), record.number.as_str().into(), id.into()])
            })
        });
        self.db.execute_each(
            "INSERT INTO known_record (source, number, identity) VALUES ($1, $2, $3)
             ON CONFLICT (source, number) DO UPDATE SET identity = excluded.identity",
            records,
        )?;
        self.db.execute_each(
            "INSERT INTO lookalike (position, body) VALUES ($1, $2)",
            (0_i64..)
                .zip(&resolution.lookalikes)
                .map(|(at, one)| Ok([at.into(), pack(one)?.into()])),
        )?;
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
        let put = put.into_iter().map(|(account, body)| {
            let owner = owners.get(&account).copied().flatten();
            let (instance, key) = (account.instance.to_string(), account.key.to_string());
            Ok([instance.into(), key.into(), owner.into(), body.into()])
        });
        self.db.execute_each(
            "INSERT INTO link (instance, key, identity, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (instance, key) DO UPDATE SET identity = excluded.identity,
                 body = excluded.body",
            put,
        )?;
        self.db.execute_each(
            "DELETE FROM link WHERE instance = $1 AND key = $2",
            drop.iter().map(|at| Ok([at.instance.as_str().into(), at.key.as_str().into()])),
        )?;
        Ok(())
    }

    /// Remembers what a human decided.
    pub fn add_decision(&self, decision: &Decision) -> Result<()> {
        self.move_basis()?;
        self.db.execute(
            "INSERT INTO decision (position, body)
             SELECT COALESCE(MAX(position), 0) + 1, $1 FROM decision",
            args![pack(decision)?],
        )?;
        Ok(())
    }
}
