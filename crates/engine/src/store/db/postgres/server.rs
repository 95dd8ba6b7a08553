//! A Postgres server and the schema in it that is a workspace.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config};

use super::refusal;
use super::session::Session;
use super::tls::Tls;
use super::wait::wait;
use crate::error::{Error, Result};
use crate::store::db::Access;

/// How long a connection may take until it stands.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// How long the network may stay silent on a connection that should answer.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What the advisory locks of a workspace are for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    /// Held by the process that acts.
    Acting,
    /// Shared by the guests of a host, or held by whoever wants none.
    Guests,
    /// Held by the transaction that writes.
    Writing,
}

/// How to connect, and the threads that drive the connections.
#[derive(Debug)]
pub(super) struct Server {
    config: Config,
    tls: Tls,
    schema: String,
    /// For people; without the password.
    name: String,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Server {
    /// Reads the address; connects to nothing yet.
    pub(super) fn new(address: &str, schema: &str, ca: Option<&Path>) -> Result<Self> {
        // The cause may repeat a part of the address, and so of the password.
        let mut config: Config = address.parse().map_err(|_: tokio_postgres::Error| {
            Error::setup("The address of the database cannot be read.").hint(
                "Write postgres://user:password@host/database where `[store]` says that it lies.",
            )
        })?;
        let is_near = match (config.get_hosts(), config.get_hostaddrs()) {
            (hosts, []) => hosts.iter().all(is_near),
            (_, addresses) => addresses.iter().all(std::net::IpAddr::is_loopback),
        };
        if config.get_ssl_mode() == SslMode::Prefer {
            // Over a network a password goes encrypted or not at all, unless the address says so.
            config.ssl_mode(if is_near { SslMode::Disable } else { SslMode::Require });
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_DEADLINE);
        }
        config.keepalives_idle(SILENCE_MAX).tcp_user_timeout(SILENCE_MAX);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|e| Error::setup("The system gave no thread for the database.").because(e))?;
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => Tls::none(),
            _ => Tls::new(ca)?,
        };
        let (name, schema) = (name_of(&config, schema), schema.to_owned());
        Ok(Self { config, tls, schema, name, runtime: Some(runtime) })
    }

    /// The server and the schema, for people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// The number of a lock in the whole database.
    pub(super) fn key(&self, lock: Lock) -> i64 {
        let digest = Sha256::digest(format!("rollbook {lock:?} {}", self.schema));
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        // Positive, as the server lists it.
        i64::from_be_bytes(bytes) & i64::MAX
    }

    /// A new connection.
    pub(super) fn connect(self: &Arc<Self>, access: Access) -> Result<Session> {
        let session = Session::new(self.client()?, Arc::clone(self));
        let only_reads = match access {
            Access::Read => "; SET default_transaction_read_only TO on",
            // As the server has it: a standby lets nothing be written.
            Access::Write | Access::Beside => "",
        };
        session.batch(&format!(
            "SET search_path TO \"{}\"; SET synchronous_commit TO on; SET lock_timeout TO '5s';
             SET client_min_messages TO warning{only_reads}",
            self.schema
        ))?;
        Ok(session)
    }

    fn client(&self) -> Result<Client> {
        let (config, tls) = (self.config.clone(), self.tls.clone());
        let runtime = self.runtime.as_ref().expect("it is there until the server is dropped");
        let connecting = runtime
            .spawn(async move { tokio::time::timeout(SILENCE_MAX, config.connect(tls)).await });
        let connected = wait(connecting).map_err(|e| {
            Error::bug("The thread for the database stopped while it connected.").because(e)
        })?;
        let Ok(connected) = connected else {
            return Err(Error::setup(format!("The database {} does not answer.", self.name))
                .hint("Check that it runs and its address. Nothing was read or changed."));
        };
        let (client, connection) = connected.map_err(|e| refusal::unconnected(&self.name, e))?;
        if connection.parameter("server_encoding") != Some("UTF8") {
            return Err(Error::setup(format!("The database {} is not in UTF-8.", self.name))
                .hint("Have its administrator make one with `ENCODING 'UTF8'`."));
        }
        runtime.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        Ok(client)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Not the usual way, which must not be gone from within a task.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Whether the way to a host leaves this machine nowhere.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn name_of(config: &Config, schema: &str) -> String {
    let mut hosts = Vec::new();
    for (at, host) in config.get_hosts().iter().enumerate() {
        let ports = config.get_ports();
        let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        hosts.push(match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}:{port}", path.display()),
        });
    }
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    format!("{database} at {} (schema {schema}, user {user})", hosts.join(", "))
}
