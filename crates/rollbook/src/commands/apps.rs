//! `rollbook apps`: what each app of the catalog offers for user management.

use clap::builder::PossibleValuesParser;
use rollbook_catalog::matrix::{self, Line, Offer};
use rollbook_engine::Result;
use serde::Serialize;

use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// List the apps of the catalog and what can be done in each
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook apps                      all of them
  rollbook apps --can suspend        those in which somebody can be suspended by a program
  rollbook apps --without-scim slack those without SCIM whose name or category holds the word

What Rollbook can do there by itself is under `By SCIM`; what the makers document for their REST API
is under `REST documents`. `rollbook guide APP` tells all of it, with sources.

App files of your own lie in the folder `apps` of the workspace; see docs/app-file.md.")]
pub(crate) struct Args {
    /// Only apps whose id, name or category holds this word
    word: Option<String>,
    /// Only apps in which a program can do this
    #[arg(long, value_name = "OPERATION")]
    #[arg(value_parser = PossibleValuesParser::new(matrix::operations()))]
    can: Option<String>,
    /// Only apps without a SCIM server, or of which nobody knows
    #[arg(long)]
    without_scim: bool,
}

/// Prints the matrix.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let catalog = session.catalog()?;
    let lines: Vec<Line> =
        catalog.apps().map(Line::of).filter(|line| is_wanted(line, args)).collect();
    let screen = session.screen();
    if screen.is_json() {
        lines.iter().for_each(|line| screen.json(&Listed { line, own: catalog.is_own(&line.app) }));
        return Ok(Exit::Ok);
    }
    let count = |offer: Offer| lines.iter().filter(|line| line.scim == offer).count();
    screen.table(
        &[
            "App",
            "Name",
            "SCIM",
            "By SCIM",
            "REST",
            "REST documents",
            "Sourced / recalled / unknown",
        ],
        lines.iter().map(row).collect(),
    );
    let apps = if lines.len() == 1 { "app" } else { "apps" };
    screen.line("");
    screen.line(format!(
        "{} {apps}: {} with SCIM, {} without, {} unknown.",
        lines.len(),
        count(Offer::Yes),
        count(Offer::No),
        count(Offer::Unknown)
    ));
    let own = lines.iter().map(|line| line.app.as_str()).filter(|app| catalog.is_own(app));
    let own: Vec<&str> = own.collect();
    if !own.is_empty() {
        screen.line(format!("By app files of this workspace: {}.", own.join(", ")));
    }
    Ok(Exit::Ok)
}

/// A line for programs.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    line: &'a Line,
    /// Whether an app file of the workspace says it.
    own: bool,
}

fn is_wanted(line: &Line, args: &Args) -> bool {
    let word = args.word.as_deref().unwrap_or_default().to_lowercase();
    let names = [&line.app, &line.name, &line.category];
    names.into_iter().any(|name| name.to_lowercase().contains(&word))
        && args.can.as_deref().is_none_or(|operation| line.offers(operation))
        && !(args.without_scim && line.scim == Offer::Yes)
}

fn row(line: &Line) -> Vec<Cell> {
    let offer = |offer: Offer| match offer {
        Offer::Yes => Cell::from(offer.word()),
        Offer::No => Cell::toned(offer.word(), Tone::Dim),
        Offer::Unknown => Cell::toned(offer.word(), Tone::Warn),
    };
    let mut can: Vec<String> = line.can.iter().map(|&word| word.to_owned()).collect();
    if line.suspend_reversible == Some(false) {
        can.iter_mut()
            .filter(|word| *word == "suspend")
            .for_each(|word| word.push_str(" (for good)"));
    }
    let sourced = line.documented + line.probed;
    vec![
        Cell::from(line.app.clone()),
        Cell::from(line.name.clone()),
        offer(line.scim),
        Cell::from(can.join(", ")),
        offer(line.rest),
        Cell::from(line.rest_documents.join(", ")),
        Cell::from(format!("{sourced} / {} / {}", line.recalled, line.unknown)),
    ]
}
