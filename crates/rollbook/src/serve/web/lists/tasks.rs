//! What people are asked to do where no program can, and how far each of it is.

use rollbook_core::role::Right;
use rollbook_core::task::{State, Task};

use crate::serve::web::cell::{Cell, Tone};
use crate::serve::web::list::{Column, Facet, List};
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;

pub(super) const LIST: List = List {
    key: "tasks",
    title: "Tasks",
    lead: "What people do where no program can. A task is not over because somebody says so: where \
           anything reads the app, the next reading must show it.",
    noun: ["task", "tasks"],
    right: Right::Read,
    count: |moment| moment.known.tasks.len(),
    id: |moment, at| one(moment, at).id.to_string(),
    columns: &[
        Column { key: "task", title: "What", cell: what },
        Column { key: "state", title: "Stands", cell: state },
        Column { key: "assignee", title: "Who", cell: assignee },
        Column { key: "due_at", title: "Due", cell: due_at },
        Column { key: "instance", title: "App", cell: instance },
        Column { key: "run", title: "Run", cell: run },
    ],
    facets: &[
        Facet { key: "standing", title: "Standing", words: of_standing, otherwise: Some("to do") },
        Facet { key: "state", title: "Stands", words: of_state, otherwise: None },
        Facet { key: "assignee", title: "Who", words: of_assignee, otherwise: None },
        Facet { key: "instance", title: "App", words: of_instance, otherwise: None },
    ],
    sort: "due_at",
    empty: "Nobody was asked to do anything yet. Name under `[instance.human]` who works in an app \
            that no program reaches, and the changes of a plan there become tasks.",
};

fn one(moment: &Moment, at: usize) -> &Task {
    &moment.known.tasks[at]
}

fn what(moment: &Moment, at: usize) -> Cell {
    let task = one(moment, at);
    Cell::text(&task.title)
        .toned(Tone::Strong)
        .noted(task.id.as_str())
        .to(format!("/tasks/{}", encoded(task.id.as_str())))
}

/// How a task stands, the most pressing first.
pub(crate) fn stands(task: &Task, now: jiff::Timestamp) -> Cell {
    match task.state() {
        _ if task.is_overdue(now) => Cell::ranked(0, "overdue", Tone::Bad),
        State::Open => Cell::ranked(1, "open", Tone::Warn),
        State::HandedIn => Cell::ranked(2, "handed in", Tone::Plain),
        State::Refused => Cell::ranked(3, "refused", Tone::Bad),
        State::Closed => Cell::ranked(4, "closed", Tone::Good),
    }
}

fn state(moment: &Moment, at: usize) -> Cell {
    stands(one(moment, at), moment.now)
}

fn assignee(moment: &Moment, at: usize) -> Cell {
    Cell::text(one(moment, at).assignee())
}

fn due_at(moment: &Moment, at: usize) -> Cell {
    Cell::moment(Some(one(moment, at).due_at()))
}

fn instance(moment: &Moment, at: usize) -> Cell {
    let name = one(moment, at).change.instance.as_str();
    Cell::text(name).to(format!("/apps/{}", encoded(name)))
}

fn run(moment: &Moment, at: usize) -> Cell {
    let run = one(moment, at).run.as_str();
    Cell::text(run).to(format!("/runs/{}", encoded(run)))
}

fn of_standing(moment: &Moment, at: usize) -> Vec<String> {
    let word = if one(moment, at).state().is_over() { "over" } else { "to do" };
    vec![word.to_owned()]
}

fn of_state(moment: &Moment, at: usize) -> Vec<String> {
    vec![state(moment, at).value.text()]
}

fn of_assignee(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).assignee().to_owned()]
}

fn of_instance(moment: &Moment, at: usize) -> Vec<String> {
    vec![one(moment, at).change.instance.to_string()]
}
