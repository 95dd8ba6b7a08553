//! One login in several instances is mostly one human: what one instance makes sure helps the
//! others.

use std::collections::BTreeMap;

use super::assign::Case;
use super::intern::{NONE, Sym};
use super::level::Pair;
use super::seen::Seen;

/// Beliefs above this are taken as known when others lean on them.
const SURE: f32 = 0.95;
/// Pseudo-observations of the defaults.
const HOLD: f64 = 10.0;

/// What the other accounts with the same login say about a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// One of them is surely this candidate's.
    For,
    /// One of them is surely somebody else's.
    Against,
}

/// Further evidence, in bits, for every pair: zero where no other instance has the login.
pub(crate) fn evidence(cases: &[Case], pairs: &[Pair], seen: &[Seen], belief: &[f32]) -> Vec<f32> {
    let owners = sure_owners(cases, pairs, seen, belief);
    let mut words: Vec<Option<Word>> = vec![None; pairs.len()];
    for (case, seen) in cases.iter().zip(seen) {
        let Some(all) =
            owners.get(&seen.handle).filter(|_| seen.handle != NONE && case.fixed.is_none())
        else {
            continue;
        };
        let others: Vec<u32> = all
            .iter()
            .filter(|(class, _)| *class != case.class)
            .map(|(_, person)| *person)
            .collect();
        if others.is_empty() {
            continue;
        }
        for at in case.range() {
            let is_for = others.contains(&pairs[at].person);
            words[at] = Some(if is_for { Word::For } else { Word::Against });
        }
    }
    weigh(cases, belief, &words)
}

/// For every login the classes in which its owner is sure, and who it is.
fn sure_owners(
    cases: &[Case],
    pairs: &[Pair],
    seen: &[Seen],
    belief: &[f32],
) -> BTreeMap<Sym, Vec<(u16, u32)>> {
    let mut owners: BTreeMap<Sym, Vec<(u16, u32)>> = BTreeMap::new();
    for (case, seen) in cases.iter().zip(seen).filter(|(_, seen)| seen.handle != NONE) {
        let sure = case.range().find(|at| belief[*at] > SURE);
        if let Some(at) = sure {
            owners.entry(seen.handle).or_default().push((case.class, pairs[at].person));
        }
    }
    owners
}

/// Learns, where several people compete for an account and its owner is sure by other evidence, how
/// often the other instances are right, and weighs their word with that.
fn weigh(cases: &[Case], belief: &[f32], words: &[Option<Word>]) -> Vec<f32> {
    // True owners and others, for whom the word is For, and Against.
    let (mut owner, mut other) = ([0.9 * HOLD, 0.1 * HOLD], [0.3 * HOLD, 0.7 * HOLD]);
    for case in cases.iter().filter(|c| c.range().len() > 1 && c.fixed.is_none()) {
        if !case.range().any(|at| belief[at] > SURE) {
            continue;
        }
        for at in case.range() {
            let Some(word) = words[at] else { continue };
            let index = usize::from(word == Word::Against);
            owner[index] += f64::from(belief[at]);
            other[index] += f64::from(1.0 - belief[at]);
        }
    }
    let share = |counts: [f64; 2], index: usize| counts[index] / (counts[0] + counts[1]);
    let bits = |index: usize| (share(owner, index) / share(other, index)).log2() as f32;
    let (is_for, against) = (bits(0), bits(1));
    words
        .iter()
        .map(|word| match word {
            None => 0.0,
            Some(Word::For) => is_for,
            Some(Word::Against) => against,
        })
        .collect()
}
