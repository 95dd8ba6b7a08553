//! Named points of a run at which a test can kill the process, to prove that whatever was on its
//! way is found again. In a release build the points do nothing.

/// Every point, in the order in which a run passes them. A test covers each.
pub const POINTS: &[&str] = &[
    "plan_stored",
    "approval_stored",
    "run_opened",
    "before_intent",
    "intent_recorded",
    "effect_done",
    "outcome_recorded",
    "look_done",
    "verdict_recorded",
    "run_closed",
    "checkpoint_outside",
];

/// The points that a push passes. A test covers each.
pub const PUSH_POINTS: &[&str] = &["push_written", "push_committed"];

/// The points that a delivery passes beside those of its run, in their order. A test covers each.
pub const DELIVERY_POINTS: &[&str] =
    &["delivery_waits", "delivery_begun", "delivery_ended", "delivery_looked", "delivery_noted"];

/// Dies as by `kill -9` when the environment variable `ROLLBOOK_CRASH_AT` names this point.
/// `name:2` dies at the second time.
pub fn point(name: &'static str) {
    let known = [POINTS, PUSH_POINTS, DELIVERY_POINTS].iter().any(|all| all.contains(&name));
    debug_assert!(known, "{name} is not listed");
    #[cfg(debug_assertions)]
    die_if_asked(name);
}

#[cfg(debug_assertions)]
fn die_if_asked(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static PASSED: AtomicU32 = AtomicU32::new(0);

    let Ok(asked) = std::env::var("ROLLBOOK_CRASH_AT") else { return };
    let (point, nth) = asked.split_once(':').unwrap_or((&asked, "1"));
    if point == name && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == nth.parse().unwrap_or(1) {
        std::process::abort();
    }
}
