//! The command with its book in Postgres.

use rollbook_testkit::Postgres;

use crate::bench::{Bench, Ran};

const VARIABLE: &str = "ACME_DATABASE_URL";

/// The server of this process, unless Postgres is not installed and nobody requires it.
#[allow(clippy::print_stderr, reason = "a test says what it was not asked to try")]
fn server() -> Option<&'static Postgres> {
    match Postgres::shared() {
        Ok(server) => Some(server),
        Err(why) if std::env::var_os("ROLLBOOK_POSTGRES").is_some() => panic!("{why}"),
        Err(why) => {
            eprintln!("skipped: {why}");
            None
        }
    }
}

/// Runs the command with this address in its environment.
fn run(bench: &Bench, address: &str, arguments: &[&str]) -> Ran {
    let mut command = bench.command(arguments);
    bench.normal(&command.env(VARIABLE, address).output().expect("the binary starts"))
}

#[test]
fn a_workspace_in_postgres_is_made_read_and_verified_and_its_address_stays_out_of_its_files() {
    let Some(server) = server() else { return };
    let bench = Bench::small_company();
    let (user, password) = server.superuser();
    let address = server.tcp_url(user, password);
    let name = "3 Söhne & Co";
    let made =
        run(&bench, &address, &["init", "in-pg", "--name", name, "--store-url-env", VARIABLE]);
    insta::assert_snapshot!(made.all(), @r"
    --- out
    The workspace in-pg is made:
      in-pg/rollbook.toml
      in-pg/rollbook.key
      in-pg/rollbook.pub

    Keep a copy of rollbook.key in a safe place: without it nothing can be recorded.
    Next: name your sources and apps in in-pg/rollbook.toml,
    then run `rollbook sync --workspace in-pg`.
    --- exit 0
    ");
    let config = std::fs::read_to_string(bench.path().join("in-pg/rollbook.toml")).expect("text");
    assert!(config.contains("\nurl = { env = \"ACME_DATABASE_URL\" }\n"), "{config}");
    assert!(config.contains("\nschema = \"rollbook_3_s_hne_co\"\n"), "{config}");
    assert!(!config.contains(password), "{config}");
    assert_eq!(run(&bench, &address, &["sync", "--workspace", "in-pg"]).code, 0);
    assert_eq!(run(&bench, &address, &["verify", "--workspace", "in-pg"]).code, 0);
    assert!(!bench.path().join("in-pg/rollbook.db").exists());
    insta::assert_snapshot!(bench.run(&["findings", "--workspace", "in-pg"]).all(), @r#"
    --- err
    error: The environment variable ACME_DATABASE_URL, which holds a secret, is not set.
    hint:  Set ACME_DATABASE_URL, or name a file instead: { file = "path" }.
    --- exit 3
    "#);
}

#[test]
fn a_schema_is_named_only_together_with_a_database() {
    let bench = Bench::empty();
    assert_eq!(bench.run(&["init", ".", "--store-schema", "acme"]).code, 2);
    let both = ["init", ".", "--store-url-env", "A", "--store-url-file", "b"];
    assert_eq!(bench.run(&both).code, 2);
    let said = bench.run(&["init", ".", "--store-url-env", "A", "--store-schema", "public"]);
    assert!(said.err.contains("not a workspace's own"), "{}", said.all());
}
