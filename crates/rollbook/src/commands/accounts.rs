//! `rollbook accounts`: who or what can get in where.

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::account::{Account, State};
use rollbook_core::explain::counted;
use rollbook_core::graph::Graph;
use rollbook_core::link::{AccountKind, Link};
use rollbook_engine::{Result, asking};
use serde::Serialize;

use crate::exit::Exit;
use crate::pick;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Who or what can get in where
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook accounts --instance mindtickle
  rollbook accounts --person 'ana diaz'
  rollbook accounts --open --json | jq -r .login")]
pub(crate) struct Args {
    /// Only this instance
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only what this person surely has
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Only accounts that let somebody in, now or by accepting an invitation
    #[arg(long)]
    open: bool,
}

/// One account for programs.
#[derive(Serialize)]
struct Line<'a> {
    instance: &'a str,
    account: &'a str,
    login: &'a str,
    name: &'a str,
    emails: Vec<&'a str>,
    state: State,
    kind: AccountKind,
    identity: Option<&'a str>,
    worker: Option<String>,
    link: &'static str,
    roles: &'a [String],
    grants: Vec<&'a str>,
    seat: &'a str,
    created: Option<Date>,
    last_seen: Option<Timestamp>,
}

/// Lists them.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let graph = engine.graph()?;
    let instance = args.instance.as_ref().map(|name| pick::instance(&engine, name)).transpose()?;
    let person = args.person.as_ref().map(|text| asking::person(&graph, text)).transpose()?;
    let wanted: Vec<(&Account, &Link)> = graph
        .accounts()
        .filter(|(account, _)| instance.as_ref().is_none_or(|name| account.instance == *name))
        .filter(|(_, link)| person.as_ref().is_none_or(|id| link.owner() == Some(id)))
        .filter(|(account, _)| !args.open || account.state.is_open())
        .collect();
    let screen = session.screen();
    if screen.is_json() {
        wanted.iter().for_each(|(account, link)| screen.json(&line(&graph, account, link)));
        return Ok(Exit::Ok);
    }
    let rows = wanted.iter().map(|(account, link)| row(&graph, account, link)).collect();
    screen.table(&["Instance", "Login", "Name", "State", "Owner", "Last used"], rows);
    screen.line("");
    screen.toned(
        Tone::Dim,
        format!("{} of {}.", wanted.len(), counted(graph.accounts().count(), "account")),
    );
    Ok(Exit::Ok)
}

fn line<'a>(graph: &Graph, account: &'a Account, link: &'a Link) -> Line<'a> {
    let owner = link.owner().and_then(|_| pick::best(link));
    Line {
        instance: account.instance.as_str(),
        account: account.key.as_str(),
        login: &account.login,
        name: &account.display_name,
        emails: account.emails.iter().map(|email| email.address.as_str()).collect(),
        state: account.state,
        kind: link.kind,
        identity: owner.map(|owner| owner.identity.as_str()),
        worker: owner.and_then(|owner| pick::worker_of(graph, owner)),
        link: link.state.word(),
        roles: &account.roles,
        grants: account.grants.iter().map(|grant| grant.entitlement.as_str()).collect(),
        seat: &account.seat,
        created: account.created,
        last_seen: account.last_seen,
    }
}

fn row(graph: &Graph, account: &Account, link: &Link) -> Vec<Cell> {
    let login = if account.login.is_empty() { account.key.as_str() } else { &account.login };
    let owner = match (link.owner(), pick::best(link)) {
        (Some(owner), _) => Cell::from(pick::name(graph, owner)),
        (None, Some(best)) => {
            Cell::toned(format!("{}?", pick::name(graph, &best.identity)), Tone::Warn)
        }
        (None, None) => Cell::toned("nobody known", Tone::Warn),
    };
    let tone = if account.state.is_open() { Tone::Plain } else { Tone::Dim };
    vec![
        account.instance.as_str().into(),
        Cell::toned(login, Tone::Strong),
        account.display_name.as_str().into(),
        Cell::toned(account.state.word(), tone),
        owner,
        account.last_seen.map_or_else(|| "not told".to_owned(), day).into(),
    ]
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
