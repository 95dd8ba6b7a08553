//! What an answer proves.

use std::fmt;

/// How an answer stands to the RFC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As the RFC asks.
    Conforms,
    /// Not as the RFC asks, or not as the server itself promises.
    Deviates,
    /// Left to the server, and not there.
    Absent,
    /// Left to the server; this is what it does.
    Noted,
    /// It could not be found out.
    Unknown,
}

impl Grade {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Deviates => "deviates",
            Self::Absent => "absent",
            Self::Noted => "noted",
            Self::Unknown => "unknown",
        }
    }

    /// The grade with this word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Conforms, Self::Deviates, Self::Absent, Self::Noted, Self::Unknown]
            .into_iter()
            .find(|grade| grade.word() == word)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What is known after a question was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it stands to the RFC.
    pub grade: Grade,
    /// What the server does, as one word or number that programs can compare; empty where unknown.
    pub value: String,
    /// The same as a sentence, without the name of anybody.
    pub says: String,
}

impl Verdict {
    fn new(grade: Grade, value: impl fmt::Display, says: impl Into<String>) -> Self {
        Self { grade, value: value.to_string(), says: says.into() }
    }

    /// It is as the RFC asks.
    pub fn conforms(value: impl fmt::Display, says: impl Into<String>) -> Self {
        Self::new(Grade::Conforms, value, says)
    }

    /// It is not as the RFC asks.
    pub fn deviates(value: impl fmt::Display, says: impl Into<String>) -> Self {
        Self::new(Grade::Deviates, value, says)
    }

    /// It may be there and is not.
    pub fn absent(value: impl fmt::Display, says: impl Into<String>) -> Self {
        Self::new(Grade::Absent, value, says)
    }

    /// The RFC leaves it open.
    pub fn noted(value: impl fmt::Display, says: impl Into<String>) -> Self {
        Self::new(Grade::Noted, value, says)
    }

    /// It could not be found out; `why` is a sentence.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::new(Grade::Unknown, "", why)
    }

    /// Conforms when nothing is wrong; otherwise the faults are told after `but`, which begins a
    /// sentence.
    pub(super) fn of_faults(value: &str, fine: &str, but: &str, faults: &[String]) -> Self {
        match faults {
            [] => Self::conforms(value, fine),
            faults => {
                Self::deviates(format!("{value}_odd"), format!("{but}: {}.", faults.join("; ")))
            }
        }
    }
}
