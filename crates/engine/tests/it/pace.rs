//! How fast an instance is asked: on a clock of the test's own, so that hours pass at once.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use rollbook_engine::channel::pace::budget::{Budget, Heard, Leave, Turn};
use rollbook_engine::channel::pace::quota::Quota;
use rollbook_engine::channel::pace::{Limit, Pace};
use rollbook_testkit::limit::{Counting, HiddenLimit, Judged};
use rollbook_testkit::queue::{Course, Pacing, Work, run};

const BACKOFF: Duration = Duration::from_millis(400);

/// Our pace, for the queue of the testkit.
struct Ours {
    budget: Budget,
    turns: BTreeMap<usize, Turn>,
}

impl Ours {
    fn new(known: Option<Limit>) -> Self {
        Self { budget: Budget::new(known, BACKOFF), turns: BTreeMap::new() }
    }
}

impl Pacing for Ours {
    fn ask(&mut self, worker: usize, now: Duration) -> Result<(), Duration> {
        match self.budget.ask(now) {
            Leave::Now(turn) => {
                self.turns.insert(worker, turn);
                Ok(())
            }
            Leave::NotBefore(due) => Err(due),
            Leave::AfterTrial => Err(Duration::MAX),
        }
    }

    fn hear(&mut self, worker: usize, now: Duration, judged: &Judged, chance: f64) {
        let seconds = |name: &str| {
            let (_, value) = judged.headers.iter().find(|(header, _)| *header == name)?;
            value.parse::<u64>().ok()
        };
        let quota = Quota {
            limit: seconds("x-ratelimit-limit"),
            remaining: seconds("x-ratelimit-remaining"),
            resets_in: seconds("x-ratelimit-reset").map(Duration::from_secs),
            window: None,
        };
        let wait = seconds("retry-after").map(Duration::from_secs);
        let heard = match judged.is_admitted {
            true => Heard::Admitted,
            false => Heard::Refused { wait, is_limit: true },
        };
        let turn = self.turns.remove(&worker).expect("it took a turn");
        self.budget.hear(now, turn, heard, quota, chance);
    }
}

fn limit(requests: u32, seconds: u64) -> Limit {
    Limit { requests, window: Duration::from_secs(seconds) }
}

/// 2,000 changes, with nothing known of the limit.
fn course(hidden: &mut HiddenLimit, seed: u64) -> Course {
    let takes = [Duration::from_millis(40), Duration::from_millis(120)];
    let work = Work { changes: 2000, workers: 8, takes, seed };
    run(&work, hidden, &mut Ours::new(None))
}

/// Ten courses of chance, begun at ten moments of the vendor's window.
fn check_finds(counting: Counting, tells: bool) {
    for seed in 0..10 {
        let window = Duration::from_secs(10);
        let mut hidden =
            HiddenLimit::new(counting, 200, window, tells).begun_before(Duration::from_secs(seed));
        let course = course(&mut hidden, seed);
        let (throughput, refusals) = (course.throughput(&hidden), course.refusals());
        assert!(throughput >= 0.95, "course {seed}: {throughput:.3} of the limit");
        assert!(refusals < 0.01, "course {seed}: {refusals:.4} refused");
    }
}

#[test]
fn a_hidden_fixed_window_is_found_from_refusals_alone() {
    check_finds(Counting::FixedWindow, false);
}

#[test]
fn a_hidden_sliding_window_is_found_from_refusals_alone() {
    check_finds(Counting::SlidingWindow, false);
}

#[test]
fn a_hidden_token_bucket_is_found_from_refusals_alone() {
    check_finds(Counting::TokenBucket, false);
}

#[test]
fn a_fixed_window_that_headers_tell_of_is_kept_to() {
    check_finds(Counting::FixedWindow, true);
}

#[test]
fn a_sliding_window_that_headers_tell_of_is_kept_to() {
    check_finds(Counting::SlidingWindow, true);
}

#[test]
fn a_token_bucket_that_headers_tell_of_is_kept_to() {
    check_finds(Counting::TokenBucket, true);
}

