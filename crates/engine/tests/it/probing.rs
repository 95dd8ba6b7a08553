//! Probing an instance of a workspace: what is found stays in the book, and nobody's account is a
//! sandbox.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rollbook_core::change::{Change, Op};
use rollbook_core::finding::{Finding, Kind, Tracked};
use rollbook_engine::Engine;
use rollbook_engine::channel::probe::ProbeReport;
use rollbook_engine::progress::Quiet;
use rollbook_scim::probe::Sandbox;
use rollbook_testkit::scim_vendor::{DeleteMeans, PatchSupport};
use rollbook_testkit::{Fault, Profile, Twist};

use crate::said;
use crate::scene::{Scene, wish};

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

/// What is said of the wiki's contradictions: how bad, since when, and the evidence.
fn contradicted(engine: &Engine) -> Vec<String> {
    let all = engine.findings().unwrap();
    let about = all.iter().filter(|it| it.finding.kind == Kind::ContradictedFact);
    let line = |it: &Tracked| {
        let Finding { severity, evidence, .. } = &it.finding;
        let facts = evidence.iter().map(|it| format!("{} ({})", it.value, it.source));
        let facts: Vec<String> = facts.collect();
        format!("{} {}: {}", severity.word(), it.standing.change.word(), facts.join(", "))
    };
    about.map(line).collect()
}

#[tokio::test]
async fn a_contradiction_is_a_finding_until_a_newer_probe_agrees() {
    let scene = Scene::new().await;
    scene.configure_with(|text| {
        text.replace("name = \"wiki\"", "name = \"wiki\"\napp = \"mindtickle\"")
    });
    let engine = scene.synced().await;
    let absent = Twist::Status { status: 501, retry_after: None, body: None };
    scene.vendor.fault(Fault::on("PATCH", "/Users/*", absent));
    probe(&engine, Some("probe@example.com")).await.unwrap();
    let told = |since: &str| {
        let day = engine.today();
        format!(
            "high {since}: partial (documented) (Stitchflow: Mindtickle User Management API Guide), \
             PATCH of `active` does nothing, with a path or without. (probe of wiki on {day})"
        )
    };
    assert_eq!(contradicted(&engine), [told("new")]);
    scene.vendor.clear_faults();
    probe(&engine, None).await.unwrap();
    assert_eq!(contradicted(&engine), [told("still")], "a probe that only reads did not ask");
    probe(&engine, Some("probe@example.com")).await.unwrap();
    assert_eq!(contradicted(&engine), [told("gone")]);
    assert_eq!(engine.probed(&"wiki".into()).unwrap().unwrap().contradictions, []);
}

#[tokio::test]
async fn a_newer_app_file_that_agrees_ends_it_too() {
    let scene = Scene::with(Profile { patch: PatchSupport::Absent, ..Profile::full() }).await;
    let as_app = |app: &str| {
        let named = format!("name = \"wiki\"\napp = \"{app}\"");
        scene.configure_with(|text| text.replace("name = \"wiki\"", &named));
    };
    as_app("mindtickle");
    let engine = scene.synced().await;
    probe(&engine, Some("probe@example.com")).await.unwrap();
    assert!(contradicted(&engine)[0].starts_with("high new"), "{:?}", contradicted(&engine));
    drop(engine);
    as_app("generic-scim");
    let engine = scene.open();
    engine.reconcile().unwrap();
    assert!(contradicted(&engine)[0].starts_with("high gone"), "{:?}", contradicted(&engine));
}

#[tokio::test]
async fn plans_go_by_what_was_tried_on_this_very_server() {
    let scene = Scene::with(Profile { delete: DeleteMeans::Inactive, ..Profile::full() }).await;
    let engine = scene.synced().await;
    let plan = |engine: &Engine| {
        let wishes = [wish(engine, "Ana", Op::Remove), wish(engine, "Bob", Op::Suspend)];
        let plan = engine.plan_wishes(&wishes, "robin").unwrap().plan;
        let change = |it: &Change| format!("{} {:?}", it.op.verb(), it.route.basis);
        let changes: Vec<String> = plan.changes().iter().map(change).collect();
        let left = plan.left_alone().iter().map(|it| it.because.clone());
        (changes, left.collect::<Vec<_>>())
    };
    let written = plan(&engine);
    assert_eq!(written.0, ["suspend Documented", "remove Documented"]);
    probe(&engine, Some("probe@example.com")).await.unwrap();
    let (changes, left) = plan(&engine);
    assert_eq!(changes, ["suspend Probed"]);
    let day = engine.today();
    assert_eq!(
        left,
        [format!(
            "No channel to wiki can remove; it must be done there by hand. It was tried there on {day}: \
             DELETE only switches the account off: it can still be read."
        )]
    );
    probe(&engine, None).await.unwrap();
    assert_eq!(plan(&engine).0, ["suspend Probed"], "what was known stays known");
    drop(engine);
    let elsewhere = "https://wiki.example.com/scim/v2";
    scene.configure_with(|text| text.replace(scene.vendor.url(), elsewhere));
    assert_eq!(plan(&scene.open()), written, "another server was not probed");
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
