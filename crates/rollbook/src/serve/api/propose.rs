//! What a program may do besides reading: ask for a plan, propose a link, take a pack away. Nothing here
//! approves, decides or runs.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use rollbook_core::finding::Finding;
use rollbook_core::id::{FindingId, RunId};
use rollbook_core::link::LinkVerdict;
use rollbook_core::role::Right;
use rollbook_engine::member::ApiCaller;
use rollbook_engine::packing::Subject;
use rollbook_engine::{Error, asking};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::pick;
use crate::serve::refusal::Refusal;
use crate::serve::web::{Moment, account_page, told};

/// The most findings of one plan.
pub(super) const FINDINGS_MAX: usize = 100;

/// Something that a program can ask to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deed {
    /// Its place below the base.
    pub(super) key: &'static str,
    /// Its name for generated clients.
    pub(super) operation: &'static str,
    /// What it does, as one sentence.
    pub(super) summary: &'static str,
    /// What it takes.
    pub(super) right: Right,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Plan,
    Link,
    Pack,
}

/// All of them.
pub(super) const DEEDS: &[Deed] = &[
    Deed {
        key: "plans",
        operation: "propose_plan",
        summary: "Ask for a plan; people other than the one who asks approve it.",
        right: Right::Propose,
        what: What::Plan,
    },
    Deed {
        key: "link-proposals",
        operation: "propose_link",
        summary: "Say whose an account may be; a person decides.",
        right: Right::Propose,
        what: What::Link,
    },
    Deed {
        key: "packs",
        operation: "make_pack",
        summary: "Take the proof about a person or a run away; that it was made is recorded.",
        right: Right::Export,
        what: What::Pack,
    },
];

/// What was done, as it is answered.
pub(super) enum Done {
    /// Something is there now; `location` in it says where.
    Made(Value),
    /// A file.
    Archive(Vec<u8>),
}

impl Done {
    /// The whole answer.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        match self {
            Self::Made(value) => made(StatusCode::CREATED, value.to_string()),
            Self::Archive(bytes) => {
                let mut response = Response::new(Full::new(bytes.into()));
                let kind = HeaderValue::from_static("application/zip");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            }
        }
    }
}

/// JSON about something that was made; its `location` is also in the header.
pub(super) fn made(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let location = value["location"].as_str().and_then(|place| HeaderValue::from_str(place).ok());
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(location.map(|place| (LOCATION, place)));
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedPlan {
    offboard: Option<Offboard>,
    findings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offboard {
    person: String,
    heir: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedLink {
    account: String,
    person: String,
    is_theirs: bool,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedPack {
    person: Option<String>,
    run: Option<String>,
}

/// Does it in the name of a program.
///
/// # Errors
/// When the body says something else, or the engine refuses.
pub(super) fn perform(
    deed: Deed,
    moment: &Moment,
    caller: &ApiCaller,
    body: Value,
) -> Result<Done, Refusal> {
    let actor = caller.actor();
    match deed.what {
        What::Plan => plan(moment, &actor, read(body)?),
        What::Link => link(moment, &actor, read(body)?),
        What::Pack => pack(moment, &actor, read(body)?),
    }
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Refusal> {
    serde_json::from_value(body).map_err(|e| {
        let detail = format!("The body is not what /openapi.json says: {e}.");
        Refusal::new(StatusCode::BAD_REQUEST, &detail)
    })
}

fn plan(moment: &Moment, actor: &str, wanted: WantedPlan) -> Result<Done, Refusal> {
    let engine = &moment.engine;
    engine.check_plans_of(actor).map_err(told)?;
    let proposal = match (wanted.offboard, wanted.findings) {
        (Some(wanted), None) => {
            let person = asking::person(&moment.graph, &wanted.person).map_err(told)?;
            let heir = wanted.heir.map(|heir| asking::person(&moment.graph, &heir));
            let heir = heir.transpose().map_err(told)?;
            engine.plan_offboard(&person, heir.as_ref(), actor).map_err(told)?
        }
        (None, Some(ids)) if !ids.is_empty() && ids.len() <= FINDINGS_MAX => {
            let findings = chosen(moment, &ids).map_err(told)?;
            engine.plan_findings(&findings, actor).map_err(told)?
        }
        _ => {
            let detail = format!(
                "Send either `offboard`, or `findings` with 1 to {FINDINGS_MAX} ids of open findings."
            );
            return Err(Refusal::new(StatusCode::BAD_REQUEST, &detail));
        }
    };
    let id = proposal.plan.id();
    Ok(Done::Made(json!({
        "location": format!("/api/v1/plans/{id}"), "id": id, "digest": proposal.plan.digest(), "page": format!("/plans/{id}"),
        "changes": proposal.plan.changes().len(), "stops": proposal.stops.len(),
        "left_alone": proposal.plan.left_alone().len(),
    })))
}

fn chosen(moment: &Moment, ids: &[String]) -> Result<Vec<Finding>, Error> {
    let find = |id: &String| {
        let mut open = moment.open_findings().map(|tracked| &tracked.finding);
        let found = open.find(|finding| finding.id == FindingId::new(id.as_str()));
        found.cloned().ok_or_else(|| {
            Error::input(format!("No finding `{id}` is open."))
                .hint("/api/v1/findings lists those that are.")
        })
    };
    ids.iter().map(find).collect()
}

fn link(moment: &Moment, actor: &str, wanted: WantedLink) -> Result<Done, Refusal> {
    let account = pick::account(&moment.engine, &moment.graph, &wanted.account).map_err(told)?;
    let record = pick::record(&moment.graph, &wanted.person).map_err(told)?;
    let (place, verdict) = (
        account_page(&account),
        match wanted.is_theirs {
            true => LinkVerdict::Confirm { account: account.clone(), record },
            false => LinkVerdict::Reject { account: account.clone(), record },
        },
    );
    let proposal = moment.engine.propose_link(verdict, actor, &wanted.reason).map_err(told)?;
    Ok(Done::Made(json!({
        "location": format!("/api/v1/accounts/{account}"), "account": account.to_string(), "verdict": proposal.verdict, "by": proposal.by,
        "at": proposal.at, "reason": proposal.reason, "page": place,
    })))
}

fn pack(moment: &Moment, actor: &str, wanted: WantedPack) -> Result<Done, Refusal> {
    let subject = match (wanted.person, wanted.run) {
        (Some(person), None) => {
            Subject::Person(asking::person(&moment.graph, &person).map_err(told)?)
        }
        (None, Some(run)) => {
            let id = RunId::new(run.as_str());
            if !moment.known.runs.iter().any(|report| report.run.id == id) {
                let detail = "There is no run of that id in this workspace.";
                return Err(Refusal::new(StatusCode::NOT_FOUND, detail));
            }
            Subject::Run(id)
        }
        _ => {
            let detail = "Send either `person` or `run`.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, detail));
        }
    };
    Ok(Done::Archive(moment.engine.pack_archive(&subject, actor).map_err(told)?))
}
