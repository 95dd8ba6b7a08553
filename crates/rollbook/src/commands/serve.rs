//! `rollbook serve`: people open the console here, identity providers push, and what they wish is
//! delivered.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgAction;
use rollbook_engine::secret::Secret;
use rollbook_engine::{Engine, Error, Presence, Result};
use serde_json::json;
use tracing::Level;

use crate::exit::Exit;
use crate::screen::Screen;
use crate::serve::{self, Limits, Network, Place, Settings};
use crate::session::Session;

/// Serve the console to people and SCIM to identity providers, and deliver what they push
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook serve
  rollbook serve --listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem
  rollbook serve --public-url https://scim.example.com --trusted-proxy 10.0.0.0/8

People open its address in a browser. While nobody may sign in, it prints the link of the first
owner; `rollbook member` lets in everybody else. In clear it serves the console to this machine only.

Every instance has an address of its own, /scim/INSTANCE/v2, and /scim/all/v2 stands for all of
them. Make a token for each identity provider with `rollbook token create`.

It answers on /healthz, /readyz and /metrics too, logs a line of JSON for each request on standard
error, and ends in good order on SIGTERM. SIGHUP reads the certificate again.")]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8470")]
    listen: SocketAddr,
    /// The certificate with its chain, as PEM; without it the server speaks HTTP in clear
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The address by which identity providers reach the server; left out: [serve] public_url, or
    /// whatever they call it by
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// A proxy whose X-Forwarded headers are believed, as address or network; may be repeated
    #[arg(long, value_name = "NETWORK")]
    trusted_proxy: Vec<Network>,
    /// How long a request's head, its body and each write of an answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=600))]
    deadline: u64,
    /// The most connections at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections: u32,
    /// The name of this process among several nodes on one Postgres; left out: machine and process
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Log problems only, no line for each request
    #[arg(long, action = ArgAction::SetTrue)]
    quiet: bool,
}

/// The most bytes of a body, as `/ServiceProviderConfig` says it.
const BODY_BYTES: usize = 1 << 20;
/// Less than the minute after which identity providers give up.
const ANSWER: Duration = Duration::from_secs(50);
/// Less than the half minute after which those who sent SIGTERM send SIGKILL.
pub(super) const DRAIN: Duration = Duration::from_secs(25);

/// Serves until it is asked to end.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    if session.is_elsewhen() {
        return Err(Error::input("A server serves today; `--today` makes no sense here."));
    }
    let engine = open_node(session, args.node.as_deref())?;
    let public_url = args.public_url.clone().or_else(|| engine.config().serve.public_url.clone());
    let limits = limits(args.deadline, args.connections);
    let settings = Settings {
        public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
        proxies: args.trusted_proxy.clone(),
        limits,
    };
    let place =
        Place { address: args.listen, tls: args.tls_cert.clone().zip(args.tls_key.clone()) };
    let level = level(session, args.quiet);
    let mut endpoints: Vec<String> = vec!["all".to_owned()];
    endpoints.extend(engine.config().instances.iter().map(|instance| instance.name.to_string()));
    let origin = settings.public_url.clone();
    let screen = session.screen();
    let first = engine.invite_first_owner()?;
    serve::run(engine, place, settings, level, |listening| {
        begun(screen, listening, origin.as_deref(), &endpoints, first.as_ref());
    })?;
    Ok(Exit::Ok)
}

/// Opens the workspace for a process that acts for a long time, under a name of its own.
///
/// # Errors
/// As [`Session::open_as`], or when the name cannot be one.
pub(super) fn open_node(session: &Session, name: Option<&str>) -> Result<Engine> {
    if let Some(name) = name {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(Error::input(format!("`{name}` cannot be the name of a node."))
                .hint("Use up to 64 letters, digits, `-`, `_` and `.`."));
        }
    }
    let engine = session.open_as(Presence::Node)?;
    Ok(match name {
        Some(name) => engine.as_node(name),
        None => engine,
    })
}

/// How much a process that stays is to log.
pub(super) fn level(session: &Session, is_quiet: bool) -> Level {
    match (is_quiet, session.is_verbose()) {
        (true, _) => Level::WARN,
        (false, false) => Level::INFO,
        (false, true) => Level::DEBUG,
    }
}

/// What a server allows whose heads, bodies and writes may each take `deadline_s` seconds.
pub(super) fn limits(deadline_s: u64, connections: u32) -> Limits {
    Limits {
        deadline: Duration::from_secs(deadline_s),
        answer: ANSWER,
        body_bytes: BODY_BYTES,
        connections: serve::connections_max(connections as usize),
        drain: DRAIN,
    }
}

/// The address for a browser on this machine: one that listens everywhere listens here too.
fn here(listening: &str) -> String {
    listening.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
}

/// Says where the server is.
fn begun(
    screen: &Screen,
    listening: &str,
    public: Option<&str>,
    endpoints: &[String],
    first: Option<&Secret>,
) {
    let origin = public.unwrap_or(listening);
    let login = first.map(|secret| serve::sign_in_url(public.unwrap_or(&here(listening)), secret));
    if screen.is_json() {
        let urls = endpoints.iter().map(|name| serve::base_url(origin, name));
        screen.json(&json!({
            "listening": listening, "base_urls": urls.collect::<Vec<_>>(), "login_url": login,
        }));
    } else {
        if let Some(login) = login {
            screen.line(
                "Nobody may sign in to the console yet. Whoever opens this becomes its owner:",
            );
            screen.line(format!("LOGIN_URL={login}"));
        }
        screen.line(format!("Listening on {listening}"));
        for name in endpoints {
            screen.line(format!("  {}", serve::base_url(origin, name)));
        }
    }
    screen.flush();
}
