//! What runs by itself, one thing at a time, beside everything that is delivered.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::task::{AbortHandle, JoinHandle};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::scheduling::Claim;

/// How often it is looked whether a slot is due.
const LOOKED_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// What runs now, and when it is looked again.
#[derive(Debug)]
pub(super) struct Clockwork {
    look_at: Timestamp,
    is_busy: bool,
    is_stopped: bool,
    running: Option<AbortHandle>,
}

impl Clockwork {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { look_at: now, is_busy: false, is_stopped: false, running: None }
    }

    /// Whether it is to be looked now whether a slot is due; then nothing else is looked up until
    /// [`Clockwork::is_over`].
    pub(super) fn look(&mut self, now: Timestamp) -> bool {
        // A clock that was put back makes no pause.
        let is_soon = self.look_at > now && self.look_at.duration_since(now) <= LOOKED_EVERY;
        if self.is_busy || self.is_stopped || is_soon {
            return false;
        }
        self.is_busy = true;
        true
    }

    /// Whether nothing runs.
    pub(super) fn is_still(&self) -> bool {
        !self.is_busy
    }

    pub(super) fn runs(&mut self, running: AbortHandle) {
        if self.is_stopped {
            running.abort();
        }
        self.running = Some(running);
    }

    pub(super) fn is_over(&mut self, now: Timestamp) {
        self.is_busy = false;
        self.running = None;
        self.look_at = now.checked_add(LOOKED_EVERY).unwrap_or(now);
    }

    /// Begins nothing more, and has what runs given back.
    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
        if let Some(running) = &self.running {
            running.abort();
        }
    }

    /// Keeps a slot. What is handed back ends when it is recorded how that went, also where it is
    /// aborted by the second value: reading can end at any moment, and what is written is whole.
    pub(super) fn run(engine: Arc<Engine>, claim: Claim) -> (JoinHandle<Result<()>>, AbortHandle) {
        let (worker, schedule) = (Arc::clone(&engine), claim.schedule.clone());
        let running = tokio::spawn(async move { worker.run_control(&schedule).await });
        let abort = running.abort_handle();
        let recorded = tokio::spawn(async move {
            let result = match running.await {
                Err(error) if error.is_cancelled() => None,
                Err(error) => Some(Err(Error::bug("It ended before its time.").because(error))),
                Ok(result) => Some(result),
            };
            let noted = tokio::task::spawn_blocking(move || note(&engine, &claim, result));
            noted.await.unwrap_or_else(|error| {
                Err(Error::bug("It could not be recorded how a schedule ran.").because(error))
            })
        });
        (recorded, abort)
    }
}

fn note(engine: &Engine, claim: &Claim, result: Option<Result<String>>) -> Result<()> {
    let (schedule, slot) = (&claim.schedule.name, &claim.due.slot.key);
    match &result {
        None => tracing::info!(%schedule, %slot, "given back"),
        Some(Ok(_)) => tracing::info!(%schedule, %slot, missed = claim.due.missed, "kept"),
        Some(Err(error)) => tracing::warn!(%schedule, %slot, %error, "it did not go well"),
    }
    match &result {
        None => engine.give_back_control(claim),
        Some(result) => engine.end_control(claim, result),
    }
}
