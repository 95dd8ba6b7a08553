//! Who acts where several nodes share a book: the lease, and the nodes that take turns at it.
//!
//! All of it goes over a connection of its own. What is written here must not wait for what else is
//! being written, however long that takes.

use jiff::{SignedDuration, Timestamp};
use rollbook_core::lease::{self, Lease, Met, Turn};

use super::db::{Access, Db, Row, args};
use super::row::{pack, unpack};
use super::{Reading, Store};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

/// The one lease that there is: whoever has it plans, acts and reads.
const ACTING: &str = "acting";

/// Under what a transaction writes: where the lease is not this one any more, it writes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) node: String,
    pub(crate) token: i64,
}

/// A node, as it says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// The version of the program.
    pub version: String,
}

/// A node that works here, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Its name.
    pub name: String,
    /// When the process began that goes by the name now.
    pub began_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// What it says of itself.
    pub facts: NodeFacts,
}

/// The connection over which a node keeps its name and its lease.
#[derive(Debug)]
pub(crate) struct Keeper {
    db: Db,
}

impl Store {
    /// A connection for the lease, where several nodes may share the book: with Postgres, for one
    /// that entered as a node. `None`: this process is the only one that acts.
    pub(crate) fn keeper(&self) -> Result<Option<Keeper>> {
        let db = self.inner.database.keeper()?;
        Ok(db.map(|db| Keeper { db }))
    }

    /// The same store for one who writes under a lease.
    pub(crate) fn fenced(&self, fence: Fence) -> Self {
        Self { inner: std::sync::Arc::clone(&self.inner), fence: Some(fence) }
    }
}

impl Keeper {
    /// Whether the connection broke. It never comes back.
    pub(crate) fn is_lost(&self) -> bool {
        self.db.is_lost()
    }

    /// Goes by `name` in this `incarnation`, unless another process does. `first_seen_at`: when a
    /// process was there at the first time that this one asked, which is handed back.
    ///
    /// # Errors
    /// When another process goes by the name.
    pub(crate) fn enter(
        &self,
        (name, incarnation): (&str, &str),
        first_seen_at: Option<Timestamp>,
        silence: SignedDuration,
        facts: &NodeFacts,
    ) -> Result<Option<Timestamp>> {
        let moment = self.db.begin(Access::Beside)?;
        let now = self.now()?;
        let sql = "SELECT incarnation, seen_us FROM node WHERE name = $1 FOR UPDATE";
        let there =
            self.db.one(sql, args![name], |row| Ok((row.text(0)?.to_owned(), at(row, 1)?)))?;
        if let Some((other, seen_at)) = there.filter(|(other, _)| other != incarnation) {
            match lease::meet(first_seen_at, seen_at, now, silence) {
                Met::Twin => return Err(twin(name)),
                Met::Somebody => return Ok(Some(first_seen_at.unwrap_or(seen_at))),
                Met::Nobody => tracing::info!(%name, %other, "a process of this name is gone"),
            }
        }
        self.db.execute(
            "INSERT INTO node (name, incarnation, began_us, seen_us, body)
             VALUES ($1, $2, $3, $3, $4)
             ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation,
                 began_us = excluded.began_us, seen_us = excluded.seen_us, body = excluded.body",
            args![name, incarnation, now.as_microsecond(), pack(facts)?],
        )?;
        moment.commit()?;
        Ok(None)
    }

    /// Says that the node is there.
    ///
    /// # Errors
    /// When another process goes by its name now.
    pub(crate) fn beat(&self, name: &str, incarnation: &str) -> Result<()> {
        let now = self.now()?.as_microsecond();
        let sql = "UPDATE node SET seen_us = $3 WHERE name = $1 AND incarnation = $2";
        match self.db.execute(sql, args![name, incarnation, now])? {
            1 => Ok(()),
            _ => Err(twin(name)),
        }
    }

    /// Asks for the lease, or for more of it.
    pub(crate) fn ask(&self, node: (&str, &str), length: SignedDuration) -> Result<Turn> {
        let moment = self.db.begin(Access::Beside)?;
        self.db.execute(
            "INSERT INTO lease (name, node, incarnation, token, until_us)
             VALUES ($1, '', '', 0, 0) ON CONFLICT (name) DO NOTHING",
            args![ACTING],
        )?;
        let current = self.db.one(&format!("{LEASE} FOR UPDATE"), args![ACTING], lease_of)?;
        let turn = lease::ask(current, node, self.now()?, length);
        if let Turn::Ours(lease) = &turn {
            self.db.execute(
                "UPDATE lease SET node = $2, incarnation = $3, token = $4, until_us = $5
                 WHERE name = $1",
                args![
                    ACTING,
                    &lease.node,
                    &lease.incarnation,
                    lease.token,
                    lease.until.as_microsecond()
                ],
            )?;
        }
        moment.commit()?;
        Ok(turn)
    }

    /// Lets go of the lease, so that the next one need not wait.
    pub(crate) fn release(&self, token: i64) -> Result<()> {
        let sql = "UPDATE lease SET until_us = 0 WHERE name = $1 AND token = $2";
        self.db.execute(sql, args![ACTING, token])?;
        Ok(())
    }

    /// The name is free for the next process at once.
    pub(crate) fn leave(&self, name: &str, incarnation: &str) -> Result<()> {
        let sql = "UPDATE node SET seen_us = 0 WHERE name = $1 AND incarnation = $2";
        self.db.execute(sql, args![name, incarnation])?;
        Ok(())
    }

    fn now(&self) -> Result<Timestamp> {
        let now = self.db.server_now()?;
        now.ok_or_else(|| Error::bug("A lease is kept where there is no server."))
    }
}

const LEASE: &str = "SELECT node, incarnation, token, until_us FROM lease WHERE name = $1";

impl Reading<'_> {
    /// Who acts, where nodes take turns.
    pub fn lease(&self) -> Result<Option<Lease>> {
        self.db.one(LEASE, args![ACTING], lease_of)
    }

    /// The nodes, by name.
    pub fn nodes(&self) -> Result<Vec<NodeRow>> {
        let mut nodes = Vec::new();
        let sql = "SELECT name, began_us, seen_us, body FROM node ORDER BY name";
        self.db.each(sql, &[], |row| {
            nodes.push(NodeRow {
                name: row.text(0)?.to_owned(),
                began_at: at(row, 1)?,
                seen_at: at(row, 2)?,
                facts: unpack("node", row.text(3)?)?,
            });
            Ok(())
        })?;
        Ok(nodes)
    }

    /// Refuses whoever writes under a lease that is not the newest, or has run out.
    pub(super) fn check_fence(&self, fence: &Fence) -> Result<()> {
        let now = self.moment(Timestamp::MAX)?;
        match lease::holds(self.lease()?.as_ref(), fence.token, now) {
            true => Ok(()),
            false => Err(Error::new(
                Kind::Setup,
                format!("The node {} no longer has its turn, so it writes nothing.", fence.node),
            )
            .hint("Another node goes on with what it had begun, and looks first.")),
        }
    }
}

fn lease_of(row: &Row<'_>) -> Result<Lease> {
    Ok(Lease {
        node: row.text(0)?.to_owned(),
        incarnation: row.text(1)?.to_owned(),
        token: row.int(2)?,
        until: at(row, 3)?,
    })
}

fn at(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.int(column)?)
        .map_err(|e| Error::setup("A moment of a lease or a node cannot be read.").because(e))
}

fn twin(name: &str) -> Error {
    Error::input(format!(
        "Another process goes by the name of this node, {name}. Both must not act, so this one ends."
    ))
    .hint("Start one of the two with another `--node NAME`.")
}
