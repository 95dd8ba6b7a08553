//! Findings with what is known of them over time.

use rollbook_core::finding::Tracked;

use super::db::Arg;
use super::row::{all, pack};
use super::{Reading, Writing};
use crate::error::Result;

impl Reading<'_> {
    /// Every finding ever seen that is still remembered, by id.
    pub fn findings(&self) -> Result<Vec<Tracked>> {
        all(self.db, "finding", "SELECT body FROM finding ORDER BY id", &[])
    }
}

impl Writing<'_> {
    /// Replaces the findings.
    pub fn put_findings(&self, findings: &[Tracked]) -> Result<()> {
        self.move_basis()?;
        self.db.execute("DELETE FROM finding", &[])?;
        let rows = findings.iter().map(finding_row);
        self.db.execute_each("INSERT INTO finding (id, body) VALUES ($1, $2)", rows)?;
        Ok(())
    }

    /// Replaces one finding.
    pub fn put_finding(&self, tracked: &Tracked) -> Result<()> {
        self.move_basis()?;
        self.db.execute(
            "INSERT INTO finding (id, body) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            &finding_row(tracked)?,
        )?;
        Ok(())
    }
}

fn finding_row(tracked: &Tracked) -> Result<[Arg<'_>; 2]> {
    Ok([tracked.finding.id.as_str().into(), pack(tracked)?.into()])
}
