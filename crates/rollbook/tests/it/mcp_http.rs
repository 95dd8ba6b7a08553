//! The face for assistants over HTTP: who gets in, from where, and how much they may send.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::assistant::initialize;
use crate::mcp::{chain, company};
use crate::served::{Answer, Served};

/// A server for the company of [`company`], with a token for an assistant that may propose.
fn served(arguments: &[&str]) -> (Served, String) {
    let served = Served::in_workspace(company(), "wiki", arguments);
    let token = served.mint(&["/mcp", "--idp", "assistant", "--as", "Kim Orlov"]);
    (served, token)
}

fn post(served: &Served, token: Option<&str>, headers: &[(&str, &str)], body: &str) -> Answer {
    send(served, "POST", "/mcp", token, headers, body)
}

fn send(
    served: &Served,
    method: &str,
    path: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let host = served.address.to_string();
    let mut all = vec![
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("Connection", "close"),
    ];
    if !headers.iter().any(|(name, _)| *name == "Host") {
        all.push(("Host", &host));
    }
    all.extend(headers);
    let mut request = format!("{method} {path} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in all {
        request += &format!("{name}: {value}\r\n");
    }
    if let Some(token) = token {
        request += &format!("Authorization: Bearer {token}\r\n");
    }
    let mut stream = served.connect();
    stream.write_all((request + "\r\n").as_bytes()).expect("the head is taken");
    // A server that refuses early need not take the rest.
    let _ = stream.write_all(body.as_bytes());
    Answer::read(&mut stream)
}

fn request(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

fn call(tool: &str, arguments: Value) -> String {
    request("tools/call", json!({"name": tool, "arguments": arguments}))
}

#[test]
fn whoever_has_a_token_for_it_asks_and_proposes_and_nobody_else_does() {
    let (served, token) = served(&[]);
    let begun = post(&served, Some(&token), &[], &request("initialize", initialize()));
    assert_eq!(begun.json()["result"]["protocolVersion"], "2025-06-18", "{begun:?}");
    let asked = post(&served, Some(&token), &[], &call("who_has", json!({"app": "wiki"})));
    assert_eq!(asked.json()["result"]["structuredContent"]["total"], 6, "{asked:?}");
    let proposed = call("propose_offboarding", json!({"person": "00101"}));
    let proposed = post(&served, Some(&token), &[], &proposed).json();
    assert!(proposed["result"]["structuredContent"]["plan"].is_string(), "{proposed}");
    let last = chain(&served.bench).pop();
    assert_eq!(last.as_deref(), Some("\"plan_made\" by \"mcp\""));

    let none = post(&served, None, &[], &call("coverage", json!({})));
    let metadata = format!("http://{}/.well-known/oauth-protected-resource/mcp", served.address);
    let way = format!("Bearer realm=\"mcp\", resource_metadata=\"{metadata}\"");
    assert_eq!((none.status, none.header("WWW-Authenticate")), (401, Some(way.as_str())));
    let told = send(&served, "GET", "/.well-known/oauth-protected-resource/mcp", None, &[], "");
    assert_eq!(told.json()["resource"], format!("http://{}/mcp", served.address));
    assert_eq!(told.json()["bearer_methods_supported"], json!(["header"]));
    for wrong in [served.token.as_str(), "rbk_0123456789ab_x", ""] {
        let refused = post(&served, Some(wrong), &[], &call("coverage", json!({})));
        assert_eq!(refused.status, 401, "{wrong}: {refused:?}");
    }
    let scim = send(&served, "GET", "/scim/%2Fmcp/v2/Users", Some(&token), &[], "");
    assert_eq!(scim.status, 401, "a program's token opens no endpoint: {scim:?}");
    let reader = served.mint(&["/mcp", "--idp", "reader", "--as", "Kim Orlov", "--read-only"]);
    let refused =
        post(&served, Some(&reader), &[], &call("propose_offboarding", json!({"person": "00101"})));
    assert_eq!(refused.json()["error"]["code"], -32602, "{refused:?}");
}

#[test]
fn a_page_of_another_origin_or_a_host_that_is_not_ours_is_refused_before_anything_is_looked_at() {
    let (served, token) = served(&["--public-url", "https://book.example.com"]);
    let body = call("coverage", json!({}));
    let status = |headers: &[(&str, &str)]| post(&served, Some(&token), headers, &body).status;
    assert_eq!(status(&[]), 200);
    assert_eq!(status(&[("Origin", "http://localhost:6274")]), 200);
    assert_eq!(status(&[("Origin", "https://book.example.com")]), 200);
    assert_eq!(status(&[("Origin", "https://evil.example")]), 403);
    assert_eq!(status(&[("Origin", "null")]), 403);
    assert_eq!(status(&[("Host", "evil.example")]), 403);
    assert_eq!(status(&[("Host", "book.example.com")]), 403, "in clear it is another origin");
    let told = send(&served, "GET", "/.well-known/oauth-protected-resource", None, &[], "");
    assert_eq!(told.json()["resource"], "https://book.example.com/mcp");
}

#[test]
fn what_is_too_large_no_request_or_another_method_is_refused_with_a_clear_status() {
    let (served, token) = served(&[]);
    let before = chain(&served.bench);
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(2 << 20));
    let refused = post(&served, Some(&token), &[], &large);
    assert_eq!(refused.status, 413, "{refused:?}");
    assert_eq!(refused.json()["jsonrpc"], "2.0", "in the words of the protocol: {refused:?}");
    for (method, status) in [("GET", 405), ("DELETE", 405), ("PUT", 405)] {
        let answer = send(&served, method, "/mcp", Some(&token), &[], "");
        assert_eq!((answer.status, answer.header("Allow")), (status, Some("POST")), "{method}");
        assert_eq!(answer.header("Content-Type"), Some("application/json"), "{method}");
        let error = answer.json()["error"]["message"].as_str().map(str::to_owned);
        assert!(error.is_some_and(|said| said.contains("POST")), "{method}: {answer:?}");
    }
    for body in ["", "no JSON", "[]", "{}", "{\"jsonrpc\":\"1.0\"}", "null", "\u{0}"] {
        let status = post(&served, Some(&token), &[], body).status;
        assert!((400..500).contains(&status), "{body:?}: {status}");
    }
    let kind = post(
        &served,
        Some(&token),
        &[("Mcp-Protocol-Version", "1999-01-01")],
        &call("coverage", json!({})),
    );
    assert_eq!(kind.status, 400, "{kind:?}");
    assert_eq!(chain(&served.bench), before);
}
