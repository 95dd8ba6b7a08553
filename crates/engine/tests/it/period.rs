//! The pack of a period: every file that an auditor asks for, held against the vendors' own counts, the
//! chain, and itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::Date;
use rollbook_engine::Engine;
use rollbook_engine::evidence::{Manifest, verify_folder};
use rollbook_engine::packing::Period;
use rollbook_engine::progress::Quiet;
use serde_json::{Value, json};

use crate::scene::{PEOPLE, Scene, login};

/// The files of the pack beside the chain, each as JSON lines and as CSV.
const TABLES: [&str; 19] = [
    "access_review",
    "accounts_asof",
    "approvals",
    "apps_in_scope",
    "config_changes",
    "control_runs",
    "effects",
    "exceptions",
    "inactive",
    "joiners",
    "leaver_vs_active",
    "leavers",
    "movers",
    "notifications",
    "orphans_shared_service",
    "own_access",
    "privileged",
    "recently_disabled",
    "sod",
];

fn day(engine: &Engine, ago: i64) -> Date {
    engine.today().checked_sub(ago.days()).unwrap()
}

/// The last 30 days.
fn month(engine: &Engine) -> Period {
    Period { from: day(engine, 30), to: engine.today() }
}

/// The scene's ten, and so many more who left three days ago, each with an account in the wiki.
async fn with_leavers(many: usize) -> Scene {
    let scene = Scene::new().await;
    scene.configure(
        "[policy.limits]\nremoved_max = 1000\nremoved_pct_max = 100\nworkspace_removed_max = 1000\n",
    );
    let today = scene.open().today();
    let last = today.checked_sub(3.days()).unwrap();
    let mut text = "number,first,last,mail,from,until\n".to_owned();
    for (at, (given, family)) in PEOPLE.iter().enumerate() {
        text += &format!("E{},{given},{family},{},2020-01-01,\n", at + 1, login(at));
    }
    for n in 0..many {
        let (number, login) = (format!("L{n}"), format!("leaver{n}@example.com"));
        text += &format!("{number},Given{n},Leaver{n},{login},2020-01-01,{last}\n");
        scene.vendor.seed_user(json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "userName": login, "active": true, "displayName": format!("Given{n} Leaver{n}"),
            "name": {"givenName": format!("Given{n}"), "familyName": format!("Leaver{n}")},
            "emails": [{"value": login, "primary": true}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": number},
        }));
    }
    scene.deliver(&text);
    scene
}

/// Everything that is due of leavers, planned by Olga, agreed to by Kim, run and looked at.
async fn offboarded(engine: &Engine) {
    let proposal = engine.plan_leavers(None, "Olga").unwrap();
    let (id, digest) = (proposal.plan.id(), proposal.plan.digest().to_owned());
    engine.approve(&id, &digest, "Kim", "They left.").unwrap();
    let report = engine.apply(&id, "Olga", &Quiet).await.unwrap();
    assert!(
        report.is_confirmed(),
        "{:?}",
        report.changes.iter().map(|c| c.stand.word()).collect::<Vec<_>>()
    );
}

/// The rows and the statement of a table.
fn table(folder: &Path, name: &str) -> (Vec<Value>, Value) {
    let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.pop().expect("every table ends with its statement");
    (lines, last["statement"].clone())
}

fn texts<'a>(rows: &'a [Value], key: &str) -> BTreeSet<&'a str> {
    rows.iter().filter_map(|row| row[key].as_str()).collect()
}

/// The digests of all files that say what is in the book.
fn digests(manifest: &Manifest) -> BTreeMap<String, String> {
    let chain = ["events.jsonl", "bodies.jsonl", "checkpoints.jsonl"];
    let files = manifest.files.iter().filter(|file| !chain.contains(&file.name.as_str()));
    files.map(|file| (file.name.clone(), file.sha256.clone())).collect()
}

