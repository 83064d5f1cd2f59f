//! Sheet text: what a reader of spreadsheets says about cells becomes reasons and warnings.

use coupon_pools::sheet::text::{Mark, SheetText};

use crate::drive::*;

type Cell<'a> = (u64, u32, Option<Mark>, &'a str);

fn sheet_text(cells: &[Cell<'_>]) -> Vec<u8> {
    let mut sheet = SheetText::new();
    for (row, column, mark, text) in cells {
        assert!(sheet.cell(*row, *column, *mark, text));
    }
    sheet.end();
    sheet.take()
}

fn options() -> ImportOptions {
    let sheet = Sheet { kind: "xlsx".into(), name: "Codes".into() };
    ImportOptions { sheet: Some(sheet), wants_rejected: true, ..ImportOptions::default() }
}

/// Reads the cells in chunks of every size, which must make no difference.
fn read(cells: &[Cell<'_>]) -> Imported {
    let text = sheet_text(cells);
    let whole = drive(&text, 1 << 20, &options()).unwrap();
    for size in 1..text.len().min(64) {
        assert_eq!(drive(&text, size, &options()).unwrap(), whole, "in {size}");
    }
    whole
}

#[test]
fn cells_that_cannot_be_codes_are_rejected_with_their_row_and_what_they_show() {
    let refused = [
        (Mark::Scientific, "1.23E+15", Reason::RoundedNumber),
        (Mark::Date, "2026-03-05", Reason::DateCell),
        (Mark::Boolean, "TRUE", Reason::BooleanCell),
        (Mark::Error, "#REF!", Reason::ErrorCell),
        (Mark::NoResult, "", Reason::NoResult),
        (Mark::Number, "12.5 %", Reason::UncertainNumber),
        (Mark::TooLong, "xxxx", Reason::TooLong),
    ];
    let mut cells: Vec<Cell<'_>> = vec![(1, 0, None, "Code"), (2, 0, None, "AB12")];
    cells.extend((4..).zip(&refused).map(|(row, (mark, text, _))| (row, 0, Some(*mark), *text)));
    let imported = read(&cells);
    assert_eq!(names(&codes(&imported.blocks)), ["AB12"]);
    let expected: Vec<_> = (4..).zip(&refused).map(|(row, (_, _, reason))| (row, *reason)).collect();
    assert_eq!(rejected(&imported.report), expected);
    let shown: Vec<_> = imported.report.rejected.iter().map(|row| row.value.as_deref().unwrap_or_default()).collect();
    assert_eq!(shown, refused.map(|(_, text, _)| text));
    assert_eq!(lines(&imported.rejected).len(), refused.len());
}

#[test]
fn cells_that_may_be_wrong_are_taken_with_a_warning() {
    let imported = read(&[
        (1, 0, None, "AB12"),
        (2, 0, Some(Mark::Formula), "CD34"),
        (3, 0, Some(Mark::LongNumber), "12345678901234567890"),
        (4, 0, Some(Mark::BareNumber), "1234"),
        (5, 0, Some(Mark::BareNumber), "1235"),
        (6, 0, None, "=\"007\""),
        (7, 0, None, "\u{1e}S1"),
    ]);
    assert_eq!(names(&codes(&imported.blocks)), ["AB12", "CD34", "12345678901234567890", "1234", "1235", "=\"007\""]);
    let warnings: Vec<_> =
        imported.report.warnings.iter().map(|warning| (warning.kind, warning.count, warning.row)).collect();
    assert_eq!(
        warnings,
        [
            (WarningKind::Formulas, 1, Some(2)),
            (WarningKind::LongNumbers, 1, Some(3)),
            (WarningKind::BareNumbers, 2, Some(4)),
        ]
    );
    assert_eq!(rejected(&imported.report), [(7, Reason::Invisible)], "a sign of ours in a text is a text");
}

#[test]
fn rows_have_the_numbers_that_the_spreadsheet_shows() {
    let imported = read(&[
        (3, 1, None, "Valid until"),
        (3, 2, None, "Coupon code"),
        (5, 1, Some(Mark::Date), "2027-01-31"),
        (5, 2, None, "AB12"),
        (70_000, 2, None, "CD34"),
        (70_001, 1, Some(Mark::Date), "2027-03-01T10:30:00"),
        (70_002, 1, None, "31.1.2027"),
        (70_002, 2, None, "EF\n56"),
        (70_003, 1, Some(Mark::Number), "44227.5"),
        (70_003, 2, None, "GH78"),
    ]);
    let report = &imported.report;
    assert_eq!(codes(&imported.blocks), [("AB12".to_owned(), day(2027, 2, 1)), ("CD34".to_owned(), None)]);
    assert_eq!(rejected(report), [(70_001, Reason::Empty), (70_002, Reason::LineBreak), (70_003, Reason::BadDate)]);
    assert_eq!(
        (report.format.header_row, report.format.code_column, report.format.expiry_column),
        (Some(3), 2, Some(1))
    );
}

#[test]
fn the_report_names_the_kind_of_file_and_the_sheet() {
    let format = read(&[(1, 0, None, "AB12"), (2, 0, None, "CD,34")]).report.format;
    assert_eq!((format.kind.as_str(), format.sheet.as_deref(), format.delimiter), ("xlsx", Some("Codes"), None));
    assert_eq!(import("AB12\n").1.format.kind, "csv");
}

#[test]
fn a_sheet_is_not_taken_for_another_kind_of_file() {
    for first in ["sep=;", "<html>", "%PDF-1.4", "\u{feff}AB", "PK\u{3}\u{4}", "a\u{1}b"] {
        let text = sheet_text(&[(1, 0, None, first), (2, 0, None, "AB12"), (3, 0, None, "CD34")]);
        let options = ImportOptions { header: Some(Header::None), ..options() };
        assert_eq!(drive(&text, 1 << 16, &options).unwrap().report.rows, 3, "{first:?}");
    }
}

#[test]
fn formulas_that_show_nothing_make_no_row() {
    let imported = read(&[
        (1, 0, None, "code"),
        (1, 1, None, "note"),
        (2, 0, None, "AB12"),
        (3, 0, Some(Mark::Formula), ""),
        (3, 1, Some(Mark::Formula), ""),
        (4, 0, Some(Mark::Formula), ""),
        (4, 1, None, "x"),
    ]);
    assert_eq!((imported.report.rows, rejected(&imported.report)), (2, vec![(4, Reason::Empty)]));
}
