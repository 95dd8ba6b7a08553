//! The schema of a workspace: made once, brought up to date on one connection before any other one
//! is opened.

use std::ops::ControlFlow;

use super::session::Session;
use crate::error::{Error, Result};
use crate::store::db::{MIGRATIONS, Making, args, newer};

/// Makes the schema or expects it, and runs the migrations that it has not had.
pub(super) fn bring_up(session: &Session, making: Making) -> Result<()> {
    let (server, schema) = (session.server().name(), session.server().schema());
    let at = version(session)?;
    match (making, at) {
        (Making::New, Some(_)) => {
            return Err(Error::input(format!("There is a workspace already in {server}."))
                .hint("Name another schema. Nothing was overwritten."));
        }
        (Making::New, None) => {
            let sql = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
            if session.one(sql, args![schema], |row| row.int(0))?.is_none() {
                session.batch(&format!("CREATE SCHEMA \"{schema}\""))?;
            }
        }
        (Making::There, None) => {
            return Err(Error::setup(format!(
                "There is no workspace in {server}; nothing was made in its place."
            ))
            .hint("Correct `[store]` in rollbook.toml, or restore the newest backup.")
            .hint("`rollbook init` makes a new workspace."));
        }
        (Making::There, Some(_)) => {}
    }
    migrate(session, at.unwrap_or(0))
}

/// Whether the schema is the one that this version works with.
pub(super) fn check(session: &Session) -> Result<()> {
    let server = session.server().name();
    match version(session)? {
        Some(at) if at == MIGRATIONS.len() => Ok(()),
        Some(_) => Err(Error::setup(format!(
            "The process that works with the database {server} is of another version of rollbook."
        ))
        .hint("Stop it and start it again with this version. Nothing was read or changed.")),
        None => Err(Error::setup(format!("There is no workspace in {server} any more."))
            .hint("Restore the newest backup.")),
    }
}

/// Leaves nothing of what was deleted in the files of the tables. What the server's own log and its
/// backups hold is its administrator's.
pub(in crate::store::db) fn shred(session: &Session) -> Result<()> {
    let mut tables = Vec::new();
    let sql = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = $1 ORDER BY tablename";
    session.scan(sql, args![session.server().schema()], |row| {
        tables.push(row.text(0)?.to_owned());
        Ok(ControlFlow::Continue(()))
    })?;
    tables.iter().try_for_each(|table| session.batch(&format!("VACUUM FULL \"{table}\"")))
}

fn migrate(session: &Session, at: usize) -> Result<()> {
    let known = MIGRATIONS.len();
    if at > known {
        return Err(newer(session.server().name(), at));
    }
    for (version, sql) in (1..).zip(MIGRATIONS).skip(at) {
        // Text is compared by its bytes, as SQLite does; the tables say so once and for all.
        let sql = sql.replace(" TEXT", " TEXT COLLATE \"C\"");
        session.batch(&format!(
            "BEGIN; {sql};
             CREATE TABLE IF NOT EXISTS rollbook_schema (version BIGINT NOT NULL);
             DELETE FROM rollbook_schema;
             INSERT INTO rollbook_schema (version) VALUES ({version});
             COMMIT"
        ))?;
    }
    Ok(())
}

/// How many migrations the schema has had; `None` where it is no workspace's.
fn version(session: &Session) -> Result<Option<usize>> {
    let sql = "SELECT 1 FROM pg_catalog.pg_tables
        WHERE schemaname = $1 AND tablename = 'rollbook_schema'";
    if session.one(sql, args![session.server().schema()], |row| row.int(0))?.is_none() {
        return Ok(None);
    }
    let at = session.one("SELECT version FROM rollbook_schema", &[], |row| row.int(0))?;
    Ok(Some(at.and_then(|at| usize::try_from(at).ok()).unwrap_or(0)))
}
