//! Who guesses tokens: too many wrong ones from one address are answered with 429.
//!
//! A token that is right is let in even from an address that guesses: identity providers call from
//! shared addresses, and one forgotten token there must not lock out the others. A secret has 256
//! bits, so nothing is gained by guessing on; what the limit saves is work and log lines.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// How many wrong tokens an address may send in [`WINDOW`].
const WRONG_MAX: u32 = 20;
/// How long a wrong token counts.
const WINDOW: Duration = Duration::from_secs(60);
/// How many addresses are remembered; above it the oldest are forgotten.
const PEERS_MAX: usize = 16_384;

/// The wrong tokens of the last minute, by address.
#[derive(Debug, Default)]
pub(crate) struct Guesses {
    peers: BTreeMap<IpAddr, Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: Instant,
    wrong: u32,
}

impl Guesses {
    /// Counts a wrong token of `peer`. `Some`: it is one too many, and how many seconds are left
    /// until the next one is looked at.
    pub(crate) fn wrong(&mut self, peer: IpAddr, now: Instant) -> Option<u64> {
        if self.peers.len() >= PEERS_MAX {
            self.forget(now);
        }
        let window =
            self.peers.entry(neighbourhood(peer)).or_insert(Window { since: now, wrong: 0 });
        if now.duration_since(window.since) >= WINDOW {
            *window = Window { since: now, wrong: 0 };
        }
        window.wrong = window.wrong.saturating_add(1);
        let left = WINDOW.saturating_sub(now.duration_since(window.since));
        (window.wrong > WRONG_MAX).then(|| left.as_secs().max(1))
    }

    /// Makes room: whatever is over goes, and if nothing is, the older half.
    fn forget(&mut self, now: Instant) {
        self.peers.retain(|_, window| now.duration_since(window.since) < WINDOW);
        if self.peers.len() < PEERS_MAX {
            return;
        }
        let mut ages: Vec<Instant> = self.peers.values().map(|window| window.since).collect();
        let (_, &mut middle, _) = ages.select_nth_unstable(PEERS_MAX / 2);
        self.peers.retain(|_, window| window.since > middle);
    }
}

/// Whoever has an IPv6 address has all of its /64.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_twenty_first_wrong_token_of_a_minute_is_too_many() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        let guesser = address("192.0.2.7");
        for _ in 0..20 {
            assert_eq!(guesses.wrong(guesser, now), None);
        }
        assert_eq!(guesses.wrong(guesser, now + Duration::from_secs(10)), Some(50));
        assert_eq!(guesses.wrong(address("192.0.2.8"), now), None, "a neighbour is somebody else");
        assert_eq!(guesses.wrong(guesser, now + WINDOW), None, "a minute later it begins anew");
    }

    #[test]
    fn a_new_address_from_the_same_ipv6_network_is_the_same_guesser() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for at in 0..20 {
            assert_eq!(guesses.wrong(address(&format!("2001:db8::{at:x}")), now), None);
        }
        assert_eq!(guesses.wrong(address("2001:db8::ffff"), now), Some(60));
    }

    #[test]
    fn the_memory_of_it_is_bounded() {
        let (mut guesses, mut now) = (Guesses::default(), Instant::now());
        for at in 0..40_000_u32 {
            now += Duration::from_millis(1);
            guesses.wrong(IpAddr::from(at.to_be_bytes()), now);
            assert!(guesses.peers.len() <= PEERS_MAX);
        }
    }
}
