//! Worker records from files: good input of every form becomes text, bad input is refused with
//! file, line and column, and nothing panics.

use std::path::Path;

use proptest::prelude::*;
use rollbook_core::worker::WorkerRecord;
use rollbook_engine::config::{AppointmentColumns, AppointmentsConfig, Config, SourceConfig};
use rollbook_engine::error::Result;
use rollbook_engine::source::{self, Delivery, LastGood};
use rollbook_engine::table::TableFormat;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

/// A source `hr` whose file is `path`, with these further lines for `[source.format]`.
fn config(path: &str, format: &str) -> SourceConfig {
    let text = format!(
        "[workspace]\nname = \"x\"\ntime_zone = \"UTC\"\n[[source]]\nname = \"hr\"\n\
         path = \"{path}\"\n[source.format]\n{format}\n[source.columns]\nnumber = \"Number\"\n\
         starts = \"Start\"\nends = \"End\"\nfamily = \"Name\"\n"
    );
    Config::parse(&text, "rollbook.toml").expect("it is good").sources.remove(0)
}

fn read_with(config: &SourceConfig, base: &Path) -> Result<(Vec<WorkerRecord>, Delivery)> {
    let mut records = Vec::new();
    let delivery = source::read(config, base, &mut |record| {
        records.push(record);
        Ok(())
    })?;
    Ok((records, delivery))
}

fn read_bytes(bytes: &[u8], path: &str, format: &str) -> Result<(Vec<WorkerRecord>, Delivery)> {
    let dir = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(dir.path().join(path), bytes).expect("the file can be written");
    read_with(&config(path, format), dir.path())
}

