//! How sure a link must be in this organisation, so that all links made without a human together
//! are as right as promised.
//!
//! Each belief says how often a link like it is wrong: of a hundred links at 0.97, three. Where many
//! accounts are only just sure enough (a feed that misses people, names that many bear), the sum of
//! these doubts says so, and the least sure links become suggestions until the sum is small.

use super::AUTO_MIN;

/// Links that may be expected to be wrong, per link made without a human.
const WRONG_SHARE_MAX: f64 = 0.001;
/// So many may be expected to be wrong whatever the size: in a small organisation the share of one
/// link is large, and dropping all that are less than certain would help nobody.
const WRONG_MIN: f64 = 0.5;

/// The least belief for a link without a human here, at least [`AUTO_MIN`]. `beliefs` are those of
/// the links that the model would make; `keyed` counts those that a key makes, which are never in
/// doubt.
pub(super) fn floor(mut beliefs: Vec<f64>, keyed: usize) -> f64 {
    beliefs.retain(|belief| *belief >= AUTO_MIN);
    beliefs.sort_by(f64::total_cmp);
    let mut wrong: f64 = beliefs.iter().map(|belief| 1.0 - belief).sum();
    let mut made = beliefs.len() + keyed;
    let mut floor = AUTO_MIN;
    for (at, belief) in beliefs.iter().enumerate() {
        if wrong <= WRONG_MIN.max(made as f64 * WRONG_SHARE_MAX) {
            break;
        }
        wrong -= 1.0 - belief;
        made -= 1;
        // Equal beliefs are dropped together: nothing tells one from the other.
        floor = beliefs.get(at + 1).map_or(1.0, |next| next.max(belief + f64::EPSILON));
    }
    floor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_links_need_no_higher_floor() {
        assert_eq!(floor(vec![0.9999; 10_000], 0), AUTO_MIN);
        assert_eq!(floor(Vec::new(), 0), AUTO_MIN);
    }

    #[test]
    fn a_small_organisation_may_doubt_a_few() {
        assert_eq!(floor(vec![0.97, 0.98, 0.99, 0.9999], 0), AUTO_MIN);
    }

    #[test]
    fn many_links_that_are_only_just_sure_enough_are_left_to_people() {
        let mut beliefs = vec![0.975; 100];
        beliefs.extend(vec![0.9999; 900]);
        let floor = floor(beliefs, 0);
        assert!((0.975..=0.9999).contains(&floor) && floor > 0.975, "{floor}");
    }

    #[test]
    fn the_least_sure_go_first_and_no_more_than_needed() {
        let beliefs: Vec<f64> = (0..1000).map(|at| 0.97 + 0.03 * f64::from(at) / 1000.0).collect();
        let floor = floor(beliefs.clone(), 0);
        let kept: Vec<f64> = beliefs.into_iter().filter(|belief| *belief >= floor).collect();
        let wrong: f64 = kept.iter().map(|belief| 1.0 - belief).sum();
        assert!(wrong <= WRONG_MIN && wrong > WRONG_MIN - 0.1, "{wrong}");
    }

    #[test]
    fn links_by_key_make_room_for_doubt() {
        let beliefs = vec![0.97; 100];
        assert!(floor(beliefs.clone(), 0) > AUTO_MIN);
        assert_eq!(floor(beliefs, 10_000), AUTO_MIN);
    }
}
