//! The listening socket: lets connections in up to a number, and ends in good order.
//!
//! When all places are taken, connections at rest are asked to leave, so that thousands of idle
//! ones cannot keep the others out. On a signal to end, nobody new is let in, what is begun is
//! finished within a time, and then the rest is cut off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rollbook_engine::{Error, Result};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::{Connection, Signal, is_out_of_room};
use super::face::Face;
use super::tls::Tls;

/// Connections that wait in the system until we accept them.
const BACKLOG: u32 = 1024;
/// How long to wait before accepting again when the system refused.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the others may take for a place to get free before resting connections are asked again.
const WAIT_FOR_PLACE: Duration = Duration::from_millis(250);

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// Listens on `address`.
    ///
    /// # Errors
    /// When the address is taken or not ours.
    pub(crate) fn bind(address: SocketAddr, tls: Option<Arc<Tls>>) -> Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let listening = socket.and_then(|socket| {
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        });
        let socket = listening.map_err(|e| {
            Error::setup(format!("The server cannot listen on {address}: {e}."))
                .hint(
                    "Choose another address with `--listen ADDRESS:PORT`; port 0 takes a free one.",
                )
                .because(e)
        })?;
        Ok(Self { socket, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        self.socket.local_addr().map_err(|e| {
            Error::setup("The system does not say on which address the server listens.").because(e)
        })
    }

    /// Lets connections in until `stop` comes, then waits for them to end.
    pub(crate) async fn serve(self, face: Arc<Face>, stop: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(face.limits().connections));
        let (signal, signals) = watch::channel(Signal::default());
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                // Ended ones are taken out, or the set would grow for ever.
                Some(_) = connections.join_next() => {}
                (stream, peer, place) = self.next(&places, &signal) => {
                    let connection = self.connection(stream, peer, &face, &signals);
                    connections.spawn(async move {
                        connection.serve().await;
                        drop(place);
                    });
                }
            }
        }
        // Who was let in by the system before the end came is let in by us too.
        while let Ok(Ok((stream, peer))) = timeout(Duration::ZERO, self.socket.accept()).await {
            connections.spawn(self.connection(stream, peer, &face, &signals).serve());
        }
        drop(self);
        signal.send_modify(|signal| signal.draining = true);
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(face.limits().drain, ended).await.is_err() {
            tracing::warn!(left = connections.len(), "connections were cut off at the end");
            connections.shutdown().await;
        }
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        face: &Arc<Face>,
        signals: &watch::Receiver<Signal>,
    ) -> Connection {
        let (tls, signals) = (self.tls.clone(), signals.clone());
        Connection { stream, peer, face: Arc::clone(face), tls, signals }
    }

    /// The next connection that found a place.
    async fn next(
        &self,
        places: &Arc<Semaphore>,
        signal: &watch::Sender<Signal>,
    ) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        let place = loop {
            let place = Arc::clone(places).acquire_owned();
            match timeout(WAIT_FOR_PLACE, place).await {
                Ok(place) => break place.expect("the places are never closed"),
                Err(_) => signal.send_modify(|signal| signal.pressure += 1),
            }
        };
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => return (stream, peer, place),
                Err(e) if is_out_of_room(e.kind(), e.raw_os_error()) => {
                    tracing::warn!(error = %e, "no room for another connection");
                    signal.send_modify(|signal| signal.pressure += 1);
                    sleep(PAUSE).await;
                }
                // A connection that was gone before it was accepted, for instance.
                Err(e) => tracing::debug!(error = %e, "a connection was not accepted"),
            }
        }
    }
}