/// Every record as `number|start|end|name`, one per line.
fn shown(records: &[WorkerRecord]) -> String {
    let day = |day: Option<jiff::civil::Date>| day.map_or(String::new(), |day| day.to_string());
    let line = |r: &WorkerRecord| {
        format!("{}|{}|{}|{}", r.number, day(r.starts), day(r.ends), r.name.family)
    };
    records.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn check_read(bytes: &[u8], format: &str) -> String {
    let (records, _) = read_bytes(bytes, "w.csv", format).unwrap_or_else(|e| {
        panic!("it must be read: {}", crate::said(&e));
    });
    shown(&records)
}

fn refused(bytes: &[u8], format: &str) -> String {
    crate::said(&read_bytes(bytes, "w.csv", format).expect_err("it must be refused"))
}

/// A file with one row, in which the end is `day`.
fn with_end(day: &str) -> Vec<u8> {
    format!("Number,Start,End,Name\nE1,,{day},Pop\n").into_bytes()
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

const PLAIN: &str = "Number,Start,End,Name\n00123,2024-02-29,2027-03-05,Müller\nE2,,,Null\n";
const PLAIN_READ: &str = "00123|2024-02-29|2027-03-06|Müller\nE2|||Null";

#[test]
fn the_same_table_reads_alike_in_every_encoding_and_line_end() {
    let bom = [&b"\xEF\xBB\xBF"[..], PLAIN.as_bytes()].concat();
    let cp1252: Vec<u8> =
        PLAIN.chars().map(|c| u8::try_from(u32::from(c)).expect("latin")).collect();
    for (bytes, format) in [
        (PLAIN.as_bytes().to_vec(), ""),
        (bom.clone(), ""),
        (bom, "encoding = \"cp1252\""),
        (utf16(PLAIN, false, true), ""),
        (utf16(PLAIN, true, true), ""),
        (utf16(PLAIN, false, true), "encoding = \"cp1252\""),
        (utf16(PLAIN, false, false), "encoding = \"utf-16\""),
        (utf16(PLAIN, false, false), "encoding = \"utf-16le\""),
        (utf16(PLAIN, true, false), "encoding = \"utf-16be\""),
        (cp1252.clone(), "encoding = \"cp1252\""),
        (cp1252, "encoding = \"latin1\""),
        (PLAIN.replace('\n', "\r\n").into_bytes(), ""),
        (PLAIN.trim_end().as_bytes().to_vec(), ""),
        (PLAIN.replace('\n', "\r\n").trim_end().as_bytes().to_vec(), ""),
        (format!("{PLAIN}\n\r\n\n").into_bytes(), ""),
        (PLAIN.replace(',', ";").into_bytes(), "delimiter = \";\""),
        (PLAIN.replace(',', "\t").into_bytes(), "delimiter = \"tab\""),
        (PLAIN.replace("Number", " nUMBER ").into_bytes(), ""),
    ] {
        assert_eq!(check_read(&bytes, format), PLAIN_READ, "{format}: {bytes:?}");
    }
}

#[test]
fn quotes_are_taken_off_and_nothing_inside_them_is_lost() {
    let text = "Number,Start,End,Name\n\"E\"\"1\",,,\"van de Berg, \"\"Bo\"\"\"\nE2,\"\",,\"two\nlines\"\nE3,,,O\"Brien\n";
    assert_eq!(
        check_read(text.as_bytes(), ""),
        "E\"1|||van de Berg, \"Bo\"\nE2|||two\nlines\nE3|||O\"Brien"
    );
}

#[test]
fn names_that_look_like_something_else_stay_text() {
    let names = [
        "Null",
        "NaN",
        "N/A",
        "O'Brien",
        "=1+1",
        "محمد",
        "𠮷野",
        "Ng\u{1ee5}",
        "true",
        "1e5",
        " Pop ",
        "\u{a0}",
    ];
    let rows: String = names.iter().map(|name| format!("00{name},,,{name}\n")).collect();
    let text = format!("Number,Start,End,Name\n{rows}");
    let expected = names.map(|name| format!("00{}|||{name}", name.trim_end()));
    assert_eq!(check_read(text.as_bytes(), ""), expected.join("\n"));
    assert_eq!(check_read(&utf16(&text, false, true), ""), expected.join("\n"));
}

#[test]
fn an_end_is_the_first_day_gone_and_never_means_never() {
    let read = |day: &str, format: &str| check_read(&with_end(day), format);
    assert_eq!(read("2027-03-05", ""), "E1||2027-03-06|Pop");
    assert_eq!(read("2027-03-05", "ends = \"first_day_gone\""), "E1||2027-03-05|Pop");
    assert_eq!(read("2028-02-29", ""), "E1||2028-03-01|Pop");
    assert_eq!(read("2038-01-19", ""), "E1||2038-01-20|Pop");
    for never in ["", "  ", "9999-12-31", "2999-12-31"] {
        assert_eq!(read(never, ""), "E1|||Pop", "{never}");
    }
    assert_eq!(read("5.3.2027", "date_formats = [\"D.M.YYYY\"]"), "E1||2027-03-06|Pop");
    assert_eq!(read("05-mar-2027", "date_formats = [\"DD-MMM-YYYY\"]"), "E1||2027-03-06|Pop");
    assert_eq!(
        read("20270305", "date_formats = [\"YYYY-MM-DD\", \"YYYYMMDD\"]"),
        "E1||2027-03-06|Pop"
    );
    let midnight = "date_formats = [\"YYYY-MM-DDT00:00:00\"]";
    assert_eq!(read("2027-03-05T00:00:00", midnight), "E1||2027-03-06|Pop");
}

#[test]
fn a_day_that_is_none_is_refused_with_its_place() {
    let all: Vec<String> = [
        "2027-02-30",
        "0000-00-00",
        "0001-01-01",
        "1900-01-01",
        "45000",
        "20270305",
        "5/3/27",
        "5/3/2027",
        "2027-3-5",
        "2027-03-05T00:00:00",
        "1773446400",
        "tomorrow",
    ]
    .iter()
    .map(|day| refused(&with_end(day), ""))
    .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    w.csv, line 2, column `End`: there is no day `2027-02-30`.
      Correct it where it was written.
    w.csv, line 2, column `End`: there is no day `0000-00-00`.
      Correct it where it was written.
    w.csv, line 2, column `End`: `0001-01-01` lies before 1900, so it is no real day.
      Leave the cell empty where there is no day.
    w.csv, line 2, column `End`: `1900-01-01` is what systems write where there is no end.
      Leave the cell empty where there is none.
    w.csv, line 2, column `End`: `45000` is no date.
      It looks like the number by which a spreadsheet counts days: export the column as a date.
    w.csv, line 2, column `End`: `20270305` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    w.csv, line 2, column `End`: `5/3/27` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    w.csv, line 2, column `End`: `5/3/2027` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    w.csv, line 2, column `End`: `2027-3-5` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    w.csv, line 2, column `End`: `2027-03-05T00:00:00` is a moment, not a day.
      Export the day without a time of day, because which day a moment belongs to depends on the time zone.
    w.csv, line 2, column `End`: `1773446400` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    w.csv, line 2, column `End`: `tomorrow` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    "#);
    let said = refused(b"Number,Start,End,Name\nE1,2027-03-05,2027-03-04,Pop\n", "");
    insta::assert_snapshot!(said, @r"
    w.csv, line 2, column `End`: the end `2027-03-04` lies before the start.
      The start is 2027-03-05.
    ");
}

#[test]
fn a_day_in_one_record_that_starts_and_ends_at_once_is_good() {
    let text = b"Number,Start,End,Name\nE1,2027-03-05,2027-03-05,Pop\n";
    assert_eq!(check_read(text, ""), "E1|2027-03-05|2027-03-06|Pop");
    assert_eq!(check_read(text, "ends = \"first_day_gone\""), "E1|2027-03-05|2027-03-05|Pop");
}

#[test]
fn a_header_that_leaves_doubt_is_refused() {
    insta::assert_snapshot!(refused(b"Number,Start,End,Name,number \nE1,,,Pop,\n", ""), @r"
    w.csv, line 1: columns 1 and 5 are both called `number`, so nobody can say which is meant.
      Give every column a name of its own.
    ");
    insta::assert_snapshot!(refused(b"Number,Start,End,Name,\nE1,,,Pop,\n", ""), @r"
    w.csv, line 1: column 5 has no name.
      Give every column a name of its own.
    ");
    insta::assert_snapshot!(refused(b"Nr,Start,End,Name\nE1,,,Pop\n", ""), @r"
    w.csv has no column `Number`, which is mapped to `number` in rollbook.toml.
      Known here: `Nr`, `Start`, `End`, `Name`.
    ");
    insta::assert_snapshot!(refused(b"Num ber,Start,End,Name\nE1,,,Pop\n", ""), @r"
    w.csv has no column `Number`, which is mapped to `number` in rollbook.toml.
      Did you mean `Num ber`?
    ");
    insta::assert_snapshot!(refused(b"Number;Start;End;Name\nE1;;;Pop\n", ""), @r#"
    w.csv has no column `Name`, which is mapped to `family` in rollbook.toml.
      The first line has one cell only; perhaps `format = { delimiter = ";" }` is missing.
    "#);
}

#[test]
fn columns_are_found_by_name_and_new_ones_are_told() {
    let text = "active,Name,End,Start,Number\nno,Pop,,,E1\n";
    let (records, delivery) = read_bytes(text.as_bytes(), "w.csv", "").expect("it is good");
    assert_eq!(shown(&records), "E1|||Pop");
    assert_eq!(delivery.unused, ["active"]);
}

#[test]
fn rows_that_do_not_fit_are_refused_with_their_line() {
    let row = |row: &str| refused(format!("Number,Start,End,Name\nE1,,,A\n{row}\n").as_bytes(), "");
    insta::assert_snapshot!(row("E2,,"), @r"
    w.csv, line 3: this row has 3 cells, but the header has 4.
      A cell that holds the separator must stand in quotes.
    ");
    insta::assert_snapshot!(row("E2,,,van, de"), @r"
    w.csv, line 3: this row has 5 cells, but the header has 4.
      A cell that holds the separator must stand in quotes.
    ");
    insta::assert_snapshot!(row("\nE2,,,B"), @"w.csv, line 3: this line is empty, and rows follow it.");
    insta::assert_snapshot!(row(" ,,,B"), @"w.csv, line 3, column `Number`: the worker number is empty, so nobody can say whose record this is.");
    insta::assert_snapshot!(row("E2,,,B\0"), @r#"
    w.csv, line 3: there is a NUL byte in it, so this is not text in the encoding that was said.
      Say how the file is written, for example `format = { encoding = "cp1252" }` or "utf-16", or export it as UTF-8.
    "#);
    insta::assert_snapshot!(row("E2,,,B\rE3,,,C"), @r"
    w.csv, line 3: there is a carriage return without a line feed.
      Save the file with the line ends of Windows or Unix.
    ");
    insta::assert_snapshot!(row("\"E2\nx\",,,B\nE3,,"), @r"
    w.csv, line 5: this row has 3 cells, but the header has 4.
      A cell that holds the separator must stand in quotes.
    ");
    insta::assert_snapshot!(row(&format!("E2,,,{}", "x".repeat(10_000_000))), @r"
    w.csv, line 3: this row is longer than 1048576 bytes.
      Inside a quoted cell a quote is written twice; a cell that begins with a quote must end with one.
    ");
}

#[test]
fn a_quote_that_is_never_closed_is_refused_where_it_opens() {
    let many = "E3,,,C\n".repeat(10_000);
    let row = |row: &str| refused(format!("Number,Start,End,Name\nE1,,,A\n{row}\n").as_bytes(), "");
    insta::assert_snapshot!(row("E2,,,\"B"), @r"
    w.csv, line 3: a quote opens here and is never closed.
      Inside a quoted cell a quote is written twice; a cell that begins with a quote must end with one.
    ");
    insta::assert_snapshot!(row(&format!("E2,,,\"B\n{many}")), @r"
    w.csv, line 3: a quote opens here and is not closed within 100 lines, so rows would be swallowed.
      Inside a quoted cell a quote is written twice; a cell that begins with a quote must end with one.
    ");
    insta::assert_snapshot!(row(&format!("E2,,,\"B\n{many}E4,,,\"C\"")), @r"
    w.csv, line 3: a quote opens here and is not closed within 100 lines, so rows would be swallowed.
      Inside a quoted cell a quote is written twice; a cell that begins with a quote must end with one.
    ");
    insta::assert_snapshot!(row("E2,,,\"B\"C"), @r"
    w.csv, line 3: text follows a closing quote.
      Inside a quoted cell a quote is written twice; a cell that begins with a quote must end with one.
    ");
}

#[test]
fn text_in_another_encoding_is_refused_with_its_line() {
    insta::assert_snapshot!(refused(b"Number,Start,End,Name\nE1,,,A\nE2,,,M\xFCller\n", ""), @r#"
    w.csv, line 3: the byte 0xFC is not UTF-8 text here.
      Say how the file is written, for example `format = { encoding = "cp1252" }` or "utf-16", or export it as UTF-8.
    "#);
    insta::assert_snapshot!(refused(&utf16(PLAIN, false, false), ""), @r#"
    w.csv, line 1: there is a NUL byte in it, so this is not text in the encoding that was said.
      Say how the file is written, for example `format = { encoding = "cp1252" }` or "utf-16", or export it as UTF-8.
    "#);
    insta::assert_snapshot!(refused(&utf16(PLAIN, true, false), ""), @r#"
    w.csv, line 1: there is a NUL byte in it, so this is not text in the encoding that was said.
      Say how the file is written, for example `format = { encoding = "cp1252" }` or "utf-16", or export it as UTF-8.
    "#);
    let mut odd = utf16(PLAIN, false, true);
    odd.pop();
    insta::assert_snapshot!(refused(&odd, ""), @r#"
    w.csv, line 3: there are bytes that are no text in the encoding that was said.
      Say how the file is written, for example `format = { encoding = "cp1252" }` or "utf-16", or export it as UTF-8.
    "#);
    let lone =
        [utf16("Number,Start,End,Name\nE1,,,", false, true), vec![0x00, 0xD8, b'\n', 0]].concat();
    insta::assert_snapshot!(refused(&lone, ""), @r#"
    w.csv, line 2: there are bytes that are no text in the encoding that was said.
      Say how the file is written, for example `format = { encoding = "cp1252" }` or "utf-16", or export it as UTF-8.
    "#);
    insta::assert_snapshot!(refused(b"\xFF\xFE\0\0N\0\0\0", ""), @r"
    w.csv is UTF-32 text, which is not read.
      Save it as UTF-8.
    ");
}

#[test]
fn a_file_that_is_not_what_its_name_says_is_refused() {
    let workbook = workbook(|_| {});
    let said =
        |bytes: &[u8], path: &str| crate::said(&read_bytes(bytes, path, "").expect_err("no"));
    insta::assert_snapshot!(said(&workbook, "w.csv"), @r"
    w.csv is a zip file or an Excel workbook, not CSV text.
      If it is a workbook, name it .xlsx here and in rollbook.toml.
    ");
    insta::assert_snapshot!(said(PLAIN.as_bytes(), "w.xlsx"), @r"
    w.xlsx is text, not an Excel workbook.
      If it is CSV, name it .csv here and in rollbook.toml.
    ");
    insta::assert_snapshot!(said(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "w.xlsx"), @r"
    w.xlsx is an Excel workbook of the form before 2007, or protected by a password.
      Save it as .xlsx without a password, or as CSV.
    ");
    insta::assert_snapshot!(said(b"\x1F\x8B\x08\0", "w.csv"), @r"
    w.csv is compressed with gzip.
      Unpack it first.
    ");
    insta::assert_snapshot!(said(&workbook[..workbook.len() / 2], "w.xlsx"), @r"
    w.xlsx is not a whole Excel workbook: invalid Zip archive: Could not find EOCD.
      Save it again. A copy that was cut off looks like this.
    ");
}

#[test]
fn a_file_without_rows_is_refused() {
    insta::assert_snapshot!(refused(b"", ""), @r"
    w.csv is empty.
      Deliver the file again. Nothing was changed.
    ");
    insta::assert_snapshot!(refused(b"\n\n", ""), @"w.csv holds nothing but empty lines.");
    insta::assert_snapshot!(refused(b"Number,Start,End,Name\n", ""), @r"
    w.csv holds a header and no row.
      Deliver the file again. Nothing was changed.
    ");
    let dir = tempfile::tempdir().expect("a folder can be made");
    let missing = read_with(&config("in/w.csv", ""), dir.path()).expect_err("there is none");
    insta::assert_snapshot!(crate::said(&missing), @r"
    in/w.csv cannot be read: No such file or directory (os error 2).
      Put the file there, or change `path` in rollbook.toml.
    ");
    std::fs::create_dir(dir.path().join("w.csv")).expect("a folder can be made");
    let folder = read_with(&config("w.csv", ""), dir.path()).expect_err("it is a folder");
    insta::assert_snapshot!(crate::said(&folder), @"w.csv is not a file.");
}

#[test]
fn a_row_that_comes_twice_counts_once_and_two_people_with_one_number_are_passed_on() {
    let text = "Number,Start,End,Name\nE1,,,Pop\nE1,,,Pop\nE1,,,Ionescu\n";
    let (records, delivery) = read_bytes(text.as_bytes(), "w.csv", "").expect("it is good");
    assert_eq!(shown(&records), "E1|||Pop\nE1|||Ionescu");
    assert_eq!((delivery.rows, delivery.repeated, delivery.numbers.count()), (2, 1, 1));
}

#[test]
fn the_digest_is_that_of_the_bytes_as_they_lie_there() {
    let digest =
        |bytes: &[u8], path: &str| read_bytes(bytes, path, "").expect("it is good").1.sha256;
    let marked = [&b"\xEF\xBB\xBF"[..], PLAIN.as_bytes()].concat();
    let wide = utf16(PLAIN, false, true);
    let book = workbook(|_| {});
    for (bytes, path) in
        [(PLAIN.as_bytes(), "w.csv"), (&marked, "w.csv"), (&wide, "w.csv"), (&book, "w.xlsx")]
    {
        let expected = <sha2::Sha256 as sha2::Digest>::digest(bytes);
        assert_eq!(digest(bytes, path), rollbook_core::id::hex(&expected));
    }
}

#[test]
fn lists_attributes_and_kinds_come_from_their_columns() {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let text =
        "Number,Kind,Mail,Level,Boss\nE1,,a@x.example; b@x.example;,7, E9 \nE2,contract,,,\n";
    std::fs::write(dir.path().join("w.csv"), text).expect("the file can be written");
    let toml = "[workspace]\nname = \"x\"\ntime_zone = \"UTC\"\n[[source]]\nname = \"hr\"\n\
                path = \"w.csv\"\ncolumns = { number = \"Number\", kind = \"Kind\", work_email = \
                \"Mail\", manager = \"Boss\" }\nattributes = { level = \"Level\" }\n";
    let config = Config::parse(toml, "rollbook.toml").expect("it is good");
    let (records, _) = read_with(&config.sources[0], dir.path()).expect("it is good");
    assert_eq!(records[0].kind, "employment");
    assert_eq!(records[1].kind, "contract");
    assert_eq!(records[0].work_emails, ["a@x.example", "b@x.example"]);
    assert_eq!(records[0].attributes["level"], "7");
    assert!(records[1].attributes.is_empty());
    assert_eq!(records[0].placement.manager.as_ref().map(|m| m.as_str()), Some("E9"));
}

#[test]
fn appointments_are_dated_and_none_is_no_error() {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let mut config = config("w.csv", "ends = \"first_day_gone\"");
    assert_eq!(source::read_appointments(&config, dir.path()).expect("none are configured"), []);
    let columns = AppointmentColumns {
        worker: "worker".to_owned(),
        unit: "unit".to_owned(),
        starts: Some("start".to_owned()),
        ends: Some("end".to_owned()),
        confers: Some("confers".to_owned()),
    };
    config.appointments = Some(AppointmentsConfig { path: "a.csv".into(), format: None, columns });
    let read = |text: &str| {
        std::fs::write(dir.path().join("a.csv"), text).expect("the file can be written");
        source::read_appointments(&config, dir.path())
    };
    let header = "unit,worker,start,end,confers\n";
    assert_eq!(read(header).expect("nobody stands in"), []);
    let all = read(&format!("{header}Sales,E1,2026-01-01,2026-02-01,both\n")).expect("good");
    assert_eq!(all[0].worker.to_string(), "hr/E1");
    assert_eq!(all[0].ends, Some(jiff::civil::date(2026, 2, 1)));
    let backwards = read(&format!("{header}Sales,E1,2026-02-01,2026-01-01,both\n"));
    insta::assert_snapshot!(crate::said(&backwards.expect_err("it must be refused")), @r"
    a.csv, line 2, column `end`: the end `2026-01-01` lies before the start.
      The start is 2026-02-01.
    ");
}

/// A workbook with a header, one row of every kind of cell, and what `more` adds.
fn workbook(more: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let five = Format::new().set_num_format("00000");
    let date = Format::new().set_num_format("dd.mm.yyyy");
    let day = |y, m, d| ExcelDateTime::from_ymd(y, m, d).expect("the day exists");
    let put = |sheet: &mut rust_xlsxwriter::Worksheet| -> Result<(), rust_xlsxwriter::XlsxError> {
        sheet.write_row(0, 0, ["Number", "Start", "End", "Name"])?;
        sheet.write_with_format(1, 0, 123, &five)?;
        sheet.write_with_format(1, 1, day(2024, 2, 29), &date)?;
        sheet.write(1, 2, "2027-03-05")?;
        sheet.write(1, 3, "Müller")?;
        sheet.write(3, 0, "00124")?;
        sheet.write(3, 3, true)?;
        sheet.write(4, 0, 98_765_432)?;
        Ok(())
    };
    put(sheet).expect("the cells can be written");
    more(&mut workbook);
    workbook.save_to_buffer().expect("the workbook can be saved")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in ["", "encoding = \"utf-16\"", "encoding = \"cp1252\"", "encoding = \"shift_jis\""] {
            let _ = read_bytes(&bytes, "w.csv", format);
        }
        let _ = read_bytes(&bytes, "w.xlsx", "");
    }

    #[test]
    fn a_broken_workbook_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = workbook(|_| {});
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read_bytes(&bytes, "w.xlsx", "");
    }

    /// What is accepted reads as the lenient reader of the `csv` crate reads it.
    #[test]
    fn what_is_accepted_agrees_with_another_reader(
        text in "Number,Start,End,Name\n([a\",\r\n ü]|\"\"|,,,|\n\"|\",){0,60}"
    ) {
        let Ok((records, delivery)) = read_bytes(text.as_bytes(), "w.csv", "") else { return Ok(()) };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let theirs: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("it is text")).collect();
        prop_assert_eq!(delivery.rows + delivery.repeated, theirs.len() as u64);
        let mut names: Vec<&str> = theirs.iter().map(|r| &r[3]).collect();
        names.dedup();
        let mut ours: Vec<&str> = records.iter().map(|r| r.name.family.as_str()).collect();
        ours.dedup();
        if delivery.repeated == 0 {
            prop_assert_eq!(ours, names);
        }
    }

    /// Any cells at all, written by the rules, come back byte for byte.
    #[test]
    fn any_text_written_by_the_rules_comes_back(
        names in proptest::collection::vec("[^\0]{0,20}", 1..40)
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["Number", "Start", "End", "Name"]).expect("memory takes it");
        for (at, name) in names.iter().enumerate() {
            writer.write_record([format!("E{at}").as_str(), "", "", name]).expect("memory takes it");
        }
        let bytes = writer.into_inner().expect("memory takes it");
        let (records, _) = read_bytes(&bytes, "w.csv", "").expect("it is written by the rules");
        let ours: Vec<&str> = records.iter().map(|r| r.name.family.as_str()).collect();
        prop_assert_eq!(ours, names);
    }
}

#[test]
fn a_workbook_reads_as_a_person_sees_it() {
    let (records, _) = read_bytes(&workbook(|_| {}), "w.xlsx", "").expect("it is good");
    assert_eq!(shown(&records), "00123|2024-02-29|2027-03-06|Müller\n00124|||true\n98765432|||");
}

#[test]
fn a_workbook_in_doubt_is_refused() {
    let said = |bytes: &[u8], format: &str| {
        crate::said(&read_bytes(bytes, "w.xlsx", format).expect_err("it must be refused"))
    };
    let two = workbook(|book| {
        book.add_worksheet().set_name("Other").expect("the name is good");
    });
    insta::assert_snapshot!(said(&two, ""), @r#"
    w.xlsx has 2 sheets: Sheet1, Other.
      Say which, for example `format = { sheet = "Sheet1" }`.
    "#);
    insta::assert_snapshot!(said(&two, "sheet = \"Othr\""), @r"
    w.xlsx has no sheet `Othr`.
      Did you mean `Other`?
    ");
    insta::assert_snapshot!(said(&two, "sheet = \"Other\""), @"w.xlsx: the sheet `Other` is empty.");
    assert!(read_bytes(&two, "w.xlsx", "sheet = \"Sheet1\"").is_ok());
    let cell = |row, column, value: f64| {
        workbook(|book| {
            let sheet = book.worksheet_from_index(0).expect("there is one");
            sheet.write(row, column, value).expect("the cell can be written");
        })
    };
    insta::assert_snapshot!(said(&cell(4, 1, 45_000.0), ""), @r"
    w.xlsx, row 5, column `Start`: `45000` is no date.
      It looks like the number by which a spreadsheet counts days: export the column as a date.
    ");
    insta::assert_snapshot!(said(&cell(5, 0, 12_345_678_901_234_567_890.0), ""), @"w.xlsx, row 6, column `Number`: a number of so many digits has lost some in the spreadsheet, format the column as text.");
    insta::assert_snapshot!(said(&cell(4, 7, 1.0), ""), @"w.xlsx, row 5, column 8: this cell stands outside the columns that have a name.");
    insta::assert_snapshot!(said(&cell(4, 1, 0.5), ""), @r#"
    w.xlsx, row 5, column `Start`: `0.5` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    "#);
    let time = workbook(|book| {
        let sheet = book.worksheet_from_index(0).expect("there is one");
        let at = ExcelDateTime::parse_from_str("2027-03-05T10:30:00").expect("it is a moment");
        let format = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        sheet.write_with_format(4, 1, &at, &format).expect("the cell can be written");
    });
    insta::assert_snapshot!(said(&time, ""), @r"
    w.xlsx, row 5, column `Start`: `2027-03-05T10:30:00` is a moment, not a day.
      Export the day without a time of day, because which day a moment belongs to depends on the time zone.
    ");
    let failed = workbook(|book| {
        let sheet = book.worksheet_from_index(0).expect("there is one");
        let formula = rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A");
        sheet.write(4, 3, formula).expect("the cell can be written");
    });
    insta::assert_snapshot!(said(&failed, ""), @"w.xlsx, row 5, column `Name`: the formula in this cell failed with #N/A.");
}

/// A zip archive in which one part unpacks to `size` zeros.
#[test]
fn a_workbook_that_unpacks_without_end_is_refused() {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflated = zip::write::SimpleFileOptions::default();
    zip.start_file("xl/sharedStrings.xml", deflated).expect("memory takes it");
    let zeros = vec![0; 1 << 20];
    for _ in 0..=512 {
        zip.write_all(&zeros).expect("memory takes it");
    }
    let bytes = zip.finish().expect("memory takes it").into_inner();
    assert!(bytes.len() < 2 << 20, "it is small on the disk: {}", bytes.len());
    let said = crate::said(&read_bytes(&bytes, "w.xlsx", "").expect_err("it must be refused"));
    insta::assert_snapshot!(said, @r"
    w.xlsx unpacks to more than 512 MiB.
      Export it as CSV, which has no limit.
    ");
}

#[test]
fn a_delivery_that_shrank_emptied_or_was_renumbered_is_kept_out() {
    let delivery = |numbers: std::ops::Range<u32>| {
        let rows: String = numbers.map(|n| format!("E{n},,,Pop\n")).collect();
        let text = format!("Number,Start,End,Name\n{rows}");
        read_bytes(text.as_bytes(), "w.csv", "").expect("it is good").1
    };
    let numbers: Vec<String> = (0..100).map(|n| format!("E{n}")).collect();
    let before = LastGood::new(100, numbers.iter().map(String::as_str));
    let config = config("w.csv", "");
    let stop =
        |now: &Delivery| source::stop(Some(&before), now, &config).map(|out| out.to_string());
    assert_eq!(source::stop(None, &delivery(0..1), &config), None);
    assert_eq!(stop(&delivery(0..100)), None);
    assert_eq!(stop(&delivery(0..80)), None);
    assert_eq!(stop(&delivery(10..110)), None);
    assert_eq!(stop(&delivery(0..1000)), None);
    insta::assert_snapshot!(stop(&delivery(0..79)).expect("it shrank"), @r#"w.csv of the source `hr` holds 79 records where the last good delivery held 100, which is 21 % fewer. It was kept out; the last good delivery stays in force and nobody is removed. Deliver the whole file again. If so many have really left, say so for this delivery: `rollbook sync --accept-shrink hr --reason "…"`."#);
    insta::assert_snapshot!(stop(&delivery(50..150)).expect("it was renumbered"), @r#"In w.csv of the source `hr`, 50 of the 100 known worker numbers are gone and 50 of 100 are new, as if everybody had been given another number. It was kept out; the last good delivery stays in force and nobody is removed. Check that `number` is mapped to the column that it was mapped to before. If the numbers have really changed, say so for this delivery: `rollbook sync --accept-shrink hr --reason "…"`."#);
    let lenient = SourceConfig { shrink_pct_max: 100, ..config.clone() };
    assert_eq!(source::stop(Some(&before), &delivery(500..501), &lenient), None);
}

#[test]
fn a_sink_that_refuses_ends_the_reading() {
    let dir = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(dir.path().join("w.csv"), PLAIN).expect("the file can be written");
    let mut count = 0;
    let refused = source::read(&config("w.csv", ""), dir.path(), &mut |_| {
        count += 1;
        Err(rollbook_engine::Error::refused("Enough."))
    });
    assert_eq!(
        (refused.expect_err("the sink refused").to_string(), count),
        ("Enough.".to_owned(), 1)
    );
    assert_eq!(TableFormat::default().list_separator, ";");
}