#[test]
fn a_limit_that_is_known_is_used_and_not_exceeded() {
    for counting in [Counting::FixedWindow, Counting::SlidingWindow, Counting::TokenBucket] {
        let mut hidden = HiddenLimit::new(counting, 100, Duration::from_secs(60), false);
        let takes = [Duration::from_millis(40), Duration::from_millis(120)];
        let work = Work { changes: 2000, workers: 8, takes, seed: 1 };
        let course = run(&work, &mut hidden, &mut Ours::new(Some(limit(100, 60))));
        assert_eq!(course.refused, 0, "{counting:?}");
        assert!(course.throughput(&hidden) >= 0.95, "{counting:?}");
    }
}

/// Asks until there is a turn, at most `times`, and says when.
fn next_turn(budget: &mut Budget, mut now: Duration, times: usize) -> Option<(Duration, Turn)> {
    for _ in 0..times {
        match budget.ask(now) {
            Leave::Now(turn) => return Some((now, turn)),
            Leave::NotBefore(due) => now = due,
            Leave::AfterTrial => return None,
        }
    }
    None
}

#[test]
fn as_many_as_fit_into_a_second_go_at_once_and_the_rest_a_second_later() {
    let mut budget = Budget::new(Some(limit(3, 1)), BACKOFF);
    let mut due = Vec::new();
    let mut now = Duration::ZERO;
    for _ in 0..7 {
        let (at, turn) = next_turn(&mut budget, now, 3).unwrap();
        budget.hear(at, turn, Heard::Admitted, Quota::default(), 0.0);
        due.push(at.as_millis());
        now = at;
    }
    assert_eq!(due, [0, 0, 0, 1020, 1020, 1020, 2040]);
}

#[test]
fn after_a_refusal_one_request_finds_out_and_all_others_wait_for_it() {
    let mut budget = Budget::new(None, BACKOFF);
    let at = Duration::from_secs;
    let (_, first) = next_turn(&mut budget, at(1), 3).unwrap();
    let (_, second) = next_turn(&mut budget, at(1), 3).unwrap();
    let refused = Heard::Refused { wait: Some(at(30)), is_limit: true };
    budget.hear(at(1), first, refused, Quota::default(), 0.0);
    assert_eq!(budget.ask(at(2)), Leave::NotBefore(at(31)));
    budget.hear(at(2), second, Heard::Admitted, Quota::default(), 0.0);
    assert_eq!(budget.ask(at(2)), Leave::NotBefore(at(31)), "it was sent before the refusal");
    let (_, trial) = next_turn(&mut budget, at(31), 1).unwrap();
    assert_eq!(budget.ask(at(40)), Leave::AfterTrial);
    budget.hear(at(40), trial, Heard::Nothing, Quota::default(), 0.0);
    let (_, trial) = next_turn(&mut budget, at(41), 1).unwrap();
    budget.hear(at(41), trial, Heard::Admitted, Quota::default(), 0.0);
    assert!(next_turn(&mut budget, at(41), 3).is_some(), "it is over");
}

#[test]
fn a_busy_instance_halves_the_rate_and_it_comes_back() {
    let mut budget = Budget::new(Some(limit(600, 60)), BACKOFF);
    let before = budget.learned().rate();
    let (_, turn) = next_turn(&mut budget, Duration::ZERO, 1).unwrap();
    let busy = Heard::Refused { wait: Some(Duration::from_secs(5)), is_limit: false };
    budget.hear(Duration::ZERO, turn, busy, Quota::default(), 0.0);
    let mut now = Duration::ZERO;
    let mut lowest = before;
    for _ in 0..1000 {
        let (at, turn) = next_turn(&mut budget, now, 5).unwrap();
        now = at + Duration::from_millis(1);
        budget.hear(now, turn, Heard::Admitted, Quota::default(), 0.0);
        lowest = lowest.min(budget.learned().rate());
    }
    assert!(lowest < before * 0.6, "{lowest}");
    assert!((budget.learned().rate() - before).abs() < 1e-9, "never above what is known");
}

#[derive(Clone, Debug)]
enum Answer {
    Admitted,
    Refused(Option<u64>, bool),
    Nothing,
}