#[tokio::test]
async fn the_pack_of_two_hundred_leavers_is_whole_and_agrees_with_every_count() {
    let scene = with_leavers(200).await;
    let engine = scene.synced().await;
    offboarded(&engine).await;
    engine.sync(&[], &Quiet).await.unwrap();
    let folder = scene.dir.path().join("pack");
    let manifest = engine.pack_period(month(&engine), &folder, "Aud").unwrap();
    verify_folder(&folder, None, None).unwrap();

    let names: BTreeSet<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    for name in TABLES {
        let (lines, sheet) = (format!("{name}.jsonl"), format!("{name}.csv"));
        assert!(names.contains(lines.as_str()) && names.contains(sheet.as_str()), "{name}");
        let (rows, statement) = table(&folder, name);
        assert_eq!(statement["rows"], rows.len(), "{name}");
        assert_eq!(
            (&statement["made_by"], &statement["workspace"]),
            (&json!("Aud"), &json!("Example"))
        );
        for check in statement["checks"].as_array().unwrap() {
            assert_eq!(check["rows"], check["counted"], "{name}: {check}");
        }
    }
    assert!(names.contains("verify_pack.py") && names.contains("evidence.md"));

    // The sum of each app is the vendor's own count at that snapshot.
    let (accounts, statement) = table(&folder, "accounts_asof");
    let wiki = accounts.iter().filter(|row| row["instance"] == "wiki").count();
    let check = statement["checks"].as_array().unwrap();
    let said = check.iter().find(|check| check["source"] == "wiki").unwrap();
    assert_eq!((wiki, &said["counted"]), (210, &json!(210)));

    // Everybody who left has a row, every change in it is among the effects, and every plan was agreed to.
    let (leavers, _) = table(&folder, "leavers");
    assert_eq!(texts(&leavers, "person").len(), 200);
    let (effects, approvals) = (table(&folder, "effects").0, table(&folder, "approvals").0);
    assert!(texts(&leavers, "change").is_subset(&texts(&effects, "change")));
    assert!(texts(&leavers, "plan").is_subset(&texts(&approvals, "plan")));
    assert_eq!(texts(&approvals, "verdict"), BTreeSet::from(["approved"]));
    let first = &leavers[0];
    assert_eq!((&first["approved_by"], &first["outcome"]), (&json!(["Kim"]), &json!("confirmed")));
    assert_eq!((&first["stand"], &first["late"]), (&json!("closed"), &json!(true)));
    let closing = first["closing"].as_str().unwrap();
    assert!(closing.starts_with("All 1 account known at snp_"), "{closing}");
    assert!(closing.ends_with("were dealt with; 0 exceptions."), "{closing}");
    let (ocsf, _) = (fs::read_to_string(folder.join("ocsf_account_change.jsonl")).unwrap(), ());
    let first: Value = serde_json::from_str(ocsf.lines().next().unwrap()).unwrap();
    assert_eq!((ocsf.lines().count(), &first["type_uid"]), (200, &json!(300_105)));
}

#[tokio::test]
async fn the_same_book_packed_again_gives_the_same_bytes() {
    let scene = with_leavers(2).await;
    let engine = scene.synced().await;
    let pack = |name: &str| {
        engine.pack_period(month(&engine), &scene.dir.path().join(name), "Aud").unwrap()
    };
    let (first, second) = (pack("first"), pack("second"));
    assert_eq!(digests(&first), digests(&second));
    assert!(first.size < second.size, "that it was read is in the chain");
    offboarded(&engine).await;
    assert_ne!(digests(&first), digests(&pack("third")));
}

#[tokio::test]
async fn who_left_and_still_gets_in_is_told_and_so_is_every_comparison_that_found_nobody() {
    let scene = with_leavers(0).await;
    let engine = scene.synced().await;
    let compared = |name: &str| {
        let folder = scene.dir.path().join(name);
        engine.pack_period(month(&engine), &folder, "Aud").unwrap();
        let (rows, _) = table(&folder, "leaver_vs_active");
        let of = |row: &Value| format!("{} {} {}", row["left"], row["still_open"], row["login"]);
        rows.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(compared("before"), ["0 0 null"]);
    let last = day(&engine, 2).to_string();
    scene.workers(&[("Ana", last.as_str())]);
    engine.sync(&[], &Quiet).await.unwrap();
    assert_eq!(
        compared("after"),
        ["0 0 null", "1 2 null", "null null \"ana@example.com\"", "null null \"ana@example.com\""]
    );
}

#[tokio::test]
async fn what_the_book_cannot_say_is_a_file_that_says_so() {
    let scene = with_leavers(1).await;
    let engine = scene.synced().await;
    let folder = scene.dir.path().join("pack");
    engine.pack_period(month(&engine), &folder, "Aud").unwrap();
    let (rows, statement) = table(&folder, "access_review");
    assert_eq!(rows.len(), 0);
    let note = statement["notes"][0].as_str().unwrap();
    assert!(note.starts_with("No access review is on record"), "{note}");
    let csv = fs::read_to_string(folder.join("access_review.csv")).unwrap();
    assert!(
        csv.contains("# notes,No access review is on record")
            || csv.contains("# notes,\"No access"),
        "{csv}"
    );
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("CC6.3") && page.contains("A.5.18") && page.contains("No access review"));
}

#[tokio::test]
async fn a_period_that_ends_before_it_begins_or_is_still_to_come_is_refused() {
    let scene = with_leavers(0).await;
    let engine = scene.synced().await;
    let today = engine.today();
    let refused = |from: i64, to: i64| {
        let at = |days: i64| today.checked_add(days.days()).unwrap();
        let period = Period { from: at(from), to: at(to) };
        engine.pack_period(period, &scene.dir.path().join("none"), "Aud").unwrap_err().to_string()
    };
    assert!(refused(0, -1).contains("before it begins"));
    assert!(refused(1, 2).contains("is still to come"));
    assert!(!scene.dir.path().join("none").exists());
}
