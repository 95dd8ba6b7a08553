//! What the API is, as OpenAPI 3.1, made from the lists themselves.

use serde_json::{Map, Value, json};

use super::once::KEY_MAX;
use super::propose::{DEEDS, Deed, FINDINGS_MAX};
use super::{BASE, LIMIT, LIMIT_MAX};
use crate::serve::web::{LISTS, List};

/// The whole document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for list in LISTS {
        let item = format!("#/components/schemas/{}", list.key);
        schemas.insert(list.key.to_owned(), schema(list));
        paths.insert(format!("{BASE}/{}", list.key), json!({ "get": collection(list, &item) }));
        paths.insert(format!("{BASE}/{}/{{id}}", list.key), json!({ "get": single(list, &item) }));
    }
    for deed in DEEDS {
        let place = format!("{BASE}/{}", deed.key);
        let path = paths.entry(place).or_insert_with(|| json!({}));
        path["post"] = proposal(deed);
    }
    schemas.insert("problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Rollbook",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Who works here, who has which account, and the proof of what was done about it.",
            "description": "What the console lists, as JSON, and what a program may ask for. A token has \
                            the rights of its role as far as they are reading and proposing; no \
                            program approves.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": { "problem": {
                "description": "Why not, as RFC 9457 says it.",
                "content": { "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/problem" },
                } },
            } },
        },
        "security": [{ "token": [] }],
    })
}

fn collection(list: &List, item: &str) -> Value {
    let sorts: Vec<String> = list
        .columns
        .iter()
        .flat_map(|column| [column.key.to_owned(), format!("-{}", column.key)])
        .collect();
    let text = json!({ "type": "string" });
    let mut parameters = vec![
        parameter(
            "q",
            "Only items that hold each of these words.",
            json!({
                "type": "string", "maxLength": 200,
            }),
        ),
        parameter(
            "sort",
            "By which column; - in front: the other way round.",
            json!({
                "type": "string", "enum": sorts,
            }),
        ),
        parameter(
            "limit",
            "How many items.",
            json!({
                "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT,
            }),
        ),
        parameter("cursor", "What `next` of the answer before said.", text.clone()),
    ];
    for facet in list.facets {
        let said = match facet.otherwise {
            Some(word) => {
                format!("Only items with one of these words; left out: {word}; any: all.")
            }
            None => "Only items with one of these words.".to_owned(),
        };
        let words = json!({ "type": "array", "items": text });
        parameters.push(parameter(facet.key, &said, words));
    }
    let body = json!({
        "type": "object",
        "required": ["data", "total", "next"],
        "properties": {
            "data": { "type": "array", "items": { "$ref": item } },
            "total": { "type": "integer", "minimum": 0 },
            "next": { "type": ["string", "null"] },
        },
    });
    json!({
        "operationId": format!("list_{}", list.key),
        "summary": list.title,
        "description": format!("{} It takes the right to {}.", list.lead, list.right.word()),
        "parameters": parameters,
        "responses": responses(body, &["400"]),
    })
}

fn single(list: &List, item: &str) -> Value {
    let schema = json!({ "type": "string", "minLength": 1 });
    json!({
        "operationId": format!("get_{}", list.key),
        "summary": format!("One {}", list.noun[0]),
        "parameters": [{ "name": "id", "in": "path", "required": true, "schema": schema }],
        "responses": responses(json!({ "$ref": item }), &["400"]),
    })
}

/// What a program can ask to be done.
fn proposal(deed: &Deed) -> Value {
    let refusals = ["400", "409", "413", "415", "422"];
    let mut responses = responses(Value::Null, &refusals);
    let ours = responses.as_object_mut().expect("it was made as one above");
    ours.remove("200");
    ours.remove("304");
    let (schema, done) = match deed.key {
        "plans" => (
            json!({
                "type": "object", "additionalProperties": false,
                "minProperties": 1, "maxProperties": 1,
                "properties": {
                    "offboard": {
                        "type": "object", "additionalProperties": false, "required": ["person"],
                        "properties": { "person": text(), "heir": text() },
                    },
                    "findings": {
                        "type": "array", "items": text(), "minItems": 1, "maxItems": FINDINGS_MAX,
                    },
                },
            }),
            made(&["id", "digest", "page"]),
        ),
        "link-proposals" => (
            json!({
                "type": "object", "additionalProperties": false,
                "required": ["account", "person", "is_theirs", "reason"],
                "properties": {
                    "account": text(), "person": text(), "reason": text(),
                    "is_theirs": { "type": "boolean" },
                },
            }),
            made(&["account", "by", "at", "page"]),
        ),
        _ => (
            json!({
                "type": "object", "additionalProperties": false,
                "minProperties": 1, "maxProperties": 1,
                "properties": { "person": text(), "run": text() },
            }),
            Value::Null,
        ),
    };
    if done.is_null() {
        let binary = json!({ "application/zip": {} });
        ours.insert("200".to_owned(), json!({ "description": "The pack.", "content": binary }));
    } else {
        ours.insert("201".to_owned(), done);
    }
    let key = json!({
        "name": "Idempotency-Key", "in": "header",
        "description": "Under it a request is done once and answered alike for two days.",
        "schema": { "type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$" },
    });
    json!({
        "operationId": deed.operation,
        "summary": deed.summary,
        "description": format!("It takes the right to {}.", deed.right.word()),
        "parameters": if deed.key == "packs" { json!([]) } else { json!([key]) },
        "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
        "responses": responses,
    })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

/// What is answered about something that is there now.
fn made(fields: &[&str]) -> Value {
    let names = fields.iter().chain(&["location"]);
    let properties: Map<String, Value> =
        names.clone().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    let required: Vec<&&str> = names.collect();
    let schema = json!({ "type": "object", "required": required, "properties": properties });
    json!({
        "description": "It is there now.",
        "headers": { "Location": { "schema": { "type": "string" } } },
        "content": { "application/json": { "schema": schema } },
    })
}

fn parameter(name: &str, said: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": said, "schema": schema })
}

/// What can be answered: the body, nothing new, and every refusal.
fn responses(body: Value, more: &[&str]) -> Value {
    let mut responses = Map::new();
    let tag = json!({ "ETag": { "schema": { "type": "string" } } });
    let content = json!({ "application/json": { "schema": body } });
    let well = json!({ "description": "It.", "headers": tag, "content": content });
    responses.insert("200".to_owned(), well);
    responses.insert("304".to_owned(), json!({ "description": "It is as you know it." }));
    let refusals = ["401", "403", "404", "405", "408", "414", "429", "503"];
    for status in refusals.iter().chain(more) {
        let problem = json!({ "$ref": "#/components/responses/problem" });
        responses.insert((*status).to_owned(), problem);
    }
    Value::Object(responses)
}

/// An item of a list: its id, and what stands in each column, or null.
fn schema(list: &List) -> Value {
    let mut properties = Map::new();
    properties.insert("id".to_owned(), json!({ "type": "string" }));
    for column in list.columns {
        let any = json!({ "description": column.title });
        properties.insert(column.key.to_owned(), any);
    }
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
        },
    })
}
