//! What an operation does in an app beyond what its name says.

use serde::{Deserialize, Serialize};

/// Something that comes with an operation in one app, known beforehand. Plans say it, order by it or
/// are stopped by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// Suspending deletes the account.
    Deletes,
    /// Suspending wipes devices or data of the person.
    Wipes,
    /// The suspended account goes on being billed.
    StillBilled,
    /// Removing destroys what the account owns, unless it is handed over.
    DestroysContent,
    /// The app refuses to remove an account that owns something.
    NeedsEmpty,
    /// Removing takes the account out of the company only; the person keeps it.
    OnlyDetaches,
}

impl Harm {
    /// Whether nothing brings back what the operation does there.
    pub fn is_for_good(self) -> bool {
        match self {
            Self::Deletes | Self::Wipes | Self::DestroysContent => true,
            Self::StillBilled | Self::NeedsEmpty | Self::OnlyDetaches => false,
        }
    }

    /// What a plan says of it, as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Deletes => "This app deletes an account that is suspended.",
            Self::Wipes => "This app wipes devices or data of a person whose account is suspended.",
            Self::StillBilled => "The suspended account goes on being billed here.",
            Self::DestroysContent => {
                "This app destroys what a removed account owns and nobody took over."
            }
            Self::NeedsEmpty => "This app refuses to remove an account that still owns something.",
            Self::OnlyDetaches => "The person keeps the account; it only leaves the company.",
        }
    }
}