fn answer() -> impl Strategy<Value = (Answer, Quota)> {
    let answer = prop_oneof![
        6 => Just(Answer::Admitted),
        1 => (prop::option::of(1_u64..3600), any::<bool>())
            .prop_map(|(wait, is_limit)| Answer::Refused(wait, is_limit)),
        1 => Just(Answer::Nothing),
    ];
    let told = prop::option::of(0_u64..5000);
    let quota = (told.clone(), told.clone(), told).prop_map(|(limit, remaining, reset)| Quota {
        limit,
        remaining,
        resets_in: reset.map(|seconds| Duration::from_secs(seconds.clamp(1, 3600))),
        window: None,
    });
    (answer, quota)
}

proptest! {
    #[test]
    fn whatever_is_heard_the_known_limit_holds_waits_are_kept_and_nobody_starves(
        requests in 1_u32..40,
        seconds in 1_u64..100,
        steps in prop::collection::vec((0_u64..3000, answer(), 0.0..1.0_f64), 1..80),
    ) {
        let known = limit(requests, seconds);
        let mut budget = Budget::new(Some(known), BACKOFF);
        let (mut now, mut quiet) = (Duration::ZERO, Duration::ZERO);
        let mut sent: Vec<Duration> = Vec::new();
        for (gap, (answer, quota), chance) in steps {
            now += Duration::from_millis(gap);
            let asked = now;
            let turn = next_turn(&mut budget, now, 100);
            prop_assert!(turn.is_some(), "nobody is asked to wait for ever");
            let (at, turn) = turn.expect("it was just seen");
            prop_assert!(at >= quiet, "{at:?} is before {quiet:?}");
            prop_assert!(at - asked <= Duration::from_secs(2 * 3600 + 4500), "{:?}", at - asked);
            sent.push(at);
            now = at;
            let heard = match answer {
                Answer::Admitted => Heard::Admitted,
                Answer::Nothing => Heard::Nothing,
                Answer::Refused(wait, is_limit) => {
                    let wait = wait.map(Duration::from_secs);
                    quiet = quiet.max(now + wait.unwrap_or_default());
                    Heard::Refused { wait, is_limit }
                }
            };
            budget.hear(now, turn, heard, quota, chance);
        }
        for pair in sent.windows(requests as usize + 1) {
            prop_assert!(pair[requests as usize] - pair[0] >= known.window);
        }
    }

    #[test]
    fn a_rate_that_was_learned_stays_within_bounds(
        steps in prop::collection::vec((0_u64..3000, answer(), 0.0..1.0_f64), 1..80),
    ) {
        let mut budget = Budget::new(None, BACKOFF);
        let mut now = Duration::ZERO;
        for (gap, (answer, quota), chance) in steps {
            now += Duration::from_millis(gap);
            let (at, turn) = next_turn(&mut budget, now, 100).expect("there is a turn");
            now = at;
            let heard = match answer {
                Answer::Admitted => Heard::Admitted,
                Answer::Nothing => Heard::Nothing,
                Answer::Refused(wait, is_limit) => {
                    Heard::Refused { wait: wait.map(Duration::from_secs), is_limit }
                }
            };
            budget.hear(now, turn, heard, quota, chance);
            prop_assert!((0.2..=1000.0).contains(&budget.learned().rate()));
            prop_assert!(budget.learned().is_sound());
        }
    }
}

#[tokio::test]
async fn who_waits_for_a_turn_and_goes_away_keeps_nobody_else_waiting() {
    let pace = Pace::new(None);
    let turn = pace.turn(Duration::ZERO).await.unwrap();
    let wait = Some(Duration::from_millis(20));
    turn.hear(Heard::Refused { wait, is_limit: true }, Quota::default());
    assert!(pace.turn(Duration::ZERO).await.is_err(), "the wait is longer than the patience");
    let patience = Duration::from_secs(60);
    let trial = pace.turn(patience).await.unwrap();
    // Whoever sent it was stopped: there will be no answer.
    drop(trial);
    let trial = pace.turn(patience).await.unwrap();
    trial.hear(Heard::Admitted, Quota::default());
    pace.turn(patience).await.unwrap().hear(Heard::Admitted, Quota::default());
    assert_eq!(pace.taken(), 4);
}
