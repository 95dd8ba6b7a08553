//! XLSX workbooks: one sheet, row by row, as the text that a person sees.

use std::fs::File;
use std::io::{self, Cursor, Read};

use calamine::{DataRef, Reader, SheetVisible, Xlsx, XlsxError};
use rollbook_core::id::hex;
use sha2::{Digest, Sha256};

use super::Visit;
use super::format::TableFormat;
use super::row::{Header, Row};
use crate::error::{Error, Result};
use crate::nearest::nearest;

/// The largest workbook, as it lies on the disk.
const FILE_MAX: u64 = 256 * 1024 * 1024;

/// The largest workbook, unpacked. A million rows of thirty cells stay below it.
const UNPACKED_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// The largest table of texts of a workbook, unpacked. It is held in memory as a whole.
const TEXTS_MAX: u64 = 512 * 1024 * 1024;

/// A whole number of more digits than this has lost digits in a spreadsheet.
const EXACT_MAX: f64 = 1e15;

/// Shows the sheet that `format` means to `visit`. Gives the number of rows and the SHA-256 of the
/// file.
pub(super) fn read(
    name: &str,
    file: File,
    first: &[u8],
    format: &TableFormat,
    visit: &mut dyn Visit,
) -> Result<(u64, Option<String>)> {
    let mut bytes = first.to_vec();
    file.take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::input(format!("{name} cannot be read: {e}.")).because(e))?;
    if bytes.len() as u64 > FILE_MAX {
        let said = format!("{name} is larger than {} MiB.", FILE_MAX >> 20);
        return Err(Error::input(said).hint("Export it as CSV, which has no limit."));
    }
    let digest = hex(&Sha256::digest(&bytes));
    check_unpacked(name, &bytes)?;
    let broken = |e: XlsxError| broken(name, e);
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let sheet = choose(name, &workbook, format.sheet.as_deref())?;
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(broken)?;
    let mut rows = Rows { name, header: None, line: 0, text: String::new(), bounds: Vec::new() };
    let mut count = 0;
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(broken)? {
        let (row, column) = cell.get_position();
        let line = u64::from(row) + 1;
        if line < rows.line {
            return Err(Error::input(format!("{name}, row {line}: the rows are out of order.")));
        }
        if line > rows.line {
            count += rows.show(visit)?;
            rows.begin(line);
        }
        let shown = cells.styles().get(style).and_then(|style| style.number_format.as_ref());
        let code = shown.map_or("", |shown| shown.format_code.as_str());
        let text = shown_text(cell.get_value(), code).map_err(|said| rows.wrong(column, &said))?;
        rows.put(column as usize, &text)?;
    }
    count += rows.show(visit)?;
    if rows.header.is_none() {
        return Err(Error::input(format!("{name}: the sheet `{sheet}` is empty.")));
    }
    Ok((count, Some(digest)))
}

/// The row that is being put together.
struct Rows<'a> {
    name: &'a str,
    header: Option<Header>,
    line: u64,
    text: String,
    bounds: Vec<(u32, u32)>,
}

impl Rows<'_> {
    fn begin(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.bounds.clear();
    }

    /// Adds the cell of a column, and empty ones for the columns that were passed over.
    fn put(&mut self, column: usize, text: &str) -> Result<()> {
        let width = self.header.as_ref().map_or(usize::MAX, |header| header.names().len());
        if text.is_empty() {
            return Ok(());
        }
        if column >= width {
            let said = "this cell stands outside the columns that have a name.";
            return Err(self.wrong(u32::try_from(column).unwrap_or(u32::MAX), said));
        }
        if column < self.bounds.len() {
            let said = format!("{}, row {}: the cells are out of order.", self.name, self.line);
            return Err(Error::input(said));
        }
        self.bounds.resize(column, (self.end(), self.end()));
        let from = self.end();
        self.text.push_str(text);
        self.bounds.push((from, self.end()));
        Ok(())
    }

    fn end(&self) -> u32 {
        u32::try_from(self.text.len()).expect("a row of a workbook is far below 4 GiB")
    }

    /// Hands the finished row on; gives how many rows that were. An empty row is none.
    fn show(&mut self, visit: &mut dyn Visit) -> Result<u64> {
        if self.text.is_empty() {
            return Ok(0);
        }
        let Some(header) = &self.header else {
            let cell = |&(from, to): &(u32, u32)| self.text[from as usize..to as usize].to_owned();
            let names = self.bounds.iter().map(cell).collect();
            let header = Header::new(self.name, "row", self.line, names)?;
            visit.header(&header)?;
            self.header = Some(header);
            return Ok(0);
        };
        let end = u32::try_from(self.text.len()).expect("checked when the cells were put");
        self.bounds.resize(header.names().len(), (end, end));
        visit.row(&Row::new(header, self.line, &self.text, &self.bounds))?;
        Ok(1)
    }

    fn wrong(&self, column: u32, said: &str) -> Error {
        let names = self.header.as_ref().map_or(&[][..], Header::names);
        let column = match names.get(column as usize) {
            Some(name) => format!("column `{}`", name.trim()),
            None => format!("column {}", u64::from(column) + 1),
        };
        Error::input(format!("{}, row {}, {column}: {said}", self.name, self.line))
    }
}

