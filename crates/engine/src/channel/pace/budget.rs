//! Whose turn it is when: the requests of everybody who reaches one instance. Pure: the moment, as
//! the time since the budget was made, and chance are arguments.

use std::collections::VecDeque;
use std::time::Duration;

use super::Limit;
use super::learned::{Learned, Measured};
use super::quota::{Quota, Told};

/// So many requests may follow each other at once after a pause, where the limit is learned; …
const BURST: f64 = 5.0;

/// … at most this share of what the window holds.
const BURST_SHARE: f64 = 0.05;

/// The same where the limit is known: a quarter of it, but no more than this, or a second's worth.
const BURST_KNOWN: f64 = 25.0;

/// Turns further back than this many are forgotten. Of a limit that allows more than this in its
/// window, the distance alone takes care.
const TURNS_MAX: usize = 1 << 14;

/// A pause at least so long, in which nobody wanted a turn, lets a new measurement begin.
const PAUSE_MIN: Duration = Duration::from_secs(2);

/// A refusal that is over so soon came of a rate that was a little too high; at least a fifth of the
/// time that the instance looks back.
const SHORT: Duration = Duration::from_millis(1500);

/// Without the instance's word, the first wait after a refusal is at most so long …
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// … and grows by this with each further one.
const BACKOFF_GROWTH: f64 = 1.6;

/// A wait is longer than it must be by up to this share, as chance has it, so that programs that were
/// sent away together do not come back together.
const JITTER: f64 = 0.25;

/// The turns of one instance.
#[derive(Clone, Debug)]
pub struct Budget {
    learned: Learned,
    told: Told,
    /// How many turns may be taken at once after a pause, where the limit is known.
    burst: Option<f64>,
    backoff: Duration,
    /// The newest turns, oldest first.
    turns: VecDeque<Past>,
    /// When the next turn would be, if all had kept their distance.
    even: Duration,
    quiet_until: Duration,
    refused: Option<Refused>,
    measure: Measure,
    taken: u64,
}

/// A turn in the past.
#[derive(Clone, Copy, Debug)]
struct Past {
    at: Duration,
    was_refused: bool,
}

/// A refusal after which nothing was let through yet.
#[derive(Clone, Copy, Debug)]
struct Refused {
    at: Duration,
    /// Turns before this one were taken before the refusal was known.
    first_after: u64,
    /// The next wait that nobody asks for.
    backoff: Duration,
    /// The request that finds out whether it is over.
    trial: Option<u64>,
    /// The last one that was refused was sent then.
    last: Duration,
    /// Whether it says something of the limit.
    is_limit: bool,
    /// Since when was measured, and whether the instance had nothing left then either.
    measure: Measure,
}

/// Since when is measured what is let through.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    /// When the instance let something through again, or since when there was no pause.
    since: Duration,
    /// When it refused before that.
    spent_at: Option<Duration>,
}

/// A turn that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    number: u64,
    at: Duration,
    /// Whether it was the rate that it waited for.
    was_held: bool,
}

/// What there is to do about the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It may go, now.
    Now(Turn),
    /// Not before this moment.
    NotBefore(Duration),
    /// When the one that finds out whether the instance lets anything through has its answer.
    AfterTrial,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was let through.
    Admitted,
    /// It was too fast.
    Refused {
        /// How long the instance wants to be left alone, where it says so.
        wait: Option<Duration>,
        /// Whether that says something of its limit. If not, it may be busy for reasons of its own.
        is_limit: bool,
    },
    /// There is no answer.
    Nothing,
}

impl Budget {
    /// A budget. `known`: a limit that was said and is never exceeded; `backoff`: the first wait
    /// after a refusal that names none.
    pub fn new(known: Option<Limit>, backoff: Duration) -> Self {
        Self {
            learned: Learned::new(known),
            told: Told::default(),
            burst: known.map(|limit| {
                let quarter = (f64::from(limit.requests) / 4.0).min(BURST_KNOWN);
                quarter.max(limit.per_second()).max(1.0)
            }),
            backoff,
            turns: VecDeque::new(),
            even: Duration::ZERO,
            quiet_until: Duration::ZERO,
            refused: None,
            measure: Measure::default(),
            taken: 0,
        }
    }

