//! From weights to beliefs, all accounts of a class together.
//!
//! Alone, an account's candidates share out its belief by their odds, and nobody takes the rest.
//! Together, a human usually has one everyday account per instance: whoever is taken by one account
//! is less free for another, and whoever has none yet is wanted. Accounts that compete for the same
//! people are looked at as one group: the sum over all ways to share out the people is exact for
//! small groups ([`exact`]) and, for large ones, replaced by an even-handed scaling that never claims
//! more than that sum would.

use std::ops::Range;

use super::exact;
use super::level::Pair;
use super::roster::Roster;
use super::seen::Seen;
use super::weight::Weights;

/// One account with its candidates.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Its class: instance, and everyday or admin.
    pub class: u16,
    first: u32,
    count: u32,
    /// Whether it shows a name, or has a login that holds one.
    pub is_named: bool,
    /// Whether an owner is looked for. A machine's account is nobody's by what it is, and teaches
    /// nothing about strangers.
    pub is_matched: bool,
    /// The candidate that a rule has already chosen, as an offset into the range.
    pub fixed: Option<u32>,
}

impl Case {
    /// A case whose pairs are `range` of all pairs.
    pub(crate) fn new(seen: &Seen, range: Range<usize>, is_matched: bool) -> Self {
        let fit = |n: usize| u32::try_from(n).expect("fewer than four billion pairs");
        let is_named = !seen.cuts.is_empty() || seen.login.is_name;
        Self {
            class: seen.class,
            first: fit(range.start),
            count: fit(range.len()),
            is_named,
            is_matched,
            fixed: None,
        }
    }

    /// Where its pairs lie.
    pub(crate) fn range(&self) -> Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

/// How likely each pair is if every account is looked at alone.
pub(crate) fn alone(
    cases: &[Case],
    pairs: &[Pair],
    weights: &Weights,
    roster: &Roster,
) -> Vec<f32> {
    let mut belief = vec![0.0_f32; pairs.len()];
    for case in cases {
        let range = case.range();
        if let Some(fixed) = case.fixed {
            belief[range.start + fixed as usize] = 1.0;
            continue;
        }
        let mut total = 1.0;
        for at in range.clone() {
            let group = roster.persons[pairs[at].person as usize].group;
            let odds = weights.odds(case, &pairs[at], group);
            // Odds of 1e38 and more are as good as certain; the slots are narrow.
            belief[at] = odds.min(1e30) as f32;
            total += odds.min(1e30);
        }
        for slot in &mut belief[range] {
            *slot = (f64::from(*slot) / total) as f32;
        }
    }
    belief
}

/// Odds below this share of the account's best candidate are left out.
const NEGLIGIBLE: f64 = 1e-5;
/// Edges that are less likely than this in a first, rough sharing out are left out of the second.
const SLIGHT: f64 = 1e-3;
/// A second everyday account is never thought rarer than this.
const SECOND_MIN: f64 = 5e-4;

/// One candidate of one account that is weighed together with others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// Index of the pair.
    pair: u32,
    /// Which account of the class.
    pub account: u32,
    pub person: u32,
    /// Odds against nobody, without how usual an account is.
    pub odds: f64,
}

#[cfg(test)]
impl Edge {
    /// An edge without a pair, for the tests of sums over edges.
    pub(crate) fn new(account: u32, person: u32, odds: f64) -> Self {
        Self { pair: 0, account, person, odds }
    }
}

/// How usual accounts are among some people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    /// The share who have one.
    pub one: f64,
    /// The odds of another one beside the first.
    pub second: f64,
}

