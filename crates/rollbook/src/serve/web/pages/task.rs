//! One task: what is to be done and how, what happened, and what whoever has it can say about it.

use hyper::StatusCode;
use rollbook_core::id::TaskId;
use rollbook_core::role::Right;
use rollbook_core::task::{Act, PROOFS_MAX, Proof, Task};
use rollbook_engine::Handed;
use serde::Serialize;

use super::{Fact, facts, unknown};
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, minute};
use crate::serve::web::door::Visit;
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;
use crate::serve::web::reply::Reply;
use crate::serve::web::{frame, lists, told};

#[derive(Serialize)]
struct TaskPage {
    id: String,
    title: String,
    state: Shown,
    because: String,
    facts: Vec<Fact>,
    steps: Vec<String>,
    message: Option<Message>,
    happened: Vec<Happened>,
    is_open: bool,
    /// Whoever looks has it, or stands in.
    is_theirs: bool,
    may_hand_over: bool,
    /// What must be handed in, as people call it; empty: nothing.
    wanted: String,
    takes_files: bool,
    is_read: bool,
}

#[derive(Serialize)]
struct Message {
    to: String,
    subject: String,
    text: String,
}

#[derive(Serialize)]
struct Happened {
    at: String,
    what: String,
    proofs: Vec<Exhibit>,
}

/// Something that was handed in, and where it can be taken away.
#[derive(Serialize)]
struct Exhibit {
    says: String,
    kind: &'static str,
    href: Option<String>,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let moment = &visit.moment;
    let task = find(moment, visit.named(0))?;
    let wanted: Vec<&str> = task.rule.proof.iter().map(|kind| kind.word()).collect();
    let page = TaskPage {
        id: task.id.to_string(),
        title: task.title.clone(),
        state: lists::stands(task, moment.now).into(),
        because: task.change.because.clone(),
        facts: about(moment, task),
        steps: task.steps.clone(),
        message: task.message.as_ref().map(|message| Message {
            to: message.to.clone(),
            subject: message.subject.clone(),
            text: message.text.clone(),
        }),
        happened: task
            .acts
            .iter()
            .map(|entry| happened(visit, task, entry.at, &entry.act))
            .collect(),
        is_open: !task.state().is_over(),
        is_theirs: task.is_for(visit.by()),
        may_hand_over: may_hand_over(visit, task),
        takes_files: task.proofs().count() < PROOFS_MAX,
        wanted: wanted.join(" or "),
        is_read: task.rule.is_read,
    };
    Ok(frame::draw(visit, "task.html", &task.title, &page))
}

fn find<'a>(moment: &'a Moment, id: &str) -> Result<&'a Task, Refusal> {
    let found = moment.known.tasks.iter().find(|task| task.id.as_str() == id);
    found.ok_or_else(|| unknown("task", id, "Tasks"))
}

/// Whoever has a task gives it to somebody else, and so does whoever runs plans.
fn may_hand_over(visit: &Visit<'_>, task: &Task) -> bool {
    task.is_for(visit.by()) || visit.may(Right::Run)
}

fn about(moment: &Moment, task: &Task) -> Vec<Fact> {
    let change = &task.change;
    let account = match change.account_ref() {
        Some(account) => Cell::text(&change.label).to(lists::account_page(&account)),
        None => Cell::text(&change.label),
    };
    let person = change.identity.as_ref().map_or_else(Cell::nothing, |id| {
        Cell::text(moment.name(id)).to(format!("/people/{}", encoded(id.as_str())))
    });
    let app = change.instance.as_str();
    facts([
        ("Who", Cell::text(task.assignee())),
        ("Due", Cell::moment(Some(task.due_at()))),
        ("Deputy", Cell::text(&task.rule.deputy)),
        ("Account", account),
        ("Person", person),
        ("App", Cell::text(app).to(format!("/apps/{}", encoded(app)))),
        ("Run", Cell::text(task.run.as_str()).to(format!("/runs/{}", encoded(task.run.as_str())))),
    ])
}

