//! Why steps came to nothing.

use super::session::Lost;

/// Why steps came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is no browser, or there is none any more.
    Gone(String),
    /// The app did not let in.
    SignIn(String),
    /// The page asks to sign in, although that was done.
    SignedOut,
    /// The page is not as a step needs it.
    Stuck {
        /// The step, as in the app file.
        step: String,
        /// What was seen in its place.
        why: String,
    },
    /// A dialog said something else than it must. It was left without agreeing.
    Dialog {
        /// What it must say.
        expected: String,
        /// What it said.
        seen: String,
    },
    /// A blank that nothing fills.
    Unfilled(String),
}

impl Trouble {
    /// Whether the page is built otherwise than the steps know it, as far as can be told: it was
    /// there, and something that a step needs was not.
    pub(super) fn is_of_the_page(&self) -> bool {
        matches!(self, Self::Stuck { why, .. } if !why.contains("net::ERR"))
    }

    /// What an administrator can do.
    pub(super) fn hint(&self, user: &str) -> String {
        match self {
            Self::SignIn(_) | Self::SignedOut => format!(
                "Sign in as {user} by hand and see what the app asks for: a new password, terms, \
                 another code, a picture puzzle. Answer it there, or correct the secrets of the instance."
            ),
            Self::Gone(_) => "Check that chromium and chromedriver are installed and of one version, \
                 that the folder for temporary files has room, and that the app's host can be reached."
                .to_owned(),
            Self::Stuck { .. } | Self::Dialog { .. } => {
                "See `rollbook recipe test` for what the page shows now.".to_owned()
            }
            Self::Unfilled(_) => String::new(),
        }
    }

    /// As a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Gone(why) => format!("The browser is gone: {why}."),
            Self::SignIn(why) => format!("The app did not let the browser in. {why}"),
            Self::SignedOut => "The app asked to sign in again in the middle.".to_owned(),
            Self::Stuck { step, why } => format!("The step \"{step}\" could not be done: {why}."),
            Self::Dialog { expected, seen } => {
                format!(
                    "The dialog was to say \"{expected}\" and says \"{seen}\". It was cancelled."
                )
            }
            Self::Unfilled(word) => format!("Nothing is known to put in place of {word}."),
        }
    }
}

impl From<Lost> for Trouble {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Gone(why) => Self::Gone(why),
            Lost::Passing(why) => Self::Stuck { step: "go on".to_owned(), why },
            Lost::Dialog => Self::Stuck {
                step: "go on".to_owned(),
                why: "a dialog is open that no step expects".to_owned(),
            },
        }
    }
}

impl From<rollbook_catalog::browser::Unknown> for Trouble {
    fn from(unknown: rollbook_catalog::browser::Unknown) -> Self {
        Self::Unfilled(unknown.0.to_string())
    }
}
