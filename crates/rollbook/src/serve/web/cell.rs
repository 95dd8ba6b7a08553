//! What stands in one place of a table: a value that sorts, a text that people read, and where it
//! leads.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value as Json, json};

/// How a text is meant; never the only sign of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tone {
    #[default]
    Plain,
    Strong,
    Soft,
    Good,
    Warn,
    Bad,
}

/// What a cell stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value {
    /// Nobody knows, or it does not apply.
    #[default]
    Nothing,
    Text(String),
    Number(i64),
    /// Between 0 and 1.
    Share(f64),
    Moment(Timestamp),
    Day(Date),
    /// Several words; they sort by the first.
    Words(Vec<String>),
    /// A word that sorts by its rank and not by its letters.
    Ranked(i64, String),
}

impl Value {
    /// For programs.
    pub(crate) fn json(&self) -> Json {
        match self {
            Self::Nothing => Json::Null,
            Self::Text(text) | Self::Ranked(_, text) => json!(text),
            Self::Number(number) => json!(number),
            Self::Share(share) => json!(share),
            Self::Moment(at) => json!(at),
            Self::Day(day) => json!(day),
            Self::Words(words) => json!(words),
        }
    }

    /// As it is read and searched.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) | Self::Ranked(_, text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Share(share) => format!("{share:.3}"),
            Self::Moment(at) => minute(*at),
            Self::Day(day) => day.to_string(),
            Self::Words(words) => words.join(", "),
        }
    }

    /// What is known comes before what is not.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => Ordering::Equal,
            (Self::Nothing, _) => Ordering::Greater,
            (_, Self::Nothing) => Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Ranked(a, x), Self::Ranked(b, y)) => a.cmp(b).then_with(|| x.cmp(y)),
            (Self::Share(a), Self::Share(b)) => a.total_cmp(b),
            (Self::Moment(a), Self::Moment(b)) => a.cmp(b),
            (Self::Day(a), Self::Day(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => caseless(a, b),
            (a, b) => caseless(&a.text(), &b.text()),
        }
    }
}

/// A place in a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) value: Value,
    /// What people read where that is more than the value.
    pub(crate) shown: Option<String>,
    /// A second line, smaller.
    pub(crate) note: Option<String>,
    /// Where it leads.
    pub(crate) href: Option<String>,
    pub(crate) tone: Tone,
    /// It stands in a frame of its own, as a word from a closed list.
    pub(crate) is_badge: bool,
}

impl Cell {
    /// Nothing is known, or nothing applies.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// A text; an empty one is nothing.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let value = if text.is_empty() { Value::Nothing } else { Value::Text(text) };
        Self { value, ..Self::default() }
    }

    /// A count.
    pub(crate) fn number(number: usize) -> Self {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let tone = if number == 0 { Tone::Soft } else { Tone::Plain };
        Self { value: Value::Number(number), tone, ..Self::default() }
    }

    /// A moment, to the minute.
    pub(crate) fn moment(at: Option<Timestamp>) -> Self {
        Self { value: at.map_or(Value::Nothing, Value::Moment), ..Self::default() }
    }

    /// A day.
    pub(crate) fn day(day: Option<Date>) -> Self {
        Self { value: day.map_or(Value::Nothing, Value::Day), ..Self::default() }
    }

    /// A word from a closed list.
    pub(crate) fn badge(word: impl Into<String>, tone: Tone) -> Self {
        Self { tone, is_badge: true, ..Self::text(word) }
    }

    /// A word from a closed list that sorts by `rank`, the smallest first.
    pub(crate) fn ranked(rank: i64, word: &str, tone: Tone) -> Self {
        let value = Value::Ranked(rank, word.to_owned());
        Self { value, tone, is_badge: true, ..Self::default() }
    }

    /// Whether it is read as a number.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.value, Value::Number(_) | Value::Share(_))
    }

    /// With this meaning.
    pub(crate) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// Leading there.
    pub(crate) fn to(self, href: impl Into<String>) -> Self {
        Self { href: Some(href.into()), ..self }
    }

    /// With a second line.
    pub(crate) fn noted(self, note: impl Into<String>) -> Self {
        let note = note.into();
        Self { note: (!note.is_empty()).then_some(note), ..self }
    }

    /// Read as `text`.
    pub(crate) fn shown_as(self, text: impl Into<String>) -> Self {
        Self { shown: Some(text.into()), ..self }
    }
}

/// A cell as a template takes it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    text: String,
    note: Option<String>,
    href: Option<String>,
    tone: Tone,
    is_badge: bool,
    is_number: bool,
    /// For machines, where the text is a moment.
    at: Option<String>,
}

impl From<Cell> for Shown {
    fn from(cell: Cell) -> Self {
        let is_number = cell.is_number();
        let Cell { value, shown, note, href, tone, is_badge } = cell;
        let at = if let Value::Moment(at) = &value { Some(at.to_string()) } else { None };
        let text = shown.unwrap_or_else(|| value.text());
        Self { text, note, href, tone, is_badge, is_number, at }
    }
}

/// A moment as people read it, to the minute.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn caseless(a: &str, b: &str) -> Ordering {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    lower(a).cmp(&lower(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_comes_last_and_words_sort_by_rank() {
        let mut values = [
            Value::Nothing,
            Value::Text("berta".to_owned()),
            Value::Text("Anna".to_owned()),
            Value::Text("anna".to_owned()),
        ];
        values.sort_by(Value::compare);
        let shown: Vec<String> = values.iter().map(Value::text).collect();
        assert_eq!(shown, ["Anna", "anna", "berta", ""]);
        let (worst, least) = (Value::Ranked(0, "z".into()), Value::Ranked(3, "a".into()));
        assert_eq!(worst.compare(&least), Ordering::Less);
    }
}
