//! Stops about how much would change: per instance, per source, per requester and in the whole
//! workspace, summed with what was changed before over two sliding windows, a short and a long one: what
//! stays below a limit every day is seen by the week. Three classes are counted, each for itself.
//!
//! - *closed*: accounts that are suspended or removed;
//! - *revoked*: rights taken from accounts that stay open;
//! - *given*: accounts made or reactivated, and rights given to accounts that were open.
//!
//! A limit is passed when more than it would change; exactly at the limit is within it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::account::State;
use crate::canonical::fold;
use crate::change::Verb;
use crate::explain::counted;
use crate::id::{AccountKey, IdentityId, InstanceName, SourceName};
use crate::policy::Window;

use super::{Blocks, Case, Kind, PastEffect, Stop, view};

pub(super) fn judge(case: &Case<'_>, stops: &mut Vec<Stop>) {
    for window in case.policy.limits.windows() {
        // Where the short window is passed already, the long one has nothing to add.
        let said: BTreeSet<_> =
            stops.iter().map(|stop| (stop.blocks.clone(), stop.subject.clone())).collect();
        let mut found = in_window(case, window);
        found.retain(|stop| !said.contains(&(stop.blocks.clone(), stop.subject.clone())));
        stops.extend(found);
    }
}

fn in_window(case: &Case<'_>, window: Window) -> Vec<Stop> {
    let raised = |instance| window.raised(&case.history.raises, instance, case.now);
    let everywhere = raised(None);
    let tally = Tally::of(case, window);
    let mut stops = Vec::new();
    for instance in case.instances() {
        let Some(counts) = tally.instances.get(instance) else { continue };
        let here = everywhere.raised(&case.history.raises, Some(instance), case.now);
        stops.extend(in_instance(case, instance, counts, here));
    }
    stops.extend(in_sources(case, &tally, everywhere));
    stops.extend(by_requester(case, everywhere));
    stops.extend(in_workspace(&tally, everywhere));
    stops
}

/// What would have changed in the window once the plan has run.
#[derive(Default)]
struct Tally<'a> {
    instances: BTreeMap<&'a InstanceName, Counts>,
    /// Whose accounts are closed.
    leavers: BTreeSet<IdentityId>,
}

/// The same of one instance. Sets, so that a second change of one account does not count twice.
#[derive(Default)]
struct Counts {
    closed: BTreeSet<AccountKey>,
    removed: BTreeSet<AccountKey>,
    /// One entry for each revoke.
    revoked: Vec<AccountKey>,
    opened: BTreeSet<String>,
    granted: Vec<AccountKey>,
    /// Whether the plan itself adds to a class; what only the past did stops nothing.
    closes: bool,
    revokes: bool,
    gives: bool,
}

impl<'a> Tally<'a> {
    fn of(case: &Case<'a>, window: Window) -> Self {
        let mut tally = Self::default();
        let since = case.hours_ago(window.hours);
        let planned: BTreeSet<_> = case.plan.changes().iter().map(|c| &c.id).collect();
        for effect in &case.history.effects {
            if effect.at > since && !planned.contains(&effect.change) {
                tally.add(&effect.instance, effect, false);
            }
        }
        for change in case.plan.changes() {
            tally.add(&change.instance, &PastEffect::of(change, case.now), true);
        }
        tally
    }

    fn add(&mut self, instance: &'a InstanceName, effect: &PastEffect, planned: bool) {
        let counts = self.instances.entry(instance).or_default();
        counts.add(effect, planned);
        if matches!(effect.verb, Verb::Suspend | Verb::Remove) {
            self.leavers.extend(effect.identity.clone());
        }
    }
}

