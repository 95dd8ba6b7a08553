//! Stops about how well the world is seen: partial and old views, facts that moved, sources that
//! are kept out, instances seen for the first time.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::change::Change;
use crate::explain::counted;
use crate::graph::View;
use crate::id::{IdentityId, InstanceName, SourceName};
use crate::plan::{Facts, Origin, facts};
use crate::snapshot::Coverage;

use super::{Blocks, Case, Kind, Stop};

/// How far a clock may be set back without anybody noticing.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn judge(case: &Case<'_>, stops: &mut Vec<Stop>) {
    // Where nothing is read, no view can be old or partial: a person is asked to look, and nothing
    // is concluded from what was not seen.
    let is_read = |name: &InstanceName| case.graph.views().get(name).is_none_or(|v| v.is_read);
    for instance in case.instances().into_iter().filter(|name| is_read(name)) {
        let sentences = [
            (Kind::StaleBasis, stale_view(case, instance)),
            (Kind::PartialView, partial_view(case, instance)),
            (Kind::FirstRun, first_run(case, instance)),
        ];
        stops.extend(sentences.into_iter().filter_map(|(kind, sentence)| {
            let blocks = Blocks::Instance { instance: instance.clone() };
            Some(Stop { blocks, kind, subject: instance.to_string(), sentence: sentence? })
        }));
    }
    for change in case.plan.changes() {
        let sentences = [
            (Kind::StaleBasis, moved_facts(case, change)),
            (Kind::SourceKeptOut, source_kept_out(case, change)),
        ];
        stops.extend(sentences.into_iter().filter_map(|(kind, sentence)| {
            let blocks = Blocks::Change { change: change.id.clone() };
            let subject = format!("{}: {}", change.instance, change.label);
            Some(Stop { blocks, kind, subject, sentence: sentence? })
        }));
    }
}

/// A view that is missing, too old, or older than the one that the plan was made from.
fn stale_view(case: &Case<'_>, instance: &InstanceName) -> Option<String> {
    let taken_at = case.graph.views().get(instance).and_then(|view| view.taken_at);
    let Some(taken_at) = taken_at else {
        return Some(format!("{instance} was never read. Sync it, and plan again."));
    };
    let planned_from = case.plan.basis().views.get(instance).and_then(|seen| seen.taken_at);
    if planned_from.is_none_or(|planned| taken_at < planned) {
        return Some(format!(
            "The snapshot of {instance} that the plan was made from is not here any more, as after \
             an old backup was restored. Sync, and plan again."
        ));
    }
    if taken_at > case.now.checked_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX) {
        return Some(format!(
            "{instance} was last read at {taken_at}, which is still to come: the clock was wrong \
             then or is wrong now. Set it right, sync, and plan again."
        ));
    }
    let max_h = case.policy.limits.basis_max_age_h;
    (taken_at < case.hours_ago(max_h)).then(|| {
        format!(
            "{instance} was last read at {taken_at}, more than {} ago, and may look otherwise \
             now. Sync, and plan again.",
            counted(max_h, "hour")
        )
    })
}

/// The view of now and the one of the plan must both be whole.
fn partial_view(case: &Case<'_>, instance: &InstanceName) -> Option<String> {
    let now = case.graph.views().get(instance).map(|view: &View| &view.coverage);
    let planned = case.plan.basis().views.get(instance).map(|seen| &seen.coverage);
    [now, planned].into_iter().flatten().find_map(|coverage| match coverage {
        Coverage::Complete => None,
        Coverage::Partial { why } => Some(format!(
            "{instance} was not seen whole: {why} A partial view can show trouble but never \
             justifies a change. Get a whole view, and plan again."
        )),
    })
}

/// What is found at the first look is for people to read, not to act on.
fn first_run(case: &Case<'_>, instance: &InstanceName) -> Option<String> {
    if case.policy.limits.accept_first_view {
        return (!case.history.accepted.contains(instance)).then(|| {
            format!(
                "{instance} is for reading only until somebody has accepted its first whole view. \
                 Look at the links and findings, and then run `rollbook policy accept {instance}`."
            )
        });
    }
    let seen = case.history.complete_snapshots.get(instance).copied().unwrap_or(0);
    (seen < 2 && case.plan.origin() == Origin::Found).then(|| {
        format!(
            "{instance} was seen whole for the first time, so what was found there is for reading \
             only. Look at the links and findings, sync again, and plan again."
        )
    })
}

/// Whether the account or its owner's records moved since the plan was made.
fn moved_facts(case: &Case<'_>, change: &Change) -> Option<String> {
    let then = case.plan.basis().facts.get(&change.id).cloned().unwrap_or_default();
    let now = facts(case.graph, change);
    if then == now {
        return None;
    }
    let Facts { account, identity } = &now;
    let what = match (&then.account != account, account, &then.identity != identity) {
        (true, None, _) => "The account is not there any more",
        (true, Some(_), _) => "The account, or whose it is, changed",
        (false, _, _) => "What the source says about the person changed",
    };
    Some(format!("{what} since the plan was made. Look at it again, and plan again."))
}

/// A change that follows from a finding is only as good as the source behind it.
fn source_kept_out(case: &Case<'_>, change: &Change) -> Option<String> {
    if case.plan.origin() != Origin::Found {
        return None;
    }
    let sources = sources_of(case, change.identity.as_ref()?);
    sources.into_iter().find_map(|source| {
        let feed = case.graph.feeds().get(source)?;
        if let Some(why) = &feed.kept_out {
            return Some(format!(
                "The newest delivery of {source} was kept out: {why} What it says about this \
                 person cannot be relied on. Settle the delivery first."
            ));
        }
        let oldest = case.hours_ago(feed.stale_after_h);
        feed.taken_at.is_none_or(|at: Timestamp| at < oldest).then(|| {
            format!(
                "{source} has not delivered for more than {}. What it says about this person \
                 may be old. Get a delivery first.",
                counted(feed.stale_after_h, "hour")
            )
        })
    })
}

/// The sources of an identity's records.
pub(super) fn sources_of<'a>(case: &Case<'a>, identity: &IdentityId) -> BTreeSet<&'a SourceName> {
    case.graph.records_of(identity).map(|record| &record.source).collect()
}
