//! Probing an instance of a workspace: what is found stays in the book, and nobody's account is a
//! sandbox.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rollbook_engine::Engine;
use rollbook_engine::channel::probe::ProbeReport;
use rollbook_engine::progress::Quiet;
use rollbook_scim::probe::Sandbox;
use rollbook_testkit::Profile;
use rollbook_testkit::scim_vendor::PatchSupport;

use crate::said;
use crate::scene::Scene;

async fn probe(
    engine: &Engine,
    login: Option<&str>,
) -> Result<ProbeReport, rollbook_engine::Error> {
    let sandbox = login.map(|login| Sandbox { login: login.to_owned(), group: None });
    let (patience, stop) = (Duration::from_secs(1), AtomicBool::new(false));
    engine.probe(&"wiki".into(), sandbox, patience, "robin", &Quiet, &stop).await
}

#[tokio::test]
async fn what_a_probe_found_stays_in_the_book_with_its_digests_and_an_event() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    assert_eq!(engine.probed(&"wiki".into()).unwrap(), None);
    let before = scene.vendor.ledger().effects().len();
    probe(&engine, None).await.unwrap();
    assert_eq!(scene.vendor.ledger().effects().len(), before, "nothing was written");
    let probed = engine.probed(&"wiki".into()).unwrap().unwrap();
    assert_eq!(probed.by, "robin");
    let fact = probed.facts.iter().find(|fact| fact.question == "list.count").unwrap();
    assert_eq!((fact.verdict.as_str(), fact.value.as_str()), ("conforms", "honoured"));
    assert_eq!((fact.receipts[0].status, fact.receipts[0].answer_digest.len()), (200, 64));
    assert!(probed.facts.iter().all(|fact| fact.verdict != "unknown"));
    let chain = engine.verify().unwrap();
    assert_eq!(chain.covered, chain.events, "it is signed");
}

#[tokio::test]
async fn where_the_apps_file_says_otherwise_it_is_a_contradiction() {
    let scene = Scene::with(Profile { patch: PatchSupport::Absent, ..Profile::full() }).await;
    scene.configure_with(|text| {
        text.replace("name = \"wiki\"", "name = \"wiki\"\napp = \"mindtickle\"")
    });
    let engine = scene.synced().await;
    let report = probe(&engine, Some("probe@example.com")).await.unwrap();
    assert_eq!(report.left, Vec::<String>::new());
    let probed = engine.probed(&"wiki".into()).unwrap().unwrap();
    let told = probed.contradictions.iter().map(|it| format!("{}: {}", it.key, it.seen));
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["scim.patch: PATCH of `active` does nothing, with a path or without."]
    );
}

#[tokio::test]
async fn an_account_that_belongs_to_somebody_is_no_sandbox() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let login = engine.graph().unwrap().accounts().next().unwrap().0.login.clone();
    let refused = said(&probe(&engine, Some(&login.to_uppercase())).await.unwrap_err());
    assert!(refused.contains("belongs to somebody"), "{refused}");
    assert_eq!(scene.vendor.ledger().effects().len(), 0);
    assert_eq!(engine.probed(&"wiki".into()).unwrap(), None);
}
