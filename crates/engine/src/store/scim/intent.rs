//! The newest wish of an identity provider about each aspect of a resource, and how far it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{micros, moment};
use crate::error::{Error, Result};
use crate::store::db::{Arg, Row, args};
use crate::store::{Reading, Writing};

/// How far a wish is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Recorded, and nothing more.
    Accepted,
    /// Somebody or something must come first; `because` says what.
    Waiting,
    /// The app said that it did it.
    Applied,
    /// A second look saw it.
    Verified,
    /// It was not done; `because` says why.
    Failed,
}

impl DeliveryState {
    /// The word in the database and in the delivery extension.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Waiting => "waiting",
            Self::Applied => "applied",
            Self::Verified => "verified",
            Self::Failed => "failed",
        }
    }

    pub(super) fn stored(word: &str) -> Result<Self> {
        let all = [Self::Accepted, Self::Waiting, Self::Applied, Self::Verified, Self::Failed];
        all.into_iter().find(|state| state.as_str() == word).ok_or_else(|| {
            Error::setup(format!("A wish is in the unknown state {word:?}."))
                .hint("Restore the newest backup of the workspace folder.")
        })
    }
}

/// The newest wish about one aspect of a pushed resource at one instance. A key and a state, never a
/// decision: what is wished is read from the resource when delivery comes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentRow {
    /// To which endpoint it was pushed.
    pub endpoint: String,
    /// About which resource.
    pub resource: String,
    /// Where it is to be done; `*`: wherever delivery finds.
    pub instance: String,
    /// `account`, or `member:` and the id of a Group.
    pub aspect: String,
    /// The resource's revision that the wish is from.
    pub revision: i64,
    /// When it was pushed.
    pub at: Timestamp,
    /// The identity provider's name.
    pub by: String,
    /// How far it is.
    pub state: DeliveryState,
    /// Why it is there and no further, as a sentence; may be empty.
    pub because: String,
    /// When it came there.
    pub state_at: Timestamp,
    /// The same reason as a word for programs; may be empty.
    pub reason: String,
    /// When to look at it next; `None`: not until something happens.
    pub due_at: Option<Timestamp>,
    /// How often it was tried.
    pub tries: i64,
    /// The plan that carries it out.
    pub plan: Option<String>,
    /// The key of the account that it is about, once known.
    pub account: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT endpoint, resource, instance, aspect, revision, at_us, idp, state, because, \
             state_us, reason, due_us, tries, plan, account FROM intent ",
            $rest
        )
    };
}

impl IntentRow {
    fn read(row: &Row<'_>) -> Result<Self> {
        let text = |at| row.text(at).map(str::to_owned);
        Ok(Self {
            endpoint: text(0)?,
            resource: text(1)?,
            instance: text(2)?,
            aspect: text(3)?,
            revision: row.int(4)?,
            at: moment(row.int(5)?)?,
            by: text(6)?,
            state: DeliveryState::stored(row.text(7)?)?,
            because: text(8)?,
            state_at: moment(row.int(9)?)?,
            reason: text(10)?,
            due_at: row.maybe_int(11)?.map(moment).transpose()?,
            tries: row.int(12)?,
            plan: row.maybe_text(13)?.map(str::to_owned),
            account: row.maybe_text(14)?.map(str::to_owned),
        })
    }
}

