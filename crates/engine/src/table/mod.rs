//! Tables in files: CSV and XLSX, read strictly, row by row, as text.
//!
//! A file that is not what it claims to be is refused with file, line and column: a guess here
//! would become a wrong person later. Cells stay text byte for byte; `00123` is not `123`.
//! An error can come after any number of good rows. It is about the whole file: whoever collects
//! rows throws them away.

mod decode;
mod delimited;
mod format;
mod row;
mod sheet;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use rollbook_core::id::hex;

use self::decode::{Decoder, Head};
use self::delimited::Delimited;
pub use self::format::{DatePattern, Delimiter, Encoding, Ends, TableFormat};
pub use self::row::{Header, Row};
use crate::error::{Error, Result};

/// What is done with a table: it is shown the header once, and then every row.
pub trait Visit {
    /// The first line. Here the visitor finds its columns.
    ///
    /// # Errors
    /// Whatever makes the table unusable, such as a missing column.
    fn header(&mut self, header: &Header) -> Result<()>;

    /// Every further line that holds anything, in the order of the file.
    ///
    /// # Errors
    /// Whatever makes the table unusable. Reading ends with it.
    fn row(&mut self, row: &Row<'_>) -> Result<()>;
}

/// What is known about a file that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Rows below the header.
    pub rows: u64,
    /// The file's length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes as lower-case hex; empty if it was not asked for.
    pub sha256: String,
    /// When the file was last written, by the file system's word.
    pub written_at: Option<Timestamp>,
}

/// Whether the SHA-256 of a file is wanted. It costs about as much as reading the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// Yes.
    Wanted,
    /// No.
    Skipped,
}

/// As [`read_any`], for a table that must have a row: one without is a delivery that failed.
///
/// # Errors
/// As [`read_any`], and if there is no row.
pub fn read(
    base: &Path,
    path: &Path,
    format: &TableFormat,
    digest: Digest,
    visit: &mut dyn Visit,
) -> Result<Facts> {
    let facts = read_any(base, path, format, digest, visit)?;
    if facts.rows == 0 {
        let said = format!("{} holds a header and no row.", path.display());
        return Err(Error::input(said).hint("Deliver the file again. Nothing was changed."));
    }
    Ok(facts)
}

/// Shows the table in the file `path` below `base` to `visit`. Errors name the file by `path`.
///
/// # Errors
/// [`crate::error::Kind::Input`] if the file cannot be read to its end as what it claims to be, or
/// if it was changed meanwhile; and whatever `visit` refuses.
pub fn read_any(
    base: &Path,
    path: &Path,
    format: &TableFormat,
    digest: Digest,
    visit: &mut dyn Visit,
) -> Result<Facts> {
    let place = base.join(path);
    let name = path.display().to_string();
    let before = seen(&place, &name)?;
    let mut file = File::open(&place).map_err(|e| unreadable(&name, e))?;
    let first = first_bytes(&mut file).map_err(|e| unreadable(&name, e))?;
    let (rows, sha256) = match kind(&name, path, &first)? {
        Some(mark) => {
            let (encoding, skip) = mark.unwrap_or((format.encoding.0, 0));
            let digest = digest == Digest::Wanted;
            let decoder = Decoder::new(file, encoding, &first, skip, digest);
            let mut rows = Delimited::new(&name, decoder, format.delimiter.0);
            let count = show_delimited(&name, &mut rows, visit)?;
            (count, rows.into_decoder().digest().map(|digest| hex(&digest)))
        }
        None => sheet::read(&name, file, &first, format, visit)?,
    };
    if seen(&place, &name)? != before {
        return Err(Error::input(format!("{name} was changed while it was read."))
            .hint("Deliver under another name first and rename the finished file."));
    }
    let (bytes, written_at) = before;
    Ok(Facts { rows, bytes, sha256: sha256.unwrap_or_default(), written_at })
}

/// The length of a file and when it was written.
fn seen(place: &Path, name: &str) -> Result<(u64, Option<Timestamp>)> {
    let about = std::fs::metadata(place).map_err(|e| unreadable(name, e))?;
    if !about.is_file() {
        return Err(Error::input(format!("{name} is not a file.")));
    }
    let written_at = about.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    Ok((about.len(), written_at))
}

/// When the file `path` below `base` was last written.
///
/// # Errors
/// [`crate::error::Kind::Input`] if there is no such file or its system cannot tell.
pub fn written_at(base: &Path, path: &Path) -> Result<Timestamp> {
    let name = path.display().to_string();
    let (_, written_at) = seen(&base.join(path), &name)?;
    written_at.ok_or_else(|| Error::input(format!("When {name} was written cannot be found out.")))
}

fn unreadable(name: &str, e: std::io::Error) -> Error {
    let error = Error::input(format!("{name} cannot be read: {e}."));
    let error = match e.kind() {
        std::io::ErrorKind::NotFound => {
            error.hint("Put the file there, or change `path` in rollbook.toml.")
        }
        _ => error.hint("Check who may read the file."),
    };
    error.because(e)
}

fn first_bytes(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::new();
    file.take(8).read_to_end(&mut first)?;
    Ok(first)
}

/// A byte-order mark: what it says and how long it is.
type Mark = (&'static encoding_rs::Encoding, usize);

/// Whether the file is text (`Some`, with its byte-order mark) or an XLSX workbook (`None`), and
/// whether that is what its name says.
fn kind(name: &str, path: &Path, first: &[u8]) -> Result<Option<Option<Mark>>> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let workbook = ending.as_deref() == Some("xlsx");
    let refuse =
        |said: &str, hint: &str| Err(Error::input(format!("{name} {said}.")).hint(hint.to_owned()));
    match decode::head(first) {
        _ if first.is_empty() => refuse("is empty", "Deliver the file again. Nothing was changed."),
        Head::Zip if workbook => Ok(None),
        Head::Text(mark) if !workbook => Ok(Some(mark)),
        Head::Zip => refuse(
            "is a zip file or an Excel workbook, not CSV text",
            "If it is a workbook, name it .xlsx here and in rollbook.toml.",
        ),
        Head::Text(_) => refuse(
            "is text, not an Excel workbook",
            "If it is CSV, name it .csv here and in rollbook.toml.",
        ),
        Head::OldExcel => refuse(
            "is an Excel workbook of the form before 2007, or protected by a password",
            "Save it as .xlsx without a password, or as CSV.",
        ),
        Head::Gzip => refuse("is compressed with gzip", "Unpack it first."),
        Head::Utf32 => refuse("is UTF-32 text, which is not read", "Save it as UTF-8."),
    }
}

fn show_delimited<R: Read>(
    name: &str,
    rows: &mut Delimited<R>,
    visit: &mut dyn Visit,
) -> Result<u64> {
    let Some(first) = rows.next()? else {
        return Err(Error::input(format!("{name} holds nothing but empty lines.")));
    };
    let names = first.bounds.iter().map(|&(from, to)| &first.text[from as usize..to as usize]);
    let header = Header::new(name, "line", first.line, names.map(str::to_owned).collect())?;
    visit.header(&header)?;
    let mut count = 0;
    while let Some(cells) = rows.next()? {
        let row = Row::new(&header, cells.line, cells.text, cells.bounds);
        row.check_width()?;
        visit.row(&row)?;
        count += 1;
    }
    Ok(count)
}
