//! The main job against other people's SCIM servers: create, update, suspend, reactivate, add to a
//! group, take out, remove, each seen by a second look, and all of it listed.
//!
//! `make test` starts the servers of `tests/peers` and names them in `ROLLBOOK_PEERS`, as
//! `name=url` separated by blanks. Without that the test says so and has nothing to do.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Client;
use rollbook_core::account::State;
use rollbook_core::change::{Change, Op};
use rollbook_core::id::AccountKey;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::scim::{ScimChannel, ScimSettings};
use rollbook_engine::secret::Secret;
use serde_json::{Value, json};

use crate::changes::{change, check_done, create, seen, update};

/// What the scripts of `tests/peers` make their servers accept.
pub(crate) const TOKEN: &str = "peer-token";

#[tokio::test]
async fn the_main_job_on_other_peoples_servers() {
    let peers = std::env::var("ROLLBOOK_PEERS").unwrap_or_default();
    if peers.trim().is_empty() {
        eprintln!("ROLLBOOK_PEERS names no server, so none was tried; `make test` starts them.");
        return;
    }
    for peer in peers.split_whitespace() {
        let (name, url) = peer.split_once('=').expect("ROLLBOOK_PEERS is `name=url` with blanks");
        eprintln!("{name} at {url}");
        run(name, url).await;
    }
}

/// The peer at `url` for one test at a time, in this process or another: a test that counts what is
/// there must not see what others make. It is let go of when the file is dropped.
pub(crate) fn alone(url: &str) -> std::fs::File {
    let name: String = url.chars().filter(char::is_ascii_alphanumeric).collect();
    let path = std::env::temp_dir().join(format!("rollbook-peer-{name}.lock"));
    let file = std::fs::File::create(path).unwrap();
    file.lock().unwrap();
    file
}

async fn run(name: &str, url: &str) {
    let _alone = alone(url);
    let token = Secret::new(TOKEN);
    let settings = ScimSettings {
        allow_private: true,
        page_size: 2,
        ..ScimSettings::new("acme".into(), url, token)
    };
    let channel = ScimChannel::new(settings).unwrap();
    let logins = logins();
    let keys = make(&channel, &logins).await;
    let [ana, bea, ..] = &keys;

    check_refused_twin(&channel, &logins[0]).await;
    let change_ana = |op, state| change(op, ana, &logins[0], state);
    let set = [("displayName", "Ana V."), ("name.familyName", "Vries"), ("title", "Lead")];
    check_done(&channel, &update(ana, &logins[0], &set)).await;
    check_done(&channel, &change_ana(Op::Suspend, State::Active)).await;
    check_already_done(&channel, &change_ana(Op::Suspend, State::Active)).await;
    check_done(&channel, &change_ana(Op::Reactivate, State::Suspended)).await;

    let group = make_group(url, bea).await;
    let grant = change_ana(Op::Grant { entitlement: group.clone() }, State::Active);
    check_done(&channel, &grant).await;
    check_listed(name, &channel, &group, &keys, &logins).await;
    let revoke = change_ana(Op::Revoke { entitlement: group.clone() }, State::Active);
    check_done(&channel, &revoke).await;
    let all = channel.observe().await.unwrap();
    let members = &all.groups.iter().find(|g| g.key == group).unwrap().members;
    assert_eq!(members, &[AccountKey::new(bea)], "{name}: the others stay");

    for (key, login) in keys.iter().zip(&logins) {
        let remove = change(Op::Remove, key, login, State::Active);
        check_done(&channel, &remove).await;
        assert_eq!(channel.look(&remove).await, Seen::Absent);
        check_already_done(&channel, &remove).await;
    }
}

/// Three logins that no earlier run used.
fn logins() -> [String; 3] {
    let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    ["ana", "bea", "cem"].map(|name| format!("{name}.{run}@acme.example"))
}

async fn make(channel: &ScimChannel, logins: &[String; 3]) -> [String; 3] {
    let mut keys = Vec::new();
    for login in logins {
        let made = create(login, &format!("per_{login}"));
        keys.push(check_done(channel, &made).await);
        check_already_done(channel, &made).await;
    }
    keys.try_into().unwrap()
}

/// Somebody else with the same login does not get the account that is there.
async fn check_refused_twin(channel: &ScimChannel, login: &str) {
    match channel.apply(&create(login, "per_somebody_else")).await {
        Outcome::Refused { why } => assert!(why.contains(login), "{why}"),
        other => panic!("the twin was not refused: {other:?}"),
    }
}

async fn check_already_done(channel: &ScimChannel, change: &Change) {
    let outcome = channel.apply(change).await;
    assert!(matches!(outcome, Outcome::AlreadyDone { .. }), "{}: {outcome:?}", change.label);
}

async fn check_listed(
    name: &str,
    channel: &ScimChannel,
    group: &str,
    keys: &[String],
    logins: &[String],
) {
    let all = channel.observe().await.unwrap();
    assert_eq!(all.coverage, Coverage::Complete, "{name}");
    for (key, login) in keys.iter().zip(logins) {
        let listed = all.accounts.iter().find(|a| a.key.as_str() == key).unwrap();
        assert_eq!((&listed.login, listed.state), (login, State::Active), "{name}");
        assert_eq!(listed.external_id, format!("per_{login}"), "{name}");
        assert_eq!(listed.worker_number, "00123", "{name}");
    }
    let in_group: Vec<_> = all.accounts.iter().filter(|a| !a.grants.is_empty()).collect();
    let mut expected = [&keys[0], &keys[1]];
    expected.sort();
    assert_eq!(in_group.iter().map(|a| a.key.as_str()).collect::<Vec<_>>(), expected, "{name}");
    assert!(in_group.iter().all(|a| a.grants[0].entitlement == group), "{name}");
    let ana = change(Op::Suspend, &keys[0], &logins[0], State::Active);
    assert_eq!(seen(channel, &ana).await.display_name, "Ana V.", "{name}");
}

/// Groups are made by people, not by Rollbook.
pub(crate) async fn make_group(url: &str, member: &str) -> String {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Sales", "members": [{"value": member}],
    });
    let request = Client::builder().no_proxy().build().unwrap().post(format!("{url}/Groups"));
    let request = request.bearer_auth(TOKEN).header("content-type", "application/scim+json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let made: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    made["id"].as_str().unwrap().to_owned()
}
