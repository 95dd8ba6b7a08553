//! How fast an instance may be asked, learned from what it does. Pure: the moment is an argument.
//!
//! Where nobody said a limit, the rate grows with every answer until the instance refuses. Then it is
//! known how many requests were let through in how long a time, and that is the limit, whatever kind
//! of window the instance counts in. From then on the rate begins a little below it, comes close,
//! stays there, and at last tries a little more, because limits change.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Limit;

/// Where nothing is known, requests a second at first.
const FIRST: f64 = 10.0;

/// As fast as it becomes where nobody said that more is allowed, in requests a second.
const LEARNED_MAX: f64 = 50.0;

/// As slow as it becomes by refusals, in requests a second: an instance whose quota others used up
/// for an hour must not be crawled at for days.
const LEARNED_MIN: f64 = 0.2;

/// And never faster than this, whatever headers say.
const TOLD_MAX: f64 = 1000.0;

/// With every answer before the first refusal, a second may hold so many requests more.
const GROWTH: f64 = 1.0;

/// By which share of what was measured the rate goes below it after a refusal.
const DIP: f64 = 0.04;

/// The same where nothing could be measured.
const DEEP_DIP: f64 = 0.5;

/// After how many answers the rate is back at what was measured: at first, and at most, where what is
/// measured is the same again and again.
const ANSWERS_MIN: f64 = 150.0;
const ANSWERS_MAX: f64 = 2400.0;

/// Fewer answers than this measure nothing.
const MEASURED_MIN: u64 = 4;

/// Two measurements that differ by less than this share say the same.
const ALIKE: f64 = 0.05;

/// A limit that was said is taken to count so much longer, as a share and in seconds, because requests
/// do not all take equally long to get there.
const SPARE: f64 = 0.01;
const SPARE_S: f64 = 0.01;

/// Vendors count in round times, in seconds.
const ROUND_S: [f64; 14] =
    [1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 3600.0];

const SECOND: f64 = 1.0;
const HOUR: f64 = 3600.0;

/// The rate of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// Requests a second, now.
    rate: f64,
    /// Requests a second that it is never more than.
    cap: f64,
    /// Whether the cap is a limit that the app file or the administrator said.
    is_known: bool,
    /// Whether the span is what the app file, the administrator or headers said.
    is_said: bool,
    /// What was measured last, in requests a second; `None`: there was no refusal yet.
    ceiling: Option<f64>,
    /// By which share of the ceiling the rate went below it.
    dip: f64,
    /// After how many answers it is back there.
    answers: f64,
    /// How many there were since.
    grown: f64,
    /// In any time so long, in seconds, there are no more requests than the rate gives.
    span: f64,
}

/// What a time in which requests went out showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// How many requests were let through …
    pub admitted: u64,
    /// … in how long a time.
    pub within: Duration,
    /// Where the instance may have had something left at the beginning: a time that is too short, so
    /// that the instance looks back longer than this and at most for all of it.
    pub longer_than: Option<Duration>,
}

impl Learned {
    /// What is known at the beginning.
    pub fn new(known: Option<Limit>) -> Self {
        let unknown = Self {
            rate: FIRST,
            cap: LEARNED_MAX,
            is_known: false,
            is_said: false,
            ceiling: None,
            dip: 0.0,
            answers: ANSWERS_MIN,
            grown: 0.0,
            span: SECOND,
        };
        let Some(limit) = known else { return unknown };
        let span = spared(limit.window);
        let rate = f64::from(limit.requests) / span;
        Self {
            rate,
            cap: rate,
            is_known: true,
            is_said: true,
            ceiling: Some(rate),
            span,
            ..unknown
        }
    }

    /// Whether it may be gone by, after it was written down and read again.
    pub fn is_sound(&self) -> bool {
        let is_rate = |rate: f64| rate > 0.0 && rate <= TOLD_MAX;
        let ceiling = self.ceiling.unwrap_or(self.rate);
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        is_rate(self.rate)
            && is_rate(self.cap)
            && is_rate(ceiling)
            && is_share(self.dip)
            && (1.0..=ANSWERS_MAX).contains(&self.answers)
            && (0.0..1e12).contains(&self.grown)
            && (SECOND..=48.0 * HOUR).contains(&self.span)
    }

