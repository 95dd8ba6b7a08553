//! What the API is, as OpenAPI 3.1, made from the lists themselves.

use serde_json::{Map, Value, json};

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
    schemas.insert("problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Rollbook",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Who works here, who has which account, and the proof of what was done about it.",
            "description": "What the console lists, as JSON. A token has the rights of its role as far \
                            as they are reading; no program approves.",
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
