//! The people of one group of competing accounts, shared out over all ways at once.
//!
//! Every person has no account (weight `1 - one`), one (`one`), or two (`one * second`); every
//! account is somebody's, by its odds, or nobody's (weight 1). A way to share out people weighs the
//! product, and an edge is as likely as the ways that hold it weigh.

use super::assign::{Edge, Usual};

/// Groups of up to this many accounts are summed exactly; the sum doubles with every account.
const EXACT_MAX: usize = 9;
/// Rounds of scaling for larger groups; they settle in fewer.
const ROUNDS: usize = 40;

/// How likely each edge of a group is. `edges` are sorted by account.
pub(crate) fn or_scaled(edges: &[Edge], usual: impl Fn(u32) -> Usual) -> Vec<f64> {
    let table = Table::new(edges, usual);
    match (table.accounts, table.persons.len()) {
        (_, 1) if table.accounts == 1 => table.alone(),
        (accounts, _) if accounts <= EXACT_MAX => table.summed(),
        _ => table.scaled(),
    }
}

/// An account that a person may take, its weight, and the index of the edge.
type Wish = (usize, f64, usize);

/// A group with accounts and persons numbered from 0.
struct Table {
    accounts: usize,
    /// Per person: how usual an account is, and what they may take.
    persons: Vec<(Usual, Vec<Wish>)>,
    /// The weight of nobody per account, after its edges were scaled to at most one.
    nobody: Vec<f64>,
    edges: usize,
}

impl Table {
    fn new(edges: &[Edge], usual: impl Fn(u32) -> Usual) -> Self {
        let mut rows: Vec<(u32, usize, f64, usize)> = Vec::with_capacity(edges.len());
        let (mut nobody, mut from) = (Vec::new(), 0);
        for own in edges.chunk_by(|a, b| a.account == b.account) {
            // Scaled, so that products over many accounts stay within reach.
            let scale = own.iter().map(|e| e.odds).fold(1.0, f64::max);
            rows.extend(
                (from..).zip(own).map(|(index, e)| (e.person, nobody.len(), e.odds / scale, index)),
            );
            nobody.push(1.0 / scale);
            from += own.len();
        }
        rows.sort_by_key(|row| (row.0, row.1));
        let persons = rows.chunk_by(|a, b| a.0 == b.0).map(|own| {
            let wishes =
                own.iter().map(|(_, account, weight, index)| (*account, *weight, *index)).collect();
            (usual(own[0].0), wishes)
        });
        Self { accounts: nobody.len(), persons: persons.collect(), nobody, edges: edges.len() }
    }

    /// One account, one person.
    fn alone(&self) -> Vec<f64> {
        let (usual, wishes) = &self.persons[0];
        let weight = usual.one * wishes[0].1;
        vec![weight / (weight + (1.0 - usual.one) * self.nobody[0])]
    }

    /// The exact sum, person by person over the sets of accounts that are taken: forward, then back.
    fn summed(&self) -> Vec<f64> {
        let sets = 1_usize << self.accounts;
        let mut forward = vec![0.0; sets];
        forward[0] = 1.0;
        let mut steps = Vec::with_capacity(self.persons.len());
        for (usual, wishes) in &self.persons {
            let mut next = vec![0.0; sets];
            for (set, weight) in forward.iter().enumerate().filter(|(_, w)| **w > 0.0) {
                ways(set, *usual, wishes, |into, way, _, _| next[into] += weight * way);
            }
            steps.push(std::mem::replace(&mut forward, next));
        }
        let left = |set: usize| -> f64 {
            self.nobody
                .iter()
                .enumerate()
                .filter(|(a, _)| set >> a & 1 == 0)
                .map(|(_, w)| w)
                .product()
        };
        let mut back: Vec<f64> = (0..sets).map(left).collect();
        let total: f64 = forward.iter().zip(&back).map(|(f, b)| f * b).sum();
        let mut shares = vec![0.0; self.edges];
        for ((usual, wishes), before) in self.persons.iter().zip(&steps).rev() {
            let mut previous = vec![0.0; sets];
            for set in (0..sets).filter(|set| before[*set] > 0.0) {
                ways(set, *usual, wishes, |into, way, first, second| {
                    let weight = way * back[into];
                    previous[set] += weight;
                    for index in [first, second].into_iter().flatten() {
                        shares[index] += before[set] * weight / total;
                    }
                });
            }
            back = previous;
        }
        shares
    }

