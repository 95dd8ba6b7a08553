//! Who may work in the workspace at the same time, as advisory locks: the same two as in a folder.
//! They belong to a session, so a process that dies lets go of them.

use super::server::Lock;
use super::session::Session;
use crate::error::{Error, Kind, Result};
use crate::store::db::args;
use crate::store::presence::{Holder, Presence, taken};

/// Makes sure that only processes which may be there together are in the workspace. Returns whether
/// this one is beside a host.
pub(super) fn enter(session: &Session, presence: Presence, command: &str) -> Result<bool> {
    let name = Holder::new(presence, command).to_string();
    session.batch(&format!("SET application_name TO '{}'", name.replace('\'', "''")))?;
    if try_lock(session, Lock::Acting)? {
        return alone(session, presence);
    }
    // The first node has the workspace to itself for a moment, to bring its schema up to date.
    if presence == Presence::Node && wait_for(session, "pg_advisory_lock_shared", Lock::Acting)? {
        return Ok(true);
    }
    let holder = holder(session)?;
    if presence == Presence::Guest && holder.is_host && try_share(session, Lock::Guests)? {
        return Ok(true);
    }
    // A process that was killed a moment ago may still be there in the server's eyes.
    if wait_for(session, "pg_advisory_lock", Lock::Acting)? {
        return alone(session, presence);
    }
    let refused = taken(&place(session), &holder.name);
    Err(match holder.is_host {
        true => refused.hint(crate::store::presence::HOST_ACTS),
        false => refused,
    })
}

fn alone(session: &Session, presence: Presence) -> Result<bool> {
    // A host leaves the guests alone; whoever acts alone waits until the last one has gone.
    let is_free = presence.takes_guests() || wait_for(session, "pg_advisory_lock", Lock::Guests)?;
    if is_free { Ok(false) } else { Err(taken(&place(session), "")) }
}

/// Lets other nodes in beside this one, which has the schema up to date.
pub(super) fn let_nodes_in(session: &Session) -> Result<()> {
    if !try_share(session, Lock::Acting)? {
        return Err(Error::bug("A lock that is held could not be shared."));
    }
    let key = session.server().key(Lock::Acting);
    session.batch(&format!("SELECT pg_catalog.pg_advisory_unlock({key})"))
}

fn place(session: &Session) -> String {
    format!("the schema {}", session.server().schema())
}

fn try_lock(session: &Session, lock: Lock) -> Result<bool> {
    is_true(session, "SELECT CAST(pg_catalog.pg_try_advisory_lock($1) AS INTEGER)", lock)
}

fn try_share(session: &Session, lock: Lock) -> Result<bool> {
    is_true(session, "SELECT CAST(pg_catalog.pg_try_advisory_lock_shared($1) AS INTEGER)", lock)
}

fn is_true(session: &Session, sql: &str, lock: Lock) -> Result<bool> {
    let key = session.server().key(lock);
    Ok(session.one(sql, args![key], |row| row.int(0))? == Some(1))
}

/// Waits for a lock, but not for long.
fn wait_for(session: &Session, take: &str, lock: Lock) -> Result<bool> {
    let key = session.server().key(lock);
    let waited = session.batch(&format!(
        "BEGIN; SET LOCAL lock_timeout TO '1s'; SELECT pg_catalog.{take}({key}); COMMIT"
    ));
    match waited {
        Ok(()) => Ok(true),
        Err(refused) if refused.is_locked() => session.batch("ROLLBACK").map(|()| false),
        Err(other) => Err(other),
    }
}

/// Who acts in the workspace, as it says of itself.
fn holder(session: &Session) -> Result<Holder> {
    let sql = "SELECT a.application_name
        FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        JOIN pg_catalog.pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
          AND d.datname = pg_catalog.current_database()
          AND (CAST(l.classid AS BIGINT) << 32) | CAST(l.objid AS BIGINT) = $1";
    let key = session.server().key(Lock::Acting);
    let said = session
        .one(sql, args![key], |row| Ok(Holder::read(row.maybe_text(0)?.unwrap_or_default())))?;
    Ok(said.unwrap_or_default())
}

/// Writes into the book that this process entered it.
pub(super) fn mark(session: &Session) -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::new(Kind::Setup, "The system gave no random bytes.").because(e))?;
    let mark = rollbook_core::id::hex(&bytes);
    session.execute(
        "INSERT INTO meta (name, value) VALUES ('entry', $1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        args![mark.as_str()],
    )?;
    Ok(mark)
}

/// What the process wrote that entered last.
pub(super) fn newest(session: &Session) -> Result<Option<String>> {
    let sql = "SELECT value FROM meta WHERE name = 'entry'";
    session.one(sql, &[], |row| Ok(row.text(0)?.to_owned()))
}
