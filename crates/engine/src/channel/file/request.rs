//! A change request: one JSON file that a person or a program of the app's administrator reads.
//!
//! ```json
//! {
//!   "format": "rollbook-request/1",
//!   "change": "chg_0123456789abcdef0123",
//!   "instance": "archive",
//!   "op": "suspend",
//!   "account": "u-17",
//!   "login": "ana",
//!   "label": "Ana Pop (ana)",
//!   "because": "Ana Pop has left: her last day was 2026-10-31."
//! }
//! ```
//! `op` is one of `create` (with `profile`), `update` (with `set`), `suspend`, `reactivate`,
//! `remove`, `grant` and `revoke` (with `entitlement`). A request that was carried out is moved into
//! the folder `done` beside it, one that was not into `refused`, with the reason as text in
//! `ID.txt` beside it. Whoever carries requests out does each `change` once.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use jiff::Timestamp;
use rollbook_core::change::{Change, Op, Profile};
use rollbook_core::id::{AccountKey, ChangeId, InstanceName};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The folder in the outbox for requests that were carried out.
const DONE: &str = "done";

/// The folder in the outbox for requests that were refused.
pub(super) const REFUSED: &str = "refused";

/// More of a reason than this many characters is not repeated.
const REASON_CHARS_MAX: usize = 300;

/// Where a request lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It waits, or was carried out.
    Asked {
        /// When it was written.
        at: Timestamp,
    },
    /// The administrator said no.
    Refused {
        /// When it was written.
        at: Timestamp,
        /// What they wrote, on one line with a full stop, or empty.
        why: String,
    },
}

impl Place {
    /// When the request was written.
    pub(super) fn asked_at(&self) -> Timestamp {
        match self {
            Self::Asked { at } | Self::Refused { at, .. } => *at,
        }
    }
}

/// The form of the file.
const FORMAT: &str = "rollbook-request/1";

/// What is asked of the administrator of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The form of the file, `rollbook-request/1`.
    pub format: String,
    /// The change. The same change is the same request, however often it is written.
    pub change: ChangeId,
    /// Where.
    pub instance: InstanceName,
    /// The operation.
    pub op: String,
    /// The app's key of the account; none for `create`.
    pub account: Option<AccountKey>,
    /// The login as known, for a person to compare.
    pub login: String,
    /// The account as people know it.
    pub label: String,
    /// Why.
    pub because: String,
    /// The facts of the account to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The attributes to set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<BTreeMap<String, String>>,
    /// The entitlement to give or take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<String>,
}

impl Request {
    /// The request for `change`.
    pub fn new(change: &Change) -> Self {
        let mut request = Self {
            format: FORMAT.to_owned(),
            change: change.id.clone(),
            instance: change.instance.clone(),
            op: change.op.verb().to_owned(),
            account: change.account.clone(),
            login: change.expects.login.clone(),
            label: change.label.clone(),
            because: change.because.clone(),
            profile: None,
            set: None,
            entitlement: None,
        };
        match &change.op {
            Op::Create { profile } => {
                request.login.clone_from(&profile.login);
                request.profile = Some(profile.clone());
            }
            Op::Update { set } => request.set = Some(set.clone()),
            Op::Grant { entitlement } | Op::Revoke { entitlement } => {
                request.entitlement = Some(entitlement.clone());
            }
            Op::Suspend | Op::Reactivate | Op::Remove => {}
        }
        request
    }

    /// The file's name in the outbox.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.change)
    }

    /// What is to be done, as the end of "please have somebody …".
    pub(super) fn sentence(&self) -> String {
        let account = match &self.account {
            Some(key) => format!("the account {key} ({})", self.label),
            None => format!("an account for {}", self.label),
        };
        match (&self.op[..], &self.entitlement) {
            ("grant", Some(right)) => format!("give {account} the right {right}"),
            ("revoke", Some(right)) => format!("take the right {right} from {account}"),
            (op, _) => format!("{op} {account}"),
        }
    }

    /// Where this request lies in `outbox`, if it was ever written there.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] if the outbox cannot be read, or if a file of this name holds
    /// another request.
    pub(super) fn place(&self, outbox: &Path) -> Result<Option<Place>> {
        for folder in ["", DONE, REFUSED] {
            let path = outbox.join(folder).join(self.file_name());
            let text = match std::fs::read(&path) {
                Ok(text) => text,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(trouble(&path, "cannot be read", e)),
            };
            if serde_json::from_slice(&text).ok().as_ref() != Some(self) {
                let said = format!(
                    "{} holds something else than the request for this change.",
                    path.display()
                );
                return Err(Error::setup(said)
                    .hint("Somebody changed it. Take the file away and run again."));
            }
            let modified = std::fs::metadata(&path).and_then(|about| about.modified());
            let modified = modified.map_err(|e| trouble(&path, "cannot be read", e))?;
            let at = Timestamp::try_from(modified).unwrap_or(Timestamp::MAX);
            return Ok(Some(match folder {
                REFUSED => Place::Refused { at, why: reason(&path.with_extension("txt"))? },
                _ => Place::Asked { at },
            }));
        }
        Ok(None)
    }

    /// Writes the request into `outbox`, whole or not at all.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] if the outbox cannot be written.
    pub(super) fn write(&self, outbox: &Path) -> Result<()> {
        let refuse = |e| trouble(outbox, "cannot be written to", e);
        std::fs::create_dir_all(outbox).map_err(refuse)?;
        let mut text = serde_json::to_string_pretty(self).expect("a request is plain JSON");
        text.push('\n');
        // A name that begins with a dot is no request to whoever carries requests out.
        let mut file =
            tempfile::Builder::new().prefix(".new-").tempfile_in(outbox).map_err(refuse)?;
        file.write_all(text.as_bytes()).map_err(refuse)?;
        file.as_file().sync_all().map_err(refuse)?;
        file.persist(outbox.join(self.file_name())).map_err(|e| refuse(e.error))?;
        Ok(())
    }
}

/// The administrator's words, on one line and not without end; empty where they wrote none.
fn reason(note: &Path) -> Result<String> {
    let text = match std::fs::read(note) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(e) => return Err(trouble(note, "cannot be read", e)),
    };
    let text = String::from_utf8_lossy(&text);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    Ok(match line.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() || line.ends_with(['.', '!', '?']) => line,
        None => format!("{line}."),
    })
}

fn trouble(path: &Path, what: &str, e: std::io::Error) -> Error {
    Error::setup(format!("{} {what}: {e}.", path.display()))
        .hint("Check the folder and its rights.")
        .because(e)
}
