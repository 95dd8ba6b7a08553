//! One record of the chain, in full.

use serde::Serialize;

use super::{Fact, facts, unknown};
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::Cell;
use crate::serve::web::door::Visit;
use crate::serve::web::{frame, lists, told};

#[derive(Serialize)]
struct EventPage {
    seq: u64,
    kind: String,
    facts: Vec<Fact>,
    body: Option<String>,
    before: Option<u64>,
    after: Option<u64>,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let (moment, seq) = (&visit.moment, visit.named(0));
    moment.read_events().map_err(told)?;
    let events = moment.events();
    let at = events.iter().position(|(event, _)| event.seq.to_string() == seq);
    let at = at.ok_or_else(|| unknown("record", seq, "Audit"))?;
    let (event, body) = &events[at];
    let content = body.as_ref().filter(|body| !body.is_erased() && !body.is_withheld());
    let text = content.map(|body| serde_json::to_string_pretty(&body.content));
    let concerns: Vec<&str> = event.concerns.iter().map(|concern| concern.as_str()).collect();
    let page = EventPage {
        seq: event.seq,
        kind: lists::words(&event.kind),
        facts: facts([
            ("When", Cell::text(event.at.strftime("%Y-%m-%d %H:%M:%S%.3f UTC").to_string())),
            ("By", Cell::text(&event.actor)),
            ("For", Cell::text(&event.on_behalf_of)),
            ("About", Cell::text(&event.subject)),
            ("Tells of", Cell::text(concerns.join(", "))),
            ("Digest", Cell::text(&event.digest)),
            ("Record before", Cell::text(&event.prev)),
            ("Body's digest", Cell::text(&event.body_digest)),
        ]),
        body: text.and_then(Result::ok),
        before: at.checked_sub(1).map(|at| events[at].0.seq),
        after: events.get(at + 1).map(|(event, _)| event.seq),
    };
    Ok(frame::draw(visit, "event.html", &format!("Record {seq}"), &page))
}
