//! The identity graph as last computed, and what humans decided about it.

use std::collections::BTreeSet;

use rollbook_core::id::{IdentityId, RecordRef};
use rollbook_core::identity::{Identity, Known, Lookalike};
use rollbook_core::link::{Decision, Link};

use super::db::args;
use super::row::{Before, all, pack};
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

    fn linked_instances(&self) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        self.db.each("SELECT DISTINCT instance FROM link", &[], |row| {
            names.insert(row.text(0)?.to_owned());
            Ok(())
        })?;
        Ok(names)
    }
}

impl Writing<'_> {
    /// Replaces identities and look-alikes. Records keep the identity they were known under even
    /// when their source no longer delivers them.
    pub fn put_resolution(&self, identities: &[Identity], alike: &[Lookalike]) -> Result<()> {
        self.move_basis()?;
        self.db.execute("DELETE FROM identity", &[])?;
        self.db.execute("DELETE FROM lookalike", &[])?;
        let identities = identities.iter();
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
            (0_i64..).zip(alike).map(|(at, one)| Ok([at.into(), pack(one)?.into()])),
        )?;
        Ok(())
    }

    /// Replaces the links. Those of one instance must stand together.
    pub fn put_links(&self, links: &[Link]) -> Result<()> {
        let mut left = self.reading().linked_instances()?;
        for links in links.chunk_by(|a, b| a.account.instance == b.account.instance) {
            let instance = links[0].account.instance.as_str();
            left.remove(instance);
            self.put_links_of(instance, links)?;
        }
        for instance in left {
            self.db.execute("DELETE FROM link WHERE instance = $1", args![instance])?;
        }
        Ok(())
    }

    fn put_links_of(&self, instance: &str, links: &[Link]) -> Result<()> {
        let sql = "SELECT key, body FROM link WHERE instance = $1";
        let mut before = Before::read(self.db, sql, args![instance])?;
        let put = links.iter().filter_map(|link| {
            let (key, owner) = (link.account.key.as_str(), link.owner().map(IdentityId::as_str));
            let body = pack(link).map(|body| before.changed(key, body)).transpose()?;
            Some(body.map(|body| [instance.into(), key.into(), owner.into(), body.into()]))
        });
        self.db.execute_each(
            "INSERT INTO link (instance, key, identity, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (instance, key) DO UPDATE SET identity = excluded.identity,
                 body = excluded.body",
            put,
        )?;
        let drop = before.gone().map(|key| Ok([instance.into(), key.into()]));
        self.db.execute_each("DELETE FROM link WHERE instance = $1 AND key = $2", drop)?;
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
