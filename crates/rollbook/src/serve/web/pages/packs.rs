//! Packs taken away through the console. That one was made, and by whom, is recorded.

use rollbook_core::id::{IdentityId, RunId};
use rollbook_engine::packing::Subject;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::web::door::Visit;
use crate::serve::web::reply::Reply;
use crate::serve::web::told;

/// The proof about somebody.
pub(super) fn of_person(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = IdentityId::new(visit.named(0));
    if visit.moment.graph.identity(&id).is_none() {
        return Err(unknown("person", id.as_str(), "People"));
    }
    pack(visit, &Subject::Person(id))
}

/// The proof about a run.
pub(super) fn of_run(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = RunId::new(visit.named(0));
    if !visit.moment.known.runs.iter().any(|report| report.run.id == id) {
        return Err(unknown("run", id.as_str(), "Runs"));
    }
    pack(visit, &Subject::Run(id))
}

fn pack(visit: &Visit<'_>, subject: &Subject) -> Result<Reply, Refusal> {
    let bytes = visit.moment.engine.pack_archive(subject, visit.by()).map_err(told)?;
    // An id that is known has no letter that a file name may not have.
    let name = format!("rollbook-pack-{}-{}.zip", visit.named(0), visit.moment.today);
    Ok(Reply::File { name, media_type: "application/zip", bytes })
}
