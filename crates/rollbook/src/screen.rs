//! Standard output and error, for people and for programs.
//!
//! Control characters in what vendors and files say are written out before they reach a terminal.
//! Colour never carries meaning alone. A closed pipe is quiet, and never ends work that was begun.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{Attribute, Color, ColumnConstraint, ContentArrangement, LineStyle, TableStyle};
use rollbook_core::explain::printable;
use rollbook_engine::{Error, Result};
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a piece of text is meant; shown as colour where there is colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// A heading, or what matters most in a line.
    Strong,
    /// Less important.
    Dim,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Bad.
    Bad,
}

/// One cell of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell with a tone.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

/// Where output goes.
#[derive(Debug)]
pub(crate) struct Screen {
    out: RefCell<Out>,
    json: bool,
    colour: bool,
    colour_err: bool,
    terminal: bool,
}

#[derive(Debug)]
struct Out {
    stdout: BufWriter<Stdout>,
    failed: Option<io::Error>,
}

/// How many columns a paragraph takes.
const LINE_WIDTH: usize = 90;

const BORDERLESS: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

impl Screen {
    /// Writes to standard output; as JSON lines where `json` is asked for.
    pub(crate) fn new(json: bool, colour: When) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let wanted = |is_terminal: bool| match colour {
            When::Always => true,
            When::Never => false,
            When::Auto => is_terminal && !plain,
        };
        Self {
            colour: wanted(terminal) && !json,
            colour_err: wanted(io::stderr().is_terminal()),
            out: RefCell::new(Out { stdout: BufWriter::new(stdout), failed: None }),
            json,
            terminal: terminal && !json,
        }
    }

    /// Whether a program reads: print JSON lines and nothing else.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One value as one line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) {
        let line = serde_json::to_string(value).expect("our own values have text keys");
        self.write(&line);
    }

    /// A line of text.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        self.parts(&[(Tone::Plain, text.as_ref())]);
    }

    /// A line of text with a tone.
    pub(crate) fn toned(&self, tone: Tone, text: impl AsRef<str>) {
        self.parts(&[(tone, text.as_ref())]);
    }

    /// A line made of pieces.
    pub(crate) fn parts(&self, parts: &[(Tone, &str)]) {
        let mut line = String::new();
        for (tone, text) in parts {
            line += &paint(self.colour, *tone, &printable(text));
        }
        self.write(&line);
    }

    /// A heading with a line of its own before and after.
    pub(crate) fn heading(&self, text: &str) {
        self.line("");
        self.toned(Tone::Strong, text);
    }

    /// A table: fitted to the width of a terminal, or as plain aligned text.
    pub(crate) fn table(&self, headers: &[&str], rows: Vec<Vec<Cell>>) {
        let mut table = comfy_table::Table::new();
        // Asked before colour is settled: a table without colour no longer looks at the terminal.
        let width = table.width();
        table.load_style(if self.terminal { BORDERLESS } else { comfy_table::presets::NOTHING });
        if self.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(headers.iter().map(|name| heading_cell(name, self.colour)));
        for row in rows {
            table.add_row(row.into_iter().map(|cell| shown(&cell)).collect::<Vec<_>>());
        }
        if self.terminal {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            if let Some(width) = width {
                table.set_width(width);
            }
        } else {
            table.set_content_arrangement(ContentArrangement::Disabled);
            table.set_constraints(headers.iter().map(|_| ColumnConstraint::ContentWidth));
        }
        if let Some(first) = table.column_mut(0) {
            first.set_padding((0, 1));
        }
        for line in table.lines() {
            self.write(line.trim_end());
        }
    }

    /// A text of some sentences, broken into lines that are easy to read.
    pub(crate) fn paragraph(&self, tone: Tone, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + word.chars().count() >= LINE_WIDTH {
                self.toned(tone, &line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        self.toned(tone, &line);
    }

    /// Our own text for programs, such as a script, as it is.
    pub(crate) fn verbatim(&self, text: &str) {
        self.write(text.trim_end_matches('\n'));
    }

    /// Text of several lines, as core explains things.
    pub(crate) fn text(&self, text: &str) {
        for line in text.lines() {
            self.line(line);
        }
    }

    /// Whatever was printed so far is visible, for example before a question.
    pub(crate) fn flush(&self) {
        let mut out = self.out.borrow_mut();
        if let Err(error) = out.stdout.flush() {
            out.failed.get_or_insert(error);
        }
    }

    /// The output is complete.
    ///
    /// # Errors
    /// When some of it could not be written, other than because nobody reads it any more.
    pub(crate) fn finish(&self) -> Result<()> {
        self.flush();
        match self.out.borrow_mut().failed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::setup("The output is not complete: it could not be written.")
                    .hint("Free some room, or write to another place, and run the command again.")
                    .because(error))
            }
            _ => Ok(()),
        }
    }

    /// Prints an error on standard error: one sentence, hints, and the causes where asked for.
    pub(crate) fn error(&self, error: &Error, verbose: bool) {
        self.flush();
        let causes = if verbose { causes(error) } else { Vec::new() };
        let mut text = String::new();
        if self.json {
            let code = Exit::from(error.kind) as u8;
            let value = json!({
                "error": error.message, "hints": error.hints, "exit": code, "causes": causes,
            });
            let _ = writeln!(text, "{value}");
        } else {
            let label = |tone, word| paint(self.colour_err, tone, word);
            let message = printable(&error.message);
            let _ = writeln!(text, "{} {message}", label(Tone::Bad, "error:"));
            for hint in &error.hints {
                let _ = writeln!(text, "{}  {}", label(Tone::Strong, "hint:"), printable(hint));
            }
            for cause in &causes {
                let _ = writeln!(text, "{} {}", label(Tone::Dim, "cause:"), printable(cause));
            }
        }
        // Where standard error is closed there is nobody left to tell.
        let _ = io::stderr().write_all(text.as_bytes());
    }

    fn write(&self, line: &str) {
        let mut out = self.out.borrow_mut();
        if out.failed.is_some() {
            return;
        }
        let mut written = writeln!(out.stdout, "{line}");
        if self.terminal && written.is_ok() {
            written = out.stdout.flush();
        }
        out.failed = written.err();
    }
}

/// The causes of an error, outermost first.
fn causes(error: &Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

fn heading_cell(name: &str, colour: bool) -> comfy_table::Cell {
    let cell = comfy_table::Cell::new(name);
    if colour { cell.add_attribute(Attribute::Bold) } else { cell }
}

fn shown(cell: &Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(printable(&cell.text));
    match cell.tone {
        Tone::Plain => shown,
        Tone::Strong => shown.add_attribute(Attribute::Bold),
        Tone::Dim => shown.add_attribute(Attribute::Dim),
        Tone::Good => shown.fg(Color::Green),
        Tone::Warn => shown.fg(Color::Yellow),
        Tone::Bad => shown.fg(Color::Red),
    }
}

fn paint(colour: bool, tone: Tone, text: &str) -> String {
    if !colour || tone == Tone::Plain || text.is_empty() {
        return text.to_owned();
    }
    let style = match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => Style::new().bold(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Warn => AnsiColor::Yellow.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
    };
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_left_out_where_it_is_not_wanted() {
        assert_eq!(paint(false, Tone::Bad, "bad"), "bad");
        assert_ne!(paint(true, Tone::Bad, "bad"), "bad");
    }
}
