//! `rollbook links`: whose account is whose, how sure that is, and why.

use clap::{Subcommand, ValueEnum};
use rollbook_core::graph::Graph;
use rollbook_core::id::IdentityId;
use rollbook_core::identity::Kind;
use rollbook_core::link::{Link, LinkState, LinkVerdict};
use rollbook_engine::{Engine, LinkProposal, Result, asking};
use serde::Serialize;

use crate::exit::Exit;
use crate::pick;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Whose account is whose, how sure that is, and why
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  rollbook links --state suggested             what waits for your word
  rollbook links confirm archive/j.jansen2 00123
  rollbook links reject archive/j.jansen2 'Jan Jansen'
  rollbook links type mindtickle/hr-bot service --owner 'Kim Jansen'
  rollbook links proposed                      what assistants propose about links
  rollbook links --json > links.jsonl

An account is named as INSTANCE/KEY or INSTANCE/LOGIN. What you decide is remembered, stronger
than any rule, and survives the next sync; the newest word counts."
)]
pub(crate) struct Args {
    /// Only this instance
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only links in this state
    #[arg(long, value_enum)]
    state: Option<Wanted>,
    /// Only accounts that are, or may be, this person's
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    #[command(subcommand)]
    decide: Option<Decide>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wanted {
    Auto,
    Confirmed,
    Suggested,
    None,
}

impl Wanted {
    fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Confirmed => "confirmed",
            Self::Suggested => "suggested",
            Self::None => "none",
        }
    }
}

/// What can be decided about an account.
#[derive(Debug, Subcommand)]
enum Decide {
    /// List what was proposed and nobody has decided yet
    Proposed,
    /// Say that an account is this person's
    Confirm(Pairing),
    /// Say that an account is not this person's
    Reject(Pairing),
    /// Say what an account is: a machine's, shared by several, an agent's, or a person's after all
    Type {
        /// INSTANCE/KEY or INSTANCE/LOGIN
        account: String,
        /// What it is
        #[arg(value_enum)]
        kind: Typed,
        /// Who answers for it
        #[arg(long, value_name = "PERSON")]
        owner: Option<String>,
        /// Why, for whoever asks later
        #[arg(long, default_value = "")]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
struct Pairing {
    /// INSTANCE/KEY or INSTANCE/LOGIN
    account: String,
    /// A worker number, `source/number`, or a person
    person: String,
    /// Why, for whoever asks later
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Typed {
    Service,
    Shared,
    Agent,
    Person,
}

/// One link for programs. The keys and their order are a contract.
#[derive(Serialize)]
struct Line<'a> {
    instance: &'a str,
    account: &'a str,
    identity: Option<&'a str>,
    worker: Option<String>,
    state: &'static str,
    score: f64,
    rule: &'a str,
    because: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<CandidateLine<'a>>>,
}

#[derive(Serialize)]
struct CandidateLine<'a> {
    identity: &'a str,
    worker: Option<String>,
    score: f64,
}

/// Lists links, or remembers a decision.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    match &args.decide {
        Some(Decide::Confirm(pairing)) => pair(session, &engine, pairing, true),
        Some(Decide::Reject(pairing)) => pair(session, &engine, pairing, false),
        Some(Decide::Type { account, kind, owner, reason }) => {
            set_type(session, &engine, (account, *kind), owner.as_deref(), reason)
        }
        Some(Decide::Proposed) => proposed(session, &engine),
        None => list(session, args, &engine),
    }
}

fn proposed(session: &Session, engine: &Engine) -> Result<Exit> {
    let (graph, screen) = (engine.graph()?, session.screen());
    let open = engine.link_proposals()?;
    if screen.is_json() {
        open.iter().for_each(|proposal| screen.json(proposal));
        return Ok(Exit::Ok);
    }
    if open.is_empty() {
        screen.line("No proposal about a link waits for a decision.");
        return Ok(Exit::Ok);
    }
    let row = |proposal: &LinkProposal| -> Vec<Cell> {
        let (word, record) = match &proposal.verdict {
            LinkVerdict::Confirm { record, .. } => ("confirm", record.to_string()),
            LinkVerdict::Reject { record, .. } => ("reject", record.to_string()),
            _ => ("decide", String::new()),
        };
        let label = proposal.account().map(|account| pick::label(&graph, account));
        let at = proposal.at.strftime("%Y-%m-%d %H:%M").to_string();
        vec![
            word.into(),
            Cell::toned(label.unwrap_or_default(), Tone::Strong),
            record.into(),
            proposal.by.as_str().into(),
            at.into(),
            proposal.reason.as_str().into(),
        ]
    };
    screen.table(
        &["Proposed", "Account", "Record", "By", "At (UTC)", "Reason"],
        open.iter().map(row).collect(),
    );
    screen.line("");
    screen
        .line("Decide with `rollbook links confirm ACCOUNT RECORD` or `rollbook links reject …`.");
    Ok(Exit::Ok)
}

