//! Pushes that a mass change held back are agreed to together, under one digest.

use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::store::Presence;
use serde_json::json;

use crate::book::also_on_postgres;
use crate::delivery_scene::{DeliveryScene, STANDING, Served, user};

also_on_postgres!(
    what_was_held_is_agreed_to_together_once_it_is_not_too_many_any_more,
    what_came_or_changed_since_it_was_looked_at_is_not_agreed_to,
);

/// At most so many may be closed within a day.
fn at_most(removed: u32) -> String {
    format!("[policy.limits]\nremoved_max = {removed}\nremoved_pct_max = 100\n{STANDING}")
}

/// Eight people who are to be closed at once in the wiki, where five are too many.
async fn eight_held(scene: &DeliveryScene, served: &Served) -> Vec<String> {
    let mut people = Vec::new();
    for at in 0..8 {
        let mut leaver = user(at);
        leaver["active"] = json!(false);
        people.push(served.create(leaver).await);
    }
    served.engine.deliver_due().await.unwrap();
    for id in &people {
        assert!(served.shown(id).contains("8 accounts would be closed"), "{}", served.shown(id));
    }
    assert_eq!(scene.effects("wiki"), Vec::<String>::new());
    people
}

/// Somebody at a terminal, beside the server.
fn beside(scene: &DeliveryScene) -> Engine {
    Engine::open_as(&scene.dir, Clock::System, Presence::Guest, "approve").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_is_agreed_to_together_once_it_is_not_too_many_any_more() {
    let scene = DeliveryScene::new(20, &at_most(5)).await;
    let served = scene.serve("wiki");
    let people = eight_held(&scene, &served).await;
    let held = beside(&scene).held("wiki").unwrap();
    let stops: Vec<_> = held.stops().iter().map(|stop| stop.sentence.as_str()).collect();
    assert_eq!((held.proposals().len(), stops.len()), (8, 2), "{stops:#?}");
    assert!(stops[0].contains("8 people would lose accounts"), "{stops:#?}");
    assert!(stops[1].contains("8 accounts would be closed"), "{stops:#?}");
    let refused = beside(&scene).approve_held("wiki", held.digest(), "Sam", "").unwrap_err();
    assert!(refused.message.contains("too many"), "{refused}");
    assert!(beside(&scene).held("docs").unwrap().proposals().is_empty());
    let unknown = beside(&scene).held("wikki").unwrap_err();
    assert!(unknown.message.contains("wikki"), "{unknown}");

    let going = served.deliver();
    scene.configure(&at_most(50), "");
    for id in &people {
        served.until(id, |shown| shown.contains("held back as a part of a mass change")).await;
    }
    let held = beside(&scene).held("wiki").unwrap();
    assert_eq!((held.proposals().len(), held.stops().len()), (8, 0), "{held:#?}");
    let own = beside(&scene).approve_held("wiki", held.digest(), "idp:okta", "").unwrap();
    assert!(own.iter().all(|(_, done)| done.is_err()), "who asked agrees to nothing: {own:?}");
    let agreed = beside(&scene).approve_held("wiki", held.digest(), "Sam", "They left.").unwrap();
    assert!(agreed.len() == 8 && agreed.iter().all(|(_, done)| done.is_ok()), "{agreed:?}");
    for id in &people {
        served.until_state(id, "verified").await;
    }
    assert_eq!(scene.effects("wiki").len(), 8);
    assert!(beside(&scene).held("wiki").unwrap().proposals().is_empty());
    going.end().await;
    let kinds = crate::scene::kinds(&served.engine);
    assert_eq!(kinds.iter().filter(|kind| *kind == "plan_approved").count(), 8);
    served.engine.verify().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_or_changed_since_it_was_looked_at_is_not_agreed_to() {
    let scene = DeliveryScene::new(20, "").await;
    let served = scene.serve("wiki");
    let ana = served.create({
        let mut leaver = user(1);
        leaver["active"] = json!(false);
        leaver
    });
    let ana = ana.await;
    served.engine.deliver_due().await.unwrap();
    assert!(served.shown(&ana).starts_with("waiting"), "{}", served.shown(&ana));
    let looked_at = beside(&scene).held("wiki").unwrap();
    assert_eq!(looked_at.proposals().len(), 1);
    let mut another = user(2);
    another["active"] = json!(false);
    served.create(another).await;
    served.engine.deliver_due().await.unwrap();
    let refused = beside(&scene).approve_held("wiki", looked_at.digest(), "Sam", "").unwrap_err();
    assert!(refused.message.contains("not what you looked at"), "{refused}");
    assert!(!crate::scene::kinds(&served.engine).contains(&"plan_approved".to_owned()));
}
