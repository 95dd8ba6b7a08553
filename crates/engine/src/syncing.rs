//! Sync: read the sources, read the instances, reconcile.
//!
//! One source or instance that cannot be read never keeps the others from being read, and never
//! takes away what was known of it: what we could not see stays as last seen, and is said to be so.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollbook_core::event::Draft;
use rollbook_core::id::{InstanceName, SourceName};
use rollbook_core::snapshot::{Coverage, Snapshot};
use serde_json::json;

use crate::channel::browser::Report;
use crate::config::{InstanceConfig, SourceConfig};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::reconcile::{Reconciled, named};
use crate::shrink;
use crate::source::{self, Delivery, LastGood};
use crate::store::{FeedState, SnapshotHead};

/// What a sync read and found.
#[derive(Debug)]
pub struct Synced {
    /// The sources, in the order of the configuration.
    pub sources: Vec<SourceRead>,
    /// The instances, in the order of the configuration.
    pub instances: Vec<InstanceRead>,
    /// What reconciling found.
    pub reconciled: Reconciled,
}

/// Somebody's word that lists which shrank are right. It holds for one sync and is recorded where it
/// made a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptedShrink {
    /// The sources and instances that may have shrunk.
    pub names: Vec<String>,
    /// Who says so.
    pub by: String,
    /// Why it is right.
    pub reason: String,
}

impl AcceptedShrink {
    fn check(&self) -> Result<()> {
        named(&self.by)?;
        match self.reason.trim().is_empty() {
            false => Ok(()),
            true => Err(Error::input("A list that shrank is accepted only with a reason.")
                .hint("Add `--reason \"…\"`: an auditor will read it.")),
        }
    }

    fn covers(&self, name: &str) -> bool {
        self.names.iter().any(|one| one == name)
    }
}

/// What became of one source.
#[derive(Debug)]
pub struct SourceRead {
    /// Which.
    pub source: SourceName,
    /// What was delivered, or why the last good delivery stays in force.
    pub read: Result<Delivery>,
}

/// What became of one instance.
#[derive(Debug)]
pub struct InstanceRead {
    /// Which.
    pub instance: InstanceName,
    /// The snapshot, or why there is none.
    pub read: Result<SnapshotHead>,
}

impl Engine {
    /// Reads every source and every instance, or only those named, and reconciles.
    ///
    /// # Errors
    /// When a name is unknown or the database refuses. What goes wrong with one source or instance
    /// is in its line.
    pub async fn sync(&self, only: &[String], progress: &dyn Progress) -> Result<Synced> {
        self.sync_all(only, &AcceptedShrink::default(), progress).await
    }

    /// The same where a named person says that lists which shrank are right: they come in this once.
    ///
    /// # Errors
    /// As [`Engine::sync`]; when no reason is given, or what is accepted is not read.
    pub async fn sync_accepting(
        &self,
        only: &[String],
        accepted: &AcceptedShrink,
        progress: &dyn Progress,
    ) -> Result<Synced> {
        accepted.check()?;
        self.check_names(&accepted.names)?;
        if let Some(name) =
            accepted.names.iter().find(|name| !only.is_empty() && !only.contains(name))
        {
            return Err(Error::input(format!("`{name}` is accepted and not read."))
                .hint("Name it among what is synced, or name nothing to sync everything."));
        }
        self.sync_all(only, accepted, progress).await
    }

