//! The weights of the model: how often a level is reached by an account and its true owner,
//! learned from the organisation at hand by expectation and maximisation.
//!
//! A level's weight is the binary logarithm of (how often among true pairs) / (how often by
//! chance). The second is known from the roster, value by value; the first is learned, per class of
//! accounts, starting from cautious defaults and held to the average of all classes where a class
//! is small.

use super::assign::Case;
use super::level::{
    ALL, FIELDS, Field, Level, Pair, bucket, days, given, group, login, mail, place, surname,
};
use super::roster::Roster;

/// How many expectation and maximisation rounds are made. The weights settle in four or five.
pub(crate) const ROUNDS: usize = 6;
/// Pseudo-observations that hold a class to the average of all classes.
const HOLD_CLASS: f64 = 8.0;
/// Pseudo-observations that hold the average of all classes to the defaults.
const HOLD_DEFAULT: f64 = 8.0;
/// No level is rarer than this among true pairs: sources err in ways not yet seen.
const SHARE_MIN: f64 = 2e-4;

/// An account of nobody is always possible.
const NOBODY_MIN: f64 = 0.5;

const LEVELS: usize = 256;
const GROUPS: usize = 3;

/// Learned weights, per class.
pub(crate) struct Weights {
    /// Binary logarithm of the share among true pairs: class, field, level. Zero for level 0, which
    /// says nothing.
    share: Vec<f32>,
    /// The share of people of a group who have an account: class, group of people.
    pub usual: Vec<Vec<f64>>,
    /// How many accounts belong to nobody we know, at least a half: class, without and with a
    /// shown name. Leftovers and test accounts often show none.
    pub nobody: Vec<[f64; 2]>,
}

impl Weights {
    /// The defaults, before anything is learned.
    pub(crate) fn start(classes: usize, roster: &Roster, accounts: &[f64]) -> Self {
        let base = in_bits(&defaults());
        let usual = accounts
            .iter()
            .map(|n| vec![(n / roster.size()).clamp(1e-4, 0.9); roster.groups])
            .collect();
        Self {
            share: base.repeat(classes),
            usual,
            nobody: accounts.iter().map(|n| [(n * 0.05).max(NOBODY_MIN); 2]).collect(),
        }
    }

    /// The weight of one field of a pair, in bits.
    pub(crate) fn bits(&self, class: u16, pair: &Pair, field: usize) -> f64 {
        f64::from(self.share[at(class, field, pair.levels[field])]) + pair.rarity_bits(field)
    }

    /// The weight of a whole pair, in bits, without how usual an account is.
    pub(crate) fn total(&self, class: u16, pair: &Pair) -> f64 {
        let own = &self.share[at(class, 0, 0)..][..FIELDS * LEVELS];
        let levels = pair.levels.iter().zip(own.chunks_exact(LEVELS));
        let bits: f64 = levels.map(|(level, shares)| f64::from(shares[usize::from(*level)])).sum();
        bits + pair.all_rarity_bits()
    }

    /// The weight, in bits, of what is no name: the address, places and dates.
    pub(crate) fn circumstances(&self, class: u16, pair: &Pair) -> f64 {
        (Field::Mail as usize..FIELDS).map(|field| self.bits(class, pair, field)).sum()
    }

    /// The odds, against nobody, that the account belongs to the person.
    pub(crate) fn odds(&self, case: &Case, pair: &Pair, group: u16) -> f64 {
        let usual = self.usual[usize::from(case.class)][usize::from(group)];
        self.bare_odds(case, pair, 0.0) * usual
    }

    /// As [`Self::odds`], without how usual an account is and with `extra` bits of evidence.
    pub(crate) fn bare_odds(&self, case: &Case, pair: &Pair, extra: f64) -> f64 {
        let nobody = self.nobody[usize::from(case.class)][usize::from(case.is_named)];
        let bits = self.total(case.class, pair) + extra;
        bits.clamp(-200.0, 200.0).exp2() / nobody
    }

