//! `rollbook scan`: what is wrong by safe keys alone, straight from the files.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use rollbook_core::explain::counted;
use rollbook_core::scan::Counts;
use rollbook_engine::scanning::{self, Form, Lacking, Options, Scan, Swept};
use rollbook_engine::{Error, Result};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::screen::{Cell, Screen, Tone};
use crate::session::Session;

/// What is wrong by safe keys alone, straight from the files, with nothing stored
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook scan                          counts for each instance
  rollbook scan --out findings           the findings themselves too, as CSV
  rollbook scan --json --out findings    both as JSON lines

It holds no account in memory, so it is for estates that are too large for a sync, and for a first
look. It knows worker numbers, logins and addresses that name exactly one human; a sync also knows
names, dates, what people decided, grants and seats.")]
pub(crate) struct Args {
    /// Write the findings into this new folder, one file for each instance
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many instances to read at a time; left out: as many as there are processors
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
}

/// Scans and prints the counts.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let (folder, config, today) = session.configuration()?;
    let screen = session.screen();
    let form = if screen.is_json() { Form::JsonLines } else { Form::Csv };
    let processors = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let options = Options {
        today,
        threads: args.threads.unwrap_or_else(processors),
        out: args.out.as_deref().map(|folder| (folder, form)),
    };
    let scan = scanning::scan(&folder, &config, options, &session.bars())?;
    if screen.is_json() {
        screen.json(&head_line(&scan));
        scan.instances.iter().for_each(|swept| screen.json(&instance_line(swept)));
        scan.rights.iter().for_each(|lacking| screen.json(&right_line(lacking)));
    } else {
        print(session, &scan);
        if let Some(folder) = &args.out {
            screen.line("");
            screen.line(format!("The findings are in {}.", folder.display()));
        }
    }
    Ok(failures(&scan).fold(Exit::Ok, |exit, error| exit.and(Exit::from(error.kind))))
}

fn print(session: &Session, scan: &Scan) {
    let screen = session.screen();
    screen.line(format!(
        "By safe keys alone on {}: {} of {}.",
        scan.today,
        counted(scan.records, "worker record"),
        counted(scan.humans, "human")
    ));
    screen.toned(
        Tone::Dim,
        "A sync may link what is an orphan here, and knows machines, shared accounts and what people decided.",
    );
    screen.line("");
    let headers =
        ["Instance", "Accounts", "Open", "Linked", "Leftover", "Orphan", "Ambiguous", "View"];
    screen.table(&headers, scan.instances.iter().map(instance_row).collect());
    rights(screen, scan);
    for error in failures(scan) {
        screen.error(error, session.is_verbose());
    }
}

fn rights(screen: &Screen, scan: &Scan) {
    if scan.rights.is_empty() {
        return;
    }
    screen.heading("Missing, by birthright");
    screen.table(&["Right", "Missing", "View"], scan.rights.iter().map(right_row).collect());
}

fn failures(scan: &Scan) -> impl Iterator<Item = &Error> {
    scan.instances.iter().filter_map(|swept| swept.read.as_ref()?.as_ref().err())
}

fn instance_row(swept: &Swept) -> Vec<Cell> {
    let name = Cell::toned(swept.instance.as_str(), Tone::Strong);
    let none = |view: Cell| {
        let empty = std::iter::repeat_n(Cell::from("–"), 6);
        std::iter::once(name.clone()).chain(empty).chain([view]).collect()
    };
    match &swept.read {
        None => none(Cell::toned("not read from a file, so left out", Tone::Warn)),
        Some(Err(_)) => none(Cell::toned("not read", Tone::Bad)),
        Some(Ok(counts)) => {
            let view = match &swept.doubts[..] {
                [] => Cell::toned("complete", Tone::Good),
                doubts => Cell::toned(format!("partial: {}", doubts.join(" ")), Tone::Warn),
            };
            let Counts { accounts, open, linked, leftover, orphan, ambiguous_owner } = *counts;
            let numbers = [accounts, open, linked, leftover, orphan, ambiguous_owner];
            let numbers = numbers.map(|number| Cell::from(number.to_string()));
            std::iter::once(name).chain(numbers).chain([view]).collect()
        }
    }
}

fn right_row(lacking: &Lacking) -> Vec<Cell> {
    let right = match lacking.instance.as_str() {
        "*" => "any instance",
        name => name,
    };
    let (missing, view) = match &lacking.missing {
        Ok(count) => (count.to_string(), Cell::toned("complete", Tone::Good)),
        Err(unseen) => ("–".to_owned(), Cell::toned(not_seen(unseen), Tone::Warn)),
    };
    vec![Cell::toned(right, Tone::Strong), missing.into(), view]
}

fn not_seen(unseen: &[rollbook_core::id::InstanceName]) -> String {
    let names: Vec<&str> = unseen.iter().map(|name| name.as_str()).collect();
    format!("cannot be said: not seen wholly: {}", names.join(", "))
}

fn head_line(scan: &Scan) -> Value {
    json!({
        "today": scan.today, "records": scan.records, "humans": scan.humans, "by": "keys",
    })
}

fn instance_line(swept: &Swept) -> Value {
    match &swept.read {
        None => json!({ "instance": swept.instance, "left_out": "It is not read from a file." }),
        Some(Err(error)) => json!({
            "instance": swept.instance, "error": error.message, "hints": error.hints,
        }),
        Some(Ok(counts)) => json!({
            "instance": swept.instance, "accounts": counts.accounts, "open": counts.open,
            "linked": counts.linked, "leftover": counts.leftover, "orphan": counts.orphan,
            "ambiguous_owner": counts.ambiguous_owner, "complete": swept.doubts.is_empty(),
            "why": swept.doubts,
        }),
    }
}

fn right_line(lacking: &Lacking) -> Value {
    match &lacking.missing {
        Ok(count) => json!({ "right": lacking.instance, "missing": count }),
        Err(unseen) => json!({ "right": lacking.instance, "missing": null, "unseen": unseen }),
    }
}
