//! A workspace folder: made once, opened by one process, and refused when it is not as it was left.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rollbook_core::change::Op;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Error};

use crate::book::{self, also_on_postgres};
use crate::said;
use crate::scene::{Scene, approve, run, wish};

const HELD: &str = "ROLLBOOK_TEST_HELD";

also_on_postgres!(
    a_process_that_was_killed_leaves_no_lock_behind,
    a_signing_key_that_is_missing_garbled_readable_by_others_or_from_elsewhere_is_refused,
    a_plan_that_was_edited_or_swapped_in_the_database_does_not_load,
    an_approval_that_nobody_gave_is_found_before_anything_is_done,
    every_tampering_with_the_chain_in_the_database_is_found_and_named,
    a_chain_that_was_cut_together_with_its_checkpoints_is_found_by_those_outside,
);

/// The error, with the folder's name taken out.
fn check_refused<T>(dir: &Path, refused: Result<T, Error>) -> String {
    let Err(error) = refused else { panic!("it was not refused") };
    said(&error).replace(dir.to_str().unwrap(), "DIR")
}

fn check_not_opened(dir: &Path) -> String {
    check_refused(dir, Engine::open(dir, Clock::System))
}

/// A new workspace with an event in its chain.
fn made() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    book::init(dir.path());
    let engine = Engine::open(dir.path(), Clock::System).unwrap();
    engine.reconcile().unwrap();
    engine.checkpoint().unwrap();
    dir
}

#[test]
fn a_second_init_is_refused_and_changes_nothing() {
    let dir = made();
    let all = |dir: &Path| {
        let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        names.map(|path| (path.clone(), fs::read(path).unwrap())).collect::<Vec<_>>()
    };
    let before = all(dir.path());
    insta::assert_snapshot!(check_refused(dir.path(), Engine::init(dir.path(), "Other")), @r"
    There is a workspace in DIR already (rollbook.toml exists).
      Choose another folder. Nothing was overwritten.
    ");
    assert!(before == all(dir.path()));
}

#[test]
fn init_beside_what_is_left_of_a_workspace_is_refused() {
    let dir = made();
    for file in ["rollbook.toml", "rollbook.key", "rollbook.pub", "rollbook.db"] {
        fs::remove_file(dir.path().join(file)).unwrap();
        let said = check_refused(dir.path(), Engine::init(dir.path(), "Other"));
        assert!(said.contains("Nothing was overwritten"), "{said}");
    }
    insta::assert_snapshot!(check_refused(dir.path(), Engine::init(dir.path(), "Other")), @r"
    There is a workspace in DIR already (checkpoints.jsonl exists).
      Choose another folder. Nothing was overwritten.
    ");
}

#[test]
fn a_second_opening_is_refused_while_the_first_one_lasts() {
    let dir = made();
    let first = Engine::open(dir.path(), Clock::System).unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    Another rollbook process is working in this workspace (DIR/rollbook.lock is locked).
      Wait until it ends, then try again. Nothing was read or changed.
    ");
    drop(first);
    Engine::open(dir.path(), Clock::System).unwrap();
}

#[test]
fn a_process_that_was_killed_leaves_no_lock_behind() {
    let dir = made();
    let mut holder = hold(dir.path());
    let said = check_not_opened(dir.path());
    assert!(said.starts_with("Another rollbook process"), "{said}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    Engine::open(dir.path(), Clock::System).unwrap();
}

/// Another process that has the workspace open.
fn hold(dir: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "workspace::holder", "--nocapture"]).env(HELD, dir);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("it is open")));
    child
}

