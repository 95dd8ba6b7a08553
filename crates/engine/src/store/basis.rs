//! What a reconcile rests on, as one number: whoever computes outside of a transaction sees by it
//! whether somebody wrote meanwhile.

use super::{Reading, Writing};
use crate::error::Result;

/// Stands for everything stored that identities, links and findings are computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis(Option<String>);

impl Reading<'_> {
    /// What is stored now. Equal to an earlier one where nothing of it was written since.
    pub fn basis(&self) -> Result<Basis> {
        let sql = "SELECT value FROM meta WHERE name = 'basis'";
        Ok(Basis(self.db.one(sql, &[], |row| Ok(row.text(0)?.to_owned()))?))
    }
}

impl Writing<'_> {
    /// To be called with every write that a reconcile rests on.
    pub(crate) fn move_basis(&self) -> Result<()> {
        self.db.execute(
            "INSERT INTO meta (name, value) VALUES ('basis', '1')
             ON CONFLICT (name) DO UPDATE
                 SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)",
            &[],
        )?;
        Ok(())
    }
}
