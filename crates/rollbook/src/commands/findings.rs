//! `rollbook findings`: what is wrong, worst first.

use std::cmp::Reverse;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::explain::counted;
use rollbook_core::finding::{Finding, Kind, PutOff, Severity, Since, Subject, Tracked};
use rollbook_core::graph::Graph;
use rollbook_core::id::FindingId;
use rollbook_engine::{Engine, Error, Result, asking};
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;
use crate::pick;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// What is wrong, worst first
#[derive(Debug, Default, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  rollbook findings --severity high
  rollbook findings --kind leftover --kind orphan --instance mindtickle
  rollbook findings --new --json
  rollbook findings show fnd_0123456789abcdef0123
  rollbook findings snooze fnd_0123456789abcdef0123 --until 2026-12-31 --reason 'Handover'
  rollbook findings accept fnd_0123456789abcdef0123 --until 2027-06-30 --reason 'Auditor agreed'"
)]
pub(crate) struct Args {
    #[command(flatten)]
    filter: Filter,
    /// A line for each right that an account should not have, instead of one for the account
    #[arg(long)]
    each: bool,
    #[command(subcommand)]
    then: Option<Then>,
}

/// Which findings.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Filter {
    /// Only this kind; may be given several times
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    kind: Vec<String>,
    /// Only this instance
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only those at least so grave
    #[arg(long, value_name = "SEVERITY", value_parser = severities())]
    severity: Option<String>,
    /// Only what concerns this person
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Only what was not there before the last sync, or came back
    #[arg(long)]
    new: bool,
    /// Also what was put off, and what is gone
    #[arg(long)]
    all: bool,
}

/// What can be done with one finding.
#[derive(Debug, Subcommand)]
enum Then {
    /// Show a finding with the facts it rests on
    Show {
        /// Its id
        id: String,
    },
    /// Say that a finding can wait
    Snooze(Until),
    /// Say that the risk is accepted for a time
    Accept(Until),
}

#[derive(Debug, clap::Args)]
struct Until {
    /// Its id
    id: String,
    /// The day on which it comes back
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// Why; an auditor will read it
    #[arg(long)]
    reason: String,
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(Kind::ALL.map(Kind::word))
}

const SEVERITIES: [Severity; 4] =
    [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

fn severities() -> PossibleValuesParser {
    PossibleValuesParser::new(SEVERITIES.map(Severity::word))
}

/// How many rights of one account are named in a row at most, besides the first.
const RIGHTS_NAMED: usize = 3;

const HEADERS: [&str; 6] = ["Severity", "Kind", "About", "Because", "Since", "Id"];

/// One finding for programs. The keys and the order of the first ones are a contract.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a FindingId,
    kind: Kind,
    instance: Option<&'a str>,
    account: Option<&'a str>,
    identity: Option<&'a str>,
    worker: Option<String>,
    severity: Severity,
    first_seen: Timestamp,
    because: &'a str,
    since: Since,
    put_off: Option<&'a PutOff>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unseen: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entitlement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<[&'a str; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workers: Option<[&'a str; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
}

/// Lists findings, shows one, or puts one off.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    match &args.then {
        Some(Then::Show { id }) => show(session, &engine, id),
        Some(Then::Snooze(until)) => put_off(session, &engine, until, false),
        Some(Then::Accept(until)) => put_off(session, &engine, until, true),
        None => list(session, &engine, args),
    }
}

/// The findings that pass the filter, worst first.
pub(super) fn chosen(engine: &Engine, graph: &Graph, filter: &Filter) -> Result<Vec<Tracked>> {
    let instance = filter.instance.as_ref().map(|name| pick::instance(engine, name)).transpose()?;
    let person = filter.person.as_ref().map(|text| asking::person(graph, text)).transpose()?;
    let at_least = SEVERITIES.into_iter().find(|s| filter.severity.as_deref() == Some(s.word()));
    let today = engine.today();
    let mut chosen = engine.findings()?;
    chosen.retain(|tracked| {
        let Tracked { finding, standing } = tracked;
        let is_new = matches!(standing.change, Since::New | Since::Resurrected);
        (filter.all || standing.is_open(today))
            && (!filter.new || is_new)
            && (filter.kind.is_empty() || filter.kind.iter().any(|k| k == finding.kind.word()))
            && at_least.is_none_or(|least| finding.severity >= least)
            && instance.as_ref().is_none_or(|name| finding.subject.instance() == Some(name))
            && person.as_ref().is_none_or(|id| finding.identity.as_ref() == Some(id))
    });
    chosen.sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
    Ok(chosen)
}

/// The gravest first, and of those first what lets somebody in who has left.
fn order(finding: &Finding) -> impl Ord + '_ {
    let is_leftover = finding.kind == Kind::Leftover;
    (Reverse(finding.severity), Reverse(is_leftover), finding.kind, &finding.subject)
}

