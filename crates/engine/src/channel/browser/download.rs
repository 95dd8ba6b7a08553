//! The members as a CSV file that the app hands out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rollbook_catalog::browser::{Cell, Field, Members};
use tokio::time::{Instant, sleep};

use super::row::Row;

/// A longer file is not read.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Empties the folder, so that what comes into it is what was asked for.
///
/// # Errors
/// Why not, as a sentence without its end.
pub(super) fn clear(folder: &Path) -> Result<(), String> {
    let failed =
        |cause: std::io::Error| format!("the folder for downloads cannot be emptied: {cause}");
    fs::create_dir_all(folder).map_err(failed)?;
    for entry in fs::read_dir(folder).map_err(failed)? {
        fs::remove_file(entry.map_err(failed)?.path()).map_err(failed)?;
    }
    Ok(())
}

/// The one file that came, when it is whole.
///
/// # Errors
/// That none came, or several.
pub(super) async fn wait(folder: &Path, deadline: Instant) -> Result<PathBuf, String> {
    loop {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        // Chromium writes beside the name and renames when all is there.
        let is_half = |file: &PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.ends_with(".crdownload")
                || name.starts_with(".org.chromium.")
                || name.starts_with(".com.google.")
        };
        match files.as_slice() {
            [file] if !is_half(file) => return Ok(file.clone()),
            [_, _, ..] if !files.iter().any(is_half) => {
                return Err("more than one file came".to_owned());
            }
            _ if Instant::now() > deadline => return Err("the download does not come".to_owned()),
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The rows of the file, which is wiped.
///
/// # Errors
/// What is wrong with it, as a sentence without its end.
pub(super) fn rows(file: &Path, members: &Members) -> Result<Vec<Row>, String> {
    let length = fs::metadata(file).map_err(|cause| format!("the file is gone: {cause}"))?.len();
    if length > BYTES_MAX {
        return Err(format!("the file is longer than {BYTES_MAX} bytes"));
    }
    let bytes = fs::read(file).map_err(|cause| format!("the file cannot be read: {cause}"))?;
    // Nothing of it may stay behind; the folder goes with the browser all the same.
    let _ = fs::remove_file(file);
    let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
    table(text.trim_start_matches('\u{feff}'), members)
}

fn table(text: &str, members: &Members) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|cause| cause.to_string())?.clone();
    let mut seen = BTreeSet::new();
    if let Some(head) = heads.iter().find(|head| !seen.insert(head.to_lowercase())) {
        return Err(format!("the file has two columns called \"{head}\""));
    }
    let place = |field: Field| match members.columns.get(&field) {
        Some(Cell::Column { head, .. }) => heads.iter().position(|it| it == head),
        _ => None,
    };
    if let Some(field) = members.columns.keys().find(|field| place(**field).is_none()) {
        return Err(format!("the file has no column for {}", super::row::word(*field)));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|cause| format!("the file breaks off: {cause}"))?;
        let said = |field| record.get(place(field)?).map(str::to_owned);
        rows.push(Row::new(said, members));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Members {
        toml::from_str(
            "count = \"{count} members\"\notherwise = \"active\"\n\
             columns = { email = \"E-mail\", display_name = \"Name\" }",
        )
        .expect("a list")
    }

    #[test]
    fn a_file_is_read_by_its_heads() {
        let rows =
            table("Name,E-mail,Else\n\"Silva, Ana\",ana@acme.example,x\n", &members()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].said(Field::Email), "ana@acme.example");
        assert_eq!(rows[0].said(Field::DisplayName), "Silva, Ana");
    }

    #[test]
    fn a_file_that_can_be_read_in_two_ways_is_not_read() {
        for (text, why) in [
            ("E-mail,Name,name\n", "two columns"),
            ("E-mail\n", "no column for display_name"),
            ("E-mail,Name\na@b.c\n", "breaks off"),
        ] {
            let error = table(text, &members()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