impl Reading<'_> {
    /// Up to `limit` wishes that are due, those first that are due longest.
    pub fn due_intents(&self, now: Timestamp, limit: usize) -> Result<Vec<IntentRow>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.intents(
            select!("WHERE due_us IS NOT NULL AND due_us <= $1 ORDER BY due_us LIMIT $2"),
            args![micros(now), limit],
        )
    }

    /// The wishes about one resource.
    pub fn intents_of(&self, endpoint: &str, resource: &str) -> Result<Vec<IntentRow>> {
        self.intents(
            select!("WHERE resource = $1 AND endpoint = $2 ORDER BY instance, aspect"),
            args![resource, endpoint],
        )
    }

    /// The wishes that a plan carries out.
    pub fn intents_of_plan(&self, plan: &str) -> Result<Vec<IntentRow>> {
        self.intents(
            select!("WHERE plan IS NOT NULL AND plan = $1 ORDER BY resource, instance, aspect"),
            args![plan],
        )
    }

    /// One wish.
    pub fn intent(
        &self,
        resource: &str,
        instance: &str,
        aspect: &str,
    ) -> Result<Option<IntentRow>> {
        self.db.one(
            select!("WHERE resource = $1 AND instance = $2 AND aspect = $3"),
            args![resource, instance, aspect],
            IntentRow::read,
        )
    }

    /// The live resource of `endpoint` whose wish was found to be about this account.
    pub fn claimed_by(
        &self,
        instance: &str,
        account: &str,
        endpoint: &str,
    ) -> Result<Option<String>> {
        self.db.one(
            "SELECT i.resource FROM intent i JOIN scim_resource r ON r.id = i.resource
             WHERE i.instance = $1 AND i.account IS NOT NULL AND i.account = $2
               AND i.endpoint = $3 AND r.deleted_us IS NULL
             ORDER BY r.created_us LIMIT 1",
            args![instance, account, endpoint],
            |row| row.text(0).map(str::to_owned),
        )
    }

    /// Up to `limit` Users in the Group `holder` of whose being in it nothing was wished yet, each
    /// with the identity provider that pushed the User.
    pub(crate) fn unwished_members(
        &self,
        holder: &str,
        instance: &str,
        aspect: &str,
        limit: usize,
    ) -> Result<Vec<Unwished>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        self.db.each(
            "SELECT m.member, own.idp FROM scim_member m
             JOIN intent own ON own.resource = m.member AND own.instance = $2
                 AND own.aspect = 'account'
             WHERE m.holder = $1 AND m.kind = 'User' AND NOT EXISTS
                 (SELECT 1 FROM intent i
                  WHERE i.resource = m.member AND i.instance = $2 AND i.aspect = $3)
             ORDER BY m.member LIMIT $4",
            args![holder, instance, aspect, limit],
            |row| {
                let (resource, idp) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                found.push(Unwished { resource, idp });
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// Every resource, also a deleted one, of which a wish was found to be about this account.
    pub(crate) fn claimants(&self, instance: &str, account: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.db.each(
            "SELECT resource FROM intent
             WHERE instance = $1 AND account IS NOT NULL AND account = $2 ORDER BY resource",
            args![instance, account],
            |row| row.text(0).map(|id| found.push(id.to_owned())),
        )?;
        Ok(found)
    }

    /// The wishes about accounts that are known to be meant, at one endpoint.
    pub(crate) fn claims(&self, endpoint: &str) -> Result<Vec<IntentRow>> {
        self.intents(
            select!(
                "WHERE endpoint = $1 AND aspect = 'account' AND account IS NOT NULL
                 ORDER BY resource, instance"
            ),
            args![endpoint],
        )
    }

    fn intents(&self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<IntentRow>> {
        let mut found = Vec::new();
        self.db.each(sql, args, |row| IntentRow::read(row).map(|row| found.push(row)))?;
        Ok(found)
    }
}

/// A member of a group, of whose membership nothing was wished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unwished {
    pub(crate) resource: String,
    pub(crate) idp: String,
}

/// A wish as a push writes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) aspect: &'a str,
    pub(crate) revision: i64,
    pub(crate) at: Timestamp,
    pub(crate) idp: &'a str,
}

impl Writing<'_> {
    /// Puts a new wish in the place of the one before. The plan and the account of the one before
    /// stay known.
    pub(crate) fn wish(&self, wish: &Wish<'_>) -> Result<()> {
        self.db.execute(
            "INSERT INTO intent (resource, instance, aspect, endpoint, revision, at_us, idp, state,
                 because, state_us, reason, due_us, tries)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'accepted', '', $6, '', $6, 0)
             ON CONFLICT (resource, instance, aspect) DO UPDATE SET revision = excluded.revision,
                 at_us = excluded.at_us, idp = excluded.idp, state = excluded.state,
                 because = excluded.because, state_us = excluded.state_us,
                 reason = excluded.reason, due_us = excluded.due_us, tries = excluded.tries",
            args![
                wish.resource,
                wish.instance,
                wish.aspect,
                wish.endpoint,
                wish.revision,
                micros(wish.at),
                wish.idp
            ],
        )?;
        Ok(())
    }

    /// Makes every wish that waits and is looked at again some time due at `now`.
    pub(crate) fn wake_waiting(&self, now: Timestamp) -> Result<()> {
        self.db.execute(
            "UPDATE intent SET due_us = $1
             WHERE due_us IS NOT NULL AND due_us > $1 AND state = 'waiting'",
            args![micros(now)],
        )?;
        Ok(())
    }

    /// Writes a whole row. Writes nothing and returns `false` when a newer wish is stored.
    pub fn put_intent(&self, row: &IntentRow) -> Result<bool> {
        let written = self.db.execute(
            "INSERT INTO intent (resource, instance, aspect, endpoint, revision, at_us, idp, state,
                 because, state_us, reason, due_us, tries, plan, account)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (resource, instance, aspect) DO UPDATE SET revision = excluded.revision,
                 at_us = excluded.at_us, idp = excluded.idp, state = excluded.state,
                 because = excluded.because, state_us = excluded.state_us,
                 reason = excluded.reason, due_us = excluded.due_us, tries = excluded.tries,
                 plan = excluded.plan, account = excluded.account
             WHERE intent.revision <= excluded.revision",
            args![
                &row.resource,
                &row.instance,
                &row.aspect,
                &row.endpoint,
                row.revision,
                micros(row.at),
                &row.by,
                row.state.as_str(),
                &row.because,
                micros(row.state_at),
                &row.reason,
                row.due_at.map(micros),
                row.tries,
                row.plan.as_deref(),
                row.account.as_deref()
            ],
        )?;
        Ok(written > 0)
    }
}
