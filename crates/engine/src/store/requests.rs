//! Requests of programs that must not be done twice.

use jiff::Timestamp;

use super::db::args;
use super::scim::micros;
use super::{Reading, Writing};
use crate::error::Result;

/// A request as it was first made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestRow {
    /// The digest of what was asked.
    pub(crate) digest: String,
    /// What was answered: status and body. `None`: it was begun, and its end is not known.
    pub(crate) answer: Option<(i64, String)>,
}

impl Reading<'_> {
    /// The request that this token made under this key.
    pub(crate) fn api_request(&self, token: &str, key: &str) -> Result<Option<RequestRow>> {
        let sql = "SELECT digest, status, body FROM api_request WHERE token = $1 AND key = $2";
        self.db.one(sql, args![token, key], |row| {
            let body = row.maybe_text(2)?.map(str::to_owned);
            Ok(RequestRow { digest: row.text(0)?.to_owned(), answer: row.maybe_int(1)?.zip(body) })
        })
    }
}

impl Writing<'_> {
    /// Notes that a request is being done.
    pub(crate) fn begin_api_request(
        &self,
        (token, key): (&str, &str),
        digest: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.db.execute(
            "INSERT INTO api_request (token, key, digest, made_us) VALUES ($1, $2, $3, $4)",
            args![token, key, digest, micros(at)],
        )?;
        Ok(())
    }

    /// Keeps what was answered.
    pub(crate) fn end_api_request(
        &self,
        (token, key): (&str, &str),
        status: i64,
        body: &str,
    ) -> Result<()> {
        let sql = "UPDATE api_request SET status = $3, body = $4 WHERE token = $1 AND key = $2";
        self.db.execute(sql, args![token, key, status, body])?;
        Ok(())
    }

    /// Forgets a request by which nothing was done.
    pub(crate) fn forget_api_request(&self, token: &str, key: &str) -> Result<()> {
        let sql = "DELETE FROM api_request WHERE token = $1 AND key = $2";
        self.db.execute(sql, args![token, key])?;
        Ok(())
    }

    /// Forgets the requests that were made before `then`.
    pub(crate) fn tidy_api_requests(&self, then: Timestamp) -> Result<()> {
        self.db.execute("DELETE FROM api_request WHERE made_us < $1", args![micros(then)])?;
        Ok(())
    }
}
