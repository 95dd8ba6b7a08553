//! What the rest of the store may count on, whichever database it is.

use std::ops::ControlFlow;

use rollbook_testkit::Postgres;

use super::{Access, Arg, Database, Db, Making, Place, Presence, args};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

/// Runs each situation on a new database of either kind.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::check_sqlite(super::$name); })*
        }
        mod postgres {
            $(#[test] fn $name() { super::check_postgres(super::$name); })*
        }
    };
}

on_both!(
    values_come_back_as_they_went_in,
    a_parameter_is_found_by_its_number_wherever_and_however_often_it_stands,
    text_is_compared_by_its_bytes,
    a_text_with_a_nul_is_refused,
    a_row_read_as_what_it_is_not_is_an_error,
    many_rows_go_in_by_one_statement_and_an_error_among_them_ends_it,
    a_scan_ends_where_it_is_told_to_and_the_connection_goes_on,
    a_statement_within_the_rows_of_another_is_refused,
    a_transaction_that_is_not_committed_leaves_nothing,
    after_a_failed_statement_nothing_of_its_transaction_stays,
    a_failed_statement_that_is_no_duplicate_is_not_called_one,
    what_failed_in_a_savepoint_is_undone_and_the_rest_stays,
    a_savepoint_whose_failure_was_overlooked_keeps_nothing,
);

fn check_sqlite(situation: fn(&Db)) {
    let dir = tempfile::tempdir().unwrap();
    check(&Place::Folder(dir.path().to_owned()), situation);
}

#[allow(clippy::print_stderr, reason = "a test says what it was not asked to try")]
fn check_postgres(situation: fn(&Db)) {
    let server = match Postgres::shared() {
        Ok(server) => server,
        Err(why) if std::env::var_os("ROLLBOOK_POSTGRES").is_some() => panic!("{why}"),
        Err(why) => return eprintln!("skipped: {why}"),
    };
    let (address, schema) = (Secret::new(server.url()), server.fresh_schema());
    check(&Place::Postgres { address, schema, ca_file: None }, situation);
}

/// Runs a situation on a new database with the table `note (id, body)`.
fn check(place: &Place, situation: fn(&Db)) {
    let (_database, db) = Database::enter(place, Presence::Alone, "", Making::New).unwrap();
    db.execute("CREATE TABLE note (id BIGINT NOT NULL PRIMARY KEY, body TEXT)", &[]).unwrap();
    situation(&db);
}

fn put(db: &Db, id: i64, body: &str) -> Result<u64> {
    db.execute("INSERT INTO note (id, body) VALUES ($1, $2)", args![id, body])
}

fn ids(db: &Db) -> Vec<i64> {
    let mut ids = Vec::new();
    let take = |row: &super::Row<'_>| row.int(0).map(|id| ids.push(id));
    db.each("SELECT id FROM note ORDER BY id", &[], take).unwrap();
    ids
}

fn is_bug<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error { kind: Kind::Bug, .. }))
}

fn values_come_back_as_they_went_in(db: &Db) {
    let bodies = [Arg::Null, "".into(), "'; DROP TABLE note; --".into(), "Ünï\u{10ffff}".into()];
    for (id, body) in [i64::MIN, -1, 0, i64::MAX].into_iter().zip(&bodies) {
        let sql = "INSERT INTO note (id, body) VALUES ($1, $2)";
        assert_eq!(db.execute(sql, &[id.into(), body.clone()]).unwrap(), 1);
        let sql = "SELECT body, id FROM note WHERE id = $1";
        let (text, same) = db
            .one(sql, args![id], |row| Ok((row.maybe_text(0)?.map(str::to_owned), row.int(1)?)))
            .unwrap()
            .unwrap();
        assert_eq!((&Arg::from(text), same), (body, id));
    }
    let nothing = db.one("SELECT id FROM note WHERE id = $1", args![7], |row| row.int(0));
    assert_eq!(nothing.unwrap(), None);
}

fn a_parameter_is_found_by_its_number_wherever_and_however_often_it_stands(db: &Db) {
    put(db, 7, "before").unwrap();
    let sql = "UPDATE note SET body = $2 WHERE id = $1 AND body <> $2";
    assert_eq!(db.execute(sql, args![7, "after"]).unwrap(), 1);
    let sql = "SELECT id FROM note WHERE body = $2 AND id = $1";
    assert_eq!(db.one(sql, args![7, "after"], |row| row.int(0)).unwrap(), Some(7));
    assert!(is_bug(db.execute("DELETE FROM note WHERE id = $2", args![7])));
}

fn text_is_compared_by_its_bytes(db: &Db) {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, '')";
    let names = ["b", "B", "a", "é", "e\u{301}", "É", "z", "aa", "a b", "\u{10000}", "\u{ffff}"];
    for name in names {
        db.execute(sql, args![name]).unwrap();
    }
    let mut read = Vec::new();
    let own = "SELECT name FROM meta WHERE name <> 'entry' ORDER BY name";
    db.each(own, &[], |row| row.text(0).map(|name| read.push(name.to_owned()))).unwrap();
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(read, sorted);
    let after = "SELECT name FROM meta WHERE name > $1 ORDER BY name";
    let next = db.one(after, args!["a b"], |row| Ok(row.text(0)?.to_owned())).unwrap();
    assert_eq!(next.as_deref(), Some("aa"));
}

fn a_text_with_a_nul_is_refused(db: &Db) {
    assert_eq!(put(db, 1, "a\0b").unwrap_err().kind, Kind::Input);
    let sql = "INSERT INTO note (id, body) VALUES ($1, $2)";
    let rows = [Ok([1.into(), "a".into()]), Ok([2.into(), "a\0b".into()])];
    let transaction = db.begin(Access::Write).unwrap();
    assert_eq!(db.execute_each(sql, rows).unwrap_err().kind, Kind::Input);
    drop(transaction);
    assert!(ids(db).is_empty());
}

