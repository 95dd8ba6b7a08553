//! The audit chain in the database: sealed in the same transaction as the fact it records.

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use rollbook_core::event::{self, Body, ChainId, Checkpoint, Draft, Event};
use rusqlite::{OptionalExtension, params};

use super::row::{all, pack, unpack};
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
            book.tx.execute(
                "INSERT INTO meta (name, value) VALUES ('chain', $1) ON CONFLICT (name) DO NOTHING",
                [id.as_str()],
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

impl Reading<'_> {
    /// The id of this workspace's chain.
    pub fn chain_id(&self) -> Result<ChainId> {
        let id: Option<String> = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE name = 'chain'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        id.map(ChainId::stored).ok_or_else(|| {
            Error::setup("The database has no audit chain, so nothing can be recorded or done.")
                .hint("Restore the newest backup, or make the workspace anew with `rollbook init`.")
        })
    }

    /// The last event.
    pub fn last_event(&self) -> Result<Option<Event>> {
        let body: Option<String> = self
            .db
            .prepare_cached("SELECT body FROM event ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        body.map(|body| unpack("event", &body)).transpose()
    }

    /// All events in order.
    ///
    /// # Errors
    /// When a row says something else than the event in it; the database was changed.
    pub fn events(&self) -> Result<Vec<Event>> {
        let mut query =
            self.db.prepare_cached("SELECT seq, kind, subject, body FROM event ORDER BY seq")?;
        let mut rows = query.query([])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let (seq, kind, subject): (i64, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let body: String = row.get(3)?;
            let event: Event = unpack("event", &body)?;
            if (kind, subject) != (event.kind.clone(), event.subject.clone()) {
                let said = format!("The row of event {seq} does not say what the event says.");
                return Err(Error::new(Kind::Contradicted, said)
                    .hint("The database was changed. Keep a copy of the workspace."));
            }
            events.push(event);
        }
        Ok(events)
    }

    /// The bodies of all events in order.
    pub fn bodies(&self) -> Result<Vec<Body>> {
        all(self.db, "event_body", "SELECT body FROM event_body ORDER BY seq", [])
    }

    /// The event with this number.
    pub fn event(&self, seq: u64) -> Result<Option<Event>> {
        let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
        let body: Option<String> = self
            .db
            .prepare_cached("SELECT body FROM event WHERE seq = $1")?
            .query_row([seq], |row| row.get(0))
            .optional()?;
        body.map(|body| unpack("event", &body)).transpose()
    }

    /// What was recorded about `subject` under `kind`, oldest first.
    pub fn recorded(&self, subject: &str, kind: &str) -> Result<Vec<(Event, Body)>> {
        let mut query = self.db.prepare_cached(
            "SELECT event.body, event_body.body
             FROM event JOIN event_body ON event_body.seq = event.seq
             WHERE event.subject = $1 AND event.kind = $2 ORDER BY event.seq",
        )?;
        let mut rows = query.query([subject, kind])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (event, body): (String, String) = (row.get(0)?, row.get(1)?);
            let event: Event = unpack("event", &event)?;
            if event.subject == subject && event.kind == kind {
                found.push((event, unpack("event_body", &body)?));
            }
        }
        Ok(found)
    }

    /// The checkpoint that covers most of the chain.
    pub fn newest_checkpoint(&self) -> Result<Option<Checkpoint>> {
        let body: Option<String> = self
            .db
            .prepare_cached("SELECT body FROM checkpoint ORDER BY size DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        body.map(|body| unpack("checkpoint", &body)).transpose()
    }

    /// All checkpoints in order.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        all(self.db, "checkpoint", "SELECT body FROM checkpoint ORDER BY size", [])
    }
}

impl Writing<'_> {
    /// Seals `draft` as the next event of the chain.
    pub fn record(&self, draft: Draft) -> Result<()> {
        let book = self.reading();
        let (event, body) =
            event::seal(book.last_event()?.as_ref(), draft, random()?, &book.chain_id()?);
        let seq = i64::try_from(event.seq)
            .map_err(|e| Error::bug("The audit chain is longer than can be counted.").because(e))?;
        self.tx
            .prepare_cached("INSERT INTO event (seq, kind, subject, body) VALUES ($1, $2, $3, $4)")?
            .execute(params![seq, event.kind, event.subject, pack(&event)?])?;
        self.tx
            .prepare_cached("INSERT INTO event_body (seq, body) VALUES ($1, $2)")?
            .execute(params![seq, pack(&body)?])?;
        Ok(())
    }

    /// Signs the chain as it is now. The caller keeps the checkpoint outside the database too.
    pub fn sign(&self, sealing: Sealing<'_>, at: Timestamp) -> Result<Checkpoint> {
        let book = self.reading();
        let head = book.last_event()?;
        let checkpoint = event::sign(sealing.key, &book.chain_id()?, head.as_ref(), at);
        self.tx.execute(
            "INSERT INTO checkpoint (size, body) VALUES ($1, $2)
             ON CONFLICT (size) DO UPDATE SET body = excluded.body",
            params![i64::try_from(checkpoint.size).unwrap_or(i64::MAX), pack(&checkpoint)?],
        )?;
        Ok(checkpoint)
    }
}
