//! What a pack says of others than it is about, and what is left of somebody who was erased.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rollbook_core::change::Op;
use rollbook_core::event::ERASED;
use rollbook_core::id::IdentityId;
use rollbook_core::link::LinkVerdict;
use rollbook_engine::evidence::verify_folder;
use rollbook_engine::packing::Subject;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{AcceptedShrink, Engine};

use crate::book::also_on_postgres;
use crate::evidence::python;
use crate::said;
use crate::scene::{Scene, approve, at, person, run, troubles, wish};

also_on_postgres!(
    the_pack_of_a_run_holds_what_the_run_did_and_nothing_of_other_runs,
    what_is_still_delivered_stays_known_and_is_said,
    who_works_here_has_an_open_account_or_an_unfinished_plan_is_not_erased,
);

const LEFT: &[(&str, &str)] = &[("Ana", "2026-01-31"), ("Bob", "2026-02-28")];
const REASON: &str = "Ticket 4711";

/// Ana and Bob have left, and everything of theirs was closed in a run for each.
async fn both_offboarded() -> (Scene, Engine, [IdentityId; 2]) {
    let mut scene = Scene::new().await;
    scene.workers(LEFT);
    let engine = scene.synced().await;
    let people = [person(&engine, "E1"), person(&engine, "E2")];
    for one in &people {
        run(&engine, &engine.plan_offboard(one, None, "robin").unwrap()).await;
    }
    scene.archive.work().unwrap();
    let reports = engine.resume(&Quiet).await.unwrap();
    assert!(reports.iter().all(|report| report.is_confirmed()));
    (scene, engine, people)
}

/// Writes the pack, has both verifiers look at it, and returns its folder.
fn packed(scene: &Scene, engine: &Engine, subject: &Subject, name: &str) -> PathBuf {
    let folder = scene.dir.path().join(name);
    engine.pack(subject, &folder, "kim").unwrap();
    let (outside, key) = (engine.checkpoints_file(), scene.book().join("rollbook.pub"));
    verify_folder(&folder, Some(&outside), Some(&key)).unwrap();
    assert_eq!(python(&folder, Some(&outside), Some(&key)), "whole");
    folder
}

