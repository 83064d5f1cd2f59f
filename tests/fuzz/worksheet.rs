//! Any bytes as a spreadsheet: sheet text or an error with a code, nothing that the import cannot read, and no more of it
//! than the limits allow.

use std::rc::Rc;

use coupon_pools::error::{Class, Error};
use coupon_pools::sheet::{Limits, Options, SheetRef, open};

/// Small limits, so that reaching them is quick.
fn limits() -> Limits {
    Limits {
        expanded_bytes: 1 << 20,
        expansion: 100,
        cell_bytes: 300,
        sheet_rows: 5_000,
        columns: 64,
        shared_strings_bytes: 1 << 16,
    }
}

/// Reads the file, without and with a worksheet being named.
pub(crate) fn check_file(file: &[u8]) {
    for sheet in [None, Some(SheetRef::Number(1))] {
        match read(file, sheet) {
            Ok(text) => judge(&text),
            Err(error) => assert_eq!(error.code().class(), Class::UploadError, "{error}"),
        }
    }
}

fn read(file: &[u8], sheet: Option<SheetRef>) -> Result<Vec<u8>, Error> {
    let mut reader = open(Rc::new(file.to_vec()), &Options { sheet, limits: limits() })?;
    let (mut text, mut last) = (Vec::new(), 0);
    while let Some(piece) = reader.next()? {
        text.extend_from_slice(&piece);
        assert!((last..=file.len() as u64).contains(&reader.position()), "progress goes on, up to the end");
        last = reader.position();
    }
    Ok(text)
}

/// Sheet text: UTF-8, whole lines, quotes that close, no more rows and columns than the limits say.
fn judge(text: &[u8]) {
    let text = std::str::from_utf8(text).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'));
    let (mut rows, mut columns, mut quoted) = (0, 0, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '\n' if !quoted => (rows, columns) = (rows + 1, 0),
            '\x1f' if !quoted => columns += 1,
            _ => {}
        }
        assert!(columns < limits().columns && rows <= limits().sheet_rows);
    }
    assert!(!quoted, "a quote is left open");
}
