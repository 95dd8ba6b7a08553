//! `rollbook policy`: whether the policy can be met, and what another one would have asked for.

use std::path::PathBuf;

use jiff::ToSpan;
use jiff::civil::Date;
use rollbook_core::explain::{counted, printable};
use rollbook_engine::{Result, Trial};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Check the policy, or try one on the plans made before
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook policy check                    who of those named has left, which rule can never be met
  rollbook policy try --with stricter.toml what that policy would have asked of the last 90 days' plans

`try` judges who had to agree and who did. Stops are not judged anew: nobody knows any more what was
seen then. Nothing is changed or recorded.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say what in the policy can never be met, or will not be for long
    Check,
    /// Say what a policy would have asked for the plans that were made before
    Try {
        /// A file like rollbook.toml whose [policy] is tried; left out: the one in use
        #[arg(long, value_name = "FILE")]
        with: Option<PathBuf>,
        /// Plans of this day and later; left out: the last 90 days
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
    },
}

/// How many days back plans are tried where nobody says so: a quarter.
const DAYS: i64 = 90;

/// Checks or tries.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.what {
        What::Check => check(session),
        What::Try { with, since } => try_on_plans(session, with.as_ref(), *since),
    }
}

fn check(session: &Session) -> Result<Exit> {
    let doubts = session.open_beside()?.policy_doubts()?;
    let screen = session.screen();
    if screen.is_json() {
        doubts.iter().for_each(|doubt| screen.json(&json!({ "doubt": doubt })));
    } else if doubts.is_empty() {
        screen.toned(
            Tone::Good,
            "Everybody whom the policy names is known, and every rule can be met.",
        );
    } else {
        doubts.iter().for_each(|doubt| screen.toned(Tone::Warn, format!("- {doubt}")));
    }
    Ok(if doubts.is_empty() { Exit::Ok } else { Exit::Refused })
}

fn try_on_plans(session: &Session, with: Option<&PathBuf>, since: Option<Date>) -> Result<Exit> {
    let engine = session.open_beside()?;
    let config = engine.newest_config();
    let policy = match with {
        Some(file) => engine.policy_in(file)?,
        None => config.policy.clone(),
    };
    let since =
        since.unwrap_or_else(|| engine.today().checked_sub(DAYS.days()).unwrap_or(Date::MIN));
    let trials = engine.try_policy(&policy, since)?;
    let screen = session.screen();
    if screen.is_json() {
        for Trial { plan, was_run, rules, missing } in &trials {
            screen.json(&json!({
                "plan": plan.id(), "made_at": plan.made_at(), "requester": plan.requester(),
                "changes": plan.changes().len(), "was_run": was_run, "rules": rules,
                "missing": missing,
            }));
        }
        return Ok(Exit::Ok);
    }
    if trials.is_empty() {
        screen.line(format!(
            "No plan was made on {since} or later, so there is nothing to try it on."
        ));
        return Ok(Exit::Ok);
    }
    screen.table(
        &["Plan", "Made (UTC)", "Asked by", "Changes", "Then", "Under this policy"],
        trials.iter().map(row).collect(),
    );
    let would_wait = trials.iter().filter(|trial| trial.was_run && trial.missing.is_some()).count();
    let ran = trials.iter().filter(|trial| trial.was_run).count();
    screen.line("");
    screen.line(format!(
        "{} since {since}. Of {} that ran, {} would have had to wait.",
        counted(trials.len(), "plan"),
        ran,
        would_wait,
    ));
    Ok(Exit::Ok)
}

fn row(trial: &Trial) -> Vec<Cell> {
    let Trial { plan, was_run, rules, missing } = trial;
    let names: Vec<&str> = rules.iter().map(|rule| rule.rule.as_str()).collect();
    let under = match missing {
        Some(why) => {
            Cell::toned(why.lines().map(printable).collect::<Vec<_>>().join(" "), Tone::Warn)
        }
        None if names.is_empty() => "it could run".into(),
        None => printable(&format!("it could run; met: {}", names.join(", "))).into(),
    };
    vec![
        Cell::toned(plan.id().as_str(), Tone::Strong),
        plan.made_at().strftime("%Y-%m-%d %H:%M").to_string().into(),
        printable(plan.requester()).into(),
        plan.changes().len().to_string().into(),
        if *was_run { "it ran".into() } else { "it did not run".into() },
        under,
    ]
}