fn list(session: &Session, engine: &Engine, args: &Args) -> Result<Exit> {
    let graph = engine.graph()?;
    let chosen = chosen(engine, &graph, &args.filter)?;
    let screen = session.screen();
    if screen.is_json() {
        chosen.iter().for_each(|tracked| screen.json(&line(&graph, tracked)));
        return Ok(Exit::Ok);
    }
    if chosen.is_empty() {
        screen.toned(Tone::Good, "Nothing is wrong, as far as asked and as far as was seen.");
        return Ok(Exit::Ok);
    }
    let groups: Vec<_> = chosen.chunk_by(|a, b| !args.each && belong(a, b)).collect();
    screen.table(&HEADERS, groups.iter().map(|group| row(&graph, group)).collect());
    screen.line("");
    screen.toned(Tone::Dim, counts(&chosen));
    if groups.len() < chosen.len() {
        screen.toned(Tone::Dim, "`rollbook findings --each` shows every one of them with its id.");
    }
    screen.toned(Tone::Dim, "`rollbook findings show ID` tells what a finding rests on.");
    Ok(Exit::Ok)
}

/// The first findings of those that are open, worst first, and how many there are.
pub(super) fn top(session: &Session, shown_max: usize) -> Result<()> {
    let engine = session.open_beside()?;
    let graph = engine.graph()?;
    let open = chosen(&engine, &graph, &Filter::default())?;
    let screen = session.screen();
    if screen.is_json() {
        open.iter().take(shown_max).for_each(|tracked| screen.json(&line(&graph, tracked)));
        return Ok(());
    }
    let groups = open.chunk_by(belong).take(shown_max);
    let first = |group| row(&graph, group).into_iter().take(4).collect();
    screen.table(&HEADERS[..4], groups.map(first).collect());
    screen.line("");
    screen.toned(Tone::Dim, counts(&open));
    Ok(())
}

/// How many of each kind, in words.
fn counts(findings: &[Tracked]) -> String {
    let of_kind = |kind| findings.iter().filter(|t| t.finding.kind == kind).count();
    let kinds: Vec<String> = Kind::ALL
        .into_iter()
        .filter(|kind| of_kind(*kind) > 0)
        .map(|kind| format!("{} {kind}", of_kind(kind)))
        .collect();
    format!("{}: {}.", counted(findings.len(), "finding"), kinds.join(", "))
}

/// Whether two findings, one after the other, say the same of two rights of one account. People
/// read them as one; programs get each.
fn belong(one: &Tracked, other: &Tracked) -> bool {
    let of = |tracked: &Tracked| match &tracked.finding.subject {
        Subject::Grant { account, .. } => {
            Some((account.clone(), tracked.finding.kind, tracked.finding.severity))
        }
        _ => None,
    };
    of(one).is_some() && of(one) == of(other)
}

/// The row for one finding, or for several that [`belong`] together.
fn row(graph: &Graph, group: &[Tracked]) -> Vec<Cell> {
    let Tracked { finding, .. } = &group[0];
    let mut since: Vec<String> = group.iter().map(since).collect();
    since.dedup();
    let (about, because, id) = match &group[1..] {
        [] => {
            let id = finding.id.to_string();
            (about(graph, &finding.subject), finding.because.clone(), id)
        }
        more => {
            let account = finding.subject.account().map(|account| pick::label(graph, account));
            let about = format!("{}: {} rights", account.unwrap_or_default(), group.len());
            let because = format!("{} The same is true of {}.", finding.because, rights(more));
            (about, because, format!("{} findings", group.len()))
        }
    };
    vec![
        Cell::toned(finding.severity.word(), tone(finding.severity)),
        finding.kind.word().into(),
        Cell::toned(about, Tone::Strong),
        because.into(),
        since.join(", ").into(),
        Cell::toned(id, Tone::Dim),
    ]
}

