//! The second half of a guide: requests as they are sent, alone and put together for a purpose.

use rollbook_core::change::Basis;

use super::source::Sources;
use super::{Block, Statement, capital};
use crate::app::{App, Value};
use crate::request::{Method, Request, RequestOp};

/// Every documented request.
pub(super) fn requests(app: &App, sources: &mut Sources) -> Vec<Block> {
    let mut requests: Vec<&Request> = app.requests.iter().collect();
    requests.sort_by_key(|request| request.op);
    let mut blocks = Vec::new();
    let mut last = None;
    for request in requests {
        if last.replace(request.op) != Some(request.op) {
            blocks.push(Block::heading(request.op.title()));
        }
        blocks.push(Block::http(call(app, request)));
        blocks.push(Block::List { statements: remarks(request, sources) });
    }
    blocks.extend(examples(app, sources));
    blocks
}

/// The exchanges that the tests play: what is asked, what is answered.
fn examples(app: &App, sources: &mut Sources) -> Vec<Block> {
    let mut blocks = Vec::new();
    for example in &app.examples {
        let title = format!("{}: an example", example.op.title());
        blocks.push(Block::heading(&title));
        let asked = [example.request.as_str(), &example.body];
        let answer = [&format!("HTTP {}", example.status), &example.answer];
        for text in [asked.join("\n\n"), answer.map(String::as_str).join("\n\n")] {
            blocks.push(Block::http(text.trim_end()));
        }
        let (basis, words) = match example.source {
            Some(_) => (Basis::Documented, "As the source shows it"),
            None => (Basis::Recalled, "Put together from what is known of the request"),
        };
        let grade = sources.grade(basis, example.source.as_deref());
        blocks.push(Block::List { statements: vec![Statement { text: words.into(), grade }] });
    }
    blocks
}

/// The request as it is sent: method, address, body.
fn call(app: &App, request: &Request) -> String {
    let base = match app.fact("rest.base_url").map(|fact| &fact.value) {
        Some(Value::Text(base)) if request.path.starts_with('/') => base.trim_end_matches('/'),
        _ => "",
    };
    let query =
        if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let line = match request.method {
        Method::Cli => request.path.clone(),
        method => format!("{method} {base}{}{query}", request.path),
    };
    if request.body.is_empty() { line } else { format!("{line}\n\n{}", request.body) }
}

fn remarks(request: &Request, sources: &mut Sources) -> Vec<Statement> {
    let mut parts = Vec::new();
    if !request.note.is_empty() {
        parts.push(request.note.clone());
    }
    if !request.items.is_empty() {
        parts.push(format!("the items are at {}", request.items));
    }
    let fields: Vec<String> =
        request.fields.iter().map(|(ours, theirs)| format!("{ours} = {theirs}")).collect();
    if !fields.is_empty() {
        parts.push(format!("fields: {}", fields.join(", ")));
    }
    if parts.is_empty() {
        parts.push("as its maker documents it".to_owned());
    }
    let grade = sources.grade(request.basis, request.source.as_deref());
    vec![Statement { text: capital(&parts.join("; ")), grade }]
}

/// What somebody wants, and the operations that bring it about, the best first.
const SCENARIOS: [(&str, &[RequestOp], &str); 4] = [
    ("Somebody joins", &[RequestOp::Create, RequestOp::Invite], "ui.invite_steps"),
    ("Somebody's role or name changes", &[RequestOp::SetRole, RequestOp::Update], ""),
    ("Somebody leaves", &[RequestOp::Suspend, RequestOp::Remove], "ui.remove_steps"),
    ("Somebody comes back", &[RequestOp::Reactivate, RequestOp::Invite], ""),
];

/// For each scenario the calls by SCIM, by REST and by hand, as far as they are known.
pub(super) fn scenarios(app: &App, sources: &mut Sources) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (title, ops, steps) in SCENARIOS {
        let mut found = Vec::new();
        if let Some(code) = by_scim(app, ops[0]) {
            found.push(Block::text("Over SCIM:"));
            found.push(Block::http(code));
        }
        let by_rest = ops.iter().find_map(|op| app.requests.iter().find(|r| r.op == *op));
        if let Some(request) = by_rest {
            found.push(Block::text("Over the REST API:"));
            found.push(Block::http(call(app, request)));
        }
        for steps in by_hand(app, steps, sources) {
            found.push(Block::text("By hand, in the admin console:"));
            found.push(steps);
        }
        if !found.is_empty() {
            blocks.push(Block::heading(title));
            blocks.append(&mut found);
        }
    }
    blocks
}

/// The SCIM call that does it, where the app's SCIM server is said to take it.
fn by_scim(app: &App, op: RequestOp) -> Option<String> {
    use rollbook_core::change::Verb;
    let can = |verb: Verb| {
        let mut scim = app.routes.iter().filter(|route| route.way.channel.as_str() == "scim");
        scim.any(|route| route.way.can.contains_key(&verb))
    };
    let base = match &app.fact("scim.base_url")?.value {
        Value::Text(base) => base.trim_end_matches('/').to_owned(),
        _ => "{base URL}".to_owned(),
    };
    let patch = |value: &str| {
        format!(
            r#"PATCH {base}/Users/{{id}}

{{
  "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  "Operations": [{{ "op": "replace", "path": "active", "value": {value} }}]
}}"#
        )
    };
    match op {
        RequestOp::Create if can(Verb::Create) => Some(format!(
            r#"POST {base}/Users

{{
  "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
  "userName": "ana@example.com",
  "externalId": "1042",
  "active": true,
  "name": {{ "givenName": "Ana", "familyName": "Duarte" }},
  "emails": [{{ "value": "ana@example.com", "type": "work", "primary": true }}]
}}"#
        )),
        RequestOp::Suspend if can(Verb::Suspend) => Some(patch("false")),
        RequestOp::Reactivate if can(Verb::Reactivate) => Some(patch("true")),
        _ => None,
    }
}

/// The steps under the fact `key`, as each source tells them.
fn by_hand(app: &App, key: &str, sources: &mut Sources) -> Vec<Block> {
    let mut told = Vec::new();
    for fact in app.facts.iter().filter(|fact| fact.key.name == key) {
        let grade = sources.grade_of(fact);
        let steps = match &fact.value {
            Value::List(steps) => steps.iter().map(|step| capital(step)).collect(),
            _ => vec!["Nobody has found out how.".to_owned()],
        };
        let steps = steps.into_iter().map(|text| Statement { text, grade });
        told.push(Block::Steps { statements: steps.collect() });
    }
    told
}
