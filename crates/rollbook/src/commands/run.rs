//! `rollbook run`: what was done, how it stands, and going on with it.

use clap::Subcommand;
use jiff::Timestamp;
use rollbook_core::explain;
use rollbook_core::id::RunId;
use rollbook_core::step::{Ending, Outcome, Recorded};
use rollbook_engine::store::RunRow;
use rollbook_engine::{ChangeReport, Engine, Presence, Result, RunReport, Stand};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::screen::{Cell, Screen, Tone};
use crate::session::Session;

/// What was done, how it stands, and going on with it
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  rollbook run list
  rollbook run show run_0123456789abcdef0123456789abcdef
  rollbook run resume      after a crash, or when somebody has done their task
  rollbook run pause run_0123… --because 'the app is being moved'
  rollbook run resume run_0123… --because 'it is moved'
  rollbook run cancel run_0123… --because 'wrong person'

Pausing and cancelling work while `rollbook serve`, `rollbook apply` or `rollbook run resume` carries
the run out: nothing is sent any more from that moment on. What was sent before is looked at."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

impl Args {
    /// As typed: `rollbook run resume`.
    pub(super) fn resume() -> Self {
        Self { what: What::Resume { run: None, because: None } }
    }
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all runs, newest first
    List,
    /// Show how each change of a run stands
    Show {
        /// Its id
        run: String,
    },
    /// Go on with what has not ended: look at what is in doubt, check tasks, do what is left
    Resume {
        /// The id of one that is paused, to let it go on; left out: go on with all that have not ended
        #[arg(requires = "because")]
        run: Option<String>,
        /// Why it may go on
        #[arg(long, value_name = "REASON", requires = "run")]
        because: Option<String>,
    },
    /// Send nothing more for a run until somebody resumes it
    Pause {
        /// Its id
        run: String,
        /// Why
        #[arg(long, value_name = "REASON")]
        because: String,
    },
    /// Send nothing more for a run, for good; what is under way is looked at
    Cancel {
        /// Its id
        run: String,
        /// Why
        #[arg(long, value_name = "REASON")]
        because: String,
    },
}

/// Lists, shows or resumes.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.what {
        What::List => list(session, &session.open_beside()?),
        What::Show { run } => {
            let report = session.open_beside()?.run(&RunId::new(run))?;
            print(session, &report);
            Ok(Exit::Ok)
        }
        What::Resume { run: Some(run), because } => {
            let because = because.as_deref().unwrap_or_default();
            let engine = session.open_beside()?;
            let report = engine.unpause_run(&RunId::new(run), &session.by()?, because)?;
            steered(session, &report, "may go on");
            Ok(Exit::Ok)
        }
        What::Resume { run: None, .. } => resume(session, &session.open_as(Presence::Host)?),
        What::Pause { run, because } => {
            let engine = session.open_beside()?;
            let report = engine.pause_run(&RunId::new(run), &session.by()?, because)?;
            steered(session, &report, "is paused: nothing more is sent for it");
            Ok(Exit::Ok)
        }
        What::Cancel { run, because } => {
            let engine = session.open_beside()?;
            let report = engine.cancel_run(&RunId::new(run), &session.by()?, because)?;
            steered(session, &report, "is cancelled: nothing more is sent for it");
            Ok(Exit::Ok)
        }
    }
}

/// Prints how a run stands of which somebody said something.
fn steered(session: &Session, report: &RunReport, said: &str) {
    print(session, report);
    if !session.screen().is_json() {
        let id = &report.run.id;
        session.screen().line(format!(
            "{id} {said}. `rollbook serve` or `rollbook run resume` brings it to its end."
        ));
    }
}

