//! `rollbook task`: what people are asked to do, and what they say of it.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;
use rollbook_core::explain::{counted, printable};
use rollbook_core::id::TaskId;
use rollbook_core::task::{Act, State, Task};
use rollbook_engine::channel::notice::Notice;
use rollbook_engine::{Handed, Result};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::screen::{Cell, Screen, Tone};
use crate::session::Session;

/// What people are asked to do, and what they say of it
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  rollbook task list
  rollbook task show tsk_0123456789abcdef0123
  rollbook task done tsk_0123456789abcdef0123 --note 'Removed in the console' --file after.png
  rollbook task refuse tsk_0123456789abcdef0123 --reason 'Legal hold until March'
  rollbook task hand-over tsk_0123456789abcdef0123 --to 'Kim Jansen' --reason 'I am away'

A task is not over because somebody says so: where anything reads the app, the next reading must show
it, and `rollbook run resume` looks. Silence completes nothing; it is reminded of and escalated."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what is to be done, the longest overdue first
    List {
        /// Those that are over too
        #[arg(long)]
        all: bool,
        /// Only what this person has
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
    },
    /// Show a task: what is to be done, how, and what happened
    Show {
        /// Its id
        task: String,
    },
    /// Say that it is done, and hand in what shows it
    Done {
        /// Its id
        task: String,
        /// What you did, in a sentence
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// A file or a screenshot that shows it; may be given several times
        #[arg(long, value_name = "PATH")]
        file: Vec<PathBuf>,
    },
    /// Say that it will not be done; its change ends as refused
    Refuse {
        /// Its id
        task: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Have somebody else do it
    HandOver {
        /// Its id
        task: String,
        /// Who does it from now on
        #[arg(long, value_name = "NAME")]
        to: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

impl Args {
    /// To show a task.
    pub(crate) fn show(task: &TaskId) -> Self {
        Self { what: What::Show { task: task.to_string() } }
    }

    /// To say that a task is done, in a sentence.
    pub(crate) fn done(task: &TaskId, note: &str) -> Self {
        let (task, note) = (task.to_string(), Some(note.to_owned()));
        Self { what: What::Done { task, note, file: Vec::new() } }
    }
}

/// Lists, shows, or records what somebody says.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let now = engine.now();
    match &args.what {
        What::List { all, of } => {
            let mut tasks = engine.tasks()?;
            tasks.retain(|task| *all || !task.state().is_over());
            tasks.retain(|task| of.as_ref().is_none_or(|of| task.assignee() == of));
            tasks.sort_by_key(|task| (task.state().is_over(), task.due_at(), task.id.clone()));
            list(session, &tasks, now);
            on_their_way(session.screen(), &tasks, &engine.untold_notices()?);
        }
        What::Show { task } => show(session, &engine.task(&TaskId::new(task))?, now),
        What::Done { task, note, file } => {
            let note = note.iter().map(|text| Ok(Handed::note(text)));
            let files = file.iter().map(|path| Handed::file(path));
            let handed = note.chain(files).collect::<Result<Vec<_>>>()?;
            let task = engine.hand_in(&TaskId::new(task), &session.by()?, &handed)?;
            let next = match task.rule.is_read {
                true => "The next reading must show it; `rollbook run resume` looks.",
                false => {
                    "Nothing reads the app, so it rests on your word; `rollbook run resume` \
                          goes on."
                }
            };
            told(session, &task, now, &format!("{} is handed in. {next}", task.id));
        }
        What::Refuse { task, reason } => {
            let task = engine.refuse_task(&TaskId::new(task), &session.by()?, reason)?;
            let said = "is refused. `rollbook run resume` ends its change.";
            told(session, &task, now, &format!("{} {said}", task.id));
        }
        What::HandOver { task, to, reason } => {
            let task = engine.hand_over(&TaskId::new(task), to, &session.by()?, reason)?;
            let said =
                format!("{} is {}'s now, due {}.", task.id, task.assignee(), minute(task.due_at()));
            told(session, &task, now, &said);
        }
    }
    Ok(Exit::Ok)
}

fn list(session: &Session, tasks: &[Task], now: Timestamp) {
    let screen = session.screen();
    if screen.is_json() {
        tasks.iter().for_each(|task| screen.json(&line(task, now)));
        return;
    }
    if tasks.is_empty() {
        return screen.line("Nobody has a task.");
    }
    let rows = tasks.iter().map(|task| {
        let (stands, tone) = stands(task, now);
        vec![
            Cell::toned(task.id.as_str(), Tone::Strong),
            task.title.as_str().into(),
            task.assignee().into(),
            minute(task.due_at()).into(),
            Cell::toned(stands, tone),
        ]
    });
    screen.table(&["Task", "What", "Who", "Due (UTC)", "Stands"], rows.collect());
    let overdue = tasks.iter().filter(|task| task.is_overdue(now)).count();
    if overdue > 0 {
        screen.line("");
        let said = format!("{} overdue; silence completes nothing.", counted(overdue, "task"));
        screen.toned(Tone::Warn, said);
    }
}

/// That people have not heard yet of what they are asked.
fn on_their_way(screen: &Screen, tasks: &[Task], notices: &[Notice]) {
    let about: Vec<&Notice> =
        notices.iter().filter(|it| tasks.iter().any(|task| task.id.as_str() == it.task)).collect();
    let Some(oldest) = about.first().filter(|_| !screen.is_json()) else { return };
    let said = format!(
        "{} about these tasks nobody has taken yet, the oldest for {} since {} (UTC); they are sent again.",
        counted(about.len(), "notice"),
        oldest.whom,
        minute(oldest.at),
    );
    screen.paragraph(Tone::Warn, &said);
}

fn stands(task: &Task, now: Timestamp) -> (&'static str, Tone) {
    match task.state() {
        _ if task.is_overdue(now) => ("overdue", Tone::Bad),
        State::Open => ("open", Tone::Warn),
        State::HandedIn => ("handed in", Tone::Warn),
        State::Refused => ("refused", Tone::Bad),
        State::Closed => ("closed", Tone::Good),
    }
}

fn show(session: &Session, task: &Task, now: Timestamp) {
    let screen = session.screen();
    if screen.is_json() {
        return screen.json(&line(task, now));
    }
    let (stands, tone) = stands(task, now);
    screen.heading(&task.title);
    screen
        .toned(tone, format!("{}: {stands}, due {} UTC.", task.assignee(), minute(task.due_at())));
    screen.paragraph(Tone::Plain, &printable(&task.change.because));
    screen.heading("How");
    for (at, step) in task.steps.iter().enumerate() {
        screen.line(printable(&format!("{}. {step}", at + 1)));
    }
    if let Some(message) = &task.message {
        screen.heading("The message to send");
        screen.line(printable(&format!("To: {}", message.to)));
        screen.line(printable(&format!("Subject: {}", message.subject)));
        message.text.lines().for_each(|text| screen.line(printable(text)));
    }
    screen.heading("What happened");
    for entry in &task.acts {
        screen.line(printable(&format!("{} UTC: {}", minute(entry.at), happened(&entry.act))));
    }
    if !task.state().is_over() {
        screen.line("");
        let wanted: Vec<_> = task.rule.proof.iter().map(|kind| kind.word()).collect();
        let with = match wanted.is_empty() {
            true => String::new(),
            false => format!(" with a proof ({})", wanted.join(" or ")),
        };
        let said = format!("When it is done, say so{with}: `rollbook task done {}`.", task.id);
        screen.paragraph(Tone::Plain, &said);
    }
}

/// What happened, as a sentence.
fn happened(act: &Act) -> String {
    match act {
        Act::Assigned { to } => format!("{to} was asked."),
        Act::Reminded { whom } => format!("{whom} was reminded."),
        Act::Escalated { whom } => format!("{whom} was told that it is overdue."),
        Act::HandedOver { from, to, by, reason } => {
            format!("{by} handed it over from {from} to {to}: {reason}")
        }
        Act::HandedIn { by, proofs } => {
            let proofs: Vec<_> = proofs
                .iter()
                .map(|proof| format!("{} \"{}\"", proof.kind.word(), proof.says))
                .collect();
            match proofs.is_empty() {
                true => format!("{by} said that it is done."),
                false => format!("{by} said that it is done and handed in {}.", proofs.join(", ")),
            }
        }
        Act::Refused { by, reason } => format!("{by} refused it: {reason}"),
        Act::Reopened { why } => format!("It was reopened. {why}"),
        Act::Closed { why } => format!("It was closed. {why}"),
    }
}

fn told(session: &Session, task: &Task, now: Timestamp, said: &str) {
    match session.screen().is_json() {
        true => session.screen().json(&line(task, now)),
        false => session.screen().paragraph(Tone::Good, said),
    }
}

fn line(task: &Task, now: Timestamp) -> Value {
    json!({
        "task": task.id,
        "run": task.run,
        "change": task.change.id,
        "instance": task.change.instance,
        "account": task.change.account,
        "title": task.title,
        "steps": task.steps,
        "message": task.message,
        "assignee": task.assignee(),
        "due_at": task.due_at(),
        "overdue": task.is_overdue(now),
        "state": task.state().word(),
        "acts": task.acts,
    })
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
