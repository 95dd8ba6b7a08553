//! The main job through the engine: read, find, plan, approve, act, look again, keep proof.

use std::fs;

use jiff::{SignedDuration, ToSpan as _};
use rollbook_core::account::State;
use rollbook_core::change::Op;
use rollbook_core::finding::{Kind, PutOff, Subject};
use rollbook_core::link::{LinkState, LinkVerdict};
use rollbook_core::plan::{Asked, Want, Wish};
use rollbook_core::snapshot::Coverage;
use rollbook_engine::clock::Clock;
use rollbook_engine::packing;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{AcceptedShrink, Engine, Stand};
use rollbook_testkit::scim_vendor::Profile;
use rollbook_testkit::{Fault, Twist};
use serde_json::Value;

use crate::book::also_on_postgres;
use crate::said;
use crate::scene::{
    PEOPLE, Scene, account, approve, at, findings, kinds, link, newcomer, person, run, stands,
    troubles, wish,
};

const LEFT: &[(&str, &str)] = &[("Ana", "2026-01-31")];

also_on_postgres!(
    what_a_human_said_about_accounts_survives_the_next_sync,
    a_leaver_is_offboarded_and_the_app_without_an_api_is_confirmed_by_its_next_export,
    the_pack_of_a_leaver_names_the_last_day_and_what_was_sent_and_seen,
    every_operation_is_done_once_and_seen,
    what_a_run_did_itself_does_not_hold_back_the_rest_of_it_when_it_goes_on,
    nobody_approves_their_own_wish_or_account_and_the_refusal_is_recorded,
    a_plan_runs_once_and_is_approved_for_that_once,
    an_answer_that_is_lost_ends_with_one_effect,
    a_finding_put_off_comes_back_on_its_day,
);

async fn sync(engine: &Engine) -> Vec<String> {
    troubles(&engine.sync(&[], &Quiet).await.unwrap())
}

fn suspend(engine: &Engine, name: &str) -> rollbook_engine::Proposal {
    engine.plan_wishes(&[wish(engine, name, Op::Suspend)], "robin").unwrap()
}

fn active(engine: &Engine) -> usize {
    PEOPLE.iter().filter(|(name, _)| account(engine, name).is_some()).count()
}

#[tokio::test]
async fn a_source_that_shrank_emptied_or_lost_a_column_is_kept_out_and_makes_no_leavers() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    assert_eq!(findings(&engine), "");
    let mut told = Vec::new();
    for text in [
        "number,first,last,mail,from,until\nE1,Ana,Alder,ana@example.com,2020-01-01,\n",
        "number,first,last,mail,from,until\n",
        "",
        "id,first,last,mail,from,until\nE1,Ana,Alder,ana@example.com,2020-01-01,\n",
        "number,first,last,mail,from,until\nE1,Ana,Alder,ana@example.com,2020-01-01,2026-02-30\n",
    ] {
        scene.deliver(text);
        let trouble = sync(&engine).await;
        assert_eq!(trouble.len(), 1, "{trouble:?}");
        told.extend(trouble);
        let found = findings(&engine);
        assert!(found.lines().count() == 1 && found.starts_with("stale_view"), "{found}");
        assert_eq!(engine.graph().unwrap().identities().len(), 10, "the last good one stays");
        let feed = engine.store().read(|book| book.feed(&"hr".into())).unwrap().unwrap();
        assert!(feed.kept_out.is_some() && feed.rows == 10);
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    workers.csv of the source `hr` holds 1 record where the last good delivery held 10, which is 90 % fewer. It was kept out; the last good delivery stays in force and nobody is removed.
      Deliver the whole file again. If so many have really left, say so for this delivery: `rollbook sync --accept-shrink hr --reason "…"`.
    workers.csv holds a header and no row.
      Deliver the file again. Nothing was changed.
    workers.csv is empty.
      Deliver the file again. Nothing was changed.
    workers.csv has no column `number`, which is mapped to `number` in rollbook.toml.
      Known here: `id`, `first`, `last`, `mail`, `from`, `until`.
    workers.csv, line 2, column `until`: there is no day `2026-02-30`.
      Correct it where it was written.
    "#);
    scene.workers(LEFT);
    assert_eq!(sync(&engine).await, Vec::<String>::new());
    assert!(findings(&engine).contains("leftover (new)"), "{}", findings(&engine));
}

