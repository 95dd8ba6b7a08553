//! What people are to hear of, until it was told.

use jiff::Timestamp;

use super::db::args;
use super::row::{all, pack, unpack};
use super::{Reading, Writing};
use crate::channel::notice::Notice;
use crate::error::Result;

/// A notice on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoticeRow {
    /// The notice.
    pub(crate) notice: Notice,
    /// The name of the webhook.
    pub(crate) webhook: String,
    /// How often it was sent and not taken.
    pub(crate) tries: i64,
}

impl Reading<'_> {
    /// The notices that are to be sent at `now`, the longest due first.
    pub(crate) fn due_notices(&self, now: Timestamp, max: i64) -> Result<Vec<NoticeRow>> {
        let mut rows = Vec::new();
        self.db.each(
            "SELECT body, webhook, tries FROM notice WHERE due_us <= $1
             ORDER BY due_us, id, webhook LIMIT $2",
            args![now.as_microsecond(), max],
            |row| {
                rows.push(NoticeRow {
                    notice: unpack("notice", row.text(0)?)?,
                    webhook: row.text(1)?.to_owned(),
                    tries: row.int(2)?,
                });
                Ok(())
            },
        )?;
        Ok(rows)
    }

    /// The notices that are still to be told, oldest first.
    pub(crate) fn untold_notices(&self) -> Result<Vec<Notice>> {
        let sql = "SELECT body FROM notice WHERE due_us IS NOT NULL ORDER BY id, webhook";
        all(self.db, "notice", sql, &[])
    }
}

impl Writing<'_> {
    /// Keeps a notice until it was told. The same notice to the same webhook is one.
    pub(crate) fn put_notice(&self, notice: &Notice, webhook: &str) -> Result<()> {
        self.db.execute(
            "INSERT INTO notice (id, webhook, task, due_us, tries, body) VALUES ($1, $2, $3, $4, 0, $5)
             ON CONFLICT (id, webhook) DO NOTHING",
            args![
                &notice.id,
                webhook,
                &notice.task,
                notice.at.as_microsecond(),
                pack(notice)?
            ],
        )?;
        Ok(())
    }

    /// Tells nobody of what was still to be told, and says how many notices that were.
    pub(crate) fn void_notices(&self) -> Result<u64> {
        self.db.execute("UPDATE notice SET due_us = NULL WHERE due_us IS NOT NULL", &[])
    }

    /// Puts a notice off until `due`; `None`: it was told, or never will be.
    pub(crate) fn move_notice(&self, row: &NoticeRow, due: Option<Timestamp>) -> Result<()> {
        self.db.execute(
            "UPDATE notice SET due_us = $3, tries = tries + 1 WHERE id = $1 AND webhook = $2",
            args![&row.notice.id, &row.webhook, due.map(Timestamp::as_microsecond)],
        )?;
        Ok(())
    }
}
