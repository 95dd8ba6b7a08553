//! `task_overdue`: somebody was asked to do something, and it should have been done by now.

use jiff::Timestamp;

use super::case::{Draft, finding};
use super::{Evidence, Finding, Kind, Severity, Subject};
use crate::task::{State, Task};

/// Every one of `tasks` that is overdue at `now`.
pub fn find_overdue(tasks: &[Task], now: Timestamp) -> Vec<Finding> {
    tasks.iter().filter(|task| task.is_overdue(now)).map(overdue).collect()
}

fn overdue(task: &Task) -> Finding {
    let due = task.due_at().strftime("%-d %B %Y");
    let title = task.title.trim_end_matches('.');
    let because = match task.state() {
        State::HandedIn => format!(
            "{}: it was due on {due}. {}, and nothing that was read since shows it.",
            title,
            task.word()
        ),
        _ => format!("{title}: {} was to do it by {due}, and it is not done.", task.assignee()),
    };
    let takes_away = task.change.op.takes_away();
    let mut evidence = vec![
        Evidence::new("due", task.due_at().to_string(), &task.id),
        Evidence::new("who has it", task.assignee(), &task.id),
    ];
    evidence.extend(
        task.change.account_ref().map(|at| Evidence::new("account", task.change.label.clone(), at)),
    );
    finding(Draft {
        kind: Kind::TaskOverdue,
        subject: Subject::Task { instance: task.change.instance.clone(), task: task.id.clone() },
        identity: task.change.identity.clone(),
        severity: if takes_away { Severity::High } else { Severity::Medium },
        because,
        evidence,
    })
}
