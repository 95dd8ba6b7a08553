//! `rollbook schedule`: what runs by itself, and whether it did.

use jiff::Timestamp;
use rollbook_core::explain::counted;
use rollbook_core::schedule::{Health, Outcome};
use rollbook_engine::{ControlRun, Result, Scheduled};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// What runs by itself, and whether it did
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  rollbook schedule list             each schedule, when it runs next, how it went last
  rollbook schedule show nightly     each slot that was kept, and how many were missed before it
  rollbook schedule check            end with 5 if something should have run and did not, or failed

Schedules are written as [[schedule]] in rollbook.toml. `rollbook serve` runs them."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the schedules: when each runs next, and how it went last
    List,
    /// Show the slots of a schedule that were kept, newest first
    Show {
        /// Its name
        name: String,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
        count: u32,
    },
    /// Say what should have run and did not, and what did not go well
    Check,
}

/// Lists, shows or checks.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.what {
        What::List => list(session),
        What::Show { name, count } => show(session, name, i64::from(*count)),
        What::Check => check(session),
    }
}

fn list(session: &Session) -> Result<Exit> {
    let schedules = session.open_beside()?.schedules()?;
    let screen = session.screen();
    if screen.is_json() {
        schedules.iter().for_each(|one| screen.json(&line(one)));
        return Ok(Exit::Ok);
    }
    if schedules.is_empty() {
        screen.line("Nothing runs by itself. Write [[schedule]] into rollbook.toml.");
        return Ok(Exit::Ok);
    }
    let rows = schedules.iter().map(|one| {
        let next = one.next.as_ref().map_or_else(|| "–".to_owned(), |slot| minute(slot.at));
        vec![
            Cell::toned(one.schedule.name.as_str(), Tone::Strong),
            one.schedule.what.word().into(),
            one.when.as_str().into(),
            next.into(),
            last(one),
        ]
    });
    screen.table(&["Schedule", "What", "When", "Next (UTC)", "Last"], rows.collect());
    schedules.iter().filter_map(trouble).for_each(|said| screen.paragraph(Tone::Warn, &said));
    Ok(Exit::Ok)
}

fn show(session: &Session, name: &str, count: i64) -> Result<Exit> {
    let runs = session.open_beside()?.control_runs(name, count)?;
    let screen = session.screen();
    if screen.is_json() {
        runs.iter().for_each(|run| screen.json(&run_line(run)));
        return Ok(Exit::Ok);
    }
    let rows = runs.iter().map(|run| {
        vec![
            Cell::toned(run.slot.as_str(), Tone::Strong),
            second(run.began_at).into(),
            run.ended_at.map_or_else(|| "–".to_owned(), second).into(),
            Cell::toned(run.outcome.word(), tone(run.outcome)),
            match run.missed {
                0 => String::new(),
                missed => format!("{missed} before it"),
            }
            .into(),
            run.said.as_str().into(),
        ]
    });
    screen.table(&["Slot", "Began (UTC)", "Ended (UTC)", "How", "Missed", "Said"], rows.collect());
    Ok(Exit::Ok)
}

fn check(session: &Session) -> Result<Exit> {
    let schedules = session.open_beside()?.schedules()?;
    let screen = session.screen();
    let troubles: Vec<_> = schedules.iter().filter_map(trouble).collect();
    if screen.is_json() {
        troubles.iter().for_each(|said| screen.json(&json!({ "trouble": said })));
    } else if troubles.is_empty() {
        let all = counted(schedules.len(), "schedule");
        screen.toned(Tone::Good, format!("Nothing is overdue and nothing failed: {all}."));
    } else {
        troubles.iter().for_each(|said| screen.paragraph(Tone::Warn, said));
    }
    Ok(if troubles.is_empty() { Exit::Ok } else { Exit::Refused })
}

/// What is wrong with a schedule, if anything is.
fn trouble(one: &Scheduled) -> Option<String> {
    let name = &one.schedule.name;
    match (&one.health, one.since) {
        (_, None) => Some(format!(
            "{name} is not followed: no `rollbook serve` has read it. It counts from when one does."
        )),
        (Health::Overdue(due), _) => {
            let more = match due.missed {
                0 => String::new(),
                missed => format!(", and {missed} slots before it"),
            };
            Some(format!(
                "{name} should have run at {} UTC and did not{more}. Is `rollbook serve` running?",
                minute(due.slot.at)
            ))
        }
        (Health::Failed, _) => {
            let said = one.newest.as_ref().map(|run| run.said.as_str()).unwrap_or_default();
            Some(format!("{name} did not go well the last time. {said}"))
        }
        (Health::New | Health::Well | Health::Busy, _) => None,
    }
}

fn last(one: &Scheduled) -> Cell {
    match (&one.health, &one.newest) {
        (Health::Overdue(_), _) => Cell::toned("overdue", Tone::Bad),
        (_, Some(run)) => {
            let text = format!("{} {}", run.outcome.word(), minute(run.began_at));
            Cell::toned(text, tone(run.outcome))
        }
        (_, None) => "–".into(),
    }
}

fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Done => Tone::Good,
        Outcome::Running => Tone::Plain,
        Outcome::Failed | Outcome::CutOff => Tone::Bad,
    }
}

fn line(one: &Scheduled) -> Value {
    let overdue = match &one.health {
        Health::Overdue(due) => json!({"slot": due.slot.key, "missed": due.missed}),
        _ => Value::Null,
    };
    json!({
        "schedule": one.schedule.name, "what": one.schedule.what, "when": one.when,
        "since": one.since, "next": one.next.as_ref().map(|slot| slot.at),
        "newest": one.newest.as_ref().map(run_line), "overdue": overdue, "trouble": trouble(one),
    })
}

fn run_line(run: &ControlRun) -> Value {
    json!({
        "schedule": run.schedule, "slot": run.slot, "slot_at": run.slot_at, "what": run.what,
        "outcome": run.outcome, "began_at": run.began_at, "ended_at": run.ended_at,
        "tries": run.tries, "missed": run.missed, "said": run.said,
    })
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
