//! `credential_expiring`, for the secrets that Rollbook itself acts with: they end with whoever made
//! them.

use jiff::ToSpan;

use super::case::{Case, Draft, Person, finding};
use super::presence::Presence;
use super::{Evidence, Finding, Kind, Severity, Subject, words};
use crate::graph::{Credential, View};
use crate::id::InstanceName;

/// How many days before its maker leaves a secret is said to end.
const AHEAD_DAYS: i64 = 30;

/// Every instance whose secret ends with the account of somebody who leaves, has left, or is not known.
pub(super) fn personal(case: &Case<'_>) -> Vec<Finding> {
    let views = case.graph.views().iter();
    let personal = views.filter(|(_, view)| view.credential.is_personal);
    personal.filter_map(|(name, view)| judge(case, name, view)).collect()
}

fn judge(case: &Case<'_>, instance: &InstanceName, view: &View) -> Option<Finding> {
    let Credential { owner, .. } = &view.credential;
    if owner.trim().is_empty() {
        let because = format!(
            "A secret of {instance} belongs to the person who made it and ends when their account \
             does, and nobody has said who that is. Write their login there into rollbook.toml as \
             `credential_owner`."
        );
        return Some(about(instance, Severity::Low, because, Vec::new()));
    }
    let evidence = vec![Evidence::new("credential owner", owner.clone(), "rollbook.toml")];
    let mut here = case.graph.accounts().filter(|(account, _)| account.instance == *instance);
    let Some((account, link)) = here.find(|(account, _)| view.credential.is_of(account)) else {
        // A view that is not whole may just not show it.
        if view.taken_at.is_none() || !view.coverage.is_complete() {
            return None;
        }
        let because = match view.credential.is_robot {
            true => format!(
                "Rollbook signs in to {instance} as {owner}, and no account in its list has that login \
                 or address. So nobody can see what the account may do there, and who answers for it. \
                 Make its own account a member there, or correct `user`."
            ),
            false => format!(
                "The secret for {instance} is said to be {owner}'s, and no account there has that login \
                 or address. If the account is gone, the secret ends too. Say whose it is now."
            ),
        };
        return Some(about(instance, Severity::Medium, because, evidence));
    };
    // A robot's account stays when whoever answers for it leaves; that is told about the account.
    if view.credential.is_robot {
        return None;
    }
    let person = Person::new(case, case.graph.identity(link.owner()?)?);
    let soon = case.today.checked_add(AHEAD_DAYS.days()).unwrap_or(case.today);
    let Presence::Left { last, back: None, .. } = person.presence(&view.covers, soon) else {
        return None;
    };
    let last_day = words::last_day(last.ends?);
    let verb = if last_day < case.today { "left" } else { "leaves" };
    let because = format!(
        "{} {verb} on {}, and the secret with which {instance} is reached was made by their account \
         {} and ends with it. Then nothing can be seen or done there. Let somebody who stays make a new \
         one.",
        person.name(),
        words::day(last_day),
        words::called(account),
    );
    let severity = if last_day < case.today { Severity::High } else { Severity::Medium };
    let found = about(instance, severity, because, evidence);
    Some(Finding { identity: Some(person.identity.id.clone()), ..found })
}

fn about(
    instance: &InstanceName,
    severity: Severity,
    because: String,
    evidence: Vec<Evidence>,
) -> Finding {
    finding(Draft {
        kind: Kind::CredentialExpiring,
        subject: Subject::Instance { instance: instance.clone() },
        identity: None,
        severity,
        because,
        evidence,
    })
}