impl Counts {
    fn add(&mut self, effect: &PastEffect, planned: bool) {
        // Where nobody knows the account's key, the change stands for it.
        let key = effect.account.clone().unwrap_or_else(|| effect.change.as_str().into());
        match effect.verb {
            Verb::Suspend | Verb::Remove => {
                self.closes |= planned;
                if effect.verb == Verb::Remove {
                    self.removed.insert(key.clone());
                }
                self.closed.insert(key);
            }
            Verb::Revoke => {
                self.revokes |= planned;
                self.revoked.push(key);
            }
            Verb::Create | Verb::Reactivate => {
                self.gives |= planned;
                // A new account has no key yet, so the change stands for it.
                let new = || format!("new {}", effect.change);
                self.opened
                    .insert(effect.account.as_ref().map_or_else(new, |k| format!("key {k}")));
            }
            Verb::Grant => {
                self.gives |= planned;
                self.granted.push(key);
            }
            Verb::Update => {}
        }
    }

    /// Rights taken from accounts that stay open: what goes with a closed account is counted there.
    fn revoked(&self) -> impl Iterator<Item = &AccountKey> {
        self.revoked.iter().filter(|key| !self.closed.contains(key))
    }

    /// Accounts opened, and rights given to accounts that were open before.
    fn given(&self) -> usize {
        let to_open = |key: &&AccountKey| !self.opened.contains(&format!("key {key}"));
        self.opened.len() + self.granted.iter().filter(to_open).count()
    }
}

fn in_instance(
    case: &Case<'_>,
    instance: &InstanceName,
    counts: &Counts,
    limits: Window,
) -> Vec<Stop> {
    let population = population(case, instance, counts);
    let losing: BTreeSet<_> = counts.revoked().collect();
    let closed = Count {
        what: "accounts would be closed",
        units: counts.closed.len(),
        share: counts.closed.len(),
    };
    let revoked = Count {
        what: "rights would be revoked",
        units: counts.revoked().count(),
        share: losing.len(),
    };
    let mut said = Vec::new();
    for (count, planned) in [(closed, counts.closes), (revoked, counts.revokes)] {
        if planned {
            said.extend(count.over(limits, population, &format!("{instance}'s accounts")));
        }
    }
    if counts.gives && counts.given() > limit(limits.created_max) {
        said.push(format!(
            "{} or rights would be given within {}; the limit is {}.",
            counted(counts.given(), "account"),
            counted(limits.hours, "hour"),
            limits.created_max
        ));
    }
    let blocks = Blocks::Instance { instance: instance.clone() };
    let stop = |said: String| {
        too_many(blocks.clone(), instance.as_str(), format!("In {instance}, {said}"))
    };
    said.into_iter().map(stop).collect()
}

/// The accounts that the instance had at the window's start, as far as known: those that are there,
/// and those that were removed within the window.
fn population(case: &Case<'_>, instance: &InstanceName, counts: &Counts) -> usize {
    let accounts = case.graph.accounts().map(|(account, _)| account);
    let there = accounts.filter(|a| a.instance == *instance && a.state != State::Gone);
    let mut keys: BTreeSet<&AccountKey> = there.map(|a| &a.key).collect();
    keys.extend(&counts.removed);
    match case.graph.views().get(instance) {
        // Nobody counts the accounts there; at most everybody has one.
        Some(view) if !view.is_read => keys.len().max(case.graph.identities().len()),
        _ => keys.len(),
    }
}