    /// Learns from how likely each pair is thought to be now.
    pub(crate) fn learn(
        &mut self,
        cases: &[Case],
        pairs: &[Pair],
        belief: &[f32],
        roster: &Roster,
    ) {
        let classes = self.nobody.len();
        let mut counts = vec![0.0_f64; classes * FIELDS * LEVELS];
        let mut owned = vec![vec![0.0_f64; roster.groups]; classes];
        let mut nobody = vec![[0.0_f64; 2]; classes];
        let mut sizes = vec![0.0_f64; roster.groups];
        roster.persons.iter().for_each(|p| sizes[usize::from(p.group)] += 1.0);
        for case in cases.iter().filter(|case| case.is_matched) {
            let class = usize::from(case.class);
            let mut left = 1.0;
            for (pair, belief) in pairs[case.range()].iter().zip(&belief[case.range()]) {
                let belief = f64::from(*belief);
                left -= belief;
                if belief < 1e-4 {
                    continue;
                }
                let group = roster.persons[pair.person as usize].group;
                owned[class][usize::from(group)] += belief;
                for (field, level) in
                    pair.levels.iter().enumerate().filter(|(_, level)| **level != 0)
                {
                    counts[at(case.class, field, *level)] += belief;
                }
            }
            nobody[class][usize::from(case.is_named)] += left.max(0.0);
        }
        self.nobody = nobody.iter().map(|n| n.map(|n| n.max(NOBODY_MIN))).collect();
        self.usual = owned.iter().map(|o| usual(o, &sizes)).collect();
        self.share = shares(&counts, classes);
    }
}

fn at(class: u16, field: usize, level: Level) -> usize {
    (usize::from(class) * FIELDS + field) * LEVELS + usize::from(level)
}

/// The share of people per group who have an account; small groups are held to the whole class.
fn usual(owned: &[f64], sizes: &[f64]) -> Vec<f64> {
    let all = owned.iter().sum::<f64>() / sizes.iter().sum::<f64>().max(1.0);
    owned
        .iter()
        .zip(sizes)
        .map(|(o, size)| ((o + 2.0 * all) / (size + 2.0)).clamp(1e-5, 0.995))
        .collect()
}

/// Counts as binary logarithms of shares: each class held to the average of its sort (everyday or
/// administrators'), and that average to the defaults. Administrators' accounts are made at other
/// times and by other conventions than everyday ones, so the two sorts do not teach each other.
fn shares(counts: &[f64], classes: usize) -> Vec<f32> {
    let width = FIELDS * LEVELS;
    let of = |class: usize| &counts[class * width..(class + 1) * width];
    let averages = [0, 1].map(|sort| {
        let mut average = vec![0.0; width];
        for class in (sort..classes).step_by(2) {
            average.iter_mut().zip(of(class)).for_each(|(sum, count)| *sum += count);
        }
        held(&mut average, &defaults(), HOLD_DEFAULT);
        average
    });
    let mut all = Vec::with_capacity(classes * width);
    for class in 0..classes {
        let mut own = of(class).to_vec();
        held(&mut own, &averages[class % 2], HOLD_CLASS);
        all.extend(in_bits(&own));
    }
    all
}

/// Shares of all fields and levels as binary logarithms.
fn in_bits(shares: &[f64]) -> Vec<f32> {
    let bits = |(at, share): (usize, &f64)| match at % LEVELS {
        0 => 0.0,
        _ => share.max(SHARE_MIN).log2() as f32,
    };
    shares.iter().enumerate().map(bits).collect()
}

/// Turns counts into shares within each group of levels, with `weight` observations of `prior`.
fn held(counts: &mut [f64], prior: &[f64], weight: f64) {
    for (index, field) in ALL.into_iter().enumerate() {
        let own = &mut counts[index * LEVELS..(index + 1) * LEVELS];
        let mut totals = [0.0; GROUPS];
        for (level, count) in (0..=Level::MAX).zip(own.iter()).skip(1) {
            totals[group(field, level)] += count;
        }
        for (level, count) in (0..=Level::MAX).zip(own.iter_mut()).skip(1) {
            let prior = prior[index * LEVELS + usize::from(level)];
            *count = (*count + weight * prior) / (totals[group(field, level)] + weight);
        }
    }
}

