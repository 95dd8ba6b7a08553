//! Some accounts at a time, copied out of the reader's buffer so that they can be judged together.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rollbook_core::account::State;
use rollbook_core::scan::Seen;

use crate::channel::file::{AccountRow, is_ours};
use crate::error::{Error, Result};

/// How many are judged together: enough for waits to overlap, few enough to stay near.
const SIZE: usize = 64;

/// Up to [`SIZE`] accounts. The room for their texts is used again and again.
#[derive(Debug, Default)]
pub(super) struct Batch {
    accounts: Vec<Copied>,
    used: usize,
}

/// What is asked of one account, and what its findings show.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) key: String,
    pub(super) login: String,
    external_id: String,
    worker_number: String,
    /// Addresses in a domain that the employer owns, one after the other.
    emails: String,
    /// Where each of them ends.
    email_ends: Vec<usize>,
    state: State,
    created: Option<Date>,
}

impl Batch {
    /// Takes a copy of `row`.
    pub(super) fn push(
        &mut self,
        row: &AccountRow<'_>,
        domains: &[String],
        zone: &TimeZone,
    ) -> Result<()> {
        if self.used == self.accounts.len() {
            self.accounts.push(Copied::default());
        }
        let copied = &mut self.accounts[self.used];
        copied.take(row, domains);
        copied.created = row.created(zone)?;
        self.used += 1;
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.used == SIZE
    }

    pub(super) fn accounts(&self) -> &[Copied] {
        &self.accounts[..self.used]
    }

    /// Forgets the accounts and keeps their room.
    pub(super) fn clear(&mut self) {
        self.used = 0;
    }
}

impl Copied {
    fn take(&mut self, row: &AccountRow<'_>, domains: &[String]) {
        let texts = [
            (&mut self.key, row.key()),
            (&mut self.login, row.login()),
            (&mut self.external_id, row.external_id()),
            (&mut self.worker_number, row.worker_number()),
        ];
        for (room, text) in texts {
            room.clear();
            room.push_str(text);
        }
        self.emails.clear();
        self.email_ends.clear();
        for address in row.emails().filter(|address| is_ours(address, domains)) {
            self.emails.push_str(address);
            self.email_ends.push(self.emails.len());
        }
        self.state = row.state();
    }
}

impl Seen for Copied {
    type Error = Error;

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
        let starts = std::iter::once(&0).chain(&self.email_ends);
        starts.zip(&self.email_ends).map(|(from, to)| &self.emails[*from..*to])
    }

    fn created(&self) -> Result<Option<Date>> {
        Ok(self.created)
    }
}
