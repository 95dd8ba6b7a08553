//! How fast requests to one instance may follow each other, whoever sends them.
//!
//! A limit that the administrator or the app file says is never exceeded in any window. Where nobody
//! says one it is learned: [`learned`] decides how fast, [`quota`] reads what headers say over time,
//! [`budget`] gives out the turns, [`retries`] bounds what is asked again. All four are pure; here
//! they get a clock, and those who wait for a turn get it one after the other.
//!
//! After a refusal nothing is sent before the time that the instance names. Then a single request
//! finds out whether it lets anything through, and everybody else waits for its answer.

pub mod budget;
pub mod learned;
pub mod quota;
pub mod retries;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as Queue, Notify};
use tokio::time::Instant;

use self::budget::{Budget, Heard, Leave, Turn};
use self::learned::Learned;
use self::quota::Quota;
use self::retries::Retries;

/// The first wait after a refusal that names none.
const BACKOFF: Duration = Duration::from_millis(400);

/// So many requests in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Requests, at least 1.
    pub requests: u32,
    /// In any time so long.
    pub window: Duration,
}

impl Limit {
    /// So many requests in any second; 0 counts as 1.
    pub fn each_second(requests: u32) -> Self {
        Self { requests: requests.max(1), window: Duration::from_secs(1) }
    }

    /// Requests a second in the long run.
    pub fn per_second(&self) -> f64 {
        f64::from(self.requests.max(1)) / self.window.as_secs_f64().max(1e-3)
    }
}

/// The turns of everybody who reaches one instance.
#[derive(Debug)]
pub struct Pace {
    known: Option<Limit>,
    begun: Instant,
    budget: Mutex<Budget>,
    retries: Mutex<Retries>,
    /// Those who wait for a turn, one after the other.
    queue: Queue<()>,
    /// Somebody heard an answer.
    heard: Notify,
}

/// A turn that was taken. What became of it is said once; dropped, it has no answer.
#[derive(Debug)]
#[must_use = "what became of the request teaches the pace"]
pub struct Held<'a> {
    pace: &'a Pace,
    turn: Option<Turn>,
}

impl Pace {
    /// A pace. `known`: a limit that is never exceeded; without one it is learned.
    pub fn new(known: Option<Limit>) -> Self {
        Self::knowing(known, None, Duration::ZERO)
    }

    /// Goes on with what was `learned` elsewhere, after so long a time of `quiet`.
    pub fn knowing(known: Option<Limit>, learned: Option<Learned>, quiet: Duration) -> Self {
        Self::with(Budget::new(known, BACKOFF).knowing(learned, quiet), known)
    }

    /// A pace that waits so long at first when it is refused without being told how long.
    pub fn with_backoff(known: Option<Limit>, backoff: Duration) -> Self {
        Self::with(Budget::new(known, backoff.min(BACKOFF)), known)
    }

    fn with(budget: Budget, known: Option<Limit>) -> Self {
        Self {
            known,
            begun: Instant::now(),
            budget: Mutex::new(budget),
            retries: Mutex::default(),
            queue: Queue::default(),
            heard: Notify::new(),
        }
    }

    /// The limit that is never exceeded, where one is known.
    pub fn known(&self) -> Option<Limit> {
        self.known
    }

    /// Waits for the next turn.
    ///
    /// # Errors
    /// How long the instance still wants to be left alone, when that is longer than `patience`. No
    /// turn is taken then.
    pub async fn turn(&self, patience: Duration) -> Result<Held<'_>, Duration> {
        let _first = self.queue.lock().await;
        loop {
            let heard = self.heard.notified();
            let now = self.begun.elapsed();
            let leave = {
                let mut budget = lock(&self.budget);
                let quiet = budget.quiet_until().saturating_sub(now);
                if quiet > patience {
                    return Err(quiet);
                }
                budget.ask(now)
            };
            match leave {
                Leave::Now(turn) => {
                    lock(&self.retries).sent();
                    return Ok(Held { pace: self, turn: Some(turn) });
                }
                Leave::AfterTrial => heard.await,
                Leave::NotBefore(due) => {
                    tokio::select! {
                        () = heard => {}
                        () = tokio::time::sleep_until(self.begun + due) => {}
                    }
                }
            }
        }
    }

    /// Whether one more request may be sent that was sent before; see [`Retries`].
    pub fn may_retry(&self) -> bool {
        lock(&self.retries).take()
    }

    /// How many turns were taken.
    pub fn taken(&self) -> u64 {
        lock(&self.budget).taken()
    }

    /// What was learned, and how long the instance still wants to be left alone.
    pub fn learned(&self) -> (Learned, Duration) {
        let budget = lock(&self.budget);
        (*budget.learned(), budget.quiet_until().saturating_sub(self.begun.elapsed()))
    }

    fn hear(&self, turn: Turn, heard: Heard, quota: Quota) {
        lock(&self.budget).hear(self.begun.elapsed(), turn, heard, quota, chance());
        self.heard.notify_one();
    }
}

impl Held<'_> {
    /// Says what became of the request.
    pub fn hear(mut self, heard: Heard, quota: Quota) {
        if let Some(turn) = self.turn.take() {
            self.pace.hear(turn, heard, quota);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.pace.hear(turn, Heard::Nothing, Quota::default());
        }
    }
}

/// At least 0 and less than 1. Without a source of randomness 0.
pub(super) fn chance() -> f64 {
    let mut byte = [0_u8];
    getrandom::fill(&mut byte).map_or(0.0, |()| f64::from(byte[0]) / 256.0)
}

/// What is behind it is changed as a whole, so a panic elsewhere does not damage it.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
