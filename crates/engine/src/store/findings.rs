//! Findings with what is known of them over time.

use rollbook_core::finding::Tracked;

use super::row::{all, pack};
use super::{Reading, Writing};
use crate::error::Result;

impl Reading<'_> {
    /// Every finding ever seen that is still remembered, by id.
    pub fn findings(&self) -> Result<Vec<Tracked>> {
        all(self.db, "finding", "SELECT body FROM finding ORDER BY id", [])
    }
}

impl Writing<'_> {
    /// Replaces the findings.
    pub fn put_findings(&self, findings: &[Tracked]) -> Result<()> {
        self.tx.execute("DELETE FROM finding", [])?;
        let mut put = self.tx.prepare_cached("INSERT INTO finding (id, body) VALUES ($1, $2)")?;
        for tracked in findings {
            put.execute([tracked.finding.id.as_str(), &pack(tracked)?])?;
        }
        Ok(())
    }

    /// Replaces one finding.
    pub fn put_finding(&self, tracked: &Tracked) -> Result<()> {
        self.tx.execute(
            "INSERT INTO finding (id, body) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            [tracked.finding.id.as_str(), &pack(tracked)?],
        )?;
        Ok(())
    }
}
