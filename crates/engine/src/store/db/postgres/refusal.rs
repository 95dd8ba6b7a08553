//! What Postgres refuses, as sentences that say who must act.

use tokio_postgres::error::SqlState;

use crate::error::{Error, Kind};
use crate::store::{Duplicate, Locked};

/// A connection that does not come about; `server` names the server.
pub(super) fn unconnected(server: &str, cause: tokio_postgres::Error) -> Error {
    let (said, hint) = match cause.as_db_error() {
        Some(of_server) => of_state(server, of_server),
        None => unreachable(server, &cause),
    };
    Error::setup(said).hint(hint).because(cause)
}

/// A statement that failed; `server` names the server.
pub(super) fn refused(server: &str, cause: tokio_postgres::Error) -> Error {
    let Some(of_server) = cause.as_db_error() else {
        let is_io = std::error::Error::source(&cause).is_some_and(|of| of.is::<std::io::Error>());
        return match cause.is_closed() || is_io {
            true => lost(server).because(cause),
            false => {
                Error::bug(format!("The database {server} was asked in a wrong way: {cause}."))
                    .because(cause)
            }
        };
    };
    let (said, hint) = of_state(server, of_server);
    let error = Error::setup(said).hint(hint);
    match cause.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => error.because(Duplicate(Box::new(cause))),
        Some(&SqlState::LOCK_NOT_AVAILABLE) => error.because(Locked(Box::new(cause))),
        _ => error.because(cause),
    }
}

/// The connection broke while it was to keep what was written.
pub(super) fn uncertain(server: &str, cause: Error) -> Error {
    Error::new(
        Kind::Uncertain,
        format!(
            "The connection to the database {server} was lost while it was to keep what was \
             written; whether it did is not known."
        ),
    )
    .hint("Run the command again once the database is there: it looks at what was kept.")
    .because(cause)
}

fn lost(server: &str) -> Error {
    Error::setup(format!("The connection to the database {server} was lost."))
        .hint("Nothing half-written was kept. Once the database is there again, try again.")
}

fn unreachable(server: &str, cause: &tokio_postgres::Error) -> (String, &'static str) {
    let deepest = std::iter::successors(std::error::Error::source(cause), |e| e.source()).last();
    let why = deepest.map_or_else(|| cause.to_string(), ToString::to_string);
    let said = format!("The database {server} cannot be reached: {why}.");
    (said, "Check that it runs, its address and its certificate. Nothing was read or changed.")
}

fn of_state(server: &str, cause: &tokio_postgres::error::DbError) -> (String, &'static str) {
    let because = cause.message();
    let state = cause.code();
    let (what, hint) = if [
        &SqlState::INVALID_PASSWORD,
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ]
    .contains(&state)
    {
        (
            "does not let this user in",
            "Correct user and password where `[store]` says that they lie.",
        )
    } else if *state == SqlState::INVALID_CATALOG_NAME {
        ("is not there", "Have its administrator make it, or correct the address.")
    } else if *state == SqlState::DISK_FULL {
        (
            "has no room left",
            "Its disk is full: have its administrator free some room; nothing half-written was kept.",
        )
    } else if *state == SqlState::TOO_MANY_CONNECTIONS {
        (
            "has no connection left",
            "Have its administrator allow more, or close what holds them; then try again.",
        )
    } else if *state == SqlState::INSUFFICIENT_PRIVILEGE {
        (
            "does not allow this",
            "Have its administrator make this user the owner of the workspace's schema.",
        )
    } else if *state == SqlState::READ_ONLY_SQL_TRANSACTION {
        (
            "can only be read",
            "Perhaps it is a standby: name the primary, or have its administrator allow writing.",
        )
    } else if *state == SqlState::LOCK_NOT_AVAILABLE {
        (
            "kept this process waiting too long",
            "Another process was writing for too long. Nothing was written; try again.",
        )
    } else if state.code().starts_with("57P") {
        ("is going down or coming up", "Nothing half-written was kept. Try again when it runs.")
    } else {
        ("refused", "Nothing half-written was kept. Try again; if it stays, ask its administrator.")
    };
    (format!("The database {server} {what}: {because}."), hint)
}
