//! `rollbook approve`: a named person agrees to exactly what they were shown.

use rollbook_core::explain;
use rollbook_core::id::PlanId;
use rollbook_engine::{Engine, Error, Proposal, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Agree to a plan, as somebody else than who asked for it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook approve pln_0123456789abcdef0123 --by 'Kim Jansen'
  rollbook approve pln_0123456789abcdef0123 --by 'Kim Jansen' --digest 9b0f…

It shows the plan and asks. You agree to a digest: to exactly these changes and no others. For
programs, `--digest` names it; a plan with another digest is refused.")]
pub(crate) struct Args {
    /// The plan's id
    plan: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Agree to this digest without being asked
    #[arg(long, conflicts_with = "yes")]
    digest: Option<String>,
    /// Why, for whoever asks later
    #[arg(long, default_value = "")]
    reason: String,
}

/// Shows the plan, asks, and records the agreement.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let proposal = engine.proposal(&PlanId::new(&args.plan))?;
    let by = session.by()?;
    if !session.screen().is_json() {
        super::plan::show(session, &proposal);
        session.screen().line("");
    }
    let digest = match &args.digest {
        Some(digest) => digest.clone(),
        None if args.yes || says_yes(session, &by)? => proposal.plan.digest().to_owned(),
        None => return Err(not_approved()),
    };
    agree(session, &engine, &proposal, &digest, &by, &args.reason)?;
    Ok(Exit::Ok)
}

/// Records the agreement and says what is still missing.
pub(super) fn agree(
    session: &Session,
    engine: &Engine,
    proposal: &Proposal,
    digest: &str,
    by: &str,
    reason: &str,
) -> Result<()> {
    let id = proposal.plan.id();
    let approval = engine.approve(&id, digest, by, reason)?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({ "plan": id, "approval": approval }));
        return Ok(());
    }
    screen.toned(Tone::Good, explain::approval(&approval));
    Ok(())
}

/// Asks on the terminal whether `by` agrees.
///
/// # Errors
/// When nobody can be asked.
pub(super) fn says_yes(session: &Session, by: &str) -> Result<bool> {
    if !session.can_ask() {
        return Err(Error::refused("Nobody can be asked here, so nothing was approved.")
            .hint("On a terminal it asks; a program names what it agrees to with `--digest`."));
    }
    Ok(session.ask(&format!("{by}, do you agree to this plan? Type yes to agree:"))? == "yes")
}

/// Somebody was asked and did not agree.
pub(super) fn not_approved() -> Error {
    Error::refused("It was not approved, so nothing was done.")
        .hint("Only the whole word yes agrees. The plan is kept and can be approved later.")
}
