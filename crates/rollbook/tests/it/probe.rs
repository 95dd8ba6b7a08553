//! `rollbook probe` on a server that we know well: our own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::bench::{Bench, Ran};
use crate::served::{ENDPOINT, Served};

/// A server with four accounts, and the arguments that probe it.
fn begun() -> (Served, Vec<String>) {
    let served = Served::start();
    for name in ["ana@acme.example", "bea@acme.example", "cem@acme.example", "dan@acme.example"] {
        served.user(name);
    }
    let token = served.bench.write("probe-token", &served.token);
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let url = format!("http://{}/scim/{ENDPOINT}/v2", served.address);
    let token = token.display().to_string();
    let arguments = ["probe", "--scim", &url, "--token-file", &token, "--allow-private"];
    let arguments = [&arguments[..], &["--requests-per-second", "1000"]].concat();
    (served, arguments.into_iter().map(str::to_owned).collect())
}

fn run(bench: &Bench, arguments: &[String], more: &[&str]) -> Ran {
    let all: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    bench.run(&all)
}

/// What does not conform, one line each.
fn odd(ran: &Ran) -> String {
    let lines = ran.json().into_iter().filter(|it| it["verdict"].is_string());
    let odd = lines.filter(|it| it["verdict"] != "conforms");
    let line = |it: serde_json::Value| {
        let text = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", text("question"), text("verdict"), text("says"))
    };
    odd.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn our_own_server_conforms_but_for_what_the_rfcs_leave_open() {
    let (served, arguments) = begun();
    let sandbox = ["--sandbox-user", "Probe.Me@acme.example", "--sandbox-group", "Probe's group"];
    let ran = run(&Bench::empty(), &arguments, &[&sandbox[..], &["--json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.all());
    insta::assert_snapshot!(odd(&ran), @r#"
list.default_page noted: All 4 accounts come at once, so a page holds at least so many.
list.max_page noted: 4 accounts came when 1000 were asked for: no limit was met.
filter.external_id unknown: No account on the first page shows an externalId.
filter.value_path unknown: No account on the first page shows a mail address with a type.
filter.unknown_attribute noted: A filter on an attribute that does not exist finds nobody, as if nobody had a value there.
me absent: /Me is not there, and the server says so with 501.
patch.active_text noted: The text "False" is understood.
put.clears noted: PUT takes away what it does not name.
group.remove_by_value noted: Entra ID's form of `remove` is understood.
group.unknown_member noted: A member that does not exist is refused with 400 invalidValue.
rate.headers noted: No header tells how fast the server may be asked. It never asked us to slow down.
"#);
    assert!(!ran.all().contains(&served.token), "the token is nowhere");
}

#[test]
fn people_get_a_table_the_reasons_and_a_sum() {
    let (_served, arguments) = begun();
    let ran = run(&Bench::empty(), &arguments, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.all());
    for part in ["Question ", "list.count ", " conform, ", "`count=2` gives 2 accounts."] {
        assert!(ran.out.contains(part), "{part} is not in {}", ran.out);
    }
}

#[test]
fn what_cannot_be_probed_is_said_with_what_to_do() {
    let bench = Bench::empty();
    let said = |arguments: &[&str]| {
        let ran = bench.run(&[&["probe"], arguments].concat());
        format!("{}{}", ran.code, ran.err)
    };
    insta::assert_snapshot!(said(&["--scim", "https://acme.example.com/v2"]), @r#"
2error: It is not said where the bearer token of the server lies.
hint:  Name a variable with `--token-env NAME`, or a file with `--token-file FILE`.
"#);
    insta::assert_snapshot!(said(&["--scim", "https://acme.example.com/v2", "--token-env", "ROLLBOOK_NO_SUCH_TOKEN"]), @r#"
3error: The environment variable ROLLBOOK_NO_SUCH_TOKEN, which holds a secret, is not set.
hint:  Set ROLLBOOK_NO_SUCH_TOKEN, or name a file instead: { file = "path" }.
"#);
    let token = bench.write("token", "a-token-of-some-length");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let token = token.display().to_string();
    insta::assert_snapshot!(said(&["--scim", "http://127.0.0.1:9/v2", "--token-file", &token]), @r#"
3error: The base URL of instance `127.0.0.1:9` is refused: plain http would send the token readable.
hint:  If the vendor runs in your own network, add `--allow-private`.
"#);
}

#[test]
fn the_document_lists_every_question() {
    let document = include_str!("../../../../docs/probe.md");
    let listed = document.lines().filter(|line| line.starts_with("| `") && line.contains("| RFC "));
    let asked = rollbook_scim::probe::questions()
        .map(|it| format!("| `{}` | {} | {} |", it.key, it.asks, it.rfc));
    assert_eq!(listed.collect::<Vec<_>>(), asked.collect::<Vec<_>>());
}
