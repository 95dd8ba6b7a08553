//! What an instance's headers say of its limit, and what follows from it over time. Pure.
//!
//! Vendors mean different things by the same names: what is left of a fixed window and when it ends,
//! what is left of a window that slides and when its oldest request drops out, what is in a bucket
//! and when it is full again. So a limit and the longest time to a reset that was seen give a rate;
//! what is left until the reset brakes only until that time has passed once.

use std::time::Duration;

use super::Limit;

/// A time to a reset shorter than this is taken for this: most vendors count in whole seconds.
const WINDOW_MIN: Duration = Duration::from_secs(1);

/// This share of the limit within the window are our own requests: nobody else uses it.
const OWN_SHARE: f64 = 0.9;

/// What one answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// How many requests a window holds.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: Option<u64>,
    /// In how long there are more again.
    pub resets_in: Option<Duration>,
    /// How long the window is.
    pub window: Option<Duration>,
}

/// What all answers so far say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    limit: Option<Limit>,
    /// When the window was first told of.
    since: Duration,
    remaining: Option<u64>,
    /// When there is more again.
    resets_at: Duration,
}

impl Told {
    /// Takes note of an answer. `Some`: the limit, where it is another one than before.
    pub fn note(&mut self, now: Duration, quota: Quota) -> Option<Limit> {
        self.remaining = quota.remaining;
        self.resets_at = now + quota.resets_in.unwrap_or_default();
        let requests = u32::try_from(quota.limit?).unwrap_or(u32::MAX);
        let before = self.limit.filter(|limit| limit.requests == requests);
        let seen = before.map_or(Duration::ZERO, |limit| limit.window);
        let window = match quota.window {
            Some(window) => window,
            None => quota.resets_in?.max(seen),
        };
        let limit = Limit { requests, window: window.max(WINDOW_MIN) };
        if requests == 0 || self.limit == Some(limit) {
            return None;
        }
        if before.is_none() {
            self.since = now;
        }
        self.limit = Some(limit);
        Some(limit)
    }

    /// How long the window is, where that is known.
    pub fn window(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.window)
    }

    /// How many requests a second there may be until the reset, where the headers say so and nothing
    /// better is known: within the first window.
    pub fn brake(&self, now: Duration) -> Option<f64> {
        let limit = self.limit?;
        let is_settled = now >= self.since + limit.window;
        if is_settled { None } else { self.left_per_second(now) }
    }

    /// Whether there is more left than a rate of so many requests a second will use until the reset,
    /// or nothing is said.
    pub fn allows(&self, now: Duration, rate: f64) -> bool {
        self.left_per_second(now).is_none_or(|left| left > rate)
    }

    /// Until when nothing is left, `own` of our own requests having gone out within the window.
    pub fn spent_until(&self, now: Duration, own: &dyn Fn(Duration) -> usize) -> Option<Duration> {
        if self.remaining != Some(0) || self.resets_at <= now {
            return None;
        }
        let is_own = self.limit.is_some_and(|limit| {
            let is_settled = now >= self.since + limit.window;
            is_settled
                && own(limit.window) as f64 >= (f64::from(limit.requests) * OWN_SHARE).floor()
        });
        // The pace keeps to the limit by itself; the next request finds room.
        (!is_own).then_some(self.resets_at)
    }

    fn left_per_second(&self, now: Duration) -> Option<f64> {
        let left = self.resets_at.checked_sub(now).filter(|left| !left.is_zero())?;
        Some(self.remaining? as f64 / left.as_secs_f64())
    }
}
