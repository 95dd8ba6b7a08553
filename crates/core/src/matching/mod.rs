//! Who owns which account: ordered rules, then a probabilistic model that explains itself.
//!
//! 1. What a human decided stands ([`ruling`]).
//! 2. Ids, worker numbers and proven addresses name one human ([`key`]).
//! 3. For the rest, a model compares names, logins, places and dates field by field ([`level`]),
//!    with weights learned from this organisation ([`weight`]) and login conventions read off each
//!    instance ([`convention`]), and shares out belief over all candidates and nobody, all accounts
//!    of an instance together ([`assign`]).
//!
//! Only a belief of at least [`AUTO_MIN`] becomes an automatic link, and more where many links would
//! be only just sure enough ([`floor`]). `docs/matching.md` tells how
//! it works and what stays undecidable.

mod assign;
mod block;
mod convention;
mod elsewhere;
mod exact;
mod floor;
mod intern;
mod key;
mod kind;
mod level;
mod nickname;
mod reason;
mod roster;
mod ruling;
mod second;
mod seen;
mod shown;
mod sight;
pub(crate) mod text;
mod weight;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::account::Account;
use crate::identity::Identity;
use crate::link::{AccountKind, Candidate, Decision, Link, LinkState};
use crate::worker::WorkerRecord;

pub use key::Rule;

use assign::Case;
use block::{Blocks, Predictions};
use convention::Template;
use intern::Interner;
use key::{Key, Keys};
use kind::Kinds;
use level::{Field, Pair, Scale, given, surname};
use reason::Reasons;
use roster::{NameSet, Roster};
use ruling::{Ruling, Rulings};
use seen::{Handle, Seen};
use sight::Sight;
use weight::Weights;

/// What the matcher may look at. Instances are told apart by [`Account::instance`].
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Everybody, as resolved by [`crate::identity::resolve`].
    pub identities: &'a [Identity],
    /// The records of everybody.
    pub records: &'a [WorkerRecord],
    /// The accounts of all instances.
    pub accounts: &'a [Account],
    /// What humans decided, oldest first.
    pub decisions: &'a [Decision],
}

/// The least belief for a link without a human.
pub const AUTO_MIN: f64 = 0.97;
/// The least bits of evidence beside the name for a link against which a part of the name speaks.
const CIRCUMSTANCES_MIN: f64 = 5.0;
/// The least belief for a candidate to be shown.
const SHOWN_MIN: f64 = 0.02;
/// A candidate whom a key names is shown as at least this likely.
const CLAIM_SCORE: f64 = 0.05;
/// At most this many candidates are shown.
const SHOWN_MAX: usize = 5;
/// Accounts per class from which its conventions are learned.
const SEEDS_MAX: usize = 3000;

/// One link for each account, in the order of `input.accounts`.
///
/// The order of the input does not matter: the same accounts get the same links.
pub fn links(input: Input<'_>) -> Vec<Link> {
    // Everything is done in one order that follows from the content alone.
    let mut order: Vec<usize> = (0..input.accounts.len()).collect();
    order.sort_by_cached_key(|at| {
        let a = &input.accounts[*at];
        (a.account_ref(), a.login.clone(), a.display_name.clone())
    });
    let accounts: Vec<&Account> = order.iter().map(|at| &input.accounts[*at]).collect();
    let mut identities: Vec<&Identity> = input.identities.iter().collect();
    identities.sort_by(|a, b| a.id.cmp(&b.id));
    let found = Matching::new(&identities, input.records, &accounts, input.decisions).links();
    let mut links: Vec<Option<Link>> = vec![None; accounts.len()];
    for (at, link) in order.into_iter().zip(found) {
        links[at] = Some(link);
    }
    links.into_iter().flatten().collect()
}

