//! The whole job through a browser: pictures in the pack, a page that changed, a person in its place.

use rollbook_core::change::Op;
use rollbook_core::id::AccountRef;
use rollbook_core::link::AccountKind;
use rollbook_core::plan::Wish;
use rollbook_core::task::State;
use rollbook_engine::Handed;
use rollbook_engine::evidence::verify_folder;
use rollbook_engine::packing::Subject;
use rollbook_engine::progress::Quiet;
use rollbook_testkit::console::{Brand, Console, Design};

use crate::scene::{Scene, approve, findings, person, run, stands, write_private};

/// Who answers for the account that the browser signs in with.
const OWNER: &str = "hr/E7";

/// A company in which UXPin is driven by a browser, and a person may act beside it.
async fn scene() -> (Scene, Console, u64) {
    let scene = Scene::new().await;
    scene.workers(&[("Ana", "2026-01-31")]);
    let console = Console::start(Brand::Uxpin).await.unwrap();
    let ana = console.seed("Ana Alder", "ana@example.com", "Editor");
    console.seed("Bob Birch", "bob@example.com", "Editor");
    let robot = console.robot();
    write_private(&scene.book().join("uxpin"), &robot.password);
    let (user, url) = (robot.login, console.url().to_owned());
    scene.configure_with(|config| {
        format!(
            "{config}\n[[instance]]\nname = \"uxpin\"\napp = \"uxpin\"\nowner = \"Dora Desk\"\n\
             [instance.reach]\ncan = [\"remove\"]\nprobed = [\"remove\"]\n[instance.human]\n[instance.browser]\n\
             user = \"{user}\"\nowner = \"{OWNER}\"\npassword = {{ file = \"uxpin\" }}\n\
             base_url = \"{url}\"\nallow_private = true\ndeadline_s = 4\n"
        )
    });
    (scene, console, ana)
}

fn channels(engine: &rollbook_engine::Engine) -> String {
    let reach = engine.reach().unwrap();
    let can = reach[&"uxpin".into()].routes.iter().filter(|way| !way.can.is_empty());
    can.map(|way| way.channel.clone()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn what_a_browser_did_is_in_the_pack_with_pictures_that_both_verifiers_hold_to() {
    let (scene, console, ana) = scene().await;
    let engine = scene.open();
    engine.sync(&[], &Quiet).await.unwrap();
    assert_eq!(channels(&engine), "browser human");
    let who = person(&engine, "Ana Alder");
    let plan = engine.plan_offboard(&who, None, "robin").unwrap();
    let report = run(&engine, &plan).await;
    let stood = stands(&report);
    assert!(stood.contains("uxpin"), "{stood}");
    assert!(console.member(ana).is_none(), "{stood}");
    assert_eq!(console.ledger().effects().len(), 1);
    let folder = scene.dir.path().join("pack");
    engine.pack(&Subject::Person(who.clone()), &folder, "robin").unwrap();
    let pictures: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "png"))
        .collect();
    assert_eq!(pictures.len(), 3, "before, the dialog, after");
    let page = std::fs::read_to_string(folder.join("index.html")).unwrap();
    assert_eq!(page.matches("<figcaption>uxpin: ").count(), 3, "each says where it was taken");
    verify_folder(&folder, None, None).unwrap();
    assert_eq!(crate::evidence::python(&folder, None, None), "whole");
    if let Ok(keep) = std::env::var("ROLLBOOK_TEST_PICTURES") {
        let keep = std::path::Path::new(&keep).join("pack");
        std::fs::create_dir_all(&keep).unwrap();
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, keep.join(file.file_name().unwrap())).unwrap();
        }
    }
    std::fs::write(&pictures[0], b"another picture").unwrap();
    assert!(verify_folder(&folder, None, None).is_err());
}

