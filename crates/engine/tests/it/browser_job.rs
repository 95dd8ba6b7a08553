//! The whole job through a browser: pictures in the pack, a page that changed, a person in its place.

use rollbook_engine::evidence::verify_folder;
use rollbook_engine::packing::Subject;
use rollbook_engine::progress::Quiet;
use rollbook_testkit::console::{Brand, Console, Design};

use crate::scene::{Scene, findings, person, run, stands, write_private};

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
             user = \"{user}\"\npassword = {{ file = \"uxpin\" }}\nbase_url = \"{url}\"\n\
             allow_private = true\ndeadline_s = 8\n"
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
