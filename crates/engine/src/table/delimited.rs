//! CSV, strictly (RFC 4180): what a lenient reader would guess is refused with its line.
//!
//! A row without quotes is split where it lies in the read buffer, so the common case copies
//! nothing.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr2};

use super::decode::{Decoder, Fault};
use crate::error::{Error, Result};

/// A row longer than this many bytes is refused.
const ROW_MAX: usize = 1024 * 1024;

/// A quoted cell of more lines than this is taken for a quote that was never closed.
const CELL_LINES_MAX: usize = 100;

/// One row: the number of its first line, its text, and where the cells lie in the text.
pub(super) struct Cells<'a> {
    pub(super) line: u64,
    pub(super) text: &'a str,
    pub(super) bounds: &'a [(u32, u32)],
}

/// Reads rows.
pub(super) struct Delimited<R> {
    file: String,
    from: Decoder<R>,
    delimiter: u8,
    buffer: Vec<u8>,
    /// Where the next row begins in the buffer, and the number of its line.
    start: usize,
    line: u64,
    ended: bool,
    current: Current,
    unquoted: Vec<u8>,
    bounds: Vec<(u32, u32)>,
}

/// Where the text of the row lies that was read last.
#[derive(Clone, Copy)]
enum Current {
    /// In the buffer, from and to.
    Buffer(usize, usize),
    /// In `unquoted`.
    Unquoted,
}

/// What became of an attempt to read a row with quotes.
enum Quoted {
    /// It ended; the next row begins here in the buffer.
    Row(usize),
    /// The buffer ended first.
    More,
}

impl<R: Read> Delimited<R> {
    /// Reads rows from `from`; `file` is the name that errors give.
    pub(super) fn new(file: &str, from: Decoder<R>, delimiter: u8) -> Self {
        Self {
            file: file.to_owned(),
            from,
            delimiter,
            buffer: Vec::new(),
            start: 0,
            line: 1,
            ended: false,
            current: Current::Buffer(0, 0),
            unquoted: Vec::new(),
            bounds: Vec::new(),
        }
    }

