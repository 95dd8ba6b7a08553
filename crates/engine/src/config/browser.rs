//! `[instance.browser]`: an app that has nothing but pages, driven by a browser.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rollbook_catalog::Catalog;
use serde::Deserialize;

use super::read::{Document, Step};
use crate::error::Result;
use crate::secret::SecretSource;

/// `[instance.browser]`: a browser does there what its app file says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserConfig {
    /// The name that the browser signs in with. Its account is never touched by a plan.
    pub user: String,
    /// Who answers for that account: the work address of somebody whom a source knows, or their
    /// record as `source/number`; empty: nobody is named, which is a finding.
    #[serde(default)]
    pub owner: String,
    /// Where its password lies.
    pub password: SecretSource,
    /// Where the secret for its one-time codes lies, in base 32; not said: it has none.
    #[serde(default)]
    pub totp: Option<SecretSource>,
    /// The file in which the session outlives the browser, relative to the folder of `rollbook.toml`;
    /// not said: it signs in each time. Whoever can read the file is signed in, so nobody else may.
    #[serde(default)]
    pub session: Option<PathBuf>,
    /// What the app file asks of each instance, by its words.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Where the app's pages are, if not as the app file says.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Further hosts without which its pages do not work, e.g. `https://static.example.com`. Nothing
    /// else can be reached.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Whether its hosts may be on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
    /// How long one step may take, in seconds; not said: 15.
    #[serde(default)]
    pub deadline_s: Option<u32>,
}

impl BrowserConfig {
    pub(super) fn check(
        &self,
        document: &Document<'_>,
        here: &[Step<'_>; 2],
        catalog: &Catalog,
        app: &str,
    ) -> Result<()> {
        if catalog.app(app).is_none_or(|known| known.browser.is_none()) {
            let (said, hint) = match app {
                "" => (
                    "the steps come from an app file, and this instance names no app.".to_owned(),
                    "Set `app` to the app's id; `rollbook apps` lists them.",
                ),
                app => (
                    format!("the app file of `{app}` has no steps for a browser."),
                    "Use another way, or add `[browser]` to the app file.",
                ),
            };
            return Err(document.wrong(here, &said, Some(hint.to_owned())));
        }
        let here = [here[0], here[1], "browser".into()];
        if self.user.trim().is_empty() {
            let path = [here[0], here[1], here[2], "user".into()];
            let hint = "Write the login of an account there that is the robot's own.";
            return Err(document.wrong(&path, "it is empty.", Some(hint.to_owned())));
        }
        if !self.owner.is_empty() && !self.owner.trim().contains(['@', '/']) {
            let path = [here[0], here[1], here[2], "owner".into()];
            let hint = "Write the work address of whoever answers for that account, or their record as \
                        `source/number`.";
            let said = format!("`{}` names nobody for certain.", self.owner);
            return Err(document.wrong(&path, &said, Some(hint.to_owned())));
        }
        if let Some(session) = &self.session {
            document.check_path(&here, "session", session)?;
        }
        if let Some(address) = &self.base_url {
            document.check_address(&here, "base_url", address, self.allow_private)?;
        }
        for origin in &self.origins {
            document.check_address(&here, "origins", origin, self.allow_private)?;
        }
        document.check_at_least_1(
            &here,
            "deadline_s",
            self.deadline_s,
            "no page answers in no time.",
        )
    }
}
