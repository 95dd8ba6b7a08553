//! The life of one change, as a pure function over what was recorded about it.
//!
//! [`next`] says what to do now, [`judge`] compares what was promised with what a look saw. Neither
//! acts nor looks. What is uncertain is looked at before anything is sent again, and *applied* is
//! not *done*: done means that a look saw it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::id::AccountKey;

mod attribute;
mod judge;
mod next;
#[cfg(test)]
mod tests;

pub use attribute::{ATTRIBUTES, Attribute, Field, attribute};
pub use judge::{fits, found, found_after, holds, judge, shows};
pub use next::{
    ATTEMPTS_MAX, DOUBT_LOOKS_S, Ending, Found, LOOKS_MAX, Next, Recorded, SETTLES_WITHIN_S,
    VERIFY_LOOKS_S, next,
};

/// What the act answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The vendor says that it did it.
    Done {
        /// The key of the account acted on; the new one for a create.
        account: AccountKey,
        /// What was sent and answered, for the evidence; digests, no secrets.
        receipt: Receipt,
    },
    /// It was so already; nothing was sent.
    AlreadyDone {
        /// The account.
        account: AccountKey,
    },
    /// Somebody else must act; the task says what.
    Waiting {
        /// Where the request or task lies.
        task: String,
    },
    /// The account is not what the change expects; nothing was sent.
    Refused {
        /// What was expected and what was seen.
        why: String,
    },
    /// Certainly nothing happened.
    Failed {
        /// What the vendor or the network said.
        why: String,
        /// When a retry makes sense; `None`: an administrator must act first.
        retry_at: Option<Timestamp>,
        /// What an administrator can do.
        hint: String,
    },
    /// It may have happened: the answer was lost. Look before anything else.
    Uncertain {
        /// What was lost.
        why: String,
    },
}

/// What was sent and what came back, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Receipt {
    /// Method and path, e.g. `PATCH /Users/17`.
    pub request: String,
    /// SHA-256 of the request body.
    pub request_digest: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// SHA-256 of the answer's body.
    pub answer_digest: String,
}

/// What a second look saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "seen")]
pub enum Seen {
    /// The account as it is now, its grants included.
    Present {
        /// As read.
        account: Box<Account>,
    },
    /// Surely not there.
    Absent,
    /// It could not be looked at.
    Unobservable {
        /// Why.
        why: String,
        /// When a look may succeed.
        retry_at: Option<Timestamp>,
    },
}

/// What the second look found about a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It is as the change promised.
    Confirmed,
    /// It is not.
    Contradicted {
        /// What was promised and what was seen.
        why: String,
    },
    /// It could not be seen.
    Unobservable {
        /// Why.
        why: String,
    },
}
