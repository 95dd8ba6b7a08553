//! What is wrong right now by safe keys alone, for estates that are too large to hold in memory.
//!
//! An [`Enrolment`] takes the worker records one by one and becomes a [`Roll`]: everybody, at some
//! hundred bytes each. Each instance is then a [`Sweep`] of its accounts past the roll, one by one;
//! nothing of an account is kept but one bit for its owner. Sweeps share the roll and nothing else,
//! so they can run beside one another.
//!
//! Records of one source and number are one human, and nothing else is: who is known to two sources
//! counts twice here, and a key that both carry decides nothing. The keys and their order are those
//! of [`crate::matching`]. What a key says is not checked against names, and nobody is asked, so a
//! sync knows more: it links what no key links, and it may doubt a key.

mod bits;
mod enrolment;
mod index;
mod roll;
mod spell;
mod sweep;

use jiff::civil::Date;

pub use bits::Bits;
pub use enrolment::{Enrolment, Entry, Place};
pub use index::Full;
pub use roll::{Human, Presences, Roll};
pub use sweep::{Counts, Found, Seen, Sweep};

use crate::account::{Account, State};

impl Seen for Account {
    type Error = std::convert::Infallible;

    fn state(&self) -> State {
        self.state
    }

    fn external_id(&self) -> &str {
        &self.external_id
    }

    fn worker_number(&self) -> &str {
        &self.worker_number
    }

    fn login(&self) -> &str {
        &self.login
    }

    fn verified_emails(&self) -> impl Iterator<Item = &str> {
        self.emails.iter().filter(|email| email.verified).map(|email| email.address.as_str())
    }

    fn created(&self) -> Result<Option<Date>, Self::Error> {
        Ok(self.created)
    }
}
