//! The file of rejected rows: complete, in order, safe to open, and never held as a whole.

use coupon_pools::limits::{REJECTED_VALUE_CHARS, REPORT_ROWS};

use crate::drive::*;

fn wanted() -> ImportOptions {
    ImportOptions { wants_rejected: true, ..ImportOptions::default() }
}

fn file_of(text: &str) -> String {
    drive(text.as_bytes(), 1 << 16, &wanted()).unwrap().rejected
}

#[test]
fn it_says_row_column_value_reason_and_what_to_do() {
    let long = "x".repeat(400);
    let file =
        file_of(&format!("code,valid until\nAB12,\n,2027-01-31\nCD34,soon\n{long},\n=1\u{200b},\n\"a,\"\"b\nc\",\n"));
    assert!(file.starts_with("\u{feff}row,column',value',reason,what to do\r\n"), "{file}");
    let lines = lines(&file);
    let first: Vec<_> = lines.iter().map(|line| line[..4].join(" | ")).collect();
    let cut = format!("5 | code | {}… | too-long", "x".repeat(REJECTED_VALUE_CHARS));
    assert_eq!(
        first,
        [
            "3 | code |  | empty",
            "4 | valid until | soon | bad-date",
            cut.as_str(),
            "6 | code | '=1\\u{200b} | invisible-character",
            "7 | code | a,\"b\\u{a}c | line-break",
        ]
    );
    assert!(lines.iter().all(|line| line[4].ends_with('.')), "each says what to do");
}

#[test]
fn it_holds_every_row_and_the_report_only_the_first() {
    let rows = 20 * REPORT_ROWS as u64;
    let text = format!("code\nAB12\n{}", "1.5E+15\n".repeat(rows as usize));
    let imported = drive(text.as_bytes(), 1 << 12, &wanted()).unwrap();
    let lines = lines(&imported.rejected);
    assert_eq!(lines.len() as u64, rows);
    assert!(lines.iter().zip(3..).all(|(line, row)| line[0] == row.to_string()));
    assert_eq!(imported.report.rejected.len(), REPORT_ROWS);
}

#[test]
fn rows_that_wait_for_the_host_keep_their_place_in_it() {
    // Every third row needs a time zone, and 1999 does not exist in it: it is rejected long after its neighbours.
    let row = |number: u32| match number % 3 {
        0 => format!("A{number},1.1.1999 10:{:02}", number / 3 % 60),
        1 => ",2027-01-31T00:00:00Z".to_owned(),
        _ => format!("B{number},31.1.2027 10:{:02}", number % 60),
    };
    let text: String = (0..30_000).map(|number| row(number) + "\n").collect();
    let imported = drive(format!("code,expires\n{text}").as_bytes(), 1 << 16, &wanted()).unwrap();
    assert_eq!(imported.report.rejected_count, 20_000);
    let numbers: Vec<u64> = lines(&imported.rejected).iter().map(|line| line[0].parse().unwrap()).collect();
    assert!(numbers.is_sorted() && numbers.len() == 20_000);
}

#[test]
fn it_is_complete_even_if_no_row_could_be_taken() {
    let failed = drive(b"code,expires\n,2027-01-01\nA,soon\n", 4, &wanted()).unwrap_err();
    assert_eq!(failed.error.code(), Code::UploadNothingUsable);
    assert_eq!(lines(&failed.rejected).len(), 2);
}

#[test]
fn a_file_without_bad_rows_gives_one_with_a_header_alone() {
    assert_eq!(file_of("code\nAB12\n"), "\u{feff}row,column',value',reason,what to do\r\n");
}
