//! Every account of every instance, with whose it is.

use rollbook_core::account::Account;
use rollbook_core::link::{AccountKind, Link, LinkState};
use rollbook_core::role::Right;

use super::{account_page, account_state};
use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "accounts",
    title: "Accounts",
    lead: "Every account that was seen, whose it is, and how sure that is.",
    noun: ["account", "accounts"],
    right: Right::Read,
    count: |moment| moment.graph.links().len(),
    id: |moment, at| moment.graph.links()[at].account.to_string(),
    columns: &[
        Column { key: "login", title: "Account", cell: login },
        Column { key: "instance", title: "App", cell: instance },
        Column { key: "state", title: "State", cell: state },
        Column { key: "owner", title: "Belongs to", cell: owner },
        Column { key: "link", title: "Link", cell: link },
        Column { key: "seat", title: "Seat", cell: seat },
        Column { key: "last_seen", title: "Last used", cell: last_seen },
        Column { key: "findings", title: "Findings", cell: findings },
    ],
    facets: &[
        Facet { key: "instance", title: "App", words: of_instance, otherwise: None },
        Facet { key: "state", title: "State", words: of_state, otherwise: None },
        Facet { key: "open", title: "Access", words: of_open, otherwise: None },
        Facet { key: "link", title: "Link", words: of_link, otherwise: None },
        Facet { key: "kind", title: "Kind", words: of_kind, otherwise: None },
        Facet { key: "owner", title: "", words: of_owner, otherwise: None },
    ],
    sort: "",
    empty: "No account was seen yet. Add an instance to rollbook.toml, then run `rollbook sync`.",
};

fn one(moment: &Moment, at: usize) -> (&Account, &Link) {
    moment.graph.account_at(at)
}

fn login(moment: &Moment, at: usize) -> Cell {
    let (account, link) = one(moment, at);
    let shown = if account.login.is_empty() { account.key.as_str() } else { &account.login };
    let name = if account.display_name == *shown { "" } else { &account.display_name };
    Cell::text(shown).toned(Tone::Strong).noted(name).to(account_page(&link.account))
}

fn instance(moment: &Moment, at: usize) -> Cell {
    let name = &one(moment, at).0.instance;
    Cell::text(name.as_str()).to(format!("/apps/{}", encoded(name.as_str())))
}

fn state(moment: &Moment, at: usize) -> Cell {
    account_state(one(moment, at).0.state)
}

fn owner(moment: &Moment, at: usize) -> Cell {
    let link = one(moment, at).1;
    match (link.owner(), &link.state) {
        (Some(owner), _) => {
            Cell::text(moment.name(owner)).to(format!("/people/{}", encoded(owner.as_str())))
        }
        (None, LinkState::Suggested { candidates }) => {
            let place = account_page(&link.account).replacen("/accounts/", "/links/", 1);
            let names = rollbook_core::explain::counted(candidates.len(), "candidate");
            Cell::text(names).toned(Tone::Warn).to(place)
        }
        (None, _) => Cell::nothing(),
    }
}

fn link(moment: &Moment, at: usize) -> Cell {
    let link = one(moment, at).1;
    let (rank, tone) = match &link.state {
        LinkState::None => (0, Tone::Warn),
        LinkState::Suggested { .. } => (1, Tone::Warn),
        LinkState::Auto { .. } => (2, Tone::Plain),
        LinkState::Confirmed { .. } => (3, Tone::Good),
    };
    Cell::ranked(rank, link.state.word(), tone)
}

fn seat(moment: &Moment, at: usize) -> Cell {
    Cell::text(&one(moment, at).0.seat)
}

fn last_seen(moment: &Moment, at: usize) -> Cell {
    Cell::moment(one(moment, at).0.last_seen)
}

fn findings(moment: &Moment, at: usize) -> Cell {
    let link = one(moment, at).1;
    let about = moment.known.findings_about(&link.account);
    let open = about.filter(|one| one.standing.is_open(moment.today)).count();
    Cell::number(open).to(format!("/findings?account={}", encoded(&link.account.to_string())))
}

fn of_instance(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).0.instance.to_string()]
}

fn of_state(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).0.state.word().to_owned()]
}

fn of_open(moment: &Moment, at: usize) -> Vec<String> {
    vec![if one(moment, at).0.state.is_open() { "open" } else { "closed" }.to_owned()]
}

fn of_link(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).1.state.word().to_owned()]
}

fn of_kind(moment: &Moment, at: usize) -> Vec<String> {
    vec![kind(one(moment, at).1.kind).to_owned()]
}

/// The ids of whoever owns it, and of nobody else: thousands of people are no list to choose from.
fn of_owner(moment: &Moment, at: usize) -> Vec<String> {
    one(moment, at).1.owner().map(ToString::to_string).into_iter().collect()
}

/// What an account is judged to be.
pub(super) fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Personal => "personal",
        AccountKind::Admin => "admin",
        AccountKind::Service => "service",
        AccountKind::Shared => "shared",
        AccountKind::Mailbox => "mailbox",
        AccountKind::Agent => "agent",
        AccountKind::Unknown => "unknown",
    }
}