fn list(session: &Session, engine: &Engine) -> Result<Exit> {
    let screen = session.screen();
    let runs = engine.runs()?;
    if screen.is_json() {
        for run in &runs {
            screen.json(&json!({
                "run": run.id, "plan": run.plan, "began_at": run.began_at, "ended_at": run.ended_at,
                "hold": run.hold,
            }));
        }
        return Ok(Exit::Ok);
    }
    let ended = |run: &RunRow| match (run.ended_at, &run.hold) {
        (Some(at), _) => Cell::from(minute(at)),
        (None, None) => Cell::toned("goes on", Tone::Warn),
        (None, Some(hold)) if hold.is_cancelled => Cell::toned("is cancelled", Tone::Warn),
        (None, Some(_)) => Cell::toned("is paused", Tone::Warn),
    };
    let rows = runs.iter().map(|run| {
        vec![
            Cell::toned(run.id.as_str(), Tone::Strong),
            run.plan.as_str().into(),
            minute(run.began_at).into(),
            ended(run),
        ]
    });
    screen.table(&["Run", "Plan", "Began (UTC)", "Ended (UTC)"], rows.collect());
    Ok(Exit::Ok)
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn resume(session: &Session, engine: &Engine) -> Result<Exit> {
    let reports = session.wait(engine.resume(&session.bars()))?;
    if reports.is_empty() && !session.screen().is_json() {
        session.screen().line("Every run has ended; there is nothing to go on with.");
    }
    let exits = reports.iter().map(|report| {
        print(session, report);
        exit_of(report)
    });
    Ok(exits.fold(Exit::Ok, Exit::and))
}

/// Prints how each change of a run stands.
pub(super) fn print(session: &Session, report: &RunReport) {
    let screen = session.screen();
    if screen.is_json() {
        report.changes.iter().for_each(|change| screen.json(&line(report, change)));
        return;
    }
    let rows = report.changes.iter().map(row).collect();
    screen.table(&["Change", "Account", "By", "Stands", "Answer", "Looked at (UTC)"], rows);
    screen.line("");
    for change in &report.changes {
        if let Some(sentence) = sentence(change) {
            screen.paragraph(Tone::Plain, &sentence);
        }
    }
    conclude(screen, report);
}

fn conclude(screen: &Screen, report: &RunReport) {
    let id = &report.run.id;
    if report.is_confirmed() {
        let done = match report.changes.len() {
            1 => format!("{id}: the change is done and confirmed by a second look."),
            all => format!("{id}: all {all} changes are done and confirmed by a second look."),
        };
        screen.toned(Tone::Good, done);
    } else if report.run.ended_at.is_some() {
        screen
            .toned(Tone::Warn, format!("{id} has ended; not everything is confirmed, see above."));
    } else {
        screen.toned(Tone::Warn, format!("{id} goes on: run `rollbook run resume` later."));
    }
}

fn row(report: &ChangeReport) -> Vec<Cell> {
    let change = &report.change;
    let tone = match &report.stand {
        Stand::Ended(Ending::Confirmed { .. }) => Tone::Good,
        Stand::Ended(_) => Tone::Bad,
        Stand::Held | Stand::Waiting | Stand::Later(_) => Tone::Warn,
    };
    vec![
        change.op.verb().into(),
        Cell::toned(format!("{}: {}", change.instance, change.label), Tone::Strong),
        change.route.channel.as_str().into(),
        Cell::toned(report.stand.word(), tone),
        answer(report).into(),
        looked_at(report).map_or_else(|| "–".to_owned(), second).into(),
    ]
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What the vendor answered to the last act.
fn answer(report: &ChangeReport) -> String {
    let last = report.recorded.iter().rev().find_map(|recorded| match recorded {
        Recorded::Acted { outcome, .. } => Some(outcome),
        _ => None,
    });
    match last {
        Some(Outcome::Done { receipt, .. }) if receipt.status > 0 => {
            format!("{}: {}", receipt.request, receipt.status)
        }
        Some(Outcome::Done { receipt, .. }) => receipt.request.clone(),
        Some(Outcome::AlreadyDone { .. }) => "it was so already".to_owned(),
        Some(Outcome::Waiting { .. }) if is_proven(report) => "the task is done".to_owned(),
        Some(Outcome::Waiting { .. }) => "a task for somebody".to_owned(),
        Some(Outcome::Refused { .. }) => "not sent".to_owned(),
        Some(Outcome::Failed { .. }) => "failed".to_owned(),
        Some(Outcome::Uncertain { .. }) => "the answer was lost".to_owned(),
        None => "nothing was sent".to_owned(),
    }
}

fn looked_at(report: &ChangeReport) -> Option<Timestamp> {
    report.recorded.iter().rev().find_map(|recorded| match recorded {
        Recorded::Verified { at, .. } | Recorded::Looked { at, .. } => Some(*at),
        _ => None,
    })
}

fn is_proven(report: &ChangeReport) -> bool {
    report.recorded.iter().any(|recorded| matches!(recorded, Recorded::Proven { .. }))
}

/// What somebody was asked to do.
fn task(report: &ChangeReport) -> Option<&str> {
    report.recorded.iter().rev().find_map(|recorded| match recorded {
        Recorded::Acted { outcome: Outcome::Waiting { task }, .. } => Some(task.as_str()),
        _ => None,
    })
}

/// What a table cannot say about a change that is not plainly confirmed.
fn sentence(report: &ChangeReport) -> Option<String> {
    let change = &report.change;
    match &report.stand {
        Stand::Ended(Ending::Confirmed { .. }) => None,
        Stand::Ended(ending) => Some(explain::ending(change, ending)),
        Stand::Held => Some(format!(
            "Held back: {} {} in {}. {}",
            change.op.verb(),
            change.label,
            change.instance,
            report.held_because.as_deref().unwrap_or("Nothing was sent.")
        )),
        Stand::Waiting => Some(format!(
            "Waiting: {} {} in {}. {} `rollbook run resume` looks again.",
            change.op.verb(),
            change.label,
            change.instance,
            task(report).unwrap_or("Somebody has the task.")
        )),
        Stand::Later(at) => Some(format!(
            "Not over: {} {} in {} is looked at again after {}.",
            change.op.verb(),
            change.label,
            change.instance,
            second(*at)
        )),
    }
}

fn line(report: &RunReport, change: &ChangeReport) -> Value {
    let why = match &change.stand {
        Stand::Ended(
            Ending::Contradicted { why }
            | Ending::Unproven { why }
            | Ending::Refused { why }
            | Ending::Failed { why, .. }
            | Ending::Cancelled { why },
        ) => Some(why),
        _ => change.held_because.as_ref(),
    };
    json!({
        "run": report.run.id,
        "plan": report.run.plan,
        "change": change.change.id,
        "instance": change.change.instance,
        "account": change.change.account,
        "label": change.change.label,
        "op": change.change.op.verb(),
        "stands": change.stand.word(),
        "why": why,
        "answer": answer(change),
        "task": task(change),
        "looked_at": looked_at(change),
        "ended_at": report.run.ended_at,
    })
}

/// The exit code that a run deserves.
pub(super) fn exit_of(report: &RunReport) -> Exit {
    let exits = report.changes.iter().map(|change| match &change.stand {
        Stand::Ended(Ending::Confirmed { .. }) => Exit::Ok,
        Stand::Ended(Ending::Contradicted { .. }) => Exit::Contradicted,
        Stand::Ended(Ending::Unproven { .. }) => Exit::Uncertain,
        Stand::Ended(Ending::Refused { .. } | Ending::Cancelled { .. }) | Stand::Held => {
            Exit::Refused
        }
        Stand::Ended(Ending::Failed { .. }) | Stand::Waiting | Stand::Later(_) => Exit::Vendor,
    });
    exits.fold(Exit::Ok, Exit::and)
}