/// The rights by name, as far as a person wants to read them.
fn rights(findings: &[Tracked]) -> String {
    let mut names: Vec<String> = findings
        .iter()
        .filter_map(|tracked| match &tracked.finding.subject {
            Subject::Grant { entitlement, .. } => Some(entitlement.clone()),
            _ => None,
        })
        .collect();
    if names.len() > RIGHTS_NAMED + 1 {
        let more = names.split_off(RIGHTS_NAMED).len();
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// Since when a finding is there, or until when it can wait.
fn since(tracked: &Tracked) -> String {
    let standing = &tracked.standing;
    match (&standing.put_off, standing.change) {
        (Some(put_off), _) => format!("put off until {}", put_off.until),
        (None, Since::New) => "new".to_owned(),
        (None, change) => format!("{} {}", standing.first_seen.strftime("%Y-%m-%d"), change.word()),
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warn,
        Severity::Low => Tone::Dim,
    }
}

/// What a finding is about, as people know it.
fn about(graph: &Graph, subject: &Subject) -> String {
    match subject {
        Subject::Account { account } => pick::label(graph, account),
        Subject::Grant { account, entitlement } => {
            format!("{}: {entitlement}", pick::label(graph, account))
        }
        Subject::Accounts { left, right } => {
            format!("{} and {}", pick::label(graph, left), pick::label(graph, right))
        }
        Subject::Alike { left, right } => {
            format!("{} and {}", about(graph, left), about(graph, right))
        }
        Subject::Records { left, right } => format!("{left} and {right}"),
        Subject::Assignment { identity, instance } => {
            format!("{} in {instance}", pick::name(graph, identity))
        }
        Subject::Resource { .. }
        | Subject::Token { .. }
        | Subject::Task { .. }
        | Subject::Instance { .. }
        | Subject::Source { .. } => subject.to_string(),
    }
}

fn line<'a>(graph: &Graph, tracked: &'a Tracked) -> Line<'a> {
    let Tracked { finding, standing } = tracked;
    let subject = &finding.subject;
    Line {
        id: &finding.id,
        kind: finding.kind,
        instance: subject.instance().map(|instance| instance.as_str()),
        account: subject.account().map(|account| account.key.as_str()),
        identity: finding.identity.as_ref().map(|id| id.as_str()),
        worker: worker(graph, finding),
        severity: finding.severity,
        first_seen: standing.first_seen,
        because: &finding.because,
        since: standing.change,
        put_off: standing.put_off.as_ref(),
        unseen: standing.unseen.as_deref(),
        entitlement: match subject {
            Subject::Grant { entitlement, .. } => Some(entitlement),
            _ => None,
        },
        accounts: match subject {
            Subject::Accounts { left, right } => Some([left.key.as_str(), right.key.as_str()]),
            _ => None,
        },
        workers: match subject {
            Subject::Records { left, right } => Some([left.number.as_str(), right.number.as_str()]),
            _ => None,
        },
        source: match subject {
            Subject::Source { source } => Some(source.as_str()),
            _ => None,
        },
    }
}

/// The worker number that fits the account best, or the newest of whoever is concerned.
fn worker(graph: &Graph, finding: &Finding) -> Option<String> {
    if let Subject::Records { left, .. } = &finding.subject {
        return Some(left.number.to_string());
    }
    let identity = finding.identity.as_ref()?;
    let link = finding.subject.account().and_then(|account| graph.account(account));
    let best = link.and_then(|(_, link)| pick::best(link)).filter(|c| c.identity == *identity);
    match best {
        Some(candidate) => pick::worker_of(graph, candidate),
        None => pick::workers(graph, identity).pop(),
    }
}

fn show(session: &Session, engine: &Engine, id: &str) -> Result<Exit> {
    let graph = engine.graph()?;
    let tracked = engine.findings()?.into_iter().find(|t| t.finding.id.as_str() == id);
    let tracked = tracked.ok_or_else(|| {
        Error::input(format!("There is no finding {id}."))
            .hint("`rollbook findings --all` lists them with their ids.")
    })?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&tracked);
        return Ok(Exit::Ok);
    }
    let Tracked { finding, standing } = &tracked;
    screen.parts(&[
        (tone(finding.severity), finding.severity.word()),
        (Tone::Plain, " "),
        (Tone::Strong, finding.kind.word()),
        (Tone::Plain, &format!(": {}", about(&graph, &finding.subject))),
    ]);
    screen.line(&finding.because);
    screen.line("");
    let rows = finding.evidence.iter().map(|fact| {
        vec![fact.what.as_str().into(), fact.value.as_str().into(), fact.source.as_str().into()]
    });
    screen.table(&["Fact", "Value", "From"], rows.collect());
    screen.line("");
    let first = standing.first_seen.strftime("%Y-%m-%d %H:%M UTC");
    let now = match standing.change {
        Since::New => "new with the last sync",
        Since::Still => "still there",
        Since::Gone => "gone",
        Since::Resurrected => "back again after it was gone",
    };
    screen.line(format!("First seen {first}, {now}."));
    if let Some(why) = &standing.unseen {
        screen.toned(Tone::Warn, why);
    }
    if let Some(PutOff { accepted, until, by, reason }) = &standing.put_off {
        let what = if *accepted { "accepted" } else { "put off" };
        screen.line(format!("{by} {what} it until {until}: {reason}"));
    }
    Ok(Exit::Ok)
}

fn put_off(session: &Session, engine: &Engine, until: &Until, accepted: bool) -> Result<Exit> {
    let put_off =
        PutOff { accepted, until: until.until, by: session.by()?, reason: until.reason.clone() };
    engine.put_off(&FindingId::new(&until.id), put_off)?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({ "id": until.id, "until": until.until, "accepted": accepted }));
    } else {
        let what = if accepted { "is accepted" } else { "can wait" };
        screen
            .line(format!("{} {what} until {}; on that day it comes back.", until.id, until.until));
    }
    Ok(Exit::Ok)
}
