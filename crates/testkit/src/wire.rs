//! A TCP listener whose connections can be told to misbehave below HTTP: to break off after some
//! bytes, or to dribble.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

/// How a connection writes its next answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    #[default]
    Plain,
    /// The first `bytes`, then the connection ends: with a reset, or as if all had been said.
    Cut { bytes: usize, reset: bool },
    /// The head and the first `keep` bytes of the body, then an orderly end against the
    /// `Content-Length`. An answer without a body stays whole.
    CutBody { keep: usize },
    /// One byte at a time with a pause before each.
    Dribble { pause: Duration },
}

/// The hold that a request handler has on its own connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hold(Arc<Mutex<Manner>>);

impl Hold {
    pub(crate) fn set(&self, manner: Manner) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    fn get(&self) -> Manner {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections as [`Wire`]s.
pub(crate) struct Wires(pub(crate) TcpListener);

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.0).await;
        (Wire { stream, hold: Hold::default(), pause: None }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Wires>> for Hold {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().hold.clone()
    }
}

/// A connection.
pub(crate) struct Wire {
    stream: TcpStream,
    hold: Hold,
    pause: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.hold.get() {
            Manner::Plain => Pin::new(&mut self.stream).poll_write(cx, bytes),
            Manner::Cut { bytes: 0, reset } => {
                if reset {
                    // With this, closing sends a reset instead of an orderly end.
                    self.stream.set_zero_linger()?;
                }
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            Manner::Cut { bytes: left, reset } => {
                let part = &bytes[..bytes.len().min(left)];
                let written = Pin::new(&mut self.stream).poll_write(cx, part);
                if let Poll::Ready(Ok(count)) = written {
                    self.hold.set(Manner::Cut { bytes: left - count, reset });
                }
                written
            }
            Manner::CutBody { keep } => {
                // The server writes the head in one piece, at the front of its first buffer.
                let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap_or(bytes.len());
                self.hold.set(Manner::Cut { bytes: end + 4 + keep, reset: false });
                self.poll_write(cx, bytes)
            }
            Manner::Dribble { pause } => {
                let sleep = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
                std::task::ready!(sleep.as_mut().poll(cx));
                self.pause = None;
                let one = &bytes[..bytes.len().min(1)];
                Pin::new(&mut self.stream).poll_write(cx, one)
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
