//! How fast requests to one instance may follow each other.
//!
//! Never more than so many in any second, counted over a sliding window, so that a burst at the end
//! of one second and one at the beginning of the next do not add up; and none at all while the
//! instance asked us to wait, whichever request it told so.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// The turns of one channel to one instance.
#[derive(Debug)]
pub struct Pace(Mutex<Budget>);

/// Who sent when, and what is asked of us. Pure: the moment comes in as an argument.
#[derive(Debug)]
struct Budget {
    turns_max: usize,
    window: Duration,
    /// When the newest turns were or are due, oldest first, as many as fit into a window.
    turns: VecDeque<Instant>,
    quiet_until: Option<Instant>,
    taken: u64,
}

impl Pace {
    /// At most `per_second_max` turns in any second; 0 counts as 1.
    pub fn new(per_second_max: u32) -> Self {
        Self::within(per_second_max, SECOND)
    }

    /// At most `turns_max` turns in any `window`; 0 counts as 1.
    pub fn within(turns_max: u32, window: Duration) -> Self {
        Self(Mutex::new(Budget::new(turns_max, window)))
    }

    /// Waits for the next turn.
    ///
    /// # Errors
    /// How long the instance still wants to be left alone, when that is longer than `patience`. No
    /// turn is taken then.
    pub async fn turn(&self, patience: Duration) -> Result<(), Duration> {
        let due = self.budget().take(Instant::now(), patience)?;
        tokio::time::sleep_until(due).await;
        Ok(())
    }

    /// The instance asked us to wait so long.
    pub fn quiet_for(&self, wait: Duration) {
        self.budget().quiet(Instant::now(), wait);
    }

    /// How many turns were taken.
    pub fn taken(&self) -> u64 {
        self.budget().taken
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budget {
    fn new(turns_max: u32, window: Duration) -> Self {
        let turns_max = usize::try_from(turns_max).unwrap_or(usize::MAX).max(1);
        Self { turns_max, window, turns: VecDeque::new(), quiet_until: None, taken: 0 }
    }

    /// Takes a turn: the moment at which it is due.
    fn take(&mut self, now: Instant, patience: Duration) -> Result<Instant, Duration> {
        let quiet_until = self.quiet_until.filter(|until| *until > now).unwrap_or(now);
        if quiet_until - now > patience {
            return Err(quiet_until - now);
        }
        let window = match self.turns.len() < self.turns_max {
            true => None,
            false => self.turns.pop_front().map(|oldest| oldest + self.window),
        };
        let newest = self.turns.back().copied();
        let due = [window, newest].into_iter().flatten().fold(quiet_until, Instant::max);
        self.turns.push_back(due);
        self.taken += 1;
        Ok(due)
    }

    fn quiet(&mut self, now: Instant, wait: Duration) {
        self.quiet_until = self.quiet_until.max(now.checked_add(wait));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENT: Duration = Duration::from_secs(3600);

    fn after(start: Instant, due: Result<Instant, Duration>) -> u128 {
        due.expect("a turn is taken").duration_since(start).as_millis()
    }

    #[test]
    fn as_many_as_fit_into_a_second_go_at_once_and_the_rest_a_second_later_each() {
        let start = Instant::now();
        let mut budget = Budget::new(3, SECOND);
        let due: Vec<_> = (0..8).map(|_| after(start, budget.take(start, PATIENT))).collect();
        assert_eq!(due, [0, 0, 0, 1000, 1000, 1000, 2000, 2000]);
        assert_eq!(budget.taken, 8);
    }

    #[test]
    fn an_instance_that_asks_to_wait_is_left_alone_by_every_request() {
        let start = Instant::now();
        let mut budget = Budget::new(3, SECOND);
        budget.quiet(start, Duration::from_secs(30));
        budget.quiet(start, Duration::from_secs(5));
        assert_eq!(after(start, budget.take(start, PATIENT)), 30_000, "the longest wait counts");
        let left = budget.take(start, Duration::from_secs(29));
        assert_eq!((left, budget.taken), (Err(Duration::from_secs(30)), 1));
        let later = start + Duration::from_secs(31);
        assert_eq!(after(start, budget.take(later, Duration::ZERO)), 31_000);
    }

    proptest! {
        #[test]
        fn no_second_ever_holds_more_turns_than_it_may(
            max in 1_u32..6,
            steps in prop::collection::vec((0_u64..700, prop::option::of(0_u64..3000)), 1..60),
        ) {
            let mut now = Instant::now();
            let mut budget = Budget::new(max, SECOND);
            let mut due = Vec::new();
            for (gap, quiet) in steps {
                now += Duration::from_millis(gap);
                if let Some(quiet) = quiet {
                    budget.quiet(now, Duration::from_millis(quiet));
                }
                due.push(budget.take(now, PATIENT).expect("it is patient"));
            }
            prop_assert!(due.is_sorted());
            for pair in due.windows(max as usize + 1) {
                prop_assert!(pair[max as usize] - pair[0] >= SECOND);
            }
        }
    }
}
