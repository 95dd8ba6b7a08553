//! Other people's suites against our server.
//!
//! `make test` starts the suites of `tests/testers` and names them in `ROLLBOOK_TESTERS`, as
//! `name=url` separated by blanks. Without that there is nothing to do.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::served::{Answer, ENDPOINT, Served};

#[test]
fn scim2_tester_finds_nothing_to_object_to() {
    let testers = std::env::var("ROLLBOOK_TESTERS").unwrap_or_default();
    let tester = testers.split_whitespace().find_map(|one| one.strip_prefix("scim2-tester="));
    let Some(url) = tester else {
        // Nothing to do; the module says where it is done.
        return;
    };
    let served = Served::start();
    let base = format!("http://{}/scim/{ENDPOINT}/v2", served.address);
    let checks = run(url, &base, &served.token);
    let bad: Vec<&Value> = checks.iter().filter(|check| is_bad(check)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(checks.len() > 100, "the suite hardly tried anything: {checks:#?}");
}

fn is_bad(check: &Value) -> bool {
    ["DEVIATION", "ERROR", "CRITICAL"].iter().any(|bad| check["status"] == *bad)
}

fn run(url: &str, base: &str, token: &str) -> Vec<Value> {
    let address = url.strip_prefix("http://").expect("an address");
    let body = json!({ "base": base, "token": token }).to_string();
    let mut stream = TcpStream::connect(address).expect("the suite listens");
    let head = format!("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).expect("it is taken");
    let answer = Answer::read(&mut stream);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().as_array().expect("a list").clone()
}
