//! `/Bulk` (RFC 7644 §3.7): many operations in one request, which may name each other's results.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::resource_type::ResourceType;
use crate::message::{ErrorMessage, ScimType};
use crate::{read, schema};

/// In front of the name of an operation, where the id that it makes belongs.
const PREFIX: &str = "bulkId:";

/// The bounds that a server publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkLimits {
    /// The most operations.
    pub operations_max: u64,
    /// The most bytes; whoever reads the body checks it.
    pub payload_max: u64,
}

/// A request with its operations in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After how many failures the rest is not tried. `None`: all is tried.
    pub fail_on_errors: Option<u64>,
    /// As sent; answers are given in this order.
    pub operations: Vec<BulkOperation>,
    /// The order in which to run them: as sent, except that what needs another's result comes after
    /// it. Those with a [`BulkOperation::problem`] are in it too.
    pub order: Vec<usize>,
}

/// One operation of a bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkOperation {
    /// What is done.
    pub method: Method,
    /// To which kind of resource.
    pub kind: ResourceType,
    /// To which one.
    pub target: Target,
    /// Its name within the request.
    pub bulk_id: Option<String>,
    /// The ETag that the resource must have.
    pub version: Option<String>,
    /// The body.
    pub data: Option<Value>,
    /// Why it cannot be run: answer this instead.
    pub problem: Option<ErrorMessage>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are HTTP's, and it explains them")]
pub enum Method {
    Post,
    Put,
    Patch,
    Delete,
}

/// Which resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one that is made.
    New,
    /// The one with this id.
    Id(String),
    /// The one that the operation of this name makes.
    BulkId(String),
}

impl Method {
    /// The word in requests and answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl BulkRequest {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 `invalidSyntax` where the body as a whole is no bulk request, with `strict` also where it
    /// does not name its schema; 413 where there are too many operations. What is wrong with one
    /// operation is its [`BulkOperation::problem`].
    pub fn read(body: Value, limits: &BulkLimits, strict: bool) -> Result<Self, ErrorMessage> {
        let syntax =
            |sentence: &str| ErrorMessage::new(400, Some(ScimType::InvalidSyntax), sentence);
        let Value::Object(mut body) = body else {
            return Err(syntax("A bulk request is a JSON object."));
        };
        let names_it = |urn: &String| urn.eq_ignore_ascii_case(schema::BULK_REQUEST);
        if strict && !read::texts_of(&body, "schemas").iter().any(names_it) {
            return Err(syntax(&format!(
                "\"schemas\" does not name \"{}\".",
                schema::BULK_REQUEST
            )));
        }
        let fail_on_errors = match read::get(&body, "failOnErrors") {
            None => None,
            Some(value) => Some(
                read::count(value)
                    .filter(|it| *it > 0)
                    .ok_or_else(|| syntax("\"failOnErrors\" is a whole number of at least 1."))?,
            ),
        };
        let key = read::key(&body, "Operations").map(str::to_owned);
        let Some(Value::Array(items)) = key.and_then(|key| body.remove(&key)) else {
            return Err(syntax("A bulk request has a list \"Operations\"."));
        };
        if items.is_empty() {
            return Err(syntax("\"Operations\" is empty."));
        }
        if items.len() as u64 > limits.operations_max {
            let most = limits.operations_max;
            let sentence = format!(
                "{} operations were sent; maxOperations is {most}. Send several.",
                items.len()
            );
            return Err(ErrorMessage::new(413, Some(ScimType::TooMany), &sentence));
        }
        let operations =
            items.into_iter().map(BulkOperation::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::ordered(fail_on_errors, operations))
    }

    /// Finds an order in which every operation comes after those whose results it names, as close to
    /// the one sent as can be. Those that wait for each other in a circle are refused with 409.
    fn ordered(fail_on_errors: Option<u64>, mut operations: Vec<BulkOperation>) -> Self {
        let mut named = BTreeMap::new();
        for (at, operation) in operations.iter_mut().enumerate() {
            let Some(name) = operation.bulk_id.clone() else { continue };
            if named.insert(name.clone(), at).is_some() {
                let sentence = format!("The bulkId {name:?} is used twice. Give each its own.");
                operation.problem.get_or_insert_with(|| refused(400, &sentence));
            }
        }
        let mut needs: Vec<Vec<usize>> = Vec::with_capacity(operations.len());
        for operation in &mut operations {
            let mut needed = Vec::new();
            for name in operation.needed() {
                match named.get(&name) {
                    Some(at) => needed.push(*at),
                    None => {
                        let sentence = format!("No operation has the bulkId {name:?}.");
                        operation.problem.get_or_insert_with(|| refused(400, &sentence));
                    }
                }
            }
            needs.push(needed);
        }
        let (mut order, circle) = sorted(&needs);
        for at in circle {
            let sentence = "The operation needs the result of another one that needs its own. Make \
                            one of them first and name the other in a later request.";
            operations[at].problem.get_or_insert_with(|| refused(409, sentence));
            order.push(at);
        }
        Self { fail_on_errors, operations, order }
    }
}

