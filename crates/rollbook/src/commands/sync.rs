//! `rollbook sync`: read who works here and who has which account, and link the two.

use rollbook_core::explain::counted;
use rollbook_core::finding::Since;
use rollbook_core::snapshot::Coverage;
use rollbook_engine::{
    AcceptedShrink, Error, InstanceRead, Reconciled, Result, SourceRead, Synced,
};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::screen::{Cell, Screen, Tone};
use crate::session::Session;

/// Read sources and apps, link accounts to people, look for what is wrong
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook sync                  everything in rollbook.toml
  rollbook sync hr mindtickle    only these; the rest stays as last seen
  rollbook sync --accept-shrink hr --reason 'The Porto office was sold'
                                 let a list in that shrank, this once

What cannot be read never takes away what was known of it: the view becomes partial, that is a
finding, and no plan removes anything because of it.")]
pub(crate) struct Args {
    /// Only these sources and instances
    #[arg(value_name = "NAME")]
    only: Vec<String>,
    /// Let in what this source or instance delivers although it shrank, this once
    #[arg(long, value_name = "NAME", requires = "reason")]
    accept_shrink: Vec<String>,
    /// Why that is right; it stays in the audit chain under your name
    #[arg(long, value_name = "TEXT", requires = "accept_shrink")]
    reason: Option<String>,
}

impl Args {
    /// What is accepted, and who says so; `None`: nothing.
    fn accepted(&self, session: &Session) -> Result<Option<AcceptedShrink>> {
        let Some(reason) = &self.reason else { return Ok(None) };
        let (names, reason) = (self.accept_shrink.clone(), reason.clone());
        Ok(Some(AcceptedShrink { names, by: session.by()?, reason }))
    }
}

/// Syncs, and prints what was read and what changed.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open()?;
    let bars = session.bars();
    let synced = match args.accepted(session)? {
        None => session.wait(engine.sync(&args.only, &bars))?,
        Some(accepted) => session.wait(engine.sync_accepting(&args.only, &accepted, &bars))?,
    };
    let screen = session.screen();
    if screen.is_json() {
        synced.sources.iter().for_each(|read| screen.json(&source_line(read)));
        synced.instances.iter().for_each(|read| screen.json(&instance_line(read)));
        screen.json(&reconciled_line(&synced.reconciled));
    } else {
        print(session, &synced);
    }
    Ok(failures(&synced).fold(Exit::Ok, |exit, error| exit.and(Exit::from(error.kind))))
}

fn print(session: &Session, synced: &Synced) {
    let screen = session.screen();
    let sources = synced.sources.iter().map(source_row);
    let rows = sources.chain(synced.instances.iter().map(instance_row)).collect();
    screen.table(&["Read", "As", "Rows", "View"], rows);
    for error in failures(synced) {
        screen.error(error, session.is_verbose());
    }
    screen.line("");
    summary(screen, &synced.reconciled);
}

fn failures(synced: &Synced) -> impl Iterator<Item = &Error> {
    let sources = synced.sources.iter().filter_map(|read| read.read.as_ref().err());
    sources.chain(synced.instances.iter().filter_map(|read| read.read.as_ref().err()))
}

fn source_row(read: &SourceRead) -> Vec<Cell> {
    let name = Cell::toned(read.source.as_str(), Tone::Strong);
    match &read.read {
        Ok(delivery) => {
            let repeated = match delivery.repeated {
                0 => String::new(),
                n => format!(", without {n} that repeat another"),
            };
            let view = Cell::toned(format!("complete{repeated}"), Tone::Good);
            vec![name, "source".into(), delivery.rows.to_string().into(), view]
        }
        Err(_) => {
            let view = Cell::toned("kept out; the last good delivery stays", Tone::Bad);
            vec![name, "source".into(), "–".into(), view]
        }
    }
}

fn instance_row(read: &InstanceRead) -> Vec<Cell> {
    let name = Cell::toned(read.instance.as_str(), Tone::Strong);
    match &read.read {
        Ok(head) => {
            let view = match &head.coverage {
                Coverage::Complete => Cell::toned("complete", Tone::Good),
                Coverage::Partial { why } => Cell::toned(format!("partial: {why}"), Tone::Warn),
            };
            vec![name, head.channel.as_str().into(), head.count.to_string().into(), view]
        }
        Err(_) => {
            let view = Cell::toned("not read; what was known stays, as a partial view", Tone::Bad);
            vec![name, "app".into(), "–".into(), view]
        }
    }
}

fn source_line(read: &SourceRead) -> Value {
    match &read.read {
        Ok(delivery) => json!({
            "source": read.source, "file": delivery.file, "rows": delivery.rows,
            "repeated": delivery.repeated, "sha256": delivery.sha256,
        }),
        Err(error) => json!({
            "source": read.source, "error": error.message, "hints": error.hints,
        }),
    }
}

fn instance_line(read: &InstanceRead) -> Value {
    match &read.read {
        Ok(head) => json!({
            "instance": read.instance, "snapshot": head.id, "taken_at": head.taken_at,
            "channel": head.channel, "accounts": head.count, "reported": head.reported,
            "coverage": head.coverage,
        }),
        Err(error) => json!({
            "instance": read.instance, "error": error.message, "hints": error.hints,
        }),
    }
}

fn reconciled_line(reconciled: &Reconciled) -> Value {
    let findings = reconciled.findings.iter().map(|(since, n)| (since.word().to_owned(), json!(n)));
    json!({
        "identities": reconciled.identities,
        "accounts": reconciled.accounts,
        "links": reconciled.links,
        "findings": findings.collect::<serde_json::Map<_, _>>(),
    })
}

/// What reconciling found, in two lines.
fn summary(screen: &Screen, reconciled: &Reconciled) {
    let links = |word| reconciled.links.get(word).copied().unwrap_or(0);
    screen.line(format!(
        "{}, {}: {} linked, {} suggested, {} without an owner.",
        counted(reconciled.identities, "identity"),
        counted(reconciled.accounts, "account"),
        links("auto") + links("confirmed"),
        links("suggested"),
        links("none"),
    ));
    let found = |since| reconciled.findings.get(&since).copied().unwrap_or(0);
    let back = match found(Since::Resurrected) {
        0 => String::new(),
        n => format!(", {n} back again"),
    };
    screen.line(format!(
        "Findings: {} new{back}, {} still there, {} gone.",
        found(Since::New),
        found(Since::Still),
        found(Since::Gone),
    ));
}

/// Says that a decision is remembered, and what it changed.
pub(super) fn remembered(session: &Session, said: &str, reconciled: &Reconciled) {
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({ "remembered": said }));
        screen.json(&reconciled_line(reconciled));
        return;
    }
    screen.toned(Tone::Good, format!("Remembered: {said}"));
    screen.line("It is stronger than any rule and survives the next sync.");
    summary(screen, reconciled);
}
