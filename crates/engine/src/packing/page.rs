//! The rows of a pack as the page for people shows them.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use rollbook_core::event::Checkpoint;
use rollbook_core::id::hex;
use rollbook_core::worker::WorkerRecord;
use sha2::{Digest, Sha256};

use super::gather::Gathered;
use super::row::AccountRow;
use super::task::TaskRow;
use crate::engine::Engine;
use crate::evidence::DataFile;
use crate::pack_page::{
    self, ApprovalRow, BlindSpot, ChainHead, Exception, FileRow, Mark, PackPage, Person, PlanRow,
    Population, RecordRow,
};
use crate::planning::Proposal;

pub(super) fn page(
    engine: &Engine,
    gathered: &Gathered,
    files: &[DataFile],
    by: &str,
    now: Timestamp,
    checkpoint: &Checkpoint,
) -> PackPage {
    PackPage {
        company: engine.config.workspace.name.clone(),
        subject: gathered.title.clone(),
        person: person(gathered),
        made_at: now,
        made_by: by.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        zone: engine.config.workspace.zone(),
        accounts: gathered.accounts.iter().map(account).collect(),
        tasks: gathered.tasks.iter().map(TaskRow::shown).collect(),
        exceptions: exceptions(gathered),
        blind_spots: blind_spots(gathered),
        populations: populations(gathered),
        plans: gathered.plans.iter().map(plan).collect(),
        pictures: Vec::new(),
        files: files.iter().map(file).collect(),
        chain: ChainHead {
            events: checkpoint.size,
            head: checkpoint.head.clone(),
            signed_at: Some(checkpoint.at),
            public_key: hex(engine.key.verifying_key().as_bytes()),
        },
    }
}

fn person(gathered: &Gathered) -> Option<Person> {
    let id = gathered.person.as_ref()?;
    Some(Person {
        name: gathered.title.clone(),
        identity: id.to_string(),
        last_day: gathered.last_day,
        records: gathered.graph.records_of(id).map(record).collect(),
    })
}

fn record(record: &WorkerRecord) -> RecordRow {
    let day_before = |gone: Date| gone.checked_sub(1.day()).ok();
    RecordRow {
        record: record.record_ref().to_string(),
        kind: record.kind.clone(),
        first_day: record.starts,
        last_day: record.ends.and_then(day_before),
    }
}

fn account(row: &AccountRow) -> pack_page::AccountRow {
    let mut shown = pack_page::AccountRow {
        app: row.instance.clone(),
        login: row.login.clone(),
        key: row.key.clone(),
        privileged: row.privileged,
        owner_because: row.link_because.clone(),
        before: row.state_now.clone(),
        wanted: String::new(),
        channel: String::new(),
        sent_at: None,
        answered: String::new(),
        verified_at: None,
        verified_how: String::new(),
        verdict: Mark::LeftAlone,
    };
    if let Some(done) = &row.done {
        shown.before.clone_from(&done.before);
        shown.wanted.clone_from(&done.wanted);
        shown.channel.clone_from(&done.channel);
        shown.sent_at = done.sent_at;
        shown.answered.clone_from(&done.answered);
        shown.verified_at = done.verified_at;
        shown.verified_how.clone_from(&done.verified_how);
        shown.verdict = done.mark;
    }
    shown
}

fn exceptions(gathered: &Gathered) -> Vec<Exception> {
    let rows = gathered.exceptions.iter();
    rows.map(|row| Exception { what: row.what.clone(), because: row.because.clone() }).collect()
}

fn blind_spots(gathered: &Gathered) -> Vec<BlindSpot> {
    let rows = gathered.blind_spots.iter();
    rows.map(|row| BlindSpot { place: row.what.clone(), because: row.because.clone() }).collect()
}

fn populations(gathered: &Gathered) -> Vec<Population> {
    let rows = gathered.population.iter().map(|row| Population {
        place: row.place.clone(),
        channel: row.channel.clone(),
        taken_at: row.taken_at,
        coverage: row.coverage.clone(),
        counted: row.counted,
        reported: row.reported,
        digest: row.digest.clone(),
    });
    rows.collect()
}

fn plan(proposal: &Proposal) -> PlanRow {
    let agreed = proposal.approvals.iter();
    PlanRow {
        plan: proposal.plan.id().to_string(),
        digest: proposal.plan.digest().to_owned(),
        asked_by: proposal.plan.requester().to_owned(),
        made_at: proposal.plan.made_at(),
        approvals: agreed.map(|a| ApprovalRow { by: a.by.clone(), at: a.at }).collect(),
        ran_at: proposal.run.as_ref().map(|run| run.began_at),
    }
}

fn file(file: &DataFile) -> FileRow {
    let holds = match file.name.split('.').next().unwrap_or_default() {
        "leaver" => "Every account, what was done about it and what a second look saw.",
        "exceptions" => "What did not go as wished, or was left alone knowingly.",
        "blind_spots" => "What could not be seen when the pack was made.",
        "tasks" => "What people were asked to do, what they said of it and what they handed in.",
        name if name.starts_with("proof-") => "What somebody handed in for a task.",
        "population" => "How every source and instance was read, with counts.",
        _ => "Who asked, who agreed, and to which digest.",
    };
    FileRow {
        name: file.name.clone(),
        holds: holds.to_owned(),
        rows: Some(file.rows),
        digest: hex(&Sha256::digest(&file.bytes)),
    }
}
