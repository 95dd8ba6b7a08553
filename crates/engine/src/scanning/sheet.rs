//! The findings of a scan as files: one for each instance, written while it is read, and one for
//! what is missing. They become visible together, when all of them are complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rollbook_core::finding::Kind;
use rollbook_core::matching::Rule;
use rollbook_core::scan::Found;
use serde::Serialize;
use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::packing::table::harmless;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For spreadsheets. A cell that one would take for a formula is written with a `'` before it.
    Csv,
    /// For programs: one JSON object a line.
    JsonLines,
}

impl Form {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}

/// One finding.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    kind: Kind,
    instance: &'a str,
    account: Option<&'a str>,
    login: Option<&'a str>,
    rule: Option<&'static str>,
}

impl<'a> Line<'a> {
    pub(super) fn of_account(
        instance: &'a str,
        account: &'a str,
        login: &'a str,
        found: Found,
    ) -> Self {
        Self {
            kind: found.kind,
            instance,
            account: Some(account),
            login: Some(login),
            rule: found.rule.map(Rule::word),
        }
    }

    pub(super) fn of_missing(instance: &'a str) -> Self {
        Self { kind: Kind::Missing, instance, account: None, login: None, rule: None }
    }
}

/// Whom a finding is about.
#[derive(Serialize)]
pub(super) struct Owner<'a> {
    pub(super) source: &'a str,
    pub(super) worker: &'a str,
    pub(super) last_day: Option<Date>,
}

/// Both as one JSON object.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    line: &'a Line<'a>,
    source: Option<&'a str>,
    worker: Option<&'a str>,
    last_day: Option<Date>,
}

const FIELDS: [&str; 8] =
    ["kind", "instance", "account", "login", "rule", "source", "worker", "last_day"];

/// The files of one scan, in a folder that nobody sees until they are complete.
#[derive(Debug)]
pub(super) struct Sheets {
    room: TempDir,
    folder: PathBuf,
    form: Form,
}

impl Sheets {
    /// Files that will lie in `folder`, which must be new or empty.
    pub(super) fn new(folder: &Path, form: Form) -> Result<Self> {
        let holds = |mut entries: fs::ReadDir| entries.next().is_some();
        if folder.exists() && fs::read_dir(folder).map_or(true, holds) {
            let said = format!("{} is there already and is no empty folder.", folder.display());
            return Err(Error::input(said).hint("Name a new one; nothing was overwritten."));
        }
        let name = folder.file_name();
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        let above = above.unwrap_or(Path::new("."));
        let room = fs::create_dir_all(above)
            .and_then(|()| tempfile::Builder::new().prefix(".scan-").tempdir_in(above))
            .map_err(|e| unwritable(folder, e))?;
        match name {
            Some(_) => Ok(Self { room, folder: folder.to_owned(), form }),
            None => Err(Error::input(format!("{} cannot be made.", folder.display()))),
        }
    }

    /// The file `name`, to be written by one thread.
    pub(super) fn open(&self, name: &str) -> Result<Sheet> {
        let path = self.room.path().join(format!("{name}.{}", self.form.ending()));
        let file = File::create_new(&path).map_err(|e| unwritable(&path, e))?;
        let mut sheet = match self.form {
            Form::Csv => Sheet::Csv(path, Box::new(csv::Writer::from_writer(file))),
            Form::JsonLines => Sheet::JsonLines(path, BufWriter::new(file)),
        };
        if let Sheet::Csv(path, writer) = &mut sheet {
            writer.write_record(FIELDS).map_err(|e| unwritable(path, e))?;
        }
        Ok(sheet)
    }

    /// Lets the files be seen.
    pub(super) fn finish(self) -> Result<()> {
        let Self { room, folder, .. } = self;
        fs::rename(room.path(), &folder).map_err(|e| unwritable(&folder, e))?;
        // There is nothing left to clear away under the old name.
        let _ = room.keep();
        Ok(())
    }
}

/// One file that is being written.
pub(super) enum Sheet {
    Csv(PathBuf, Box<csv::Writer<File>>),
    JsonLines(PathBuf, BufWriter<File>),
}

impl Sheet {
    pub(super) fn write(&mut self, line: &Line<'_>, owner: Option<Owner<'_>>) -> Result<()> {
        let (source, worker) = (owner.as_ref().map(|o| o.source), owner.as_ref().map(|o| o.worker));
        let last_day = owner.and_then(|owner| owner.last_day);
        match self {
            Self::Csv(path, writer) => {
                let last_day = last_day.map(|day| day.to_string());
                let cells = [
                    Some(line.kind.word()),
                    Some(line.instance),
                    line.account,
                    line.login,
                    line.rule,
                    source,
                    worker,
                    last_day.as_deref(),
                ];
                let cells = cells.map(|cell| harmless(cell.unwrap_or_default()));
                writer.write_record(&cells).map_err(|e| unwritable(path, e))
            }
            Self::JsonLines(path, writer) => {
                let whole = Whole { line, source, worker, last_day };
                serde_json::to_writer(&mut *writer, &whole)
                    .map_err(std::io::Error::from)
                    .and_then(|()| writer.write_all(b"\n"))
                    .map_err(|e| unwritable(path, e))
            }
        }
    }

    /// Writes what is still held back.
    pub(super) fn close(self) -> Result<()> {
        let (path, flushed) = match self {
            Self::Csv(path, mut writer) => (path, writer.flush()),
            Self::JsonLines(path, mut writer) => (path, writer.flush()),
        };
        flushed.map_err(|e| unwritable(&path, e))
    }
}

fn unwritable(path: &Path, e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let said = format!("The findings cannot be written to {}.", path.display());
    Error::setup(said).hint("Look whether there is room and who may write there.").because(e)
}
