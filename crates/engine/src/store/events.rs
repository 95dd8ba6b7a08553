//! The audit chain in the database: sealed in the same transaction as the fact it records.

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use rollbook_core::event::{self, Body, ChainId, Checkpoint, Draft, Event};

use super::db::args;
use super::row::{all, body_of, pack, unpack};
use super::{Reading, Store, Writing};
use crate::error::{Error, Kind, Result};

/// What sealing needs: the key that signs heads, and fresh random bytes for every body.
#[derive(Clone, Copy, Debug)]
pub struct Sealing<'a> {
    key: &'a SigningKey,
}

impl<'a> Sealing<'a> {
    /// Seals under `key`.
    pub fn new(key: &'a SigningKey) -> Self {
        Self { key }
    }

    /// Begins the chain of a new workspace, once, and signs it while it is empty: so it is known
    /// from the first moment which key signs it.
    ///
    /// # Errors
    /// When the database refuses or the system has no random bytes.
    pub fn begin(self, store: &Store, at: Timestamp) -> Result<()> {
        let id = ChainId::new(random()?);
        store.write(|book| {
            book.db.execute(
                "INSERT INTO meta (name, value) VALUES ('chain', $1) ON CONFLICT (name) DO NOTHING",
                args![id.as_str()],
            )?;
            book.sign(self, at).map(drop)
        })
    }
}

/// Fresh random bytes.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::setup("The system gave no random bytes, so nothing can be recorded or done.")
            .because(e)
    })?;
    Ok(bytes)
}

/// Which chain it is, and its last event.
#[derive(Clone, Debug)]
pub(super) struct Head {
    chain: ChainId,
    last: Option<Event>,
}

