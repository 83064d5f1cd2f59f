//! The first rows as understood, and that every detection can be overridden.

use coupon_pools::limits::PREVIEW_ROWS;

use crate::drive::*;

/// Each row of the preview in one line: number, verdict, cells with theirs, reason.
fn preview(report: &Report) -> Vec<String> {
    let row = |row: &coupon_pools::import::PreviewRow| {
        let cells: Vec<_> = row.cells.iter().map(|cell| format!("{:?}({})", cell.verdict, cell.value)).collect();
        let reason = row.reason.map(|reason| format!(" {}", reason.as_str())).unwrap_or_default();
        format!("{} {:?}: {}{reason}", row.row, row.verdict, cells.join(" "))
    };
    report.preview.iter().map(row).collect()
}

#[test]
fn every_cell_is_shown_with_what_it_was_read_as() {
    let (_, report) = import(
        "Spring sale\n\nnote;code;valid until\nx;AB12;31.1.2027\ny;ab12;\nz;;1.1.2027\n;CD34;31.2.2027\n\nv;E\u{200b}F\n",
    );
    assert_eq!(
        preview(&report),
        [
            "1 Ignored: Ignored(Spring sale)",
            "3 Header: Header(note) Header(code) Header(valid until)",
            "4 Code: Ignored(x) Code(AB12) Expiry(31.1.2027)",
            "5 Duplicate: Ignored(y) Code(ab12) Expiry()",
            "6 Rejected: Ignored(z) Rejected() Expiry(1.1.2027) empty",
            "7 Rejected: Ignored() Code(CD34) Rejected(31.2.2027) bad-date",
            "9 Rejected: Ignored(v) Rejected(E\\u{200b}F) invisible-character",
        ]
    );
    let taken = &report.preview[2];
    assert_eq!((taken.code.as_deref(), taken.expires_at), (Some("AB12"), day(2027, 2, 1)));
    assert_eq!((report.format.header_row, report.rows), (Some(3), 5));
}

#[test]
fn it_ends_after_the_first_rows_and_with_the_widest_of_tables() {
    let row = |number: usize| format!("C{number}{}", ",x".repeat(300));
    let file: String = (0..200).map(|number| row(number) + "\n").collect();
    let (_, report) = import(format!("code{}\n{file}", ",n".repeat(300)));
    assert_eq!(report.preview.len(), 1 + PREVIEW_ROWS);
    assert!(report.preview.iter().all(|row| row.cells.len() == 100));
    let shown = report.preview[0].cells.iter().map(|cell| cell.verdict).collect::<Vec<_>>();
    assert!(shown.iter().all(|verdict| *verdict == CellVerdict::Header));
}

#[test]
fn a_title_above_the_header_is_no_code_and_is_told() {
    for (title, row, count) in
        [("Spring sale,,\n2026,,\n", 1, 2), (",,\nAll our codes,,\n", 2, 1), ("Codes for you\n", 1, 1)]
    {
        let (taken, report) = import(format!("{title}name,code,expires\na,AB12,2027-01-31\nb,CD34,2027-01-31\n"));
        assert_eq!(names(&taken), ["AB12", "CD34"], "{title}");
        assert_eq!(report.rows, 2);
        let above = report.warnings.iter().find(|warning| warning.kind == WarningKind::AboveHeader).unwrap();
        assert_eq!((above.row, above.count), (Some(row), count));
    }
    let (taken, _) = import("My spring codes\nCode\nAB12\nCD34\n");
    assert_eq!(names(&taken), ["AB12", "CD34"]);
}

#[test]
fn a_code_that_is_a_known_name_is_no_header() {
    let (taken, _) = import("SAVE10\nWELCOME\nCOUPON\nVOUCHER\n");
    assert_eq!(names(&taken), ["SAVE10", "WELCOME", "COUPON", "VOUCHER"]);
    let (taken, _) = import("SAVE10,2027-01-31\nCOUPON,2027-01-31\nEXTRA20,2027-01-31\n");
    assert_eq!(names(&taken), ["SAVE10", "COUPON", "EXTRA20"]);
}

#[test]
fn every_detection_can_be_overridden() {
    let file = "code,x\nA1,B1\nA2,B2\n";
    let with = |options: ImportOptions| import_with(file, &options).unwrap();
    let codes = |options: ImportOptions| names(&with(options).0).join(" ");
    let base = ImportOptions::default;
    assert_eq!(codes(base()), "A1 A2");
    assert_eq!(codes(ImportOptions { code_column: Some(ColumnRef::Index(1)), ..base() }), "B1 B2");
    assert_eq!(codes(ImportOptions { code_column: Some(ColumnRef::Name("X".into())), ..base() }), "B1 B2");
    let header = |header| ImportOptions { header: Some(header), code_column: Some(ColumnRef::Index(0)), ..base() };
    assert_eq!(codes(header(Header::None)), "code A1 A2");
    assert_eq!(codes(header(Header::Row(2))), "A2");
    assert_eq!(with(header(Header::Row(2))).1.format.columns, ["A1", "B1"]);
    assert_eq!(import_with(file, &header(Header::Row(9))).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(codes(ImportOptions { delimiter: Some(NO_DELIMITER), ..base() }), "A1,B1 A2,B2");
    assert_eq!(codes(ImportOptions { delimiter: Some(b';'), ..base() }), "A1,B1 A2,B2");
    let latin = ImportOptions { encoding: Some(Encoding::Windows1252), ..base() };
    assert_eq!(names(&import_with("code\nÄ1\n", &latin).unwrap().0), ["Ã„1"]);
    let dates = ImportOptions { date_order: Some(DateOrder::Mdy), ..base() };
    assert_eq!(import_with("code,expires\nA,13/12/2027\nB,1/2/2027\n", &dates).unwrap().0[0].1, day(2027, 1, 3));
}

#[test]
fn commas_by_the_thousand_do_not_hide_the_true_delimiter() {
    let note = ",".repeat(3_000);
    let (taken, report) = import(format!("code;note\nAB12;{note}\nCD34;{note}\n"));
    assert_eq!((names(&taken), report.format.delimiter), (vec!["AB12", "CD34"], Some(';')));
}

#[test]
fn blank_lines_may_come_first_by_the_hundred_thousand() {
    let (taken, report) = import(format!("{}code\nAB12\n", "\n".repeat(700_000)));
    assert_eq!(names(&taken), ["AB12"]);
    assert_eq!((report.preview[0].verdict, report.preview[1].row), (RowVerdict::Header, 700_002));
}
