//! An app by its SCIM route, against a server with the ways that its facts give it.

use std::collections::BTreeSet;
use std::time::Duration;

use rollbook_catalog::App;
use rollbook_core::account::State;
use rollbook_core::change::{Op, Verb};
use rollbook_engine::channel::scim::{ScimChannel, ScimSettings};
use rollbook_engine::secret::Secret;
use rollbook_testkit::scim_vendor::DeleteMeans;
use rollbook_testkit::{Profile, ScimVendor};
use serde_json::{Value, json};

use super::{Allowed, Expected, ORDER, Pool, differences, on, tried, whole};
use crate::changes::{create, update};

/// The most accounts of a vendor, however long its pages are.
const ACCOUNTS_MAX: usize = 250;

/// Everything that goes wrong when the channel does in the app what its route says, a sentence each.
pub(crate) async fn trial(app: &App) -> Vec<String> {
    let profile = Profile::of(app);
    let vendor = match ScimVendor::start(profile.clone()).await {
        Ok(vendor) => vendor,
        Err(error) => return vec![error.to_string()],
    };
    let expected = populate(&vendor, &profile);
    let channel = match ScimChannel::new(settings(&vendor)) {
        Ok(channel) => channel,
        Err(error) => return vec![format!("the channel cannot be opened: {error}")],
    };
    let seen = match whole(&channel).await {
        Ok(seen) => seen,
        Err(why) => return vec![why],
    };
    let mut wrong = differences(&seen, &expected);
    let route = app.routes.iter().find(|route| route.way.channel == "scim");
    let can = &route.expect("the app has a SCIM route").way.can;
    let mut pool = Pool::of(&seen);
    for verb in ORDER.into_iter().filter(|verb| can.contains_key(verb)) {
        let allowed = Allowed {
            only_suspends: verb == Verb::Remove && profile.delete == DeleteMeans::Inactive,
            ..Allowed::default()
        };
        let change = match change(verb, &mut pool, &vendor) {
            Ok(change) => change,
            Err(why) => {
                wrong.push(why);
                continue;
            }
        };
        if let Err(why) = tried(&channel, vendor.ledger(), &change, allowed).await {
            wrong.push(why);
        }
    }
    wrong
}

fn settings(vendor: &ScimVendor) -> ScimSettings {
    ScimSettings {
        allow_private: true,
        requests_per_second_max: Some(1000),
        backoff: Duration::from_millis(1),
        patience: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
        ..ScimSettings::new("acme".into(), vendor.url(), Secret::new(vendor.token()))
    }
}

/// Several pages of people, one in eight of them suspended, and two groups.
fn populate(vendor: &ScimVendor, profile: &Profile) -> Vec<Expected> {
    let count = (profile.page_max.saturating_mul(2).saturating_add(3)).min(ACCOUNTS_MAX);
    let mut expected: Vec<Expected> = Vec::new();
    for n in 0..count {
        let email = format!("person{n}@acme.example");
        let is_active = n % 8 != 6;
        let key = vendor.seed_user(json!({
            "userName": email, "active": is_active, "displayName": format!("Person {n}"),
            "name": {"givenName": "Person", "familyName": n.to_string()},
            "emails": [{"value": email, "type": "work", "primary": true}],
        }));
        let state = if is_active { State::Active } else { State::Suspended };
        let groups = profile.groups.then(BTreeSet::new);
        expected.push(Expected { key, email, state, groups });
    }
    if profile.groups {
        for (name, every) in [("Sales", 3), ("Editors", 5)] {
            let inside = expected.iter().step_by(every);
            let members: Vec<Value> = inside.map(|one| json!({"value": one.key})).collect();
            let group = vendor.seed_group(json!({"displayName": name, "members": members}));
            for one in expected.iter_mut().step_by(every) {
                one.groups.get_or_insert_default().insert(group.clone());
            }
        }
    }
    expected
}

fn change(
    verb: Verb,
    pool: &mut Pool,
    vendor: &ScimVendor,
) -> Result<rollbook_core::change::Change, String> {
    Ok(match verb {
        Verb::Create => create("new.person@acme.example", "per_000000000000000000000001"),
        Verb::Update => {
            let account = pool.take(State::Active)?;
            update(account.key.as_str(), &account.login, &[("displayName", "Zora Zander")])
        }
        Verb::Grant | Verb::Revoke => {
            let group =
                vendor.groups().first().and_then(|group| group["id"].as_str().map(str::to_owned));
            let entitlement = group.ok_or("there is no group")?;
            let wanted = verb == Verb::Revoke;
            let is_in = |account: &rollbook_core::account::Account| {
                account.grants.iter().any(|grant| grant.entitlement == entitlement)
            };
            let account = pool
                .take_if(&|it| it.state == State::Active && is_in(it) == wanted)
                .ok_or("no account fits the group")?;
            let op = if wanted { Op::Revoke { entitlement } } else { Op::Grant { entitlement } };
            on(&account, op)
        }
        Verb::Suspend => on(&pool.take(State::Active)?, Op::Suspend),
        Verb::Reactivate => on(&pool.take(State::Suspended)?, Op::Reactivate),
        Verb::Remove => on(&pool.take(State::Active)?, Op::Remove),
    })
}