/// What that process does: it opens the workspace and waits for its end.
#[test]
#[allow(clippy::print_stdout, reason = "it tells its parent")]
fn holder() {
    let Ok(dir) = std::env::var(HELD) else { return };
    let _engine = Engine::open(Path::new(&dir), Clock::System).unwrap();
    println!("it is open");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn files_with_secrets_or_people_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let mut modes = Vec::new();
    for entry in fs::read_dir(scene.book()).unwrap() {
        let (entry, mut name) = entry.map(|e| (e.metadata().unwrap(), e.file_name())).unwrap();
        name.push(format!(" {:03o}", entry.permissions().mode() & 0o777));
        modes.push(name.into_string().unwrap());
    }
    modes.retain(|mode| mode.starts_with("rollbook.") && !mode.starts_with("rollbook.toml"));
    modes.sort();
    assert_eq!(
        modes,
        [
            "rollbook.db 600",
            "rollbook.db-shm 600",
            "rollbook.db-wal 600",
            "rollbook.guests 600",
            "rollbook.key 600",
            "rollbook.lock 600",
            "rollbook.pub 644"
        ]
    );
    drop(engine);
}

#[test]
fn a_database_that_is_cut_short_or_has_no_header_is_refused() {
    let dir = made();
    let path = dir.path().join("rollbook.db");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 4096]).unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The database DIR/rollbook.db is damaged (the file is shorter than its header says); nothing was read from it or written to it.
      Restore the newest backup of the workspace folder, then run `rollbook sync`.
    ");
    let mut broken = whole.clone();
    broken[..16].fill(b'x');
    fs::write(&path, broken).unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The database DIR/rollbook.db is damaged (it does not begin like an SQLite database); nothing was read from it or written to it.
      Restore the newest backup of the workspace folder, then run `rollbook sync`.
    ");
    fs::write(&path, "").unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The database has no audit chain, so nothing can be recorded or done.
      Restore the newest backup, or make the workspace anew with `rollbook init`.
    ");
    fs::remove_file(&path).unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The database DIR/rollbook.db is not there; nothing was made in its place.
      Restore the newest backup of the workspace folder.
    ");
    assert!(!path.exists());
    fs::write(&path, whole).unwrap();
    Engine::open(dir.path(), Clock::System).unwrap();
}

