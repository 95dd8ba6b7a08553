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
    hash: Hash,
    settings: Settings,
    used_at: Option<Timestamp>,
}

/// The stored hash of a token. There is no way to compare it but [`Hash::fits`], so none can be
/// written that ends at the first byte that differs.
#[derive(Debug)]
struct Hash([u8; 32]);

impl Hash {
    /// What a token that is not known is compared with: the hash of nothing that anybody can find.
    const OF_NOBODY: Self = Self([0; 32]);

    fn stored(text: &str) -> Self {
        rollbook_core::event::unhex(text).map_or(Self::OF_NOBODY, Self)
    }

    /// Whether it is the hash of `presented`. Takes as long for any text of one length: ring compares
    /// the two in constant time.
    fn fits(&self, key: &hmac::Key, presented: &str) -> bool {
        #[cfg(test)]
        tests::COMPARED.with(|count| count.set(count.get() + 1));
        hmac::verify(key, presented.as_bytes(), &self.0).is_ok()
    }
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
                let hash = Hash::stored(&row.hash);
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
        let hash = known.as_ref().map_or(&Hash::OF_NOBODY, |known| &known.hash);
        let is_right = hash.fits(&self.key, presented);
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
            acts_for: known.settings.acts_for.clone(),
        };
        Some(Found { caller, note_use })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rollbook_core::id::hex;
    use rollbook_scim::server::Profile;

    use super::*;

    thread_local! {
        /// How many hashes were compared.
        pub(super) static COMPARED: Cell<u32> = const { Cell::new(0) };
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn token(id: &str, secret: char) -> String {
        format!("rbk_{id}_{}", secret.to_string().repeat(43))
    }

    /// A keyring with one token, which ends at `expires`.
    fn keyring(id: &str, presented: &str, expires: Option<Timestamp>) -> Keyring {
        let mut keyring = Keyring::new(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]));
        let hash = hmac::sign(&keyring.key, presented.as_bytes());
        let known = Known {
            endpoint: "wiki".to_owned(),
            idp: "okta".to_owned(),
            hash: Hash::stored(&hex(hash.as_ref())),
            settings: Settings {
                profile: Profile::Auto,
                may_write: true,
                acts_for: String::new(),
                expires,
            },
            used_at: None,
        };
        keyring.tokens.insert(id.to_owned(), known);
        keyring
    }

    #[test]
    fn whatever_is_wrong_with_a_token_one_hash_is_compared_and_all_of_it_is() {
        let id = "0123456789ab";
        let good = token(id, 'a');
        let cases = [
            ("right", good.clone(), "wiki", None, true),
            ("known id, wrong secret", token(id, 'b'), "wiki", None, false),
            ("known id, first letter wrong", good.replace("_a", "_b"), "wiki", None, false),
            (
                "known id, last letter wrong",
                good[..good.len() - 1].to_owned() + "b",
                "wiki",
                None,
                false,
            ),
            ("no such id", token("ffffffffffff", 'a'), "wiki", None, false),
            ("no token at all", "x".repeat(good.len()), "wiki", None, false),
            ("nothing", String::new(), "wiki", None, false),
            ("for another endpoint", good.clone(), "chat", None, false),
            ("expired", good.clone(), "wiki", Some(NOW), false),
        ];
        for (what, presented, endpoint, expires, is_good) in cases {
            let mut keyring = keyring(id, &good, expires);
            COMPARED.set(0);
            let found = keyring.judge(endpoint, &presented, NOW);
            assert_eq!((found.is_some(), COMPARED.get()), (is_good, 1), "{what}");
        }
    }

    #[test]
    fn a_hash_that_was_damaged_fits_nothing() {
        let keyring = keyring("0123456789ab", "x", None);
        assert!(!Hash::stored("no hex").fits(&keyring.key, "x"));
    }
}
