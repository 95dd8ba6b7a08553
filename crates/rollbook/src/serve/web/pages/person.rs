//! One person: records, accounts and how each is linked, drawn and told; what is wrong; what happened
//! when.

use jiff::civil::Date;
use rollbook_core::graph::Graph;
use rollbook_core::id::IdentityId;
use rollbook_core::identity::Identity;
use rollbook_core::link::Link;
use rollbook_core::role::Right;
use rollbook_core::worker::WorkerRecord;
use serde::Serialize;

use super::{Fact, facts, unknown};
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone};
use crate::serve::web::door::Visit;
use crate::serve::web::draw::web;
use crate::serve::web::lists::{self, Presence};
use crate::serve::web::moment::Moment;
use crate::serve::web::{frame, told};

/// How many records of the chain a timeline holds.
const RECORDED_MAX: usize = 40;

#[derive(Serialize)]
struct Person {
    id: String,
    name: String,
    state: Shown,
    because: String,
    records: Vec<Record>,
    picture: String,
    told: String,
    accounts: Vec<Held>,
    perhaps: Vec<Held>,
    findings: Vec<Vec<Shown>>,
    timeline: Vec<Happened>,
    open: usize,
}

#[derive(Serialize)]
struct Record {
    title: String,
    facts: Vec<Fact>,
}

#[derive(Serialize)]
struct Held {
    cells: Vec<Shown>,
    because: String,
}

/// Something on one day.
#[derive(Serialize)]
struct Happened {
    on: String,
    what: Shown,
    tone: Tone,
    is_to_come: bool,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let (moment, id) = (&visit.moment, IdentityId::new(visit.named(0)));
    let graph = &moment.graph;
    let identity = graph.identity(&id).ok_or_else(|| unknown("person", id.as_str(), "People"))?;
    let presence = lists::presence(graph, &id, moment.today);
    let accounts: Vec<_> = graph.accounts_of(&id).collect();
    let perhaps: Vec<_> = graph.suggested_to(&id).collect();
    let open = accounts.iter().filter(|(account, _)| account.state.is_open()).count();
    let page = Person {
        id: id.to_string(),
        name: identity.name.clone(),
        state: Cell::badge(presence.word(), presence.tone()).into(),
        because: identity.because.clone(),
        records: graph.records_of(&id).map(record).collect(),
        picture: web::picture(graph, identity),
        told: told_of(graph, identity, presence, open, perhaps.len()),
        accounts: accounts.iter().map(|(_, link)| held(moment, link)).collect(),
        perhaps: perhaps.iter().map(|(_, link)| held(moment, link)).collect(),
        findings: findings(moment, &id),
        timeline: timeline(visit, identity)?,
        open,
    };
    Ok(frame::draw(visit, "person.html", &identity.name, &page))
}

/// The picture in words.
fn told_of(graph: &Graph, one: &Identity, is: Presence, open: usize, perhaps: usize) -> String {
    use rollbook_core::explain::counted;
    let when = match (is, lists::last_day(graph, &one.id)) {
        (Presence::Left, Some(day)) => format!(" left on {day}"),
        (Presence::Here, Some(day)) => format!(" works here until {day}"),
        (Presence::Here, None) => " works here".to_owned(),
        (Presence::ToCome, _) => " is still to come".to_owned(),
        (Presence::Left, None) => " left".to_owned(),
        (Presence::Unsaid, _) => " is in no source".to_owned(),
    };
    let all = graph.accounts_of(&one.id).count();
    let mut text = format!(
        "{}{when}, with {} and {}, {open} of them open.",
        one.name,
        counted(one.records.len(), "worker record"),
        counted(all, "account")
    );
    if perhaps > 0 {
        text += &format!(" {} may be theirs too.", counted(perhaps, "more account"));
    }
    text
}