    /// Goes on with what was `learned` elsewhere, after so long a time of `quiet`.
    #[must_use]
    pub fn knowing(mut self, learned: Option<Learned>, quiet: Duration) -> Self {
        self.learned = learned.unwrap_or(self.learned);
        self.quiet_until = quiet;
        self
    }

    /// What was learned.
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// How many turns were taken.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Until when the instance wants to be left alone; a moment that has passed: no longer.
    pub fn quiet_until(&self) -> Duration {
        self.quiet_until
    }

    /// Asks for a turn.
    pub fn ask(&mut self, now: Duration) -> Leave {
        if self.quiet_until > now {
            return Leave::NotBefore(self.quiet_until);
        }
        if self.refused.is_some_and(|refused| refused.trial.is_some()) {
            return Leave::AfterTrial;
        }
        let (due, was_held) = self.due(now);
        if due > now {
            return Leave::NotBefore(due);
        }
        self.rest(now, due);
        let turn = Turn { number: self.taken, at: now, was_held };
        self.taken += 1;
        self.turns.push_back(Past { at: now, was_refused: false });
        if self.turns.len() > TURNS_MAX {
            self.turns.pop_front();
        }
        self.even = self.even.max(now) + self.distance(now);
        if let Some(refused) = &mut self.refused {
            refused.trial = Some(turn.number);
        }
        Leave::Now(turn)
    }

    /// When the next turn is due, and whether it is the rate that holds it back.
    fn due(&self, now: Duration) -> (Duration, bool) {
        let span = self.learned.span();
        let oldest = self.turns.len().checked_sub(self.learned.turns_in_span());
        let window = oldest.map_or(Duration::ZERO, |at| self.turns[at].at + span);
        let burst = self
            .burst
            .unwrap_or_else(|| BURST.min(1.0 + self.learned.turns_in_span() as f64 * BURST_SHARE));
        let ahead = self.distance(now).mul_f64(burst.max(1.0) - 1.0);
        let due = self.even.saturating_sub(ahead).max(window);
        // A turn that came when it was due, and no pause ago, was held back until then.
        (due, due + self.distance(now) > now)
    }

    /// How far apart turns are at the rate of now.
    fn distance(&self, now: Duration) -> Duration {
        let rate = self.learned.rate();
        // In an hour there are more again, whatever is left.
        let rate = self.told.brake(now).map_or(rate, |brake| rate.min(brake.max(1.0 / 3600.0)));
        Duration::from_secs_f64(1.0 / rate)
    }

    /// After a pause in which nobody took a turn that was due, a new measurement begins.
    fn rest(&mut self, now: Duration, due: Duration) {
        let pause = PAUSE_MIN.max(self.distance(now) * 3);
        let is_rested = now > due.max(self.quiet_until) + pause;
        if self.refused.is_none() && (self.taken == 0 || is_rested) {
            self.measure = Measure { since: now, spent_at: None };
        }
    }

    /// Hears what became of a turn. `chance` is at least 0 and less than 1.
    pub fn hear(&mut self, now: Duration, turn: Turn, heard: Heard, quota: Quota, chance: f64) {
        if let Some(limit) = self.told.note(now, quota) {
            self.learned.told(limit);
        }
        match heard {
            Heard::Admitted => self.admitted(now, turn),
            Heard::Refused { wait, is_limit } => self.refuse(now, turn, wait, is_limit, chance),
            Heard::Nothing => self.unheard(now, turn, chance),
        }
        let turns = &self.turns;
        let own =
            |window: Duration| turns.iter().rev().take_while(|turn| turn.at + window > now).count();
        if let Some(until) = self.told.spent_until(now, &own) {
            self.quiet_until = self.quiet_until.max(until);
        }
    }

