//! Leavers in a workspace: what is due becomes a plan, and what people say about them is kept.

use jiff::ToSpan as _;
use rollbook_core::change::Op;
use rollbook_core::id::IdentityId;
use rollbook_core::leaving::MarkKind;
use rollbook_core::plan::Wish;
use rollbook_core::policy::Raisable;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Raising};

use crate::scene::{Scene, at};

fn ana(engine: &Engine) -> IdentityId {
    let graph = engine.graph().unwrap();
    graph.identities().iter().find(|one| one.name.starts_with("Ana")).unwrap().id.clone()
}

fn phases(engine: &Engine) -> Vec<(String, &'static str)> {
    engine.leavers().unwrap().iter().map(|one| (one.name.clone(), one.phase.word())).collect()
}

#[tokio::test]
async fn somebody_who_left_is_cut_by_one_plan_and_handed_over_after_it() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    assert_eq!(phases(&engine), []);
    let last = engine.today().checked_sub(2.days()).unwrap().to_string();
    scene.workers(&[("Ana", last.as_str())]);
    engine.sync(&["hr".to_owned()], &Quiet).await.unwrap();
    assert_eq!(phases(&engine), [("Ana Alder".to_owned(), "cutoff")]);
    let proposal = engine.plan_leavers(None, "Olga").unwrap();
    let wanted: Vec<_> = proposal.plan.changes().iter().map(|c| c.op.verb()).collect();
    assert_eq!(wanted, ["suspend", "suspend"]);
    let only = proposal.plan.changes().iter().all(|c| c.identity == Some(ana(&engine)));
    assert!(only, "nobody else leaves");
}

#[tokio::test]
async fn a_legal_hold_is_kept_stops_what_removes_and_is_ended_by_name() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let who = ana(&engine);
    let hold = |reason: &str| engine.mark_leaver(&who, MarkKind::LegalHold, None, "Lee", reason);
    assert!(hold(" ").unwrap_err().to_string().contains("only with a reason"));
    hold("Case 14").unwrap();
    let remove = Wish::by_person("Olga", at(&engine, "Ana"), Op::Remove, "Ana asked.");
    let stops = |engine: &Engine| {
        let proposal = engine.plan_wishes(std::slice::from_ref(&remove), "Olga").unwrap();
        proposal.stops.iter().map(|stop| stop.kind.word()).collect::<Vec<_>>()
    };
    assert!(stops(&engine).contains(&"legal_hold"));
    let refused = engine.erasure(&who).unwrap_err().to_string();
    assert!(refused.contains("A legal hold is on them."), "{refused}");
    engine.end_mark(&who, MarkKind::LegalHold, "Lee").unwrap();
    assert!(!stops(&engine).contains(&"legal_hold"));
    assert!(engine.end_mark(&who, MarkKind::LegalHold, "Lee").is_err(), "it was ended");
    let kinds = ["leaver_marked", "leaver_mark_ended"];
    let recorded = |kind| engine.store().read(|book| book.recorded(who.as_str(), kind)).unwrap();
    assert_eq!(kinds.map(|kind| recorded(kind).len()), [1, 1]);
}

#[tokio::test]
async fn whoever_asked_for_a_higher_limit_cannot_agree_to_it() {
    let scene = Scene::new().await;
    scene.configure("[policy.limits]\nremoved_max = 1\nremoved_pct_max = 100\n");
    let engine = scene.synced().await;
    let stopped = |engine: &Engine| {
        let wishes = ["Ana", "Bob"]
            .map(|name| Wish::by_person("Olga", at(engine, name), Op::Suspend, "Olga asked."));
        let proposal = engine.plan_wishes(&wishes, "Olga").unwrap();
        proposal.stops.iter().any(|stop| stop.subject == "wiki")
    };
    assert!(stopped(&engine));
    let raise = |instance: Option<&str>, limit: Raisable| {
        let until = engine.now().checked_add(1.hour()).unwrap();
        let (instance, reason) = (instance.map(Into::into), "The wiki moves.".to_owned());
        engine.ask_raise(Raising { instance, limit, to: 5, until, reason }, "Bob Birch")
    };
    assert!(raise(Some("wiki"), Raisable::WorkspaceRemovedMax).is_err());
    assert!(raise(Some("wikki"), Raisable::RemovedMax).is_err());
    let id = raise(Some("wiki"), Raisable::RemovedMax).unwrap().id;
    assert!(stopped(&engine), "nobody agreed yet");
    // The same human under the login of an account.
    let refused = engine.agree_raise(&id, "bob@example.com").unwrap_err().to_string();
    assert!(refused.contains("cannot agree to it"), "{refused}");
    engine.agree_raise(&id, "Kim").unwrap();
    assert!(!stopped(&engine));
    assert!(engine.agree_raise(&id, "Lee").unwrap_err().to_string().contains("Kim agreed to it"));
}

#[tokio::test]
async fn an_instance_is_for_reading_only_until_somebody_accepts_what_was_seen() {
    let scene = Scene::new().await;
    scene.configure("[policy.limits]\naccept_first_view = true\n");
    let engine = scene.synced().await;
    let stops = |engine: &Engine| {
        let wish = Wish::by_person("Olga", at(engine, "Ana"), Op::Suspend, "Olga asked.");
        let proposal = engine.plan_wishes(&[wish], "Olga").unwrap();
        proposal.stops.iter().map(|stop| stop.kind.word()).collect::<Vec<_>>()
    };
    assert_eq!(stops(&engine), ["first_run"]);
    engine.accept_first_view(&"wiki".into(), "Kim", "All links were looked at.").unwrap();
    assert_eq!(stops(&engine), [""; 0]);
}