/// The files of a folder in which one of `words` stands.
pub(crate) fn naming(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
        if words.iter().any(|word| text.contains(word)) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn the_pack_of_one_leaver_names_no_other_and_holds_all_that_is_theirs() {
    let (scene, engine, [ana, bob]) = both_offboarded().await;
    let subject = Subject::Person(ana.clone());
    let folder = packed(&scene, &engine, &subject, "ana");
    assert_eq!(naming(&folder, &["bob@example.com", "Bob"]), Vec::<String>::new());
    assert!(naming(&folder, &["ana@example.com"]).contains(&"bodies.jsonl".to_owned()));
    let report = verify_folder(&folder, None, None).unwrap();
    let events = engine.store().read(|book| book.events()).unwrap();
    let told = |id: &IdentityId| {
        events.iter().filter(|e| e.concerns.iter().any(|c| c.as_str() == id.as_str())).count()
    };
    assert_eq!(report.chain.withheld, told(&bob) as u64, "all of his, and nothing else");
    assert!(told(&ana) > 5 && told(&bob) > 5);
}

#[tokio::test]
async fn the_pack_of_a_run_holds_what_the_run_did_and_nothing_of_other_runs() {
    let (scene, engine, _) = both_offboarded().await;
    let runs = engine.runs().unwrap();
    let of_bob = &runs[0].id;
    let folder = packed(&scene, &engine, &Subject::Run(of_bob.clone()), "run");
    assert_eq!(naming(&folder, &["ana@example.com", "Ana"]), Vec::<String>::new());
    assert!(naming(&folder, &["bob@example.com"]).contains(&"bodies.jsonl".to_owned()));
}

#[tokio::test]
async fn somebody_who_was_erased_is_named_nowhere_and_everything_still_verifies() {
    let (scene, engine, [ana, bob]) = both_offboarded().await;
    let account = at(&engine, "Ana");
    let verdict =
        LinkVerdict::Confirm { account, record: engine.graph().unwrap().records()[0].record_ref() };
    engine.decide(verdict, "robin", "She said so").unwrap();
    let before = packed(&scene, &engine, &Subject::Person(ana.clone()), "before");

    // Neither the source nor an app delivers her any more.
    scene.workers(LEFT);
    let text = fs::read_to_string(scene.book().join("workers.csv")).unwrap();
    scene.deliver(&without(&text, "ana@example.com"));
    scene.vendor.take_out_user(&scene.keys[0]);
    let export = scene.archive.export_file();
    fs::write(&export, without(&fs::read_to_string(&export).unwrap(), "ana@example.com")).unwrap();
    let accepted = AcceptedShrink {
        names: vec!["archive".to_owned()],
        by: "robin".to_owned(),
        reason: "She left".to_owned(),
    };
    let read = engine.sync_accepting(&[], &accepted, &Quiet).await.unwrap();
    assert_eq!(troubles(&read), Vec::<String>::new());
    let names_her = || naming(&scene.book(), &["ana@example.com", "Alder"]);
    assert!(names_her().iter().any(|file| file.starts_with("rollbook.db")), "{:?}", names_her());

    let found = engine.somebody("E1").unwrap();
    assert_eq!(found, ana, "known by worker number though nobody delivers her");
    let erasure = engine.erase(&ana, REASON, "kim").unwrap();
    assert_eq!((erasure.plans.len(), &erasure.kept, &erasure.delivered), (1, &vec![], &vec![]));
    assert_eq!(names_her(), Vec::<String>::new());

    let report = engine.verify().unwrap();
    assert_eq!(report.erased, erasure.emptied.len() as u64);
    let folder = packed(&scene, &engine, &Subject::Person(bob), "bob");
    assert_eq!(naming(&folder, &["ana@example.com"]), Vec::<String>::new());
    // What was proven before is proven still, and what comes after says that and why she is not in.
    verify_folder(&before, Some(&engine.checkpoints_file()), None).unwrap();
    let bodies = fs::read_to_string(folder.join("bodies.jsonl")).unwrap();
    assert!(bodies.contains(REASON) && bodies.contains("\"erased\""), "{bodies}");
    assert_eq!(engine.runs().unwrap().len(), 1, "the run about her alone is forgotten");
    let again = said(&engine.erase(&ana, REASON, "kim").unwrap_err());
    assert!(again.contains("nothing to erase"), "{again}");
}

fn without(text: &str, word: &str) -> String {
    text.lines().filter(|line| !line.contains(word)).map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn what_is_still_delivered_stays_known_and_is_said() {
    let (scene, engine, [ana, _]) = both_offboarded().await;
    let erasure = engine.erase(&ana, REASON, "kim").unwrap();
    let wiki = format!("wiki/{}", scene.keys[0]);
    assert_eq!(erasure.delivered, ["hr/E1", "archive/A1", wiki.as_str()]);
    engine.verify().unwrap();
    packed(&scene, &engine, &Subject::Person(ana), "after");
}

#[tokio::test]
async fn who_works_here_has_an_open_account_or_an_unfinished_plan_is_not_erased() {
    let mut scene = Scene::new().await;
    scene.workers(&[("Ana", "2050-01-31")]);
    let engine = scene.synced().await;
    let refused = |engine: &Engine, number: &str| {
        said(&engine.erase(&person(engine, number), REASON, "kim").unwrap_err())
            .replace(&scene.keys[0], "KEY")
    };
    insta::assert_snapshot!(refused(&engine, "E1"), @r"
    Ana Alder cannot be erased now. They work here by the record hr/E1 until 2050-01-31. The account ana@example.com in archive is active. The account ana@example.com in wiki is active.
      `rollbook offboard` closes what is open; erase once that is over and proven.
    ");
    insta::assert_snapshot!(refused(&engine, "E3"), @r"
    Cleo Cedar cannot be erased now. They work here by the record hr/E3, which has no end. The account cleo@example.com in wiki is active.
      `rollbook offboard` closes what is open; erase once that is over and proven.
    ");
    drop(engine);
    // A day that somebody chooses to look from changes nothing.
    let later = scene.open().as_of("2060-12-31".parse().unwrap()).unwrap();
    assert!(refused(&later, "E1").contains("They work here by the record hr/E1"));
    drop(later);

    scene.workers(LEFT);
    let engine = scene.synced().await;
    let ana = person(&engine, "E1");
    let plan = engine.plan_offboard(&ana, None, "robin").unwrap();
    approve(&engine, &plan);
    assert!(refused(&engine, "E1").contains("is approved and was not run yet"));
    engine.apply(&plan.plan.id(), "robin", &Quiet).await.unwrap();
    let unfinished = refused(&engine, "E1");
    assert!(unfinished.contains("has not ended"), "{unfinished}");
    assert!(engine.erasure(&ana).is_err(), "looking says the same");
    assert!(!kinds(&engine).contains(ERASED), "nothing was recorded");
    scene.archive.work().unwrap();
    engine.resume(&Quiet).await.unwrap();
    for (reason, why) in [(" ", "only with a reason"), ("Ana Alder asked", "names them")] {
        let refused = said(&engine.erase(&ana, reason, "kim").unwrap_err());
        assert!(refused.contains(why), "{refused}");
    }
    assert!(!engine.erase(&ana, REASON, "kim").unwrap().emptied.is_empty());
}

fn kinds(engine: &Engine) -> BTreeSet<String> {
    crate::scene::kinds(engine).into_iter().collect()
}

#[tokio::test]
async fn a_record_about_two_people_goes_with_the_last_of_them() {
    let mut scene = Scene::new().await;
    scene.workers(LEFT);
    let engine = scene.synced().await;
    let both = [wish(&engine, "Ana", Op::Suspend), wish(&engine, "Bob", Op::Suspend)];
    run(&engine, &engine.plan_wishes(&both, "robin").unwrap()).await;
    let people = [person(&engine, "E1"), person(&engine, "E2")];
    for one in &people {
        run(&engine, &engine.plan_offboard(one, None, "robin").unwrap()).await;
    }
    scene.archive.work().unwrap();
    engine.resume(&Quiet).await.unwrap();
    let [ana, bob] = people;
    let first = engine.erase(&ana, REASON, "kim").unwrap();
    assert!(first.kept.len() >= 4, "the plan, its approval and its run: {first:?}");
    assert_eq!(engine.plans().unwrap().len(), 2, "theirs together and his");
    engine.verify().unwrap();
    let folder = packed(&scene, &engine, &Subject::Person(bob.clone()), "bob");
    assert!(!naming(&folder, &["bob@example.com"]).is_empty());
    let second = engine.erase(&bob, REASON, "kim").unwrap();
    assert!(first.kept.iter().all(|seq| second.emptied.contains(seq)));
    assert_eq!((second.kept.len(), engine.plans().unwrap().len()), (0, 0));
    engine.verify().unwrap();
}
