//! Words of a page with blanks: what stands on a button, what a dialog says.

use std::fmt;

use serde::Deserialize;

/// What a blank stands for. The list is closed: there are no expressions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// `{account}`: the key of the account.
    Account,
    /// `{login}`: its sign-in name.
    Login,
    /// `{email}`: its primary address.
    Email,
    /// `{given_name}`.
    GivenName,
    /// `{family_name}`.
    FamilyName,
    /// `{display_name}`.
    DisplayName,
    /// `{role}`: the role to give, or the one that is left.
    Role,
    /// `{user}`: the name that the browser signs in with.
    User,
    /// `{password}`: the password that it signs in with.
    Password,
    /// `{count}`: how many members the page says there are.
    Count,
    /// Any other word: a setting that the instance gives, e.g. `{team}`.
    Setting(String),
}

const WORDS: [(&str, Word); 10] = [
    ("account", Word::Account),
    ("login", Word::Login),
    ("email", Word::Email),
    ("given_name", Word::GivenName),
    ("family_name", Word::FamilyName),
    ("display_name", Word::DisplayName),
    ("role", Word::Role),
    ("user", Word::User),
    ("password", Word::Password),
    ("count", Word::Count),
];

impl Word {
    fn named(word: &str) -> Option<Self> {
        let known = WORDS.iter().find(|(known, _)| *known == word).map(|(_, word)| word.clone());
        let is_name = word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        known.or_else(|| is_name.then(|| Self::Setting(word.to_owned())))
    }

    /// Whether it tells one person from the others.
    pub fn is_personal(&self) -> bool {
        matches!(self, Self::Account | Self::Login | Self::Email | Self::DisplayName)
    }

    /// Whether it is something of the account that a change is about.
    pub(super) fn is_of_account(&self) -> bool {
        self.is_personal() || matches!(self, Self::GivenName | Self::FamilyName)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Setting(name) => name,
            known => WORDS.iter().find(|(_, word)| word == known).map_or("", |(word, _)| *word),
        };
        write!(f, "{{{word}}}")
    }
}

/// A blank that nothing fills.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is known to put in place of {0}")]
pub struct Unknown(pub Word);

/// A text with blanks, e.g. `Remove {display_name} from the team?`.
///
/// A pair of braces is a blank only where a word of small letters, digits and `_` is all that is
/// between them; any other brace is text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Phrase(Vec<Part>);

/// A piece of a [`Phrase`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words that are always the same.
    Text(String),
    /// What each use fills.
    Blank(Word),
}

impl Phrase {
    /// Its pieces, in their order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The blanks, in their order.
    pub fn blanks(&self) -> impl Iterator<Item = &Word> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Blank(word) => Some(word),
        })
    }

    /// The text with each blank replaced by what `value` gives for it.
    ///
    /// # Errors
    /// The first blank without a value. Empty text is a value nowhere: a dialog that is to name
    /// nobody would fit anybody.
    pub fn fill(&self, value: &dyn Fn(&Word) -> Option<String>) -> Result<String, Unknown> {
        self.0.iter().try_fold(String::new(), |text, part| match part {
            Part::Text(literal) => Ok(text + literal),
            Part::Blank(word) => {
                let value = value(word).filter(|value| !value.trim().is_empty());
                value.map(|value| text + &value).ok_or_else(|| Unknown(word.clone()))
            }
        })
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find('{') {
            let inside = &rest[open + 1..];
            let word =
                inside.find('}').and_then(|close| Some((close, Word::named(&inside[..close])?)));
            let Some((close, word)) = word else {
                literal.push_str(&rest[..=open]);
                rest = inside;
                continue;
            };
            literal.push_str(&rest[..open]);
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Blank(word));
            rest = &inside[close + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Self(parts)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(literal) => f.write_str(literal),
            Part::Blank(word) => write!(f, "{word}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, Unknown> {
        Phrase::from(text.to_owned()).fill(&|word| match word {
            Word::Email => Some("ana@acme.example".to_owned()),
            Word::DisplayName => Some(" ".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn a_word_in_braces_is_filled_and_any_other_brace_is_text() {
        assert_eq!(filled("Remove {email}?").as_deref(), Ok("Remove ana@acme.example?"));
        assert_eq!(filled("{ {Ana} {email").as_deref(), Ok("{ {Ana} {email"));
        assert_eq!(filled("{}{{email}}").as_deref(), Ok("{}{ana@acme.example}"));
    }

    #[test]
    fn a_name_that_is_empty_fills_nothing() {
        assert_eq!(filled("Remove {display_name}?"), Err(Unknown(Word::DisplayName)));
        assert_eq!(filled("{team}"), Err(Unknown(Word::Setting("team".into()))));
    }

    #[test]
    fn what_was_read_is_written_the_same_again() {
        for text in ["", "{email}", "a {b} {C} {{d}} }", "{count} of {total_2}"] {
            assert_eq!(Phrase::from(text.to_owned()).to_string(), text);
        }
    }
}
