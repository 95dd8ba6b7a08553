//! The header of a table and its rows: cells by place, as text, as days, as lists.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use jiff::civil::Date;

use super::format::{Ends, TableFormat};
use crate::error::{Error, Result};
use crate::nearest::nearest;

/// The first year that stands for "never": `2999-12-31` and `9999-12-31` are no real last days.
const NEVER_FROM: i16 = 2999;

/// Systems write days of this year and before where they have none.
const NO_DAY_UNTIL: i16 = 1900;

/// The first line of a table.
#[derive(Clone, Debug)]
pub struct Header {
    file: String,
    word: &'static str,
    names: Vec<String>,
}

impl Header {
    /// Takes the names as they stand. `word` is what a row's place is called: `line` or `row`.
    ///
    /// # Errors
    /// If a column has no name or two have the same, capitals and outer spaces aside.
    pub(super) fn new(
        file: &str,
        word: &'static str,
        line: u64,
        names: Vec<String>,
    ) -> Result<Self> {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            let place = at + 1;
            if name.trim().is_empty() {
                let said = format!("{file}, {word} {line}: column {place} has no name.");
                return Err(Error::input(said).hint("Give every column a name of its own."));
            }
            if let Some(first) = places.insert(folded(name), place) {
                let name = name.trim();
                return Err(Error::input(format!(
                    "{file}, {word} {line}: columns {first} and {place} are both called `{name}`, \
                     so nobody can say which is meant."
                ))
                .hint("Give every column a name of its own."));
            }
        }
        Ok(Self { file: file.to_owned(), word, names })
    }

    /// The names as they stand.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of the column `theirs`, to which `ours` is mapped. Capitals and outer spaces are
    /// not told apart.
    ///
    /// # Errors
    /// If there is no such column; with the nearest that there is.
    pub fn place(&self, ours: &str, theirs: &str) -> Result<usize> {
        let wanted = folded(theirs);
        if let Some(at) = self.names.iter().position(|name| folded(name) == wanted) {
            return Ok(at);
        }
        let said = format!(
            "{} has no column `{theirs}`, which is mapped to `{ours}` in rollbook.toml.",
            self.file
        );
        let error = Error::input(said);
        if let [only] = &self.names[..]
            && let Some(separator) = [";", "\t", "|", ","].iter().find(|text| only.contains(**text))
        {
            let separator = if *separator == "\t" { "tab" } else { separator };
            return Err(error.hint(format!(
                "The first line has one cell only; perhaps `format = {{ delimiter = \
                 \"{separator}\" }}` is missing."
            )));
        }
        let names: Vec<&str> = self.names.iter().map(|name| name.trim()).collect();
        Err(match nearest(theirs, &names) {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }

    /// The same where nothing may be mapped.
    ///
    /// # Errors
    /// As [`Header::place`].
    pub fn place_if(&self, ours: &str, theirs: Option<&String>) -> Result<Option<usize>> {
        theirs.map(|theirs| self.place(ours, theirs)).transpose()
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// One row below the header. It lives until the next one is read.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    header: &'a Header,
    line: u64,
    text: &'a str,
    bounds: &'a [(u32, u32)],
}

/// Equal for rows with the same cells. Where each cell ends says all about where it begins.
impl Hash for Row<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write(self.text.as_bytes());
        for (_, to) in self.bounds {
            hasher.write_u32(*to);
        }
    }
}

impl<'a> Row<'a> {
    pub(super) fn new(
        header: &'a Header,
        line: u64,
        text: &'a str,
        bounds: &'a [(u32, u32)],
    ) -> Self {
        Self { header, line, text, bounds }
    }

    pub(super) fn check_width(&self) -> Result<()> {
        let (here, wanted) = (self.bounds.len(), self.header.names.len());
        if here == wanted {
            return Ok(());
        }
        let Header { file, word, .. } = self.header;
        Err(Error::input(format!(
            "{file}, {word} {}: this row has {here} cells, but the header has {wanted}.",
            self.line
        ))
        .hint("A cell that holds the separator must stand in quotes."))
    }

