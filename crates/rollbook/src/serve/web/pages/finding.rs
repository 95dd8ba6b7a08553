//! One finding: what is wrong, the facts it rests on, since when, what can be done.

use rollbook_core::finding::{Kind, Since};
use serde::Serialize;

use super::{Fact, facts, unknown};
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, minute};
use crate::serve::web::door::Visit;
use crate::serve::web::query::encoded;
use crate::serve::web::{frame, lists};

#[derive(Serialize)]
struct FindingPage {
    id: String,
    kind: String,
    severity: Shown,
    standing: Shown,
    because: String,
    about: Shown,
    facts: Vec<Fact>,
    evidence: Vec<Evidence>,
    unseen: Option<String>,
    put_off: Option<String>,
    advice: &'static str,
    is_open: bool,
    can_plan: bool,
    alike: String,
}

#[derive(Serialize)]
struct Evidence {
    what: String,
    value: String,
    source: String,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let (moment, id) = (&visit.moment, visit.named(0));
    let tracked = moment.known.findings.iter().find(|one| one.finding.id.as_str() == id);
    let tracked = tracked.ok_or_else(|| unknown("finding", id, "Findings"))?;
    let (finding, standing) = (&tracked.finding, &tracked.standing);
    let person = finding.identity.as_ref().map_or_else(Cell::nothing, |id| {
        Cell::text(moment.name(id)).to(format!("/people/{}", encoded(id.as_str())))
    });
    let since = match standing.change {
        Since::New => "new with the last sync",
        Since::Still => "still there",
        Since::Gone => "gone",
        Since::Resurrected => "back again after it was gone",
    };
    let kind = lists::words(finding.kind.word());
    let page = FindingPage {
        id: finding.id.to_string(),
        severity: lists::severity(finding.severity).into(),
        standing: lists::since(tracked, moment).into(),
        because: finding.because.clone(),
        about: lists::about(moment, &finding.subject).into(),
        facts: facts([
            ("Person", person),
            ("First seen", Cell::text(minute(standing.first_seen))),
            ("Now", Cell::text(since)),
            ("Gone since", Cell::moment(standing.gone_since)),
        ]),
        evidence: finding
            .evidence
            .iter()
            .map(|fact| Evidence {
                what: fact.what.clone(),
                value: fact.value.clone(),
                source: fact.source.clone(),
            })
            .collect(),
        unseen: standing.unseen.clone(),
        put_off: standing.put_off.as_ref().map(|put_off| {
            let what = if put_off.accepted { "accepted the risk" } else { "put it off" };
            format!("{} {what} until {}: {}", put_off.by, put_off.until, put_off.reason)
        }),
        advice: advice(finding.kind),
        is_open: standing.is_open(moment.today),
        can_plan: finding.subject.account().is_some(),
        alike: format!("/findings?kind={}", finding.kind.word()),
        kind: kind.clone(),
    };
    Ok(frame::draw(visit, "finding.html", &kind, &page))
}

/// What settles a finding of this kind.
fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::Leftover | Kind::OutlivedGrant => {
            "Plan to close it: the person's page leads to everything they still have."
        }
        Kind::Orphan | Kind::AmbiguousOwner => {
            "Say whose it is under Links, or type it as a machine's or a shared account."
        }
        Kind::UnownedMachine | Kind::SharedAccount => {
            "Name the person who answers for it, or plan to close it."
        }
        Kind::DuplicateIdentity => "Say whether the two records are one human.",
        Kind::DuplicateAccount | Kind::LooksLike => {
            "Look at both accounts; close the one that is not needed."
        }
        Kind::Missing => "Plan the account, or correct the policy that asks for it.",
        Kind::ExtraGrant => "Plan to revoke it, or accept it until a day with a reason.",
        Kind::Dormant => "Ask the owner; an account that nobody uses can be closed.",
        Kind::Unmanaged | Kind::DriftedAttribute => {
            "Look at it in the identity provider; what it does not know it cannot close."
        }
        Kind::CredentialExpiring => "Rotate the token before that day.",
        Kind::TaskOverdue => {
            "Do it, hand it over or refuse it: `rollbook task show` says who has it and how."
        }
        Kind::ContradictedFact => "Look at the guide of the app, and probe the instance again.",
        Kind::StaleView => "Look again with `rollbook sync`; until then nothing is judged missing.",
    }
}