    async fn sync_all(
        &self,
        only: &[String],
        accepted: &AcceptedShrink,
        progress: &dyn Progress,
    ) -> Result<Synced> {
        self.check_names(only)?;
        let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
        let mut sources = Vec::new();
        for config in self.config.sources.iter().filter(|s| wanted(s.name.as_str())) {
            progress.begin(&format!("Reading {}", config.name), None);
            let read = self.read_source(config, accepted, progress);
            progress.end();
            sources.push(SourceRead { source: config.name.clone(), read });
        }
        let mut instances = Vec::new();
        // What nothing reads is not read, unless somebody asks for it by name and must be told so.
        let is_due = |config: &&InstanceConfig| {
            wanted(config.name.as_str()) && (config.is_read() || !only.is_empty())
        };
        for config in self.config.instances.iter().filter(is_due) {
            progress.begin(&format!("Reading {}", config.name), None);
            let read = self.read_instance(config, accepted).await;
            progress.end();
            instances.push(InstanceRead { instance: config.name.clone(), read });
        }
        progress.begin("Linking accounts and looking for what is wrong", None);
        let reconciled = self.reconcile()?;
        progress.end();
        self.tend()?;
        self.send_notices().await?;
        self.checkpoint()?;
        Ok(Synced { sources, instances, reconciled })
    }