    /// The number of the row's first line, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The cell at `place`, as it stands.
    pub fn cell(&self, place: usize) -> &'a str {
        let (from, to) = self.bounds[place];
        &self.text[from as usize..to as usize]
    }

    /// The cell at `place`, or empty text where nothing is mapped.
    pub fn cell_if(&self, place: Option<usize>) -> &'a str {
        place.map_or("", |place| self.cell(place))
    }

    /// The values in the cell at `place`, without outer spaces and without empty ones.
    pub fn list(&self, place: Option<usize>, separator: &'a str) -> impl Iterator<Item = &'a str> {
        let cell = self.cell_if(place);
        let one = separator.is_empty().then_some(cell);
        let many = (!separator.is_empty()).then(|| cell.split(separator));
        let all = one.into_iter().chain(many.into_iter().flatten());
        all.map(str::trim).filter(|value| !value.is_empty())
    }

    /// The day in the cell at `place`; `None` for an empty cell.
    ///
    /// # Errors
    /// If it is no day in the ways that `format` allows, or lies before 1900.
    pub fn day(&self, place: Option<usize>, format: &TableFormat) -> Result<Option<Date>> {
        let Some(place) = place else { return Ok(None) };
        let text = self.cell(place).trim();
        if text.is_empty() {
            return Ok(None);
        }
        // A date cell of a workbook comes as ISO 8601, whatever the file's texts look like.
        let typed = self.header.word == "row";
        let day = format.date_formats.iter().find_map(|pattern| pattern.date(text));
        match day.or_else(|| if typed { super::format::iso_date(text) } else { None }) {
            Some(day) if day.year() >= NO_DAY_UNTIL => Ok(Some(day)),
            Some(_) => {
                let said = format!("`{text}` lies before {NO_DAY_UNTIL}, so it is no real day.");
                Err(self.wrong(place, &said).hint("Leave the cell empty where there is no day."))
            }
            None => Err(self.no_day(place, text, format)),
        }
    }

    /// The first day after the one in the cell, as `format.ends` says. `None` for an empty cell
    /// and for days that stand for "never" (the year 2999 and later).
    ///
    /// # Errors
    /// As [`Row::day`], and for days in 1900, which systems write where they have none.
    pub fn end(&self, place: Option<usize>, format: &TableFormat) -> Result<Option<Date>> {
        let Some(day) = self.day(place, format)? else { return Ok(None) };
        if day.year() >= NEVER_FROM {
            return Ok(None);
        }
        if day.year() <= NO_DAY_UNTIL {
            let said = format!("`{day}` is what systems write where there is no end.");
            let place = place.expect("a day was found there");
            return Err(self.wrong(place, &said).hint("Leave the cell empty where there is none."));
        }
        match format.ends {
            Ends::FirstDayGone => Ok(Some(day)),
            Ends::LastDay => Ok(Some(day.tomorrow().expect("the year is before 2999"))),
        }
    }

    /// The first day and the first day after, where the second may not lie before the first.
    ///
    /// # Errors
    /// As [`Row::day`] and [`Row::end`], and if the end lies before the start.
    pub fn period(
        &self,
        starts: Option<usize>,
        ends: Option<usize>,
        format: &TableFormat,
    ) -> Result<(Option<Date>, Option<Date>)> {
        let (first, after) = (self.day(starts, format)?, self.end(ends, format)?);
        let (Some(first_day), Some(first_gone)) = (first, after) else { return Ok((first, after)) };
        let backwards = match format.ends {
            Ends::LastDay => first_gone <= first_day,
            Ends::FirstDayGone => first_gone < first_day,
        };
        if !backwards {
            return Ok((first, after));
        }
        let place = ends.expect("an end was found there");
        let said = format!("the end `{}` lies before the start.", self.cell(place).trim());
        Err(self.wrong(place, &said).hint(format!("The start is {first_day}.")))
    }

    /// An error about the cell at `place`.
    pub fn wrong(&self, place: usize, said: &str) -> Error {
        let Header { file, word, names } = self.header;
        let column = names[place].trim();
        Error::input(format!("{file}, {word} {}, column `{column}`: {said}", self.line))
    }

    fn no_day(&self, place: usize, text: &str, format: &TableFormat) -> Error {
        let wanted: Vec<String> = format.date_formats.iter().map(ToString::to_string).collect();
        let wanted = wanted.join(" or ");
        let shown: String = text.chars().take(40).collect();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let shaped = text.len() == 10 && text.bytes().filter(|&byte| byte == b'-').count() == 2;
        let (said, hint) = if shaped && wanted.contains("YYYY-MM-DD") {
            (format!("there is no day `{shown}`."), "Correct it where it was written.".to_owned())
        } else if digits && text.len() == 5 {
            let hint = "It looks like the number by which a spreadsheet counts days: export the \
                        column as a date.";
            (format!("`{shown}` is no date."), hint.to_owned())
        } else if text.contains(':') {
            let hint = "Export the day without a time of day, because which day a moment belongs \
                        to depends on the time zone.";
            (format!("`{shown}` is a moment, not a day."), hint.to_owned())
        } else {
            let hint = "If it is written in another way, add that to `date_formats`, for example \
                        \"D/M/YYYY\" or \"YYYYMMDD\".";
            (format!("`{shown}` is not a date of the form {wanted}."), hint.to_owned())
        };
        self.wrong(place, &said).hint(hint)
    }
}
