//! Worksheets as spreadsheet programs write them: what people see in the cells is what the import is given.
#![cfg(feature = "xlsx")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use coupon_pools::error::{Code, Detail, Error};
use coupon_pools::sheet::text::{Mark, SheetText};
use coupon_pools::sheet::{Options, SheetRef, open};
use serde_json::Value;

/// The entries of the table, with the files they are about.
fn entries(extensions: &[&str]) -> Vec<(String, Vec<u8>, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sheets");
    let table: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let found: Vec<_> = table
        .into_iter()
        .map(|entry| (entry["file"].as_str().unwrap().to_owned(), entry))
        .filter(|(file, _)| extensions.iter().any(|extension| file.ends_with(extension)))
        .map(|(file, entry)| {
            let (program, name) = file.split_once('/').unwrap();
            let bytes = fs::read(folder.join(program).join("files").join(name)).unwrap();
            (file, bytes, entry)
        })
        .collect();
    assert!(found.len() > 5, "the table has entries for {extensions:?}");
    found
}

fn read(bytes: &[u8], sheet: Option<SheetRef>) -> Result<(String, String), Error> {
    let mut reader = open(Rc::new(bytes.to_vec()), &Options { sheet, ..Options::default() })?;
    let mut text = Vec::new();
    let mut last = 0;
    while let Some(piece) = reader.next()? {
        text.extend_from_slice(&piece);
        assert!(reader.position() >= last, "progress never goes back");
        last = reader.position();
    }
    assert_eq!(last, bytes.len() as u64, "at the end, all of the file is read");
    Ok((reader.sheet().to_owned(), String::from_utf8(text).unwrap()))
}

/// The sheet text that stands for the rows of the table.
fn expected(rows: &Value) -> String {
    let mut sheet = SheetText::new();
    for (row, cells) in rows.as_array().unwrap().iter().enumerate() {
        for (column, cell) in cells.as_array().unwrap().iter().enumerate() {
            let (mark, text) = match cell {
                Value::String(text) => (None, text.as_str()),
                marked => (Mark::of(marked[0].as_str().unwrap().as_bytes()[0]), marked[1].as_str().unwrap()),
            };
            assert!(sheet.cell(row as u64 + 1, column as u32, mark, text));
        }
    }
    sheet.end();
    String::from_utf8(sheet.take()).unwrap()
}

fn check(extensions: &[&str]) {
    let mut wrong = Vec::new();
    for (file, bytes, entry) in entries(extensions) {
        let sheet = match &entry["sheet"] {
            Value::String(name) => Some(SheetRef::Name(name.clone())),
            Value::Number(number) => Some(SheetRef::Number(number.as_u64().unwrap())),
            _ => None,
        };
        let read = read(&bytes, sheet);
        let differs = match &entry["choices"] {
            Value::Array(names) => {
                let names: Vec<String> = names.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
                let code = if names.is_empty() { Code::UploadEmpty } else { Code::UploadSheetUnknown };
                let listed = Detail::List(names.clone());
                match &read {
                    Err(error) if error.code() == code => {
                        code == Code::UploadSheetUnknown && !error.details().contains(&("sheets", listed))
                    }
                    _ => true,
                }
            }
            _ => {
                let wanted = (entry["name"].as_str().unwrap().to_owned(), expected(&entry["rows"]));
                read.as_ref() != Ok(&wanted)
            }
        };
        if differs {
            wrong.push(format!("{file} ({}): {}", entry["about"], difference(&read, &entry)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first line that is another one than the table says.
fn difference(read: &Result<(String, String), Error>, entry: &Value) -> String {
    let Ok((name, text)) = read else { return format!("{read:?}") };
    if !entry["rows"].is_array() {
        return format!("the worksheet {name} was read");
    }
    let wanted = expected(&entry["rows"]);
    let line = text.lines().zip(wanted.lines()).position(|(line, wanted)| line != wanted);
    let line = line.unwrap_or_else(|| text.lines().count().min(wanted.lines().count()));
    let at = |text: &str| text.lines().nth(line).map(str::to_owned);
    format!("{name}, line {}: {:?} is not {:?}", line + 1, at(text), at(&wanted))
}

#[test]
fn xlsx_files_of_every_program_are_read_as_people_see_them() {
    check(&[".xlsx", ".xlsm"]);
}

#[test]
#[cfg(feature = "spreadsheets")]
fn ods_files_are_read_as_people_see_them_whatever_white_space_is_between_their_tags() {
    check(&[".ods"]);
}

#[test]
#[cfg(feature = "spreadsheets")]
fn old_and_binary_excel_files_are_read_as_people_see_them() {
    check(&[".xls", ".xlsb"]);
}
