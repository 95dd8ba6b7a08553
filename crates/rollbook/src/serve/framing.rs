//! Where one HTTP/1.1 request ends and the next begins, followed beside the HTTP library, which
//! forgets one of two lengths before anybody sees the request.
//!
//! A request that states both `Content-Length` and `Transfer-Encoding` is how somebody makes a proxy
//! and a server disagree about where it ends (RFC 9112 §6.1). The library goes by the second and
//! closes the connection afterwards; we want it refused. Nothing is decided here but whether such a
//! request came; what cannot be followed is the library's to refuse.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Put into a request that came on a connection on which a length was stated in two ways.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwoLengths;

/// Whether a length was stated in two ways on a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Torn(Arc<AtomicBool>);

impl Torn {
    pub(crate) fn is_so(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A stream whose requests are followed as they are read.
#[derive(Debug)]
pub(crate) struct Framed<S> {
    stream: S,
    framing: Framing,
    torn: Torn,
}

impl<S> Framed<S> {
    /// Follows what is read from `stream`.
    pub(crate) fn new(stream: S, torn: Torn) -> Self {
        Self { stream, framing: Framing::default(), torn }
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        if self.framing.feed(&into.filled()[before..]) {
            // Before the library can have parsed the head.
            self.torn.0.store(true, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The most bytes of a line that say something here. More of it is not kept.
const LINE_MAX: usize = 256;

/// How far the bytes of a connection were followed.
#[derive(Debug, Default)]
struct Framing {
    at: At,
    /// The line that is being read, without its end; at most [`LINE_MAX`] bytes.
    line: Vec<u8>,
    head: Head,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// A line of a head.
    #[default]
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// The line with the size of a chunk.
    Size,
    /// So many bytes of a chunk, and the end of its line.
    Chunk(u64),
    /// A line behind the last chunk.
    Trailer,
    /// It cannot be followed any further.
    Lost,
}

/// What the lines of a head said so far.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    is_begun: bool,
    length: Option<u64>,
    is_chunked: bool,
}

impl Framing {
    /// Follows further bytes. Whether a head among them states its length in two ways.
    fn feed(&mut self, mut bytes: &[u8]) -> bool {
        let mut is_torn = false;
        while !bytes.is_empty() && self.at != At::Lost {
            match self.at {
                At::Body(left) => bytes = self.skip(bytes, left, At::Body, At::Head),
                At::Chunk(left) => bytes = self.skip(bytes, left, At::Chunk, At::Size),
                At::Head | At::Size | At::Trailer | At::Lost => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let part = &bytes[..end.unwrap_or(bytes.len())];
                    let room = LINE_MAX - self.line.len();
                    self.line.extend_from_slice(&part[..part.len().min(room)]);
                    bytes = &bytes[part.len() + usize::from(end.is_some())..];
                    if end.is_some() {
                        is_torn |= self.line();
                        self.line.clear();
                    }
                }
            }
        }
        is_torn
    }

    /// Skips up to `left` bytes; what is behind them.
    fn skip<'a>(&mut self, bytes: &'a [u8], left: u64, more: fn(u64) -> At, then: At) -> &'a [u8] {
        let here = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - here as u64;
        self.at = if left == 0 { then } else { more(left) };
        &bytes[here..]
    }

    /// Takes a whole line. Whether it ends a head that states its length in two ways.
    fn line(&mut self) -> bool {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        match self.at {
            At::Head if line.is_empty() && self.head.is_begun => return self.head_ended(),
            // Empty lines in front of a request are allowed (RFC 9112 §2.2).
            At::Head if line.is_empty() => {}
            At::Head => self.head.take(line),
            At::Size => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                self.at = match number(digits, 16) {
                    Some(0) => At::Trailer,
                    Some(size) => size.checked_add(2).map_or(At::Lost, At::Chunk),
                    None => At::Lost,
                };
            }
            At::Trailer if line.is_empty() => self.at = At::Head,
            At::Trailer | At::Body(_) | At::Chunk(_) | At::Lost => {}
        }
        false
    }

    fn head_ended(&mut self) -> bool {
        let Head { length, is_chunked, .. } = std::mem::take(&mut self.head);
        self.at = match (is_chunked, length) {
            (true, _) => At::Size,
            (false, None | Some(0)) => At::Head,
            (false, Some(length)) => At::Body(length),
        };
        is_chunked && length.is_some()
    }
}

impl Head {
    /// Takes a line that is not empty: the request line, or a field.
    fn take(&mut self, line: &[u8]) {
        if !std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            // One that is no number is stated all the same; the library refuses it.
            self.length = Some(number(value, 10).unwrap_or(u64::MAX));
        }
    }
}

fn number(text: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    u64::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const TORN: &str =
        "POST / HTTP/1.1\r\nContent-Length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";

    /// How many requests of `text` are torn, and where the framing is at its end.
    fn followed(text: &str, pieces: usize) -> (usize, At) {
        let mut framing = Framing::default();
        let torn = text.as_bytes().chunks(pieces).filter(|piece| framing.feed(piece)).count();
        (torn, framing.at)
    }

    #[test]
    fn two_lengths_are_seen_in_either_order_and_behind_any_other_request() {
        let turned = TORN.replace("Content-Length: 5\r\ntransfer", "TRANSFER");
        let turned = turned.replace("chunked\r\n", "chunked\r\nContent-Length: 5\r\n");
        let fixed = "PUT / HTTP/1.1\r\ncontent-length:  7 \r\n\r\n\r\n0\r\n\r\n";
        let chunked = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
                       4;a=b\r\n\r\n\r\n\r\n1A\r\nGET / HTTP/1.1\r\nA: B\r\n\r\n..\r\n0\r\nT: x\r\n\r\n";
        for before in ["", "\r\n", GET, fixed, chunked, &[GET, chunked, fixed].concat()] {
            assert_eq!(followed(before, 1), (0, At::Head), "{before}");
            for torn in [TORN, &turned, &turned.replace("\r\n", "\n")] {
                let text = format!("{before}{torn}");
                assert_eq!(followed(&text, 1).0, 1, "{text}");
                assert_eq!(followed(&text, usize::MAX).0, 1, "{text}");
            }
        }
    }

    #[test]
    fn a_body_that_looks_like_a_torn_head_is_a_body() {
        let body = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{TORN}", TORN.len());
        assert_eq!(followed(&body, 1), (0, At::Head));
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n{GET}", "x".repeat(10_000));
        assert_eq!(followed(&long, 7), (0, At::Head));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_pieces_bytes_come(
            bytes in "(GET / HTTP/1.1\r\n|Content-Length: [0-9]{1,2}\r\n|Transfer-Encoding: x\r\n|\r\n|[0-9a-f];?\r\n|\\PC{0,4}){0,20}",
            pieces in 1_usize..9,
        ) {
            prop_assert_eq!(followed(&bytes, pieces).1, followed(&bytes, usize::MAX).1);
            prop_assert_eq!(followed(&bytes, pieces).0 > 0, followed(&bytes, usize::MAX).0 > 0);
        }
    }
}
