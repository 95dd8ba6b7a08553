//! `rollbook offboard`: somebody leaves; close everything that they have.

use rollbook_engine::{Engine, Error, Proposal, Result, asking};

use super::approve::{agree, not_approved, says_yes};
use super::{plan, run as runs};
use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Close everything that somebody has, with approval, and look again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook offboard 'Ana Diaz' --approve-by 'Kim Jansen'
  rollbook offboard 00123

On a terminal it shows the plan, asks the approver, and goes on to act and to look again. Without a
terminal it only makes the plan and prints the commands that go on with it.")]
pub(crate) struct Args {
    /// Who leaves: a name, a worker number, an address, a login
    person: String,
    /// Who approves; never the one who asks
    #[arg(long, value_name = "NAME")]
    approve_by: Option<String>,
    /// Who takes over what they own, where an app would destroy it: somebody with an account there
    #[arg(long, value_name = "PERSON")]
    heir: Option<String>,
    /// Do not ask the approver, who has agreed elsewhere
    #[arg(long, short, requires = "approve_by")]
    yes: bool,
}

impl Args {
    /// As typed: `rollbook offboard PERSON --approve-by NAME [--yes]`.
    pub(super) fn new(person: &str, approve_by: &str, yes: bool) -> Self {
        Self { person: person.to_owned(), approve_by: Some(approve_by.to_owned()), heir: None, yes }
    }
}

/// Plans, asks, acts, looks again.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open()?;
    let by = session.by()?;
    let graph = engine.graph()?;
    let person = asking::person(&graph, &args.person)?;
    let heir = args.heir.as_ref().map(|heir| asking::person(&graph, heir)).transpose()?;
    let proposal = engine.plan_offboard(&person, heir.as_ref(), &by)?;
    plan::show(session, &proposal);
    if proposal.plan.is_empty() {
        return Ok(Exit::Ok);
    }
    let held = |change| proposal.stops.iter().any(|stop| stop.blocks.holds(change));
    if proposal.plan.changes().iter().all(held) {
        return Err(Error::refused("Stops hold back all of this plan, so nobody was asked.")
            .hint("Settle what the stops say; the next plan is judged anew."));
    }
    if !args.yes && !session.can_ask() {
        plan::next_commands(session, &proposal);
        return Ok(Exit::Ok);
    }
    session.screen().line("");
    approve(session, &engine, &proposal, args)?;
    session.screen().heading("Acting, and looking again");
    let report = session.wait(engine.apply(&proposal.plan.id(), &by, &session.bars()))?;
    runs::print(session, &report);
    Ok(runs::exit_of(&report))
}

fn approve(session: &Session, engine: &Engine, proposal: &Proposal, args: &Args) -> Result<()> {
    let approver = match &args.approve_by {
        Some(name) => name.clone(),
        None => session.ask("Who approves it? Not the one who asks:")?,
    };
    if approver.is_empty() {
        return Err(not_approved());
    }
    if !args.yes && !says_yes(session, &approver)? {
        return Err(not_approved());
    }
    let digest = proposal.plan.digest();
    agree(session, engine, proposal, digest, &approver, "").inspect_err(|_| {
        session.screen().toned(Tone::Warn, "The plan is kept; nothing was done.");
    })
}