/// Everything that is known while links are made.
struct Matching<'a> {
    identities: &'a [&'a Identity],
    records: &'a [WorkerRecord],
    accounts: &'a [&'a Account],
    roster: Roster,
    seen: Vec<Seen>,
    rulings: Rulings,
    keys: Vec<Option<Key>>,
    conventions: Conventions,
    cases: Vec<Case>,
    pairs: Vec<Pair>,
    classes: usize,
}

/// The conventions per class, for logins and for the local parts of addresses.
#[derive(Default)]
struct Conventions {
    logins: Vec<Vec<Template>>,
    locals: Vec<Vec<Template>>,
}

impl<'a> Matching<'a> {
    fn new(
        identities: &'a [&'a Identity],
        records: &'a [WorkerRecord],
        accounts: &'a [&'a Account],
        decisions: &[Decision],
    ) -> Self {
        let mut interner = Interner::default();
        let roster = Roster::new(identities, records, &mut interner);
        let (seen, classes) = read(accounts, &mut interner);
        let rulings = Rulings::new(decisions, &roster, records);
        let table = Keys::new(&roster, records);
        let keys = accounts.iter().map(|a| table.of(a)).collect();
        let mut matching = Self {
            identities,
            records,
            accounts,
            roster,
            seen,
            rulings,
            keys,
            conventions: Conventions::default(),
            cases: Vec::new(),
            pairs: Vec::new(),
            classes,
        };
        matching.compare(&mut interner);
        matching
    }

    /// Finds the candidates of every account and compares it with each.
    fn compare(&mut self, interner: &mut Interner) {
        let blocks = Blocks::new(&self.roster, interner);
        self.conventions = self.learn_conventions(&blocks, interner);
        let mut all: Vec<Template> = self
            .conventions
            .logins
            .iter()
            .chain(&self.conventions.locals)
            .flatten()
            .copied()
            .collect();
        all.sort_unstable();
        all.dedup();
        let predictions = Predictions::new(all, &self.roster, interner);
        self.roster.forget_words();
        let scale = Scale::new(&self.roster, &self.seen);
        let sight = |index: usize| {
            let seen = &self.seen[index];
            let class = usize::from(seen.class);
            let (logins, locals) =
                (&self.conventions.logins[class], &self.conventions.locals[class]);
            Sight::new(seen, logins, locals, &predictions, interner)
        };
        // First who, then how well: the pairs are many, and so get exactly the room they need.
        let (mut found, mut ends) = (Vec::new(), Vec::with_capacity(self.seen.len()));
        for (index, seen) in self.seen.iter().enumerate() {
            let ruling = self.rulings.of(&self.accounts[index].account_ref());
            if self.is_matched(seen, ruling) {
                let mut hints: Vec<u32> = sight(index).makers().collect();
                hints.extend(self.keys[index].iter().flat_map(|k| k.persons.iter().copied()));
                hints.extend(ruling.confirmed);
                let mut candidates = blocks.candidates(seen, &hints, interner);
                candidates.retain(|p| !ruling.rejected.contains(p));
                found.extend(candidates);
            }
            ends.push(found.len());
        }
        drop(blocks);
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let ranges: Vec<Range<usize>> = begins.zip(&ends).map(|(from, end)| from..*end).collect();
        // Accounts with the same candidates come one after another, while what is known of these
        // still lies in the processor's cache.
        let mut order: Vec<usize> =
            (0..ranges.len()).filter(|at| !ranges[*at].is_empty()).collect();
        order.sort_by_key(|at| found[ranges[*at].start]);
        let mut pairs = vec![Pair::default(); found.len()];
        for index in order {
            let (sight, range) = (sight(index), ranges[index].clone());
            for (pair, person) in pairs[range.clone()].iter_mut().zip(&found[range]) {
                *pair = scale.pair(&sight, *person);
            }
        }
        let own = self.seen.iter().enumerate().zip(ranges);
        let cases = own.map(|((index, seen), range)| {
            let ruling = self.rulings.of(&self.accounts[index].account_ref());
            Case::new(seen, range, self.is_matched(seen, ruling))
        });
        let cases = cases.collect();
        (self.cases, self.pairs) = (cases, pairs);
        self.fix();
    }

    /// Whether an owner is looked for: the account may be somebody's own, or a human said so.
    fn is_matched(&self, seen: &Seen, ruling: &Ruling) -> bool {
        match ruling.kind {
            Some(kind) => kind == AccountKind::Personal,
            None => seen.is_personal() || ruling.confirmed.is_some(),
        }
    }

    /// Reads the conventions of every class off the accounts whose shown name is one person's.
    fn learn_conventions(&self, blocks: &Blocks, interner: &Interner) -> Conventions {
        let scale = Scale::new(&self.roster, &self.seen);
        let mut logins: Vec<Vec<(&str, &[NameSet])>> = vec![Vec::new(); self.classes];
        let mut locals = logins.clone();
        for (index, seen) in self.seen.iter().enumerate().filter(|(_, seen)| seen.is_personal()) {
            let class = usize::from(seen.class);
            let wants = |handle: &Handle, list: &[(&str, &[NameSet])]| {
                handle.is_name && list.len() < SEEDS_MAX
            };
            let is_wanted =
                wants(&seen.login, &logins[class]) || wants(&seen.local, &locals[class]);
            if !is_wanted {
                continue;
            }
            let keyed =
                self.keys[index].as_ref().filter(|k| k.persons.len() == 1).map(|k| k.persons[0]);
            let Some(person) = keyed.or_else(|| self.only_bearer(seen, blocks, &scale, interner))
            else {
                continue;
            };
            let names = self.roster.persons[person as usize].names.as_slice();
            if wants(&seen.login, &logins[class]) {
                logins[class].push((&seen.login.base, names));
            }
            if wants(&seen.local, &locals[class]) {
                locals[class].push((&seen.local.base, names));
            }
        }
        let learn = |seeds: &Vec<Vec<(&str, &[NameSet])>>| {
            seeds.iter().map(|s| convention::learn(s)).collect()
        };
        Conventions { logins: learn(&logins), locals: learn(&locals) }
    }

    /// The one person whose surname and given name are shown, if there is exactly one.
    fn only_bearer(
        &self,
        seen: &Seen,
        blocks: &Blocks,
        scale: &Scale<'_>,
        interner: &Interner,
    ) -> Option<u32> {
        let mut bearers = blocks.candidates(seen, &[], interner).into_iter().filter(|p| {
            let (family, shown) = scale.names(seen, *p);
            let is_family = (1..=surname::OTHER).contains(&family);
            // Without a shown name the login's own surname has made them a candidate.
            (is_family
                && ((1..given::NICKNAME).contains(&shown)
                    || (given::INITIALS..given::OTHER_INITIALS).contains(&shown)))
                || seen.cuts.is_empty()
        });
        let only = bearers.next()?;
        bearers.next().is_none().then_some(only)
    }

    /// Lets trusted rules and human decisions choose before the model does.
    fn fix(&mut self) {
        let start = Weights::start(self.classes, &self.roster, &self.sizes());
        let mut votes = Vec::new();
        for (index, key) in self.keys.iter().enumerate() {
            let Some((key, pair)) =
                key.as_ref().and_then(|k| Some((k, self.pair_of(index, *k.persons.first()?)?)))
            else {
                continue;
            };
            let seen = &self.seen[index];
            // The rule's own evidence cannot vouch for the rule.
            let bits =
                start.total(seen.class, pair) - start.bits(seen.class, pair, Field::Mail as usize);
            let is_silent = pair.levels.iter().all(|level| *level == 0);
            if !is_silent {
                votes.push((seen.class, key.rule, !key::contradicts(pair) && bits > -8.0));
            }
        }
        let is_trusted = key::trusted(&votes);
        for index in 0..self.cases.len() {
            let confirmed = self.rulings.of(&self.accounts[index].account_ref()).confirmed;
            let by_key = self.keys[index].as_ref().filter(|key| {
                let seen = &self.seen[index];
                let pair = self.pair_of(index, key.persons[0]);
                key::decides(key, seen, &self.roster)
                    && is_trusted(seen.class, key.rule)
                    && pair.is_some_and(|p| !key::contradicts(p))
            });
            let chosen = confirmed.or_else(|| by_key.map(|key| key.persons[0]));
            let range = self.cases[index].range();
            let offset = chosen.and_then(|person| {
                self.pairs[range].binary_search_by_key(&person, |p| p.person).ok()
            });
            self.cases[index].fixed =
                offset.map(|o| u32::try_from(o).expect("an offset into a range of u32"));
        }
    }

    fn pair_of(&self, index: usize, person: u32) -> Option<&Pair> {
        let pairs = &self.pairs[self.cases[index].range()];
        pairs.binary_search_by_key(&person, |p| p.person).ok().map(|at| &pairs[at])
    }

    /// How many accounts each class has.
    fn sizes(&self) -> Vec<f64> {
        let mut sizes = vec![0.0; self.classes];
        self.seen
            .iter()
            .filter(|s| s.is_personal())
            .for_each(|s| sizes[usize::from(s.class)] += 1.0);
        sizes
    }

    /// Learns the weights and believes.
    fn believe(&self) -> (Weights, Vec<f32>) {
        let (cases, pairs, roster) = (&self.cases, &self.pairs, &self.roster);
        let mut weights = Weights::start(self.classes, roster, &self.sizes());
        for _ in 0..weight::ROUNDS {
            let belief = assign::alone(cases, pairs, &weights, roster);
            weights.learn(cases, pairs, &belief, roster);
        }
        let nothing = vec![0.0; pairs.len()];
        let belief = assign::together(cases, pairs, &nothing, &weights, roster);
        weights.learn(cases, pairs, &belief, roster);
        let belief = assign::together(cases, pairs, &nothing, &weights, roster);
        let extra = elsewhere::evidence(cases, pairs, &self.seen, &belief);
        let belief = assign::together(cases, pairs, &extra, &weights, roster);
        (weights, belief)
    }

    fn links(&self) -> Vec<Link> {
        let (weights, belief) = self.believe();
        let reasons = Reasons {
            records: self.records,
            roster: &self.roster,
            weights: &weights,
            conventions: &self.conventions.logins,
        };
        let sure = Sure { floor: self.floor(&belief, &weights), belief };
        let mut links: Vec<Link> =
            (0..self.accounts.len()).map(|index| self.link(index, &sure, &reasons)).collect();
        second::adopt(self.accounts, &mut links, |index, owner| {
            let ruling = self.rulings.of(&self.accounts[index].account_ref());
            let is_owner = |p: &u32| {
                self.identities[self.roster.persons[*p as usize].identity as usize].id == *owner
            };
            ruling.kind.is_none() && !ruling.rejected.iter().any(is_owner)
        });
        links
    }

    /// How sure a link must be here, see [`floor`].
    fn floor(&self, belief: &[f32], weights: &Weights) -> f64 {
        let is_open = |index: &usize| {
            let ruling = self.rulings.of(&self.accounts[*index].account_ref());
            ruling.confirmed.is_none() && self.is_matched(&self.seen[*index], ruling)
        };
        let (keyed, modelled): (Vec<usize>, Vec<usize>) = (0..self.accounts.len())
            .filter(is_open)
            .partition(|index| self.cases[*index].fixed.is_some());
        let best = modelled.into_iter().filter_map(|index| {
            let (best, pair) = self.ranked(index, belief).into_iter().next()?;
            (best >= AUTO_MIN && self.is_safe(index, pair, weights)).then_some(best)
        });
        floor::floor(best.collect(), keyed.len())
    }

    /// The candidates of an account, the likeliest first.
    fn ranked(&self, index: usize, belief: &[f32]) -> Vec<(f64, &Pair)> {
        let range = self.cases[index].range();
        let mut ranked: Vec<(f64, &Pair)> =
            range.map(|at| (f64::from(belief[at]), &self.pairs[at])).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.person.cmp(&b.1.person)));
        ranked
    }

    /// Whether the account may be linked to this candidate without a human if the belief is enough.
    fn is_safe(&self, index: usize, pair: &Pair, weights: &Weights) -> bool {
        let (class, key) = (self.seen[index].class, self.keys[index].as_ref());
        let is_settled =
            !pair.is_doubtful() || weights.circumstances(class, pair) >= CIRCUMSTANCES_MIN;
        let is_claimed = |key: &Key| key.persons.contains(&pair.person);
        pair.is_named() && is_settled && key.is_none_or(is_claimed)
    }

    fn link(&self, index: usize, sure: &Sure, reasons: &Reasons<'_>) -> Link {
        let (account, seen) = (self.accounts[index], &self.seen[index]);
        let ruling = self.rulings.of(&account.account_ref());
        let kind = ruling.kind.unwrap_or(seen.kind);
        let link = |state: LinkState, rule: &str, score: f64, because: String| Link {
            account: account.account_ref(),
            state,
            kind,
            rule: rule.to_owned(),
            score,
            because,
        };
        if let Some(person) = ruling.confirmed {
            let because = format!("{} decided that {} owns it.", ruling.by, reasons.who(person));
            let owner = self.candidate(index, person, 1.0, because.clone());
            return link(LinkState::Confirmed { owner }, "decision", 1.0, because);
        }
        if !self.is_matched(seen, ruling) {
            let (rule, because) = kind_words(kind, ruling);
            return link(LinkState::None, rule, 1.0, because);
        }
        if let (Some(offset), Some(key)) = (self.cases[index].fixed, &self.keys[index]) {
            let person = self.pairs[self.cases[index].range()][offset as usize].person;
            let because = reasons.of_key(key, person);
            let owner = self.candidate(index, person, KEY_SCORE, because.clone());
            return link(LinkState::Auto { owner }, key.rule.word(), KEY_SCORE, because);
        }
        let (state, rule, score, because) = self.modelled(index, sure, reasons);
        link(state, rule, score, because)
    }

    /// The state that the model's beliefs lead to.
    fn modelled(
        &self,
        index: usize,
        sure: &Sure,
        reasons: &Reasons<'_>,
    ) -> (LinkState, &'static str, f64, String) {
        let (account, class) = (self.accounts[index], self.seen[index].class);
        let ranked = self.ranked(index, &sure.belief);
        let best = ranked.first().map_or(0.0, |(score, _)| *score);
        let key = self.keys[index].as_ref();
        let is_claimed = |person: u32| key.is_some_and(|k| k.persons.contains(&person));
        if best >= sure.floor && self.is_safe(index, ranked[0].1, reasons.weights) {
            let because = reasons.of_pair(class, account, ranked[0].1);
            let owner = self.candidate(index, ranked[0].1.person, best, because.clone());
            return (LinkState::Auto { owner }, "model", best, because);
        }
        let least = SHOWN_MIN.max(best / 50.0);
        let shown = ranked.iter().filter(|(score, p)| *score >= least || is_claimed(p.person));
        let candidates: Vec<Candidate> = shown
            .take(SHOWN_MAX)
            .map(|(score, pair)| {
                let score = if is_claimed(pair.person) { score.max(CLAIM_SCORE) } else { *score };
                let because = reasons.of_pair(class, account, pair);
                self.candidate(index, pair.person, score, because)
            })
            .collect();
        let said = match candidates.as_slice() {
            [] => {
                let because = "Nobody's names, numbers, places or dates fit it well enough.";
                return (LinkState::None, "model", 1.0 - best, because.to_owned());
            }
            [only] => format!("One candidate, but not surely: {}", only.because),
            [first, ..] => format!("{} candidates; the best: {}", candidates.len(), first.because),
        };
        let score = candidates[0].score;
        match key {
            Some(key) => {
                (LinkState::Suggested { candidates }, "claim", score, reasons.of_claim(key))
            }
            None => (LinkState::Suggested { candidates }, "model", score, said),
        }
    }

    fn candidate(&self, index: usize, person: u32, score: f64, because: String) -> Candidate {
        let person = &self.roster.persons[person as usize];
        let unit = self.seen[index].place[roster::UNIT];
        let keyed = self.keys[index].as_ref().map(|k| k.record);
        let spells = &person.spells;
        let fits = spells
            .iter()
            .find(|s| Some(s.record) == keyed)
            .or_else(|| {
                spells.iter().rev().find(|s| unit != intern::NONE && s.place[roster::UNIT] == unit)
            })
            .or_else(|| spells.iter().rev().find(|s| s.ends.is_none()))
            .or_else(|| spells.last());
        let record = fits.map(|s| self.records[s.record as usize].record_ref());
        Candidate {
            identity: self.identities[person.identity as usize].id.clone(),
            record,
            score,
            because,
        }
    }
}