/// People of one source who would lose an account, against all who work here by that source.
fn in_sources(case: &Case<'_>, tally: &Tally<'_>, limits: Window) -> Vec<Stop> {
    let plan_closes = tally.instances.values().any(|counts| counts.closes);
    if !plan_closes {
        return Vec::new();
    }
    let today = case.now.to_zoned(TimeZone::UTC).date();
    let mut losing: BTreeMap<&SourceName, BTreeSet<&IdentityId>> = BTreeMap::new();
    for identity in &tally.leavers {
        for source in view::sources_of(case, identity) {
            losing.entry(source).or_default().insert(identity);
        }
    }
    let stops = losing.into_iter().flat_map(|(source, people)| {
        let records = case.graph.records().iter();
        let here = records.filter(|r| r.source == *source && r.holds_on(today));
        let here = here.filter_map(|r| case.graph.identity_of(&r.record_ref()));
        let everybody: BTreeSet<_> = here.map(|i| &i.id).chain(people.iter().copied()).collect();
        let what = "people would lose accounts";
        let count = Count { what, units: people.len(), share: people.len() };
        let said = count.over(limits, everybody.len(), &format!("the people of {source}"));
        said.into_iter().map(move |said| {
            too_many(Blocks::Plan, source.as_str(), format!("Of the source {source}, {said}"))
        })
    });
    stops.collect()
}

/// What whoever asked for the plan had taken away, over all instances.
fn by_requester(case: &Case<'_>, limits: Window) -> Option<Stop> {
    let takes = |verb: Verb| matches!(verb, Verb::Suspend | Verb::Remove | Verb::Revoke);
    let requester = fold(case.plan.requester());
    let since = case.hours_ago(limits.hours);
    let planned: BTreeSet<_> =
        case.plan.changes().iter().filter(|c| takes(c.op.word())).map(|c| &c.id).collect();
    let theirs = case.history.effects.iter().filter(|effect| {
        effect.at > since && takes(effect.verb) && fold(&effect.requester) == requester
    });
    let done: BTreeSet<_> = theirs.map(|effect| &effect.change).collect();
    let all = planned.union(&done).count();
    (!planned.is_empty() && all > limit(limits.requester_removed_max)).then(|| {
        let said = format!(
            "Of what {} asked for, {} would take access away within {}; the limit is {}.",
            case.plan.requester(),
            counted(all, "change"),
            counted(limits.hours, "hour"),
            limits.requester_removed_max
        );
        too_many(Blocks::Plan, "requester", said)
    })
}

fn in_workspace(tally: &Tally<'_>, limits: Window) -> Option<Stop> {
    let counts = || tally.instances.values();
    let away: usize = counts().map(|c| c.closed.len() + c.revoked().count()).sum();
    let planned = counts().any(|c| c.closes || c.revokes);
    (planned && away > limit(limits.workspace_removed_max)).then(|| {
        let said = format!(
            "Over all instances, {} and rights would be taken away within {}; the limit is {}.",
            counted(away, "account"),
            counted(limits.hours, "hour"),
            limits.workspace_removed_max
        );
        too_many(Blocks::Plan, "workspace", said)
    })
}

/// How many of something, and which share of a population they are.
struct Count {
    what: &'static str,
    units: usize,
    share: usize,
}

impl Count {
    /// What to say if a limit is passed: the absolute one first, else the percentage.
    fn over(&self, limits: Window, population: usize, of: &str) -> Option<String> {
        let within = counted(limits.hours, "hour");
        let Self { what, units, share } = self;
        if *units > limit(limits.removed_max) {
            let max = limits.removed_max;
            return Some(format!("{units} {what} within {within}; the limit is {max}."));
        }
        // Whole numbers only: 20 of 100 is exactly 20 percent, and no rounding may say otherwise.
        let over =
            share.saturating_mul(100) > limit(limits.removed_pct_max).saturating_mul(population);
        (over && *share >= limit(limits.removed_min)).then(|| {
            format!(
                "{units} {what} within {within}, which concerns {share} of {population}, \
                 more than {} percent of {of}.",
                limits.removed_pct_max
            )
        })
    }
}

fn too_many(blocks: Blocks, subject: &str, said: String) -> Stop {
    let sentence = format!(
        "{said} That is how a mistake in a source or a filter looks. Find out why; if it is meant, \
         raise the limit for a time with `rollbook policy raise`, to which somebody else must agree."
    );
    Stop { blocks, kind: Kind::TooMany, subject: subject.to_owned(), sentence }
}

fn limit(max: u32) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}
