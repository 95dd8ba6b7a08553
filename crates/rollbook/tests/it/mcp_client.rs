//! A real client of the Model Context Protocol, over both ways and the revisions that it speaks.
//!
//! `make test` starts the client of `tests/testers` and names it in `ROLLBOOK_TESTERS`. Without that
//! there is nothing to do.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::mcp::{EVIL, chain, company};
use crate::served::{Answer, Served};

/// The ways in which the client can begin: as revisions before 2026-07-28, as it finds out, and pinned.
const MODES: [&str; 3] = ["legacy", "auto", "2026-07-28"];

/// Every tool that reads, so that the client pages what has pages.
fn reading() -> Value {
    json!([
        ["who_has", {"app": "wiki", "limit": 2}],
        ["what_has", {"person": "00101", "limit": 1}],
        ["findings", {"limit": 1}],
        ["leaver_status", {"all": true, "limit": 1}],
        ["coverage", {"limit": 1}],
        ["app_guide", {"app": "slack", "limit": 100}],
        ["explain_link", {"account": "wiki/ana.diaz"}],
        ["plan_status", {"limit": 1}],
    ])
}

#[test]
fn the_client_lists_calls_and_pages_everything_over_standard_input_and_output() {
    let Some(client) = client() else { return };
    let bench = company();
    let before = chain(&bench);
    for mode in MODES {
        let seen = run(
            &client,
            &json!({
                "command": [env!("CARGO_BIN_EXE_rollbook"), "mcp", "--as", "Kim Orlov"],
                "folder": bench.path(), "mode": mode, "calls": reading(),
            }),
        );
        check(&seen, mode);
    }
    assert_eq!(chain(&bench), before, "nothing was written by reading");
}

#[test]
fn the_client_lists_calls_and_pages_everything_over_http_and_what_it_proposes_is_a_plan() {
    let Some(client) = client() else { return };
    let served = Served::in_workspace(company(), "wiki", &[]);
    let token = served.mint(&["/mcp", "--idp", "assistant", "--as", "Kim Orlov"]);
    let url = format!("http://{}/mcp", served.address);
    let ask = |mode: &str, calls: Value| {
        run(&client, &json!({"url": url, "token": token, "mode": mode, "calls": calls}))
    };
    let before = chain(&served.bench);
    for mode in MODES {
        check(&ask(mode, reading()), mode);
    }
    assert_eq!(chain(&served.bench), before, "nothing was written by reading");
    let attempts = ask(
        "auto",
        json!([
            ["approve", {"plan": "pln_1", "by": "Wei Li"}],
            ["apply", {"plan": "pln_1"}],
            ["who_has", {"app": "wiki", "approve": true}],
            ["what_has", {"person": EVIL}],
        ]),
    );
    for attempt in attempts["calls"].as_array().expect("a list") {
        let is_refused =
            attempt["raised"].is_string() || attempt["pages"][0]["isError"] == json!(true);
        assert!(is_refused || attempt["tool"] == "what_has", "{attempt}");
    }
    assert_eq!(chain(&served.bench), before, "and nothing by trying to approve");
    let proposed = ask(
        "auto",
        json!([
            ["propose_offboarding", {"person": "Ana Diaz"}],
            ["propose_plan", {"changes": [{"account": "wiki/jan.jansen", "does": "suspend"}], "reason": "On leave"}],
            ["propose_link", {"account": "wiki/p.nobody", "person": "00104", "reason": "A nickname"}],
            ["evidence_for", {"subject": "00101", "limit": 1}],
        ]),
    );
    for call in proposed["calls"].as_array().expect("a list") {
        assert_eq!(call["pages"][0]["isError"], json!(false), "{call}");
    }
    let new: Vec<String> = chain(&served.bench).split_off(before.len());
    let expected = ["plan_made", "plan_made", "link_proposed", "evidence_read"];
    assert_eq!(new, expected.map(|kind| format!("{kind:?} by \"mcp\"")));
}

/// What must hold of everything that the client saw.
fn check(seen: &Value, mode: &str) {
    let revision = seen["protocol"].as_str().expect("a revision");
    assert_eq!(revision == "2026-07-28", mode != "legacy", "{mode}: {revision}");
    assert_eq!(seen["tools"].as_array().map(Vec::len), Some(12));
    assert!(seen["tools"].as_array().expect("a list").iter().all(|tool| {
        tool["inputSchema"]["type"] == "object"
            && tool["annotations"]["destructiveHint"] == json!(false)
    }));
    assert_eq!(seen["prompts"].as_array().map(Vec::len), Some(3));
    assert_eq!(seen["filled"].as_array().map(Vec::len), Some(3));
    assert!(seen["resources"].as_array().is_some_and(|all| all.len() > 20), "guides of all apps");
    assert!(seen["texts"][1]["contents"][0]["text"].as_str().is_some_and(|text| text.len() > 500));
    assert_eq!(seen["templates"].as_array().map(Vec::len), Some(1));
    for call in seen["calls"].as_array().expect("a list") {
        assert!(call.get("raised").is_none(), "{mode}: {call}");
        let pages = call["pages"].as_array().expect("pages");
        let rows: usize = pages
            .iter()
            .map(|page| {
                let told = &page["structuredContent"];
                assert!(told["as_of"].is_string() && told["said"][0].is_string(), "{call}");
                told["untrusted"]["rows"].as_array().expect("rows").len()
            })
            .sum();
        assert_eq!(json!(rows), pages[0]["structuredContent"]["total"], "{mode}: {}", call["tool"]);
    }
    let who_has = &seen["calls"][0];
    assert_eq!(who_has["pages"].as_array().map(Vec::len), Some(3));
}

fn client() -> Option<String> {
    let testers = std::env::var("ROLLBOOK_TESTERS").unwrap_or_default();
    let client = testers.split_whitespace().find_map(|one| one.strip_prefix("mcp-client=http://"));
    client.map(str::to_owned)
}

fn run(client: &str, asked: &Value) -> Value {
    let body = asked.to_string();
    let mut stream = TcpStream::connect(client).expect("the client listens");
    let head = format!("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).expect("it is taken");
    let answer = Answer::read(&mut stream);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}
