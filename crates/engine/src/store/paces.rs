//! How fast each instance may be asked, as it was learned, and when it was last changed.

use jiff::Timestamp;
use rollbook_core::id::InstanceName;

use super::db::args;
use super::{Reading, Writing};
use crate::error::Result;

impl Reading<'_> {
    /// What was kept of an instance's pace, as text.
    pub(crate) fn kept_pace(&self, instance: &InstanceName) -> Result<Option<String>> {
        let sql = "SELECT value FROM meta WHERE name = $1";
        self.db.one(sql, args![name(instance).as_str()], |row| Ok(row.text(0)?.to_owned()))
    }
}

impl Writing<'_> {
    /// Keeps what was learned of an instance's pace, in place of what was kept before.
    pub(crate) fn keep_pace(&self, instance: &InstanceName, text: &str) -> Result<()> {
        self.db.execute(
            "INSERT INTO meta (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            args![name(instance).as_str(), text],
        )?;
        Ok(())
    }
}

impl Reading<'_> {
    /// When a change was last sent to an instance whose changes are spaced.
    pub(crate) fn last_sent(&self, instance: &InstanceName) -> Result<Option<Timestamp>> {
        let sql = "SELECT value FROM meta WHERE name = $1";
        let name = sent(instance);
        let text = self.db.one(sql, args![name.as_str()], |row| Ok(row.text(0)?.to_owned()))?;
        // What cannot be read says nothing.
        Ok(text.and_then(|text| text.parse().ok()))
    }
}

impl Writing<'_> {
    /// Keeps that a change is sent to an instance whose changes are spaced.
    pub(crate) fn note_sent(&self, instance: &InstanceName, at: Timestamp) -> Result<()> {
        self.db.execute(
            "INSERT INTO meta (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            args![sent(instance).as_str(), at.to_string()],
        )?;
        Ok(())
    }
}

fn sent(instance: &InstanceName) -> String {
    format!("sent/{instance}")
}

fn name(instance: &InstanceName) -> String {
    format!("pace/{instance}")
}
