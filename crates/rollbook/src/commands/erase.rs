//! `rollbook erase`: somebody who left asks to be forgotten, or their time has come.

use rollbook_core::explain::counted;
use rollbook_engine::{Engine, Erasure, Error, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// Empty what was recorded about somebody who left; it cannot be undone
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook pack 'Ana Diaz' --out packs/ana-diaz       the last proof with her name in it
  rollbook erase 'Ana Diaz' --reason 'Ticket 4711'
  rollbook erase 00123 --reason 'Ticket 4711' --yes   for programs

It empties the bodies of the records that tell of this person alone, forgets the plans about them
alone, and empties the Users that identity providers pushed about them. The audit chain stays whole:
ids, times and digests stay, and an event that says who erased and why, so do not name the person in
the reason. Who has not left, has or may have an open account, is still pushed as active, or is in a
plan that is approved or under way, is not erased.

Not touched: what sources and apps still deliver, records that tell of somebody else as well, and
files outside the database: packs, outboxes, backups. An identity provider that goes on knowing the
person may push them anew.")]
pub(crate) struct Args {
    /// Who: a name, a worker number, an address, a login, a `per_…` id
    person: String,
    /// Why, without their name; it stays in the audit chain
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Says what would go, asks, and erases.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open()?;
    let by = session.by()?;
    let person = engine.somebody(&args.person)?;
    if !args.yes {
        show(session, &engine.erasure(&person)?);
        agree(session)?;
    }
    let erasure = erase(&engine, &person, args, &by)?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({
            "erased": erasure.person, "emptied": erasure.emptied, "kept": erasure.kept,
            "plans": erasure.plans, "delivered": erasure.delivered, "pushed": erasure.pushed,
        }));
        return Ok(Exit::Ok);
    }
    if args.yes {
        show(session, &erasure);
    }
    screen.toned(Tone::Good, format!("{} is erased.", erasure.person));
    screen.line("Packs, outboxes and backups lie outside the database and are as they were.");
    Ok(Exit::Ok)
}

fn erase(
    engine: &Engine,
    person: &rollbook_core::id::IdentityId,
    args: &Args,
    by: &str,
) -> Result<Erasure> {
    engine.erase(person, &args.reason, by)
}

fn agree(session: &Session) -> Result<()> {
    if !session.can_ask() {
        return Err(Error::refused("Nobody can be asked here, so nothing was erased.")
            .hint("On a terminal it asks; a program says `--yes`."));
    }
    match session.ask("It cannot be undone. Type yes to erase:")?.as_str() {
        "yes" => Ok(()),
        _ => Err(Error::refused("It was not agreed to, so nothing was erased.")
            .hint("Only the whole word yes agrees.")),
    }
}

fn show(session: &Session, erasure: &Erasure) {
    let screen = session.screen();
    if screen.is_json() {
        return;
    }
    screen.line(format!("{} ({})", erasure.name, erasure.person));
    screen.line(format!(
        "Emptied: {} that tell of them alone. Forgotten: {} with approvals and runs.",
        counted(erasure.emptied.len(), "record"),
        counted(erasure.plans.len(), "plan"),
    ));
    if !erasure.pushed.is_empty() {
        screen.line(format!("Pushed about them and emptied: {}.", erasure.pushed.join(", ")));
    }
    if !erasure.kept.is_empty() {
        let kept: Vec<_> = erasure.kept.iter().map(u64::to_string).collect();
        screen.toned(
            Tone::Warn,
            format!("Kept, for they tell of others too: the events {}.", kept.join(", ")),
        );
    }
    if !erasure.delivered.is_empty() {
        screen.toned(
            Tone::Warn,
            format!("Still delivered, and so still known: {}.", erasure.delivered.join(", ")),
        );
    }
}