/// The text that a person sees in the cell, where it is shown by the number format `code`; days as
/// ISO 8601.
fn shown_text(value: &DataRef<'_>, code: &str) -> Result<String, String> {
    match value {
        DataRef::Empty => Ok(String::new()),
        DataRef::String(text) => Ok(text.clone()),
        DataRef::SharedString(text) => Ok((*text).to_owned()),
        DataRef::Bool(yes) => Ok(yes.to_string()),
        DataRef::Int(number) => Ok(padded(number.to_string(), code)),
        DataRef::Float(number) if number.fract() != 0.0 => Ok(number.to_string()),
        DataRef::Float(number) if number.abs() >= EXACT_MAX => Err(
            "a number of so many digits has lost some in the spreadsheet, format the column as \
             text."
                .to_owned(),
        ),
        DataRef::Float(number) => Ok(padded(format!("{number:.0}"), code)),
        DataRef::DateTime(at) if at.is_datetime() && (1.0..2_958_466.0).contains(&at.as_f64()) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second) {
                (0, 0, 0) => Ok(date),
                _ => Ok(format!("{date}T{hour:02}:{minute:02}:{second:02}")),
            }
        }
        DataRef::DateTime(_) => Err("this is a span of time, not a day.".to_owned()),
        DataRef::DateTimeIso(text) => Ok(text.strip_suffix("T00:00:00").unwrap_or(text).to_owned()),
        DataRef::DurationIso(text) => Ok(text.clone()),
        DataRef::Error(error) => Err(format!("the formula in this cell failed with {error}.")),
    }
}

/// A format of zeros alone shows that many digits at least: `00123`.
fn padded(number: String, code: &str) -> String {
    let zeros = !code.is_empty() && code.bytes().all(|byte| byte == b'0');
    if zeros && !number.starts_with('-') {
        format!("{number:0>width$}", width = code.len())
    } else {
        number
    }
}

/// The sheet that is meant: the one that was named, or the only one to be seen.
fn choose<R: io::Read + io::Seek>(
    name: &str,
    workbook: &Xlsx<R>,
    wanted: Option<&str>,
) -> Result<String> {
    let seen = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible;
    let sheets: Vec<&str> =
        workbook.sheets_metadata().iter().filter(seen).map(|sheet| sheet.name.as_str()).collect();
    match (wanted, &sheets[..]) {
        (Some(wanted), _) => {
            if workbook.sheets_metadata().iter().any(|sheet| sheet.name == wanted) {
                return Ok(wanted.to_owned());
            }
            let error = Error::input(format!("{name} has no sheet `{wanted}`."));
            Err(match nearest(wanted, &sheets) {
                Some(hint) => error.hint(hint),
                None => error,
            })
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => Err(Error::input(format!("{name} has no sheet that can be seen."))),
        (None, several) => {
            let said = format!("{name} has {} sheets: {}.", several.len(), several.join(", "));
            let hint =
                format!("Say which, for example `format = {{ sheet = \"{}\" }}`.", several[0]);
            Err(Error::input(said).hint(hint))
        }
    }
}

/// Unpacks everything once without keeping it, because the sizes that an archive declares may lie.
fn check_unpacked(name: &str, bytes: &[u8]) -> Result<()> {
    let broken = |e: zip::result::ZipError| {
        Error::input(format!("{name} is not a whole Excel workbook: {e}."))
            .hint("Save it again. A copy that was cut off looks like this.")
            .because(e)
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut total = 0;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(broken)?;
        let texts = entry.name().map_err(broken)?.ends_with("sharedStrings.xml");
        let allowed = if texts { TEXTS_MAX } else { UNPACKED_MAX }.min(UNPACKED_MAX - total);
        let unpacked = io::copy(&mut entry.take(allowed + 1), &mut io::sink())
            .map_err(|e| broken(zip::result::ZipError::Io(e)))?;
        if unpacked > allowed {
            let said = format!("{name} unpacks to more than {} MiB.", allowed >> 20);
            return Err(Error::input(said).hint("Export it as CSV, which has no limit."));
        }
        total += unpacked;
    }
    Ok(())
}

fn broken(name: &str, e: XlsxError) -> Error {
    Error::input(format!("{name} is not a whole Excel workbook: {e}."))
        .hint("Open it in a spreadsheet program and save it again.")
        .because(e)
}