#[test]
fn flipped_bytes_at_the_head_of_any_page_are_refused() {
    let dir = made();
    let path = dir.path().join("rollbook.db");
    let whole = fs::read(&path).unwrap();
    for page in 1..whole.len() / 4096 {
        let mut broken = whole.clone();
        broken[page * 4096..page * 4096 + 8].iter_mut().for_each(|byte| *byte ^= 0xff);
        fs::write(&path, broken).unwrap();
        let said = check_not_opened(dir.path());
        assert!(said.contains("restore") || said.contains("Restore"), "page {page}: {said}");
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let dir = made();
    let path = dir.path().join("rollbook.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let before = fs::read(&path).unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The database DIR/rollbook.db was written by a newer rollbook (schema 99; this one knows 11).
      Use the newer rollbook. Nothing was changed.
    ");
    assert!(before == fs::read(&path).unwrap());
}

#[test]
fn a_signing_key_that_is_missing_garbled_readable_by_others_or_from_elsewhere_is_refused() {
    let (dir, other) = (made(), made());
    let key = dir.path().join("rollbook.key");
    let own = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let said = check_not_opened(dir.path());
    assert!(said.starts_with("The signing key DIR/rollbook.key cannot be used"), "{said}");
    crate::scene::write_private(&key, "0123");
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The signing key DIR/rollbook.key cannot be used: it is not 64 hexadecimal digits.
      Without it nothing can be recorded, so nothing is done. Restore it from your backup.
    ");
    fs::copy(other.path().join("rollbook.key"), &key).unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The signing key is not the one that belongs to DIR/rollbook.pub.
      Restore both from one backup. Nothing was read or signed.
    ");
    let public = dir.path().join("rollbook.pub");
    let own_public = fs::read(&public).unwrap();
    fs::copy(other.path().join("rollbook.pub"), &public).unwrap();
    insta::assert_snapshot!(check_not_opened(dir.path()), @r"
    The newest checkpoint in the database is not what this workspace's key signed.
      The key or the database is from elsewhere, or was changed. Restore both from one backup.
    ");
    fs::write(&key, own).unwrap();
    fs::write(&public, own_public).unwrap();
    Engine::open(dir.path(), Clock::System).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let said = check_not_opened(dir.path());
        assert!(said.contains("chmod 600"), "{said}");
    }
}

#[tokio::test]
async fn a_plan_that_was_edited_or_swapped_in_the_database_does_not_load() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = |name| engine.plan_wishes(&[wish(&engine, name, Op::Suspend)], "robin").unwrap();
    let (ana, bob) = (approve(&engine, &plan("Ana")), approve(&engine, &plan("Bob")));
    drop(engine);
    scene.sql(&format!(
        "UPDATE plan SET body = (SELECT body FROM plan WHERE id = '{bob}') WHERE id = '{ana}'"
    ));
    let engine = scene.open();
    let swapped = said(&engine.apply(&ana, "robin", &Quiet).await.unwrap_err());
    assert!(swapped.contains("lies another one"), "{swapped}");
    drop(engine);
    let sql = "UPDATE plan SET body = replace(body, 'bob@example.com', 'cleo@example.com')";
    assert_eq!(scene.sql(&format!("{sql} WHERE id = '{bob}'")), 1);
    let engine = scene.open();
    let edited = said(&engine.apply(&bob, "robin", &Quiet).await.unwrap_err());
    assert!(edited.contains("was changed after it was made"), "{edited}");
    assert_eq!(scene.effects(), Vec::<String>::new());
}

#[tokio::test]
async fn an_approval_that_nobody_gave_is_found_before_anything_is_done() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = |name| engine.plan_wishes(&[wish(&engine, name, Op::Suspend)], "robin").unwrap();
    let (ana, bob) = (plan("Ana").plan, plan("Bob"));
    approve(&engine, &bob);
    drop(engine);
    // Bob's approval, written anew for the plan about Ana.
    let forged = format!(
        "INSERT INTO approval SELECT 'apr_forged', '{}', NULL, replace(body, '{}', '{}')
         FROM approval WHERE plan = '{}'",
        ana.id(),
        bob.plan.digest(),
        ana.digest(),
        bob.plan.id()
    );
    assert_eq!(scene.sql(&forged), 1);
    let engine = scene.open();
    let refused = said(&engine.apply(&ana.id(), "robin", &Quiet).await.unwrap_err());
    assert!(refused.contains("the audit chain does not know it"), "{refused}");
    assert_eq!(scene.effects(), Vec::<String>::new());
}

