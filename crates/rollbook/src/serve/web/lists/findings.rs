//! What is wrong, the worst first.

use rollbook_core::finding::{Since, Subject, Tracked};
use rollbook_core::role::Right;

use super::{account_page, severity as severity_cell, words};
use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "findings",
    title: "Findings",
    lead: "Every difference between what is and what should be, with the facts it rests on.",
    noun: ["finding", "findings"],
    right: Right::Read,
    count: |moment| moment.known.findings.len(),
    id: |moment, at| one(moment, at).finding.id.to_string(),
    columns: &[
        Column { key: "severity", title: "Severity", cell: severity },
        Column { key: "kind", title: "Kind", cell: kind },
        Column { key: "about", title: "About", cell: subject },
        Column { key: "because", title: "Because", cell: because },
        Column { key: "first_seen", title: "First seen", cell: first_seen },
        Column { key: "since", title: "Since last sync", cell: change },
    ],
    facets: &[
        Facet { key: "severity", title: "Severity", words: of_severity, otherwise: None },
        Facet { key: "kind", title: "Kind", words: of_kind, otherwise: None },
        Facet { key: "instance", title: "App", words: of_instance, otherwise: None },
        Facet { key: "standing", title: "Standing", words: of_standing, otherwise: Some("open") },
        Facet { key: "since", title: "Since last sync", words: of_since, otherwise: None },
        Facet { key: "person", title: "", words: of_person, otherwise: None },
        Facet { key: "account", title: "", words: of_account, otherwise: None },
    ],
    sort: "severity",
    empty: "Nothing was found wrong. If no sync has run yet, run `rollbook sync` first.",
};

fn one(moment: &Moment, at: usize) -> &Tracked {
    &moment.known.findings[at]
}

fn severity(moment: &Moment, at: usize) -> Cell {
    severity_cell(one(moment, at).finding.severity)
}

fn kind(moment: &Moment, at: usize) -> Cell {
    let finding = &one(moment, at).finding;
    Cell::text(finding.kind.word())
        .shown_as(words(finding.kind.word()))
        .to(format!("/findings/{}", encoded(finding.id.as_str())))
}

fn subject(moment: &Moment, at: usize) -> Cell {
    about(moment, &one(moment, at).finding.subject)
}

fn because(moment: &Moment, at: usize) -> Cell {
    Cell::text(&one(moment, at).finding.because)
}

fn first_seen(moment: &Moment, at: usize) -> Cell {
    let first = one(moment, at).standing.first_seen;
    Cell::moment(Some(first)).shown_as(first.strftime("%Y-%m-%d").to_string())
}

fn change(moment: &Moment, at: usize) -> Cell {
    since(one(moment, at), moment)
}

/// What became of a finding since the last sync, or until when it can wait.
pub(crate) fn since(tracked: &Tracked, moment: &Moment) -> Cell {
    let standing = &tracked.standing;
    if let Some(put_off) = standing.put_off.as_ref().filter(|p| p.holds_on(moment.today)) {
        let what = if put_off.accepted { "accepted" } else { "snoozed" };
        return Cell::ranked(3, what, Tone::Soft).noted(format!("until {}", put_off.until));
    }
    match standing.change {
        Since::Resurrected => Cell::ranked(0, "came back", Tone::Bad),
        Since::New => Cell::ranked(1, "new", Tone::Warn),
        Since::Still => Cell::ranked(2, "still there", Tone::Plain),
        Since::Gone => Cell::ranked(4, "gone", Tone::Good),
    }
}

/// What a finding is about, as people know it, and where that is.
pub(crate) fn about(moment: &Moment, subject: &Subject) -> Cell {
    let of_account = |account| Cell::text(moment.label(account)).to(account_page(account));
    match subject {
        Subject::Account { account } => of_account(account),
        Subject::Grant { account, entitlement } => of_account(account).noted(entitlement),
        Subject::Accounts { left, right } => of_account(left).noted(moment.label(right)),
        Subject::Alike { left, right } => {
            let other = about(moment, right);
            about(moment, left).noted(other.value.text())
        }
        Subject::Records { left, right } => {
            let cell = Cell::text(left.to_string()).noted(right.to_string());
            match moment.graph.identity_of(left) {
                Some(one) => cell.to(format!("/people/{}", encoded(one.id.as_str()))),
                None => cell,
            }
        }
        Subject::Assignment { identity, instance } => Cell::text(moment.name(identity))
            .noted(if instance.as_str() == "*" { "in any app" } else { instance.as_str() })
            .to(format!("/people/{}", encoded(identity.as_str()))),
        Subject::Instance { instance } => {
            Cell::text(instance.as_str()).to(format!("/apps/{}", encoded(instance.as_str())))
        }
        Subject::Source { source } => Cell::text(source.as_str()).to("/coverage"),
        Subject::Resource { .. } | Subject::Token { .. } | Subject::Task { .. } => {
            Cell::text(subject.to_string())
        }
    }
}

fn of_severity(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).finding.severity.word().to_owned()]
}

fn of_kind(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).finding.kind.word().to_owned()]
}

fn of_instance(moment: &Moment, at: usize) -> Vec<String> {
    let instance = one(moment, at).finding.subject.instance();
    instance.filter(|name| name.as_str() != "*").map(ToString::to_string).into_iter().collect()
}

fn of_standing(moment: &Moment, at: usize) -> Vec<String> {
    let standing = &one(moment, at).standing;
    let word = if standing.is_open(moment.today) {
        "open"
    } else if standing.change == Since::Gone {
        "gone"
    } else {
        "put off"
    };
    vec![word.to_owned()]
}

fn of_since(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).standing.change.word().to_owned()]
}

fn of_person(moment: &Moment, at: usize) -> Vec<String> {
    one(moment, at).finding.identity.as_ref().map(ToString::to_string).into_iter().collect()
}

fn of_account(moment: &Moment, at: usize) -> Vec<String> {
    one(moment, at).finding.subject.account().map(ToString::to_string).into_iter().collect()
}