    fn admitted(&mut self, now: Duration, turn: Turn) {
        if let Some(refused) = self.refused.filter(|refused| turn.number >= refused.first_after) {
            self.recover(now, turn, refused);
        } else if turn.was_held && self.refused.is_none() {
            let may_exceed = self.told.allows(now, self.learned.rate());
            self.learned.grow(may_exceed);
        }
    }

    /// It is over: what was let through until the refusal shows the rate.
    fn recover(&mut self, now: Duration, trial: Turn, refused: Refused) {
        if refused.is_limit {
            let measured = self.measured(now, &refused);
            self.learned.shrink(measured);
        } else {
            self.learned.shrink_unmeasured();
        }
        self.measure = Measure { since: trial.at, spent_at: Some(refused.at) };
        self.refused = None;
    }

    fn measured(&self, now: Duration, refused: &Refused) -> Measured {
        let Refused { at, measure, last, .. } = *refused;
        let span = self.learned.span();
        let is_short = now.saturating_sub(at) < SHORT.max(span / 5);
        let admitted = |since: Duration| {
            let counts = |turn: &&Past| turn.at >= since && turn.at < at && !turn.was_refused;
            self.turns.iter().filter(counts).count() as u64
        };
        if self.learned.is_found() && is_short {
            // It refused a little too much and no more: of what lies further back than it looks
            // nothing can be learned, nor of what it let through before it refused the last time.
            let since = measure.spent_at.unwrap_or(measure.since).max(at.saturating_sub(span));
            let within = at.saturating_sub(since);
            return Measured { admitted: admitted(since), within, longer_than: None };
        }
        // Nobody knows how far it looks back, but now it has room again, and shortly before it had not.
        let longer_than = Some(last.saturating_sub(measure.since));
        let within = now.saturating_sub(measure.since);
        Measured { admitted: admitted(measure.since), within, longer_than }
    }

    fn refuse(
        &mut self,
        now: Duration,
        turn: Turn,
        wait: Option<Duration>,
        is_limit: bool,
        chance: f64,
    ) {
        let longer = |wait: Duration| wait.mul_f64(1.0 + JITTER * chance);
        let mut refused = self.refused.unwrap_or_else(|| self.begin_refusal(turn, is_limit));
        let is_news = self.refused.is_none() || turn.number >= refused.first_after;
        refused.is_limit &= is_limit;
        refused.last = refused.last.max(turn.at);
        self.mark_refused(turn);
        if refused.trial == Some(turn.number) {
            refused.trial = None;
        }
        let wait = match wait {
            // Shorter than a wait can be said exactly, so chance adds a little and no more.
            Some(wait) => Some(wait + Duration::from_secs_f64(JITTER * chance).min(wait / 8)),
            None if is_news => {
                let wait = refused.backoff;
                refused.backoff = wait.mul_f64(BACKOFF_GROWTH).min(BACKOFF_MAX);
                Some(longer(wait))
            }
            None => None,
        };
        if let Some(wait) = wait {
            self.quiet_until = self.quiet_until.max(now.saturating_add(wait));
        }
        self.refused = Some(refused);
    }

    fn begin_refusal(&self, turn: Turn, is_limit: bool) -> Refused {
        Refused {
            at: turn.at,
            first_after: self.taken,
            backoff: self.backoff,
            trial: None,
            last: turn.at,
            is_limit,
            measure: self.measure,
        }
    }

    fn mark_refused(&mut self, turn: Turn) {
        let forgotten = self.taken - self.turns.len() as u64;
        let at = turn.number.checked_sub(forgotten).and_then(|at| usize::try_from(at).ok());
        if let Some(past) = at.and_then(|at| self.turns.get_mut(at)) {
            past.was_refused = true;
        }
    }

    /// Nobody knows whether it was let through; another one finds out, a little later.
    fn unheard(&mut self, now: Duration, turn: Turn, chance: f64) {
        let Some(refused) = &mut self.refused else { return };
        if refused.trial == Some(turn.number) {
            refused.trial = None;
            let wait = refused.backoff.mul_f64(1.0 + JITTER * chance);
            self.quiet_until = self.quiet_until.max(now + wait);
        }
    }
}