fn list(session: &Session, args: &Args, engine: &Engine) -> Result<Exit> {
    let graph = engine.graph()?;
    let instance = args.instance.as_ref().map(|name| pick::instance(engine, name)).transpose()?;
    let person = args.person.as_ref().map(|text| asking::person(&graph, text)).transpose()?;
    let concerns = |link: &Link, id: &IdentityId| match &link.state {
        LinkState::Suggested { candidates } => candidates.iter().any(|c| c.identity == *id),
        _ => link.owner() == Some(id),
    };
    let wanted: Vec<&Link> = graph
        .accounts()
        .map(|(_, link)| link)
        .filter(|link| instance.as_ref().is_none_or(|name| link.account.instance == *name))
        .filter(|link| args.state.is_none_or(|state| link.state.word() == state.word()))
        .filter(|link| person.as_ref().is_none_or(|id| concerns(link, id)))
        .collect();
    let screen = session.screen();
    if screen.is_json() {
        wanted.iter().for_each(|link| screen.json(&line(&graph, link)));
        return Ok(Exit::Ok);
    }
    let rows = wanted.iter().map(|link| row(&graph, link)).collect();
    screen.table(&["Account", "Person", "State", "Score", "Rule", "Because"], rows);
    screen.line("");
    screen.toned(Tone::Dim, format!("{} of {} links.", wanted.len(), graph.accounts().count()));
    Ok(Exit::Ok)
}

fn line<'a>(graph: &Graph, link: &'a Link) -> Line<'a> {
    let owner = link.owner().and_then(|_| pick::best(link));
    let candidates = match &link.state {
        LinkState::Suggested { candidates } => Some(candidates),
        _ => None,
    };
    Line {
        instance: link.account.instance.as_str(),
        account: link.account.key.as_str(),
        identity: owner.map(|owner| owner.identity.as_str()),
        worker: owner.and_then(|owner| pick::worker_of(graph, owner)),
        state: link.state.word(),
        score: link.score,
        rule: &link.rule,
        because: &link.because,
        candidates: candidates.map(|candidates| {
            let line = |candidate: &'a rollbook_core::link::Candidate| CandidateLine {
                identity: candidate.identity.as_str(),
                worker: pick::worker_of(graph, candidate),
                score: candidate.score,
            };
            candidates.iter().map(line).collect()
        }),
    }
}

fn row(graph: &Graph, link: &Link) -> Vec<Cell> {
    let best = pick::best(link);
    let named = best.map_or("", |candidate| pick::name(graph, &candidate.identity));
    let (mark, tone) = match &link.state {
        LinkState::Auto { .. } | LinkState::Confirmed { .. } => ("", Tone::Good),
        LinkState::Suggested { .. } => ("?", Tone::Warn),
        LinkState::None => ("", Tone::Dim),
    };
    vec![
        Cell::toned(pick::label(graph, &link.account), Tone::Strong),
        format!("{named}{mark}").into(),
        Cell::toned(link.state.word(), tone),
        format!("{:.3}", link.score).into(),
        link.rule.as_str().into(),
        link.because.as_str().into(),
    ]
}

fn pair(session: &Session, engine: &Engine, pairing: &Pairing, is_theirs: bool) -> Result<Exit> {
    let graph = engine.graph()?;
    let account = pick::account(engine, &graph, &pairing.account)?;
    let record = pick::record(&graph, &pairing.person)?;
    let owner = graph.identity_of(&record).map_or_else(|| record.to_string(), |i| i.name.clone());
    let label = pick::label(&graph, &account);
    let (said, verdict) = if is_theirs {
        (format!("{label} is {owner}'s."), LinkVerdict::Confirm { account, record })
    } else {
        (format!("{label} is not {owner}'s."), LinkVerdict::Reject { account, record })
    };
    let reconciled = engine.decide(verdict, &session.by()?, &pairing.reason)?;
    super::sync::remembered(session, &said, &reconciled);
    Ok(Exit::Ok)
}

fn set_type(
    session: &Session,
    engine: &Engine,
    (account, kind): (&str, Typed),
    owner: Option<&str>,
    reason: &str,
) -> Result<Exit> {
    let graph = engine.graph()?;
    let account = pick::account(engine, &graph, account)?;
    let owner = owner.map(|text| pick::record(&graph, text)).transpose()?;
    let (kind, what) = match kind {
        Typed::Service => (Kind::Service, "a machine's"),
        Typed::Shared => (Kind::Shared, "shared by several people"),
        Typed::Agent => (Kind::Agent, "an agent's"),
        Typed::Person => (Kind::Person, "one person's"),
    };
    let said = format!("{} is {what}.", pick::label(&graph, &account));
    let verdict = LinkVerdict::Type { account, kind, owner };
    let reconciled = engine.decide(verdict, &session.by()?, reason)?;
    super::sync::remembered(session, &said, &reconciled);
    Ok(Exit::Ok)
}
