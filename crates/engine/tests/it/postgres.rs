//! A book in Postgres when the server is not as it should be: each error says who must act, and
//! nothing is done by two at once.

use std::path::Path;

use rollbook_core::change::Op;
use rollbook_engine::clock::Clock;
use rollbook_engine::error::Kind;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Error, Presence};
use rollbook_testkit::Postgres;

use crate::book;
use crate::disk_full::Disk;
use crate::said;
use crate::scene::{approve, wish, write_private};

/// A folder, and a schema that is free.
struct Case {
    server: &'static Postgres,
    dir: tempfile::TempDir,
    schema: String,
}

impl Case {
    fn new() -> Option<Self> {
        let server = book::server()?;
        Some(Self { server, dir: tempfile::tempdir().unwrap(), schema: server.fresh_schema() })
    }

    /// A case with a workspace in it.
    fn made() -> Option<Self> {
        let case = Self::new()?;
        book::init_at(case.dir.path(), &case.server.url(), &case.schema).unwrap();
        book::configure(case.dir.path(), "[workspace]\nname = \"Example\"\ntime_zone = \"UTC\"\n");
        Some(case)
    }

    fn open(&self) -> Result<Engine, Error> {
        Engine::open(self.dir.path(), Clock::System)
    }

    fn enter(&self, presence: Presence, command: &str) -> Result<Engine, Error> {
        Engine::open_as(self.dir.path(), Clock::System, presence, command)
    }

    fn sql(&self, sql: &str) -> usize {
        self.server.sql(&self.schema, sql).unwrap()
    }

    /// Cuts all connections to this schema, as a network or an administrator might.
    fn cut(&self) {
        let acts = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
            WHERE application_name LIKE 'alone%' OR application_name LIKE 'host%'";
        assert!(self.sql(acts) > 0, "somebody was connected");
    }

    /// The error, with what differs from run to run taken out.
    fn told<T>(&self, refused: Result<T, Error>) -> String {
        let Err(error) = refused else { panic!("it was not refused") };
        let port = self.server.tcp_url("", "");
        let port = port.rsplit([':', '/']).nth(1).expect("the address has a port").to_owned();
        let socket = self.server.certificate();
        let socket = socket.ancestors().nth(2).and_then(Path::to_str).expect("a folder").to_owned();
        let process = format!("process {}", std::process::id());
        let told = said(&error).replace(&socket, "SOCKET").replace(&port, "PORT");
        told.replace(&self.schema, "acme").replace(&process, "process 1")
    }

    /// What making a workspace at this address says.
    fn refused_at(&self, address: &str) -> String {
        self.told(book::init_at(&self.dir.path().join("book"), address, &self.schema))
    }
}

