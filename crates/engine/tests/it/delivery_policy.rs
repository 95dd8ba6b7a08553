//! What is changed in `rollbook.toml` counts while pushes are delivered, and a configuration that
//! cannot be used changes nothing.

use rollbook_scim::server::ResourceType;
use serde_json::json;

use crate::book::also_on_postgres;
use crate::delivery_scene::{DeliveryScene, STANDING, Served, login, user, wait_for};

also_on_postgres!(
    a_standing_approval_that_is_written_lets_through_what_waits_and_its_end_holds_the_next,
    a_configuration_that_cannot_be_used_changes_nothing_and_is_said,
    a_membership_that_was_pushed_before_its_rule_is_delivered_when_the_rule_is_written,
    a_rule_that_was_written_while_nobody_served_is_followed_from_the_start,
);

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_approval_that_is_written_lets_through_what_waits_and_its_end_holds_the_next() {
    let scene = DeliveryScene::new(10, "").await;
    let served = scene.serve("wiki");
    let going = served.deliver();
    let [ana, bob] = [served.create(user(1)).await, served.create(user(2)).await];
    served.until_state(&ana, "verified").await;
    served.until_state(&bob, "verified").await;
    served.activate(&ana, false).await;
    served.until_state(&ana, "waiting").await;
    scene.configure(STANDING, "");
    served.until_state(&ana, "verified").await;
    assert_eq!(scene.effects("wiki"), ["changed active"]);

    scene.configure("", "");
    in_use(&served, "").await;
    served.activate(&bob, false).await;
    let shown = served.until_state(&bob, "waiting").await;
    assert!(shown.contains("waits for a named person"), "{shown}");
    assert_eq!(scene.account("wiki", &login(2)).unwrap()["active"], true);
    going.end().await;
    let kinds = crate::scene::kinds(&served.engine);
    assert_eq!(kinds.iter().filter(|kind| *kind == "configuration_changed").count(), 2);
    served.engine.verify().unwrap();
}

/// Waits until the delivery goes by a configuration in which `word` stands.
async fn in_use(served: &Served, name: &str) {
    wait_for(|| {
        let config = served.engine.newest_config();
        let names: Vec<_> = config.policy.standing.iter().map(|one| one.name.clone()).collect();
        if names.join(" ") == name { Ok(()) } else { Err(format!("{names:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_used_changes_nothing_and_is_said() {
    let scene = DeliveryScene::new(10, STANDING).await;
    let served = scene.serve("wiki");
    let going = served.deliver();
    let ana = served.create(user(1)).await;
    served.until_state(&ana, "verified").await;
    let trouble = || served.engine.config_trouble();
    for (policy, why) in [
        ("[policy.limits]\nremoved_maximum = 1\n", "removed_maximum"),
        ("[policy", "rollbook.toml"),
    ] {
        scene.configure(policy, "");
        let said = wait_for(|| trouble().filter(|said| said.contains(why)).ok_or(why.to_owned()));
        said.await;
    }
    served.activate(&ana, false).await;
    served.until_state(&ana, "verified").await;
    assert_eq!(scene.effects("wiki"), ["changed active"], "the standing approval holds on");
    // As it was: nothing to complain about any more, and nothing that changed.
    scene.configure(STANDING, "");
    wait_for(|| trouble().map_or(Ok(()), Err)).await;
    going.end().await;
    assert!(!crate::scene::kinds(&served.engine).contains(&"configuration_changed".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_file_that_is_written_while_serving_counts_and_is_recorded() {
    let scene = DeliveryScene::new(1, "").await;
    let served = scene.serve("wiki");
    let going = served.deliver();
    let file = scene.dir.join("apps/pigeons.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "[app]\nid = \"doves\"\n").unwrap();
    let said = || served.engine.config_trouble().filter(|said| said.contains("pigeons.toml:"));
    wait_for(|| said().ok_or("nobody complains".to_owned())).await;
    let text = "[app]\nid = \"pigeons\"\nname = \"Pigeons\"\ncategory = \"messages\"\nwebsite = \"\"\n\
        checked_on = \"2026-11-01\"\n";
    std::fs::write(&file, text).unwrap();
    let is_known = || served.engine.newest_config().catalog.app("pigeons").is_some();
    wait_for(|| if is_known() { Ok(()) } else { Err("pigeons are not known".to_owned()) }).await;
    going.end().await;
    let events =
        served.engine.store().read(|book| book.recorded("workspace", "configuration_changed"));
    let bodies: Vec<_> = events.unwrap().into_iter().map(|(_, body)| body.content).collect();
    let [body] = &bodies[..] else { panic!("{bodies:?}") };
    let file = &body["files"][0];
    assert_eq!((&file["file"], file["before"].is_null()), (&json!("apps/pigeons.toml"), true));
    assert_eq!(file["now"].as_str().map(str::len), Some(64));
}

/// A wiki with a group of editors, and the rule that says how an identity provider calls it.
fn editors(scene: &DeliveryScene) -> (String, String) {
    let editors = scene.vendors["wiki"].seed_group(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Editors",
    }));
    let rule = format!("group = [{{ id = \"00g1\", entitlement = \"{editors}\" }}]");
    (editors, rule)
}

fn members(scene: &DeliveryScene, group: &str) -> usize {
    let group = scene.vendors["wiki"].group(group).unwrap();
    group["members"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_that_was_pushed_before_its_rule_is_delivered_when_the_rule_is_written() {
    let scene = DeliveryScene::new(5, STANDING).await;
    let (editors, rule) = editors(&scene);
    let served = scene.serve("wiki");
    let going = served.deliver();
    let [ana, bob] = [served.create(user(1)).await, served.create(user(2)).await];
    served.until_state(&ana, "verified").await;
    served.until_state(&bob, "verified").await;
    let group = served.group("00g1", &[&ana, &bob]).await;
    let empty = served.group("00g9", &[]).await;
    assert!(served.shown(&group).starts_with("waiting: No rule"), "{}", served.shown(&group));
    let rules = rule.replace("}]", "}, { id = \"00g9\", entitlement = \"x\" }]");
    scene.configure(STANDING, &rules);
    served.until_state(&group, "verified").await;
    served.until_state(&ana, "verified").await;
    served.until_state(&empty, "accepted").await;
    assert_eq!(members(&scene, &editors), 2);
    // Taken out later they are taken out there too.
    let operations = json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]);
    served.patch(ResourceType::Group, &group, operations).await;
    served.until(&group, |_| members(&scene, &editors) == 1).await;
    going.end().await;
    served.engine.verify().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_was_written_while_nobody_served_is_followed_from_the_start() {
    let scene = DeliveryScene::new(5, STANDING).await;
    let (editors, rule) = editors(&scene);
    let served = scene.serve("all");
    let ana = served.create(user(1)).await;
    let group = served.group("00g1", &[&ana]).await;
    served.engine.deliver_due().await.unwrap();
    assert_eq!(members(&scene, &editors), 0);
    drop(served);
    scene.configure(STANDING, &rule);
    let served = Served::reopen(&scene.dir, "all");
    let going = served.deliver();
    served.until_state(&group, "verified").await;
    assert_eq!(members(&scene, &editors), 1);
    going.end().await;
    let begun = served.engine.store().read(|book| book.events()).unwrap();
    let begun = begun.iter().rfind(|event| event.kind == "run_begun").unwrap();
    assert_eq!(begun.on_behalf_of, "idp:okta", "who pushed the User asked for it");
}
