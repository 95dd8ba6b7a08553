//! `[serve]`: where identity providers reach the server.

use serde::Deserialize;

use super::read;
use crate::error::Result;

/// The server as identity providers see it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Scheme and host, and a port where it needs one: `https://scim.example.com`. `None`: not
    /// said, so nobody can be told the whole address of an endpoint.
    pub public_url: Option<String>,
    /// For how long a node has its turn before it must ask again, in seconds, where several share the
    /// book in Postgres. So long, at most, nothing is delivered after one was lost.
    #[serde(default = "quarter_minute")]
    pub lease_s: u32,
}

impl Default for Serve {
    fn default() -> Self {
        Self { public_url: None, lease_s: quarter_minute() }
    }
}

fn quarter_minute() -> u32 {
    15
}

/// The shortest and the longest turn, in seconds.
const LEASE_S: std::ops::RangeInclusive<u32> = 2..=300;

impl Serve {
    pub(super) fn check(&self, document: &read::Document<'_>) -> Result<()> {
        if !LEASE_S.contains(&self.lease_s) {
            let said = format!("{} seconds are no turn.", self.lease_s);
            let hint = "Write a number from 2 to 300.".to_owned();
            return Err(document.wrong(&["serve".into(), "lease_s".into()], &said, Some(hint)));
        }
        let Some(url) = &self.public_url else { return Ok(()) };
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = host.map(|host| host.trim_end_matches('/')).unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-:[]/_".contains(c);
        if !host.is_empty() && host.chars().all(fits) {
            return Ok(());
        }
        let said = format!("`{url}` is not the address of a server.");
        let hint = "Write scheme and host, for example \"https://scim.example.com\".".to_owned();
        Err(document.wrong(&["serve".into(), "public_url".into()], &said, Some(hint)))
    }
}