    /// The next row, or `None` at the end. Empty lines at the end of the file are no rows.
    pub(super) fn next(&mut self) -> Result<Option<Cells<'_>>> {
        let Some(line) = self.advance()? else { return Ok(None) };
        let bytes = match self.current {
            Current::Buffer(from, to) => &self.buffer[from..to],
            Current::Unquoted => &self.unquoted[..],
        };
        if memchr(0, bytes).is_some() {
            let said = "there is a NUL byte in it, so this is not text in the encoding that was \
                        said.";
            return Err(self.wrong(line, said).hint(ENCODING_HINT));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(Cells { line, text, bounds: &self.bounds })),
            Err(e) => {
                let at = e.valid_up_to();
                let before = memchr_iter(b'\n', &bytes[..at]).count() as u64;
                let said = format!("the byte 0x{:02X} is not UTF-8 text here.", bytes[at]);
                Err(self.wrong(line + before, &said).hint(ENCODING_HINT))
            }
        }
    }

    /// The reader of bytes, at the end.
    pub(super) fn into_decoder(self) -> Decoder<R> {
        self.from
    }

    /// Moves to the next row and gives the number of its line.
    fn advance(&mut self) -> Result<Option<u64>> {
        let mut empty_line = None;
        loop {
            let line = self.line;
            let Some(empty) = self.split()? else { return Ok(None) };
            match (empty, empty_line) {
                (true, None) => empty_line = Some(line),
                (true, Some(_)) => {}
                (false, None) => return Ok(Some(line)),
                (false, Some(empty_line)) => {
                    return Err(self.wrong(empty_line, "this line is empty, and rows follow it."));
                }
            }
        }
    }

    /// Splits the next line or quoted row. `None` at the end; otherwise whether it was empty.
    fn split(&mut self) -> Result<Option<bool>> {
        loop {
            let unread = &self.buffer[self.start..];
            match memchr2(b'\n', b'"', unread) {
                Some(at) if unread[at] == b'\n' => {
                    return self.split_plain(self.start + at, self.start + at + 1).map(Some);
                }
                Some(_) => {
                    if let Quoted::Row(next) = self.split_quoted()? {
                        self.start = next;
                        return Ok(Some(false));
                    }
                }
                None if self.ended && unread.is_empty() => return Ok(None),
                None if self.ended => {
                    let end = self.buffer.len();
                    return self.split_plain(end, end).map(Some);
                }
                None => {}
            }
            self.fill()?;
        }
    }

    /// Splits `buffer[start..end]`, which holds no quote and no line feed.
    fn split_plain(&mut self, end: usize, next: usize) -> Result<bool> {
        let row = &self.buffer[self.start..end];
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        if memchr(b'\r', row).is_some() {
            return Err(self.wrong(self.line, CR_ALONE).hint(CR_HINT));
        }
        self.bounds.clear();
        let mut from = 0;
        for at in memchr_iter(self.delimiter, row) {
            self.bounds.push((from, index(at)));
            from = index(at) + 1;
        }
        self.bounds.push((from, index(row.len())));
        self.current = Current::Buffer(self.start, self.start + row.len());
        let empty = row.is_empty();
        self.start = next;
        self.line += 1;
        Ok(empty)
    }

    /// Splits a row in which there is a quote, taking the quotes off.
    fn split_quoted(&mut self) -> Result<Quoted> {
        self.unquoted.clear();
        self.bounds.clear();
        let mut at = self.start;
        let mut line = self.line;
        loop {
            let from = index(self.unquoted.len());
            let quoted = self.buffer.get(at) == Some(&b'"');
            let end = if quoted { self.quoted_cell(at, &mut line)? } else { self.plain_cell(at)? };
            let Some(end) = end else { return Ok(Quoted::More) };
            self.bounds.push((from, index(self.unquoted.len())));
            match self.buffer.get(end) {
                Some(&byte) if byte == self.delimiter => at = end + 1,
                Some(b'\n') => return Ok(self.row_ends(line, end + 1)),
                Some(b'\r') => match self.buffer.get(end + 1) {
                    Some(b'\n') => return Ok(self.row_ends(line, end + 2)),
                    None if !self.ended => return Ok(Quoted::More),
                    None => return Ok(self.row_ends(line, end + 1)),
                    Some(_) => return Err(self.wrong(line, CR_ALONE).hint(CR_HINT)),
                },
                None if !self.ended => return Ok(Quoted::More),
                None => return Ok(self.row_ends(line, end)),
                Some(_) => {
                    let said = "text follows a closing quote.";
                    return Err(self.wrong(line, said).hint(QUOTE_HINT));
                }
            }
        }
    }

    fn row_ends(&mut self, last_line: u64, next: usize) -> Quoted {
        self.line = last_line + 1;
        self.current = Current::Unquoted;
        Quoted::Row(next)
    }

    /// Copies the cell whose opening quote is at `at`; gives the place after the closing quote.
    /// `None`: the buffer ended first. `line` is moved to the line of the closing quote.
    fn quoted_cell(&mut self, at: usize, line: &mut u64) -> Result<Option<usize>> {
        let opened = *line;
        let mut from = at + 1;
        let mut lines = 0;
        loop {
            let rest = &self.buffer[from..];
            let closing = memchr(b'"', rest);
            let part = &rest[..closing.unwrap_or(rest.len())];
            lines += memchr_iter(b'\n', part).count();
            if lines > CELL_LINES_MAX {
                let said = format!(
                    "a quote opens here and is not closed within {CELL_LINES_MAX} lines, so rows \
                     would be swallowed."
                );
                return Err(self.wrong(opened, &said).hint(QUOTE_HINT));
            }
            let Some(closing) = closing else {
                if self.ended {
                    let said = "a quote opens here and is never closed.";
                    return Err(self.wrong(opened, said).hint(QUOTE_HINT));
                }
                return Ok(None);
            };
            self.unquoted.extend_from_slice(part);
            let after = from + closing + 1;
            match self.buffer.get(after) {
                Some(b'"') => {
                    self.unquoted.push(b'"');
                    from = after + 1;
                }
                None if !self.ended => return Ok(None),
                _ => {
                    *line += lines as u64;
                    return Ok(Some(after));
                }
            }
        }
    }

    /// Copies the cell without an opening quote at `at`; gives the place of what ends it. A quote
    /// inside such a cell is a character like any other.
    fn plain_cell(&mut self, at: usize) -> Result<Option<usize>> {
        let rest = &self.buffer[at..];
        let end = match memchr2(self.delimiter, b'\n', rest) {
            Some(end) => end,
            None if self.ended => rest.len(),
            None => return Ok(None),
        };
        let ends_row = rest.get(end) != Some(&self.delimiter);
        let cell = &rest[..end];
        let bare = if ends_row { cell.strip_suffix(b"\r").unwrap_or(cell) } else { cell };
        if memchr(b'\r', bare).is_some() {
            return Err(self.wrong(self.line, CR_ALONE).hint(CR_HINT));
        }
        self.unquoted.extend_from_slice(bare);
        Ok(Some(at + bare.len()))
    }

    /// Reads on, after dropping what was used.
    fn fill(&mut self) -> Result<()> {
        if self.buffer.len() - self.start > ROW_MAX {
            let said = format!("this row is longer than {ROW_MAX} bytes.");
            return Err(self.wrong(self.line, &said).hint(QUOTE_HINT));
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        match self.from.fill(&mut self.buffer) {
            Ok(more) => {
                self.ended = !more;
                Ok(())
            }
            Err(Fault::Io(e)) => {
                Err(Error::input(format!("{} cannot be read: {e}.", self.file)).because(e))
            }
            Err(Fault::Malformed) => {
                let line = self.line + memchr_iter(b'\n', &self.buffer).count() as u64;
                let said = "there are bytes that are no text in the encoding that was said.";
                Err(self.wrong(line, said).hint(ENCODING_HINT))
            }
        }
    }

    fn wrong(&self, line: u64, said: &str) -> Error {
        Error::input(format!("{}, line {line}: {said}", self.file))
    }
}

const CR_ALONE: &str = "there is a carriage return without a line feed.";
const CR_HINT: &str = "Save the file with the line ends of Windows or Unix.";
const QUOTE_HINT: &str = "Inside a quoted cell a quote is written twice; a cell that begins with a quote must end with \
     one.";
const ENCODING_HINT: &str = "Say how the file is written, for example `format = { encoding = \"cp1252\" }` or \
     \"utf-16\", or export it as UTF-8.";

/// A place inside a row. Rows are shorter than [`ROW_MAX`] and one piece, far below `u32::MAX`.
fn index(at: usize) -> u32 {
    u32::try_from(at).expect("a row is at most a few megabytes long")
}