#[tokio::test]
async fn every_tampering_with_the_chain_in_the_database_is_found_and_named() {
    let mut told = Vec::new();
    let body = "UPDATE event_body SET body = replace(body, 'Elm', 'Oak')";
    for (what, sql) in [
        ("an event edited", "UPDATE event SET body = replace(body, 'robin', 'sam') WHERE seq = 5"),
        ("a row edited beside its event", "UPDATE event SET kind = 'noted' WHERE seq = 5"),
        ("a body edited", body),
        ("a body taken out", "DELETE FROM event_body WHERE seq = 3"),
        ("an event taken out", "DELETE FROM event WHERE seq = 3"),
        ("the last events cut off", "DELETE FROM event WHERE seq > 6"),
        ("everything cut off", "DELETE FROM event"),
        (
            "a body put in",
            "INSERT INTO event_body SELECT seq + 1, body FROM event_body WHERE seq = (SELECT MAX(seq) FROM event_body)",
        ),
        (
            "an event put in",
            "INSERT INTO event SELECT seq + 1, kind, subject, body FROM event WHERE seq = (SELECT MAX(seq) FROM event)",
        ),
        (
            "two events in each other's place",
            "UPDATE event SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 END WHERE seq IN (2, 3)",
        ),
        (
            "a checkpoint edited",
            "UPDATE checkpoint SET body = replace(body, '\"size\":', '\"size\": 1') WHERE size = 0",
        ),
    ] {
        let scene = Scene::new().await;
        let engine = scene.synced().await;
        let plan = engine.plan_wishes(&[wish(&engine, "Eve", Op::Suspend)], "robin").unwrap();
        run(&engine, &plan).await;
        engine.verify().unwrap();
        drop(engine);
        assert!(scene.sql(sql) > 0, "{what}");
        scene.sql("UPDATE event SET seq = -seq WHERE seq < 0");
        let broken = scene.open().verify().unwrap_err();
        told.push(format!("{what}: {broken}"));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    an event edited: The audit chain is broken. Event 5 is broken: Its content does not have its digest: it was changed after it was sealed.
    a row edited beside its event: The row of event 5 does not say what the event says.
    a body edited: The audit chain is broken. Body 5 is broken: It is not the one that its event was sealed with.
    a body taken out: The audit chain is broken. Body 3 is broken: Another event's body stands in its place.
    an event taken out: The audit chain is broken. Event 3 is broken: It is missing: event 4 stands in its place.
    the last events cut off: The audit chain is broken. Body 7 is broken: It belongs to no event.
    everything cut off: The audit chain is broken. Body 1 is broken: It belongs to no event.
    a body put in: The audit chain is broken. Body 14 is broken: It belongs to no event.
    an event put in: The audit chain is broken. Event 14 is broken: Event 13 stands in its place; events were put in or moved.
    two events in each other's place: The audit chain is broken. Event 2 is broken: It is missing: event 3 stands in its place.
    a checkpoint edited: The audit chain is broken. Checkpoint 5 is broken: Its signature is not the key's: it was changed, or another key signed it.
    ");
}

#[tokio::test]
async fn a_chain_that_was_cut_together_with_its_checkpoints_is_found_by_those_outside() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = engine.plan_wishes(&[wish(&engine, "Eve", Op::Suspend)], "robin").unwrap();
    let before = engine.store().read(|book| book.newest_checkpoint()).unwrap().unwrap().size;
    run(&engine, &plan).await;
    drop(engine);
    for (table, column) in [("event", "seq"), ("event_body", "seq"), ("checkpoint", "size")] {
        assert!(scene.sql(&format!("DELETE FROM {table} WHERE {column} > {before}")) > 0);
    }
    let said = said(&scene.open().verify().unwrap_err());
    assert!(said.contains(&format!("Event {} is broken: It is missing", before + 1)), "{said}");
}

#[tokio::test]
async fn an_old_backup_does_nothing_again() {
    let scene = Scene::new().await;
    let engine = scene.synced().await;
    let plan = engine.plan_wishes(&[wish(&engine, "Eve", Op::Suspend)], "robin").unwrap();
    let id = approve(&engine, &plan);
    drop(engine);
    let backup = fs::read(scene.book().join("rollbook.db")).unwrap();
    let engine = scene.open();
    assert!(engine.apply(&id, "robin", &Quiet).await.unwrap().is_confirmed());
    drop(engine);
    fs::write(scene.book().join("rollbook.db"), backup).unwrap();
    let engine = scene.open();
    let book = scene.book();
    insta::assert_snapshot!(check_refused(&book, engine.apply(&id, "robin", &Quiet).await), @r"
    The database does not hold what the newest checkpoint in DIR/checkpoints.jsonl was signed over, as after an old backup was put back. Nothing was done.
      Run `rollbook verify` to see where they part.
      If the backup is meant, put the file of checkpoints away with a note of why, sync, and look at every plan anew.
    ");
    check_refused(&book, engine.resume(&Quiet).await);
    check_refused(&book, engine.approve(&id, plan.plan.digest(), "kim", ""));
    assert_eq!(scene.effects().len(), 1);
}