#[tokio::test]
async fn a_page_that_changed_puts_the_browser_in_quarantine_and_people_in_its_place() {
    let (scene, console, _) = scene().await;
    let engine = scene.open();
    engine.sync(&[], &Quiet).await.unwrap();
    console.redesign(Design::New);
    engine.sync(&[], &Quiet).await.unwrap();
    assert_eq!(channels(&engine), "human");
    let told = findings(&engine);
    assert!(told.contains("browser.page"), "{told}");
    let tested = engine.test_recipe(&"uxpin".into(), false, "").await.unwrap();
    assert!(!tested.quarantined.is_empty() && !tested.is_whole, "{tested:?}");
    console.redesign(Design::Old);
    let tested = engine.test_recipe(&"uxpin".into(), false, "").await.unwrap();
    assert!(tested.quarantined.is_empty() && tested.is_whole, "{tested:?}");
    assert_eq!(channels(&engine), "browser human");
    assert_eq!(console.ledger().effects().len(), 0);
}

#[tokio::test]
async fn the_account_that_the_browser_signs_in_with_is_an_agent_that_somebody_answers_for() {
    let (scene, console, _) = scene().await;
    let engine = scene.open();
    engine.sync(&[], &Quiet).await.unwrap();
    let login = console.robot().login;
    let at = AccountRef { instance: "uxpin".into(), key: login.as_str().into() };
    let graph = engine.graph().unwrap();
    let (_, link) = graph.account(&at).expect("it is in the list");
    let owner = link.owner().and_then(|owner| graph.identity(owner)).map(|it| it.name.as_str());
    assert_eq!((link.kind, owner), (AccountKind::Agent, Some("Gail Gorse")));
    assert!(!findings(&engine).contains(&login), "{}", findings(&engine));

    let wish = Wish::by_person("robin", at, Op::Remove, "Nobody knows what it is for.");
    let proposal = engine.plan_wishes(&[wish], "robin").unwrap();
    let stops: Vec<&str> = proposal.stops.iter().map(|stop| stop.kind.word()).collect();
    assert!(stops.contains(&"own_credential"), "{stops:?}");
    let who = person(&engine, "Gail Gorse");
    let proposal = engine.plan_offboard(&who, None, "robin").unwrap();
    let touched = proposal.plan.changes().iter().any(|change| change.label.contains(&login));
    assert!(!touched, "what somebody answers for is not theirs: {:?}", proposal.plan.changes());
}

#[tokio::test]
async fn what_the_browser_was_about_to_do_is_asked_of_people_when_its_page_changes() {
    let (scene, console, _) = scene().await;
    let engine = scene.open();
    engine.sync(&[], &Quiet).await.unwrap();
    let wishes = ["ana@example.com", "bob@example.com"].map(|key| {
        let at = AccountRef { instance: "uxpin".into(), key: key.into() };
        Wish::by_person("robin", at, Op::Remove, "Both teams end.")
    });
    let proposal = engine.plan_wishes(&wishes, "robin").unwrap();
    assert!(proposal.plan.changes().iter().all(|change| change.route.channel == "browser"));
    let plan = approve(&engine, &proposal);
    console.redesign(Design::New);
    let report = engine.apply(&plan, "robin", &Quiet).await.unwrap();
    let channels: Vec<_> =
        report.changes.iter().map(|it| it.change.route.channel.as_str()).collect();
    assert_eq!(channels, ["human", "human"], "{}", stands(&report));
    let tasks = engine.tasks().unwrap();
    assert_eq!(tasks.len(), 2, "{}", stands(&report));
    assert!(tasks.iter().all(|task| task.state() == State::Open && task.assignee() == "Dora Desk"));
    assert!(findings(&engine).contains("browser.page"), "{}", findings(&engine));
    assert_eq!(console.ledger().effects(), [], "nothing was pressed");

    for task in &tasks {
        assert!(console.take_away_by_hand(&task.change.expects.login), "{:?}", task.change);
        engine.hand_in(&task.id, "Dora Desk", &[Handed::note("Removed.")]).unwrap();
    }
    console.redesign(Design::Old);
    let ended = engine.resume(&Quiet).await.unwrap();
    assert!(ended.iter().all(rollbook_engine::RunReport::is_confirmed), "{}", stands(&ended[0]));
    assert_eq!(console.ledger().effects(), [], "people did it");
}
