//! Requests of programs that are sent again because an answer was lost: done once, answered alike.

use jiff::SignedDuration;

use crate::engine::Engine;
use crate::error::Result;

/// For how long a request is remembered.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// What is known of a request under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It is new, and noted as begun.
    New,
    /// It was answered with this status and body.
    Answered(u16, String),
    /// Something else was asked under this key.
    Other,
    /// It was begun, and the process ended before its end was noted.
    Unfinished,
}

impl Engine {
    /// Begins a request that the program with `token` makes under `key`; `digest` is that of what it
    /// asks. Whoever calls this must see to it that no two requests of one key are begun at once.
    ///
    /// # Errors
    /// When the database refuses; then nothing may be done.
    pub fn begin_request(&self, token: &str, key: &str, digest: &str) -> Result<Repeat> {
        let now = self.now();
        self.store.write(|book| {
            book.tidy_api_requests(now - KEPT)?;
            let Some(row) = book.reading().api_request(token, key)? else {
                book.begin_api_request((token, key), digest, now)?;
                return Ok(Repeat::New);
            };
            Ok(match row.answer {
                _ if row.digest != digest => Repeat::Other,
                Some((status, body)) => Repeat::Answered(u16::try_from(status).unwrap_or(0), body),
                None => Repeat::Unfinished,
            })
        })
    }

    /// Keeps what a request was answered with.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn end_request(&self, token: &str, key: &str, status: u16, body: &str) -> Result<()> {
        self.store.write(|book| book.end_api_request((token, key), status.into(), body))
    }

    /// Forgets a request that was refused, so that it can be made anew.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn forget_request(&self, token: &str, key: &str) -> Result<()> {
        self.store.write(|book| book.forget_api_request(token, key))
    }
}