    fn check_names(&self, only: &[String]) -> Result<()> {
        let sources = self.config.sources.iter().map(|s| s.name.as_str());
        let known: Vec<&str> =
            sources.chain(self.config.instances.iter().map(|i| i.name.as_str())).collect();
        match only.iter().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Error::input(format!("There is no source or instance `{name}`."))
                .hint(format!("rollbook.toml names these: {}.", known.join(", ")))),
        }
    }

    fn read_source(
        &self,
        config: &SourceConfig,
        accepted: &AcceptedShrink,
        progress: &dyn Progress,
    ) -> Result<Delivery> {
        let mut records = Vec::new();
        let read = source::read(config, &self.dir, &mut |record| {
            records.push(record);
            progress.advance(1);
            Ok(())
        });
        let read =
            read.and_then(|delivery| Ok((source::read_appointments(config, &self.dir)?, delivery)));
        let (appointments, delivery) = match read {
            Ok(read) => read,
            Err(error) => return Err(self.keep_out(config, error)),
        };
        let previous = self.last_good(&config.name)?;
        let stop = source::stop(previous.as_ref(), &delivery, config);
        let agreed = match stop {
            Some(kept) if accepted.covers(config.name.as_str()) => Some(kept.what),
            Some(kept) => {
                return Err(self.keep_out(config, Error::refused(kept.why()).hint(kept.hint)));
            }
            None => None,
        };
        let now = self.now();
        let state = FeedState {
            taken_at: Some(now),
            digest: delivery.sha256.clone(),
            rows: delivery.rows,
            kept_out: None,
        };
        self.store.write(|book| {
            // Also where the file is the same: its mapping may have been set right since.
            book.put_delivery(&config.name, &records, &appointments)?;
            book.put_feed(&config.name, &state)?;
            if let Some(what) = &agreed {
                book.record(shrink_accepted(config.name.as_str(), accepted, what, now))?;
            }
            book.record(Draft {
                kind: "source_read".to_owned(),
                actor: "rollbook".to_owned(),
                on_behalf_of: String::new(),
                subject: config.name.to_string(),
                concerns: BTreeSet::new(),
                at: now,
                body: json!({
                    "file": delivery.file, "sha256": delivery.sha256, "rows": delivery.rows,
                    "repeated": delivery.repeated,
                }),
            })
        })?;
        Ok(delivery)
    }

    fn last_good(&self, source: &SourceName) -> Result<Option<LastGood>> {
        self.store.read(|book| {
            let Some(feed) = book.feed(source)?.filter(|feed| feed.taken_at.is_some()) else {
                return Ok(None);
            };
            let numbers = book.worker_numbers(source)?;
            Ok(Some(LastGood::new(feed.rows, numbers.iter().map(String::as_str))))
        })
    }

    /// Records that a delivery was kept out; the last good one stays in force.
    fn keep_out(&self, config: &SourceConfig, error: Error) -> Error {
        let recorded = self.store.write(|book| {
            let mut state = book.reading().feed(&config.name)?.unwrap_or_default();
            state.kept_out = Some(error.message.clone());
            book.put_feed(&config.name, &state)?;
            book.record(Draft {
                kind: "source_kept_out".to_owned(),
                actor: "rollbook".to_owned(),
                on_behalf_of: String::new(),
                subject: config.name.to_string(),
                concerns: BTreeSet::new(),
                at: self.now(),
                body: json!({"why": error.message}),
            })
        });
        recorded.err().unwrap_or(error)
    }

    async fn read_instance(
        &self,
        config: &InstanceConfig,
        accepted: &AcceptedShrink,
    ) -> Result<SnapshotHead> {
        let _still = self.lanes.still(&config.name).await;
        let (observed, report) = match self.open_channel(config) {
            Ok(channel) => (channel.observe().await, channel.report().await),
            Err(error) => (Err(error), Report::default()),
        };
        self.keep_pace(&config.name);
        let now = self.now();
        let observed = match observed {
            Ok(observed) => observed,
            Err(error) => return Err(self.not_seen(config, error, &report)),
        };
        // A token that lost its rights often shows an empty list, not an error; so the list must be
        // believable beside what is known, our own removals since the last reading included.
        let before = self.store.read(|book| match book.complete_snapshots(&config.name)? {
            0 => Ok(None),
            _ => book.account_count(&config.name).map(Some),
        })?;
        let count = observed.accounts.len() as u64;
        let pct_max = config.shrink_pct_max;
        let (coverage, agreed) = match accepted.covers(config.name.as_str()) {
            true => (observed.coverage, shrink::suspicion(before, count, pct_max)),
            false => {
                (shrink::coverage(&config.name, observed.coverage, before, count, pct_max), None)
            }
        };
        let snapshot = Snapshot {
            instance: config.name.clone(),
            taken_at: now,
            channel: config.channel().to_owned(),
            coverage,
            reported: observed.reported,
            accounts: observed.accounts,
            groups: observed.groups,
        };
        self.store.write(|book| {
            let head = book.put_snapshot(&snapshot)?;
            self.note_recipe(book, &config.name, &report, now)?;
            if let Some(what) = &agreed {
                book.record(shrink_accepted(config.name.as_str(), accepted, what, now))?;
            }
            book.record(Draft {
                kind: "instance_read".to_owned(),
                actor: "rollbook".to_owned(),
                on_behalf_of: String::new(),
                subject: config.name.to_string(),
                concerns: BTreeSet::new(),
                at: now,
                body: json!({
                    "snapshot": head.id, "accounts": head.count, "reported": head.reported,
                    "coverage": head.coverage,
                }),
            })?;
            Ok(head)
        })
    }

    /// Records that an instance could not be read: its view is partial from now on.
    fn not_seen(&self, config: &InstanceConfig, error: Error, report: &Report) -> Error {
        let now = self.now();
        let unseen = Snapshot {
            instance: config.name.clone(),
            taken_at: now,
            channel: config.channel().to_owned(),
            coverage: Coverage::Partial { why: error.message.clone() },
            reported: None,
            accounts: Vec::new(),
            groups: Vec::new(),
        };
        let recorded = self.store.write(|book| {
            book.put_snapshot(&unseen)?;
            self.note_recipe(book, &config.name, report, now)?;
            book.record(Draft {
                kind: "instance_not_read".to_owned(),
                actor: "rollbook".to_owned(),
                on_behalf_of: String::new(),
                subject: config.name.to_string(),
                concerns: BTreeSet::new(),
                at: now,
                body: json!({"why": error.message}),
            })
        });
        recorded.err().unwrap_or(error)
    }
}

/// The record that somebody agreed to a list that shrank.
fn shrink_accepted(name: &str, accepted: &AcceptedShrink, what: &str, at: Timestamp) -> Draft {
    Draft {
        kind: "shrink_accepted".to_owned(),
        actor: accepted.by.trim().to_owned(),
        on_behalf_of: String::new(),
        subject: name.to_owned(),
        concerns: BTreeSet::new(),
        at,
        body: json!({"what": what, "reason": accepted.reason}),
    }
}
