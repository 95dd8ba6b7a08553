//! Lists that became shorter than life makes them.

use rollbook_core::explain::counted;
use rollbook_core::id::InstanceName;
use rollbook_core::snapshot::Coverage;

/// Whether a list that went from `before` to `now` entries lost more than `pct_max` percent. A list
/// that emptied always did, unless `pct_max` is 100.
pub fn shrunk(before: u64, now: u64, pct_max: u32) -> bool {
    let lost = u128::from(before.saturating_sub(now));
    lost * 100 > u128::from(before) * u128::from(pct_max)
}

/// The share that was lost, in percent, rounded down.
pub fn lost_pct(before: u64, now: u64) -> u64 {
    let lost = u128::from(before.saturating_sub(now)) * 100;
    let pct = lost.checked_div(u128::from(before)).unwrap_or(0);
    u64::try_from(pct).expect("a share is at most 100")
}

/// What is suspicious about a list of `now` accounts where the last complete one held `before`
/// (`None`: there was none), if it lost more than `pct_max` percent.
pub fn suspicion(before: Option<u64>, now: u64, pct_max: u32) -> Option<String> {
    let before = before.filter(|&before| shrunk(before, now, pct_max))?;
    let are = if now == 1 { "is" } else { "are" };
    Some(format!(
        "There {are} {} where the last complete view held {before}, which is {} % fewer: more than \
         `shrink_pct_max` allows.",
        counted(now, "account"),
        lost_pct(before, now)
    ))
}

/// The coverage of `instance`'s view that holds `now` accounts where the last complete one held
/// `before` (`None`: there was none). A view that lost more than `pct_max` percent is partial.
pub fn coverage(
    instance: &InstanceName,
    coverage: Coverage,
    before: Option<u64>,
    now: u64,
    pct_max: u32,
) -> Coverage {
    let Some(what) = suspicion(before, now, pct_max) else { return coverage };
    let said = format!(
        "{what} Look at the app itself; if it is right, say so for this reading: `rollbook sync \
         --accept-shrink {instance} --reason \"…\"`."
    );
    match coverage {
        Coverage::Complete => Coverage::Partial { why: said },
        Coverage::Partial { why } => Coverage::Partial { why: format!("{why} {said}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_at_the_limit_is_allowed_and_one_above_is_not() {
        assert!(!shrunk(100, 80, 20));
        assert!(shrunk(100, 79, 20));
        assert!(!shrunk(100, 120, 0));
        assert!(shrunk(1, 0, 99));
        assert!(!shrunk(1, 0, 100));
        assert!(!shrunk(0, 0, 0));
        assert!(shrunk(u64::MAX, u64::MAX / 2, 20));
    }

    #[test]
    fn a_view_that_halved_is_partial_and_keeps_the_reason_it_had() {
        let viewed = |before_it, before, now| coverage(&"wiki".into(), before_it, before, now, 20);
        let halved = viewed(Coverage::Complete, Some(200), 100);
        assert!(matches!(&halved, Coverage::Partial { why } if why.contains("50 % fewer")));
        let first = Coverage::Partial { why: "The list ended early.".to_owned() };
        let Coverage::Partial { why } = viewed(first, Some(200), 1) else {
            panic!("it was partial before")
        };
        assert!(why.starts_with("The list ended early. There is 1 account where"), "{why}");
        assert_eq!(viewed(Coverage::Complete, None, 0), Coverage::Complete);
        assert_eq!(viewed(Coverage::Complete, Some(200), 160), Coverage::Complete);
    }
}
