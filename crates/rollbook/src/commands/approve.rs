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
  rollbook approve --held mindtickle --by 'Kim Jansen'

It shows the plan and asks. You agree to a digest: to exactly these changes and no others. For
programs, `--digest` names it; a plan with another digest is refused.

With --held it shows everything that identity providers pushed to one instance and that waits for a
named person, and you agree to all of it under one digest. `rollbook plan held` only shows it.")]
pub(crate) struct Args {
    /// The plan's id
    #[arg(required_unless_present = "held")]
    plan: Option<String>,
    /// All that waits of what was pushed to this instance, or to `all`
    #[arg(long, value_name = "INSTANCE", conflicts_with = "plan")]
    held: Option<String>,
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
    let by = session.by()?;
    if let Some(endpoint) = &args.held {
        return approve_held(session, &engine, endpoint, args, &by);
    }
    let plan = args.plan.as_deref().unwrap_or_default();
    let proposal = engine.proposal(&PlanId::new(plan))?;
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

/// Shows all that is held at one endpoint, asks, and records the agreement to each plan of it.
fn approve_held(
    session: &Session,
    engine: &Engine,
    endpoint: &str,
    args: &Args,
    by: &str,
) -> Result<Exit> {
    let held = engine.held(endpoint)?;
    let screen = session.screen();
    if !screen.is_json() {
        super::plan::show_held(session, &held);
    }
    if held.proposals().is_empty() {
        return Ok(Exit::Ok);
    }
    let digest = match &args.digest {
        Some(digest) => digest.clone(),
        None if args.yes || says_yes(session, by)? => held.digest().to_owned(),
        None => return Err(not_approved()),
    };
    let done = engine.approve_held(endpoint, &digest, by, &args.reason)?;
    let refused = done.iter().filter(|(_, done)| done.is_err()).count();
    for (plan, done) in &done {
        match (done, screen.is_json()) {
            (Ok(approval), true) => screen.json(&json!({ "plan": plan, "approval": approval })),
            (Err(why), true) => screen.json(&json!({ "plan": plan, "refused": why.message })),
            (Ok(_), false) => {}
            (Err(why), false) => screen.toned(Tone::Warn, format!("{plan}: {}", why.message)),
        }
    }
    if refused == done.len() {
        return Err(Error::refused(format!("{by} may approve none of these plans.")));
    }
    let agreed = explain::counted(done.len() - refused, "plan");
    if !screen.is_json() {
        screen.toned(Tone::Good, format!("{by} agreed to {agreed}."));
    }
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
    Ok(session.ask(&format!("{by}, do you agree to this? Type yes to agree:"))? == "yes")
}

/// Somebody was asked and did not agree.
pub(super) fn not_approved() -> Error {
    Error::refused("It was not approved, so nothing was done.")
        .hint("Only the whole word yes agrees. The plan is kept and can be approved later.")
}
