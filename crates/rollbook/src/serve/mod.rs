//! The server: the face that identity providers push to, and that people open in a browser.
//!
//! [`listener`] and [`connection`] hold the sockets, [`face`] is what every request goes through,
//! [`address`] says what a path names, [`scim`] puts SCIM requests into calls of the engine, and
//! [`web`] is the console. There is no web framework in between: the addresses are closed tables, and
//! a refusal, of whichever layer, is made in [`refusal`], so that an identity provider is never told
//! anything but SCIM.

mod address;
mod api;
mod body;
mod connection;
mod face;
mod framing;
mod guess;
mod listener;
mod log;
mod mcp;
mod metrics;
mod patient;
mod peer;
mod refusal;
mod room;
mod scim;
mod tls;
mod web;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rollbook_engine::push::Intake;
use rollbook_engine::secret::Secret;
use rollbook_engine::{Engine, Error, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

use face::Face;
use listener::Listener;
use tls::Tls;

pub(crate) use face::{Limits, Settings};
pub(crate) use log::Log;
pub(crate) use peer::Network;
pub(crate) use room::connections_max;

/// Where the server is to listen.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Address and port; port 0 takes a free one.
    pub(crate) address: SocketAddr,
    /// The certificate's file and the key's; `None`: HTTP in clear.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
}

/// Serves until the process is asked to end, and ends in good order. `begun` is told the address of
/// the server once it listens.
///
/// # Errors
/// When it cannot begin, or when delivery ends with an error.
pub(crate) fn run(
    engine: Engine,
    place: Place,
    settings: Settings,
    level: tracing::Level,
    begun: impl FnOnce(&str),
) -> Result<()> {
    let log = Log::begin(level);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let threads = threads
        .map_err(|e| Error::setup("The system gave no threads for the server.").because(e))?;
    let ended = threads.block_on(serve(engine, place, settings, log.clone(), begun));
    log.flush();
    ended
}

/// Delivers, and runs what runs by itself, until the process is asked to end; serves nobody.
///
/// # Errors
/// As [`run`].
pub(crate) fn work(
    engine: Engine,
    level: tracing::Level,
    drain: Duration,
    begun: impl FnOnce(),
) -> Result<()> {
    let log = Log::begin(level);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let threads =
        threads.map_err(|e| Error::setup("The system gave no threads to work with.").because(e))?;
    let ended = threads.block_on(async move {
        let stop = Stop::begin(None)?;
        let asked = stop.clone().asked();
        let delivering = tokio::spawn(async move { Arc::new(engine).deliver(stop.asked()).await });
        begun();
        serve_beside(delivering, asked, drain).await
    });
    log.flush();
    ended
}

async fn serve(
    engine: Engine,
    place: Place,
    settings: Settings,
    log: Log,
    begun: impl FnOnce(&str),
) -> Result<()> {
    let tls = place.tls.map(|(certificate, key)| Tls::load(certificate, key)).transpose()?;
    let tls = tls.map(Arc::new);
    let listener = Listener::bind(place.address, tls.clone())?;
    let address = listener.address()?;
    let engine = Arc::new(engine);
    let drain = settings.limits.drain;
    let face = Arc::new(Face::new(Intake::open(Arc::clone(&engine))?, settings, log));
    let stop = Stop::begin(tls.clone())?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    begun(&format!("{scheme}://{address}"));
    tracing::info!(%address, tls = tls.is_some(), "listening");
    let stopped = {
        let (stop, face) = (stop.clone(), Arc::clone(&face));
        async move {
            stop.asked().await;
            face.drain();
        }
    };
    let delivering = {
        let stop = stop.clone();
        tokio::spawn(async move { engine.deliver(stop.asked()).await })
    };
    let delivered = serve_beside(delivering, listener.serve(face, stopped), drain).await;
    tracing::info!("ended");
    delivered
}

/// Serves while pushes are delivered. Delivery that ends with an error ends the server too: pushes
/// would be taken in and lead to nothing. Once the server has ended, delivery has `drain` to record
/// what is on its way; what is not recorded by then is looked at when the server is there again.
async fn serve_beside(
    mut delivering: JoinHandle<Result<()>>,
    serving: impl Future<Output = ()>,
    drain: Duration,
) -> Result<()> {
    let flat = |joined: Result<Result<()>, JoinError>| {
        joined.unwrap_or_else(|e| Err(Error::bug("Delivery ended before its time.").because(e)))
    };
    let mut serving = pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        joined = &mut delivering => {
            flat(joined)?;
            // It was asked to end, and so was the server.
            serving.await;
            return Ok(());
        }
    }
    match tokio::time::timeout(drain, delivering).await {
        Ok(joined) => flat(joined),
        Err(_) => {
            tracing::warn!("something was still on its way; it is looked at after the next start");
            Ok(())
        }
    }
}

/// Whether the process was asked to end.
#[derive(Clone, Debug)]
struct Stop {
    asked: watch::Receiver<bool>,
}

impl Stop {
    /// Listens for the signals that end the process, and for SIGHUP, which reads the certificate
    /// again. A second signal to end ends it at once.
    fn begin(tls: Option<Arc<Tls>>) -> Result<Self> {
        let on = |kind| {
            signal(kind).map_err(|e| Error::setup("The system gives no signals.").because(e))
        };
        let (mut end, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
        let hangup = on(SignalKind::hangup())?;
        let (ask, asked) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! { _ = end.recv() => {}, _ = interrupt.recv() => {} }
            tracing::info!("asked to end");
            ask.send_replace(true);
            tokio::select! { _ = end.recv() => {}, _ = interrupt.recv() => {} }
            std::process::exit(1);
        });
        tokio::spawn(reload(tls, hangup));
        Ok(Self { asked })
    }

    /// Waits until it is asked to end.
    async fn asked(mut self) {
        // An error means that nobody can ask any more, which is as good as asked.
        let _ = self.asked.wait_for(|asked| *asked).await;
    }
}

async fn reload(tls: Option<Arc<Tls>>, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match tls.as_ref().map(|tls| tls.reload()) {
            Some(Err(e)) => tracing::error!(cause = %e, "the old certificate stays in use"),
            Some(Ok(())) => tracing::info!("the certificate was read again"),
            None => {}
        }
    }
}

/// A path segment with percent encoding where it needs it (RFC 3986 §3.3).
fn encoded(segment: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

/// The address by which somebody signs in, below `origin`.
pub(crate) fn sign_in_url(origin: &str, secret: &Secret) -> String {
    format!("{origin}/sign-in?code={}", secret.expose())
}

/// The address that identity providers are given for `endpoint`, below `origin`.
pub(crate) fn base_url(origin: &str, endpoint: &str) -> String {
    format!("{origin}/scim/{}/v2", encoded(endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_and_accents_can_be_endpoints() {
        assert_eq!(
            base_url("https://scim.example.com", "Slack EMEA é"),
            "https://scim.example.com/scim/Slack%20EMEA%20%C3%A9/v2"
        );
    }
}
