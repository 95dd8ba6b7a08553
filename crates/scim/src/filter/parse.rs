//! From text to [`Filter`] and [`Path`], in linear time and with bounded depth.

use std::str::FromStr;

use serde_json::{Number, Value};

use super::{DEPTH_MAX, Filter, LENGTH_MAX, Literal, Op, TERMS_MAX, Terms};
use crate::attribute::{self, AttrPath};
use crate::path::Path;

/// Why a text is no filter or path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More than [`LENGTH_MAX`] bytes.
    #[error("The text has {0} bytes; at most {LENGTH_MAX} are read.")]
    TooLong(usize),
    /// More than [`DEPTH_MAX`] levels.
    #[error("At byte {at}: nested deeper than {DEPTH_MAX} levels.")]
    TooDeep {
        /// Bytes from the start.
        at: usize,
    },
    /// More than [`TERMS_MAX`] comparisons.
    #[error("At byte {at}: more than {TERMS_MAX} comparisons.")]
    TooMany {
        /// Bytes from the start.
        at: usize,
    },
    /// Something else was due here.
    #[error("At byte {at}: expected {expected}.")]
    Expected {
        /// Bytes from the start.
        at: usize,
        /// What was due.
        expected: &'static str,
    },
    /// An attribute path that is none.
    #[error("At byte {at}: {source}.")]
    Attribute {
        /// Bytes from the start.
        at: usize,
        /// What is wrong with it.
        source: attribute::Error,
    },
    /// For instance `active gt true` (RFC 7644 §3.4.2.2: no order on booleans).
    #[error("At byte {at}: the operator \"{}\" has no meaning for this value.", op.word())]
    Meaningless {
        /// Bytes from the start.
        at: usize,
        /// The operator.
        op: Op,
    },
}

impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parser = Parser::new(text)?;
        let filter = parser.any()?;
        parser.end()?;
        Ok(filter)
    }
}

/// Parses a PATCH path (RFC 7644 §3.5.2, figure 7).
pub(crate) fn parse_path(text: &str) -> Result<Path, Error> {
    let mut parser = Parser::new(text)?;
    parser.blanks();
    let path = parser.path()?;
    parser.end()?;
    Ok(path)
}

