//! `[instance.human]`: people act there, and get tasks.

use rollbook_core::task::ProofKind;
use serde::Deserialize;

use super::read::{Document, Step};
use crate::error::Result;

/// `[instance.human]`: whoever administers the app gets a task for each change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HumanConfig {
    /// Who does the tasks; empty: the instance's `owner`.
    pub assignee: String,
    /// Who hears of a task when it is overdue, and may do it too; empty: nobody.
    pub deputy: String,
    /// Who hears of a task when it is still overdue after that; empty: nobody.
    pub escalate_to: String,
    /// Within how many hours a task is to be done.
    pub due_h: u32,
    /// After how many hours of silence it is spoken of again.
    pub remind_every_h: u32,
    /// What must be handed in, any one of these; none: what is read there proves it.
    pub proof: Vec<ProofKind>,
    /// The address of the app's maker, where they carry out what we ask; empty: we do it ourselves.
    pub vendor_email: String,
}

impl Default for HumanConfig {
    fn default() -> Self {
        Self {
            assignee: String::new(),
            deputy: String::new(),
            escalate_to: String::new(),
            due_h: 72,
            remind_every_h: 24,
            proof: vec![ProofKind::Text, ProofKind::File, ProofKind::Screenshot],
            vendor_email: String::new(),
        }
    }
}

impl HumanConfig {
    pub(super) fn check(
        &self,
        document: &Document<'_>,
        here: &[Step<'_>; 2],
        owner: &str,
        is_read: bool,
    ) -> Result<()> {
        let here = [here[0], here[1], "human".into()];
        if self.assignee.trim().is_empty() && owner.trim().is_empty() {
            let said = "nobody is named who does the tasks.";
            let hint = "Write `assignee = \"NAME\"` here, or `owner = \"NAME\"` in the instance.";
            return Err(document.wrong(&here, said, Some(hint.to_owned())));
        }
        for (key, value) in [("due_h", self.due_h), ("remind_every_h", self.remind_every_h)] {
            let said = "nobody does anything in no time.";
            document.check_at_least_1(&here, key, Some(value), said)?;
        }
        if self.proof.is_empty() && !is_read {
            let path = [here[0], here[1], here[2], "proof".into()];
            let said = "nothing reads the instance, so without a proof nothing would show that \
                        anything was done.";
            let hint = "Ask for one of \"text\", \"file\" and \"screenshot\".".to_owned();
            return Err(document.wrong(&path, said, Some(hint)));
        }
        let is_address = |text: &str| {
            text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
                && !text.contains([' ', ',', ';', '<', '>', '\n', '\r'])
        };
        if !self.vendor_email.is_empty() && !is_address(&self.vendor_email) {
            let path = [here[0], here[1], here[2], "vendor_email".into()];
            let said = format!("`{}` is not one e-mail address.", self.vendor_email);
            return Err(document.wrong(&path, &said, None));
        }
        Ok(())
    }
}
