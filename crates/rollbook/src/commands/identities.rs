//! `rollbook identities`: who works here, and which worker records are one human.

use clap::Subcommand;
use jiff::civil::Date;
use rollbook_core::canonical::fold;
use rollbook_core::explain::counted;
use rollbook_core::graph::Graph;
use rollbook_core::id::IdentityId;
use rollbook_core::identity::{Identity, Kind};
use rollbook_core::link::LinkVerdict;
use rollbook_engine::{Engine, Result};
use serde::Serialize;

use crate::exit::Exit;
use crate::pick;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Who works here, and which worker records are one human
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  rollbook identities --current
  rollbook identities 'ana diaz'
  rollbook identities --lookalikes
  rollbook identities same 00123 00987 --reason 'Rehired in June'
  rollbook identities --json | jq .workers"
)]
pub(crate) struct Args {
    /// Only these people: part of a name, a worker number, an address
    #[arg(value_name = "PERSON")]
    person: Option<String>,
    /// Only those who work here today
    #[arg(long, conflicts_with = "left")]
    current: bool,
    /// Only those who do not, or no longer
    #[arg(long)]
    left: bool,
    /// Pairs of records that may be one human, for you to decide
    #[arg(long, conflicts_with_all = ["current", "left", "person"])]
    lookalikes: bool,
    #[command(subcommand)]
    decide: Option<Decide>,
}

/// What can be decided about two records.
#[derive(Debug, Subcommand)]
enum Decide {
    /// Say that two records or people are one human
    Same(Pair),
    /// Say that two records or people are two humans
    Apart(Pair),
}

#[derive(Debug, clap::Args)]
struct Pair {
    /// A worker number, `source/number`, or a person
    left: String,
    /// Another
    right: String,
    /// Why, for whoever asks later
    #[arg(long, default_value = "")]
    reason: String,
}

/// One identity for programs.
#[derive(Serialize)]
struct Line<'a> {
    identity: &'a IdentityId,
    kind: Kind,
    name: &'a str,
    workers: Vec<String>,
    current: bool,
    records: Vec<RecordLine<'a>>,
    accounts: usize,
    because: &'a str,
}

#[derive(Serialize)]
struct RecordLine<'a> {
    source: &'a str,
    number: &'a str,
    kind: &'a str,
    starts: Option<Date>,
    ends: Option<Date>,
    unit: &'a str,
}

/// Lists people, or remembers a decision.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    match &args.decide {
        Some(Decide::Same(pair)) => decide(session, &engine, pair, true),
        Some(Decide::Apart(pair)) => decide(session, &engine, pair, false),
        None if args.lookalikes => lookalikes(session, &engine.graph()?),
        None => list(session, args, &engine),
    }
}

fn list(session: &Session, args: &Args, engine: &Engine) -> Result<Exit> {
    let graph = engine.graph()?;
    let today = engine.today();
    let lines: Vec<Line<'_>> = graph
        .identities()
        .iter()
        .map(|identity| line(&graph, identity, today))
        .filter(|line| !args.current || line.current)
        .filter(|line| !args.left || !line.current)
        .filter(|line| args.person.as_ref().is_none_or(|wanted| fits(&graph, line, wanted)))
        .collect();
    let screen = session.screen();
    if screen.is_json() {
        lines.iter().for_each(|line| screen.json(line));
        return Ok(Exit::Ok);
    }
    let total = lines.len();
    let rows = lines.into_iter().map(row).collect();
    screen.table(&["Name", "Numbers", "Unit", "Here", "Accounts", "Identity"], rows);
    screen.line("");
    screen
        .toned(Tone::Dim, format!("{total} of {}.", counted(graph.identities().len(), "identity")));
    Ok(Exit::Ok)
}

fn line<'a>(graph: &'a Graph, identity: &'a Identity, today: Date) -> Line<'a> {
    let records: Vec<_> = graph.records_of(&identity.id).collect();
    Line {
        identity: &identity.id,
        kind: identity.kind,
        name: &identity.name,
        workers: pick::workers(graph, &identity.id),
        current: records.iter().any(|record| record.holds_on(today)),
        accounts: graph.accounts_of(&identity.id).count(),
        because: &identity.because,
        records: records
            .into_iter()
            .map(|record| RecordLine {
                source: record.source.as_str(),
                number: record.number.as_str(),
                kind: &record.kind,
                starts: record.starts,
                ends: record.ends,
                unit: &record.placement.unit,
            })
            .collect(),
    }
}

/// Whether a name, a number, an address or the id holds what was typed.
fn fits(graph: &Graph, line: &Line<'_>, wanted: &str) -> bool {
    let wanted = fold(wanted);
    let has = |text: &str| fold(text).contains(&wanted);
    let mut records = graph.records_of(line.identity);
    has(line.name)
        || has(line.identity.as_str())
        || records.any(|record| {
            has(record.number.as_str()) || record.work_emails.iter().any(|email| has(email))
        })
}

fn row(line: Line<'_>) -> Vec<Cell> {
    let newest = line.records.last();
    let here = if line.current { ("yes", Tone::Good) } else { ("no", Tone::Dim) };
    vec![
        Cell::toned(line.name, Tone::Strong),
        line.workers.join(", ").into(),
        newest.map_or("", |record| record.unit).into(),
        Cell::toned(here.0, here.1),
        line.accounts.to_string().into(),
        Cell::toned(line.identity.as_str(), Tone::Dim),
    ]
}

fn lookalikes(session: &Session, graph: &Graph) -> Result<Exit> {
    let screen = session.screen();
    if screen.is_json() {
        graph.lookalikes().iter().for_each(|pair| screen.json(pair));
        return Ok(Exit::Ok);
    }
    let rows = graph.lookalikes().iter().map(|pair| {
        vec![
            pair.left.to_string().into(),
            pair.right.to_string().into(),
            format!("{:.2}", pair.score).into(),
            pair.because.as_str().into(),
        ]
    });
    screen.table(&["Record", "Record", "Score", "Because"], rows.collect());
    screen.line("");
    screen.line("Decide with `rollbook identities same A B` or `rollbook identities apart A B`.");
    Ok(Exit::Ok)
}

fn decide(session: &Session, engine: &Engine, pair: &Pair, same: bool) -> Result<Exit> {
    let graph = engine.graph()?;
    let left = pick::record(&graph, &pair.left)?;
    let right = pick::record(&graph, &pair.right)?;
    let said = format!("{left} and {right} are {}.", if same { "one human" } else { "two humans" });
    let verdict =
        if same { LinkVerdict::Same { left, right } } else { LinkVerdict::Apart { left, right } };
    let reconciled = engine.decide(verdict, &session.by()?, &pair.reason)?;
    super::sync::remembered(session, &said, &reconciled);
    Ok(Exit::Ok)
}
