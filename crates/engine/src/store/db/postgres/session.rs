//! One connection to a Postgres server.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future as _;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Client, Statement};

use super::server::Server;
use super::wait::wait;
use super::{refusal, server};
use crate::error::{Error, Result};
use crate::store::db::{Access, Arg, Row, first};

/// How many statements are under way at once where many rows are written.
const PIPELINED: usize = 256;

/// How many statements a connection keeps ready to run.
const STATEMENTS: usize = 256;

/// One connection.
#[derive(Debug)]
pub(in crate::store::db) struct Session {
    client: Client,
    /// What the server has parsed, by the text of the statement.
    statements: RefCell<HashMap<String, Statement>>,
    server: Arc<Server>,
}

impl Session {
    pub(super) fn new(client: Client, server: Arc<Server>) -> Self {
        Self { client, statements: RefCell::default(), server }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// The first row that a statement hands out, if there is any.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        args: &[Arg<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        first(read, |take| self.scan(sql, args, take))
    }

    /// Whether the connection broke. It never comes back.
    pub(in crate::store::db) fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    pub(in crate::store::db) fn execute(&self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        let statement = self.statement(sql, args)?;
        self.answer(wait(self.client.execute_raw(&statement, args)))
    }

    pub(in crate::store::db) fn execute_each<'a, const N: usize>(
        &self,
        sql: &str,
        rows: impl IntoIterator<Item = Result<[Arg<'a>; N]>>,
    ) -> Result<u64> {
        let mut rows = rows.into_iter().peekable();
        let statement = match rows.peek() {
            Some(Ok(first)) => self.statement(sql, first)?,
            // An error is handed on below, before anything is sent.
            Some(Err(_)) => self.statement(sql, &[])?,
            None => return Ok(0),
        };
        let send = |args: Result<[Arg<'a>; N]>| {
            let statement = &statement;
            async move {
                let args = args?;
                self.answer(self.client.execute_raw(statement, &args).await)
            }
        };
        wait(
            stream::iter(rows)
                .map(send)
                .buffered(PIPELINED)
                .try_fold(0, |sum, changed| std::future::ready(Ok(sum + changed))),
        )
    }

    pub(in crate::store::db) fn scan(
        &self,
        sql: &str,
        args: &[Arg<'_>],
        mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let statement = self.statement(sql, args)?;
        let rows = self.answer(wait(self.client.query_raw(&statement, args)))?;
        let mut rows = pin!(rows);
        while let Some(row) = self.answer(wait(rows.try_next()))? {
            if take(&Row::Postgres(&row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Runs statements without parameters that hand out no rows.
    pub(in crate::store::db) fn batch(&self, sql: &str) -> Result<()> {
        self.answer(wait(self.client.batch_execute(sql)))
    }

    /// Sends a statement without waiting for its answer: the server runs it before whatever is sent
    /// next. Only for what cannot fail but with the connection, and then the next statement says so.
    fn send(&self, sql: &str) {
        let sent = pin!(self.client.batch_execute(sql));
        let answered = sent.poll(&mut Context::from_waker(Waker::noop())).is_ready();
        tracing::trace!(answered, "sent ahead");
    }

    /// Begins a transaction. One that writes waits here until no other one does, as SQLite's do.
    pub(in crate::store::db) fn begin(&self, access: Access) -> Result<()> {
        match access {
            Access::Read => {
                self.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                Ok(())
            }
            Access::Beside => self.batch("BEGIN"),
            Access::Write => {
                let key = self.server.key(server::Lock::Writing);
                let sql = format!("BEGIN; SELECT pg_catalog.pg_advisory_xact_lock({key})");
                let begun = self.batch(&sql);
                if begun.is_err() && !self.is_lost() {
                    self.batch("ROLLBACK")?;
                }
                begun
            }
        }
    }

    pub(in crate::store::db) fn commit(&self, access: Access) -> Result<()> {
        if access == Access::Read {
            self.send("COMMIT");
            return Ok(());
        }
        // Postgres calls the COMMIT of a failed transaction a success and undoes it. The statement
        // before it fails in such a transaction, and then the COMMIT is not run.
        let kept = self.batch("SELECT 1; COMMIT");
        let is_answer = |error: &Error| {
            let cause = error.source.as_ref();
            let cause = cause.and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
            cause.is_none_or(|cause| cause.as_db_error().is_some())
        };
        kept.map_err(|error| match is_answer(&error) {
            true => error,
            false => refusal::uncertain(self.server.name(), error),
        })
    }

    /// The statement as the server has parsed it.
    fn statement(&self, sql: &str, args: &[Arg<'_>]) -> Result<Statement> {
        if let Some(ready) = self.statements.borrow().get(sql) {
            return Ok(ready.clone());
        }
        let types: Vec<_> = args.iter().map(type_of).collect();
        let prepared = self.answer(wait(self.client.prepare_typed(sql, &types)))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() == STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), prepared.clone());
        Ok(prepared)
    }

    fn answer<T>(&self, answer: std::result::Result<T, tokio_postgres::Error>) -> Result<T> {
        answer.map_err(|cause| refusal::refused(self.server.name(), cause))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The server lets go of the locks when it sees the end of the connection, which may be a
        // moment after this process has gone on; so they are given back first.
        if !self.is_lost()
            && let Err(error) = self.batch("SELECT pg_catalog.pg_advisory_unlock_all()")
        {
            tracing::debug!(%error, "the locks go with the connection");
        }
    }
}

fn type_of(arg: &Arg<'_>) -> Type {
    match arg {
        // The server knows from the statement what may stand there.
        Arg::Null => Type::UNKNOWN,
        Arg::Int(_) => Type::INT8,
        Arg::Text(_) => Type::TEXT,
    }
}

impl ToSql for Arg<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT8 => value.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Text(text) if <&str as ToSql>::accepts(ty) => text.to_sql(ty, out),
            Self::Int(_) | Self::Text(_) => Err(format!("{ty} is asked for").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
