//! Upkeep: views that are too old to carry a plan are read again, and the book is reconciled and
//! signed, one thing at a time and never for each push.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::id::InstanceName;

use crate::engine::Engine;
use crate::error::Result;
use crate::progress::Quiet;
use crate::store::Basis;

/// How often the age of the views is looked at.
const LOOKED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How long after an instance could not be read it is tried again.
const READ_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// How often the book is reconciled at most, where something changed.
const RECONCILED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How often it is looked whether somebody is to be reminded of something.
const TENDED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How often notices are sent that are due.
const TOLD_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// How often the end of the chain is signed at most, where runs ended.
const SIGNED_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chore {
    /// Read the sources and this instance.
    Read(InstanceName),
    /// Compute identities, links and findings.
    Reconcile,
    /// Remind people of what they were asked to do.
    Tend,
    /// Send people what they are to hear.
    Tell,
    /// Sign the chain.
    Sign,
}

/// What is to be kept up, and when that was done last.
#[derive(Debug)]
pub(super) struct Upkeep {
    is_on: bool,
    /// What is being done.
    busy: Option<Chore>,
    looked_at: Option<Timestamp>,
    tried: BTreeMap<InstanceName, Timestamp>,
    reconciled_at: Timestamp,
    basis: Option<Basis>,
    tended_at: Option<Timestamp>,
    told_at: Option<Timestamp>,
    signed_at: Timestamp,
    is_unsigned: bool,
}

impl Upkeep {
    pub(super) fn new(engine: &Engine, is_on: bool) -> Self {
        let now = engine.now();
        Self {
            is_on,
            busy: None,
            looked_at: None,
            tried: BTreeMap::new(),
            reconciled_at: now,
            basis: engine.store.read(|book| book.basis()).ok(),
            tended_at: None,
            told_at: None,
            signed_at: now,
            is_unsigned: false,
        }
    }

    /// What is wrong is to be looked for again, by another policy.
    pub(super) fn policy_changed(&mut self) {
        self.basis = None;
        self.looked_at = None;
    }

    pub(super) fn run_ended(&mut self) {
        self.is_unsigned = true;
    }

    /// Whether it is done at all, and nothing is being read or reconciled.
    pub(super) fn is_still(&self) -> bool {
        self.is_on && !matches!(self.busy, Some(Chore::Read(_) | Chore::Reconcile))
    }

    /// What to do now, if anything. An instance is read only while nothing is on its way there, and
    /// nothing is read or reconciled unless it `may_read`.
    pub(super) fn next(
        &mut self,
        engine: &Engine,
        now: Timestamp,
        may_read: bool,
        is_free: impl Fn(&InstanceName) -> bool,
    ) -> Option<Chore> {
        if !self.is_on || self.busy.is_some() {
            return None;
        }
        let reading = may_read.then(|| self.reading(engine, now, is_free)).flatten();
        let chore = reading
            .or_else(|| {
                let is_due = self.tended_at.is_none_or(|at| is_over(at, TENDED_EVERY, now));
                is_due.then_some(Chore::Tend)
            })
            .or_else(|| {
                let is_due = self.told_at.is_none_or(|at| is_over(at, TOLD_EVERY, now));
                is_due.then_some(Chore::Tell)
            })
            .or_else(|| {
                (self.is_unsigned && is_over(self.signed_at, SIGNED_EVERY, now))
                    .then_some(Chore::Sign)
            })?;
        self.busy = Some(chore.clone());
        Some(chore)
    }

    fn reading(
        &mut self,
        engine: &Engine,
        now: Timestamp,
        is_free: impl Fn(&InstanceName) -> bool,
    ) -> Option<Chore> {
        let old = self.old_view(engine, now, is_free).map(Chore::Read);
        old.or_else(|| self.moved(engine, now).then_some(Chore::Reconcile))
    }

    /// An instance whose view is older than half of what may carry a plan.
    fn old_view(
        &mut self,
        engine: &Engine,
        now: Timestamp,
        is_free: impl Fn(&InstanceName) -> bool,
    ) -> Option<InstanceName> {
        if self.looked_at.is_some_and(|at| !is_over(at, LOOKED_EVERY, now)) {
            return None;
        }
        let age =
            SignedDuration::from_hours(engine.config.policy.limits.basis_max_age_h.into()) / 2;
        let is_old = |name: &InstanceName| {
            let head = engine.store.read(|book| book.newest_snapshot(name));
            head.is_ok_and(|head| head.is_none_or(|head| is_over(head.taken_at, age, now)))
        };
        let may_try = |name: &InstanceName| {
            self.tried.get(name).is_none_or(|at| is_over(*at, READ_AGAIN, now))
        };
        let read = engine.config.instances.iter().filter(|instance| instance.is_read());
        let mut names = read.map(|instance| &instance.name);
        let old = names.find(|name| may_try(name) && is_free(name) && is_old(name));
        if old.is_none() {
            self.looked_at = Some(now);
        }
        old.cloned()
    }

    /// Whether what a reconcile rests on was written since the last one.
    fn moved(&mut self, engine: &Engine, now: Timestamp) -> bool {
        if !is_over(self.reconciled_at, RECONCILED_EVERY, now) {
            return false;
        }
        self.reconciled_at = now;
        let basis = engine.store.read(|book| book.basis()).ok();
        basis.is_some() && basis != self.basis
    }

    pub(super) fn done(&mut self, engine: &Engine, chore: &Chore, now: Timestamp) {
        self.busy = None;
        match chore {
            Chore::Read(name) => {
                self.tried.insert(name.clone(), now);
                self.basis = engine.store.read(|book| book.basis()).ok();
            }
            Chore::Reconcile => {
                self.reconciled_at = now;
                self.basis = engine.store.read(|book| book.basis()).ok();
            }
            Chore::Tend => self.tended_at = Some(now),
            Chore::Tell => self.told_at = Some(now),
            Chore::Sign => {
                self.signed_at = now;
                self.is_unsigned = false;
            }
        }
    }
}

impl Chore {
    /// Does it.
    pub(super) async fn done_by(&self, engine: &Engine) -> Result<()> {
        match self {
            Self::Read(name) => {
                let sources = engine.config.sources.iter().map(|source| source.name.to_string());
                let names: Vec<_> = sources.chain([name.to_string()]).collect();
                let read = engine.sync(&names, &Quiet).await?;
                read.instances.into_iter().try_for_each(|instance| instance.read.map(drop))
            }
            Self::Reconcile => engine.reconcile().map(drop),
            Self::Tend => engine.tend().map(drop),
            Self::Tell => engine.send_notices().await.map(drop),
            Self::Sign => engine.checkpoint().map(drop),
        }
    }
}

fn is_over(since: Timestamp, length: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(since) >= length
}
