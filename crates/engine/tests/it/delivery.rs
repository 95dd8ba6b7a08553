//! What identity providers push reaches the apps, as far as policy and people let it, and its state
//! can be read at each moment.

use rollbook_core::id::PlanId;
use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::store::Presence;
use rollbook_scim::server::ResourceType;
use rollbook_testkit::scim_vendor::{Fault, Twist};
use serde_json::json;

use crate::book::also_on_postgres;
use crate::delivery_scene::{DeliveryScene, STANDING, login, user, wait_for};

also_on_postgres!(
    an_okta_deactivation_closes_three_apps_and_its_state_is_true_at_each_moment,
    a_mass_of_deactivations_one_at_a_time_trips_the_window_and_the_rest_is_held,
    without_a_standing_approval_a_push_waits_for_a_named_person,
    a_newer_wish_takes_the_place_of_one_that_has_not_acted,
    a_newer_wish_waits_for_what_may_have_been_sent_and_has_the_last_word,
    what_comes_at_once_is_judged_at_once_and_held_before_the_first_effect,
    what_the_provider_does_not_know_is_found,
    a_new_person_gets_an_account_with_everything_pushed_and_is_known_by_it_again,
    a_group_gives_the_right_that_a_rule_on_its_id_names_and_its_name_gives_none,
    somebody_whom_nothing_proves_is_left_to_a_person,
);

