//! From [`Filter`] to text, so that parsing the text gives the same filter.

use std::fmt;

use super::{Filter, Literal, Terms};

impl fmt::Display for Filter {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { path, op, value } => write!(to, "{path} {} {value}", op.word()),
            Self::Present(path) => write!(to, "{path} pr"),
            Self::Has { attr, filter } => write!(to, "{attr}[{filter}]"),
            Self::Not(filter) => write!(to, "not ({filter})"),
            Self::All(terms) => {
                joined(to, terms, " and ", |term| matches!(term, Self::All(_) | Self::Any(_)))
            }
            // `and` binds closer than `or`, so only an `or` inside needs its parentheses.
            Self::Any(terms) => joined(to, terms, " or ", |term| matches!(term, Self::Any(_))),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(to, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(number) => write!(to, "{number}"),
            Self::Bool(truth) => write!(to, "{truth}"),
            Self::Null => to.write_str("null"),
        }
    }
}

fn joined(
    to: &mut fmt::Formatter<'_>,
    terms: &Terms,
    word: &str,
    in_parentheses: fn(&Filter) -> bool,
) -> fmt::Result {
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            to.write_str(word)?;
        }
        if in_parentheses(term) {
            write!(to, "({term})")?;
        } else {
            write!(to, "{term}")?;
        }
    }
    Ok(())
}
