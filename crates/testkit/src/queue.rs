//! A queue of changes that several workers send to a vendor with a hidden limit, on a clock of its
//! own: minutes pass in milliseconds, and the same seed gives the same course. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::limit::{HiddenLimit, Judged};

/// How requests are spaced, whoever decides it.
pub trait Pacing {
    /// May this worker send now? If not: when to ask again at the latest.
    ///
    /// # Errors
    /// The moment at which it is worth asking again, if nothing is answered before.
    fn ask(&mut self, worker: usize, now: Duration) -> Result<(), Duration>;

    /// What the vendor did with the request of this worker. `chance` is at least 0 and less than 1.
    fn hear(&mut self, worker: usize, now: Duration, judged: &Judged, chance: f64);
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// How many changes there are.
    pub changes: u32,
    /// How many requests may be under way.
    pub workers: usize,
    /// How long a request takes there and back, at least and at most.
    pub takes: [Duration; 2],
    /// Which course chance takes.
    pub seed: u64,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Course {
    /// How long it took.
    pub took: Duration,
    /// Requests that were sent.
    pub sent: u32,
    /// Of those, refused.
    pub refused: u32,
}

impl Course {
    /// Changes a second as a share of what the limit lets through in the long run.
    pub fn throughput(&self, limit: &HiddenLimit) -> f64 {
        let done = f64::from(self.sent - self.refused);
        done / self.took.as_secs_f64() / limit.per_second()
    }

    /// Refused requests as a share of all.
    pub fn refusals(&self) -> f64 {
        f64::from(self.refused) / f64::from(self.sent.max(1))
    }
}

enum Event {
    /// A request reaches the vendor.
    Arrives(usize),
    /// Its answer comes back.
    Answered(usize, Judged),
    /// It is time to ask again.
    Wake,
}

/// Runs until every change is through. A refused one is sent again, by whoever is free.
///
/// # Panics
/// When nothing moves for ten simulated days.
pub fn run(work: &Work, limit: &mut HiddenLimit, pacing: &mut dyn Pacing) -> Course {
    let mut course = Course::default();
    let mut idle: Vec<usize> = (0..work.workers).rev().collect();
    let (mut left, mut done, mut now) = (work.changes, 0, Duration::ZERO);
    let mut dice = Dice(work.seed);
    let mut events: BTreeMap<(Duration, u64), Event> = BTreeMap::new();
    let mut number = 0;
    let mut put = |events: &mut BTreeMap<_, _>, at, event| {
        number += 1;
        events.insert((at, number), event);
    };
    while done < work.changes {
        let mut again: Option<Duration> = None;
        idle.retain(|worker| {
            if left == 0 {
                return true;
            }
            match pacing.ask(*worker, now) {
                Ok(()) => {
                    left -= 1;
                    course.sent += 1;
                    let there =
                        work.takes[0] + (work.takes[1] - work.takes[0]).mul_f64(dice.roll());
                    put(&mut events, now + there / 2, Event::Arrives(*worker));
                    false
                }
                Err(at) => {
                    again = Some(again.map_or(at, |again| again.min(at)));
                    true
                }
            }
        });
        let wake = again.filter(|again| *again > now);
        if let Some(wake) = wake.filter(|wake| events.keys().next().is_none_or(|(at, _)| wake < at))
        {
            put(&mut events, wake, Event::Wake);
        }
        let ((at, _), event) = events.pop_first().expect("somebody is under way or waits");
        now = at;
        assert!(now < Duration::from_secs(864_000), "nothing moves");
        match event {
            Event::Wake => {}
            Event::Arrives(worker) => {
                let back = work.takes[0] + (work.takes[1] - work.takes[0]).mul_f64(dice.roll());
                put(&mut events, now + back / 2, Event::Answered(worker, limit.judge(now)));
            }
            Event::Answered(worker, judged) => {
                match judged.is_admitted {
                    true => done += 1,
                    false => (left, course.refused) = (left + 1, course.refused + 1),
                }
                pacing.hear(worker, now, &judged, dice.roll());
                idle.push(worker);
            }
        }
    }
    Course { took: now, ..course }
}

/// Numbers that look like chance (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