fn happened(visit: &Visit<'_>, task: &Task, at: jiff::Timestamp, act: &Act) -> Happened {
    let what = match act {
        Act::Assigned { to } => format!("{to} was asked."),
        Act::Reminded { whom } => format!("{whom} was reminded."),
        Act::Escalated { whom } => format!("{whom} was told that it is overdue."),
        Act::HandedOver { from, to, by, reason } => {
            format!("{by} handed it over from {from} to {to}: {reason}")
        }
        Act::HandedIn { by, .. } => format!("{by} said that it is done."),
        Act::Refused { by, reason } => format!("{by} refused it: {reason}"),
        Act::Reopened { why } => format!("It was reopened. {why}"),
        Act::Closed { why } => format!("It was closed. {why}"),
    };
    let proofs: &[Proof] = if let Act::HandedIn { proofs, .. } = act { proofs } else { &[] };
    let shown = |proof: &Proof| Exhibit {
        says: proof.says.clone(),
        kind: proof.kind.word(),
        href: visit
            .may(Right::Trace)
            .then(|| format!("/tasks/{}/proofs/{}", encoded(task.id.as_str()), proof.sha256)),
    };
    Happened { at: minute(at), what, proofs: proofs.iter().map(shown).collect() }
}

/// Whoever has the task says that it is done, and hands in what shows it.
pub(super) fn done(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = find(&visit.moment, visit.named(0))?.id.clone();
    let note = visit.field("note");
    let mut handed: Vec<Handed> = Vec::new();
    if !note.is_empty() {
        handed.push(Handed::note(note));
    }
    for file in &visit.asked.files {
        handed.push(Handed::named(&file.name, file.bytes.to_vec()).map_err(told)?);
    }
    visit.moment.engine.hand_in(&id, visit.by(), &handed).map_err(told)?;
    back(&id)
}

/// Whoever has the task says that it will not be done.
pub(super) fn refuse(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = find(&visit.moment, visit.named(0))?.id.clone();
    visit.moment.engine.refuse_task(&id, visit.by(), visit.field("reason")).map_err(told)?;
    back(&id)
}

/// Somebody else does it from now on.
pub(super) fn hand_over(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let task = find(&visit.moment, visit.named(0))?;
    if !may_hand_over(visit, task) {
        let detail = "A task is handed over by whoever has it, and by who runs plans.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, detail));
    }
    let (id, to, reason) = (task.id.clone(), visit.field("to"), visit.field("reason"));
    visit.moment.engine.hand_over(&id, to, visit.by(), reason).map_err(told)?;
    back(&id)
}

fn back(id: &TaskId) -> Result<Reply, Refusal> {
    Ok(Reply::See(format!("/tasks/{}", encoded(id.as_str()))))
}

/// What was handed in, as a file to keep. It is what somebody else made, so no browser shows it as a
/// page of ours.
pub(super) fn proof(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = find(&visit.moment, visit.named(0))?.id.clone();
    let digest = visit.named(1);
    let known = find(&visit.moment, visit.named(0))?.proofs().any(|proof| proof.sha256 == digest);
    if !known {
        return Err(unknown("proof", digest, "The task"));
    }
    let (proof, bytes) = visit.moment.engine.read_proof(&id, digest, visit.by()).map_err(told)?;
    let (end, media_type) = match proof.media_type.as_str() {
        "image/png" => ("png", "image/png"),
        "image/jpeg" => ("jpg", "image/jpeg"),
        "application/pdf" => ("pdf", "application/pdf"),
        "text/plain" => ("txt", "text/plain; charset=utf-8"),
        _ => ("bin", "application/octet-stream"),
    };
    let name = format!("{id}-{}.{end}", digest.get(..12).unwrap_or(digest));
    Ok(Reply::File { name, media_type, bytes })
}
