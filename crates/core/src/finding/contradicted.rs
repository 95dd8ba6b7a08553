//! `contradicted_fact`: a probe saw an instance do otherwise than is written about its app.

use super::case::{Case, Draft, finding};
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::graph::{Contradiction, View};
use crate::id::InstanceName;

/// Every instance on which a probe saw something that cannot be right if the app's file is.
pub(super) fn contradicted(case: &Case<'_>) -> Vec<Finding> {
    let views = case.graph.views().iter();
    views.filter_map(|(name, view)| judge(name, view)).collect()
}

fn judge(instance: &InstanceName, view: &View) -> Option<Finding> {
    let newest = view.contradictions.iter().map(|it| it.probed_on).max()?;
    let closing = view.contradictions.iter().any(|it| it.is_about_closing);
    let told = view.contradictions.iter().map(told).collect::<Vec<_>>().join(" ");
    let matters = match closing {
        true => "How accounts are closed there is part of it, so look before somebody leaves.",
        false => "What Rollbook does there may rest on it.",
    };
    let because = format!(
        "{instance} does not do what is written about its app; last seen on {}. {told} {matters}",
        words::day(newest),
    );
    Some(finding(Draft {
        kind: Kind::ContradictedFact,
        subject: Subject::Instance { instance: instance.clone() },
        identity: None,
        severity: if closing { Severity::High } else { Severity::Medium },
        because,
        evidence: view.contradictions.iter().flat_map(|it| evidence(instance, it)).collect(),
    }))
}

fn told(it: &Contradiction) -> String {
    let Contradiction { fact, stated, seen, .. } = it;
    format!("{fact} is said to be {stated}; seen: {seen}")
}

fn evidence(instance: &InstanceName, it: &Contradiction) -> [Evidence; 2] {
    let probe = format!("probe of {instance} on {}", it.probed_on);
    [
        Evidence::new(&format!("{} as written", it.fact), it.stated.clone(), &it.source),
        Evidence::new(&format!("{} as seen", it.fact), it.seen.clone(), probe),
    ]
}