impl Reading<'_> {
    fn head(&self) -> Result<Head> {
        Ok(Head { chain: self.chain_id()?, last: self.last_event()? })
    }

    /// The id of this workspace's chain.
    pub fn chain_id(&self) -> Result<ChainId> {
        let sql = "SELECT value FROM meta WHERE name = 'chain'";
        let id = self.db.one(sql, &[], |row| Ok(row.text(0)?.to_owned()))?;
        id.map(ChainId::stored).ok_or_else(|| {
            Error::setup("The database has no audit chain, so nothing can be recorded or done.")
                .hint("Restore the newest backup, or make the workspace anew with `rollbook init`.")
        })
    }

    /// The last event.
    pub fn last_event(&self) -> Result<Option<Event>> {
        body_of(self.db, "event", "SELECT body FROM event ORDER BY seq DESC LIMIT 1", &[])
    }

    /// All events in order.
    ///
    /// # Errors
    /// When a row says something else than the event in it; the database was changed.
    pub fn events(&self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let sql = "SELECT seq, kind, subject, body FROM event ORDER BY seq";
        self.db.each(sql, &[], |row| {
            let event: Event = unpack("event", row.text(3)?)?;
            if (row.text(1)?, row.text(2)?) != (&event.kind, &event.subject) {
                let said =
                    format!("The row of event {} does not say what the event says.", row.int(0)?);
                return Err(Error::new(Kind::Contradicted, said)
                    .hint("The database was changed. Keep a copy of the workspace."));
            }
            events.push(event);
            Ok(())
        })?;
        Ok(events)
    }

    /// The bodies of all events in order.
    pub fn bodies(&self) -> Result<Vec<Body>> {
        all(self.db, "event_body", "SELECT body FROM event_body ORDER BY seq", &[])
    }

    /// The event with this number.
    pub fn event(&self, seq: u64) -> Result<Option<Event>> {
        let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
        body_of(self.db, "event", "SELECT body FROM event WHERE seq = $1", args![seq])
    }

    /// What was recorded about `subject` under `kind`, oldest first.
    pub fn recorded(&self, subject: &str, kind: &str) -> Result<Vec<(Event, Body)>> {
        let mut found = Vec::new();
        let sql = "SELECT event.body, event_body.body
             FROM event JOIN event_body ON event_body.seq = event.seq
             WHERE event.subject = $1 AND event.kind = $2 ORDER BY event.seq";
        self.db.each(sql, args![subject, kind], |row| {
            let event: Event = unpack("event", row.text(0)?)?;
            if event.subject == subject && event.kind == kind {
                found.push((event, unpack("event_body", row.text(1)?)?));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The newest events about `subject`, at most `count` of them, the newest first.
    pub(crate) fn newest_about(&self, subject: &str, count: usize) -> Result<Vec<Event>> {
        let sql = "SELECT body FROM event WHERE subject = $1 ORDER BY seq DESC LIMIT $2";
        all(self.db, "event", sql, args![subject, i64::try_from(count).unwrap_or(i64::MAX)])
    }

    /// The newest events of one kind, at most `count` of them, the newest first.
    pub(crate) fn newest_of_kind(&self, kind: &str, count: usize) -> Result<Vec<Event>> {
        let sql = "SELECT body FROM event WHERE kind = $1 ORDER BY seq DESC LIMIT $2";
        all(self.db, "event", sql, args![kind, i64::try_from(count).unwrap_or(i64::MAX)])
    }

    /// What was last recorded about `subject` under `kind`.
    pub fn newest_recorded(&self, subject: &str, kind: &str) -> Result<Option<(Event, Body)>> {
        let sql = "SELECT event.body, event_body.body
             FROM event JOIN event_body ON event_body.seq = event.seq
             WHERE event.subject = $1 AND event.kind = $2 ORDER BY event.seq DESC LIMIT 1";
        self.db.one(sql, args![subject, kind], |row| {
            Ok((unpack("event", row.text(0)?)?, unpack("event_body", row.text(1)?)?))
        })
    }

    /// The checkpoint that covers most of the chain.
    pub fn newest_checkpoint(&self) -> Result<Option<Checkpoint>> {
        let sql = "SELECT body FROM checkpoint ORDER BY size DESC LIMIT 1";
        body_of(self.db, "checkpoint", sql, &[])
    }

    /// All checkpoints in order.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        all(self.db, "checkpoint", "SELECT body FROM checkpoint ORDER BY size", &[])
    }
}

impl Writing<'_> {
    /// Seals `draft` as the next event of the chain.
    pub fn record(&self, draft: Draft) -> Result<()> {
        let known = self.head.take();
        let Head { chain, last } = known.map_or_else(|| self.reading().head(), Ok)?;
        let (event, body) = event::seal(last.as_ref(), draft, random()?, &chain);
        let seq = i64::try_from(event.seq)
            .map_err(|e| Error::bug("The audit chain is longer than can be counted.").because(e))?;
        self.db.execute(
            "INSERT INTO event (seq, kind, subject, body) VALUES ($1, $2, $3, $4)",
            args![seq, event.kind.as_str(), event.subject.as_str(), pack(&event)?],
        )?;
        self.db.execute(
            "INSERT INTO event_body (seq, body) VALUES ($1, $2)",
            args![seq, pack(&body)?],
        )?;
        self.head.replace(Some(Head { chain, last: Some(event) }));
        Ok(())
    }

    /// Signs the chain as it is now. The caller keeps the checkpoint outside the database too.
    pub fn sign(&self, sealing: Sealing<'_>, at: Timestamp) -> Result<Checkpoint> {
        let book = self.reading();
        let head = book.last_event()?;
        let checkpoint = event::sign(sealing.key, &book.chain_id()?, head.as_ref(), at);
        self.db.execute(
            "INSERT INTO checkpoint (size, body) VALUES ($1, $2)
             ON CONFLICT (size) DO UPDATE SET body = excluded.body",
            args![i64::try_from(checkpoint.size).unwrap_or(i64::MAX), pack(&checkpoint)?],
        )?;
        Ok(checkpoint)
    }
}
