//! The instances that Rollbook looks at, with how much is open and how well they are seen.

use rollbook_core::account::Account;
use rollbook_core::link::{Link, LinkState};
use rollbook_core::role::Right;
use rollbook_engine::config::InstanceConfig;

use super::freshness;
use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "apps",
    title: "Apps",
    lead: "Your tenants of apps: who can get in, and how well each of them is seen.",
    noun: ["app", "apps"],
    right: Right::Read,
    count: |moment| moment.engine.config().instances.len(),
    id: |moment, at| one(moment, at).name.to_string(),
    columns: &[
        Column { key: "name", title: "App", cell: name },
        Column { key: "channel", title: "Channel", cell: channel },
        Column { key: "open_accounts", title: "Open accounts", cell: open_accounts },
        Column { key: "accounts", title: "All accounts", cell: accounts },
        Column { key: "without_owner", title: "Owner not known", cell: without_owner },
        Column { key: "findings", title: "Findings", cell: findings },
        Column { key: "seen", title: "Last seen", cell: seen },
        Column { key: "view", title: "View", cell: view },
    ],
    facets: &[
        Facet { key: "channel", title: "Channel", words: of_channel, otherwise: None },
        Facet { key: "view", title: "View", words: of_view, otherwise: None },
    ],
    sort: "name",
    empty: "No app is connected yet. Add an `[[instance]]` to rollbook.toml, then run `rollbook sync`.",
};

fn one(moment: &Moment, at: usize) -> &InstanceConfig {
    &moment.engine.config().instances[at]
}

fn held(moment: &Moment, at: usize) -> impl Iterator<Item = (&Account, &Link)> {
    let name = &one(moment, at).name;
    moment.graph.accounts().filter(move |(account, _)| account.instance == *name)
}

fn link(moment: &Moment, at: usize, list: &str, more: &str) -> String {
    format!("/{list}?instance={}{more}", encoded(one(moment, at).name.as_str()))
}

fn name(moment: &Moment, at: usize) -> Cell {
    let name = one(moment, at).name.as_str();
    let app = moment.engine.config().catalog.app(&one(moment, at).app);
    let app = app.map_or("", |app| app.name.as_str());
    Cell::text(name)
        .toned(Tone::Strong)
        .noted(if app.eq_ignore_ascii_case(name) { "" } else { app })
        .to(format!("/apps/{}", encoded(name)))
}

fn channel(moment: &Moment, at: usize) -> Cell {
    Cell::text(one(moment, at).channel())
}

fn open_accounts(moment: &Moment, at: usize) -> Cell {
    let open = held(moment, at).filter(|(account, _)| account.state.is_open()).count();
    Cell::number(open).to(link(moment, at, "accounts", "&open=open"))
}

fn accounts(moment: &Moment, at: usize) -> Cell {
    Cell::number(held(moment, at).count()).to(link(moment, at, "accounts", ""))
}

fn without_owner(moment: &Moment, at: usize) -> Cell {
    let unknown = |link: &Link| matches!(link.state, LinkState::None | LinkState::Suggested { .. });
    let count = held(moment, at).filter(|(_, link)| unknown(link)).count();
    Cell::number(count).to(link(moment, at, "accounts", "&link=none&link=suggested"))
}

fn findings(moment: &Moment, at: usize) -> Cell {
    let name = &one(moment, at).name;
    let open = moment.open_findings().filter(|t| t.finding.subject.instance() == Some(name));
    Cell::number(open.count()).to(link(moment, at, "findings", ""))
}

fn seen(moment: &Moment, at: usize) -> Cell {
    let view = moment.graph.views().get(&one(moment, at).name);
    Cell::moment(view.and_then(|view| view.taken_at))
}

fn view(moment: &Moment, at: usize) -> Cell {
    let view = moment.graph.views().get(&one(moment, at).name);
    view.map_or_else(Cell::nothing, |view| freshness(view, moment.now).cell())
}

fn of_channel(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).channel().to_owned()]
}

fn of_view(moment: &Moment, at: usize) -> Vec<String> {
    vec![view(moment, at).value.text()]
}