/// How many bytes are looked at to read a text as a filter and as a path, those looked at again
/// included.
pub(crate) fn looked_at(text: &str) -> usize {
    let count = |read: fn(&mut Parser<'_>) -> Result<(), Error>| {
        let Ok(mut parser) = Parser::new(text) else { return 0 };
        // Read in vain or not, it was looked at.
        let _ = read(&mut parser);
        parser.looked_at
    };
    count(|parser| parser.any().map(drop)) + count(|parser| parser.path().map(drop))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Counts what reading costs: bytes looked at, also in vain.
    looked_at: usize,
    depth: usize,
    terms: usize,
    in_brackets: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, Error> {
        if text.len() > LENGTH_MAX {
            return Err(Error::TooLong(text.len()));
        }
        Ok(Self { text, at: 0, looked_at: 0, depth: 0, terms: 0, in_brackets: false })
    }

    fn any(&mut self) -> Result<Filter, Error> {
        let first = self.all()?;
        let rest = self.joined("or", Self::all)?;
        Ok(join(first, rest, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, Error> {
        let first = self.term()?;
        let rest = self.joined("and", Self::term)?;
        Ok(join(first, rest, Filter::All))
    }

    fn joined(
        &mut self,
        word: &str,
        next: fn(&mut Self) -> Result<Filter, Error>,
    ) -> Result<Vec<Filter>, Error> {
        let mut rest = Vec::new();
        while self.take_word(word) {
            rest.push(next(self)?);
        }
        Ok(rest)
    }

    fn term(&mut self) -> Result<Filter, Error> {
        self.blanks();
        let before = self.at;
        if self.take_word("not") {
            self.blanks();
            if self.take(b'(') {
                return Ok(Filter::Not(Box::new(self.nested(b')', "\")\"")?)));
            }
            // An attribute that happens to be called `not`.
            self.at = before;
        }
        if self.take(b'(') {
            return self.nested(b')', "\")\"");
        }
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return Err(Error::TooMany { at: self.at });
        }
        self.comparison()
    }

    /// What is between an opening sign, already read, and `close`.
    fn nested(&mut self, close: u8, expected: &'static str) -> Result<Filter, Error> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Error::TooDeep { at: self.at });
        }
        let filter = self.any()?;
        self.depth -= 1;
        self.blanks();
        if self.take(close) { Ok(filter) } else { Err(self.expected(expected)) }
    }

    fn comparison(&mut self) -> Result<Filter, Error> {
        let path = self.path()?;
        self.blanks();
        let at = self.at;
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(op) = Op::ALL.into_iter().find(|op| op.word().eq_ignore_ascii_case(word)) else {
            self.at = at;
            return match path.into_has() {
                Ok((attr, filter)) => Ok(Filter::Has { attr, filter }),
                Err(_) => Err(self.expected("an operator such as \"eq\"")),
            };
        };
        self.blanks();
        let value = self.literal()?;
        if !op.fits(&value) {
            return Err(Error::Meaningless { at, op });
        }
        Ok(Filter::Compare { path, op, value })
    }

    fn path(&mut self) -> Result<Path, Error> {
        let at = self.at;
        let attr: AttrPath =
            self.word().parse().map_err(|source| Error::Attribute { at, source })?;
        if self.peek() != Some(b'[') {
            return Ok(Path::from(attr));
        }
        if self.in_brackets || attr.sub().is_some() || attr.name().is_none() {
            return Err(self.expected("no \"[\" here"));
        }
        self.at += 1;
        self.in_brackets = true;
        let filter = self.nested(b']', "\"]\"")?;
        self.in_brackets = false;
        if !self.take(b'.') {
            return Ok(Path::filtered(attr, filter, None));
        }
        let at = self.at;
        let sub = self.word();
        // The attribute's own constructor knows what a name is.
        let checked = AttrPath::new(sub, None);
        checked.map_err(|source| Error::Attribute { at, source })?;
        Ok(Path::filtered(attr, filter, Some(sub.to_owned())))
    }

    fn literal(&mut self) -> Result<Literal, Error> {
        let at = self.at;
        let (text, value) = if self.peek() == Some(b'"') {
            let text = self.quoted();
            (text, serde_json::from_str(text))
        } else {
            let text = self.word();
            // Some clients write `active eq True`.
            (text, serde_json::from_str(&text.to_ascii_lowercase()))
        };
        match value {
            Ok(Value::String(text)) => Ok(Literal::Text(text)),
            Ok(Value::Number(number)) if number.is_f64() => {
                // The JSON reader may be off by the last bit; the standard library is exact.
                let exact = text.parse().ok().and_then(Number::from_f64);
                Ok(Literal::Number(exact.unwrap_or(number)))
            }
            Ok(Value::Number(number)) => Ok(Literal::Number(number)),
            Ok(Value::Bool(truth)) => Ok(Literal::Bool(truth)),
            Ok(Value::Null) => Ok(Literal::Null),
            _ => {
                self.at = at;
                Err(self.expected("a text in double quotes, a number, true, false or null"))
            }
        }
    }

    /// A JSON string with its quotes, or what there is of it.
    fn quoted(&mut self) -> &'a str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        self.at = self.at.min(bytes.len());
        self.looked_at += self.at - start;
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The longest run of bytes that may stand in a path, an operator or a number.
    fn word(&mut self) -> &'a str {
        let rest = &self.text.as_bytes()[self.at..];
        let len = rest.iter().take_while(|byte| attribute::is_path_byte(**byte)).count();
        let start = self.at;
        self.at += len;
        self.looked_at += len + 1;
        &self.text[start..self.at]
    }

    fn take_word(&mut self, word: &str) -> bool {
        let before = self.at;
        self.blanks();
        if self.word().eq_ignore_ascii_case(word) {
            return true;
        }
        self.at = before;
        false
    }

    fn blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let len = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.at += len;
        self.looked_at += len + 1;
    }

    fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn end(&mut self) -> Result<(), Error> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(self.expected("the end")) }
    }

    fn expected(&self, expected: &'static str) -> Error {
        Error::Expected { at: self.at, expected }
    }
}

fn join(first: Filter, rest: Vec<Filter>, by: fn(Terms) -> Filter) -> Filter {
    if rest.is_empty() {
        return first;
    }
    by(Terms(std::iter::once(first).chain(rest).collect()))
}