/// Shares before learning: what any organisation shows, cautious where they differ.
fn defaults() -> Vec<f64> {
    let mut shares = vec![0.0; FIELDS * LEVELS];
    let mut set = |field: Field, rows: &[(Level, f64)]| {
        for (level, share) in rows {
            shares[field as usize * LEVELS + usize::from(*level)] = *share;
        }
    };
    let used = surname::USED;
    set(
        Field::Surname,
        &[
            (used, 0.7),
            (used + 1, 0.11),
            (used + 2, 0.05),
            (used + 3, 0.03),
            (surname::OTHER, 0.04),
            (surname::PART, 0.02),
            (surname::ALIKE, 0.02),
            (surname::HALF, 0.005),
            (surname::CONFLICT, 0.025),
        ],
    );
    for field in [Field::GivenName, Field::UsedName] {
        let first = given::USED;
        set(
            field,
            &[
                (first, 0.74),
                (first + 1, 0.1),
                (first + 2, 0.02),
                (first + 3, 0.03),
                (given::NICKNAME, 0.03),
                (given::ALIKE, 0.02),
                (given::SAME_LETTER, 0.02),
                (given::CONFLICT, 0.04),
            ],
        );
        set(
            field,
            &[(given::INITIALS, 0.8), (given::SOME_INITIALS, 0.15), (given::OTHER_INITIALS, 0.05)],
        );
    }
    for field in [Field::Login, Field::Local] {
        for apart in [0, login::APART] {
            let rows = [0.5, 0.1, 0.1, 0.03, 0.05, 0.02, 0.03, 0.01, 0.07, 0.01, 0.08];
            let rows: Vec<(Level, f64)> = (1..=login::UNLIKE)
                .zip(rows)
                .map(|(level, share)| (level + apart, share))
                .collect();
            set(field, &rows);
        }
    }
    set(Field::Mail, &[(mail::WORK, 0.75), (mail::PRIVATE, 0.15), (mail::OTHER, 0.1)]);
    set(Field::Unit, &[(place::SAME, 0.85), (place::DIFFERS, 0.15)]);
    for field in [Field::Job, Field::Location, Field::Entity, Field::Cost, Field::Firm] {
        let apart = place::NO_UNIT;
        set(field, &[(place::SAME, 0.75), (place::SAME_ELSEWHEN, 0.1), (place::DIFFERS, 0.15)]);
        set(field, &[(place::SAME + apart, 0.7), (place::DIFFERS + apart, 0.3)]);
    }
    for field in [Field::Created, Field::Ended] {
        set(field, &default_days());
    }
    set(Field::Ended, &OPEN_DAYS);
    shares
}

/// Accounts without an end: mostly their owner has none either.
const OPEN_DAYS: [(Level, f64); 6] = [
    (days::NO_END, 0.8),
    (days::NO_END + 1, 0.1),
    (days::NO_END + 2, 0.1),
    (days::NO_END + 10, 0.2),
    (days::NO_END + 11, 0.6),
    (days::NO_END + 12, 0.2),
];

/// Accounts are mostly made and closed around the day itself, often weeks before or after.
fn default_days() -> Vec<(Level, f64)> {
    let mut rows: Vec<(Level, f64)> = vec![(days::ABSENT, 0.04)];
    for (outer, part) in [(0, 0.8), (days::NOT_OUTER, 0.16)] {
        for day in -days::EXACT..=days::EXACT {
            let share = if day == 0 { 0.3 } else { 0.4 / 62.0 };
            rows.push((bucket(day) + outer, part * share));
        }
        rows.extend((64..=69).map(|bucket| (bucket + outer, part * 0.05)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_share_out_one_in_every_group() {
        let shares = defaults();
        for (index, field) in ALL.into_iter().enumerate() {
            let mut totals = [0.0; GROUPS];
            for level in 1..=Level::MAX {
                totals[group(field, level)] += shares[index * LEVELS + usize::from(level)];
            }
            for total in totals.into_iter().filter(|t| *t > 0.0) {
                assert!((total - 1.0).abs() < 1e-9, "{field:?} {total}");
            }
        }
    }
}
