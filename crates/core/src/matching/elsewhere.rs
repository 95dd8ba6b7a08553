//! One login in several instances is mostly one human: what one instance makes sure helps the
//! others.

use std::collections::BTreeMap;

use super::assign::Case;
use super::intern::{NONE, Sym};
use super::level::{Field, Pair, login};
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
    weigh(cases, pairs, seen, belief, &words)
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

/// How many people the login could be made of: who gets `j.jansen` and who `j.jansen2` is decided
/// anew in every instance, so a login that several people could have says less.
fn contest(pairs: &[Pair], seen: &Seen) -> usize {
    if seen.login.is_numbered {
        return 2;
    }
    // Who could have it only by a less usual convention hardly competes.
    let ways = || pairs.iter().map(|p| p.level(Field::Login) % login::APART);
    let usual = ways().filter(|way| (1..login::SURNAME).contains(way)).min();
    usize::from(usual.is_some_and(|usual| ways().filter(|way| *way == usual).count() > 1))
}

/// How often the word is For and Against, for true owners and for others.
#[derive(Clone, Copy)]
struct Tally {
    owner: [f64; 2],
    other: [f64; 2],
}

impl Tally {
    /// Before anything is seen: other instances are mostly right where nobody else could have the
    /// login, and little better than a guess where somebody could.
    fn start(contest: usize) -> Self {
        let (right, wrong) = if contest == 0 { (0.95, 0.3) } else { (0.6, 0.4) };
        Self {
            owner: [right * HOLD, (1.0 - right) * HOLD],
            other: [wrong * HOLD, (1.0 - wrong) * HOLD],
        }
    }

    /// What a word is worth. Where the login is contested, an error comes in twos: if one account
    /// has the other's number, the other has this one's. There the word is worth no more than how
    /// often it is right, whoever else could be meant, and each account of the two counts half.
    fn bits(&self, word: Word, contest: usize) -> f32 {
        let index = usize::from(word == Word::Against);
        let share = |counts: [f64; 2]| counts[index] / (counts[0] + counts[1]);
        if contest == 0 {
            return (share(self.owner) / share(self.other)).log2() as f32;
        }
        let half = ((self.owner[0] / self.owner[1]).log2() / 2.0) as f32;
        if word == Word::For { half } else { -half }
    }
}

/// Learns, where several people compete for an account and its owner is sure by other evidence, how
/// often the other instances are right, and weighs their word with that.
fn weigh(
    cases: &[Case],
    pairs: &[Pair],
    seen: &[Seen],
    belief: &[f32],
    words: &[Option<Word>],
) -> Vec<f32> {
    let mut tallies = [0, 1, 2].map(Tally::start);
    for (case, seen) in
        cases.iter().zip(seen).filter(|(c, _)| c.range().len() > 1 && c.fixed.is_none())
    {
        if !case.range().any(|at| belief[at] > SURE) {
            continue;
        }
        let tally = &mut tallies[contest(&pairs[case.range()], seen)];
        for at in case.range() {
            let Some(word) = words[at] else { continue };
            let index = usize::from(word == Word::Against);
            tally.owner[index] += f64::from(belief[at]);
            tally.other[index] += f64::from(1.0 - belief[at]);
        }
    }
    let mut bits = vec![0.0; pairs.len()];
    for (case, seen) in cases.iter().zip(seen) {
        let contest = contest(&pairs[case.range()], seen);
        for at in case.range() {
            bits[at] = words[at].map_or(0.0, |word| tallies[contest].bits(word, contest));
        }
    }
    bits
}