    /// Scales people so that nobody has more than they may. Where two ways are equally good it
    /// leaves them equal, and it claims less than the exact sum where they nearly are.
    fn scaled(&self) -> Vec<f64> {
        let mut free = vec![1.0; self.persons.len()];
        let mut totals = self.totals(&free);
        for _ in 0..ROUNDS {
            for (free, (usual, wishes)) in free.iter_mut().zip(&self.persons) {
                let wanted: f64 =
                    wishes.iter().map(|(account, weight, _)| weight / totals[*account]).sum();
                let with = usual.one * (1.0 + usual.second * wanted);
                let without =
                    (1.0 - usual.one) + usual.one * (wanted + usual.second * wanted * wanted / 2.0);
                *free = (*free * (with / without).clamp(1e-12, 1e12)).sqrt();
            }
            totals = self.totals(&free);
        }
        let mut shares = vec![0.0; self.edges];
        for (free, (_, wishes)) in free.iter().zip(&self.persons) {
            for (account, weight, index) in wishes {
                shares[*index] = weight * free / totals[*account];
            }
        }
        shares
    }

    fn totals(&self, free: &[f64]) -> Vec<f64> {
        let mut totals = self.nobody.clone();
        for (free, (_, wishes)) in free.iter().zip(&self.persons) {
            for (account, weight, _) in wishes {
                totals[*account] += weight * free;
            }
        }
        totals
    }
}

/// Every way in which one person takes accounts that are not in `set`: the set after it, its
/// weight, and the indices of the edges it holds.
fn ways(
    set: usize,
    usual: Usual,
    wishes: &[Wish],
    mut each: impl FnMut(usize, f64, Option<usize>, Option<usize>),
) {
    each(set, 1.0 - usual.one, None, None);
    for (at, (account, weight, index)) in wishes.iter().enumerate() {
        let with = set | 1 << account;
        if with == set {
            continue;
        }
        let one = usual.one * weight;
        each(with, one, Some(*index), None);
        for (other, more, second) in &wishes[at + 1..] {
            let both = with | 1 << other;
            if both != with {
                each(both, one * usual.second * more, Some(*index), Some(*second));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Usual = Usual { one: 0.95, second: 0.001 };

    fn check(odds: &[&[f64]]) -> (Vec<f64>, Vec<f64>) {
        let edges: Vec<Edge> = (0_u32..)
            .zip(odds)
            .flat_map(|(account, row)| {
                (0_u32..).zip(*row).map(move |(person, odds)| Edge::new(account, person, *odds))
            })
            .collect();
        let table = Table::new(&edges, |_| USUAL);
        (table.summed(), table.scaled())
    }

    #[test]
    fn namesakes_without_other_evidence_stay_even() {
        let (exact, scaled) = check(&[&[1e6, 1e6], &[1e6, 1e6]]);
        for share in exact.into_iter().chain(scaled) {
            assert!((share - 0.5).abs() < 0.01, "{share}");
        }
    }

    #[test]
    fn weak_evidence_between_namesakes_stays_weak() {
        let (exact, scaled) = check(&[&[4e6, 1e6], &[1e6, 1e6]]);
        assert!((exact[0] - 0.8).abs() < 0.02, "{exact:?}");
        assert!(scaled[0] > 0.6 && scaled[0] < 0.8, "{scaled:?}");
    }

    #[test]
    fn who_is_taken_for_sure_leaves_the_other_account_to_the_other() {
        let (exact, scaled) = check(&[&[1e9, 1.0], &[1e6, 1e6]]);
        assert!(exact[3] > 0.94, "{exact:?}");
        assert!(scaled[3] > 0.9, "{scaled:?}");
    }

    #[test]
    fn an_account_that_fits_nobody_is_nobodys() {
        let (exact, _) = check(&[&[1e-3]]);
        assert!(exact[0] < 0.03, "{exact:?}");
    }
}