/// The indices so that each comes after those it needs, and those for which that cannot be.
fn sorted(needs: &[Vec<usize>]) -> (Vec<usize>, Vec<usize>) {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (at, needed) in needs.iter().enumerate() {
        for other in needed {
            needed_by[*other].push(at);
        }
    }
    // A set that gives the smallest index first keeps the order of the request where it may be kept.
    let ready = (0..needs.len()).filter(|at| waiting[*at] == 0);
    let mut ready: std::collections::BTreeSet<usize> = ready.collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for next in &needed_by[at] {
            waiting[*next] -= 1;
            if waiting[*next] == 0 {
                ready.insert(*next);
            }
        }
    }
    let circle = (0..needs.len()).filter(|at| waiting[*at] > 0).collect();
    (order, circle)
}

impl BulkOperation {
    fn read(item: Value) -> Result<Self, ErrorMessage> {
        let syntax =
            |sentence: &str| ErrorMessage::new(400, Some(ScimType::InvalidSyntax), sentence);
        let Value::Object(mut item) = item else {
            return Err(syntax("An operation of a bulk request is a JSON object."));
        };
        let word = read::text_of(&item, "method").unwrap_or_default();
        let methods = [Method::Post, Method::Put, Method::Patch, Method::Delete];
        let method = methods.into_iter().find(|it| it.word().eq_ignore_ascii_case(&word));
        let bulk_id = read::text_of(&item, "bulkId").filter(|it| !it.is_empty());
        let path = read::text_of(&item, "path").unwrap_or_default();
        let version = read::text_of(&item, "version");
        let data = take(&mut item, "data").filter(|data| !data.is_null());
        let mut problem = None;
        let mut fault = |sentence: &str| {
            problem.get_or_insert_with(|| syntax(sentence));
        };
        if method.is_none() {
            fault("\"method\" is POST, PUT, PATCH or DELETE.");
        }
        let method = method.unwrap_or(Method::Post);
        let (kind, target) = aim(&path);
        if kind.is_none() {
            fault("\"path\" is /Users or /Groups, followed by an id except for POST.");
        }
        if (method == Method::Post) != (target == Target::New) {
            fault("POST goes to /Users or /Groups, and the other methods to one resource.");
        }
        if method == Method::Post && bulk_id.is_none() {
            fault("A POST needs a \"bulkId\".");
        }
        if method != Method::Delete && data.is_none() {
            fault("The operation has no \"data\".");
        }
        let kind = kind.unwrap_or(ResourceType::User);
        Ok(Self { method, kind, target, bulk_id, version, data, problem })
    }

    /// The names of the operations whose results it needs.
    fn needed(&self) -> Vec<String> {
        let mut names = Vec::new();
        if let Target::BulkId(name) = &self.target {
            names.push(name.clone());
        }
        if let Some(data) = &self.data {
            collect(data, &mut names);
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The body with ids in place of names. `id_of` knows the ids that were made so far.
    ///
    /// # Errors
    /// 409 where an operation that it needs has failed.
    pub fn resolved(
        &self,
        id_of: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Value>, ErrorMessage> {
        self.data.clone().map(|data| replaced(data, id_of)).transpose()
    }
}

fn refused(status: u16, sentence: &str) -> ErrorMessage {
    ErrorMessage::new(status, Some(ScimType::InvalidValue), sentence)
}

fn take(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = read::key(object, name)?.to_owned();
    object.remove(&key)
}

/// What a path such as `/Users/7` or `/Groups/bulkId:a` aims at.
fn aim(path: &str) -> (Option<ResourceType>, Target) {
    let path = path.trim().trim_matches('/');
    let (plural, id) = path.split_once('/').unwrap_or((path, ""));
    let target = match (id, id.strip_prefix(PREFIX)) {
        ("", _) => Target::New,
        (_, Some(name)) => Target::BulkId(name.to_owned()),
        (id, None) => Target::Id(id.to_owned()),
    };
    let kind = ResourceType::from_plural(plural).filter(|_| !id.contains('/'));
    (kind, target)
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(text) => names.extend(text.strip_prefix(PREFIX).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(entries) => entries.values().for_each(|item| collect(item, names)),
        _ => {}
    }
}

fn replaced(value: Value, id_of: &dyn Fn(&str) -> Option<String>) -> Result<Value, ErrorMessage> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix(PREFIX) {
            None => Value::String(text),
            Some(name) => Value::String(id_of(name).ok_or_else(|| {
                refused(409, &format!("The operation {name:?}, whose result this needs, failed."))
            })?),
        },
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|it| replaced(it, id_of)).collect::<Result<_, _>>()?)
        }
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, it)| Ok((key, replaced(it, id_of)?)));
            Value::Object(entries.collect::<Result<_, ErrorMessage>>()?)
        }
        other => other,
    })
}