/// How likely each pair is if all accounts of a class are looked at together. `extra` is further
/// evidence per pair, in bits.
pub(crate) fn together(
    cases: &[Case],
    pairs: &[Pair],
    extra: &[f32],
    weights: &Weights,
    roster: &Roster,
) -> Vec<f32> {
    let mut belief = vec![0.0_f32; pairs.len()];
    let mut by_class: Vec<Vec<&Case>> = vec![Vec::new(); weights.nobody.len()];
    for case in cases {
        by_class[usize::from(case.class)].push(case);
    }
    for (class, members) in by_class.iter().enumerate() {
        let mut edges = edges(members, pairs, extra, weights);
        let second = second_accounts(&edges);
        let mut taken = vec![false; roster.persons.len()];
        for case in members {
            if let Some(fixed) = case.fixed {
                let at = case.range().start + fixed as usize;
                belief[at] = 1.0;
                taken[pairs[at].person as usize] = true;
            }
        }
        let usual = |person: u32| {
            let one = weights.usual[class][usize::from(roster.persons[person as usize].group)];
            // Who has an account for sure may have another one, which is as rare as a second is.
            Usual {
                one: if taken[person as usize] { second / (1.0 + second) } else { one },
                second,
            }
        };
        let rough: Vec<f64> = groups(&mut edges).flat_map(|g| exact::or_scaled(g, usual)).collect();
        // Large groups hang together by edges that hardly count. Without them most fall apart into
        // small ones, which can be summed exactly.
        let mut shares = rough.into_iter();
        edges.retain(|_| shares.next().is_some_and(|share| share > SLIGHT));
        for group in groups(&mut edges) {
            for (edge, share) in group.iter().zip(exact::or_scaled(group, usual)) {
                belief[edge.pair as usize] = share as f32;
            }
        }
    }
    belief
}

fn edges(members: &[&Case], pairs: &[Pair], extra: &[f32], weights: &Weights) -> Vec<Edge> {
    let (mut edges, mut all) = (Vec::new(), Vec::new());
    for (account, case) in (0_u32..).zip(members).filter(|(_, case)| case.fixed.is_none()) {
        let odds = |at: usize| weights.bare_odds(case, &pairs[at], f64::from(extra[at]));
        all.clear();
        all.extend(case.range().map(odds));
        let best = all.iter().copied().fold(0.0, f64::max);
        edges.extend(case.range().zip(&all).filter_map(|(at, odds)| {
            let odds = *odds;
            let pair = u32::try_from(at).expect("fewer than four billion pairs");
            let is_kept = odds > best * NEGLIGIBLE && odds > 1e-9;
            is_kept.then_some(Edge { pair, account, person: pairs[at].person, odds })
        }));
    }
    edges
}

/// Sorts the edges into groups of accounts that, directly or through others, compete for the same
/// people, and gives the groups one by one.
fn groups(edges: &mut [Edge]) -> impl Iterator<Item = &[Edge]> {
    let accounts = edges.iter().map(|e| e.account + 1).max().unwrap_or(0);
    let mut root: Vec<u32> = (0..accounts).collect();
    let mut first_of: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
    for edge in edges.iter() {
        let other = *first_of.entry(edge.person).or_insert(edge.account);
        let (a, b) = (find(&mut root, edge.account), find(&mut root, other));
        root[a.max(b) as usize] = a.min(b);
    }
    edges.sort_by_cached_key(|e| (find(&mut root, e.account), e.account, e.person));
    let root: Vec<u32> = (0..accounts).map(|a| find(&mut root, a)).collect();
    edges.chunk_by(move |a, b| root[a.account as usize] == root[b.account as usize])
}

fn find(root: &mut [u32], mut at: u32) -> u32 {
    while root[at as usize] != at {
        root[at as usize] = root[root[at as usize] as usize];
        at = root[at as usize];
    }
    at
}

/// How usual a second account beside the first is, counted over the surest.
fn second_accounts(edges: &[Edge]) -> f64 {
    let mut sure: Vec<u32> = Vec::new();
    for own in edges.chunk_by(|a, b| a.account == b.account) {
        let total: f64 = 1.0 + own.iter().map(|e| e.odds).sum::<f64>();
        sure.extend(own.iter().filter(|e| e.odds > 0.99 * total).map(|e| e.person));
    }
    let all = sure.len();
    sure.sort_unstable();
    sure.dedup();
    ((all - sure.len()) as f64 / sure.len().max(1) as f64).clamp(SECOND_MIN, 0.5)
}