#[test]
fn a_server_that_cannot_be_used_is_told_with_who_must_act_and_never_with_the_password() {
    let Some(case) = Case::new() else { return };
    let (user, password) = case.server.superuser();
    let mut told = vec![
        case.refused_at(&case.server.tcp_url(user, "sesame")),
        case.refused_at(&case.server.tcp_url("nobody", "sesame")),
        case.refused_at(&format!("{}x", case.server.tcp_url(user, password))),
        case.refused_at("postgres://rollbook:sesame@127.0.0.1:1/postgres"),
        case.refused_at("postgres://rollbook:sesame@host:port/postgres"),
        case.refused_at(&format!("{}?sslmode=require", case.server.tcp_url(user, password))),
    ];
    case.sql("CREATE ROLE plain LOGIN PASSWORD 'sesame'");
    told.push(case.refused_at(&case.server.tcp_url("plain", "sesame")));
    for text in &told {
        assert!(!text.contains("sesame") && !text.contains(password), "{text}");
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    The database postgres at 127.0.0.1:PORT (schema acme, user rollbook) does not let this user in: password authentication failed for user "rollbook".
      Correct user and password where `[store]` says that they lie.
    The database postgres at 127.0.0.1:PORT (schema acme, user nobody) does not let this user in: password authentication failed for user "nobody".
      Correct user and password where `[store]` says that they lie.
    The database postgresx at 127.0.0.1:PORT (schema acme, user rollbook) is not there: database "postgresx" does not exist.
      Have its administrator make it, or correct the address.
    The database postgres at 127.0.0.1:1 (schema acme, user rollbook) cannot be reached: Connection refused (os error 111).
      Check that it runs, its address and its certificate. Nothing was read or changed.
    The address of the database cannot be read.
      Write postgres://user:password@host/database where `[store]` says that it lies.
    The database postgres at 127.0.0.1:PORT (schema acme, user rollbook) cannot be reached: invalid peer certificate: UnknownIssuer.
      Check that it runs, its address and its certificate. Nothing was read or changed.
    The database postgres at 127.0.0.1:PORT (schema acme, user plain) does not allow this: permission denied for database postgres.
      Have its administrator make this user the owner of the workspace's schema.
    "#);
    assert!(!case.dir.path().join("book/rollbook.key").exists(), "nothing is left behind");
}

#[test]
fn over_tls_the_certificate_must_be_of_the_authority_that_is_named() {
    let Some(case) = Case::made() else { return };
    let (user, password) = case.server.superuser();
    let address = format!("{}?sslmode=require", case.server.tcp_url(user, password));
    write_private(&case.dir.path().join("database"), &address);
    assert!(said(&case.open().unwrap_err()).contains("certificate"));
    std::fs::copy(case.server.certificate(), case.dir.path().join("ca.pem")).unwrap();
    let config = std::fs::read_to_string(case.dir.path().join("rollbook.toml")).unwrap();
    let config = config.replace("schema =", "ca_file = \"ca.pem\"\nschema =");
    std::fs::write(case.dir.path().join("rollbook.toml"), config).unwrap();
    let engine = case.open().unwrap();
    engine.reconcile().unwrap();
    assert_eq!(case.sql("SELECT count(*) FROM pg_stat_ssl WHERE ssl"), 2, "a writer and a reader");
}

#[test]
fn a_schema_that_is_gone_taken_newer_or_older_is_refused() {
    let Some(case) = Case::made() else { return };
    let told = case.refused_at(&case.server.url());
    let known = case.sql("SELECT version FROM rollbook_schema");
    case.sql("UPDATE rollbook_schema SET version = 99");
    let newer = case.told(case.open());
    let host_is_older = {
        case.sql(&format!("UPDATE rollbook_schema SET version = {known}"));
        let host = case.enter(Presence::Host, "serve").unwrap();
        case.sql("UPDATE rollbook_schema SET version = 99");
        let told = case.told(case.enter(Presence::Guest, "findings"));
        drop(host);
        told
    };
    case.sql(&format!("DROP SCHEMA {} CASCADE", case.schema));
    let gone = case.told(case.open());
    insta::assert_snapshot!([told, newer, host_is_older, gone].join("\n"), @r"
    There is a workspace already in postgres at SOCKET:PORT (schema acme, user rollbook).
      Name another schema. Nothing was overwritten.
    The database postgres at SOCKET:PORT (schema acme, user rollbook) was written by a newer rollbook (schema 99; this one knows 11).
      Use the newer rollbook. Nothing was changed.
    The process that works with the database postgres at SOCKET:PORT (schema acme, user rollbook) is of another version of rollbook.
      Stop it and start it again with this version. Nothing was read or changed.
    There is no workspace in postgres at SOCKET:PORT (schema acme, user rollbook); nothing was made in its place.
      Correct `[store]` in rollbook.toml, or restore the newest backup.
      `rollbook init` makes a new workspace.
    ");
    assert_eq!(case.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'test%'"), 0);
}

#[test]
fn a_server_that_can_only_be_read_lets_nothing_be_recorded() {
    let Some(case) = Case::made() else { return };
    let engine = case.open().unwrap();
    case.sql("ALTER DATABASE postgres SET default_transaction_read_only TO on");
    engine.reconcile().unwrap();
    case.cut();
    insta::assert_snapshot!(case.told(engine.reconcile()), @r"
    The database postgres at SOCKET:PORT (schema acme, user rollbook) can only be read: cannot execute INSERT in a read-only transaction.
      Perhaps it is a standby: name the primary, or have its administrator allow writing.
    ");
}

#[test]
fn a_server_whose_disk_is_full_is_told_and_once_there_is_room_the_work_goes_on() {
    let (Some(case), Some(disk)) = (Case::new(), Disk::mount()) else { return };
    let owned = std::process::Command::new("chown").arg("postgres").arg(disk.path()).status();
    assert!(owned.unwrap().success());
    case.sql(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.path().display()));
    case.sql("ALTER ROLE rollbook SET default_tablespace TO small");
    let case = Case { dir: tempfile::tempdir().unwrap(), ..case };
    book::init_at(case.dir.path(), &case.server.url(), &case.schema).unwrap();
    book::configure(case.dir.path(), "[workspace]\nname = \"Example\"\ntime_zone = \"UTC\"\n");
    let engine = case.open().unwrap();
    let filler = disk.fill(0);
    let refused = (0..1000).find_map(|_| engine.reconcile().err()).expect("it fills up");
    let told = case.told::<()>(Err(refused));
    assert!(told.contains("has no room left") && told.contains("free some room"), "{told}");
    std::fs::remove_file(filler).unwrap();
    engine.reconcile().unwrap();
    engine.verify().unwrap();
}

#[test]
fn whoever_lost_the_connection_goes_on_where_nobody_else_has_worked_since() {
    let Some(case) = Case::made() else { return };
    let host = case.enter(Presence::Host, "serve").unwrap();
    let guest = case.enter(Presence::Guest, "approve").unwrap();
    host.reconcile().unwrap();
    case.cut();
    host.reconcile().unwrap();
    guest.reconcile().unwrap();
    case.told(case.enter(Presence::Alone, "sync"));
    host.verify().unwrap();
}

#[test]
fn whoever_lost_the_connection_and_the_workspace_to_another_process_stops() {
    let Some(case) = Case::made() else { return };
    let first = case.open().unwrap();
    first.reconcile().unwrap();
    case.cut();
    let second = case.enter(Presence::Alone, "sync").unwrap();
    insta::assert_snapshot!(case.told(first.reconcile()), @r"
    Another rollbook process, `rollbook sync` (process 1), is working in this workspace (the schema acme is locked).
      Wait until it ends, then try again. Nothing was read or changed.
    ");
    drop(second);
    insta::assert_snapshot!(case.told(first.reconcile()), @r"
    The connection to the database postgres at SOCKET:PORT (schema acme, user rollbook) was lost, and another rollbook process has worked in this workspace since.
      Start this one again. What was recorded is kept.
    ");
    case.open().unwrap().verify().unwrap();
}

#[test]
fn a_connection_cut_within_a_transaction_leaves_nothing_of_it() {
    let Some(case) = Case::made() else { return };
    let engine = case.open().unwrap();
    let events = || engine.store().read(|book| Ok(book.events()?.len())).unwrap();
    let before = events();
    let broken = engine.store().write(|book| {
        book.put_findings(&[])?;
        case.cut();
        book.put_findings(&[])
    });
    assert_eq!(broken.unwrap_err().kind, Kind::Setup);
    assert_eq!(events(), before);
    engine.reconcile().unwrap();
}

#[tokio::test]
async fn a_server_that_crashed_during_a_run_comes_back_and_the_run_ends_with_one_effect() {
    let Some(_) = book::server() else { return };
    let server = Postgres::start().unwrap();
    let scene = crate::scene::Scene::in_schema(&server.url(), "acme").await;
    let engine = scene.synced().await;
    let plan = engine.plan_wishes(&[wish(&engine, "Ana", Op::Suspend)], "robin").unwrap();
    let id = approve(&engine, &plan);
    server.crash().unwrap();
    engine.apply(&id, "robin", &Quiet).await.unwrap();
    assert_eq!(scene.effects(), ["Ana: changed active"]);
    drop(engine);
    server.crash().unwrap();
    scene.open().verify().unwrap();
}