/// What the model believes of every pair, and which belief is enough.
struct Sure {
    belief: Vec<f32>,
    floor: f64,
}

/// How sure a trusted key is.
const KEY_SCORE: f64 = 0.9999;

/// Reads all accounts, and counts their classes.
fn read(accounts: &[&Account], interner: &mut Interner) -> (Vec<Seen>, usize) {
    let kinds = Kinds::learn(accounts.iter().copied());
    let mut numbers: BTreeMap<&str, u16> = BTreeMap::new();
    for account in accounts {
        let next = u16::try_from(numbers.len()).expect("fewer than 32,768 instances");
        numbers.entry(account.instance.as_str()).or_insert(next);
    }
    let seen = accounts
        .iter()
        .map(|a| Seen::new(a, numbers[a.instance.as_str()], &kinds, interner))
        .collect();
    (seen, numbers.len() * 2)
}

/// Why no owner is looked for.
fn kind_words(kind: AccountKind, ruling: &Ruling) -> (&'static str, String) {
    let what = match kind {
        AccountKind::Service => "a service account",
        AccountKind::Shared => "an account that several people use",
        AccountKind::Mailbox => "a mailbox or room",
        AccountKind::Agent => "an agent's account",
        _ => "no personal account",
    };
    if ruling.kind.is_some() {
        return ("decision", format!("{} decided that it is {what}.", ruling.by));
    }
    ("kind", format!("Its name or type says that it is {what}, so no owner is looked for."))
}

/// Whether one of two folded given names is a short form or spelling of the other.
pub(crate) fn are_short_forms(left: &str, right: &str) -> bool {
    nickname::groups_of(left).iter().any(|g| nickname::groups_of(right).contains(g))
}

/// The likeliest given names and family name of a whole name, folded.
pub(crate) fn likely_parts(display: &str) -> (Vec<String>, String) {
    let reading = shown::read(display).readings.into_iter().next().unwrap_or_default();
    (reading.given, reading.family)
}

/// The rules that stand before the model, strongest first, by the word in [`Link::rule`].
pub const KEY_RULES: [&str; 5] =
    ["external_id", "worker_number", "login_number", "verified_email", "known_login"];

#[cfg(test)]
mod tests {
    use super::KEY_RULES;
    use super::key::Rule;

    #[test]
    fn the_listed_key_rules_are_the_rules() {
        let rules = [
            Rule::ExternalId,
            Rule::WorkerNumber,
            Rule::LoginNumber,
            Rule::VerifiedEmail,
            Rule::KnownLogin,
        ];
        assert_eq!(rules.map(Rule::word), KEY_RULES);
    }
}
