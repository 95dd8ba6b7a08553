//! What proof is there of what was done about somebody, or in a run?

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::event::{Draft, Event};
use rollbook_core::explain::counted;
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::page::Page;
use super::{named, seen};
use crate::engine::Engine;
use crate::error::Result;
use crate::packing::{Evidence, Subject};
use crate::reconcile::named as a_named_person;

/// How many exceptions, blind spots and events are shown.
const SHOWN_MAX: usize = 50;

/// One account, or one thing done to it, with the columns of the pack's table `leaver`; see
/// `docs/evidence.md`.
pub type EvidenceRow = BTreeMap<&'static str, Value>;

/// Whose evidence it is and what it is bound to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AboutEvidence {
    /// The id of the person or the run.
    pub subject: String,
    /// As people know it.
    pub title: String,
    /// The person's last day by the sources.
    pub last_day: Option<Date>,
    /// What did not go as wished or was left alone knowingly, the first fifty.
    pub exceptions: Vec<[String; 2]>,
    /// Events of the audit chain about the subject, the runs and the plans, the newest fifty.
    pub events: Vec<EventSeen>,
    /// How many events the newest signed head of the chain covers.
    pub checkpoint_size: Option<u64>,
    /// When that was signed.
    pub checkpoint_at: Option<Timestamp>,
}

/// One record of the audit chain, without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventSeen {
    /// Its place in the chain.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing happened.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// What it is about.
    pub subject: String,
    /// Its digest.
    pub digest: String,
}

impl Engine {
    /// What the book can prove about a person, or about a run by its id: the accounts with what was
    /// sent, answered and seen, and the events that seal it. Reading it is itself an event, as `by`.
    ///
    /// # Errors
    /// When the subject is unknown, nobody says who asks, the page cannot be, or the database refuses.
    pub fn evidence_for(
        &self,
        subject: &str,
        by: &str,
        page: &Page,
    ) -> Result<Answer<AboutEvidence, EvidenceRow>> {
        let by = a_named_person(by)?;
        let engine = self.newest();
        let subject = match subject.starts_with("run_") {
            true => Subject::Run(rollbook_core::id::RunId::new(subject)),
            false => Subject::Person(named::person(&engine.graph()?, subject)?),
        };
        let found = engine.evidence_rows(&subject)?;
        let views = engine.seen_instances(&engine.graph()?, None)?;
        let id = found.subject.clone();
        let (rows, about) = engine.about_evidence(found)?;
        let numbered: Vec<(usize, EvidenceRow)> = rows.into_iter().enumerate().collect();
        let cut = page.cut(&["evidence_for", &id], numbered, |(at, row)| {
            format!("{}/{}/{}/{at}", row["instance"], row["account"], row["change"])
        })?;
        engine.record_evidence_read(&id, by, cut.total)?;
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![
                seen::sentence(&views),
                format!(
                    "{} and {} are shown; `rollbook pack` writes all of it with the signed chain, \
                     and `rollbook verify` checks that without this server.",
                    counted(cut.rows.len(), "row"),
                    counted(about.events.len(), "event")
                ),
            ],
            views,
            about,
            total: cut.total,
            rows: cut.rows.into_iter().map(|(_, row)| row).collect(),
            next: cut.next,
        })
    }

    fn about_evidence(&self, found: Evidence) -> Result<(Vec<EvidenceRow>, AboutEvidence)> {
        let Evidence { subject, title, last_day, mut exceptions, rows, sealed_under } = found;
        exceptions.truncate(SHOWN_MAX);
        let (mut events, checkpoint) = self.store.read(|book| {
            let mut events: Vec<Event> = Vec::new();
            for subject in sealed_under.iter().take(SHOWN_MAX) {
                events.extend(book.newest_about(subject, SHOWN_MAX)?);
            }
            Ok((events, book.newest_checkpoint()?))
        })?;
        events.sort_by_key(|event| std::cmp::Reverse(event.seq));
        let about = AboutEvidence {
            subject,
            title,
            last_day,
            exceptions,
            events: events.into_iter().take(SHOWN_MAX).map(EventSeen::from).collect(),
            checkpoint_size: checkpoint.as_ref().map(|checkpoint| checkpoint.size),
            checkpoint_at: checkpoint.map(|checkpoint| checkpoint.at),
        };
        Ok((rows, about))
    }

    fn record_evidence_read(&self, subject: &str, by: &str, rows: usize) -> Result<()> {
        let (actor, on_behalf_of) = self.actor_for(by);
        self.store.write(|book| {
            book.record(Draft {
                kind: "evidence_read".to_owned(),
                actor,
                on_behalf_of,
                subject: subject.to_owned(),
                concerns: BTreeSet::new(),
                at: self.now(),
                body: json!({"rows": rows}),
            })
        })
    }
}

impl From<Event> for EventSeen {
    fn from(event: Event) -> Self {
        let Event { seq, at, kind, actor, subject, digest, .. } = event;
        Self { seq, at, kind, actor, subject, digest }
    }
}
