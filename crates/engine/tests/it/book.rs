//! Where the book of a test lies: in the workspace folder, or in a schema of a real Postgres server.
//! A test that says nothing of databases runs on both: `also_on_postgres!` names it once more.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use rollbook_engine::Engine;
use rollbook_engine::config::BookConfig;
use rollbook_engine::secret::SecretSource;
use rollbook_testkit::Postgres;

/// Set by `make test`: then a test does not do without Postgres.
const REQUIRED: &str = "ROLLBOOK_POSTGRES";
/// The file in a workspace folder that holds the address.
const ADDRESS: &str = "database";
/// The file in a workspace folder that holds `[store]`, for tests that write the configuration.
const LINES: &str = "store.toml";

thread_local! {
    static ON_POSTGRES: Cell<bool> = const { Cell::new(false) };
}

/// Runs tests of the module around it once more, with the book in Postgres.
macro_rules! also_on_postgres {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(
                #[test]
                fn $name() {
                    crate::book::on_postgres(super::$name);
                }
            )*
        }
    };
}
pub(crate) use also_on_postgres;

/// Runs a test with the book in Postgres.
pub(crate) fn on_postgres(test: fn()) {
    if server().is_some() {
        ON_POSTGRES.set(true);
        test();
    }
}

/// The server of this process, unless Postgres is not installed and nobody requires it.
pub(crate) fn server() -> Option<&'static Postgres> {
    match Postgres::shared() {
        Ok(server) => Some(server),
        Err(why) if std::env::var_os(REQUIRED).is_some() => panic!("{why}"),
        Err(why) => {
            eprintln!("skipped: {why}");
            None
        }
    }
}

/// Makes a workspace.
pub(crate) fn init(dir: &Path) {
    if !ON_POSTGRES.get() {
        Engine::init(dir, "Example").unwrap();
        return;
    }
    let server = server().expect("it was started before");
    init_at(dir, &server.url(), &server.fresh_schema()).unwrap();
}

/// Makes a workspace whose book lies in this schema.
pub(crate) fn init_at(
    dir: &Path,
    address: &str,
    schema: &str,
) -> Result<(), rollbook_engine::Error> {
    fs::create_dir_all(dir).unwrap();
    crate::scene::write_private(&dir.join(ADDRESS), address);
    let url = SecretSource::File { file: ADDRESS.into() };
    let store = BookConfig { url, schema: schema.to_owned(), ca_file: None };
    Engine::init_in(dir, "Example", Some(&store))?;
    let lines = format!("[store]\nurl = {{ file = \"{ADDRESS}\" }}\nschema = \"{schema}\"\n");
    fs::write(dir.join(LINES), lines).unwrap();
    Ok(())
}

/// Writes the configuration of a workspace, and leaves its book where it is.
pub(crate) fn configure(dir: &Path, text: &str) {
    let store = fs::read_to_string(dir.join(LINES)).unwrap_or_default();
    fs::write(dir.join("rollbook.toml"), format!("{store}{text}")).unwrap();
}

/// The schema of a workspace whose book lies in Postgres.
fn schema(dir: &Path) -> Option<String> {
    let lines = fs::read_to_string(dir.join(LINES)).ok()?;
    lines.lines().find_map(|line| line.strip_prefix("schema = ")).map(|s| s.replace('"', ""))
}

/// Sends the database a statement as somebody would who can write to it past us.
pub(crate) fn sql(dir: &Path, sql: &str) -> usize {
    if let Some(schema) = schema(dir) {
        return server().expect("the book lies there").sql(&schema, sql).unwrap();
    }
    let db = rusqlite::Connection::open(dir.join("rollbook.db")).unwrap();
    let changed = db.execute(sql, []).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    changed
}
