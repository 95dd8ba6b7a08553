//! `rollbook policy`: whether the policy can be met, and what another one would have asked for.

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rollbook_core::explain::{counted, printable};
use rollbook_core::policy::Raisable;
use rollbook_engine::{Raising, Result, Trial};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::pick;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Check the policy, try one on the plans made before, raise a limit for a time
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook policy check                    who of those named has left, which rule can never be met
  rollbook policy try --with stricter.toml what that policy would have asked of the last 90 days' plans

  rollbook policy raise removed_max --to 120 --in wiki --hours 4 --reason 'The wiki moves'
  rollbook policy agree lim_0123456789abcdef0123 --by 'Kim Orlov'
  rollbook policy accept wiki --reason 'Links and findings were looked at'

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
    /// Ask that a limit be higher for a time
    Raise {
        /// Which limit
        #[arg(value_enum)]
        limit: Limit,
        /// How high
        #[arg(long)]
        to: u32,
        /// In which instance; left out: over all of them
        #[arg(long = "in", value_name = "INSTANCE")]
        instance: Option<String>,
        /// For how many hours
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=720))]
        hours: u32,
        /// Why; an auditor will read it
        #[arg(long)]
        reason: String,
    },
    /// Agree to what somebody else asked for
    Agree {
        /// Its id
        id: String,
    },
    /// List what was asked for, and what of it holds
    Raises,
    /// Say that an instance's first whole view was looked at, so that plans may change it
    Accept {
        /// The instance
        instance: String,
        /// What was looked at; an auditor will read it
        #[arg(long)]
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Limit {
    /// The share of an instance's accounts that may lose access, in percent
    #[value(name = "removed_pct_max")]
    RemovedPct,
    /// How many accounts of an instance may lose access
    #[value(name = "removed_max")]
    Removed,
    /// How much may be given in an instance
    #[value(name = "created_max")]
    Created,
    /// How much may be taken away over all instances
    #[value(name = "workspace_removed_max")]
    WorkspaceRemoved,
    /// How much of that one person or identity provider may ask for
    #[value(name = "requester_removed_max")]
    RequesterRemoved,
}

impl From<Limit> for Raisable {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::RemovedPct => Self::RemovedPctMax,
            Limit::Removed => Self::RemovedMax,
            Limit::Created => Self::CreatedMax,
            Limit::WorkspaceRemoved => Self::WorkspaceRemovedMax,
            Limit::RequesterRemoved => Self::RequesterRemovedMax,
        }
    }
}

/// How many days back plans are tried where nobody says so: a quarter.
const DAYS: i64 = 90;

/// Checks or tries.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.what {
        What::Check => check(session),
        What::Try { with, since } => try_on_plans(session, with.as_ref(), *since),
        What::Raise { limit, to, instance, hours, reason } => {
            let engine = session.open_beside()?;
            let instance = instance.as_deref().map(|name| pick::instance(&engine, name));
            let until = engine.now().checked_add(SignedDuration::from_hours((*hours).into()));
            let raising = Raising {
                instance: instance.transpose()?,
                limit: (*limit).into(),
                to: *to,
                until: until.unwrap_or(Timestamp::MAX),
                reason: reason.clone(),
            };
            let raise = engine.ask_raise(raising, &session.by()?)?;
            let next =
                format!("`rollbook policy agree {}` by somebody else lets it hold.", raise.id);
            say(session, &json!(raise), &next);
            Ok(Exit::Ok)
        }
        What::Agree { id } => {
            let raise = session.open_beside()?.agree_raise(id, &session.by()?)?;
            say(session, &json!(raise), &format!("It holds until {}.", raise.until));
            Ok(Exit::Ok)
        }
        What::Raises => raises(session),
        What::Accept { instance, reason } => {
            let engine = session.open_beside()?;
            let instance = pick::instance(&engine, instance)?;
            engine.accept_first_view(&instance, &session.by()?, reason)?;
            say(session, &json!({"accepted": instance}), "Plans may change it from now on.");
            Ok(Exit::Ok)
        }
    }
}

fn say(session: &Session, value: &Value, said: &str) {
    match session.screen().is_json() {
        true => session.screen().json(value),
        false => session.screen().toned(Tone::Good, said),
    }
}

fn raises(session: &Session) -> Result<Exit> {
    let engine = session.open_beside()?;
    let (all, now, screen) = (engine.raises()?, engine.now(), session.screen());
    if screen.is_json() {
        all.iter().for_each(|raise| screen.json(raise));
        return Ok(Exit::Ok);
    }
    if all.is_empty() {
        screen.line("No limit was ever raised.");
        return Ok(Exit::Ok);
    }
    let rows = all.iter().map(|raise| {
        let stand = match raise.holds(now) {
            true => Cell::toned("holds", Tone::Warn),
            false if now >= raise.until => "ended".into(),
            false => "waits for somebody to agree".into(),
        };
        let place = raise.instance.as_ref().map_or("over all", |instance| instance.as_str());
        vec![
            Cell::toned(raise.id.as_str(), Tone::Strong),
            format!("{} {place} to {}", raise.limit.word(), raise.to).into(),
            raise.until.strftime("%Y-%m-%d %H:%M").to_string().into(),
            printable(&raise.asked_by).into(),
            printable(&raise.approved_by).into(),
            stand,
        ]
    });
    let heads = ["Id", "Limit", "Until (UTC)", "Asked by", "Agreed by", ""];
    screen.table(&heads, rows.collect());
    Ok(Exit::Ok)
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
