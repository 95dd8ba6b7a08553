//! The database as one schema of a Postgres server.

mod entry;
mod refusal;
mod schema;
mod server;
mod session;
mod tls;
mod wait;

use std::path::Path;
use std::sync::Arc;

use super::{Access, Making};
use crate::error::{Error, Result};
use crate::store::presence::Presence;
use server::Server;

pub(super) use schema::shred;
pub(super) use session::Session;

/// What the server's clock shows, in microseconds since 1970.
pub(super) const NOW: &str =
    "SELECT CAST(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp()) * 1000000 AS BIGINT)";

/// A node that is cut off or stopped within a transaction must not keep the others waiting for good.
const FOR_NODES: &str = "SET idle_in_transaction_session_timeout TO '20s'";

/// The schema of one workspace, entered by this process.
#[derive(Debug)]
pub(super) struct Postgres {
    server: Arc<Server>,
    presence: Presence,
    command: String,
    /// What this process wrote into the book when it entered. `None` for a guest and for a node.
    mark: Option<String>,
}

impl Postgres {
    /// Enters the workspace and brings its schema up to date. The session holds the locks, and so
    /// is the one that writes: where it is lost, so is the right to write.
    pub(super) fn enter(
        (address, schema, ca): (&str, &str, Option<&Path>),
        presence: Presence,
        command: &str,
        making: Making,
    ) -> Result<(Self, Session)> {
        let server = Arc::new(Server::new(address, schema, ca)?);
        let session = server.connect(Access::Write)?;
        if presence == Presence::Node {
            session.batch(FOR_NODES)?;
        }
        let is_beside = entry::enter(&session, presence, command)?;
        if is_beside {
            schema::check(&session)?;
        } else {
            schema::bring_up(&session, making)?;
        }
        if presence == Presence::Node && !is_beside {
            entry::let_nodes_in(&session)?;
        }
        // What nodes write is fenced by their lease.
        let is_fenced = presence == Presence::Node;
        let mark = if is_beside || is_fenced { None } else { Some(entry::mark(&session)?) };
        Ok((Self { server, presence, command: command.to_owned(), mark }, session))
    }

    /// One more session, for reading only.
    pub(super) fn reader(&self) -> Result<Session> {
        self.server.connect(Access::Read)
    }

    /// One more session, for the lease of a node.
    pub(super) fn keeper(&self) -> Result<Option<Session>> {
        match self.presence {
            Presence::Node => {
                let session = self.server.connect(Access::Beside)?;
                session.batch(FOR_NODES)?;
                Ok(Some(session))
            }
            Presence::Alone | Presence::Host | Presence::Guest => Ok(None),
        }
    }

    /// A session in the place of the one that wrote and was lost.
    pub(super) fn renewed(&self) -> Result<Session> {
        let session = self.server.connect(Access::Write)?;
        if self.presence == Presence::Node {
            session.batch(FOR_NODES)?;
        }
        let is_beside = entry::enter(&session, self.presence, &self.command)?;
        schema::check(&session)?;
        if self.presence == Presence::Node && !is_beside {
            entry::let_nodes_in(&session)?;
        }
        let is_as_left = match &self.mark {
            Some(mark) => entry::newest(&session)?.as_ref() == Some(mark),
            // A guest is still one, or has the workspace to itself now; a node has its lease.
            None => true,
        };
        match is_as_left {
            true => Ok(session),
            false => Err(Error::setup(format!(
                "The connection to the database {} was lost, and another rollbook process has \
                 worked in this workspace since{}.",
                self.server.name(),
                if is_beside { ", which still goes on" } else { "" }
            ))
            .hint("Start this one again. What was recorded is kept.")),
        }
    }
}