fn record(record: &WorkerRecord) -> Record {
    let at = &record.placement;
    let manager = at.manager.as_ref().map(ToString::to_string).unwrap_or_default();
    let last = record.ends.and_then(|end| end.yesterday().ok());
    Record {
        title: record.record_ref().to_string(),
        facts: facts([
            ("Kind", Cell::text(&record.kind)),
            ("First day", Cell::day(record.starts)),
            ("Last day", Cell::day(last)),
            ("Job title", Cell::text(&at.job_title)),
            ("Unit", Cell::text(&at.unit)),
            ("Location", Cell::text(&at.location)),
            ("Employer", Cell::text(&at.legal_entity)),
            ("Supplied by", Cell::text(&at.supplying_firm)),
            ("Manager", Cell::text(manager)),
            ("Work address", Cell::text(record.work_emails.join(", "))),
            ("Sign-in names", Cell::text(record.logins.join(", "))),
        ]),
    }
}

fn held(moment: &Moment, link: &Link) -> Held {
    let Some(list) = lists::list("accounts") else {
        return Held { cells: Vec::new(), because: String::new() };
    };
    let at = moment.graph.links().iter().position(|one| one.account == link.account);
    let wanted = ["login", "instance", "state", "link", "seat", "last_seen"];
    let columns = list.columns.iter().filter(|column| wanted.contains(&column.key));
    let cells = columns.filter_map(|column| Some((column.cell)(moment, at?).into()));
    Held { cells: cells.collect(), because: link.because.clone() }
}

fn findings(moment: &Moment, id: &IdentityId) -> Vec<Vec<Shown>> {
    let of = moment.known.findings_of(id).filter(|one| one.standing.is_open(moment.today));
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
    of.map(row).collect()
}

/// What happened on which day, the newest first.
fn timeline(visit: &Visit<'_>, identity: &Identity) -> Result<Vec<Happened>, Refusal> {
    let (moment, id) = (&visit.moment, &identity.id);
    let graph = &moment.graph;
    let mut days: Vec<(Date, String, Cell, Tone)> = Vec::new();
    let mut add = |day: Date, cell: Cell, tone| days.push((day, day.to_string(), cell, tone));
    for record in graph.records_of(id) {
        let of = record.record_ref();
        if let Some(start) = record.starts {
            add(start, Cell::text(format!("First day of {of}")), Tone::Good);
        }
        if let Some(last) = record.ends.and_then(|end| end.yesterday().ok()) {
            add(last, Cell::text(format!("Last day of {of}")), Tone::Warn);
        }
    }
    for (account, link) in graph.accounts_of(id) {
        let page = lists::account_page(&link.account);
        let label = moment.label(&link.account);
        let of = |what: &str| Cell::text(format!("{what} {label}")).to(page.clone());
        if let Some(day) = account.created {
            add(day, of("Account made:"), Tone::Plain);
        }
        if let Some(day) = account.ends {
            add(day, of("Account ends:"), Tone::Plain);
        }
        if let Some(at) = account.last_seen {
            add(moment.engine.config().workspace.day_of(at), of("Last used:"), Tone::Soft);
        }
    }
    for tracked in moment.known.findings_of(id) {
        let day = moment.engine.config().workspace.day_of(tracked.standing.first_seen);
        let kind = lists::words(tracked.finding.kind.word());
        let cell = Cell::text(format!("Finding: {kind}"));
        add(day, cell.to(format!("/findings/{}", tracked.finding.id)), Tone::Bad);
    }
    if visit.may(Right::Trace) {
        moment.read_events().map_err(told)?;
        let mine = |event: &rollbook_core::event::Event| {
            event.concerns.iter().any(|concern| concern.as_str() == id.as_str())
        };
        let mut recorded: Vec<_> =
            moment.events().iter().filter(|(event, _)| mine(event)).collect();
        recorded.reverse();
        for (event, _) in recorded.into_iter().take(RECORDED_MAX) {
            let day = moment.engine.config().workspace.day_of(event.at);
            let said = format!("{}, by {}", lists::words(&event.kind), event.actor);
            add(day, Cell::text(said).to(format!("/audit/{}", event.seq)), Tone::Plain);
        }
    }
    days.sort_by(|(a, ..), (b, ..)| b.cmp(a));
    let happened = |(day, on, cell, tone): (Date, String, Cell, Tone)| Happened {
        on,
        what: cell.into(),
        tone,
        is_to_come: day > moment.today,
    };
    Ok(days.into_iter().map(happened).collect())
}
