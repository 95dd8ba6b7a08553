//! Changes of accounts as OCSF 1.3 Account Change events (class 3001), for programs that collect them.

use rollbook_core::canonical;
use rollbook_core::change::Verb;
use serde_json::{Value, json};

use super::book::Seen;
use super::people::sent_at;
use crate::applying::{ChangeReport, RunReport, Stand};
use crate::evidence::DataFile;

/// The class Account Change of the category Identity & Access Management.
const CLASS: u64 = 3001;

/// One line for each change that was sent in the period.
pub(super) fn file(seen: &Seen<'_>) -> DataFile {
    let in_period = |one: &ChangeReport| sent_at(one).is_some_and(|at| seen.within(at));
    let all = seen.changes().filter(|(_, one)| in_period(one));
    let lines: Vec<Value> = all.map(|(run, one)| line(seen, run, one)).collect();
    let bytes = lines.iter().flat_map(|line| {
        let mut bytes = canonical::bytes(&canonical::exact(line.clone()));
        bytes.push(b'\n');
        bytes
    });
    let (name, rows) = ("ocsf_account_change.jsonl".to_owned(), lines.len() as u64);
    DataFile { name, rows, bytes: bytes.collect() }
}

fn line(seen: &Seen<'_>, run: &RunReport, one: &ChangeReport) -> Value {
    use rollbook_core::step::Ending;
    let change = &one.change;
    let (activity_id, activity) = activity(change.op.word());
    let (status_id, status) = match &one.stand {
        Stand::Ended(Ending::Confirmed { .. }) => (1, "Success"),
        Stand::Ended(Ending::Unproven { .. }) => (0, "Unknown"),
        Stand::Ended(_) => (2, "Failure"),
        Stand::Held | Stand::Waiting | Stand::Later(_) => (0, "Unknown"),
    };
    let name = change.identity.as_ref().map(|id| seen.name_of(id));
    json!({
        "activity_id": activity_id,
        "activity_name": activity,
        "actor": {"app_name": "Rollbook", "user": {"name": run.plan.requester()}},
        "category_name": "Identity & Access Management",
        "category_uid": 3,
        "class_name": "Account Change",
        "class_uid": CLASS,
        "message": change.because,
        "metadata": {
            "correlation_uid": run.run.id,
            "product": {
                "name": "Rollbook", "vendor_name": "Rollbook", "version": env!("CARGO_PKG_VERSION"),
            },
            "uid": change.id,
            "version": "1.3.0",
        },
        "severity": "Informational",
        "severity_id": 1,
        "status": status,
        "status_detail": one.stand.word(),
        "status_id": status_id,
        "time": sent_at(one).map(|at| at.as_millisecond()),
        "type_uid": CLASS * 100 + activity_id,
        "unmapped": {"instance": change.instance, "plan": run.plan.id(), "verb": change.op.verb()},
        "user": {
            "account": {"name": change.expects.login, "uid": change.account},
            "full_name": name,
            "name": change.expects.login,
            "uid": change.account,
        },
    })
}

/// The activity of an operation, as the class numbers and names them.
fn activity(verb: Verb) -> (u64, &'static str) {
    match verb {
        Verb::Create => (1, "Create"),
        Verb::Reactivate => (2, "Enable"),
        Verb::Suspend => (5, "Disable"),
        Verb::Remove => (6, "Delete"),
        Verb::Grant => (7, "Attach Policy"),
        Verb::Revoke => (8, "Detach Policy"),
        Verb::Update => (99, "Update"),
    }
}
