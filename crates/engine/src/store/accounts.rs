//! Instances as last seen: snapshot heads and accounts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollbook_core::account::{Account, Group};
use rollbook_core::id::{InstanceName, SnapshotId};
use rollbook_core::snapshot::{Coverage, Snapshot};
use serde::{Deserialize, Serialize};

use super::db::{Arg, args};
use super::row::{Before, all, body_of, pack};
use super::{Reading, Writing};
use crate::error::Result;

/// A snapshot without its accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// Its id.
    pub id: SnapshotId,
    /// Of which instance.
    pub instance: InstanceName,
    /// When the reading ended.
    pub taken_at: Timestamp,
    /// Which way it was read.
    pub channel: String,
    /// Whether it is all there is.
    pub coverage: Coverage,
    /// Accounts read.
    pub count: u64,
    /// The count that the instance gave, where it gave one.
    pub reported: Option<u64>,
    /// The groups of the instance. What a partial reading did not show is as last seen.
    pub groups: Vec<Group>,
}

const PUT_ACCOUNT: &str = "INSERT INTO account (instance, key, external_id, body)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (instance, key)
         DO UPDATE SET external_id = excluded.external_id, body = excluded.body";
const DROP_ACCOUNT: &str = "DELETE FROM account WHERE instance = $1 AND key = $2";

impl Reading<'_> {
    /// The snapshot of an instance that was taken last, if it was ever read.
    pub fn newest_snapshot(&self, instance: &InstanceName) -> Result<Option<SnapshotHead>> {
        let sql = "SELECT body FROM snapshot WHERE instance = $1 ORDER BY position DESC LIMIT 1";
        body_of(self.db, "snapshot", sql, args![instance.as_str()])
    }

    /// How many accounts of an instance are known.
    pub fn account_count(&self, instance: &InstanceName) -> Result<u64> {
        self.count("SELECT COUNT(*) FROM account WHERE instance = $1", args![instance.as_str()])
    }

    /// Whether any account of an instance has an external id.
    pub fn has_external_ids(&self, instance: &InstanceName) -> Result<bool> {
        let sql = "SELECT 1 FROM account WHERE instance = $1 AND external_id <> '' LIMIT 1";
        let found = self.db.one(sql, args![instance.as_str()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// How many complete snapshots of an instance were ever taken.
    pub fn complete_snapshots(&self, instance: &InstanceName) -> Result<u32> {
        let sql = "SELECT COUNT(*) FROM snapshot WHERE instance = $1 AND complete = 1";
        let count = self.count(sql, args![instance.as_str()])?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn count(&self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        let count = self.db.one(sql, args, |row| row.int(0))?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    /// The accounts of all instances as last seen, ordered by instance and key.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        all(self.db, "account", "SELECT body FROM account ORDER BY instance, key", &[])
    }

    /// The accounts of one instance as last seen, ordered by key.
    pub fn accounts_of(&self, instance: &InstanceName) -> Result<Vec<Account>> {
        let sql = "SELECT body FROM account WHERE instance = $1 ORDER BY key";
        all(self.db, "account", sql, args![instance.as_str()])
    }
}

impl Writing<'_> {
    /// Records a snapshot. A complete one replaces what was known of the instance, accounts and
    /// groups; a partial one adds and changes, and removes nothing.
    pub fn put_snapshot(&self, snapshot: &Snapshot) -> Result<SnapshotHead> {
        self.move_basis()?;
        let before = match snapshot.coverage.is_complete() {
            true => None,
            false => self.reading().newest_snapshot(&snapshot.instance)?,
        };
        let seen = snapshot.groups.iter().map(|group| (&group.key, group));
        let known = before.iter().flat_map(|head| &head.groups).map(|group| (&group.key, group));
        let groups: BTreeMap<_, _> = known.chain(seen).collect();
        let head = SnapshotHead {
            id: snapshot.id(),
            instance: snapshot.instance.clone(),
            taken_at: snapshot.taken_at,
            channel: snapshot.channel.clone(),
            coverage: snapshot.coverage.clone(),
            count: snapshot.accounts.len() as u64,
            reported: snapshot.reported,
            groups: groups.into_values().cloned().collect(),
        };
        self.db.execute(
            "INSERT INTO snapshot (id, instance, position, complete, body)
             SELECT $1, $2, COALESCE(MAX(position), 0) + 1, $3, $4
             FROM snapshot WHERE instance = $2
             ON CONFLICT (id) DO UPDATE SET position = excluded.position,
                 complete = excluded.complete, body = excluded.body",
            args![
                head.id.as_str(),
                head.instance.as_str(),
                i64::from(head.coverage.is_complete()),
                pack(&head)?,
            ],
        )?;
        self.put_accounts(snapshot)?;
        Ok(head)
    }

    fn put_accounts(&self, snapshot: &Snapshot) -> Result<()> {
        let name = snapshot.instance.as_str();
        let sql = "SELECT key, body FROM account WHERE instance = $1";
        let mut before = Before::read(self.db, sql, args![name])?;
        let put = snapshot.accounts.iter().filter_map(|account| {
            let key = account.key.as_str();
            let body = pack(account).map(|body| before.changed(key, body)).transpose()?;
            let external_id = account.external_id.as_str();
            Some(body.map(|body| [name.into(), key.into(), external_id.into(), body.into()]))
        });
        self.db.execute_each(PUT_ACCOUNT, put)?;
        if snapshot.coverage.is_complete() {
            let drop = before.gone().map(|key| Ok([name.into(), key.into()]));
            self.db.execute_each(DROP_ACCOUNT, drop)?;
        }
        Ok(())
    }

    /// Records what a look at one account saw, between two snapshots.
    pub fn put_seen(&self, account: &Account) -> Result<()> {
        self.move_basis()?;
        let (instance, key) = (account.instance.as_str(), account.key.as_str());
        let external_id = account.external_id.as_str();
        self.db.execute(PUT_ACCOUNT, args![instance, key, external_id, pack(account)?])?;
        Ok(())
    }

    /// Records that a look proved an account absent, between two snapshots.
    pub fn put_absent(&self, instance: &InstanceName, key: &str) -> Result<()> {
        self.move_basis()?;
        self.db.execute(DROP_ACCOUNT, args![instance.as_str(), key])?;
        Ok(())
    }
}
