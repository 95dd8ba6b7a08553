//! `[instance.human]`: people act there, and get tasks.

use serde::Deserialize;

use super::read::{Document, Step};
use crate::error::Result;

/// `[instance.human]`: whoever administers the app gets a task for each change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HumanConfig {
    /// Who does the tasks; empty: the instance's `owner`.
    pub assignee: String,
}

impl HumanConfig {
    pub(super) fn check(
        &self,
        document: &Document<'_>,
        here: &[Step<'_>; 2],
        owner: &str,
    ) -> Result<()> {
        if !self.assignee.trim().is_empty() || !owner.trim().is_empty() {
            return Ok(());
        }
        let said = "nobody is named who does the tasks.";
        let hint = "Write `assignee = \"NAME\"` here, or `owner = \"NAME\"` in the instance.";
        Err(document.wrong(&[here[0], here[1], "human".into()], said, Some(hint.to_owned())))
    }
}
