//! A probe of other people's SCIM servers tells how each of them departs from the RFCs.
//!
//! What is expected here was found by asking the servers by hand, before the probe was asked. See
//! `peers.rs` for where they come from.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Client;
use rollbook_engine::channel::probe::{Probe, ProbeReport, ProbeSettings};
use rollbook_engine::channel::scim::ScimSettings;
use rollbook_engine::progress::Quiet;
use rollbook_engine::secret::Secret;
use rollbook_scim::probe::{Grade, Sandbox};
use serde_json::{Value, json};

use crate::peers::{TOKEN, alone};

/// It departs from the RFCs in nothing that is asked; this is what they leave open or optional.
const SCIM2_SERVER: &str = "\
paging.cursor             absent    refused
me                        absent    absent
patch.active_text         noted     understood
put.without_active        noted     unassigned
put.clears                noted     clears
group.shown_on_user       absent    not_shown
group.remove_by_value     noted     refused
group.unknown_member      noted     kept
rate.headers              noted     none";

/// Filters are left to whoever embeds it, and the embedding here passes them over, as many do.
const SCIMMY_EXPRESS4: &str = "\
access.no_token           deviates  401_odd
access.wrong_token        deviates  401_odd
list.items_per_page       deviates  other
list.past_end             deviates  repeats
paging.cursor             absent    ignored
filter.login              deviates  ignored
filter.nobody             deviates  ignored
filter.login_case         deviates  ignored
filter.words_case         deviates  ignored
filter.id                 deviates  ignored
filter.external_id        deviates  ignored
filter.parts              deviates  none
filter.logic              deviates  none
filter.value_path         deviates  ignored
filter.urn                deviates  ignored
filter.unknown_attribute  deviates  ignored
user.location             deviates  relative
user.attributes           deviates  honoured_odd
user.excluded_attributes  deviates  honoured_odd
version.shown             noted     header
search.post               deviates  ignored
me                        absent    absent
create.answer             deviates  201_odd
patch.active_text         noted     refused
patch.same_again          noted     stamped
patch.add_twice           deviates  twice
patch.read_only           deviates  ignored
patch.if_match            absent    ignored
put.without_active        noted     unassigned
put.clears                noted     clears
group.add_twice           deviates  twice
group.shown_on_user       absent    not_shown
group.remove_by_value     noted     understood
group.unknown_member      noted     kept
rate.headers              noted     none";

/// On Express 5 the query of a list is lost as well.
const SCIMMY_EXPRESS5_TOO: &str = "\
list.count                deviates  ignored
list.count_zero           deviates  ignored
list.count_negative       deviates  ignored
list.start_index          deviates  ignored";

#[tokio::test]
async fn a_probe_tells_how_other_peoples_servers_deviate() {
    for peer in std::env::var("ROLLBOOK_PEERS").unwrap_or_default().split_whitespace() {
        let (name, url) = peer.split_once('=').expect("ROLLBOOK_PEERS is `name=url` with blanks");
        let _alone = alone(url);
        let probe = probe(url);
        let seeded = seed(url).await;
        let report = probe.run(&Quiet, &AtomicBool::new(false)).await.unwrap();
        for id in seeded {
            send(reqwest::Method::DELETE, &format!("{url}/Users/{id}"), None).await;
        }
        let expected = match name {
            "scim2-server" => sorted(SCIM2_SERVER),
            "scimmy-express4" => sorted(SCIMMY_EXPRESS4),
            "scimmy-express5" => sorted(&format!("{SCIMMY_EXPRESS4}\n{SCIMMY_EXPRESS5_TOO}")),
            other => panic!("nobody has asked the peer {other} by hand"),
        };
        assert_eq!(sorted(&lines(&report)), expected, "{name}");
        assert_eq!((report.left, report.cut_short), (vec![], None), "{name}");
        assert!(report.answers.len() >= 80, "{name}: {}", report.answers.len());
    }
}

fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Whatever does not conform, without the two that depend on how many accounts there are.
fn lines(report: &ProbeReport) -> String {
    let told = report.answers.iter().filter(|it| it.verdict.grade != Grade::Conforms);
    let told = told.filter(|it| !matches!(it.question.key, "list.default_page" | "list.max_page"));
    let line = |it: &rollbook_engine::channel::probe::Answered| {
        let value = match it.verdict.grade {
            Grade::Unknown => &it.verdict.says,
            _ => &it.verdict.value,
        };
        format!("{:<24}  {:<8}  {value}", it.question.key, it.verdict.grade)
    };
    told.map(line).collect::<Vec<_>>().join("\n")
}

fn probe(url: &str) -> Probe {
    let sandbox =
        Sandbox { login: "Probe.Me@acme.example".into(), group: Some("Probe's group".into()) };
    let scim = ScimSettings {
        allow_private: true,
        requests_per_second_max: Some(1000),
        ..ScimSettings::new("peer".into(), url, Secret::new(TOKEN))
    };
    let settings =
        ProbeSettings { scim, sandbox: Some(sandbox), settles_within: Duration::from_secs(10) };
    Probe::new(settings).unwrap()
}

/// Three accounts with everything that filters are tried on; their ids.
async fn seed(url: &str) -> Vec<String> {
    let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut ids = Vec::new();
    for name in ["ana", "bea", "cem"] {
        let login = format!("{name}.{run}@acme.example");
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": login, "externalId": format!("x-{name}-{run}"), "active": true,
            "emails": [{"value": login, "type": "work", "primary": true}],
        });
        let made = send(reqwest::Method::POST, &format!("{url}/Users"), Some(user)).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn send(method: reqwest::Method, url: &str, body: Option<Value>) -> Value {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(method, url).bearer_auth(TOKEN);
    if let Some(body) = body {
        request = request.header("content-type", "application/scim+json").body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
}
