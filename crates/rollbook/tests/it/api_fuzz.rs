//! Schemathesis against the API, as each role: whatever its document allows, and what it does not. No
//! answer is a fault of ours, and none is one that the document does not name.
//!
//! `make test` starts it with `tests/testers/schemathesis.sh`. Without that there is nothing to do.

use std::io::Write as _;
use std::net::TcpStream;

use rollbook_core::role::Role;
use serde_json::{Value, json};

use crate::console::served;
use crate::served::{Answer, Served};

/// How many requests of each kind are tried for the role that may do most, and for the others, who are
/// told no for much of it.
const EXAMPLES: u32 = 8;
const EXAMPLES_OF_OTHERS: u32 = 1;
/// After this many seconds a run is given up.
const PATIENCE_S: u32 = 120;

fn tester() -> Option<String> {
    let testers = std::env::var("ROLLBOOK_TESTERS").unwrap_or_default();
    let mut testers = testers.split_whitespace();
    testers.find_map(|one| one.strip_prefix("schemathesis=http://").map(str::to_owned))
}

fn run(address: &str, served: &Served, token: &str, phases: &str, examples: u32) -> Value {
    let url = format!("http://{}/openapi.json", served.address);
    let body = json!({
        "url": url, "token": token, "phases": phases, "max_examples": examples,
        "seconds": PATIENCE_S,
    });
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).expect("the suite listens");
    let head = format!("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).expect("it is taken");
    Answer::read(&mut stream).json()
}

#[test]
fn no_request_of_any_role_meets_a_fault_or_an_answer_that_is_not_documented() {
    let Some(address) = tester() else { return };
    let served = served();
    for role in Role::ALL {
        let arguments = ["token", "issue", "Fuzz", "--role", role.word(), "--json"];
        let made = served.bench.run(&arguments).json();
        let token = made[0]["token"].as_str().expect("the token, this once");
        let (phases, examples) = match role {
            Role::Operator => ("examples,coverage,fuzzing", EXAMPLES),
            _ => ("examples,fuzzing", EXAMPLES_OF_OTHERS),
        };
        let done = run(&address, &served, token, phases, examples);
        assert_eq!(done["code"], 0, "{role}: {}", done["said"].as_str().unwrap_or_default());
    }
}
