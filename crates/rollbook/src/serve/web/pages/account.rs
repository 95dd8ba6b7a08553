//! One account: what the app says of it, whose it is and why, what it may, what is wrong.

use rollbook_core::id::AccountRef;
use rollbook_core::link::LinkState;
use serde::Serialize;

use super::{Fact, facts, unknown};
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone};
use crate::serve::web::door::Visit;
use crate::serve::web::query::encoded;
use crate::serve::web::{frame, lists};

#[derive(Serialize)]
struct AccountPage {
    label: String,
    state: Shown,
    facts: Vec<Fact>,
    attributes: Vec<Attribute>,
    owner: Option<Shown>,
    link: Shown,
    rule: String,
    score: String,
    because: String,
    decide: Option<String>,
    roles: Vec<Entitled>,
    findings: Vec<Vec<Shown>>,
}

/// A fact under a name from outside.
#[derive(Serialize)]
struct Attribute {
    name: String,
    value: String,
}

/// A role or a grant.
#[derive(Serialize)]
struct Entitled {
    name: String,
    is_admin: bool,
    note: String,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let moment = &visit.moment;
    let at = AccountRef { instance: visit.named(0).into(), key: visit.named(1).into() };
    let found = moment.graph.account(&at);
    let (account, link) = found.ok_or_else(|| unknown("account", &at.to_string(), "Accounts"))?;
    let instance = account.instance.as_str();
    let emails: Vec<String> = account
        .emails
        .iter()
        .map(|email| match email.verified {
            true => email.address.clone(),
            false => format!("{} (not proven)", email.address),
        })
        .collect();
    let owner = link.owner().map(|owner| {
        Cell::text(moment.name(owner)).to(format!("/people/{}", encoded(owner.as_str()))).into()
    });
    let label = moment.label(&at);
    let page = AccountPage {
        state: lists::account_state(account.state).into(),
        facts: facts([
            ("App", Cell::text(instance).to(format!("/apps/{}", encoded(instance)))),
            ("Key", Cell::text(account.key.as_str())),
            ("Sign-in name", Cell::text(&account.login)),
            ("Name", Cell::text(&account.display_name)),
            ("Addresses", Cell::text(emails.join(", "))),
            ("Worker number", Cell::text(&account.worker_number)),
            ("External id", Cell::text(&account.external_id)),
            ("Unit", Cell::text(&account.unit)),
            ("Seat", Cell::text(&account.seat)),
            ("Made", Cell::day(account.created)),
            ("Ends", Cell::day(account.ends)),
            ("Last used", Cell::moment(account.last_seen)),
        ]),
        attributes: account
            .attributes
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| Attribute { name: lists::words(name), value: value.clone() })
            .collect(),
        owner,
        link: match &link.state {
            LinkState::Auto { .. } => Cell::badge("auto", Tone::Plain),
            LinkState::Confirmed { .. } => Cell::badge("confirmed", Tone::Good),
            LinkState::Suggested { .. } => Cell::badge("suggested", Tone::Warn),
            LinkState::None => Cell::badge("none", Tone::Warn),
        }
        .into(),
        rule: lists::words(&link.rule),
        score: format!("{:.3}", link.score),
        because: link.because.clone(),
        decide: matches!(link.state, LinkState::Suggested { .. })
            .then(|| lists::account_page(&at).replacen("/accounts/", "/links/", 1)),
        roles: rights(visit, account),
        findings: findings(visit, &at),
        label: label.clone(),
    };
    Ok(frame::draw(visit, "account.html", &label, &page))
}

fn rights(visit: &Visit<'_>, account: &rollbook_core::account::Account) -> Vec<Entitled> {
    let view = visit.moment.graph.views().get(&account.instance);
    let is_admin = |right: &str| view.is_some_and(|view| view.is_admin_right(right));
    let named = |key: &str| {
        let group = view.and_then(|view| view.groups.iter().find(|group| group.key == key));
        group.map_or_else(|| key.to_owned(), |group| group.name.clone())
    };
    let roles = account.roles.iter().map(|role| Entitled {
        name: named(role),
        is_admin: is_admin(role),
        note: "role".to_owned(),
    });
    let grants = account.grants.iter().map(|grant| {
        let until = grant.ends.map(|end| format!("until {end}")).unwrap_or_default();
        let via = match grant.via.as_str() {
            "" => String::new(),
            via => format!("through {via}"),
        };
        let parts = [grant.unit.clone(), via, until];
        let note: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Entitled {
            name: named(&grant.entitlement),
            is_admin: is_admin(&grant.entitlement),
            note: note.join(", "),
        }
    });
    roles.chain(grants).collect()
}

fn findings(visit: &Visit<'_>, at: &AccountRef) -> Vec<Vec<Shown>> {
    let moment = &visit.moment;
    let open = moment.known.findings_about(at).filter(|one| one.standing.is_open(moment.today));
    let row = |one: &rollbook_core::finding::Tracked| {
        let finding = &one.finding;
        let cells = [
            lists::severity(finding.severity),
            Cell::text(lists::words(finding.kind.word())).to(format!("/findings/{}", finding.id)),
            Cell::text(&finding.because),
            lists::since(one, moment),
        ];
        cells.map(Shown::from).into()
    };
    open.map(row).collect()
}