#[tokio::test]
async fn a_mapping_set_right_takes_effect_although_the_file_is_the_same() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    scene.configure_with(|config| config.replace("ends = \"until\"\n", ""));
    let engine = scene.synced().await;
    assert!(!findings(&engine).contains("leftover"));
    drop(engine);
    scene.configure("");
    let engine = scene.synced().await;
    assert!(findings(&engine).contains("leftover"), "{}", findings(&engine));
}

#[tokio::test]
async fn an_instance_that_cannot_be_read_whole_keeps_its_accounts_and_carries_no_plan() {
    let mut told = Vec::new();
    for (what, twist) in [
        ("HTML", Twist::Html),
        ("401", Twist::Status { status: 401, retry_after: None, body: None }),
        ("an empty list", Twist::EmptyList),
        ("half a list", Twist::HalfList),
        ("the first page again and again", Twist::RepeatPage),
        ("a connection that breaks", Twist::ResetBefore),
    ] {
        let scene = Scene::with(Profile { page_max: 4, ..Profile::full() }).await;
        scene.workers(LEFT);
        let engine = scene.synced().await;
        let before = findings(&engine);
        assert!(before.contains("leftover"), "{before}");
        scene.vendor.fault(Fault::on("GET", "/Users", twist));
        let trouble = sync(&engine).await;
        let head = engine.store().read(|book| book.newest_snapshot(&"wiki".into())).unwrap();
        let head = head.unwrap();
        let Coverage::Partial { why } = &head.coverage else { panic!("{what} passed as whole") };
        let why = why.replace(scene.vendor.url(), "WIKI");
        told.push(format!("{what} ({}): {why}", trouble.len()));
        assert_eq!(head.groups.len(), 2, "{what}: the groups stay known");
        assert_eq!(active(&engine), 10, "{what}: the accounts stay known");
        let after = findings(&engine);
        assert!(
            after.contains("leftover (still)") && after.contains("stale_view (new)"),
            "{after}"
        );
        let plan = engine.plan_offboard(&person(&engine, "E1"), None, "robin").unwrap();
        let stops: Vec<_> = plan.stops.iter().map(|stop| stop.kind.word()).collect();
        assert!(stops.contains(&"partial_view"), "{what}: {stops:?}");
        // The archive, which was seen whole, may still be changed; the wiki may not.
        let report = run(&engine, &plan).await;
        assert!(stands(&report).contains("in wiki: held\n"), "{}", stands(&report));
        let held = report.changes.iter().find_map(|one| one.held_because.as_deref()).unwrap();
        assert!(held.contains("was not seen whole"), "{held}");
        assert_eq!(scene.effects(), Vec::<String>::new(), "{what}");
        assert_eq!(scene.vendor.unfired(), Vec::<String>::new());
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    HTML (1): Instance `wiki`: The instance answered 200 with an HTML page, as a sign-in or maintenance page does.
    401 (1): Instance `wiki`: The instance refused the token (401).
    an empty list (0): There are 0 accounts where the last complete view held 10, which is 100 % fewer: more than `shrink_pct_max` allows. Look at the app itself; if it is right, say so for this reading: `rollbook sync --accept-shrink wiki --reason "…"`.
    half a list (0): There are 5 accounts where the last complete view held 10, which is 50 % fewer: more than `shrink_pct_max` allows. Look at the app itself; if it is right, say so for this reading: `rollbook sync --accept-shrink wiki --reason "…"`.
    the first page again and again (0): The instance says that there are 10 entries and delivered 4; a second reading did not agree either. There are 4 accounts where the last complete view held 10, which is 60 % fewer: more than `shrink_pct_max` allows. Look at the app itself; if it is right, say so for this reading: `rollbook sync --accept-shrink wiki --reason "…"`.
    a connection that breaks (1): Instance `wiki`: The instance could not be reached: Connection reset by peer (os error 104).
    "#);
}

#[tokio::test]
async fn a_list_that_shrank_comes_in_once_under_the_name_of_who_says_that_it_is_right() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let accepted = |names: &[&str], reason: &str| AcceptedShrink {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        by: "kim".to_owned(),
        reason: reason.to_owned(),
    };
    let count = |engine: &Engine| kinds(engine).iter().filter(|k| *k == "shrink_accepted").count();
    let deliver = |people: usize| {
        let text = fs::read_to_string(scene.book().join("workers.csv")).unwrap();
        scene.deliver(&text.lines().take(people + 1).map(|l| format!("{l}\n")).collect::<String>());
    };
    // Where nothing shrank there is nothing to record.
    engine.sync_accepting(&[], &accepted(&["hr", "wiki"], "Sold"), &Quiet).await.unwrap();
    assert_eq!(count(&engine), 0);
    deliver(5);
    assert_eq!(sync(&engine).await.len(), 1, "nobody said so");
    for key in &scene.keys[5..] {
        scene.vendor.take_out_user(key);
    }
    assert_eq!(sync(&engine).await.len(), 1);
    let read =
        engine.sync_accepting(&[], &accepted(&["hr", "wiki"], "Sold"), &Quiet).await.unwrap();
    assert_eq!(troubles(&read), Vec::<String>::new());
    assert!(read.instances.iter().all(|i| i.read.as_ref().unwrap().coverage.is_complete()));
    assert_eq!((count(&engine), engine.graph().unwrap().identities().len()), (2, 5));
    let (event, body) =
        engine.store().read(|book| book.recorded("hr", "shrink_accepted")).unwrap().pop().unwrap();
    assert_eq!((event.actor.as_str(), &body.content["reason"]), ("kim", &"Sold".into()));
    assert!(body.content["what"].as_str().unwrap().contains("50 % fewer"), "{body:?}");
    deliver(2);
    assert_eq!(sync(&engine).await.len(), 1, "the word was for that delivery alone");
    engine.verify().unwrap();
    for (only, accepted, why) in [
        (vec![], accepted(&["hr"], " "), "only with a reason"),
        (vec![], accepted(&["payroll"], "Sold"), "no source or instance"),
        (vec!["wiki".to_owned()], accepted(&["hr"], "Sold"), "accepted and not read"),
    ] {
        let refused = said(&engine.sync_accepting(&only, &accepted, &Quiet).await.unwrap_err());
        assert!(refused.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn an_instance_that_nobody_answers_for_is_said_and_the_others_are_read() {
    let scene = Scene::new().await;
    drop(scene.synced().await);
    scene.configure_with(|config| config.replace(scene.vendor.url(), "http://127.0.0.1:9/scim"));
    let engine = scene.open();
    let trouble = sync(&engine).await;
    assert_eq!(trouble.len(), 1, "{trouble:?}");
    assert_eq!(active(&engine), 10);
    let archive = engine.store().read(|book| book.newest_snapshot(&"archive".into())).unwrap();
    assert!(archive.unwrap().coverage.is_complete());
}

#[tokio::test]
async fn what_a_human_said_about_accounts_survives_the_next_sync() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let record = |text: &str| -> rollbook_core::id::RecordRef {
        let graph = engine.graph().unwrap();
        let id = person(&engine, text);
        graph.records_of(&id).next().unwrap().record_ref()
    };
    let bob = at(&engine, "Bob");
    let verdicts = [
        LinkVerdict::Confirm { account: at(&engine, "Ana"), record: record("E3") },
        LinkVerdict::Reject { account: bob.clone(), record: record("E2") },
        LinkVerdict::Type {
            account: at(&engine, "Dan"),
            kind: rollbook_core::identity::Kind::Service,
            owner: None,
        },
    ];
    for verdict in verdicts {
        engine.decide(verdict, "kim", "I asked them.").unwrap();
    }
    let check = |when: &str| {
        let (ana, owner) = link(&engine, "Ana");
        assert!(matches!(ana, LinkState::Confirmed { .. }), "{when}: {ana:?}");
        assert_eq!(owner, Some(person(&engine, "E3")), "{when}");
        assert_ne!(link(&engine, "Bob").1, Some(person(&engine, "E2")), "{when}");
        assert!(findings(&engine).contains("unowned_machine"), "{when}: {}", findings(&engine));
    };
    check("at once");
    sync(&engine).await;
    check("after the next sync");
    assert_eq!(kinds(&engine).iter().filter(|kind| *kind == "link_decided").count(), 3);
}

#[tokio::test]
async fn a_leaver_is_offboarded_and_the_app_without_an_api_is_confirmed_by_its_next_export() {
    let mut scene = Scene::new().await;
    scene.workers(LEFT);
    let engine = scene.synced().await;
    let plan = engine.plan_offboard(&person(&engine, "Ana Alder"), None, "robin").unwrap();
    assert_eq!(plan.stops, []);
    let report = run(&engine, &plan).await;
    insta::assert_snapshot!(stands(&report), @r"
    suspend ana@example.com (Ana Alder) in archive: waiting
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    ");
    assert_eq!(scene.effects(), ["Ana: changed active"]);
    assert_eq!(account(&engine, "Ana").unwrap().state, State::Suspended);
    assert!(report.run.ended_at.is_none());

    let waits = engine.resume(&Quiet).await.unwrap();
    insta::assert_snapshot!(stands(&waits[0]), @r"
    suspend ana@example.com (Ana Alder) in archive: waiting
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    ");
    scene.archive.work().unwrap();
    let ends = engine.resume(&Quiet).await.unwrap();
    insta::assert_snapshot!(stands(&ends[0]), @r"
    suspend ana@example.com (Ana Alder) in archive: confirmed
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    ");
    assert!(ends[0].is_confirmed() && ends[0].run.ended_at.is_some());
    assert!(engine.resume(&Quiet).await.unwrap().is_empty());
    assert_eq!(scene.effects().len(), 1);
    sync(&engine).await;
    assert!(!findings(&engine).contains("leftover"), "{}", findings(&engine));
    engine.verify().unwrap();
}

#[tokio::test]
async fn the_pack_of_a_leaver_names_the_last_day_and_what_was_sent_and_seen() {
    let mut scene = Scene::new().await;
    scene.workers(LEFT);
    let engine = scene.synced().await;
    let ana = person(&engine, "E1");
    run(&engine, &engine.plan_offboard(&ana, None, "robin").unwrap()).await;
    let folder = |name: &str| scene.dir.path().join(name);
    let rows = |folder: &std::path::Path| -> Vec<Value> {
        let text = fs::read_to_string(folder.join("leaver.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let subject = packing::Subject::Person(ana);
    engine.pack(&subject, &folder("before"), "kim").unwrap();
    let before = rows(&folder("before"));
    assert_eq!(before.len(), 2);
    let (archive, wiki) = (&before[0], &before[1]);
    assert_eq!((&archive["instance"], &wiki["instance"]), (&"archive".into(), &"wiki".into()));
    assert_eq!((&archive["verdict"], &archive["verified_at"]), (&"waiting".into(), &Value::Null));
    assert_eq!(wiki["verdict"], "confirmed");
    for row in &before {
        assert_eq!(row["last_day"], "2026-01-31");
        assert!(row["sent_at"].is_string(), "{row}");
    }
    assert!(wiki["sent_at"].as_str() < wiki["verified_at"].as_str(), "{wiki}");

    scene.archive.work().unwrap();
    engine.resume(&Quiet).await.unwrap();
    engine.pack(&subject, &folder("after"), "kim").unwrap();
    let after = rows(&folder("after"));
    assert!(after.iter().all(|row| row["verdict"] == "confirmed"), "{after:?}");
    assert!(after.iter().all(|row| row["verified_at"].is_string()), "{after:?}");
    let outside = engine.checkpoints_file();
    let key = scene.book().join("rollbook.pub");
    for name in ["before", "after"] {
        rollbook_engine::evidence::verify_folder(&folder(name), Some(&outside), Some(&key))
            .unwrap();
    }
    let again = said(&engine.pack(&subject, &folder("after"), "kim").unwrap_err());
    assert!(again.contains("exists already"), "{again}");
}

#[tokio::test]
async fn every_operation_is_done_once_and_seen() {
    let scene = Scene::new().await;
    scene.deliver(&format!("{}E11,Nora,New,nora@example.com,2020-01-01,\n", workers(&scene)));
    let engine = scene.synced().await;
    let graph = engine.graph().unwrap();
    let groups = &graph.views()[&"wiki".into()].groups;
    let group =
        |name: &str| groups.iter().find(|g| g.name == name).unwrap().key.as_str().to_owned();
    let nora = person(&engine, "Nora New");
    let create = Wish {
        subject: Subject::Assignment { identity: nora.clone(), instance: "wiki".into() },
        want: Want::Act { op: newcomer(&nora, "nora@example.com", "E11") },
        asked: Asked::Person { name: "robin".to_owned() },
        because: "She starts.".to_owned(),
        heir: None,
    };
    let title = [("title".to_owned(), "Editor".to_owned())].into_iter().collect();
    let wishes = [
        create,
        wish(&engine, "Ana", Op::Suspend),
        wish(&engine, "Bob", Op::Revoke { entitlement: group("Editors") }),
        wish(&engine, "Dan", Op::Grant { entitlement: group("Editors") }),
        wish(&engine, "Eve", Op::Update { set: title }),
        wish(&engine, "Finn", Op::Remove),
    ];
    let report = run(&engine, &engine.plan_wishes(&wishes, "robin").unwrap()).await;
    insta::assert_snapshot!(stands(&report), @r"
    create nora@example.com (Nora New) in wiki: confirmed
    grant dan@example.com (Dan Dogwood) in wiki: confirmed
    update eve@example.com (Eve Elm) in wiki: confirmed
    suspend ana@example.com (Ana Alder) in wiki: confirmed
    revoke bob@example.com (Bob Birch) in wiki: confirmed
    remove finn@example.com (Finn Fir) in wiki: confirmed
    ");
    assert_eq!(scene.effects().len(), 6, "{:?}", scene.effects());
    let back = engine.plan_wishes(&[wish(&engine, "Ana", Op::Reactivate)], "robin").unwrap();
    assert!(run(&engine, &back).await.is_confirmed());
    assert_eq!(account(&engine, "Ana").unwrap().state, State::Active);
    assert!(account(&engine, "Finn").is_none() && account(&engine, "Nora").is_some());
    let held = account(&engine, "Dan").unwrap();
    assert!(rollbook_core::step::holds(&held, &group("Editors")), "{held:?}");
}

fn workers(scene: &Scene) -> String {
    fs::read_to_string(scene.book().join("workers.csv")).unwrap()
}

#[tokio::test]
async fn a_leavers_rights_are_revoked_on_the_account_that_the_same_plan_suspends() {
    let scene = Scene::new().await;
    scene.workers(&[("Bob", "2026-01-31")]);
    scene.configure("[policy]\nrevoke_on_leave = true\n");
    let engine = scene.synced().await;
    let plan = engine.plan_offboard(&person(&engine, "E2"), None, "robin").unwrap();
    assert_eq!(plan.stops, []);
    let report = run(&engine, &plan).await;
    insta::assert_snapshot!(stands(&report), @r"
    suspend bob@example.com (Bob Birch) in archive: waiting
    suspend bob@example.com (Bob Birch) in wiki: confirmed
    revoke bob@example.com (Bob Birch) in wiki: confirmed
    ");
}

#[tokio::test]
async fn what_a_run_did_itself_does_not_hold_back_the_rest_of_it_when_it_goes_on() {
    let scene = Scene::new().await;
    scene.workers(&[("Bob", "2026-01-31")]);
    scene.configure("[policy]\nrevoke_on_leave = true\n");
    let engine = scene.synced().await;
    let plan = engine.plan_offboard(&person(&engine, "E2"), None, "robin").unwrap();
    let busy = Twist::Status { status: 503, retry_after: Some("3600".to_owned()), body: None };
    scene.vendor.fault(Fault::on("PATCH", "/Groups/*", busy));
    let report = run(&engine, &plan).await;
    insta::assert_snapshot!(stands(&report), @r"
    suspend bob@example.com (Bob Birch) in archive: waiting
    suspend bob@example.com (Bob Birch) in wiki: confirmed
    revoke bob@example.com (Bob Birch) in wiki: later
    ");
    scene.vendor.clear_faults();
    drop(engine);
    let later = Clock::Shifted(SignedDuration::from_hours(2));
    let engine = Engine::open(&scene.book(), later).unwrap();
    let report = engine.resume(&Quiet).await.unwrap().remove(0);
    insta::assert_snapshot!(stands(&report), @r"
    suspend bob@example.com (Bob Birch) in archive: waiting
    suspend bob@example.com (Bob Birch) in wiki: confirmed
    revoke bob@example.com (Bob Birch) in wiki: confirmed
    ");
}

#[tokio::test]
async fn nobody_approves_their_own_wish_or_account_and_the_refusal_is_recorded() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = suspend(&engine, "Ana");
    let id = plan.plan.id();
    let refuse = |digest: &str, by: &str| {
        said(&engine.approve(&id, digest, by, "").unwrap_err()).replace(id.as_str(), "PLAN")
    };
    let told = [
        refuse(plan.plan.digest(), "robin"),
        refuse(plan.plan.digest(), " Robin "),
        refuse(plan.plan.digest(), "ana@example.com"),
        refuse("0000", "sam"),
        refuse(plan.plan.digest(), " "),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    robin asked for this plan and so cannot approve it.
      Ask somebody else to approve it, with `--by` and their name.
    Robin asked for this plan and so cannot approve it.
      Ask somebody else to approve it, with `--by` and their name.
    The plan changes an account of ana@example.com's own.
      Ask somebody whom the plan does not concern to approve it.
    The digest is not that of PLAN: what you looked at is not what would run.
      Look at the plan again with `rollbook plan show`, and approve what you see there.
    It is not said who you are.
      Add `--by NAME` or set ROLLBOOK_BY; the name goes into the audit chain.
    ");
    assert_eq!(kinds(&engine).iter().filter(|kind| *kind == "approval_refused").count(), 4);
    let unapproved = said(&engine.apply(&id, "robin", &Quiet).await.unwrap_err());
    insta::assert_snapshot!(unapproved.replace(id.as_str(), "PLAN"), @r"
    One person must approve the plan; nobody's approval counts.
      `rollbook plan show PLAN` shows all of it.
    ");
    assert_eq!(scene.effects(), Vec::<String>::new());
}

#[tokio::test]
async fn an_approval_does_not_carry_a_plan_whose_account_changed_since() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let id = approve(&engine, &suspend(&engine, "Ana"));
    scene.vendor.take_out_user(&scene.keys[0]);
    // Within what `shrink_pct_max` allows, so the view is whole and the account is gone.
    assert_eq!(sync(&engine).await, Vec::<String>::new());
    let refused = said(&engine.apply(&id, "robin", &Quiet).await.unwrap_err());
    assert!(refused.contains("since the plan was made"), "{refused}");
    assert_eq!(scene.effects(), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_runs_once_and_is_approved_for_that_once() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = suspend(&engine, "Ana");
    assert!(run(&engine, &plan).await.is_confirmed());
    let id = plan.plan.id();
    let again = said(&engine.apply(&id, "robin", &Quiet).await.unwrap_err());
    assert!(again.contains("was run already"), "{again}");
    let approve = engine.approve(&id, plan.plan.digest(), "kim", "").unwrap_err();
    assert!(said(&approve).contains("was run already"), "{approve}");
    assert_eq!(scene.effects(), ["Ana: changed active"]);
}

#[tokio::test]
async fn a_limit_stops_everything_before_the_first_effect_also_when_it_came_after_the_approval() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let wishes = [wish(&engine, "Ana", Op::Suspend), wish(&engine, "Bob", Op::Suspend)];
    let plan = engine.plan_wishes(&wishes, "robin").unwrap();
    let id = approve(&engine, &plan);
    drop(engine);
    scene.configure("[policy.limits]\nremoved_max = 1\n");
    let engine = scene.open();
    let refused = said(&engine.apply(&id, "robin", &Quiet).await.unwrap_err());
    insta::assert_snapshot!(refused.replace(id.as_str(), "PLAN"), @r"
    Nothing of the plan may run as it is.
    hr [too_many]: Of the source hr, 2 people would lose accounts within 24 hours; the limit is 1. That is how a mistake in a source or a filter looks. Find out why; if it is meant, raise the limit for a time with `rollbook policy raise`, to which somebody else must agree.
    wiki [too_many]: In wiki, 2 accounts would be closed within 24 hours; the limit is 1. That is how a mistake in a source or a filter looks. Find out why; if it is meant, raise the limit for a time with `rollbook policy raise`, to which somebody else must agree.
      `rollbook plan show PLAN` shows all of it.
    ");
    assert_eq!(scene.effects(), Vec::<String>::new());
    let new = engine.plan_wishes(&wishes, "robin").unwrap();
    let unapproved = engine.approve(&new.plan.id(), new.plan.digest(), "sam", "").unwrap_err();
    assert!(said(&unapproved).contains("Stops hold all of"), "{unapproved}");
    // The window remembers: one today, and a second plan for another one is over the limit too.
    assert!(run(&engine, &suspend(&engine, "Ana")).await.is_confirmed());
    let second = suspend(&engine, "Bob");
    let stops: Vec<_> = second.stops.iter().map(|stop| stop.subject.as_str()).collect();
    assert_eq!(stops, ["hr", "wiki"]);
}

#[tokio::test]
async fn a_protected_account_and_the_last_administrator_are_held() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let id = approve(&engine, &suspend(&engine, "Ana"));
    drop(engine);
    scene.configure("[policy]\nprotected = [\"ANA@example.com\"]\n");
    let engine = scene.open();
    let refused = said(&engine.apply(&id, "robin", &Quiet).await.unwrap_err());
    assert!(refused.contains("The policy protects"), "{refused}");
    let last = suspend(&engine, "Jan");
    let kinds: Vec<_> = last.stops.iter().map(|stop| stop.kind.word()).collect();
    assert_eq!(kinds, ["last_admin"]);
    assert_eq!(scene.effects(), Vec::<String>::new());
}

#[tokio::test]
async fn a_write_that_the_vendor_only_says_it_did_ends_contradicted() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    scene.vendor.fault(Fault::on("PATCH", "/Users/*", Twist::Ignored));
    scene.vendor.fault(Fault { at_least: 0, ..Fault::on("PUT", "/Users/*", Twist::Ignored) });
    let report = run(&engine, &suspend(&engine, "Ana")).await;
    insta::assert_snapshot!(stands(&report), @r"
    suspend ana@example.com (Ana Alder) in wiki: contradicted
    ");
    assert!(!report.is_confirmed() && report.run.ended_at.is_some());
    assert_eq!(account(&engine, "Ana").unwrap().state, State::Active);
    assert_eq!(scene.effects(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_is_lost_ends_with_one_effect() {
    for op in ["suspend", "create"] {
        let scene = Scene::new().await;
        scene.deliver(&format!("{}E11,Nora,New,nora@example.com,2020-01-01,\n", workers(&scene)));
        let engine = scene.synced().await;
        let (wish, method, path) = match op {
            "suspend" => (wish(&engine, "Ana", Op::Suspend), "PATCH", "/Users/*"),
            _ => {
                let identity = person(&engine, "Nora New");
                let op = newcomer(&identity, "nora@example.com", "E11");
                let subject = Subject::Assignment { identity, instance: "wiki".into() };
                let asked = Asked::Person { name: "robin".to_owned() };
                let because = "She starts.".to_owned();
                (
                    Wish { subject, want: Want::Act { op }, asked, because, heir: None },
                    "POST",
                    "/Users",
                )
            }
        };
        let plan = engine.plan_wishes(&[wish], "robin").unwrap();
        scene.vendor.fault(Fault::on(method, path, Twist::ResetAfter).times(1));
        let report = run(&engine, &plan).await;
        assert!(report.is_confirmed(), "{op}: {}", stands(&report));
        assert_eq!(scene.effects().len(), 1, "{op}: {:?}", scene.effects());
        assert_eq!(scene.vendor.unfired(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_change_whose_instance_cannot_be_opened_says_so_and_ends_with_its_approval() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let id = approve(&engine, &suspend(&engine, "Ana"));
    let token = scene.book().join("token");
    let secret = fs::read_to_string(&token).unwrap();
    fs::remove_file(&token).unwrap();
    let report = engine.apply(&id, "robin", &Quiet).await.unwrap();
    assert_eq!(report.changes[0].stand, Stand::Held);
    let why = report.changes[0].held_because.as_deref().unwrap();
    assert!(why.starts_with("wiki cannot be reached") && report.run.ended_at.is_none(), "{why}");
    crate::scene::write_private(&token, &secret);
    assert!(engine.resume(&Quiet).await.unwrap()[0].is_confirmed());
}

#[tokio::test]
async fn what_is_not_sent_before_the_approval_expires_is_never_sent() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let id = approve(&engine, &suspend(&engine, "Ana"));
    let token = scene.book().join("token");
    let secret = fs::read_to_string(&token).unwrap();
    fs::remove_file(&token).unwrap();
    engine.apply(&id, "robin", &Quiet).await.unwrap();
    drop(engine);
    crate::scene::write_private(&token, &secret);
    scene.configure("[policy.approval]\nvalid_h = 0\n");
    let engine = scene.open();
    let report = engine.resume(&Quiet).await.unwrap().remove(0);
    assert_eq!(report.changes[0].stand, Stand::Held);
    assert!(report.run.ended_at.is_some(), "nobody waits for what can never come");
    assert!(engine.resume(&Quiet).await.unwrap().is_empty());
    assert_eq!(scene.effects(), Vec::<String>::new());
}

#[tokio::test]
async fn a_finding_put_off_comes_back_on_its_day() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    let engine = scene.synced().await;
    let leftover = |engine: &Engine| {
        let all = engine.findings().unwrap();
        all.into_iter().find(|t| t.finding.kind == Kind::Leftover).unwrap()
    };
    let until = engine.today().checked_add(7.days()).unwrap();
    let put_off = |until, reason: &str| PutOff {
        accepted: false,
        until,
        by: "kim".to_owned(),
        reason: reason.to_owned(),
    };
    let id = leftover(&engine).finding.id;
    assert!(engine.put_off(&id, put_off(until, " ")).is_err());
    assert!(engine.put_off(&id, put_off(engine.today(), "Why not.")).is_err());
    engine.put_off(&id, put_off(until, "Handover until then.")).unwrap();
    sync(&engine).await;
    let is_open = |engine: &Engine| leftover(engine).standing.is_open(engine.today());
    assert!(!is_open(&engine), "it survives the next sync");
    drop(engine);
    let before = scene.open().as_of(until.yesterday().unwrap()).unwrap();
    before.reconcile().unwrap();
    assert!(!is_open(&before));
    drop(before);
    let on_the_day = scene.open().as_of(until).unwrap();
    on_the_day.reconcile().unwrap();
    assert!(is_open(&on_the_day));
}

#[tokio::test]
async fn another_day_to_look_from_never_dates_what_is_done() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    drop(scene.synced().await);
    let engine = scene.open().as_of("2026-01-31".parse().unwrap()).unwrap();
    let began = engine.now();
    assert!(sync(&engine).await.is_empty());
    assert!(!findings(&engine).contains("leftover"), "on her last day she is still here");
    let plan = engine.plan_offboard(&person(&engine, "E1"), None, "robin").unwrap();
    run(&engine, &plan).await;
    let events = engine.store().read(|book| book.events()).unwrap();
    let dated = events.iter().rev().take(10).map(|event| event.at);
    assert!(dated.into_iter().all(|at| at >= began), "nothing is dated back");
}

#[tokio::test]
async fn access_that_was_taken_away_and_comes_back_is_said() {
    let scene = Scene::new().await;
    scene.workers(LEFT);
    let engine = scene.synced().await;
    run(&engine, &suspend(&engine, "Ana")).await;
    assert!(!findings(&engine).contains("wiki, is still active"), "{}", findings(&engine));
    let gone = findings(&engine);
    // Somebody at the vendor opens it again.
    let mut user = scene.vendor.user(&scene.keys[0]).unwrap();
    user["active"] = true.into();
    scene.vendor.take_out_user(&scene.keys[0]);
    scene.vendor.seed_user(user);
    sync(&engine).await;
    let back = findings(&engine);
    assert!(!gone.contains("resurrected") && back.contains("(resurrected)"), "{gone}\n{back}");
}
