//! `stale_view`: what we could not look at, or not lately. A finding, never an absence.

use jiff::Timestamp;

use super::case::{Case, Draft, finding};
use super::{Evidence, Finding, Kind, Severity, Subject};
use crate::explain::counted;
use crate::graph::{Feed, View};
use crate::id::{InstanceName, SourceName};
use crate::snapshot::Coverage;

/// Every instance and source that was never read, read only in part, or read too long ago.
pub(super) fn stale(case: &Case<'_>) -> Vec<Finding> {
    let views = case.graph.views().iter().filter_map(|(name, view)| instance(case, name, view));
    let feeds = case.graph.feeds().iter().filter_map(|(name, feed)| source(case, name, feed));
    views.chain(feeds).collect()
}

fn instance(case: &Case<'_>, name: &InstanceName, view: &View) -> Option<Finding> {
    let because = match (view.taken_at, &view.coverage) {
        _ if !view.is_read => format!(
            "{name} is not read: only people work there, so who has an account there is known from \
             what they say alone."
        ),
        (None, _) => {
            format!("{name} was never read, so nothing can be said about who has an account there.")
        }
        (Some(_), Coverage::Partial { why }) => format!(
            "{name} was read only in part ({}), so an account that is not shown may still be there.",
            why.trim_end_matches('.')
        ),
        (Some(taken_at), Coverage::Complete) => {
            let age_h = age_over(case.now, taken_at, view.stale_after_h)?;
            format!(
                "{name} was last read {} ago, so what is said about it may no longer be true.",
                age(age_h)
            )
        }
    };
    Some(finding(Draft {
        kind: Kind::StaleView,
        subject: Subject::Instance { instance: name.clone() },
        identity: None,
        severity: if view.is_read { Severity::Medium } else { Severity::Low },
        because,
        evidence: read_at(view.taken_at, name.as_str()),
    }))
}

fn source(case: &Case<'_>, name: &SourceName, feed: &Feed) -> Option<Finding> {
    let mut evidence = read_at(feed.taken_at, name.as_str());
    let because = match (feed.taken_at, &feed.kept_out) {
        (taken_at, Some(why)) => {
            evidence.push(Evidence::new("kept out", why.clone(), name));
            let instead = match taken_at {
                Some(_) => {
                    "the delivery before it is used, and who came or left since is not known"
                }
                None => "there is nothing to use instead",
            };
            let why = why.trim_end_matches('.');
            format!("The newest delivery of {name} was kept out ({why}); {instead}.")
        }
        (None, None) => {
            format!("{name} was never read, so nobody is known from it, neither here nor gone.")
        }
        (Some(taken_at), None) => {
            let age_h = age_over(case.now, taken_at, feed.stale_after_h)?;
            format!("{name} last came {} ago, so who came or left since is not known.", age(age_h))
        }
    };
    Some(finding(Draft {
        kind: Kind::StaleView,
        subject: Subject::Source { source: name.clone() },
        identity: None,
        severity: Severity::Medium,
        because,
        evidence,
    }))
}

/// The age in whole hours, if it is more than `limit_h`.
fn age_over(now: Timestamp, taken_at: Timestamp, limit_h: u32) -> Option<i64> {
    let age_s = now.duration_since(taken_at).as_secs();
    (age_s > i64::from(limit_h) * 3600).then_some(age_s / 3600)
}

fn age(age_h: i64) -> String {
    if age_h < 48 { counted(age_h, "hour") } else { counted(age_h / 24, "day") }
}

fn read_at(taken_at: Option<Timestamp>, source: &str) -> Vec<Evidence> {
    let at = taken_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    vec![Evidence::new("read", at, source)]
}
