//! One exchange with an instance, in its turn. What may pass is read again within bounds; what may
//! have had an effect is sent once, by whoever calls.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::answer::Said;
use super::http::{Answer, Call, Http};
use super::pace::{Pace, chance};
use crate::clock::Clock;

/// A vendor that breaks gets this many tries; one that asks to wait gets what patience allows.
const TRIES_MAX: u32 = 3;

/// A client of one instance that keeps to its pace.
#[derive(Debug)]
pub struct Line {
    http: Http,
    pace: Arc<Pace>,
    /// How many requests may run at once.
    at_once: Semaphore,
    patience: Duration,
    backoff: Duration,
}

/// What is left of the time that the waits and failures of one operation may take together.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
    backoff: Duration,
}

impl Patience {
    /// How long to wait before the same read is sent again, after `tries` of which the last said
    /// `said` and took `took`; `None`: not at all. `chance`, at least 0 and less than 1, makes it up to
    /// a quarter longer, so that clients that were sent away together do not come back together.
    pub fn wait(
        &mut self,
        said: &Said,
        tries: u32,
        took: Duration,
        chance: f64,
    ) -> Option<Duration> {
        let asked = match said {
            Said::Throttled { wait } => *wait,
            said if said.is_passing() && tries < TRIES_MAX => None,
            _ => return None,
        };
        let wait = asked.unwrap_or(self.backoff * 2_u32.pow(tries.min(10) - 1));
        let wait = wait.mul_f64(1.0 + chance / 4.0);
        // A vendor that hangs uses up patience as well, not only one that asks us to wait.
        self.spend(took + wait).then_some(wait)
    }

    /// Takes `time` out of what is left; `false` when there is not that much.
    pub fn spend(&mut self, time: Duration) -> bool {
        match self.left.checked_sub(time) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl Line {
    /// A line that sends no more than `pace` and `at_once` (at least 1) allow. The waits and failures
    /// of one operation take no more than `patience`; the first wait that nobody asked for is
    /// `backoff`, and doubles.
    pub fn new(
        http: Http,
        pace: Arc<Pace>,
        at_once: usize,
        patience: Duration,
        backoff: Duration,
    ) -> Self {
        let at_once = Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS));
        Self { http, pace, at_once, patience, backoff }
    }

    /// The client.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The turns that its requests take.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The patience of one operation.
    pub fn patience(&self) -> Patience {
        Patience { left: self.patience, backoff: self.backoff }
    }

    /// Sends a request once, when its turn comes; not at all while the instance wants to be left
    /// alone for longer than there is patience. The answer is empty where there is none.
    pub async fn send(
        &self,
        call: &Call,
        judge: &(dyn Fn(&Answer) -> Said + Send + Sync),
    ) -> (Said, Answer) {
        let _running = self.at_once.acquire().await;
        let turn = match self.pace.turn(self.patience).await {
            Ok(turn) => turn,
            Err(wait) => return (Said::Throttled { wait: Some(wait) }, Answer::default()),
        };
        let (said, answer) = match self.http.send(call).await {
            Ok(answer) => (judge(&answer), answer),
            Err(lost) => (Said::Lost(lost), Answer::default()),
        };
        let heard = said.heard(answer.status, answer.rate.is_spent());
        turn.hear(heard, answer.rate.quota(now()));
        (said, answer)
    }

    /// How long to wait before the same read is sent again; see [`Patience::wait`]. Of all requests to
    /// the instance, only a share is sent again.
    pub fn wait(
        &self,
        patience: &mut Patience,
        said: &Said,
        tries: u32,
        took: Duration,
    ) -> Option<Duration> {
        let wait = patience.wait(said, tries, took, chance())?;
        self.pace.may_retry().then_some(wait)
    }

    /// Reads; tries again what may pass, as long as `patience` lasts.
    pub async fn read(
        &self,
        call: &Call,
        judge: &(dyn Fn(&Answer) -> Said + Send + Sync),
        patience: &mut Patience,
    ) -> Said {
        let mut tries = 1;
        loop {
            let begun = Instant::now();
            let (said, _) = self.send(call, judge).await;
            let wait = self.wait(patience, &said, tries, begun.elapsed());
            let Some(wait) = wait else { return said };
            tracing::debug!(path = %call.path(), wait_ms = wait.as_millis(), "waiting to ask again");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }
}

/// Now. A vendor's `Retry-After` speaks of the real world, whatever day the book is read as of.
pub fn now() -> Timestamp {
    Clock::System.now()
}