    /// Requests a second, now.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// In any time so long there are no more requests than the rate gives.
    pub fn span(&self) -> Duration {
        Duration::from_secs_f64(self.span)
    }

    /// How many requests that is, at least 1.
    pub fn turns_in_span(&self) -> usize {
        let turns = self.rate * self.span;
        // What was measured is not so exact that half a turn mattered; what was said is.
        let turns = if self.is_said { turns + 1e-6 } else { turns.ceil() };
        (turns as usize).max(1)
    }

    /// Whether it is known how long the instance looks back.
    pub fn is_found(&self) -> bool {
        self.ceiling.is_some()
    }

    /// A request that the rate had held back was let through. `may_exceed`: nothing says that there
    /// is no more than what was measured.
    pub fn grow(&mut self, may_exceed: bool) {
        let Some(ceiling) = self.ceiling else {
            self.rate = (self.rate + GROWTH).min(self.cap);
            return;
        };
        if self.grown < self.answers || may_exceed {
            self.grown += 1.0;
        }
        let answers = self.answers.max(self.turns_in_span() as f64);
        let left = 1.0 - self.grown / answers;
        let factor = match left > 0.0 {
            true => 1.0 - self.dip * left.powi(3),
            false => 1.0 + DIP * left.powi(2),
        };
        self.rate = (ceiling * factor).clamp(self.floor(), self.cap);
    }

    /// The instance refused, and this was measured until then.
    pub fn shrink(&mut self, measured: Measured) {
        let mut seconds = measured.within.as_secs_f64();
        if measured.admitted < MEASURED_MIN || seconds <= 0.0 {
            return self.shrink_unmeasured();
        }
        if let Some(longer_than) = measured.longer_than {
            let may_be = |round: &&f64| **round > longer_than.as_secs_f64() && **round <= seconds;
            seconds = ROUND_S.iter().rfind(may_be).copied().unwrap_or(seconds);
            if !self.is_said {
                self.span = seconds.clamp(SECOND, HOUR);
            }
        }
        let found = (measured.admitted as f64 / seconds).min(self.rate * (1.0 - SPARE));
        let found = found.clamp(self.floor(), self.cap);
        let is_alike = self.ceiling.is_some_and(|old| (found / old - 1.0).abs() < ALIKE);
        self.answers = match is_alike {
            true => (self.answers * 2.0).min(ANSWERS_MAX),
            false => ANSWERS_MIN,
        };
        self.begin(found, DIP);
    }

    /// The instance refused, and nothing says what its limit is.
    pub fn shrink_unmeasured(&mut self) {
        self.answers = ANSWERS_MIN;
        self.begin(self.rate, DEEP_DIP);
    }

    /// Headers say that there are so many requests in so long a time. What was known before is never
    /// exceeded.
    pub fn told(&mut self, limit: Limit) {
        let span = spared(limit.window);
        let rate = f64::from(limit.requests) / span;
        if !self.is_known {
            self.cap = rate.clamp(LEARNED_MAX, TOLD_MAX);
            (self.span, self.is_said) = (span, true);
        }
        self.begin(rate.clamp(self.floor(), self.cap), 0.0);
    }

    fn begin(&mut self, ceiling: f64, dip: f64) {
        (self.ceiling, self.dip, self.grown) = (Some(ceiling), dip, 0.0);
        self.rate = (ceiling * (1.0 - dip)).clamp(self.floor(), self.cap);
    }

    fn floor(&self) -> f64 {
        LEARNED_MIN.min(self.cap)
    }
}

/// How long a window is taken to be, in seconds.
fn spared(window: Duration) -> f64 {
    window.as_secs_f64().clamp(SECOND, 24.0 * HOUR) * (1.0 + SPARE) + SPARE_S
}
