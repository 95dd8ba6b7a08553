//! The one outward error: what happened, who must act, and what to do.

use std::fmt;

use jiff::Timestamp;

/// Shorthand.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for the person who must act.
#[derive(Debug)]
pub struct Error {
    /// Who must act.
    pub kind: Kind,
    /// A full sentence for the reader: what happened, what it means.
    pub message: String,
    /// What to do, each a full sentence.
    pub hints: Vec<String>,
    /// The cause, for the log. Never printed to a person without being asked for.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller: the command, the file, the field.
    Input,
    /// An administrator: configuration, token, scope, plan tier.
    Setup,
    /// Nobody but the vendor; wait.
    Vendor {
        /// When to try again, where the vendor says.
        retry_at: Option<Timestamp>,
    },
    /// A write may have happened; look before anything else.
    Uncertain,
    /// A stop or a rule forbids it; somebody must decide.
    Refused,
    /// A check found something else than what was recorded.
    Contradicted,
    /// Us.
    Bug,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// The caller's input is at fault.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// The set-up is at fault.
    pub fn setup(message: impl Into<String>) -> Self {
        Self::new(Kind::Setup, message)
    }

    /// We are at fault.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
    }

    /// A rule forbids it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| &**e as _)
    }
}
