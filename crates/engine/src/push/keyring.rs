//! Whether a presented token is good.
//!
//! All live tokens are held in memory for at most a second, so that a revoked one is refused within
//! that time, whichever process revoked it. A token that is not known is compared all the
//! same, so that an answer does not take longer or shorter where part of a token is right.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ring::hmac;

use super::caller::Caller;
use super::token::{self, Settings};
use crate::error::Result;
use crate::store::Reading;

/// How long the tokens in memory are taken for those in the database.
const FRESH: Duration = Duration::from_secs(1);

/// A token that is not known may have been made just now. The tokens are read again for it, yet so
/// many times a second at most, so that guesses cost no reading each.
const LOOK_UPS_MAX: u32 = 20;

/// How often a use of a token is written down.
const NOTED_EVERY_S: i64 = 60;

/// The tokens that are live.
#[derive(Debug)]
pub(super) struct Keyring {
    key: hmac::Key,
    read_at: Option<Instant>,
    /// The second that runs, and how often an unknown token was looked up in it.
    look_ups: (Instant, u32),
    tokens: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    endpoint: String,
    idp: String,
    hash: Vec<u8>,
    settings: Settings,
    used_at: Option<Timestamp>,
}

/// What a good token leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) caller: Caller,
    /// Whether its use is to be written down.
    pub(super) note_use: bool,
}

impl Keyring {
    /// Judges by hashes under `key`.
    pub(super) fn new(key: hmac::Key) -> Self {
        Self { key, read_at: None, look_ups: (Instant::now(), 0), tokens: BTreeMap::new() }
    }

    /// Whether the tokens must be read again before any is taken for good.
    pub(super) fn is_stale(&self) -> bool {
        self.read_at.is_none_or(|at| at.elapsed() >= FRESH)
    }

    /// Whether the tokens may be read again for one that was not found good. It does not matter
    /// what was wrong with it, or the time it takes would tell which part of it is right.
    pub(super) fn may_look_up(&mut self) -> bool {
        let (began, count) = &mut self.look_ups;
        if began.elapsed() >= Duration::from_secs(1) {
            (*began, *count) = (Instant::now(), 0);
        }
        *count += 1;
        *count <= LOOK_UPS_MAX
    }

    /// Takes the live tokens from the book.
    pub(super) fn read(&mut self, book: &Reading<'_>) -> Result<()> {
        // Counted from before the reading, or a revocation during it would be noticed late.
        let began = Instant::now();
        let mut tokens = BTreeMap::new();
        for row in book.token_rows()? {
            if row.revoked_at.is_none() {
                let settings = Settings::unpack(&row.body)?;
                let hash = token::unhex(&row.hash);
                let known = Known {
                    endpoint: row.endpoint,
                    idp: row.idp,
                    hash,
                    settings,
                    used_at: row.used_at,
                };
                tokens.insert(row.id, known);
            }
        }
        (self.tokens, self.read_at) = (tokens, Some(began));
        Ok(())
    }

    /// Who presents `presented` at `endpoint`, if it is a live token for it.
    pub(super) fn judge(
        &mut self,
        endpoint: &str,
        presented: &str,
        now: Timestamp,
    ) -> Option<Found> {
        let id = token::id_of(presented).unwrap_or_default();
        let known = self.tokens.get_mut(id);
        let hash = known.as_ref().map_or(&[0; 32][..], |known| &known.hash);
        let is_right = hmac::verify(&self.key, presented.as_bytes(), hash).is_ok();
        let known = known.filter(|known| {
            is_right
                && known.endpoint == endpoint
                && known.settings.expires.is_none_or(|at| now < at)
        })?;
        let note_use =
            known.used_at.is_none_or(|at| now.as_second() - at.as_second() >= NOTED_EVERY_S);
        if note_use {
            known.used_at = Some(now);
        }
        let caller = Caller {
            token: id.to_owned(),
            endpoint: known.endpoint.clone(),
            idp: known.idp.clone(),
            profile: known.settings.profile,
            may_write: known.settings.may_write,
        };
        Some(Found { caller, note_use })
    }
}
