//! Who may act where several nodes share a book: one at a time, for a while that must be renewed.
//!
//! Time here is the database's, so that it does not matter what a node's own clock shows. Every change
//! of hands makes the token larger; whoever writes names the token under which it acts, and one that
//! is not the newest writes nothing.

use jiff::{SignedDuration, Timestamp};

/// The lease as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The node that has it, by its name.
    pub node: String,
    /// Which process of that name: another one each time that it starts.
    pub incarnation: String,
    /// How often the lease has changed hands.
    pub token: i64,
    /// Until when it holds.
    pub until: Timestamp,
}

/// What asking for the lease comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is ours, and is to be written like this.
    Ours(Lease),
    /// Another node has it.
    Theirs(Lease),
}

/// Asks for the lease for `length` from `now` on, as `node` in its `incarnation`.
pub fn ask(
    current: Option<Lease>,
    (node, incarnation): (&str, &str),
    now: Timestamp,
    length: SignedDuration,
) -> Turn {
    let until = now.checked_add(length).unwrap_or(now);
    let ours = |token| {
        Turn::Ours(Lease {
            node: node.to_owned(),
            incarnation: incarnation.to_owned(),
            token,
            until,
        })
    };
    match current {
        None => ours(1),
        // Ours that ran out is a new one: something may have been written under another in between.
        Some(lease) if lease.until <= now => ours(lease.token.saturating_add(1)),
        Some(lease) if lease.incarnation == incarnation => ours(lease.token),
        Some(lease) => Turn::Theirs(lease),
    }
}

/// Whether whoever has `token` may still write.
pub fn holds(current: Option<&Lease>, token: i64, now: Timestamp) -> bool {
    current.is_some_and(|lease| lease.token == token && lease.until > now)
}

/// Of the time that a lease lasts, the share after which its holder, which counts by a clock of its
/// own, no longer relies on it: clocks run unevenly.
const SURE_OF_FIVE: i32 = 4;

/// For how long the holder relies on a lease that lasts `length`, counted from before it asked.
pub fn sure_for(length: SignedDuration) -> SignedDuration {
    length * SURE_OF_FIVE / 5
}

/// What a node finds under its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// Nobody, or a process that is gone: the name is free.
    Nobody,
    /// A process that was there a moment ago, and may be gone.
    Somebody,
    /// A process that goes on: two have one name.
    Twin,
}

/// What it means that under our own name another process was there at `seen_at`, where we saw it
/// first at `first_seen_at`, if we did before. A process is gone that is silent for `silence`.
pub fn meet(
    first_seen_at: Option<Timestamp>,
    seen_at: Timestamp,
    now: Timestamp,
    silence: SignedDuration,
) -> Met {
    if first_seen_at.is_some_and(|first| seen_at > first) {
        return Met::Twin;
    }
    match now.duration_since(seen_at) > silence {
        true => Met::Nobody,
        false => Met::Somebody,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const LENGTH: SignedDuration = SignedDuration::from_secs(15);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn ours(turn: Turn) -> Lease {
        match turn {
            Turn::Ours(lease) => lease,
            Turn::Theirs(lease) => panic!("{lease:?}"),
        }
    }

    #[test]
    fn the_lease_goes_on_from_hand_to_hand_only_when_it_ran_out() {
        let first = ours(ask(None, ("a", "a1"), at(0), LENGTH));
        assert_eq!((first.token, first.until), (1, at(15)));
        let theirs = ask(Some(first.clone()), ("b", "b1"), at(14), LENGTH);
        assert_eq!(theirs, Turn::Theirs(first.clone()));
        let kept = ours(ask(Some(first), ("a", "a1"), at(14), LENGTH));
        assert_eq!((kept.token, kept.until), (1, at(29)));
        let second = ours(ask(Some(kept.clone()), ("b", "b1"), at(29), LENGTH));
        assert_eq!((second.node.as_str(), second.token), ("b", 2));
        assert!(!holds(Some(&second), kept.token, at(30)));
        assert!(holds(Some(&second), second.token, at(30)));
        assert!(!holds(Some(&second), second.token, at(44)));
    }

    #[test]
    fn a_node_that_was_away_for_too_long_begins_anew_and_so_does_one_that_was_started_again() {
        let first = ours(ask(None, ("a", "a1"), at(0), LENGTH));
        let late = ours(ask(Some(first.clone()), ("a", "a1"), at(20), LENGTH));
        assert_eq!(late.token, 2, "what it had begun is to be looked at first");
        let again = ask(Some(first.clone()), ("a", "a2"), at(5), LENGTH);
        assert_eq!(again, Turn::Theirs(first), "the process before it may still be there");
    }

    #[test]
    fn two_processes_of_one_name_are_told_from_one_that_was_started_again() {
        let silence = SignedDuration::from_secs(15);
        assert_eq!(meet(None, at(0), at(5), silence), Met::Somebody);
        assert_eq!(meet(Some(at(0)), at(0), at(10), silence), Met::Somebody);
        assert_eq!(meet(Some(at(0)), at(0), at(16), silence), Met::Nobody);
        assert_eq!(meet(Some(at(0)), at(6), at(10), silence), Met::Twin);
    }

    proptest! {
        /// Three nodes that ask, stop for a while and go on, in any order: at no moment two of them
        /// may write, and whoever relies on its lease may.
        #[test]
        fn never_two_may_write(asks in prop::collection::vec((0..3_usize, 0..12_i64), 1..200)) {
            let names = [("a", "a1"), ("b", "b1"), ("c", "c1")];
            let (mut lease, mut now): (Option<Lease>, i64) = (None, 0);
            let mut grips: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
            for (who, pause) in asks {
                now += pause;
                for (token, asked) in grips.values() {
                    let is_sure = at(now).duration_since(at(*asked)) < sure_for(LENGTH);
                    prop_assert!(!is_sure || holds(lease.as_ref(), *token, at(now)));
                }
                match ask(lease.clone(), names[who], at(now), LENGTH) {
                    Turn::Ours(next) => {
                        let grip = (next.token, now);
                        prop_assert!(lease.as_ref().is_none_or(|old| next.token >= old.token));
                        lease = Some(next);
                        grips.insert(who, grip);
                    }
                    Turn::Theirs(_) => { grips.remove(&who); }
                }
                let writers = grips.values().filter(|(token, _)| holds(lease.as_ref(), *token, at(now)));
                prop_assert!(writers.count() <= 1);
            }
        }
    }
}
