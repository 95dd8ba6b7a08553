//! Taking out of the database what names somebody who was erased.

use jiff::Timestamp;
use rollbook_core::event::Body;
use rollbook_core::id::{IdentityId, PlanId};
use rollbook_core::link::Decision;

use super::db::args;
use super::row::{pack, sortable, unpack};
use super::scim::ResourceRow;
use super::{Store, Writing};
use crate::error::{Error, Result};

impl Writing<'_> {
    /// Empties the body of an event. The event itself stays, and the chain whole.
    pub fn empty_body(&self, body: &Body) -> Result<()> {
        let seq = i64::try_from(body.seq).unwrap_or(i64::MAX);
        let sql = "UPDATE event_body SET body = $1 WHERE seq = $2";
        match self.db.execute(sql, args![pack(&body.erased())?, seq])? {
            1 => Ok(()),
            _ => Err(Error::bug(format!("The body of event {seq} is not where it was."))),
        }
    }

    /// Forgets a plan with its approvals, its run and what people were asked and handed in. Effects of before `since`, on which no guard
    /// counts any more, go too.
    pub fn forget_plan(&self, plan: &PlanId, since: Timestamp) -> Result<()> {
        let plan = plan.as_str();
        self.db.execute(
            "DELETE FROM effect WHERE at < $1 AND change IN
                 (SELECT change FROM step WHERE run IN (SELECT id FROM run WHERE plan = $2))",
            args![sortable(since), plan],
        )?;
        for sql in [
            "DELETE FROM proof WHERE task IN
                 (SELECT id FROM task WHERE run IN (SELECT id FROM run WHERE plan = $1))",
            "DELETE FROM notice WHERE task IN
                 (SELECT id FROM task WHERE run IN (SELECT id FROM run WHERE plan = $1))",
            "DELETE FROM task WHERE run IN (SELECT id FROM run WHERE plan = $1)",
            "DELETE FROM step WHERE run IN (SELECT id FROM run WHERE plan = $1)",
            "DELETE FROM run WHERE plan = $1",
            "DELETE FROM approval WHERE plan = $1",
            "DELETE FROM plan WHERE id = $1",
        ] {
            self.db.execute(sql, args![plan])?;
        }
        Ok(())
    }

    /// Empties a pushed User and forgets what was wished of it. Its id stays and never comes back; a
    /// live one is gone for the identity provider from now on.
    pub(crate) fn erase_user(&self, row: &ResourceRow, at: Timestamp) -> Result<()> {
        if row.deleted_at.is_none() {
            self.bury_resource(row, at)?;
        }
        let id = row.id.as_str();
        self.db.execute(
            "UPDATE scim_resource SET revision = revision + 1,
                 modified_us = CASE WHEN modified_us < $2 THEN $2 ELSE modified_us END
             WHERE id IN (SELECT holder FROM scim_member WHERE member = $1)",
            args![id, at.as_microsecond()],
        )?;
        self.db.execute(
            "UPDATE scim_resource SET name = '', name_key = '', external_id = NULL,
                 body = '{\"schemas\":[]}', delivery = '{}' WHERE id = $1",
            args![id],
        )?;
        self.db.execute(
            "DELETE FROM scim_email WHERE endpoint = $1 AND resource = $2",
            args![&row.endpoint, id],
        )?;
        self.db.execute("DELETE FROM scim_member WHERE member = $1", args![id])?;
        self.db.execute("DELETE FROM intent WHERE resource = $1", args![id])?;
        self.move_basis()
    }

    /// Keeps of the decisions those that `keeps` says.
    pub fn keep_decisions(&self, keeps: impl Fn(&Decision) -> bool) -> Result<()> {
        let mut gone = Vec::new();
        self.db.each("SELECT position, body FROM decision", &[], |row| {
            if !keeps(&unpack("decision", row.text(1)?)?) {
                gone.push(row.int(0)?);
            }
            Ok(())
        })?;
        let gone = gone.into_iter().map(|position| Ok([position.into()]));
        self.db.execute_each("DELETE FROM decision WHERE position = $1", gone)?;
        self.move_basis()
    }

    /// Forgets which worker records that no source delivers any more were an identity's.
    pub fn forget_known(&self, identity: &IdentityId) -> Result<()> {
        self.db.execute(
            "DELETE FROM known_record WHERE identity = $1 AND NOT EXISTS
                 (SELECT 1 FROM worker_record
                  WHERE worker_record.source = known_record.source
                      AND worker_record.number = known_record.number)",
            args![identity.as_str()],
        )?;
        self.move_basis()
    }
}

impl Store {
    /// Writes the database anew, so that nothing of what was taken out is left in its free pages.
    ///
    /// # Errors
    /// When there is no room for a second copy beside it.
    pub fn shred(&self) -> Result<()> {
        self.writer()?.shred()
    }
}
