//! Many operations in one request (RFC 7644 §3.7).

use std::collections::BTreeMap;

use rollbook_scim::ErrorMessage;
use rollbook_scim::server::bulk::{Method, Target};
use rollbook_scim::server::{BulkOperation, BulkRequest, Tags, resource};
use serde_json::{Map, Value, json};

use super::operation::PushOp;
use super::seen::{Seen, Wants};
use super::write::{Desk, Effect};
use crate::error::Result;

/// A request, and where its answers say that resources are.
pub(super) struct Batch {
    pub(super) request: BulkRequest,
    pub(super) base: String,
}

/// What became of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkAnswer {
    /// What was to be done.
    pub method: Method,
    /// Its name within the request.
    pub bulk_id: Option<String>,
    /// Where the resource is.
    pub location: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// As an HTTP status.
    pub status: u16,
    /// Why it was not done.
    pub response: Option<ErrorMessage>,
}

impl BulkAnswer {
    /// As it is written in a BulkResponse.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("method".to_owned(), json!(self.method.word()));
        object.insert("status".to_owned(), json!(self.status.to_string()));
        let texts =
            [("bulkId", &self.bulk_id), ("location", &self.location), ("version", &self.version)];
        for (name, text) in texts {
            if let Some(text) = text {
                object.insert(name.to_owned(), json!(text));
            }
        }
        if let Some(response) = &self.response {
            object.insert("response".to_owned(), response.to_json());
        }
        Value::Object(object)
    }
}

/// Runs the operations in the order in which they need each other. The answers come in the order of
/// the request; what was not tried because too much failed before is not among them.
pub(super) fn run(desk: &Desk<'_>, batch: Batch) -> Result<Vec<BulkAnswer>> {
    let Batch { request, base } = batch;
    let most = request.fail_on_errors.unwrap_or(u64::MAX);
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    let mut answers = BTreeMap::new();
    let mut failed = 0;
    for at in request.order {
        if failed >= most {
            break;
        }
        let operation = &request.operations[at];
        let done = match asked(desk, operation, &made) {
            Ok(operation) => desk.run_whole(operation, Wants::default())?,
            Err(refused) => Err(refused),
        };
        let answer = answer(operation, done, &base);
        failed += u64::from(answer.response.is_some());
        if let (Some(name), Some(location)) = (&operation.bulk_id, &answer.location)
            && operation.method == Method::Post
            && answer.response.is_none()
        {
            let id = location.rsplit('/').next().unwrap_or_default();
            made.insert(name.clone(), id.to_owned());
        }
        answers.insert(at, answer);
    }
    Ok(answers.into_values().collect())
}

/// The operation with the ids of what was made before it.
fn asked(
    desk: &Desk<'_>,
    operation: &BulkOperation,
    made: &BTreeMap<String, String>,
) -> Result<PushOp, ErrorMessage> {
    if let Some(problem) = &operation.problem {
        return Err(problem.clone());
    }
    let profile = desk.caller.profile;
    let data = operation.resolved(&|name| made.get(name).cloned())?.unwrap_or_default();
    let kind = operation.kind;
    let id = match &operation.target {
        Target::New => String::new(),
        Target::Id(id) => id.clone(),
        Target::BulkId(name) => made.get(name).cloned().ok_or_else(|| {
            let said = format!("The operation {name:?}, whose result this needs, was not done.");
            ErrorMessage::new(409, None, &said)
        })?,
    };
    let only_if = operation.version.as_deref().map(Tags::read).transpose()?;
    Ok(match operation.method {
        Method::Post => {
            PushOp::Create { kind, body: resource::create(kind, data, &profile.rules())? }
        }
        Method::Put => PushOp::Replace { kind, id, body: data, only_if },
        Method::Patch => PushOp::Patch { kind, id, patch: profile.patch(&data)?, only_if },
        Method::Delete => PushOp::Delete { kind, id, only_if },
    })
}

fn answer(operation: &BulkOperation, done: Result<Effect, ErrorMessage>, base: &str) -> BulkAnswer {
    let mut answer = BulkAnswer {
        method: operation.method,
        bulk_id: operation.bulk_id.clone(),
        location: match &operation.target {
            Target::Id(id) => Some(format!("{base}/{}/{id}", operation.kind.plural())),
            _ => None,
        },
        version: None,
        status: 204,
        response: None,
    };
    let mut shown = |status, seen: &Seen| {
        answer.status = status;
        answer.location = Some(seen.location(base));
        answer.version = Some(seen.etag());
    };
    match done {
        Ok(Effect::Created(seen)) => shown(201, &seen),
        Ok(Effect::Changed(seen) | Effect::Unchanged(seen)) => shown(200, &seen),
        Ok(Effect::Deleted) => {}
        Err(refused) => {
            answer.status = refused.status.unwrap_or(400);
            answer.response = Some(refused);
        }
    }
    answer
}
