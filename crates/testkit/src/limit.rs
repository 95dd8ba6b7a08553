//! A vendor's rate limit, hidden behind its answers: three ways in which vendors count. Pure: the
//! moment is an argument.

use std::collections::VecDeque;
use std::time::Duration;

/// How a vendor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// So many in each window, which begin one after the other.
    FixedWindow,
    /// So many in any window.
    SlidingWindow,
    /// A bucket that holds so many and fills up again within the window.
    TokenBucket,
}

/// A limit that nobody was told.
#[derive(Clone, Debug)]
pub struct HiddenLimit {
    counting: Counting,
    requests: u32,
    window: Duration,
    /// Whether its answers say what is left and how long to wait.
    tells: bool,
    /// When fixed windows begin.
    offset: Duration,
    /// Those let through within the window, oldest first.
    admitted: VecDeque<Duration>,
    tokens: f64,
    filled_at: Duration,
}

/// What a vendor does with one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Whether it was let through. If not, the answer is 429.
    pub is_admitted: bool,
    /// The headers that come with the answer.
    pub headers: Vec<(&'static str, String)>,
}

impl HiddenLimit {
    /// So many `requests` in each `window`, counted from `offset` on.
    ///
    /// # Panics
    /// When there are no requests or the window is empty.
    pub fn new(counting: Counting, requests: u32, window: Duration, tells: bool) -> Self {
        assert!(requests > 0 && !window.is_zero(), "a limit lets something through");
        let tokens = f64::from(requests);
        let (offset, filled_at) = (Duration::ZERO, Duration::ZERO);
        let admitted = VecDeque::new();
        Self { counting, requests, window, tells, offset, admitted, tokens, filled_at }
    }

    /// Fixed windows begin so much earlier than the first request.
    #[must_use]
    pub fn begun_before(mut self, offset: Duration) -> Self {
        self.offset = offset;
        self
    }

    /// Requests a second in the long run.
    pub fn per_second(&self) -> f64 {
        f64::from(self.requests) / self.window.as_secs_f64()
    }

    /// A request comes in.
    pub fn judge(&mut self, now: Duration) -> Judged {
        let now = now + self.offset;
        self.forget(now);
        let is_admitted = match self.counting {
            Counting::TokenBucket => self.tokens >= 1.0,
            _ => self.admitted.len() < self.requests as usize,
        };
        if is_admitted {
            self.tokens -= 1.0;
            self.admitted.push_back(now);
        }
        let headers = if self.tells { self.headers(now, is_admitted) } else { Vec::new() };
        Judged { is_admitted, headers }
    }

    fn forget(&mut self, now: Duration) {
        let per_second = self.per_second();
        let filled = now.saturating_sub(self.filled_at).as_secs_f64() * per_second;
        self.tokens = (self.tokens + filled).min(f64::from(self.requests));
        self.filled_at = now;
        let window = self.window;
        let begun = Duration::from_secs_f64(
            now.as_secs_f64().div_euclid(window.as_secs_f64()) * window.as_secs_f64(),
        );
        let counts = |at: &Duration| match self.counting {
            Counting::FixedWindow => *at >= begun,
            _ => *at + window > now,
        };
        while self.admitted.front().is_some_and(|at| !counts(at)) {
            self.admitted.pop_front();
        }
    }

    /// What is left, when there is more (a bucket: when it is full), and how long to wait, in whole
    /// seconds, as vendors count.
    fn headers(&self, now: Duration, is_admitted: bool) -> Vec<(&'static str, String)> {
        let window = self.window.as_secs_f64();
        let (left, resets_in, wait) = match self.counting {
            Counting::FixedWindow => {
                let left = self.requests as usize - self.admitted.len();
                let ends_in = window - now.as_secs_f64().rem_euclid(window);
                (left, ends_in, ends_in)
            }
            Counting::SlidingWindow => {
                let left = self.requests as usize - self.admitted.len();
                let oldest = self.admitted.front().copied().unwrap_or(now);
                let drops_in = (oldest + self.window).saturating_sub(now).as_secs_f64();
                (left, drops_in, drops_in)
            }
            Counting::TokenBucket => {
                let missing = f64::from(self.requests) - self.tokens;
                let next = ((1.0 - self.tokens) / self.per_second()).max(0.0);
                (self.tokens as usize, missing / self.per_second(), next)
            }
        };
        let whole = |seconds: f64| format!("{:.0}", seconds.ceil().max(1.0));
        let mut headers = vec![
            ("x-ratelimit-limit", self.requests.to_string()),
            ("x-ratelimit-remaining", left.to_string()),
            ("x-ratelimit-reset", whole(resets_in)),
        ];
        if !is_admitted {
            headers.push(("retry-after", whole(wait)));
        }
        headers
    }
}