fn a_row_read_as_what_it_is_not_is_an_error(db: &Db) {
    db.execute("INSERT INTO note (id) VALUES (1)", &[]).unwrap();
    let read = |read: fn(&super::Row<'_>) -> Result<()>| {
        let moment = db.begin(Access::Read).unwrap();
        let refused = db.one("SELECT id, body FROM note", &[], read).unwrap_err();
        drop(moment);
        refused.to_string().contains("cannot be read")
    };
    assert!(read(|row| row.text(0).map(drop)), "a number is no text");
    assert!(read(|row| row.text(1).map(drop)), "nothing is no text");
    assert!(read(|row| row.maybe_int(2).map(drop)), "there is no third column");
}

fn many_rows_go_in_by_one_statement_and_an_error_among_them_ends_it(db: &Db) {
    let sql = "INSERT INTO note (id, body) VALUES ($1, $2)";
    let rows = (1..=5_000).map(|id: i64| Ok([id.into(), format!("note {id}").into()]));
    let transaction = db.begin(Access::Write).unwrap();
    assert_eq!(db.execute_each(sql, rows).unwrap(), 5_000);
    transaction.commit().unwrap();
    let transaction = db.begin(Access::Write).unwrap();
    let rows = [Ok([6_000.into(), Arg::Null]), Err(Error::input("no more"))];
    assert_eq!(db.execute_each(sql, rows).unwrap_err().to_string(), "no more");
    drop(transaction);
    let transaction = db.begin(Access::Write).unwrap();
    let rows = (4_999..6_000).map(|id: i64| Ok([id.into(), Arg::Null]));
    assert!(db.execute_each(sql, rows).unwrap_err().is_duplicate());
    drop(transaction);
    assert_eq!(ids(db).len(), 5_000);
}

fn a_scan_ends_where_it_is_told_to_and_the_connection_goes_on(db: &Db) {
    let rows = (1..=5_000).map(|id: i64| Ok([id.into()]));
    let transaction = db.begin(Access::Write).unwrap();
    db.execute_each("INSERT INTO note (id) VALUES ($1)", rows).unwrap();
    transaction.commit().unwrap();
    let mut seen = 0;
    db.scan("SELECT id FROM note ORDER BY id", &[], |row| {
        seen = row.int(0)?;
        Ok(if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .unwrap();
    assert_eq!((seen, ids(db).len()), (3, 5_000));
}

fn a_statement_within_the_rows_of_another_is_refused(db: &Db) {
    put(db, 1, "one").unwrap();
    let nested = db.each("SELECT id FROM note", &[], |_| put(db, 2, "two").map(drop));
    assert!(is_bug(nested));
    drop(db.begin(Access::Read).unwrap());
    assert_eq!(ids(db), [1]);
}

fn a_transaction_that_is_not_committed_leaves_nothing(db: &Db) {
    let transaction = db.begin(Access::Write).unwrap();
    put(db, 1, "one").unwrap();
    drop(transaction);
    assert!(ids(db).is_empty());
    let transaction = db.begin(Access::Write).unwrap();
    put(db, 2, "two").unwrap();
    transaction.commit().unwrap();
    assert_eq!(ids(db), [2]);
}

fn after_a_failed_statement_nothing_of_its_transaction_stays(db: &Db) {
    let transaction = db.begin(Access::Write).unwrap();
    put(db, 1, "one").unwrap();
    let twice = put(db, 1, "one again").unwrap_err();
    assert!(twice.is_duplicate(), "{twice:?}");
    assert!(is_bug(put(db, 2, "two")));
    assert!(is_bug(transaction.commit()));
    assert!(ids(db).is_empty());
    assert_eq!(put(db, 3, "three").unwrap(), 1);
}

fn a_failed_statement_that_is_no_duplicate_is_not_called_one(db: &Db) {
    let refused = db.execute("INSERT INTO note (id) VALUES ($1)", args![Arg::Null]);
    assert!(!refused.unwrap_err().is_duplicate());
}

fn what_failed_in_a_savepoint_is_undone_and_the_rest_stays(db: &Db) {
    let transaction = db.begin(Access::Write).unwrap();
    put(db, 1, "one").unwrap();
    let failed = db.savepoint(|| {
        put(db, 2, "two")?;
        put(db, 1, "one again")
    });
    assert!(failed.unwrap_err().is_duplicate());
    let refused: Result<()> = db.savepoint(|| {
        put(db, 3, "three")?;
        Err(Error::refused("not this one"))
    });
    assert_eq!(refused.unwrap_err().to_string(), "not this one");
    db.savepoint(|| {
        put(db, 4, "four")?;
        let inner: Result<()> = db.savepoint(|| {
            put(db, 5, "five")?;
            Err(Error::refused("not this one"))
        });
        assert!(inner.is_err());
        put(db, 6, "six")
    })
    .unwrap();
    transaction.commit().unwrap();
    assert_eq!(ids(db), [1, 4, 6]);
}

fn a_savepoint_whose_failure_was_overlooked_keeps_nothing(db: &Db) {
    let transaction = db.begin(Access::Write).unwrap();
    put(db, 1, "one").unwrap();
    let overlooked = db.savepoint(|| {
        put(db, 2, "two")?;
        Ok(put(db, 1, "one again").is_ok())
    });
    assert!(is_bug(overlooked));
    transaction.commit().unwrap();
    assert_eq!(ids(db), [1]);
}
