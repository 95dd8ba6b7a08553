//! One run: where each change stands, and what was recorded about it.

use rollbook_core::step::{Ending, Outcome, Recorded, Verdict};
use rollbook_engine::{ChangeReport, Stand};
use serde::Serialize;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone, minute};
use crate::serve::web::door::Visit;
use crate::serve::web::reply::Reply;
use crate::serve::web::{frame, lists};

#[derive(Serialize)]
struct RunPage {
    id: String,
    /// The number of the newest record that the page knows.
    known: u64,
    plan: String,
    began_at: String,
    ended_at: Option<String>,
    confirmed: usize,
    changes: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    verb: &'static str,
    about: Shown,
    app: String,
    channel: String,
    stand: Shown,
    why: String,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    at: String,
    what: String,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let (moment, id) = (&visit.moment, visit.named(0));
    let report = moment.known.runs.iter().find(|report| report.run.id.as_str() == id);
    let report = report.ok_or_else(|| unknown("run", id, "Runs"))?;
    let is_confirmed =
        |change: &&ChangeReport| matches!(change.stand, Stand::Ended(Ending::Confirmed { .. }));
    let page = RunPage {
        id: id.to_owned(),
        known: moment.known.size,
        plan: report.run.plan.to_string(),
        began_at: minute(report.run.began_at),
        ended_at: report.run.ended_at.map(minute),
        confirmed: report.changes.iter().filter(is_confirmed).count(),
        changes: report.changes.iter().map(line).collect(),
    };
    Ok(frame::draw(visit, "run.html", "Run", &page))
}

/// What a browser that watches a run is told: that the book moved since it was told last. `since`, or the
/// header that browsers repeat, is the number of the last record that it knows.
pub(super) fn events(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let (moment, id) = (&visit.moment, visit.named(0));
    let report = moment.known.runs.iter().find(|report| report.run.id.as_str() == id);
    let report = report.ok_or_else(|| unknown("run", id, "Runs"))?;
    let said = visit.asked.last_event.as_deref().or(visit.asked.query.get("since"));
    let since: u64 = said.and_then(|said| said.parse().ok()).unwrap_or(0);
    if moment.known.size > since {
        return Ok(Reply::Event { id: moment.known.size });
    }
    Ok(if report.run.ended_at.is_some() { Reply::NoMoreEvents } else { Reply::NoEventYet })
}

fn line(report: &ChangeReport) -> Line {
    let change = &report.change;
    let about = Cell::text(&change.label).toned(Tone::Strong);
    let (tone, why) = match &report.stand {
        Stand::Ended(ending) => {
            let tone = match ending {
                Ending::Confirmed { .. } => Tone::Good,
                Ending::Refused { .. } | Ending::Unproven { .. } | Ending::Cancelled { .. } => {
                    Tone::Warn
                }
                Ending::Contradicted { .. } | Ending::Failed { .. } => Tone::Bad,
            };
            (tone, rollbook_core::explain::ending(change, ending))
        }
        Stand::Held => (Tone::Warn, report.held_because.clone().unwrap_or_default()),
        Stand::Waiting => {
            (Tone::Warn, "Somebody was asked to do it, and it was not seen yet.".into())
        }
        Stand::Later(at) => (Tone::Plain, format!("It goes on at {}.", minute(*at))),
    };
    Line {
        verb: change.op.verb(),
        about: match change.account_ref() {
            Some(account) => about.to(lists::account_page(&account)),
            None => about,
        }
        .into(),
        app: change.instance.to_string(),
        channel: change.route.channel.clone(),
        stand: Cell::badge(report.stand.word(), tone).into(),
        why,
        steps: report.recorded.iter().map(step).collect(),
    }
}

fn step(recorded: &Recorded) -> Step {
    let (at, what) = match recorded {
        Recorded::Intended { at } => (at, "About to be sent".to_owned()),
        Recorded::Acted { at, outcome } => (at, acted(outcome)),
        Recorded::Looked { at, .. } => (at, "Looked whether it is to be sent".to_owned()),
        Recorded::Proven { at } => (at, "Whoever had the task says that it is done".to_owned()),
        Recorded::Verified { at, verdict, .. } => (at, verified(verdict)),
        Recorded::Cancelled { at, why } | Recorded::SetAside { at, why } => (at, why.clone()),
    };
    Step { at: at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(), what }
}

fn acted(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { receipt, .. } => {
            format!("Done: {} was answered with {}", receipt.request, receipt.status)
        }
        Outcome::AlreadyDone { .. } => "It was so already, and nothing was sent".to_owned(),
        Outcome::Waiting { task } => format!("Asked for: {task}"),
        Outcome::Refused { why } => format!("Not sent: {why}"),
        Outcome::Failed { why, .. } => format!("Failed: {why}"),
        Outcome::Uncertain { why } => format!("Uncertain: {why}"),
    }
}

fn verified(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Confirmed => "Looked again, and saw it done".to_owned(),
        Verdict::Contradicted { .. } => "Looked again, and saw it otherwise".to_owned(),
        Verdict::Unobservable { .. } => "Looked again, and could not see it".to_owned(),
    }
}
