//! `[instance.rest]`: reached over the app's own REST API.

use std::collections::BTreeMap;

use rollbook_catalog::Catalog;
use serde::Deserialize;

use super::instance::check_limits;
use super::read::{Document, Step};
use crate::error::Result;
use crate::secret::SecretSource;

/// `[instance.rest]`: reached over the app's own REST API, as its app file says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestConfig {
    /// Where the secret lies: the token, key or password, as the app file says.
    pub token: SecretSource,
    /// What the app file asks of each instance, by its words.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Where the API starts, if not as the app file says, e.g. a sandbox.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Where tokens are made, if not as the app file says.
    #[serde(default)]
    pub token_url: Option<String>,
    /// Whether the host may be on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
    /// How many requests may be sent in any second, at least 1; not said: what the app says, else it
    /// is learned.
    #[serde(default)]
    pub requests_per_second_max: Option<u32>,
    /// More accounts or groups than this end the reading, as partial; not said: 2,000,000.
    #[serde(default)]
    pub resources_max: Option<usize>,
    /// Until a connection must stand, in seconds; not said: 10.
    #[serde(default)]
    pub connect_deadline_s: Option<u32>,
    /// Until an answer must be there whole, in seconds; not said: 60.
    #[serde(default)]
    pub deadline_s: Option<u32>,
}

impl RestConfig {
    pub(super) fn check(
        &self,
        document: &Document<'_>,
        here: &[Step<'_>; 2],
        catalog: &Catalog,
        app: &str,
    ) -> Result<()> {
        if catalog.app(app).is_none_or(|known| known.rest.is_none()) {
            let (said, hint) = match app {
                "" => (
                    "the requests come from an app file, and this instance names no app."
                        .to_owned(),
                    "Set `app` to the app's id; `rollbook apps` lists them.",
                ),
                app => (
                    format!("the app file of `{app}` has no REST route."),
                    "Use `[instance.scim]` or `[instance.file]`, or add a route to the app file.",
                ),
            };
            return Err(document.wrong(here, &said, Some(hint.to_owned())));
        }
        let here = [here[0], here[1], "rest".into()];
        let addresses = [("base_url", &self.base_url), ("token_url", &self.token_url)];
        for (key, address) in addresses {
            if let Some(address) = address {
                document.check_address(&here, key, address, self.allow_private)?;
            }
        }
        check_limits(
            document,
            &here,
            self.requests_per_second_max,
            self.resources_max,
            [self.connect_deadline_s, self.deadline_s],
        )
    }
}
