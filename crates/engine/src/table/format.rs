//! How a table file is written: its encoding, its separators, its dates.

use std::fmt;

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// `format`: how a table file is written. The default is what most systems export: UTF-8, commas,
/// ISO 8601 dates, the last day as the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableFormat {
    /// The encoding of a CSV file. A byte-order mark at the head of the file wins over it.
    pub encoding: Encoding,
    /// What separates the cells of a CSV file.
    pub delimiter: Delimiter,
    /// The sheet of an XLSX file; not said: the only one.
    pub sheet: Option<String>,
    /// The ways a date may be written, tried in order.
    pub date_formats: Vec<DatePattern>,
    /// What a date in an end column means.
    pub ends: Ends,
    /// What separates several values in one cell.
    pub list_separator: String,
}

impl Default for TableFormat {
    fn default() -> Self {
        Self {
            encoding: Encoding(encoding_rs::UTF_8),
            delimiter: Delimiter(b','),
            sheet: None,
            date_formats: vec![DatePattern::iso()],
            ends: Ends::LastDay,
            list_separator: ";".to_owned(),
        }
    }
}

/// What a date in an end column means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// The last day on which the worker is here, the whole of it.
    #[default]
    LastDay,
    /// The first day on which the worker is gone.
    FirstDayGone,
}

/// A text encoding, by any name that the WHATWG Encoding Standard knows (`utf-8`, `utf-16`,
/// `utf-16be`, `cp1252`, `latin1`, `iso-8859-15`, …).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(pub &'static encoding_rs::Encoding);

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let known = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        known.map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "no encoding is called `{name}`, write for example \"utf-8\", \"utf-16\" or \
                 \"cp1252\""
            ))
        })
    }
}

/// What separates the cells of a row: one ASCII character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(pub u8);

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.as_bytes() {
            b"tab" => Ok(Self(b'\t')),
            [byte] if b",;|:~^\t ".contains(byte) => Ok(Self(*byte)),
            _ => Err(D::Error::custom(format!(
                "`{text}` cannot separate cells, write one of \",\" \";\" \"|\" \"tab\""
            ))),
        }
    }
}

/// How a date is written: `YYYY` year, `MM` month, `DD` day with two digits, `M` and `D` with one
/// or two, `MMM` the month's first three English letters, anything else is itself. Two-digit years
/// are not offered, because nobody can say which century is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatePattern {
    text: String,
    /// Whether it is `YYYY-MM-DD`, which has a reader of its own because nearly all files use it.
    iso: bool,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Month { both_digits: bool },
    MonthName,
    Day { both_digits: bool },
    Literal(char),
}

impl DatePattern {
    /// ISO 8601: `2027-03-05`.
    pub fn iso() -> Self {
        Self::new("YYYY-MM-DD").expect("the pattern has a year, a month and a day")
    }

    /// Understands `text`, or says why not.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (part, length) = match c {
                _ if rest.starts_with("YYYY") => (Part::Year, 4),
                _ if rest.starts_with("MMM") => (Part::MonthName, 3),
                'M' if rest.starts_with("MM") => (Part::Month { both_digits: true }, 2),
                'M' => (Part::Month { both_digits: false }, 1),
                'D' if rest.starts_with("DD") => (Part::Day { both_digits: true }, 2),
                'D' => (Part::Day { both_digits: false }, 1),
                'Y' => return Err(format!("`{text}` has a year that is not `YYYY`")),
                other => (Part::Literal(other), other.len_utf8()),
            };
            parts.push(part);
            rest = &rest[length..];
        }
        let count = |want: fn(&Part) -> bool| parts.iter().filter(|part| want(part)).count();
        let year = count(|part| *part == Part::Year);
        let month = count(|part| matches!(part, Part::Month { .. } | Part::MonthName));
        let day = count(|part| matches!(part, Part::Day { .. }));
        if (year, month, day) != (1, 1, 1) {
            return Err(format!("`{text}` does not say year, month and day once each"));
        }
        Ok(Self { text: text.to_owned(), iso: text == "YYYY-MM-DD", parts })
    }

    /// The date that `text` says, if it is written in this way and the day exists.
    pub fn date(&self, text: &str) -> Option<Date> {
        if self.iso {
            return iso_date(text);
        }
        let (mut year, mut month, mut day) = (0, 0, 0);
        let mut rest = text;
        for part in &self.parts {
            match *part {
                Part::Year => (year, rest) = digits(rest, 4, 4)?,
                Part::Month { both_digits } => {
                    (month, rest) = digits(rest, 1 + usize::from(both_digits), 2)?;
                }
                Part::MonthName => (month, rest) = month_name(rest)?,
                Part::Day { both_digits } => {
                    (day, rest) = digits(rest, 1 + usize::from(both_digits), 2)?;
                }
                Part::Literal(c) => rest = rest.strip_prefix(c)?,
            }
        }
        if !rest.is_empty() {
            return None;
        }
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }
}

impl fmt::Display for DatePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for DatePattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::new(&text).map_err(|why| {
            D::Error::custom(format!("{why}, write for example \"YYYY-MM-DD\" or \"D.M.YYYY\""))
        })
    }
}

/// The date that `text` says as `YYYY-MM-DD`, if that day exists.
pub(super) fn iso_date(text: &str) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let two = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    Date::new(year, i8::try_from(two(m1, m2)?).ok()?, i8::try_from(two(d1, d2)?).ok()?).ok()
}

/// At least `min` and at most `max` ASCII digits at the head of `text`, and the rest.
fn digits(text: &str, min: usize, max: usize) -> Option<(i16, &str)> {
    let length = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    if length < min {
        return None;
    }
    Some((text[..length].parse().ok()?, &text[length..]))
}

fn month_name(text: &str) -> Option<(i16, &str)> {
    const NAMES: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (head, rest) = text.split_at_checked(3)?;
    let at = NAMES.iter().position(|name| head.eq_ignore_ascii_case(name))?;
    Some((i16::try_from(at).ok()? + 1, rest))
}
