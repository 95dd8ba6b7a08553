//! From weights to beliefs, all accounts of a class together.
//!
//! Alone, an account's candidates share out its belief by their odds, and nobody takes the rest.
//! Together, a human usually has one everyday account per instance: whoever is taken by one account
//! is less free for another, and whoever has none yet is wanted. That is a sum over all
//! assignments, which message passing between accounts and people approximates well.

use std::ops::Range;

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
    /// The candidate that a rule has already chosen, as an offset into the range.
    pub fixed: Option<u32>,
}

impl Case {
    /// A case whose pairs are `range` of all pairs.
    pub(crate) fn new(seen: &Seen, range: Range<usize>) -> Self {
        let fit = |n: usize| u32::try_from(n).expect("fewer than four billion pairs");
        let is_named = !seen.cuts.is_empty() || seen.login.is_name;
        Self {
            class: seen.class,
            first: fit(range.start),
            count: fit(range.len()),
            is_named,
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

/// Rounds of message passing; the beliefs settle in fewer.
const ROUNDS: usize = 12;
/// Odds below this share of the account's best candidate are left out of the messages.
const NEGLIGIBLE: f64 = 1e-7;
/// A second everyday account is never thought rarer than this.
const SECOND_MIN: f64 = 5e-4;

/// One candidate of one account, in the message passing of a class.
struct Edge {
    /// Index of the pair.
    pair: u32,
    person: u32,
    /// Odds against nobody, without how usual an account is.
    odds: f64,
    /// How much the account wants the person, as odds.
    wish: f64,
    /// How free the person is for this account.
    free: f64,
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
    let classes = weights.nobody.len();
    let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (index, case) in cases.iter().enumerate() {
        by_class[usize::from(case.class)].push(index);
    }
    for members in by_class {
        settle(&members, cases, pairs, extra, weights, roster, &mut belief);
    }
    belief
}

fn settle(
    members: &[usize],
    cases: &[Case],
    pairs: &[Pair],
    extra: &[f32],
    weights: &Weights,
    roster: &Roster,
    belief: &mut [f32],
) {
    let Some(class) = members.first().map(|m| cases[*m].class) else { return };
    let (mut edges, bounds) = edges(members, cases, pairs, extra, weights);
    let mut by_person: Vec<u32> =
        (0..u32::try_from(edges.len()).expect("fewer edges than pairs")).collect();
    by_person.sort_by_key(|e| (edges[*e as usize].person, *e));
    let second = second_accounts(&edges, &bounds, &by_person);
    let usual = &weights.usual[usize::from(class)];
    for _ in 0..ROUNDS {
        wishes(&mut edges, &bounds);
        freedoms(&mut edges, &by_person, second, |person| {
            usual[usize::from(roster.persons[person as usize].group)]
        });
    }
    for range in bounds {
        let total: f64 = 1.0 + edges[range.clone()].iter().map(|e| e.odds * e.free).sum::<f64>();
        for edge in &edges[range] {
            belief[edge.pair as usize] = (edge.odds * edge.free / total) as f32;
        }
    }
}

fn edges(
    members: &[usize],
    cases: &[Case],
    pairs: &[Pair],
    extra: &[f32],
    weights: &Weights,
) -> (Vec<Edge>, Vec<Range<usize>>) {
    let (mut edges, mut bounds) = (Vec::new(), Vec::with_capacity(members.len()));
    for member in members {
        let case = &cases[*member];
        let first = edges.len();
        let odds = |at: usize| -> f64 {
            if case.fixed.is_some() {
                return if case.fixed == Some((at - case.range().start) as u32) {
                    1e12
                } else {
                    0.0
                };
            }
            weights.bare_odds(case, &pairs[at], f64::from(extra[at]))
        };
        let all: Vec<(usize, f64)> = case.range().map(|at| (at, odds(at))).collect();
        let best = all.iter().map(|(_, o)| *o).fold(0.0, f64::max);
        for (at, odds) in all.into_iter().filter(|(_, o)| *o > best * NEGLIGIBLE && *o > 1e-9) {
            let pair = u32::try_from(at).expect("fewer than four billion pairs");
            edges.push(Edge { pair, person: pairs[at].person, odds, wish: 0.0, free: 1.0 });
        }
        bounds.push(first..edges.len());
    }
    (edges, bounds)
}

/// What each account wants, given how free its other candidates are.
fn wishes(edges: &mut [Edge], bounds: &[Range<usize>]) {
    for range in bounds {
        let own = &mut edges[range.clone()];
        let total: f64 = 1.0 + own.iter().map(|e| e.odds * e.free).sum::<f64>();
        for edge in own {
            let others = (total - edge.odds * edge.free).max(1.0);
            edge.wish = edge.odds / others;
        }
    }
}

/// How free each person is for each account, given what the other accounts want. With `usual` the
/// share of people with an account and `second` the odds of another one beside it, the chances of
/// none, one and two accounts weigh `1 - usual`, `usual` and `usual * second`.
fn freedoms(edges: &mut [Edge], by_person: &[u32], second: f64, usual: impl Fn(u32) -> f64) {
    let mut from = 0;
    while from < by_person.len() {
        let person = edges[by_person[from] as usize].person;
        let until = from
            + by_person[from..].iter().take_while(|e| edges[**e as usize].person == person).count();
        let usual = usual(person);
        let (sum, squares) = by_person[from..until].iter().fold((0.0, 0.0), |(sum, squares), e| {
            let wish = edges[*e as usize].wish;
            (sum + wish, squares + wish * wish)
        });
        for edge in &by_person[from..until] {
            let edge = &mut edges[*edge as usize];
            let others = (sum - edge.wish).max(0.0);
            let both = ((others * others - (squares - edge.wish * edge.wish)) / 2.0).max(0.0);
            let with = usual * (1.0 + second * others + second * second * both);
            let without = (1.0 - usual) + usual * (others + second * both);
            let free = (with / without).clamp(1e-12, 1e12);
            // Half the step: messages that swing settle.
            edge.free = (edge.free * free).sqrt();
        }
        from = until;
    }
}

/// How usual a second account beside the first is, counted over the surest.
fn second_accounts(edges: &[Edge], bounds: &[Range<usize>], by_person: &[u32]) -> f64 {
    let mut is_sure = vec![false; edges.len()];
    for range in bounds {
        let total: f64 = 1.0 + edges[range.clone()].iter().map(|e| e.odds).sum::<f64>();
        for at in range.clone() {
            is_sure[at] = edges[at].odds / total > 0.99;
        }
    }
    let (mut owners, mut seconds, mut last) = (0_u32, 0_u32, None);
    for edge in by_person.iter().filter(|e| is_sure[**e as usize]) {
        let person = edges[*edge as usize].person;
        if last == Some(person) {
            seconds += 1;
        } else {
            owners += 1;
        }
        last = Some(person);
    }
    (f64::from(seconds) / f64::from(owners.max(1))).clamp(SECOND_MIN, 0.5)
}
