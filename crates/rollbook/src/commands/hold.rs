//! `rollbook hold`: what differs since a backup was put back, and the end of the hold.

use rollbook_engine::Result;
use serde_json::json;

use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Show what differs since a backup was put back, and end the hold
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  rollbook hold show
  rollbook hold end --reason 'All of it was looked at with Kim'

A workspace that was put back sends nothing until everything was read anew and somebody has looked at
what differs."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show what was read anew and what differs
    Show,
    /// End it
    End {
        /// What was looked at; an auditor will read it
        #[arg(long)]
        reason: String,
    },
}

/// Shows or ends.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    match &args.what {
        What::Show => show(session, &engine),
        What::End { reason } => {
            engine.end_hold(&session.by()?, reason)?;
            match session.screen().is_json() {
                true => session.screen().json(&json!({"hold": "ended"})),
                false => session.screen().toned(Tone::Good, "The hold has ended."),
            }
            Ok(Exit::Ok)
        }
    }
}

fn show(session: &Session, engine: &rollbook_engine::Engine) -> Result<Exit> {
    let (difference, screen) = (engine.difference()?, session.screen());
    if screen.is_json() {
        screen.json(&difference);
        return Ok(Exit::Ok);
    }
    let Some(difference) = difference else {
        screen.line("This workspace is in no hold.");
        return Ok(Exit::Ok);
    };
    let hold = &difference.hold;
    screen.toned(
        Tone::Warn,
        format!(
            "In hold since {}, put back to {} by {}: {}",
            hold.since, hold.back_to, hold.by, hold.reason
        ),
    );
    let count = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
    let rows = difference.places.iter().map(|place| {
        vec![
            Cell::toned(place.name.as_str(), Tone::Strong),
            count(place.then).into(),
            count(place.now).into(),
            match place.is_fresh {
                true => Cell::toned("read whole since", Tone::Good),
                false => Cell::toned("not read whole since", Tone::Bad),
            },
        ]
    });
    screen.table(&["Place", "Accounts then", "Now", ""], rows.collect());
    difference.found.iter().for_each(|said| screen.line(format!("- {said}")));
    Ok(Exit::Ok)
}