#[tokio::test(flavor = "multi_thread")]
async fn an_okta_deactivation_closes_three_apps_and_its_state_is_true_at_each_moment() {
    let scene = DeliveryScene::new(10, STANDING).await;
    let [chat, docs, wiki] = ["chat", "docs", "wiki"].map(|app| &scene.vendors[app]);
    chat.fault(Fault::on("PATCH", "/Users/*", Twist::Delay { ms: 6000 }).times(1));
    let broken = Twist::Status { status: 500, retry_after: None, body: None };
    docs.fault(Fault::on("PATCH", "/Users/*", broken).times(2));
    wiki.fault(Fault::on("PATCH", "/Users/*", Twist::VisibleAfter { reads: 1 }).times(1));
    let served = scene.serve("all");
    let ana = served.create(user(1)).await;
    let going = served.deliver();
    assert!(served.until_state(&ana, "verified").await.starts_with("verified"));
    served.activate(&ana, false).await;
    assert!(["accepted", "applied"].contains(&served.state(&ana).as_str()));
    let shown = served.until(&ana, |shown| shown.contains("wiki verified")).await;
    assert!(shown.contains("chat accepted") && shown.starts_with("accepted"), "{shown}");
    assert_eq!(scene.account("wiki", &login(1)).unwrap()["active"], false);
    let shown = served.until_state(&ana, "verified").await;
    insta::assert_snapshot!(shown, @r"
    verified
    chat verified
    docs verified
    wiki verified
    ");
    going.end().await;
    for app in ["chat", "docs", "wiki"] {
        assert_eq!(scene.effects(app), ["changed active"], "{app}");
        assert_eq!(scene.vendors[app].unfired(), Vec::<String>::new());
    }
    let events = served.engine.store().read(|book| book.events()).unwrap();
    let begun = events.iter().find(|event| event.kind == "run_begun").unwrap();
    let bodies = served.engine.store().read(|book| book.bodies()).unwrap();
    // A moment that somebody who asks may miss is in the chain all the same.
    let states = |app: &str| -> Vec<&str> {
        let of = events.iter().zip(&bodies).filter(|(event, body)| {
            event.kind.starts_with("delivery_") && body.content["instance"] == app
        });
        of.map(|(event, _)| event.kind.trim_start_matches("delivery_")).collect()
    };
    for app in ["chat", "docs", "wiki"] {
        assert_eq!(states(app), ["accepted", "applied", "verified"], "{app}");
    }
    let body = bodies.iter().find(|body| body.seq == begun.seq).unwrap();
    assert_eq!(body.content["permit"]["standing"]["approved_by"], "Olga Meyer");
    served.engine.verify().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_of_deactivations_one_at_a_time_trips_the_window_and_the_rest_is_held() {
    let limits = "[policy.limits]\nremoved_max = 50\nremoved_pct_max = 100\n";
    let scene = DeliveryScene::new(70, &format!("{limits}{STANDING}")).await;
    let served = scene.serve("wiki");
    let going = served.deliver();
    let mut people = Vec::new();
    for at in 0..60 {
        people.push(served.create(user(at)).await);
    }
    for id in &people {
        served.until_state(id, "verified").await;
    }
    let (mut done, mut held) = (0, 0);
    for id in &people {
        served.activate(id, false).await;
        let shown = served.until(id, |shown| !shown.starts_with('a')).await;
        match shown.split(':').next() {
            Some("waiting") => {
                held += 1;
                assert!(shown.contains("51 accounts would be closed within 24 hours"), "{shown}");
            }
            _ => done += 1,
        }
    }
    assert_eq!((done, held, scene.effects("wiki").len()), (50, 10, 50));
    going.end().await;
    drop(served);
    // The limit is raised: what was held waits for a person all the same.
    let limits = "[policy.limits]\nremoved_max = 500\nremoved_pct_max = 100\n";
    scene.configure(&format!("{limits}{STANDING}"), "");
    let served = scene.serve("wiki");
    let going = served.deliver();
    let last = &people[59];
    let plan = plan_of(&served, last);
    let beside = Engine::open_as(&scene.dir, Clock::System, Presence::Guest, "approve").unwrap();
    let proposal = beside.proposal(&plan).unwrap();
    beside.approve(&plan, proposal.plan.digest(), "Sam", "They have left.").unwrap();
    served.until_state(last, "verified").await;
    assert_eq!(scene.effects("wiki").len(), 51);
    assert!(served.shown(&people[58]).starts_with("waiting"));
    going.end().await;
}

/// The plan that the wish about an account waits with.
fn plan_of(served: &crate::delivery_scene::Served, id: &str) -> PlanId {
    let row = served.engine.store().read(|book| book.intent(id, "wiki", "account")).unwrap();
    PlanId::new(row.unwrap().plan.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_standing_approval_a_push_waits_for_a_named_person() {
    let scene = DeliveryScene::new(10, "").await;
    let served = scene.serve("wiki");
    let ana = served.create(user(1)).await;
    let going = served.deliver();
    served.until_state(&ana, "verified").await;
    served.activate(&ana, false).await;
    let shown = served.until_state(&ana, "waiting").await;
    let plan = plan_of(&served, &ana);
    let said = format!("The plan {plan} waits for a named person to approve it.");
    assert_eq!(shown, format!("waiting: {said}\nwiki waiting: {said}"));
    let beside = Engine::open_as(&scene.dir, Clock::System, Presence::Guest, "approve").unwrap();
    let digest = beside.proposal(&plan).unwrap().plan.digest().to_owned();
    let own = beside.approve(&plan, &digest, "idp:okta", "").unwrap_err();
    assert!(own.message.contains("asked for this plan"), "{own}");
    beside.approve(&plan, &digest, "Sam", "").unwrap();
    served.until_state(&ana, "verified").await;
    assert_eq!(scene.effects("wiki"), ["changed active"]);
    going.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_wish_takes_the_place_of_one_that_has_not_acted() {
    let scene = DeliveryScene::new(10, "").await;
    let served = scene.serve("wiki");
    let ana = served.create(user(1)).await;
    let going = served.deliver();
    served.until_state(&ana, "verified").await;
    served.activate(&ana, false).await;
    served.until_state(&ana, "waiting").await;
    let plan = plan_of(&served, &ana);
    served.activate(&ana, true).await;
    served.until_state(&ana, "verified").await;
    // What was approved too late is not done any more.
    let beside = Engine::open_as(&scene.dir, Clock::System, Presence::Guest, "approve").unwrap();
    let digest = beside.proposal(&plan).unwrap().plan.digest().to_owned();
    beside.approve(&plan, &digest, "Sam", "").unwrap();
    served.activate(&ana, false).await;
    served.until_state(&ana, "waiting").await;
    assert_ne!(plan_of(&served, &ana), plan, "an old approval is for an old wish");
    assert_eq!(scene.effects("wiki"), Vec::<String>::new());
    going.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_wish_waits_for_what_may_have_been_sent_and_has_the_last_word() {
    let scene = DeliveryScene::new(10, STANDING).await;
    let served = scene.serve("wiki");
    let ana = served.create(user(1)).await;
    let going = served.deliver();
    served.until_state(&ana, "verified").await;
    let slow = Fault::on("PATCH", "/Users/*", Twist::Delay { ms: 1500 }).times(1);
    scene.vendors["wiki"].fault(slow);
    served.activate(&ana, false).await;
    wait_for(|| match scene.effects("wiki").len() {
        1 => Ok(()),
        _ => Err(served.shown(&ana)),
    })
    .await;
    served.activate(&ana, true).await;
    served.until(&ana, |shown| shown.contains("must end first")).await;
    served.until_state(&ana, "verified").await;
    assert_eq!(scene.account("wiki", &login(1)).unwrap()["active"], true);
    assert_eq!(scene.effects("wiki"), ["changed active", "changed active"]);
    going.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_at_once_is_judged_at_once_and_held_before_the_first_effect() {
    let limits = "[policy.limits]\nremoved_max = 5\nremoved_pct_max = 100\n";
    let scene = DeliveryScene::new(20, &format!("{limits}{STANDING}")).await;
    let served = scene.serve("wiki");
    let mut people = Vec::new();
    for at in 0..8 {
        let mut leaver = user(at);
        leaver["active"] = json!(false);
        people.push(served.create(leaver).await);
    }
    // Nothing was delivered yet: all eight are due in the first round.
    let going = served.deliver();
    for id in &people {
        let shown = served.until_state(id, "waiting").await;
        assert!(shown.contains("8 accounts would be closed"), "{shown}");
    }
    assert_eq!(scene.effects("wiki"), Vec::<String>::new());
    going.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_does_not_know_is_found() {
    let scene = DeliveryScene::new(3, STANDING).await;
    let served = scene.serve("wiki");
    let ana = served.create(user(1)).await;
    let going = served.deliver();
    served.until_state(&ana, "verified").await;
    served.activate(&ana, false).await;
    served.until_state(&ana, "verified").await;
    going.end().await;
    let mut again = scene.account("wiki", &login(1)).unwrap();
    again["active"] = json!(true);
    scene.vendors["wiki"].seed_user(again);
    served.engine.sync(&[], &rollbook_engine::progress::Quiet).await.unwrap();
    let found = crate::scene::findings(&served.engine);
    let found: std::collections::BTreeSet<_> = found.lines().collect();
    insta::assert_snapshot!(found.into_iter().collect::<Vec<_>>().join("\n"), @r"
    drifted_attribute (new): The account person1@example.com in wiki was as okta wants it, and lets somebody in again since.
    unmanaged (new): The account person0@example.com in wiki is known to no identity provider that pushes there, so it stays open when its owner is deactivated.
    unmanaged (new): The account person2@example.com in wiki is known to no identity provider that pushes there, so it stays open when its owner is deactivated.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_person_gets_an_account_with_everything_pushed_and_is_known_by_it_again() {
    let scene = DeliveryScene::new(3, STANDING).await;
    let served = scene.serve("wiki");
    let going = served.deliver();
    let mut nora = user(7);
    nora["title"] = json!("Editor");
    let id = served.create(nora).await;
    let made = wait_for(|| {
        let made = scene.account("wiki", &login(7)).ok_or_else(|| served.shown(&id))?;
        if made["title"] == "Editor" { Ok(made) } else { Err(format!("{made}")) }
    })
    .await;
    assert_eq!(made["externalId"], "00u7");
    served.until_state(&id, "verified").await;
    served.delete(&id).await;
    served.until_state(&id, "verified").await;
    assert_eq!(scene.account("wiki", &login(7)).unwrap()["active"], false);
    going.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_gives_the_right_that_a_rule_on_its_id_names_and_its_name_gives_none() {
    let scene = DeliveryScene::new(3, STANDING).await;
    let editors = scene.vendors["wiki"].seed_group(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Editors",
    }));
    let rule = format!("group = [{{ id = \"00g1\", entitlement = \"{editors}\" }}]");
    scene.configure(STANDING, &rule);
    let served = scene.serve("wiki");
    let going = served.deliver();
    let ana = served.create(user(1)).await;
    served.until_state(&ana, "verified").await;
    let other = served.group("00g2", &[&ana]).await;
    let group = served.group("00g1", &[&ana]).await;
    served.until_state(&group, "verified").await;
    assert!(served.shown(&other).starts_with("waiting: No rule"), "{}", served.shown(&other));
    let members = || scene.vendors["wiki"].group(&editors).unwrap()["members"].clone();
    assert_eq!(members().as_array().map(Vec::len), Some(1), "{}", members());
    let operations = json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]);
    served.patch(ResourceType::Group, &group, operations).await;
    served.until_state(&group, "verified").await;
    served.until_state(&ana, "verified").await;
    assert_eq!(members().as_array().map_or(0, Vec::len), 0, "{}", members());
    going.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_nothing_proves_is_left_to_a_person() {
    let scene = DeliveryScene::new(5, STANDING).await;
    let served = scene.serve("all");
    let going = served.deliver();
    let mut stranger = user(1);
    stranger["userName"] = json!("somebody");
    stranger["emails"] = json!([{"value": "somebody@elsewhere.org"}]);
    stranger["active"] = json!(false);
    stranger["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = json!({});
    let id = served.create(stranger).await;
    let shown = served.until_state(&id, "waiting").await;
    assert!(shown.contains("Nobody in the book is surely somebody"), "{shown}");
    assert_eq!(scene.effects("wiki"), Vec::<String>::new());
    going.end().await;
}
