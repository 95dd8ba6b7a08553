//! One instance: who can get in, how well it is seen, what Rollbook can do there and how well that is
//! known.

use std::collections::BTreeMap;

use rollbook_core::change::{Basis, Verb};
use rollbook_core::id::InstanceName;
use rollbook_core::role::Right;
use rollbook_core::snapshot::Coverage;
use serde::Serialize;

use super::{Fact, facts, unknown};
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone};
use crate::serve::web::door::Visit;
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;
use crate::serve::web::{frame, lists, told};

/// How many groups are listed.
const GROUPS_MAX: usize = 50;

#[derive(Serialize)]
struct AppPage {
    name: String,
    guide: Option<(String, String)>,
    numbers: Vec<Number>,
    facts: Vec<Fact>,
    partial: Option<String>,
    is_looking: bool,
    can_look: bool,
    reach: Vec<Way>,
    seats: Vec<(String, usize)>,
    groups: Vec<(String, usize, bool)>,
    more_groups: usize,
    contradictions: Vec<String>,
}

#[derive(Serialize)]
struct Number {
    number: usize,
    title: &'static str,
    href: String,
    tone: Tone,
}

/// One operation and whether it can be done.
#[derive(Serialize)]
struct Way {
    verb: &'static str,
    channel: String,
    known: Shown,
    note: String,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let (moment, name) = (&visit.moment, InstanceName::new(visit.named(0)));
    let config = moment.engine.config();
    let instance = config.instances.iter().find(|one| one.name == name);
    let instance = instance.ok_or_else(|| unknown("app", name.as_str(), "Apps"))?;
    let view = moment.graph.views().get(&name);
    let groups = view.map_or(&[][..], |view| &view.groups);
    let app = config.catalog.app(&instance.app);
    let stale = format!("after {} h", instance.stale_after_h);
    let page = AppPage {
        name: name.to_string(),
        guide: app.map(|app| (app.name.clone(), format!("/catalog/{}", encoded(&app.id)))),
        numbers: numbers(moment, &name),
        facts: facts([
            ("Channel", Cell::text(instance.channel())),
            ("Last seen", Cell::moment(view.and_then(|view| view.taken_at))),
            ("View", view.map_or_else(Cell::nothing, |v| lists::freshness(v, moment.now).cell())),
            ("Stale", Cell::text(stale)),
            ("Answers for it", Cell::text(&instance.owner)),
            ("Administrators are", Cell::text(instance.admin_roles.join(", "))),
            ("For", Cell::text(instance.covers.join(", "))),
        ]),
        partial: why_not_whole(moment, &name),
        is_looking: visit.looks.goes_on(&name),
        can_look: instance.is_read() && visit.may(Right::Run),
        reach: reach(moment, &name)?,
        seats: seats(moment, &name),
        groups: groups
            .iter()
            .take(GROUPS_MAX)
            .map(|group| {
                let is_admin = view.is_some_and(|view| view.is_admin_right(&group.key));
                (group.name.clone(), group.members.len(), is_admin)
            })
            .collect(),
        more_groups: groups.len().saturating_sub(GROUPS_MAX),
        contradictions: view
            .map_or(&[][..], |view| &view.contradictions)
            .iter()
            .map(|one| format!("{}: {} says {}. {}", one.fact, one.source, one.stated, one.seen))
            .collect(),
    };
    Ok(frame::draw(visit, "app.html", name.as_str(), &page))
}

/// Why the newest view of an app is not whole, where it was looked at.
pub(super) fn why_not_whole(moment: &Moment, name: &InstanceName) -> Option<String> {
    let view = moment.graph.views().get(name)?;
    match &view.coverage {
        Coverage::Partial { why } if view.taken_at.is_some() => Some(why.clone()),
        _ => None,
    }
}

fn numbers(moment: &Moment, name: &InstanceName) -> Vec<Number> {
    let Some(list) = lists::list("apps") else { return Vec::new() };
    let instances = &moment.engine.config().instances;
    let Some(at) = instances.iter().position(|one| one.name == *name) else { return Vec::new() };
    let titles = [
        ("open_accounts", "open accounts"),
        ("accounts", "accounts in all"),
        ("without_owner", "owner not known"),
        ("findings", "open findings"),
    ];
    let number = |(key, title): (&str, &'static str)| {
        let cell = (list.columns.iter().find(|column| column.key == key)?.cell)(moment, at);
        let crate::serve::web::cell::Value::Number(number) = cell.value else { return None };
        let number = usize::try_from(number).unwrap_or(0);
        let is_trouble = number > 0 && !key.ends_with("accounts");
        let tone = if is_trouble { Tone::Warn } else { Tone::Plain };
        Some(Number { number, title, href: cell.href.unwrap_or_default(), tone })
    };
    titles.into_iter().filter_map(number).collect()
}

/// Every operation, with the route that a plan would take and how well it is known.
fn reach(moment: &Moment, name: &InstanceName) -> Result<Vec<Way>, Refusal> {
    let reach = moment.engine.reach().map_err(told)?.remove(name).unwrap_or_default();
    let known = |basis: Basis| match basis {
        Basis::Probed => Cell::badge("probed", Tone::Good),
        Basis::Documented => Cell::badge("documented", Tone::Good),
        Basis::Recalled => Cell::badge("recalled", Tone::Warn),
    };
    let way = |verb: Verb| {
        let ways = reach.routes.iter().filter_map(|way| Some((way, way.can.get(&verb)?)));
        match ways.min_by_key(|(_, ability)| !ability.reversible) {
            Some((way, ability)) => Way {
                verb: verb.as_str(),
                channel: way.channel.clone(),
                known: known(ability.basis).into(),
                note: if ability.reversible { "can be taken back" } else { "for good" }.to_owned(),
            },
            None => {
                let why = reach.why_not(&[verb]);
                let note = if why.is_empty() { "No channel does it." } else { &why };
                Way {
                    verb: verb.as_str(),
                    channel: String::new(),
                    known: Cell::badge("not possible", Tone::Soft).into(),
                    note: note.to_owned(),
                }
            }
        }
    };
    Ok(Verb::ALL.into_iter().map(way).collect())
}

/// How many open accounts hold each kind of seat, the most frequent first.
fn seats(moment: &Moment, name: &InstanceName) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let open = moment.graph.accounts().filter(|(a, _)| a.instance == *name && a.state.is_open());
    for (account, _) in open.filter(|(account, _)| !account.seat.is_empty()) {
        *counts.entry(&account.seat).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> =
        counts.into_iter().map(|(seat, count)| (seat.to_owned(), count)).collect();
    counts.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    counts
}
