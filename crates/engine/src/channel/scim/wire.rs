//! One exchange with the instance. Reads are tried again within bounds; writes are sent once.

use std::time::Duration;

use jiff::Timestamp;
use rollbook_core::step::Receipt;
use tokio::time::Instant;

use super::ScimChannel;
use crate::channel::answer::Said;
use crate::channel::http::Call;
use crate::clock::Clock;

/// A vendor that breaks gets this many tries; one that asks to wait gets what patience allows.
const TRIES_MAX: u32 = 3;

/// What is left of the time that the waits and failures of one operation may take together.
#[derive(Debug)]
pub(super) struct Patience {
    left: Duration,
    backoff: Duration,
}

impl Patience {
    /// Takes `wait` out of what is left; `false` when there is not that much.
    fn spend(&mut self, wait: Duration) -> bool {
        match self.left.checked_sub(wait) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl ScimChannel {
    /// The patience of one operation.
    pub(super) fn patience(&self) -> Patience {
        Patience { left: self.settings.patience, backoff: self.settings.backoff }
    }

    /// Now. A vendor's `Retry-After` speaks of the real world, whatever day the book is read as of.
    pub(super) fn now() -> Timestamp {
        Clock::System.now()
    }

    /// Reads; tries again what may pass, as long as `patience` lasts.
    pub(super) async fn read(&self, call: &Call, patience: &mut Patience) -> Said {
        let mut tries = 1;
        loop {
            if let Err(said) = self.turn().await {
                return said;
            }
            let begun = Instant::now();
            let said = self.exchange(call).await.0;
            let asked = match &said {
                Said::Throttled { wait } => *wait,
                said if said.is_passing() && tries < TRIES_MAX => None,
                _ => return said,
            };
            let wait = asked.unwrap_or(patience.backoff * 2_u32.pow(tries.min(10) - 1));
            let wait = wait + jitter(wait);
            // A vendor that hangs uses up patience as well, not only one that asks us to wait.
            if !patience.spend(begun.elapsed() + wait) {
                return said;
            }
            tracing::debug!(path = %call.path(), wait_ms = wait.as_millis(), "waiting to ask again");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// Writes, once; not at all while the instance wants to be left alone for long.
    pub(super) async fn write(&self, call: &Call) -> (Said, Receipt) {
        match self.turn().await {
            Ok(()) => self.exchange(call).await,
            Err(said) => (said, Receipt::default()),
        }
    }

    /// Waits until a request may be sent, or says that this would take too long.
    async fn turn(&self) -> Result<(), Said> {
        let turn = self.pace.turn(self.settings.patience).await;
        turn.map_err(|wait| Said::Throttled { wait: Some(wait) })
    }

    async fn exchange(&self, call: &Call) -> (Said, Receipt) {
        let (said, receipt) = match self.http.send(call).await {
            Ok(answer) => (Said::judge(&answer, Self::now()), answer.receipt),
            Err(lost) => (Said::Lost(lost), Receipt::default()),
        };
        if let Said::Throttled { wait: Some(wait) } = &said {
            self.pace.quiet_for(*wait);
        }
        (said, receipt)
    }
}

/// Up to a quarter of `wait`, so that clients that were sent away together do not come back
/// together. Without a source of randomness there is none.
fn jitter(wait: Duration) -> Duration {
    let mut byte = [0_u8];
    match getrandom::fill(&mut byte) {
        Ok(()) => wait * u32::from(byte[0]) / 1024,
        Err(_) => Duration::ZERO,
    }
}
